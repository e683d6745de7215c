// `remora webhook` in cluster mode as a process of its own, with an API server of the tests for a cluster: what it says on
// both streams, its health port, and its end.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RESOURCE } from '../../src/kube/resource.ts'
import type { FakeApi } from '../kube/fake-api.ts'
import { type RevisionObjects, revisionObjects } from './watched.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** A line of the log. */
export interface Line {
  readonly level: string
  readonly message: string
  readonly [field: string]: unknown
}

export interface Replica {
  readonly process: ChildProcess
  readonly lines: () => Line[]
  readonly levels: () => string[]
  /** Value of a line of standard output; undefined before the port is open. */
  readonly told: (name: string) => string | undefined
  readonly health: (path: string) => Promise<{ status: number; text: string }>
  readonly metric: (name: string) => Promise<string | undefined>
  readonly said: (message: string) => boolean
  /** Exit code; a signal counts as -1. */
  readonly ended: Promise<number>
  readonly dispose: () => Promise<void>
}

/** Puts the objects of a revision into the cluster. */
export function install(api: FakeApi, objects: RevisionObjects = revisionObjects('default')): void {
  api.put(RESOURCE.configMap, objects.injector)
  api.put(RESOURCE.configMap, objects.mesh)
  api.put(RESOURCE.deployment, objects.deployment)
  api.put(RESOURCE.mutatingWebhookConfiguration, objects.webhook)
}

export interface ReplicaOptions {
  readonly name?: string
  readonly flags?: readonly string[]
  readonly healthPort: number
}

export function startReplica(api: FakeApi, options: ReplicaOptions): Replica {
  const { name = 'remora-injector-5d8c9f7b6-x2x4z', flags = [], healthPort } = options
  const folder = mkdtempSync(join(tmpdir(), 'remora-replica-'))
  const kubeconfig = join(folder, 'kubeconfig')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: api.url } }],
    users: [{ name: 'u', user: { token: 'replica' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  writeFileSync(kubeconfig, JSON.stringify(config))
  const ports = ['--host', '127.0.0.1', '--port', '0', '--health-port', String(healthPort)]
  const args = [MAIN, 'webhook', '--kubeconfig', kubeconfig, '--drain', '200ms', ...ports, ...flags]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOSTNAME: name },
  })
  let out = ''
  let log = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString('utf8')
  })
  const ended = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : -1))
  const lines = (): Line[] =>
    log
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        // What ends a process before its log begins is told in plain words.
        if (!line.startsWith('{')) throw new Error(log)
        return JSON.parse(line) as Line
      })
  const health = async (path: string): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`http://127.0.0.1:${healthPort}${path}`).catch(() => undefined)
    return { status: answer?.status ?? 0, text: (await answer?.text()) ?? '' }
  }
  return {
    process: child,
    lines,
    levels: () => lines().map(({ level }) => level),
    told: (field) => new RegExp(`^${field}: (.*)\n`, 'm').exec(out)?.[1],
    health,
    metric: async (line) => {
      const { text } = await health('/metrics')
      return text
        .split('\n')
        .find((each) => each.startsWith(`${line} `))
        ?.slice(line.length + 1)
    },
    said: (message) => lines().some((line) => line.message === message),
    ended,
    dispose: async () => {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}
