// The runner of the checks: what it prints, what it counts, and that a step that breaks is a failure.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ownSteps, type Step, USUAL_DEPTH } from './steps.ts'

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
          command: ['vitest', 'run', '--globals', '--root', folder],
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

it('a deeper run tries more', () => {
  const text = (steps: readonly Step[]) => JSON.stringify(steps)
  expect(text(ownSteps(USUAL_DEPTH))).not.toContain('REMORA_SHARE')
  const deep = ownSteps({ pods: 100_000, seed: 7, all: true, runs: 10 })
  expect(text(deep)).toContain('"--pods","100000","--seed","7"')
  expect(deep.find(({ name }) => name === 'tests')?.env).toEqual({ REMORA_RUNS: '10', REMORA_SHARE: '1' })
})
