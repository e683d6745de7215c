// remora as a local process: its output goes to a log file, its ports and authority are read from what it tells.

import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const MAIN = resolve(import.meta.dirname, '../../src/main.ts')

/** What a webhook tells on standard output when it serves. */
export interface Told {
  readonly port: number
  readonly healthPort: number
  /** Base64, as a webhook configuration holds it; undefined when it was not told. */
  readonly caBundle: string | undefined
}

export interface Program {
  readonly pid: number
  /** Undefined until it serves. */
  readonly told: Told | undefined
  readonly running: boolean
  readonly ended: Promise<void>
  readonly log: () => string
  signal(name: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
}

export interface ProgramOptions {
  readonly args: readonly string[]
  /** All of it: nothing of this process's environment but PATH and HOME. */
  readonly env: Readonly<Record<string, string>>
  readonly log: string
}

/** Starts `remora ARGS`. */
export function startProgram({ args, env, log }: ProgramOptions): Program {
  const base = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' }
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...base, ...env },
  })
  let output = ''
  let told: Told | undefined
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    appendFileSync(log, chunk)
    told = readTold(output)
  })
  child.stderr?.on('data', (chunk: Buffer) => appendFileSync(log, chunk))
  const ended = new Promise<void>((done) => {
    child.once('exit', () => done())
    child.once('error', () => done())
  })
  return {
    pid: child.pid ?? 0,
    get told() {
      return told
    },
    get running() {
      return child.exitCode === null && child.signalCode === null
    },
    ended,
    log: () => readFileSync(log, 'utf8'),
    signal: (name) => {
      child.kill(name)
    },
  }
}

/** The lines come in one write, with `healthPort` before `caBundle`. */
function readTold(text: string): Told | undefined {
  const port = /^port: (\d+)$/m.exec(text)?.[1]
  const healthPort = /^healthPort: (\d+)$/m.exec(text)?.[1]
  if (port === undefined || healthPort === undefined) return undefined
  const caBundle = /^caBundle: (\S+)$/m.exec(text)?.[1]
  return { port: Number(port), healthPort: Number(healthPort), caBundle }
}
