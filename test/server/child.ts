// `remora webhook --standalone` as a process of its own, for tests: started from source, on free ports, with what it
// says on both streams.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

export interface Child {
  readonly process: ChildProcess
  readonly port: number
  readonly healthPort: number
  /** PEM of the authority. */
  readonly ca: string
  /** Lines of standard error so far. */
  readonly log: readonly string[]
  /** Resolves with the exit code; a signal counts as -1. */
  readonly ended: Promise<number>
  /** Resolves when a log line has this message, with its fields. */
  readonly said: (message: string) => Promise<Record<string, unknown>>
  /** Ends the process and removes its state. */
  readonly dispose: () => Promise<void>
}

/** Starts the webhook (`main`: its program) with `flags`; rejects with what it said when it ends before it serves. */
export async function startChild(flags: readonly string[] = [], main = MAIN): Promise<Child> {
  const state = mkdtempSync(join(tmpdir(), 'remora-child-'))
  const args = [main, 'webhook', '--standalone', '--host', '127.0.0.1', '--port', '0', '--health-port', '0']
  const child = spawn(process.execPath, [...args, '--state-dir', state, ...flags], {
    cwd: state,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log: string[] = []
  const waiting = new Set<() => void>()
  let rest = ''
  child.stderr.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n')
    rest = lines.pop() ?? ''
    log.push(...lines)
    for (const wake of waiting) wake()
  })
  const ended = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : -1))
  const text = await announcement(child, ended, log)
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? ''
  return {
    process: child,
    port: Number(field('port')),
    healthPort: Number(field('healthPort')),
    ca: Buffer.from(field('caBundle'), 'base64').toString('utf8'),
    log,
    ended,
    said: (message) =>
      new Promise((resolve) => {
        const look = (): void => {
          const line = log.find((candidate) => candidate.includes(`"message":${JSON.stringify(message)}`))
          if (line === undefined) return
          waiting.delete(look)
          resolve(JSON.parse(line) as Record<string, unknown>)
        }
        waiting.add(look)
        look()
      }),
    dispose: async () => {
      child.kill('SIGKILL')
      await ended
      rmSync(state, { recursive: true, force: true })
    },
  }
}

/** What the process prints when it serves. */
function announcement(child: ChildProcess, ended: Promise<number>, log: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      if (text.includes('healthPort:') && text.endsWith('\n')) resolve(text)
    })
    ended.then((code) => reject(new Error(`the webhook ended with ${code}: ${log.join('\n')}`)), reject)
  })
}
