// The report of the benchmark says what was measured: ratios to the echo, and nothing that was not.

import { describe, expect, it } from 'vitest'
import { benchmarkRows, bodyOf } from './bodies.ts'
import { type Figures, median, printReport } from './report.ts'

const figures = (perSecond: number, cpuMicros: number, p99: number): Figures => ({
  perSecond,
  p50: 0.5,
  p99,
  max: 20,
  cpuMicros,
  residentMiB: 100,
})

describe('printReport', () => {
  const text = printReport({
    date: '2026-01-02',
    node: 'v24',
    processors: ['cpu', 'cpu'],
    settings: 'built-in templates',
    rounds: 3,
    seconds: 2,
    startMs: { remora: 500, echo: 300, bare: 40 },
    cells: [
      {
        row: '(a)',
        connections: 10,
        remora: figures(4000, 200, 3),
        echo: figures(8000, 100, 2),
        hitShare: 0.995,
      },
      {
        row: '(f)',
        connections: 10,
        remora: figures(6000, 110, 2),
        echo: figures(8000, 100, 2),
        hitShare: undefined,
      },
    ],
    inProcess: {
      rows: [{ row: '(a)', plainMicros: 800.4, fastMicros: 300 }],
      snapshotMiB: 12.34,
      snapshotMillis: 8,
      growth: [{ dimension: 'env', from: 1, to: 2, ratio: 1.9 }],
    },
  })

  it('has a row for each cell, with ratios to the echo', () => {
    expect(text).toMatch(/\(a\) +10 +4,000 +8,000 +0\.50 +200 +2\.0 .* 99\.5 %/)
    expect(text).toMatch(/\(f\) +10 +6,000 +8,000 +0\.75 +110 +1\.1 .* 0 *$/m)
  })

  it('has what was measured without HTTPS', () => {
    expect(text).toMatch(/\(a\) +800 +300/)
    expect(text).toContain('growth in env: 1 → 2 costs × 1.90')
    expect(text).toContain('12.3 MiB')
    expect(text).toContain('500 ms (echo 300 ms, Node alone 40 ms)')
  })
})

describe('the bodies', () => {
  it('are reviews, no two of a row alike, the typical one of about 6 KB', () => {
    for (const { shapes, name } of benchmarkRows()) {
      const [shape] = shapes
      if (shape === undefined) throw new Error(`row ${name} has no shape`)
      expect(JSON.parse(bodyOf(shape, 1))).toHaveProperty('request.object.spec.containers')
      expect(bodyOf(shape, 1)).not.toBe(bodyOf(shape, 2))
      if (name === 'repeated') expect(Math.abs(bodyOf(shape, 1).length - 6000)).toBeLessThan(600)
      if (name === 'never-seen') expect(shapes.length).toBeGreaterThanOrEqual(50)
    }
  })

  it('median of even and odd numbers of values', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5])
  })
})
