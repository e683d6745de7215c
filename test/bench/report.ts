// What the benchmark reports: figures in, tables out, for people as text or as Markdown. Every figure of remora stands
// beside the echo's and their ratio; what was not measured has no line.

import type { Flood } from './flood.ts'
import { FLOOD_BOUND } from './flood.ts'
import { GROWTH_BOUND, type Growth } from './growth.ts'
import type { Cost, SnapshotCosts } from './in-process.ts'
import { verdicts } from './targets.ts'

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
  readonly rounds: number
  readonly client: 'own' | 'h2load'
  readonly remora: Figures
  readonly echo: Figures
  /** Share of the renderings that the fast path served; undefined where nothing was rendered. */
  readonly hitShare: number | undefined
}

export interface Conditions {
  readonly date: string
  readonly node: string
  readonly processors: readonly string[]
  readonly settings: string
  readonly rounds: number
  readonly seconds: number
  readonly h2load: string | undefined
  /** Load average of the last minute when the run began: what else the machine did. */
  readonly otherLoad: number
}

export interface Report {
  readonly conditions: Conditions
  readonly cells: readonly Cell[]
  readonly costs?: readonly Cost[]
  readonly growth?: readonly Growth[]
  readonly flood?: Flood
  /** Milliseconds from the start of the process until it answers; `bare` is Node that runs nothing. */
  readonly start?: { readonly remora: number; readonly echo: number; readonly bare: number }
  readonly memory?: {
    readonly snapshot: SnapshotCosts
    /** Resident memory at 200 connections, MiB: remora has three revisions and 1,000 namespaces. */
    readonly remoraMiB: number
    readonly echoMiB: number
    readonly connections: number
  }
}

/** A table with its words above and below. */
export interface Table {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

const ms = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0))
const whole = (value: number): string => Math.round(value).toLocaleString('en')
const within = (good: boolean): string => (good ? 'within' : 'BEYOND')

function loadTable(cells: readonly Cell[]): Table {
  const rows = cells.map(({ row, connections, remora, echo, hitShare, client }) => [
    row,
    String(connections),
    whole(remora.perSecond),
    whole(echo.perSecond),
    (remora.perSecond / echo.perSecond).toFixed(2),
    whole(remora.cpuMicros),
    (remora.cpuMicros / echo.cpuMicros).toFixed(1),
    ms(remora.p50),
    ms(remora.p99),
    (remora.p99 / echo.p99).toFixed(1),
    ms(remora.max),
    remora.residentMiB.toFixed(0),
    (remora.residentMiB - echo.residentMiB).toFixed(0),
    hitShare === undefined ? '' : `${(100 * hitShare).toFixed(1)} %`,
    client,
  ])
  const remora = [
    'CPU µs',
    '× echo',
    'p50 ms',
    'p99 ms',
    '× echo',
    'max ms',
    'MiB',
    'over echo',
    'hits',
    'client',
  ]
  return { title: 'under load', head: ['row', 'conn', 'req/s', 'echo', 'ratio', ...remora], rows }
}

function costTable(costs: readonly Cost[]): Table {
  return {
    title: 'one answer in the process, without HTTPS',
    head: ['row', 'plain pipeline µs', 'fast path µs'],
    rows: costs.map(({ row, plainMicros, fastMicros }) => [row, whole(plainMicros), whole(fastMicros)]),
  }
}

/** Where the CPU time of a request of row (a) goes, as far as rows tell it apart; microseconds. */
function shareTable({ cells, costs = [] }: Report): Table | undefined {
  const under = cells.find(({ row, connections }) => row.startsWith('(a)') && connections === 10)
  const [typical, skipped] = ['(a)', '(f)'].map((name) => costs.find(({ row }) => row.startsWith(name)))
  if (under === undefined || typical === undefined || skipped === undefined) return undefined
  const { plainMicros, fastMicros } = typical
  const shares: [string, number][] = [
    ['the echo: TLS, HTTP, JSON', under.echo.cpuMicros],
    ['remora in all', under.remora.cpuMicros],
    ['TLS, HTTP, log and metrics: all that is not in the next line', under.remora.cpuMicros - fastMicros],
    ['one answer on the fast path', fastMicros],
    ['reading and deciding, as for a skipped pod', skipped.fastMicros],
    ['filling, merging, post-processing, diff and encoding', fastMicros - skipped.fastMicros],
    ['what the fast path saves: rendering, structure guard, YAML', plainMicros - fastMicros],
  ]
  return {
    title: 'where the CPU time of row (a) goes, 10 connections',
    head: ['part', 'µs'],
    rows: shares.map(([part, micros]) => [part, whole(micros)]),
  }
}

function growthTable(growth: readonly Growth[]): Table {
  return {
    title: `growth: time(2n) / time(n), at most ${GROWTH_BOUND}`,
    head: ['dimension', 'n', '2n', 'plain ms', 'ratio', 'fast ms', 'ratio', 'verdict'],
    rows: growth.map(({ dimension, from, to, plainMillis, plainRatio, fastMillis, fastRatio }) => [
      dimension,
      whole(from),
      whole(to),
      ms(plainMillis),
      plainRatio.toFixed(2),
      ms(fastMillis),
      fastRatio.toFixed(2),
      within(Math.max(plainRatio, fastRatio) <= GROWTH_BOUND),
    ]),
  }
}

function floodTable(flood: Flood): Table {
  const { hit, build, fallback } = flood.renderings
  const ratio = flood.floodMicros / flood.plainMicros
  return {
    title: `a flood of ${whole(flood.pods)} answers to odd pods`,
    head: ['what', 'measured', 'verdict'],
    rows: [
      [
        `one answer, × plain (${whole(flood.plainMicros)} µs), at most ${FLOOD_BOUND}`,
        ratio.toFixed(2),
        within(ratio <= FLOOD_BOUND),
      ],
      ['renderings: hits, builds, fallbacks', [hit, build, fallback].map(whole).join(', '), ''],
      ['skeletons held', `${flood.entries}, ${flood.mebibytes.toFixed(1)} MiB`, ''],
      ['heap it left behind', `${flood.heapMiB.toFixed(1)} MiB`, ''],
      ['a quiet namespace is served as before', flood.quietHit ? 'yes' : 'no', within(flood.quietHit)],
    ],
  }
}

function otherTable({ start, memory }: Report): Table | undefined {
  const rows: string[][] = []
  if (start !== undefined) {
    rows.push(['start to ready, stand-alone', `${ms(start.remora)} ms`])
    rows.push(['the same over bare Node', `${ms(start.remora - start.bare)} ms`])
    rows.push(['the echo, Node alone', `${ms(start.echo)} ms, ${ms(start.bare)} ms`])
  }
  if (memory !== undefined) {
    const { snapshot, remoraMiB, echoMiB, connections } = memory
    rows.push(['a revision is built in', `${snapshot.millis.toFixed(1)} ms`])
    rows.push(['heap of three revisions and 1,000 namespaces', `${snapshot.mebibytes.toFixed(1)} MiB`])
    rows.push([`resident with them, ${connections} connections`, `${remoraMiB.toFixed(0)} MiB`])
    rows.push(['the same over the echo', `${(remoraMiB - echoMiB).toFixed(0)} MiB`])
  }
  return rows.length === 0 ? undefined : { title: 'start and memory', head: ['what', 'measured'], rows }
}

function targetTable(report: Report): Table | undefined {
  const rows = verdicts(report).map(({ what, bound, measured, good }) => [
    what,
    bound,
    measured,
    good ? 'reached' : 'MISSED',
  ])
  return rows.length === 0
    ? undefined
    : { title: 'numbers to reach', head: ['what', 'bound', 'measured', 'verdict'], rows }
}

/** All tables of a report, in their order. */
export function tablesOf(report: Report): Table[] {
  const { cells, costs, growth, flood } = report
  const tables = [
    cells.length > 0 ? loadTable(cells) : undefined,
    costs && costTable(costs),
    shareTable(report),
    otherTable(report),
    growth && growthTable(growth),
    flood && floodTable(flood),
    targetTable(report),
  ]
  return tables.filter((table) => table !== undefined)
}

function headLines({ conditions, cells }: Report): string[] {
  const { date, node, processors, settings, rounds, seconds, h2load, otherLoad } = conditions
  const clients = new Set(cells.map(({ client }) => client))
  const client = clients.has('h2load') ? `; h2load rows by ${h2load}` : ''
  const longer = new Set(
    cells
      .filter((cell) => cell.rounds !== rounds)
      .map((cell) => ` (${cell.rounds} with ${cell.connections} connections)`),
  )
  return [
    `${date}, Node ${node}, ${processors.length} × ${processors[0] ?? '?'}, load average ${otherLoad.toFixed(1)} before the run`,
    `${settings}; medians of ${rounds} rounds of ${seconds} s${[...longer].join('')}, remora and echo in turn; client and servers share the processors${client}`,
  ]
}

function asText({ title, head, rows }: Table): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const pad = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0)
  return `${title}\n${all.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')}\n`
}

function asMarkdown({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return `**${title[0]?.toUpperCase()}${title.slice(1)}**\n\n${[head, rule, ...rows].map(line).join('\n')}\n`
}

export function printReport(report: Report): string {
  return [`${headLines(report).join('\n')}\n`, ...tablesOf(report).map(asText)].join('\n')
}

/** The results section of docs/performance.md. */
export function printMarkdown(report: Report): string {
  return [`${headLines(report).join('.  \n')}.\n`, ...tablesOf(report).map(asMarkdown)].join('\n')
}
