// Replicas of remora in cluster mode as local processes, each with a token of remora's ServiceAccount and never with an
// administrator's, and what plays kube-proxy before them: connections go to the replicas that are ready.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { isObject, type JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { splitDocuments } from '../../src/std/yaml-split.ts'
import type { ControlPlane } from '../cluster/control-plane.ts'
import { fetchJson, until } from '../cluster/wait.ts'
import { create } from './istio.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const MANIFESTS = join(import.meta.dirname, '../../manifests')
const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const PATHS: Readonly<Record<string, (namespace: string) => string>> = {
  ServiceAccount: (namespace) => `/api/v1/namespaces/${namespace}/serviceaccounts`,
  Role: (namespace) => `${RBAC}/namespaces/${namespace}/roles`,
  RoleBinding: (namespace) => `${RBAC}/namespaces/${namespace}/rolebindings`,
  ClusterRole: () => `${RBAC}/clusterroles`,
  ClusterRoleBinding: () => `${RBAC}/clusterrolebindings`,
}

/** The account of remora and its rights, from the manifests that users apply. */
export async function createAccount(plane: ControlPlane): Promise<void> {
  for (const file of ['service-account.yaml', 'rbac.yaml']) {
    const texts = splitDocuments(readFileSync(join(MANIFESTS, file), 'utf8'))
    for (const object of texts.map((text) => parseYaml(text)).filter(isObject)) {
      const path = PATHS[String(object['kind'])]
      if (path === undefined) throw new Error(`no path for ${String(object['kind'])}`)
      await create(plane, path(String((object['metadata'] as JsonObject)['namespace'])), object)
    }
  }
}

export interface Replica {
  readonly process: ChildProcess
  readonly port: number
  readonly healthPort: number
  readonly log: () => string
  readonly metrics: () => Promise<string>
  readonly ready: () => Promise<boolean>
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

async function writeKubeconfig(plane: ControlPlane, folder: string, name: string): Promise<string> {
  const path = '/api/v1/namespaces/remora-system/serviceaccounts/remora-injector/token'
  const { status, body } = await fetchJson(plane, 'POST', path, { spec: { expirationSeconds: 3600 } })
  if (status !== 201) throw new Error(`no token: ${JSON.stringify(body)}`)
  const { token } = (body as { status: { token: string } }).status
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: plane.server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  const file = join(folder, `kubeconfig-${name}`)
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  return file
}

/** Starts a replica, and waits for its ports: until there is a certificate to serve with. */
export async function startReplica(
  plane: ControlPlane,
  folder: string,
  name: string,
  flags: readonly string[],
): Promise<Replica> {
  const kubeconfig = await writeKubeconfig(plane, folder, name)
  const listen = ['--host', '127.0.0.1', '--port', '0', '--health-port', '0', '--drain', '1s']
  const args = [MAIN, 'webhook', '--kubeconfig', kubeconfig, ...listen, ...flags]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOSTNAME: name },
  })
  let told = ''
  let log = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    told += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  await until(`replica ${name} to tell its ports`, () => {
    if (child.exitCode !== null) throw new Error(log)
    return /^healthPort: \d+$/m.test(told)
  }).catch((error) => {
    throw new Error(`${String(error)}\n${log}`)
  })
  const healthPort = Number(/^healthPort: (\d+)$/m.exec(told)?.[1])
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${healthPort}${path}`)
  return {
    process: child,
    port: Number(/^port: (\d+)$/m.exec(told)?.[1]),
    healthPort,
    log: () => log,
    metrics: async () => (await get('/metrics')).text(),
    ready: async () => (await get('/readyz').catch(() => undefined))?.status === 200,
    kill: async (signal) => {
      child.kill(signal)
      await ended
    },
  }
}

/** A port that hands each new connection to one of the replicas that are ready, in turn. */
export async function startBalancer(
  replicas: () => readonly Replica[],
): Promise<{ port: number; server: Server }> {
  let turn = 0
  const server = createServer(async (socket) => {
    socket.on('error', () => socket.destroy())
    const states = await Promise.all(
      replicas().map(async (replica) => ({ replica, ok: await replica.ready() })),
    )
    const ready = states.filter(({ ok }) => ok)
    turn += 1
    const chosen = ready[turn % Math.max(1, ready.length)]
    if (chosen === undefined) {
      socket.destroy()
      return
    }
    const upstream = connect(chosen.replica.port, '127.0.0.1')
    upstream.on('error', () => socket.destroy())
    upstream.on('close', () => socket.destroy())
    socket.on('close', () => upstream.destroy())
    socket.pipe(upstream).pipe(socket)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { port: (server.address() as { port: number }).port, server }
}
