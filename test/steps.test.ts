// The runner of the checks: what it prints, what it counts, and that a step that breaks is a failure.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { durationsOf, limitOf } from './e2e/durations.ts'
import { ROW_MARK, rowOf } from './e2e/observe.ts'
import { clusterStep, ownSteps, type Step, USUAL_DEPTH } from './steps.ts'

const TOOLS = join(import.meta.dirname, '../node_modules/.bin')

const folder = mkdtempSync(join(tmpdir(), 'remora-steps-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the runner prints for `steps`, times left out, and its exit code. */
function ran(steps: readonly Step[]): { code: number | null; lines: string[] } {
  const program = `import { runSteps } from ${JSON.stringify(join(import.meta.dirname, 'steps.ts'))}
process.exitCode = runSteps(${JSON.stringify(steps)})`
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${TOOLS}:${process.env['PATH'] ?? ''}` },
  })
  return {
    code: status,
    lines: stdout
      .trimEnd()
      .replace(/\d+\.\d s/g, 'T s')
      .split('\n'),
  }
}

function node(name: string, code: string, more: Partial<Step> = {}): Step {
  return { name, command: [process.execPath, '-e', code], ...more }
}

const CLOSING = { counts: 'closing line' } as const

describe('the runner', () => {
  it('adds up what steps count', () => {
    const tests = join(folder, 'a.test.mjs')
    writeFileSync(tests, "it('a', () => {})\nit('b', () => {})\n")
    expect(
      ran([
        node('a tool', ''),
        node('a suite', 'console.log("3 passed, 0 failed")', CLOSING),
        node('environment', 'console.log(`${process.env.REMORA_RUNS} passed, 0 failed`)', {
          ...CLOSING,
          env: { REMORA_RUNS: '10' },
        }),
        {
          name: 'tests',
          command: ['vitest', 'run', '--globals', '--root', folder, 'a.test'],
          counts: 'vitest',
        },
      ]),
    ).toEqual({
      code: 0,
      lines: [
        'ok   a tool: 1 passed, 0 failed (T s)',
        'ok   a suite: 3 passed, 0 failed (T s)',
        'ok   environment: 10 passed, 0 failed (T s)',
        'ok   tests: 2 passed, 0 failed (T s)',
        '16 passed, 0 failed',
      ],
    })
  })

  it('goes on after a failure, and shows what was said', () => {
    expect(
      ran([
        node('a tool', 'console.log("out"); console.error("err"); process.exitCode = 2'),
        node('a suite', 'console.log("one\\n4 passed, 2 failed"); process.exitCode = 1', CLOSING),
        node('a suite that ends badly', 'console.log("4 passed, 0 failed"); process.exitCode = 1', CLOSING),
        node('a suite that does not count', 'console.log("done")', CLOSING),
        { name: 'no such tool', command: ['remora-no-such-tool'] },
        node('the last', ''),
      ]),
    ).toEqual({
      code: 1,
      lines: [
        'FAIL a tool: 0 passed, 1 failed (T s)',
        'out',
        'err',
        'FAIL a suite: 4 passed, 2 failed (T s)',
        'one',
        '4 passed, 2 failed',
        'FAIL a suite that ends badly: 4 passed, 1 failed (T s)',
        '4 passed, 0 failed',
        'FAIL a suite that does not count: 0 passed, 1 failed (T s)',
        'done',
        'FAIL no such tool: 0 passed, 1 failed (T s)',
        'spawnSync remora-no-such-tool ENOENT',
        'ok   the last: 1 passed, 0 failed (T s)',
        '9 passed, 6 failed',
      ],
    })
  })
})

it('names the tests that failed before anything else they said', () => {
  writeFileSync(
    join(folder, 'b.test.mjs'),
    "it('breaks', () => { expect(1).toBe(2) })\nit('holds', () => {})\n",
  )
  writeFileSync(join(folder, 'c.test.mjs'), "import './nowhere.mjs'\n")
  const command = ['vitest', 'run', '--globals', '--root', folder, 'b.test', 'c.test']
  const { code, lines } = ran([{ name: 'tests', command, counts: 'vitest' }])
  expect(code).toBe(1)
  expect(lines.slice(0, 3)).toEqual([
    'FAIL tests: 1 passed, 1 failed (T s)',
    expect.stringMatching(/^failed: .*b\.test\.mjs: breaks$/),
    'AssertionError: expected 1 to be 2 // Object.is equality',
  ])
  expect(lines).toContainEqual(expect.stringMatching(/^failed: .*c\.test\.mjs$/))
  expect(lines.at(-1)).toBe('1 passed, 1 failed')
})

describe('the table of what was observed', () => {
  const row = rowOf({ what: 'a | b', how: 'by\nhand' }, ' seen ')
  const table = ['', '| fault | how it was made | what was observed |', '|---|---|---|', row, '']
  const lines = `console.error(${JSON.stringify(`${row}\nother`)}); console.log("| no\\n1 passed, 0 failed")`

  it('has what would end a cell or a row written out', () => {
    expect(row).toBe('| a \\| b | by hand | seen |')
  })

  it('comes before the closing line, of steps that have rows only', () => {
    const rows = { ...CLOSING, rowMark: '| a' }
    expect(ran([node('cluster', lines, rows), node('a tool', ''), node('mute', lines, CLOSING)])).toEqual({
      code: 0,
      lines: [
        'ok   cluster: 1 passed, 0 failed (T s)',
        'ok   a tool: 1 passed, 0 failed (T s)',
        'ok   mute: 1 passed, 0 failed (T s)',
        ...table,
        '3 passed, 0 failed',
      ],
    })
  })

  it('has the rows of a step that fails as well, once', () => {
    const failing = `${lines}; process.exitCode = 1`
    expect(ran([node('cluster', failing, { rowMark: ROW_MARK })]).lines).toEqual([
      'FAIL cluster: 0 passed, 1 failed (T s)',
      '1 passed, 0 failed',
      'other',
      ...table.slice(0, 3),
      '| no',
      ...table.slice(3),
      '0 passed, 1 failed',
    ])
  })
})

it('in the night, what lasts in a cluster lasts as the long form has it, and its tests have the time', () => {
  const ofStep = (long: boolean) => durationsOf({ REMORA_LONG: '1', ...clusterStep({ long }).env })
  expect(clusterStep({ long: true }).name).toBe('e2e, long')
  expect(ofStep(false)).toEqual({
    apiServerAwayMs: 60_000,
    rollingRestarts: 5,
    rootRotations: 3,
    leafRotationMs: 30_000,
  })
  expect(ofStep(true)).toEqual({
    apiServerAwayMs: 600_000,
    rollingRestarts: 50,
    rootRotations: 20,
    leafRotationMs: 300_000,
  })
  expect(limitOf(600_000).timeout).toBeGreaterThan(900_000)
})

it('a deeper run tries more', () => {
  const text = (steps: readonly Step[]) => JSON.stringify(steps)
  expect(text(ownSteps(USUAL_DEPTH))).not.toContain('REMORA_SHARE')
  const deep = ownSteps({ pods: 100_000, seed: 7, all: true, runs: 10 })
  expect(text(deep)).toContain('"--pods","100000","--seed","7"')
  expect(deep.find(({ name }) => name === 'tests')?.env).toEqual({ REMORA_RUNS: '10', REMORA_SHARE: '1' })
})
