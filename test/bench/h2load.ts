// The load of one measurement by h2load (nghttp2), which costs the machine less than our own client does. It sends one
// body again and again, so it serves the rows whose bodies may be repeated. Latencies come from its log, in microseconds.

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RowName } from './bodies.ts'
import { type LoadResult, summary } from './latency.ts'

/** Rows whose point is that no body comes twice. */
const NEVER_TWICE: readonly RowName[] = ['repeated', 'never-seen']

export function repeatsBodies(row: RowName): boolean {
  return !NEVER_TWICE.includes(row)
}

/** First line of `h2load --version`; undefined where it is not installed. */
export function h2loadVersion(): string | undefined {
  const { status, stdout } = spawnSync('h2load', ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.split('\n')[0] : undefined
}

export interface H2loadJob {
  readonly port: number
  readonly body: string
  readonly connections: number
  readonly seconds: number
}

/** Requests of each connection by which the pace is found. */
const PROBE = 5

/**
 * Runs h2load for about so many seconds. By number of requests, since by time it does not always end with HTTP/1: a short
 * run tells how many there will be. Throws an Error with its own words when it fails.
 */
export async function runH2load(job: H2loadJob): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'remora-h2load-'))
  try {
    const body = join(folder, 'body')
    writeFileSync(body, job.body)
    const load = async (requests: number): Promise<LoadResult> => {
      const log = join(folder, `log-${requests}`)
      await ended(argumentsOf(job, requests, body, log), LIMIT_MS + 10_000 * job.seconds)
      return readLog(readFileSync(log, 'utf8'))
    }
    const probe = await load(PROBE * job.connections)
    const pace = probe.requests / probe.seconds
    return await load(Math.max(2 * PROBE * job.connections, Math.round(pace * job.seconds)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** After that long it does not end. */
const LIMIT_MS = 60_000

function argumentsOf(
  { port, connections }: H2loadJob,
  requests: number,
  body: string,
  log: string,
): string[] {
  const load = ['--h1', '-t', '1', '-c', String(connections), '-n', String(requests)]
  const request = ['-d', body, '-H', 'content-type: application/json', `--log-file=${log}`]
  return [...load, ...request, `https://127.0.0.1:${port}/inject`]
}

function ended(args: readonly string[], limitMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const child = spawn('h2load', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs })
  let said = ''
  const listen = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-2000)
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  child.once('error', reject)
  child.once('close', (code, signal) => {
    if (code === 0) resolve()
    else reject(new Error(`h2load ended with ${code ?? signal}: ${said.trim()}`))
  })
  return promise
}

/** A log of h2load: a line an answer, with its start (µs since the epoch), its status, and how long it took (µs). */
export function readLog(text: string): LoadResult {
  const latencies: number[] = []
  let wrong = 0
  let first = Number.POSITIVE_INFINITY
  let last = 0
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [start = Number.NaN, status, micros = Number.NaN] = line.split('\t').map(Number)
    if (status !== 200) wrong++
    latencies.push(micros / 1000)
    first = Math.min(first, start)
    last = Math.max(last, start + micros)
  }
  return summary(latencies, (last - first) / 1e6, wrong)
}
