// The layers hold: a folder imports only what lies below it, modules have no cycles, and the core
// (everything that decides and makes pods) has no I/O, no clock, no randomness, no console and no async.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../src')

/** Folder of src → folders it may import (itself always included). `.` is src/main.ts. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  std: [],
  api: ['std'],
  gotemplate: ['std'],
  patch: ['std', 'api'],
  mesh: ['std', 'api', 'gotemplate'],
  injection: ['std', 'api', 'gotemplate', 'patch', 'mesh'],
  revision: ['std', 'api', 'mesh'],
  admission: ['std', 'api', 'gotemplate', 'patch', 'mesh', 'injection'],
  telemetry: ['std', 'api'],
  config: ['std', 'api'],
  certs: ['std', 'api'],
  kube: ['std', 'api'],
  reconcile: ['std', 'api', 'mesh', 'injection', 'admission', 'revision', 'kube', 'certs', 'telemetry'],
  server: ['std', 'api', 'telemetry', 'config', 'mesh', 'admission'],
  cli: [
    'std',
    'api',
    'gotemplate',
    'patch',
    'mesh',
    'injection',
    'admission',
    'telemetry',
    'config',
    'certs',
    'server',
    'revision',
    'kube',
    'reconcile',
  ],
  '.': ['cli'],
}

const CORE = ['std', 'api', 'gotemplate', 'patch', 'mesh', 'injection', 'admission', 'revision']

/** Packages and the only places that may import them. */
const PACKAGE_HOME: Record<string, (file: string) => boolean> = {
  'fast-json-patch': (file) => file === 'patch/apply.ts',
  re2js: (file) => file.startsWith('gotemplate/'),
  yaml: (file) => file.startsWith('cli/'),
  diff: (file) => file.startsWith('cli/'),
  commander: (file) => file.startsWith('cli/'),
  '@kubernetes/client-node': (file) => file.startsWith('kube/'),
  selfsigned: (file) => file.startsWith('certs/'),
  fastify: (file) => file.startsWith('server/'),
  'prom-client': (file) => file.startsWith('telemetry/'),
}

const FORBIDDEN_IN_CORE: readonly [RegExp, string][] = [
  [/\basync\b/, 'async'],
  [/\bawait\b/, 'await'],
  [/\bPromise\b/, 'Promise'],
  [/\bDate\.now\b/, 'Date.now'],
  [/\bnew Date\(\s*\)/, 'new Date()'],
  [/\bMath\.random\b/, 'Math.random'],
  [/\bprocess\b\s*[.[]/, 'process'],
  [/\bconsole\b\s*\./, 'console'],
  [/(?<![.\w]|function |private )fetch\s*\(/, 'fetch'],
  [/\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/, 'timers'],
  [/\bperformance\b\s*\./, 'performance'],
  [/\bBuffer\b/, 'Buffer'],
  [/\bcrypto\b\s*\./, 'crypto'],
  [/\bglobalThis\b/, 'globalThis'],
]

interface Module {
  /** Path below src, with slashes. */
  readonly file: string
  readonly code: string
  readonly imports: readonly string[]
}

/** Source text without comments and string contents, so that words in prose do not count. */
function stripped(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/(^|[^:\\'"`])\/\/[^\n]*/g, '$1')
    .replaceAll(/'(?:\\.|[^'\\\n])*'/g, "''")
    .replaceAll(/"(?:\\.|[^"\\\n])*"/g, '""')
}

/** `import … from 'x'`, `export … from 'x'` at the start of a line, `import 'x'`, and `import('x')`. */
const IMPORT = /^(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?\s*'([^'\n]+)'|\bimport\(\s*'([^'\n]+)'\s*\)/gm

function readModules(): Module[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return files.map((file) => {
    const text = readFileSync(join(SRC, file), 'utf8')
    const imports = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '')
    return { file: file.replaceAll('\\', '/'), code: stripped(text), imports }
  })
}

const modules = readModules()
const folderOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : '.')
const target = (module: Module, specifier: string): string =>
  relative(SRC, resolve(SRC, dirname(module.file), specifier)).replaceAll('\\', '/')
const packageName = (specifier: string): string =>
  specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : (specifier.split('/')[0] ?? '')

describe('architecture', () => {
  it('finds the sources it judges', () => {
    expect(modules.length).toBeGreaterThan(50)
    for (const folder of Object.keys(MAY_IMPORT)) {
      expect(
        modules.some((module) => folderOf(module.file) === folder),
        folder,
      ).toBe(true)
    }
  })

  it('every folder imports only itself and the layers below it', () => {
    const wrong = modules.flatMap((module) => {
      const folder = folderOf(module.file)
      const allowed = MAY_IMPORT[folder]
      if (allowed === undefined) return [`${module.file}: folder ${folder} has no rule`]
      return module.imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => target(module, specifier))
        .filter((file) => folderOf(file) !== folder && !allowed.includes(folderOf(file)))
        .map((file) => `${module.file} imports ${file}`)
    })
    expect(wrong).toEqual([])
  })

  it('modules have no import cycles', () => {
    const edges = new Map(
      modules.map((module) => [
        module.file,
        module.imports
          .filter((specifier) => specifier.startsWith('.'))
          .map((specifier) => target(module, specifier)),
      ]),
    )
    const done = new Set<string>()
    const cycles: string[] = []
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
        return
      }
      if (done.has(file)) return
      for (const next of edges.get(file) ?? []) visit(next, [...path, file])
      done.add(file)
    }
    for (const file of edges.keys()) visit(file, [])
    expect(cycles).toEqual([])
  })

  it('the core has no I/O, clock, randomness, console or async, and of Node its crypto alone, in one file', () => {
    const wrong = modules
      .filter((module) => CORE.includes(folderOf(module.file)))
      .flatMap((module) => [
        ...FORBIDDEN_IN_CORE.filter(([pattern]) => pattern.test(module.code)).map(
          ([, name]) => `${module.file} uses ${name}`,
        ),
        ...module.imports
          .filter((specifier) => specifier.startsWith('node:'))
          .filter((specifier) => !(module.file === 'std/crypto.ts' && specifier === 'node:crypto'))
          .map((specifier) => `${module.file} imports ${specifier}`),
      ])
    expect(wrong).toEqual([])
  })

  it('each package is imported only where it belongs', () => {
    const wrong = modules.flatMap((module) =>
      module.imports
        .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .map(packageName)
        .filter((name) => !(PACKAGE_HOME[name]?.(module.file) ?? false))
        .map((name) => `${module.file} imports ${name}`),
    )
    expect(wrong).toEqual([])
  })

  it('only main.ts and the command line know the process and its exit', () => {
    const wrong = modules
      .filter((module) => !['.', 'cli'].includes(folderOf(module.file)))
      .filter((module) => /\bprocess\.(exit|exitCode|stdout|stderr|argv)\b/.test(module.code))
      .map((module) => module.file)
    expect(wrong).toEqual([])
  })

  it('no file is longer than 400 lines, tables apart', () => {
    const wrong = modules
      .filter((module) => !/table/.test(module.file))
      .map(
        (module) => [module.file, readFileSync(join(SRC, module.file), 'utf8').split('\n').length] as const,
      )
      .filter(([, lines]) => lines > 401)
    expect(wrong).toEqual([])
  })

  it('there are no default exports and no barrels', () => {
    const wrong = modules
      .filter((module) => /\bexport default\b|\bexport \*/.test(module.code))
      .map((module) => module.file)
    expect(wrong).toEqual([])
  })
})
