// The two servers of the benchmark as child processes: remora as it ships (the stand-alone webhook), and the echo.

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import type { JsonObject } from '../../src/std/json.ts'
import type { EchoJob } from './echo.ts'
import { BenchError } from './options.ts'

export interface Server {
  readonly name: 'remora' | 'echo'
  readonly port: number
  readonly process: ChildProcess
  /** Time from the start of the process until it could answer. */
  readonly startMs: number
  /** Plain port of /metrics; only remora has one. */
  readonly healthPort: number | undefined
}

/** Texts of a revision as files, and how they are called. */
export interface BenchSettings {
  readonly name: string
  /** Paths by flag of the webhook; none for the built-in texts. */
  readonly files: Readonly<Record<string, string>>
}

/** The stock settings of the reference data; without it the built-in templates are measured. */
export function benchSettings(reference: string | undefined): BenchSettings {
  const dir = reference === undefined ? '' : join(reference, 'istio-1.30.3/settings/default')
  if (!existsSync(dir)) return { name: 'built-in templates', files: {} }
  const files = { config: 'config.yaml', values: 'values.json', mesh: 'mesh.yaml' }
  const paths = Object.entries(files).map(([kind, name]) => [kind, join(dir, name)] as const)
  const missing = paths.find(([, path]) => !existsSync(path))
  if (missing !== undefined) {
    throw new BenchError(
      `the reference data lacks "${missing[1]}"`,
      'get it again, or unset REMORA_REFERENCE',
    )
  }
  return {
    name: 'stock settings of Istio 1.30.3',
    files: Object.fromEntries(
      paths.map(([kind, path]) => [
        `--${kind === 'config' ? 'injectConfig' : kind === 'mesh' ? 'meshConfig' : kind}File`,
        path,
      ]),
    ),
  }
}

/** How long a server may take until it tells its port. */
const START_MS = 60_000

/** Flags of Node that the image starts remora with. */
function imageFlags(): string[] {
  const dockerfile = readFileSync(join(import.meta.dirname, '../../Dockerfile'), 'utf8')
  const entry = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1]
  if (entry === undefined)
    throw new BenchError('Dockerfile has no ENTRYPOINT', 'it says how remora is started')
  return (JSON.parse(entry) as string[]).filter((word) => word.startsWith('--'))
}

/** Starts `remora webhook` as the image does, and waits until it has told its ports. */
export function startRemora(program: string, flags: readonly string[]): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<Server>()
  const listen = ['--host', '127.0.0.1', '--port', '0', '--health-port', '0']
  const started = performance.now()
  const child = spawn(process.execPath, [...imageFlags(), program, 'webhook', ...listen, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  let log = ''
  const fail = (what: string): void => {
    child.kill('SIGKILL')
    reject(
      new BenchError(
        `${what}: ${log.trim() || 'it said nothing'}`,
        `try: node ${program} webhook --standalone`,
      ),
    )
  }
  const limit = setTimeout(() => fail(`remora told no port within ${START_MS / 1000} s`), START_MS)
  child.stderr.on('data', (chunk: Buffer) => {
    if (log.length < 4096) log += chunk.toString()
  })
  child.once('exit', (code) => {
    clearTimeout(limit)
    fail(`remora ended with ${code} before it listened`)
  })
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    const port = /^port: (\d+)$/m.exec(text)
    const healthPort = /^healthPort: (\d+)$/m.exec(text)
    if (port === null || healthPort === null) return
    clearTimeout(limit)
    child.removeAllListeners('exit')
    resolve({
      name: 'remora',
      port: Number(port[1]),
      healthPort: Number(healthPort[1]),
      process: child,
      startMs: performance.now() - started,
    })
  })
  return promise
}

/** Flags of a stand-alone webhook. */
export function standalone(stateDir: string, { files }: BenchSettings): string[] {
  return ['--standalone', '--state-dir', stateDir, '--log-level', 'info', ...Object.entries(files).flat()]
}

/** Ends a server and waits for its end. */
export async function stop(server: Server): Promise<void> {
  const child = server.process
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
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

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    throw new BenchError(
      `/proc/${pid}/${file} cannot be read: the server has ended, or this is no Linux`,
      'CPU and memory come from /proc; run the benchmark on Linux',
    )
  }
}

/** CPU seconds that a process has used so far, user and system, from the kernel's accounting (Linux). */
export function cpuSeconds(pid: number): number {
  const stat = readProc(pid, 'stat')
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
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status'))
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
    answer.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      if (answer.statusCode === 200) resolve(JSON.parse(text) as JsonObject)
      else reject(new Error(`answered ${answer.statusCode}: ${text.slice(0, 300)}`))
    })
  })
  call.on('error', reject)
  call.end(body)
  return promise
}
