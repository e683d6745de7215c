// `npm run bench`: remora and a bare echo server over HTTPS on loopback, measured in turn in one run.
// Each row is checked before it is timed: its answers are applied and compared with the plain pipeline's, in this
// process. Progress goes to standard error, the table (or `--json`) to standard output.

import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { applyPatch } from '../../src/patch/apply.ts'
import type { Operation } from '../../src/patch/diff.ts'
import { equalJson, type Json, type JsonObject } from '../../src/std/json.ts'
import { findReference } from '../reference/outcome.ts'
import { benchmarkRows, bodyOf, type Row } from './bodies.ts'
import { type InProcess, inProcess } from './in-process.ts'
import type { LoadJob, LoadResult } from './load.ts'
import { type Cell, median, printReport, type Report } from './report.ts'
import {
  bareStartMs,
  cpuSeconds,
  postReview,
  renderings,
  residentMiB,
  type Server,
  setEchoAnswer,
  settingsFlags,
  startEcho,
  startRemora,
} from './servers.ts'

const ROOT = join(import.meta.dirname, '../..')
/** The shipped program, built anew for every run. */
const BUNDLE = join(ROOT, 'dist/remora.mjs')

interface Options {
  readonly rounds: number
  readonly seconds: number
  readonly rows: readonly string[]
  readonly json: boolean
  readonly program: string
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
      rows: { type: 'string', default: '' },
      program: { type: 'string', default: BUNDLE },
    },
  })
  return {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    rows: values.rows === '' ? [] : values.rows.split(','),
    json: values.json,
    program: values.program,
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** The patch in an answer, applied to the pod that was sent; the pod itself when the answer has no patch. */
function podAfter(answer: JsonObject, body: string): Json {
  const sent = JSON.parse(body) as { request: { object: Json } }
  const { allowed, patch, status } = answer['response'] as { allowed: boolean; patch?: string; status?: Json }
  if (!allowed) throw new Error(`refused: ${JSON.stringify(status)}`)
  if (patch === undefined) return sent.request.object
  const operations = JSON.parse(Buffer.from(patch, 'base64').toString()) as Operation[]
  return applyPatch(sent.request.object, operations)
}

/** Every shape, several times over (the second and later answers may come another way), against the plain pipeline. */
async function checkRow(server: Server, row: Row, plain: InProcess): Promise<void> {
  for (const [index, shape] of row.shapes.entries()) {
    for (let repeat = 0; repeat < 4; repeat++) {
      const body = bodyOf(shape, 30_000_000 + index * 4 + repeat)
      const got = podAfter(await postReview(server.port, body), body)
      const want = podAfter(plain.answer(body), body)
      if (!equalJson(got, want))
        throw new Error(`${row.title}, shape ${index}: the answer differs from the pipeline's`)
    }
  }
}

function load(job: LoadJob): Promise<LoadResult> {
  const { promise, resolve, reject } = Promise.withResolvers<LoadResult>()
  const child: ChildProcess = fork(join(import.meta.dirname, 'load.ts'))
  child.once('message', (message: { result?: LoadResult; error?: string }) => {
    if (message.result === undefined) reject(new Error(message.error))
    else resolve(message.result)
  })
  child.send(job)
  return promise
}

interface Sample {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly cpuMicros: number
  readonly residentMiB: number
}

let nextNumber = 0

async function measure(server: Server, row: Row, connections: number, seconds: number): Promise<Sample> {
  const pid = server.process.pid ?? 0
  const before = cpuSeconds(pid)
  const result = await load({
    port: server.port,
    row: row.name,
    connections,
    seconds,
    firstNumber: nextNumber,
  })
  nextNumber = result.lastNumber
  if (result.wrong > 0) throw new Error(`${server.name}, ${row.title}: ${result.wrong} wrong answers`)
  return {
    perSecond: result.requests / result.seconds,
    p50: result.p50,
    p99: result.p99,
    max: result.max,
    cpuMicros: ((cpuSeconds(pid) - before) / result.requests) * 1e6,
    residentMiB: residentMiB(pid),
  }
}

function summarise(samples: readonly Sample[]): Sample {
  const of = (pick: (sample: Sample) => number): number => median(samples.map(pick))
  return {
    perSecond: of((s) => s.perSecond),
    p50: of((s) => s.p50),
    p99: of((s) => s.p99),
    max: Math.max(...samples.map((s) => s.max)),
    cpuMicros: of((s) => s.cpuMicros),
    residentMiB: of((s) => s.residentMiB),
  }
}

function hitShare(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): number | undefined {
  const made = (results: readonly string[]): number =>
    results.reduce((sum, result) => sum + (after[result] ?? 0) - (before[result] ?? 0), 0)
  const all = made(['hit', 'build', 'fallback', 'mismatch'])
  return all === 0 ? undefined : made(['hit']) / all
}

async function measureRow(
  row: Row,
  remora: Server,
  echo: Server,
  plain: InProcess,
  options: Options,
): Promise<Cell[]> {
  await checkRow(remora, row, plain)
  const [shape] = row.shapes
  if (shape === undefined) throw new Error(`${row.title} has no shape`)
  await setEchoAnswer(echo, await postReview(remora.port, bodyOf(shape, nextNumber)))
  const cells: Cell[] = []
  for (const connections of [1, 10, 200]) {
    const before = await renderings(remora)
    const samples: Record<Server['name'], Sample[]> = { remora: [], echo: [] }
    for (const server of [remora, echo]) await measure(server, row, connections, 1)
    for (let round = 0; round < options.rounds; round++) {
      for (const server of [remora, echo]) {
        samples[server.name].push(await measure(server, row, connections, options.seconds))
      }
    }
    const cell = {
      row: row.title,
      connections,
      remora: summarise(samples.remora),
      echo: summarise(samples.echo),
      hitShare: hitShare(before, await renderings(remora)),
    }
    say(
      `${row.title}, ${connections} connections: ${Math.round(cell.remora.perSecond)} of ${Math.round(cell.echo.perSecond)} requests/s`,
    )
    cells.push(cell)
  }
  return cells
}

async function main(): Promise<void> {
  const options = readOptions()
  if (options.program === BUNDLE) execFileSync(process.execPath, ['build.ts'], { cwd: ROOT })
  const settings = settingsFlags(findReference())
  const stateDir = mkdtempSync(join(tmpdir(), 'remora-bench-'))
  say(`${settings.name}; ${options.rounds} rounds of ${options.seconds} s; ${cpus().length} processors`)
  const plain = inProcess(settings.flags)
  const remora = await startRemora(options.program, stateDir, [...settings.flags, '--log-level', 'info'])
  const echo = await startEcho(stateDir, {})
  try {
    const rows = benchmarkRows().filter(
      ({ name }) => options.rows.length === 0 || options.rows.includes(name),
    )
    const cells: Cell[] = []
    for (const row of rows) cells.push(...(await measureRow(row, remora, echo, plain, options)))
    const report: Report = {
      date: new Date().toISOString().slice(0, 10),
      node: process.version,
      processors: cpus().map(({ model }) => model),
      settings: settings.name,
      rounds: options.rounds,
      seconds: options.seconds,
      startMs: { remora: remora.startMs, echo: echo.startMs, bare: await bareStartMs() },
      cells,
      inProcess: plain.measure(),
    }
    process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : printReport(report))
  } finally {
    remora.process.kill('SIGKILL')
    echo.process.kill('SIGKILL')
    rmSync(stateDir, { recursive: true, force: true })
  }
}

await main()
