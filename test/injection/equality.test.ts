// The program that compares the fast path with the plain pipeline on generated pods: it finds and shrinks what differs, and
// says what it did. `make test` runs it over 5,000 pods.

import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkEquality } from './equality.ts'
import { answer } from './fast.ts'
import { makeRevision } from './settings.ts'

const PROGRAM = join(import.meta.dirname, 'equality.ts')

it('answers generated pods alike, most of them on the fast path', () => {
  const { passed, failed, failures, renderings } = checkEquality({ pods: 400, seed: 2 })
  expect(failures).toEqual([])
  expect([passed, failed, renderings.mismatch]).toEqual([400, 0, 0])
  expect(renderings.hit).toBeGreaterThan(300)
})

it('finds a pod that is answered otherwise, and shrinks it', () => {
  const wrong: typeof answer = (settings, pod, cache) =>
    answer(settings, pod, cache).replaceAll(/"patch":"[^"]*"/g, (patch) =>
      JSON.stringify(pod).includes('"startupProbe"') ? '"patch":"W10="' : patch,
    )
  const report = checkEquality({ pods: 400, seed: 1, settings: [makeRevision()], fast: wrong })
  expect([report.passed, report.failed]).toEqual([399, 1])
  const [failure = ''] = report.failures
  const pod = /"metadata":.*/.exec(failure)?.[0] ?? ''
  expect(pod).toContain('"startupProbe":')
  // What the failure does not need is gone.
  expect(pod).not.toMatch(/"livenessProbe"|"env"|"ports"|"lifecycle"/)
  expect(pod).toContain('"annotations":{}')
})

it('prints what came of the renderings, and closes with the number of pods', () => {
  const output = execFileSync(process.execPath, [PROGRAM, '--pods', '40', '--seed', '7'], {
    encoding: 'utf8',
  })
  expect(output).toMatch(/^renderings: \d+ hit, \d+ build, \d+ fallback, 0 mismatch\n40 passed, 0 failed\n$/)
})

it('refuses a number of pods that is none', () => {
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, '--pods', 'many'], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([
    2,
    'error: --pods and --seed are whole numbers, pods from 1 on\nusage: node test/injection/equality.ts [--pods N] [--seed S]\n',
  ])
})
