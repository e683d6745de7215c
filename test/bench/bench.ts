// `npm run bench`: remora and a bare echo server over HTTPS on loopback, measured in turn in one run, and what the core
// costs without HTTPS. Progress goes to standard error, the tables (or `--json`) to standard output.
// Exit codes: 0 done, 1 error, 2 usage.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { collectForRequests } from '../../src/server/heap.ts'
import { findReference } from '../reference/outcome.ts'
import { benchmarkRows, bodyOf } from './bodies.ts'
import { withCluster } from './cluster.ts'
import { flood } from './flood.ts'
import { growthRows } from './growth.ts'
import { h2loadVersion } from './h2load.ts'
import { type Answer, answerCosts, answerer, snapshotCosts } from './in-process.ts'
import { checkRow, clientFor, measure, measureCell, type Plan, roundsFor } from './measure.ts'
import { BenchError, type BenchOptions, readOptions, USAGE, UsageError } from './options.ts'
import { type Cell, median, printMarkdown, printReport, type Report } from './report.ts'
import {
  type BenchSettings,
  bareStartMs,
  benchSettings,
  postReview,
  setEchoAnswer,
  standalone,
  startEcho,
  startRemora,
  stop,
} from './servers.ts'

const ROOT = join(import.meta.dirname, '../..')
const BUNDLE = join(ROOT, 'dist/remora.mjs')

const FLOOD_PODS = 2000
const STARTS = 5
const MEMORY_CONNECTIONS = 200

/** What all parts of a run have in common. */
interface Bench {
  readonly options: BenchOptions
  readonly program: string
  readonly settings: BenchSettings
  readonly stateDir: string
  readonly answer: Answer
  readonly h2load: string | undefined
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

function programOf({ program }: BenchOptions): string {
  if (program !== undefined) {
    if (existsSync(program)) return program
    throw new UsageError(`--program: no file "${program}"`, 'for example --program src/main.ts')
  }
  say('building the bundle')
  try {
    execFileSync(process.execPath, ['build.ts'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer }
    throw new BenchError(
      `the bundle cannot be built: ${stderr ?? String(error)}`,
      'npm run build, or --program FILE',
    )
  }
  return BUNDLE
}

/** While a server is warmed up: its functions are compiled for speed one after the other, over some 20,000 answers. */
const WARM_CONNECTIONS = 10

async function measureLoad(bench: Bench): Promise<Cell[]> {
  const { options, program, settings, stateDir, answer, h2load } = bench
  const { seconds } = options
  const cells: Cell[] = []
  const remora = await startRemora(program, standalone(stateDir, settings))
  try {
    const echo = await startEcho(stateDir, {})
    try {
      for (const row of benchmarkRows().filter(({ name }) => options.rows.includes(name))) {
        const client = clientFor(row, options.client, h2load !== undefined)
        say(`${row.title}: comparing answers`)
        await checkRow(remora, row, answer)
        const [shape = { pieces: [] }] = row.shapes
        await setEchoAnswer(echo, await postReview(remora.port, bodyOf(shape, 0)))
        say(`${row.title}: warming up`)
        const warmUp = { connections: WARM_CONNECTIONS, seconds: options.warmUp, rounds: 1, client }
        for (const server of [remora, echo]) await measure(server, row, warmUp, options.warmUp)
        for (const connections of options.connections) {
          const rounds = roundsFor(connections, options.rounds)
          cells.push(await measureCell(row, { connections, seconds, rounds, client }, { remora, echo }, say))
        }
      }
    } finally {
      await stop(echo)
    }
  } finally {
    await stop(remora)
  }
  return cells
}

async function measureStart({ program, settings, stateDir }: Bench): Promise<NonNullable<Report['start']>> {
  say('start to ready')
  const times = { remora: [] as number[], echo: [] as number[], bare: [] as number[] }
  for (let i = 0; i < STARTS; i++) {
    const remora = await startRemora(program, standalone(stateDir, settings))
    times.remora.push(remora.startMs)
    await stop(remora)
    const echo = await startEcho(stateDir, {})
    times.echo.push(echo.startMs)
    await stop(echo)
    times.bare.push(await bareStartMs())
  }
  return { remora: median(times.remora), echo: median(times.echo), bare: median(times.bare) }
}

async function measureMemory(bench: Bench): Promise<NonNullable<Report['memory']>> {
  const { program, settings, stateDir, options } = bench
  // The stand-alone webhook makes the key pair that both servers of this part are given.
  if (!existsSync(join(stateDir, 'tls.crt')))
    await stop(await startRemora(program, standalone(stateDir, settings)))
  say('memory with three revisions and 1,000 namespaces')
  const [row] = benchmarkRows()
  if (row === undefined) throw new Error('no row to measure memory with')
  const plan: Plan = { connections: MEMORY_CONNECTIONS, seconds: options.seconds, rounds: 1, client: 'own' }
  const figures = await withCluster(program, stateDir, settings, async (remora) => {
    const [shape = { pieces: [] }] = row.shapes
    const echo = await startEcho(stateDir, await postReview(remora.port, bodyOf(shape, 0)))
    try {
      const ours = await measure(remora, row, plan, plan.seconds)
      return { ours, theirs: await measure(echo, row, plan, plan.seconds) }
    } finally {
      await stop(echo)
    }
  })
  return {
    snapshot: snapshotCosts(settings),
    remoraMiB: figures.ours.residentMiB,
    echoMiB: figures.theirs.residentMiB,
    connections: MEMORY_CONNECTIONS,
  }
}

async function run(bench: Bench): Promise<Report> {
  const { options, settings, answer, h2load } = bench
  const { rounds, seconds, parts } = options
  const conditions = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    processors: cpus().map(({ model }) => model),
    settings: settings.name,
    rounds,
    seconds,
    h2load,
    otherLoad: loadavg()[0] ?? Number.NaN,
  }
  say(`${settings.name}; ${rounds} rounds of ${seconds} s; ${cpus().length} processors`)
  // What is measured in this process is collected as in a server.
  collectForRequests()
  const cells = parts.includes('load') ? await measureLoad(bench) : []
  return {
    conditions,
    cells,
    ...(parts.includes('costs') && { costs: answerCosts(answer, options.rows, options.warmUp, say) }),
    ...(parts.includes('start') && { start: await measureStart(bench) }),
    ...(parts.includes('memory') && { memory: await measureMemory(bench) }),
    ...(parts.includes('growth') && { growth: growthRows(answer, say) }),
    ...(parts.includes('flood') && { flood: flood(answer, FLOOD_PODS, options.warmUp, say) }),
  }
}

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args)
  if (options === 'help') {
    process.stdout.write(USAGE)
    return
  }
  const stateDir = mkdtempSync(join(tmpdir(), 'remora-bench-'))
  try {
    const settings = benchSettings(findReference())
    const h2load = options.client === 'own' ? undefined : h2loadVersion()
    const program = programOf(options)
    const report = await run({ options, program, settings, stateDir, answer: answerer(settings), h2load })
    const print = { table: printReport, markdown: printMarkdown, json: asJson }[options.output]
    process.stdout.write(print(report))
  } finally {
    rmSync(stateDir, { recursive: true, force: true })
  }
}

function asJson(report: Report): string {
  return `${JSON.stringify(report, undefined, 2)}\n`
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof BenchError) {
    process.stderr.write(`error: ${error.message}\nhint: ${error.hint}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  } else {
    process.stderr.write(
      `error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    )
    process.exitCode = 1
  }
}
