// One row of the benchmark at one number of connections: remora and the echo in turn, round after round, each beside a
// client that is a process of its own. The row's answers are applied and compared with the plain pipeline's before.

import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { applyPatch } from '../../src/patch/apply.ts'
import type { Operation } from '../../src/patch/diff.ts'
import { equalJson, type Json, type JsonObject } from '../../src/std/json.ts'
import { bodyOf, type Row } from './bodies.ts'
import { repeatsBodies, runH2load } from './h2load.ts'
import type { Answer } from './in-process.ts'
import type { LoadResult } from './latency.ts'
import type { LoadJob, OwnLoadResult } from './load.ts'
import { UsageError } from './options.ts'
import { type Cell, type Figures, median } from './report.ts'
import { cpuSeconds, postReview, renderings, residentMiB, type Server } from './servers.ts'

export interface Plan {
  readonly connections: number
  /** Of one measurement. */
  readonly seconds: number
  readonly rounds: number
  readonly client: Cell['client']
}

const MANY_CONNECTIONS = 100
const TIMES_AS_OFTEN = 3

/**
 * How often each server is measured. Whatever stops it delays all connections that wait: where these are some hundredths of
 * all answers, a p99 is told by a single stop, and it takes more measurements to tell what is usual.
 */
export function roundsFor(connections: number, rounds: number): number {
  return connections < MANY_CONNECTIONS ? rounds : rounds * TIMES_AS_OFTEN
}

/** Which client loads a row; `installed` says whether h2load is there. Throws a UsageError where it is asked for and is not. */
export function clientFor(row: Row, wanted: 'auto' | 'own' | 'h2load', installed: boolean): Cell['client'] {
  if (wanted === 'own') return 'own'
  if (wanted === 'h2load' && !installed) {
    throw new UsageError('--client h2load: h2load is not installed', 'it is part of nghttp2; or --client own')
  }
  return installed && repeatsBodies(row.name) ? 'h2load' : 'own'
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

/** Sightings until the fast path has built what it builds. */
const SIGHTINGS = 4
/** Numbers of bodies that are compared; those of the measurements lie below. */
const COMPARED_FROM = 30_000_000

/** Every shape, several times over (the second and later answers may come another way), against the plain pipeline. */
export async function checkRow(server: Server, row: Row, answer: Answer): Promise<void> {
  for (const [index, shape] of row.shapes.entries()) {
    for (let repeat = 0; repeat < SIGHTINGS; repeat++) {
      const body = bodyOf(shape, COMPARED_FROM + index * SIGHTINGS + repeat)
      const got = podAfter(await postReview(server.port, body), body)
      if (!equalJson(got, podAfter(answer(body), body))) {
        throw new Error(`${row.title}, shape ${index}: the answer differs from the plain pipeline's`)
      }
    }
  }
}

let nextNumber = 0

function ownLoad(job: LoadJob): Promise<OwnLoadResult> {
  const { promise, resolve, reject } = Promise.withResolvers<OwnLoadResult>()
  const child: ChildProcess = fork(join(import.meta.dirname, 'load.ts'))
  child.once('exit', (code) => reject(new Error(`the client ended with ${code}`)))
  child.once('message', (message: { result?: OwnLoadResult; error?: string }) => {
    if (message.result === undefined) reject(new Error(`the client failed: ${message.error}`))
    else resolve(message.result)
  })
  child.send(job)
  return promise
}

async function load(server: Server, row: Row, plan: Plan, seconds: number): Promise<LoadResult> {
  const { connections, client } = plan
  const { port } = server
  if (client === 'h2load') {
    const [shape] = row.shapes
    if (shape === undefined) throw new Error(`${row.title} has no shape`)
    return await runH2load({ port, body: bodyOf(shape, nextNumber++), connections, seconds })
  }
  const result = await ownLoad({ port, row: row.name, connections, seconds, firstNumber: nextNumber })
  nextNumber = result.lastNumber
  return result
}

/** One measurement of one server. Throws when an answer was wrong. */
export async function measure(server: Server, row: Row, plan: Plan, seconds: number): Promise<Figures> {
  const pid = server.process.pid ?? 0
  const before = cpuSeconds(pid)
  const result = await load(server, row, plan, seconds)
  if (result.requests === 0) throw new Error(`${server.name}, ${row.title}: no answer in ${seconds} s`)
  if (result.wrong > 0) throw new Error(`${server.name}, ${row.title}: ${result.wrong} wrong answers`)
  return {
    perSecond: result.requests / result.seconds,
    p50: result.p50,
    p99: result.p99,
    max: result.max,
    cpuMicros: ((cpuSeconds(pid) - before) / result.answered) * 1e6,
    residentMiB: residentMiB(pid),
  }
}

/** Medians, but the largest of the maxima. */
export function summarise(samples: readonly Figures[]): Figures {
  const of = (pick: (sample: Figures) => number): number => median(samples.map(pick))
  return {
    perSecond: of((s) => s.perSecond),
    p50: of((s) => s.p50),
    p99: of((s) => s.p99),
    max: Math.max(...samples.map((s) => s.max)),
    cpuMicros: of((s) => s.cpuMicros),
    residentMiB: of((s) => s.residentMiB),
  }
}

/** Share of hits among the renderings between two readings of the metric; undefined where there were none. */
export function hitShare(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): number | undefined {
  const made = (results: readonly string[]): number =>
    results.reduce((sum, result) => sum + (after[result] ?? 0) - (before[result] ?? 0), 0)
  const all = made(['hit', 'build', 'fallback', 'mismatch'])
  return all === 0 ? undefined : made(['hit']) / all
}

/** Remora and the echo in turn; `say` hears of each round. */
export async function measureCell(
  row: Row,
  plan: Plan,
  servers: { readonly remora: Server; readonly echo: Server },
  say: (text: string) => void,
): Promise<Cell> {
  const { remora, echo } = servers
  const samples: Record<Server['name'], Figures[]> = { remora: [], echo: [] }
  for (const server of [remora, echo]) await measure(server, row, plan, Math.min(1, plan.seconds))
  const before = await renderings(remora)
  for (let round = 0; round < plan.rounds; round++) {
    for (const server of [remora, echo]) {
      samples[server.name].push(await measure(server, row, plan, plan.seconds))
    }
    const [ours, theirs] = [samples.remora.at(-1)?.perSecond ?? 0, samples.echo.at(-1)?.perSecond ?? 0]
    const where = `${row.title}, ${plan.connections} connections, round ${round + 1} of ${plan.rounds}`
    say(`${where}: ${Math.round(ours)} of ${Math.round(theirs)} requests/s`)
  }
  return {
    row: row.title,
    connections: plan.connections,
    rounds: plan.rounds,
    client: plan.client,
    remora: summarise(samples.remora),
    echo: summarise(samples.echo),
    hitShare: hitShare(before, await renderings(remora)),
  }
}
