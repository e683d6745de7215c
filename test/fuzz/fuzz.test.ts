// A small fuzz run with fixed seeds; `npm run fuzz -- --cases N` is the long one.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Child, startChild } from '../server/child.ts'
import { runFuzz } from './run.ts'

let child: Child
beforeAll(async () => {
  child = await startChild(['--log-level', 'off'])
})
afterAll(() => child.dispose())

describe('fuzz', () => {
  it('answers every hostile request with a review that has its uid, or with a 4xx', async () => {
    const report = await runFuzz(child, { cases: 1000, seed: 1, connections: 8, timeoutMs: 10_000 })
    const failures = report.failures.map(({ seed, problem }) => `seed ${seed}: ${problem}`)
    expect(failures).toEqual([])
    expect(report.passed).toBe(1000)
    for (const kind of ['patched', 'skipped', 'refused', '400', '415']) {
      expect(report.kinds[kind] ?? 0, kind).toBeGreaterThan(0)
    }
  })
})
