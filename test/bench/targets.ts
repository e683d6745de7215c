// The numbers to reach (ratios to the echo in the same run), and what a report says to them. A bound that the run did not
// measure is left out.

import type { Cell, Report } from './report.ts'

export interface Verdict {
  readonly what: string
  readonly bound: string
  readonly measured: string
  readonly good: boolean
}

interface Target {
  /** Beginning of the row's title. */
  readonly row: string
  /** requests/s ÷ echo at 10 connections, at least. */
  readonly throughput: number
  /** CPU ÷ echo at 10 connections, at most. */
  readonly cpu: number
  /** p99 ÷ echo at 200 connections, at most. */
  readonly p99?: number
}

const TARGETS: readonly Target[] = [
  { row: '(a)', throughput: 0.45, cpu: 2.2, p99: 1.7 },
  { row: '(b)', throughput: 0.33, cpu: 3, p99: 2.2 },
  { row: '(d)', throughput: 0.3, cpu: 3.3 },
  { row: '(f)', throughput: 0.75, cpu: 1.3 },
]
const HIT_SHARE = 0.95
const PLAIN_MICROS = 1000
const START_MS = 600
const MEMORY_MIB = 50

function atLeast(what: string, bound: number, measured: number): Verdict {
  return { what, bound: `≥ ${bound}`, measured: measured.toFixed(2), good: measured >= bound }
}

function atMost(what: string, bound: number, measured: number, unit = ''): Verdict {
  const digits = unit === '' ? 2 : 0
  return {
    what,
    bound: `≤ ${bound}${unit}`,
    measured: `${measured.toFixed(digits)}${unit}`,
    good: measured <= bound,
  }
}

function cellVerdicts(cells: readonly Cell[]): Verdict[] {
  const at = (row: string, connections: number): Cell | undefined =>
    cells.find((cell) => cell.row.startsWith(row) && cell.connections === connections)
  return TARGETS.flatMap(({ row, throughput, cpu, p99 }) => {
    const [ten, many] = [at(row, 10), at(row, 200)]
    const made: Verdict[] = []
    if (ten !== undefined) {
      const { remora, echo } = ten
      made.push(
        atLeast(`${row} requests/s ÷ echo, 10 connections`, throughput, remora.perSecond / echo.perSecond),
      )
      made.push(atMost(`${row} CPU ÷ echo, 10 connections`, cpu, remora.cpuMicros / echo.cpuMicros))
    }
    if (many !== undefined && p99 !== undefined) {
      made.push(atMost(`${row} p99 ÷ echo, 200 connections`, p99, many.remora.p99 / many.echo.p99))
    }
    return made
  })
}

/** Of every bound that the run measured. */
export function verdicts({ cells, costs, start, memory }: Report): Verdict[] {
  const made = cellVerdicts(cells)
  const hits = cells.filter(({ row }) => row.startsWith('(b)')).flatMap(({ hitShare }) => hitShare ?? [])
  if (hits.length > 0) made.push(atLeast('(b) share of hits', HIT_SHARE, Math.min(...hits)))
  const typical = costs?.find(({ row }) => row.startsWith('(a)'))
  if (typical !== undefined) {
    made.push(atMost('(a) plain pipeline, one answer', PLAIN_MICROS, typical.plainMicros, ' µs'))
  }
  if (start !== undefined) {
    made.push(atMost('start to ready over bare Node', START_MS, start.remora - start.bare, ' ms'))
  }
  if (memory !== undefined) {
    made.push(
      atMost(
        'resident over the echo, three revisions',
        MEMORY_MIB,
        memory.remoraMiB - memory.echoMiB,
        ' MiB',
      ),
    )
  }
  return made
}
