// What the documentation and the chart's notes tell people to type exists: commands, flags, make targets, files.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { buildProgram } from '../../src/cli/program.ts'
import { USAGE } from '../bench/options.ts'
import { memoryIo } from '../cli/memory-io.ts'

const ROOT = join(import.meta.dirname, '../..')
const FILES = [
  'docs/operations.md',
  'docs/performance.md',
  'docs/security.md',
  'manifests/helm/remora/templates/NOTES.txt',
]
const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

const program = buildProgram(memoryIo({}).io)
const below = (command: Command): Command[] => [command, ...command.commands.flatMap(below)]
const flags = new Set(below(program).flatMap(({ options }) => options.map(({ long }) => long ?? '')))

/** Flags of other programs in these texts: those of the benchmark are in its usage, those of Node in the Dockerfile. */
const FOREIGN = [
  ...['--set', '--create-namespace', '--cacert', '--pods'],
  ...[...`${USAGE}${text('Dockerfile')}`.matchAll(/--[a-z][\w-]*/g)].map(([flag]) => flag),
]

describe.each(FILES)('%s', (file) => {
  it('names commands that there are', () => {
    const named = [...text(file).matchAll(/(?:`|^ +|\$ )remora ([a-z-]+)(?: ([a-z-]+))?/gm)]
    for (const [line, verb, next] of named) {
      const command = program.commands.find((each) => each.name() === verb)
      expect(command, line).toBeDefined()
      const names = command?.commands.map((each) => each.name()) ?? []
      if (names.length > 0) expect(names, line).toContain(next)
    }
  })

  it('names flags that there are', () => {
    const named = [...text(file).matchAll(/(?<![\w-])--[a-zA-Z][\w-]*/g)].map(([flag]) => flag)
    expect(named.filter((flag) => !flags.has(flag) && !FOREIGN.includes(flag))).toEqual([])
  })

  it('names make targets and files that there are', () => {
    for (const [, target = ''] of text(file).matchAll(/`make ([a-z0-9-]+)/g))
      expect(text('Makefile')).toMatch(new RegExp(`^${target}:`, 'm'))
    for (const [, path = ''] of text(file).matchAll(/\]\(([^)#:]+)\)/g))
      expect(existsSync(join(ROOT, 'docs', path)), path).toBe(true)
    for (const [, path = ''] of text(file).matchAll(/\b(manifests(?:\/[\w.-]+)*)/g))
      expect(existsSync(join(ROOT, path)), path).toBe(true)
  })
})
