// The two servers of the benchmark as child processes: remora as it ships (the stand-alone webhook), and the echo.

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import type { JsonObject } from '../../src/std/json.ts'
import type { EchoJob } from './echo.ts'

export interface Server {
  readonly name: 'remora' | 'echo'
  readonly port: number
  readonly process: ChildProcess
  /** Time from the start of the process until it could answer. */
  readonly startMs: number
  /** Plain port of /metrics; only remora has one. */
  readonly healthPort: number | undefined
}

/** Flags that select the stock settings of the reference data; without it the built-in templates are measured. */
export function settingsFlags(reference: string | undefined): { flags: string[]; name: string } {
  if (reference === undefined) return { flags: [], name: 'built-in templates' }
  const dir = join(reference, 'istio-1.30.3/settings/default')
  if (!existsSync(dir)) return { flags: [], name: 'built-in templates' }
  const flags = [
    ['--injectConfigFile', join(dir, 'config.yaml')],
    ['--valuesFile', join(dir, 'values.json')],
    ['--meshConfigFile', join(dir, 'mesh.yaml')],
  ]
  return { flags: flags.flat(), name: 'stock settings of Istio 1.30.3' }
}

/** Starts remora from `program` (src/main.ts or the bundle) and waits until it has told its ports. */
export function startRemora(program: string, stateDir: string, flags: readonly string[]): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<Server>()
  const listen = ['--host', '127.0.0.1', '--port', '0', '--health-port', '0', '--state-dir', stateDir]
  const started = performance.now()
  const args = [program, 'webhook', '--standalone', ...listen, ...flags]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    if (log.length < 4096) log += chunk.toString()
  })
  child.once('exit', () => reject(new Error(`remora ended: ${log}`)))
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    const port = /^port: (\d+)$/m.exec(text)
    const healthPort = /^healthPort: (\d+)$/m.exec(text)
    if (port === null || healthPort === null) return
    child.removeAllListeners('exit')
    const startMs = performance.now() - started
    resolve({
      name: 'remora',
      port: Number(port[1]),
      healthPort: Number(healthPort[1]),
      process: child,
      startMs,
    })
  })
  return promise
}

export function startEcho(stateDir: string, answer: JsonObject): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<Server>()
  const started = performance.now()
  const child = fork(join(import.meta.dirname, 'echo.ts'))
  child.once('exit', () => reject(new Error('the echo server ended')))
  child.once('message', (message: { port?: number; error?: string }) => {
    child.removeAllListeners('exit')
    if (message.port === undefined) reject(new Error(message.error ?? 'the echo server told no port'))
    else {
      const startMs = performance.now() - started
      resolve({ name: 'echo', port: message.port, healthPort: undefined, process: child, startMs })
    }
  })
  const read = (name: string): string => readFileSync(join(stateDir, name), 'utf8')
  child.send({ key: read('tls.key'), certificate: read('tls.crt'), answer } satisfies EchoJob)
  return promise
}

/** Gives the echo server another answer, for the next row. */
export function setEchoAnswer(echo: Server, answer: JsonObject): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  echo.process.once('message', () => resolve())
  echo.process.send({ answer })
  return promise
}

/** CPU seconds that a process has used so far, user and system, from the kernel's accounting (Linux). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticksPerSecond = 100 // USER_HZ is 100 on every Linux that Node runs on
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** How templates were rendered so far, by result; from remora's metrics. */
export async function renderings(server: Server): Promise<Record<string, number>> {
  const answer = await fetch(`http://127.0.0.1:${server.healthPort}/metrics`)
  const lines = (await answer.text()).matchAll(/^remora_fast_path_total\{result="(\w+)"\} (\d+)$/gm)
  return Object.fromEntries([...lines].map(([, result = '', count]) => [result, Number(count)]))
}

/** Time from the start of Node until it has run nothing. */
export async function bareStartMs(): Promise<number> {
  const started = performance.now()
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' })
  await new Promise((resolve) => child.once('exit', resolve))
  return performance.now() - started
}

/** Resident memory of a process in MiB (Linux). */
export function residentMiB(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(match?.[1] ?? Number.NaN) / 1024
}

/** One review, answered. */
export function postReview(port: number, body: string): Promise<JsonObject> {
  const { promise, resolve, reject } = Promise.withResolvers<JsonObject>()
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const options = {
    host: '127.0.0.1',
    port,
    path: '/inject',
    method: 'POST',
    headers,
    rejectUnauthorized: false,
  }
  const call = request(options, (answer) => {
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    answer.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString()) as JsonObject))
  })
  call.on('error', reject)
  call.end(body)
  return promise
}
