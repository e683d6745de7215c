// The report of the benchmark says what was measured: ratios to the echo, bounds and verdicts, and nothing that was not.

import { describe, expect, it } from 'vitest'
import { type Figures, median, printMarkdown, printReport, type Report } from './report.ts'
import { verdicts } from './targets.ts'

const figures = (perSecond: number, cpuMicros: number, p99: number, residentMiB = 100): Figures => ({
  perSecond,
  p50: 0.5,
  p99,
  max: 20,
  cpuMicros,
  residentMiB,
})

const CONDITIONS = {
  date: '2026-01-02',
  node: 'v24',
  processors: ['cpu', 'cpu'],
  settings: 'built-in templates',
  rounds: 3,
  seconds: 2,
  h2load: 'h2load nghttp2/1.2',
  otherLoad: 0.25,
}

const GROWTH = { from: 1, to: 2, plainMillis: 1.5, fastMillis: 20, plainRatio: 1.9 }

const REPORT: Report = {
  conditions: CONDITIONS,
  cells: [
    {
      row: '(a) repeated',
      connections: 10,
      rounds: 3,
      client: 'own',
      remora: figures(4000, 200, 3, 140),
      echo: figures(8000, 100, 2),
      hitShare: 0.995,
    },
    {
      row: '(f) skipped',
      connections: 10,
      rounds: 3,
      client: 'h2load',
      remora: figures(5000, 110, 2),
      echo: figures(8000, 100, 2),
      hitShare: undefined,
    },
    {
      row: '(b) never',
      connections: 200,
      rounds: 9,
      client: 'own',
      remora: figures(5000, 110, 4),
      echo: figures(8000, 100, 2),
      hitShare: 0.9,
    },
  ],
  costs: [
    { row: '(a) repeated', plainMicros: 800.4, fastMicros: 150 },
    { row: '(f) skipped', plainMicros: 31, fastMicros: 30 },
  ],
  growth: [
    { ...GROWTH, dimension: 'env', fastRatio: 2.1 },
    { ...GROWTH, dimension: 'volumes', fastRatio: 2.31 },
  ],
  flood: {
    pods: 2000,
    plainMicros: 1000,
    floodMicros: 1500,
    renderings: { hit: 1, build: 22, fallback: 1977, mismatch: 0 },
    entries: 23,
    mebibytes: 1.25,
    heapMiB: 9,
    quietHit: true,
  },
  start: { remora: 500, echo: 300, bare: 40 },
  memory: { snapshot: { mebibytes: 12.34, millis: 8 }, remoraMiB: 160, echoMiB: 100, connections: 200 },
}

describe('printReport', () => {
  const text = printReport(REPORT)

  it('says when, on what and how it was measured', () => {
    expect(text).toMatch(/^2026-01-02, Node v24, 2 × cpu, load average 0.3 before the run\n/)
    expect(text).toContain('built-in templates; medians of 3 rounds of 2 s (9 with 200 connections), remora')
    expect(text).toContain('h2load rows by h2load nghttp2/1.2')
    const { cells } = REPORT
    expect(printReport({ conditions: CONDITIONS, cells: cells.slice(0, 1) })).not.toContain('h2load')
  })

  it('has a row for each cell, with ratios to the echo', () => {
    expect(text).toMatch(/\(a\) repeated +10 +4,000 +8,000 +0\.50 +200 +2\.0 .* 140 +40 +99\.5 % +own\n/)
    expect(text).toMatch(/\(f\) skipped +10 +5,000 +8,000 +0\.63 +110 +1\.1 .* 100 +0 +h2load\n/)
  })

  it('has what was measured without HTTPS, start and memory', () => {
    expect(text).toMatch(/\(a\) repeated +800 +150\n/)
    expect(text).toMatch(/start to ready, stand-alone +500 ms\nthe same over bare Node +460 ms\n/)
    expect(text).toMatch(/heap of three revisions and 1,000 namespaces +12\.3 MiB/)
    expect(text).toMatch(/resident with them, 200 connections +160 MiB\nthe same over the echo +60 MiB/)
  })

  it('takes the CPU time of the typical pod apart', () => {
    const [, table = ''] = text.split('where the CPU time of row (a) goes, 10 connections\n')
    const micros = table.split('\n\n')[0]?.match(/\d+$/gm)
    expect(micros).toEqual(['100', '200', '50', '150', '30', '120', '650'])
    expect(printReport({ ...REPORT, costs: [] })).not.toContain('where the CPU time')
  })

  it('has growth with its bound and a verdict on the worse of both paths', () => {
    expect(text).toContain('growth: time(2n) / time(n), at most 2.3\n')
    expect(text).toMatch(/env +1 +2 +1\.50 +1\.90 +20 +2\.10 +within\n/)
    expect(text).toMatch(/volumes +1 +2 +1\.50 +1\.90 +20 +2\.31 +BEYOND\n/)
  })

  it('has the flood with a verdict', () => {
    expect(text).toMatch(/one answer, × plain \(1,000 µs\), at most 1\.35 +1\.50 +BEYOND\n/)
    expect(text).toMatch(/hits, builds, fallbacks +1, 22, 1,977\n/)
    expect(text).toMatch(/quiet namespace is served as before +yes +within\n/)
  })

  it('prints nothing that was not measured', () => {
    const little = printReport({ conditions: CONDITIONS, cells: [] })
    expect(little.split('\n').filter((line) => line !== '')).toHaveLength(2)
  })
})

describe('verdicts', () => {
  const said = (report: Report): string[] =>
    verdicts(report).map(({ what, bound, measured, good }) => `${what}: ${bound} ${measured} ${good}`)

  it('are about every bound that was measured, and no other', () => {
    expect(said(REPORT)).toEqual([
      '(a) requests/s ÷ echo, 10 connections: ≥ 0.45 0.50 true',
      '(a) CPU ÷ echo, 10 connections: ≤ 2.2 2.00 true',
      '(b) p99 ÷ echo, 200 connections: ≤ 2.2 2.00 true',
      '(f) requests/s ÷ echo, 10 connections: ≥ 0.75 0.63 false',
      '(f) CPU ÷ echo, 10 connections: ≤ 1.3 1.10 true',
      '(b) share of hits: ≥ 0.95 0.90 false',
      '(a) plain pipeline, one answer: ≤ 1000 µs 800 µs true',
      'start to ready over bare Node: ≤ 600 ms 460 ms true',
      'resident over the echo, three revisions: ≤ 50 MiB 60 MiB false',
    ])
    expect(said({ conditions: CONDITIONS, cells: [] })).toEqual([])
  })
})

describe('printMarkdown', () => {
  const text = printMarkdown(REPORT)

  it('has the same tables as Markdown', () => {
    expect(text).toContain('**Under load**\n\n| row | conn | req/s |')
    expect(text).toContain('| (a) repeated | 10 | 4,000 | 8,000 | 0.50 | 200 | 2.0 |')
    expect(text).toContain('| (f) CPU ÷ echo, 10 connections | ≤ 1.3 | 1.10 | reached |')
    for (const line of text.split('\n').filter((each) => each.startsWith('|'))) expect(line).toMatch(/ \|$/)
  })
})

describe('median', () => {
  it('is the middle one, or the mean of the two', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5])
  })
})
