// The benchmark as a program: flags, what it refuses, and one quick run from end to end, with servers and a client.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readLog } from './h2load.ts'
import { hitShare, roundsFor } from './measure.ts'
import { readOptions, UsageError } from './options.ts'
import type { Report } from './report.ts'
import { benchSettings } from './servers.ts'

const BENCH = join(import.meta.dirname, 'bench.ts')

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [BENCH, ...args], { encoding: 'utf8' })
}

describe('readOptions', () => {
  it('measures everything unless told otherwise', () => {
    expect(readOptions([])).toEqual({
      rows: ['repeated', 'never-seen', 'containers', 'env', 'gateway', 'skipped'],
      connections: [1, 10, 200],
      seconds: 3,
      rounds: 3,
      warmUp: 8,
      parts: ['load', 'costs', 'growth', 'flood', 'start', 'memory'],
      client: 'auto',
      output: 'table',
      program: undefined,
    })
  })

  it('takes rows by letter or name, and lists', () => {
    const args = [
      '--rows',
      'a,skipped',
      '--connections',
      '10',
      '--seconds',
      '0.5',
      '--parts',
      'load',
      '--json',
    ]
    expect(readOptions(args)).toMatchObject({
      rows: ['repeated', 'skipped'],
      connections: [10],
      seconds: 0.5,
      parts: ['load'],
      output: 'json',
    })
  })

  const WRONG: readonly (readonly [string[], string])[] = [
    [['--rows', 'g'], '--rows has no row "g"'],
    [['--rows', 'a,,b'], '--rows "a,,b" has an empty item'],
    [['--connections', '0'], '--connections "0" is no whole number above 0'],
    [['--warm-up', '0'], '--warm-up "0" is no number above 0'],
    [['--rounds', '1.5'], '--rounds "1.5" is no whole number above 0'],
    [['--seconds', 'x'], '--seconds "x" is no number above 0'],
    [['--parts', 'all'], '--parts knows no "all"'],
    [['--client', 'wrk'], '--client knows no "wrk"'],
    [['--json', '--markdown'], '--json and --markdown exclude each other'],
  ]
  for (const [args, message] of WRONG) {
    it(`refuses ${args.join(' ')}`, () => {
      expect(() => readOptions(args)).toThrow(UsageError)
      expect(() => readOptions(args)).toThrow(message)
    })
  }
})

describe('readLog', () => {
  it('reads the times of h2load, which are microseconds', () => {
    const log = ['1000000\t200\t250', '1000100\t200\t750', '1000200\t500\t1800', ''].join('\n')
    const all = { requests: 3, answered: 3 }
    expect(readLog(log)).toEqual({ ...all, seconds: 0.002, p50: 0.75, p99: 1.8, max: 1.8, wrong: 1 })
  })
})

describe('hitShare', () => {
  it('is of the renderings between two readings', () => {
    expect(hitShare({ hit: 10, build: 1 }, { hit: 28, build: 2, fallback: 1 })).toBe(0.9)
    expect(hitShare({ hit: 10 }, { hit: 10 })).toBeUndefined()
  })
})

describe('roundsFor', () => {
  it('measures three times as often where a stop delays many', () => {
    expect([1, 10, 99, 100, 200].map((connections) => roundsFor(connections, 3))).toEqual([3, 3, 3, 9, 9])
  })
})

describe('benchSettings', () => {
  it('names what is measured, and what is missing', () => {
    expect(benchSettings(undefined)).toEqual({ name: 'built-in templates', files: {} })
    const folder = mkdtempSync(join(tmpdir(), 'remora-bench-test-'))
    try {
      expect(benchSettings(folder).name).toBe('built-in templates')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('the program', () => {
  it('prints its usage', () => {
    const { status, stdout } = run('--help')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^usage: npm run -s bench/)
    expect(stdout).toContain('a quick look: npm run -s bench -- --rows a,f')
  })

  it('says what is wrong with its flags, and ends with 2', () => {
    expect(run('--rows', 'z')).toMatchObject({
      status: 2,
      stdout: '',
      stderr:
        'error: --rows has no row "z"\nhint: rows are a to f, or repeated, never-seen, containers, env, gateway, skipped\n',
    })
    expect(run('--program', 'no/such.mjs')).toMatchObject({
      status: 2,
      stderr: 'error: --program: no file "no/such.mjs"\nhint: for example --program src/main.ts\n',
    })
  })

  it('says what a program said that never listened', () => {
    const folder = mkdtempSync(join(tmpdir(), 'remora-bench-test-'))
    try {
      const broken = join(folder, 'broken.mjs')
      writeFileSync(broken, `process.stderr.write('no port for me\\n')\nprocess.exitCode = 7\n`)
      const { status, stderr } = run('--program', broken, '--parts', 'load', '--rows', 'f')
      expect(status).toBe(1)
      expect(stderr).toContain('error: remora ended with 7 before it listened: no port for me\nhint: ')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('measures a row, tells its progress, and prints the figures', () => {
    const quick = [
      '--rows',
      'f',
      '--connections',
      '2',
      '--seconds',
      '0.3',
      '--rounds',
      '2',
      '--client',
      'own',
    ]
    const { status, stdout, stderr } = run(
      ...['--program', join(import.meta.dirname, '../../src/main.ts'), '--parts', 'load,memory', '--json'],
      ...quick,
    )
    expect(stderr).toMatch(/\(f\) skipped pod, 2 connections, round 2 of 2: \d+ of \d+ requests\/s\n/)
    expect(status).toBe(0)
    const { conditions, cells, memory, growth } = JSON.parse(stdout) as Report
    expect(conditions).toMatchObject({ rounds: 2, seconds: 0.3, node: process.version })
    expect(cells).toHaveLength(1)
    expect(cells[0]).toMatchObject({ connections: 2, rounds: 2, client: 'own' })
    for (const figures of [cells[0]?.remora, cells[0]?.echo]) {
      expect(figures?.perSecond).toBeGreaterThan(0)
      expect(figures?.p50).toBeLessThanOrEqual(figures?.p99 ?? 0)
      expect(figures?.p99).toBeLessThanOrEqual(figures?.max ?? 0)
      expect(figures?.residentMiB).toBeGreaterThan(20)
    }
    expect(memory?.remoraMiB).toBeGreaterThan(20)
    expect(growth).toBeUndefined()
  })
})
