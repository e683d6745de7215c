// What the benchmark prints: a table for people, with each figure of remora beside the echo's and their ratio.

export interface Figures {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly cpuMicros: number
  readonly residentMiB: number
}

export interface Cell {
  readonly row: string
  readonly connections: number
  readonly remora: Figures
  readonly echo: Figures
  /** Share of the renderings that the fast path served; undefined where nothing was rendered. */
  readonly hitShare: number | undefined
}

export interface Growth {
  readonly dimension: string
  readonly from: number
  readonly to: number
  /** time(to) / time(from), where `to` is twice `from`. */
  readonly ratio: number
}

export interface Report {
  readonly date: string
  readonly node: string
  readonly processors: readonly string[]
  readonly settings: string
  readonly rounds: number
  readonly seconds: number
  /** From the start of the process until it answers; `bare` is Node alone. */
  readonly startMs: { readonly remora: number; readonly echo: number; readonly bare: number }
  readonly cells: readonly Cell[]
  readonly inProcess: {
    /** Time of one answer without HTTPS by row, microseconds: the plain pipeline, and with the fast path. */
    readonly rows: readonly {
      readonly row: string
      readonly plainMicros: number
      readonly fastMicros: number
    }[]
    /** Memory of three revisions and 1,000 namespaces, MiB. */
    readonly snapshotMiB: number
    /** CPU of building a revision from its texts, milliseconds. */
    readonly snapshotMillis: number
    readonly growth: readonly Growth[]
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('  ')
  return `${rows.map(line).join('\n')}\n`
}

const ms = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0))

function cellRow({ row, connections, remora, echo, hitShare }: Cell): string[] {
  return [
    row,
    String(connections),
    Math.round(remora.perSecond).toLocaleString('en'),
    Math.round(echo.perSecond).toLocaleString('en'),
    (remora.perSecond / echo.perSecond).toFixed(2),
    Math.round(remora.cpuMicros).toLocaleString('en'),
    (remora.cpuMicros / echo.cpuMicros).toFixed(1),
    ms(remora.p50),
    ms(remora.p99),
    (remora.p99 / echo.p99).toFixed(1),
    ms(remora.max),
    (remora.residentMiB - echo.residentMiB).toFixed(0),
    hitShare === undefined ? '' : `${(100 * hitShare).toFixed(1)} %`,
  ]
}

const HEAD = [
  'row',
  'conn',
  'req/s',
  'echo',
  'ratio',
  'CPU µs',
  '× echo',
  'p50 ms',
  'p99 ms',
  '× echo',
  'max ms',
  'MiB over echo',
  'hits',
]

export function printReport(report: Report): string {
  const { rows, snapshotMillis, snapshotMiB, growth } = report.inProcess
  const { remora, echo, bare } = report.startMs
  return [
    `${report.date}, Node ${report.node}, ${report.processors.length} × ${report.processors[0] ?? '?'}, ${report.settings}`,
    `medians of ${report.rounds} rounds of ${report.seconds} s, remora and echo in turn; client and server share the processors\n`,
    table([HEAD, ...report.cells.map(cellRow)]),
    table([
      ['one answer without HTTPS', 'plain µs', 'fast µs'],
      ...rows.map(({ row, plainMicros, fastMicros }) => [row, plainMicros.toFixed(0), fastMicros.toFixed(0)]),
    ]),
    `start to ready: ${remora.toFixed(0)} ms (echo ${echo.toFixed(0)} ms, Node alone ${bare.toFixed(0)} ms)`,
    `a revision is built in ${snapshotMillis.toFixed(1)} ms; three of them and 1,000 namespaces take ${snapshotMiB.toFixed(1)} MiB`,
    ...growth.map(
      ({ dimension, from, to, ratio }) =>
        `growth in ${dimension}: ${from} → ${to} costs × ${ratio.toFixed(2)}`,
    ),
    '',
  ].join('\n')
}
