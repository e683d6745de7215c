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

/** Runs h2load; throws an Error with its own words when it fails. */
export async function runH2load({ port, body, connections, seconds }: H2loadJob): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'remora-h2load-'))
  const [data, log] = [join(folder, 'body'), join(folder, 'log')]
  try {
    writeFileSync(data, body)
    const length = seconds >= 1 ? `${Math.round(seconds)}s` : `${Math.round(seconds * 1000)}ms`
    const load = ['--h1', '-t', '1', '-c', String(connections), '-D', length]
    const request = ['-d', data, '-H', 'content-type: application/json', `--log-file=${log}`]
    await ended([...load, ...request, `https://127.0.0.1:${port}/inject`])
    return readLog(readFileSync(log, 'utf8'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function ended(args: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const child = spawn('h2load', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const listen = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-2000)
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  child.once('error', reject)
  child.once('close', (code) => {
    if (code === 0) resolve()
    else reject(new Error(`h2load ended with ${code}: ${said.trim()}`))
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
