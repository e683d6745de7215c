// Starting is cheap: what is imported before a command is chosen is the command tree and commander, nothing else, and a
// stand-alone webhook imports what it serves with.

import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../../src')

/** Files and packages that importing `entry` loads: static imports that are not only for types. */
function loaded(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen
  seen.add(entry)
  const text = readFileSync(resolve(SRC, entry), 'utf8')
  for (const match of text.matchAll(/^import (?!type )(?:[^'"]*? from )?'([^']+)'/gms)) {
    const [statement, specifier = ''] = match
    if (!specifier.startsWith('.')) seen.add(specifier)
    else if (!/^import \{(?:\s*type [^,}]+,?)+\s*\} from/.test(statement)) {
      loaded(relative(SRC, resolve(SRC, dirname(entry), specifier)), seen)
    }
  }
  return seen
}

const packages = (all: readonly string[]): string[] =>
  all.filter((name) => !name.endsWith('.ts') && !name.startsWith('node:'))

it('starting loads commander and a handful of small files', () => {
  const all = [...loaded('main.ts')]
  expect(packages(all)).toEqual(['commander'])
  expect(
    all.filter((name) => /^(gotemplate|patch|mesh|injection|admission|server|telemetry|certs)\//.test(name)),
  ).toEqual([])
  const bytes = all
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(resolve(SRC, name)).length)
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(80_000)
})

it('a stand-alone webhook loads what it serves with, and no HTTP client', () => {
  const all = [...loaded('cli/webhook-run.ts')]
  expect(packages(all).toSorted()).toEqual(['commander', 'fastify', 'prom-client', 're2js'])
  expect(all).not.toContain('node:http')
})
