// A real Kubernetes control plane on loopback: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and kwok
// for nodes and pods. Service accounts, RBAC and an audit log are on. Everything lives in one folder and ends with it.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type Binaries, findBinaries } from './binaries.ts'
import { type ControlPlaneOptions, writeControlPlaneFiles } from './control-plane-files.ts'
import { type ApiAccess, fetchJson, until } from './wait.ts'

export interface ControlPlane {
  readonly binaries: Binaries
  readonly folder: string
  /** Of an administrator. */
  readonly kubeconfig: string
  readonly server: string
  readonly token: string
  /** One JSON event a line, level Metadata. */
  readonly auditLog: string
  /** The API server goes away (`SIGKILL`: without a word) and comes back on the same port with the same objects. */
  stopApiServer(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  startApiServer(): Promise<void>
  /** It keeps its connections and says nothing on them, until it goes on. */
  freezeApiServer(): void
  thawApiServer(): void
  stop(): Promise<void>
}

interface Ports {
  readonly etcd: number
  readonly etcdPeer: number
  readonly apiserver: number
  readonly controllers: number
  readonly scheduler: number
}

/** Ports that were free a moment ago; asked for all at once so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await new Promise((done) => server.once('listening', done))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

function apiserverArgs(folder: string, ports: Ports, network: string | undefined): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.apiserver}`,
    `--cert-dir=${join(folder, 'apiserver')}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(folder, 'sa.pub')}`,
    `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
    '--service-cluster-ip-range=10.0.0.0/16',
    '--endpoint-reconciler-type=none',
    `--audit-policy-file=${join(folder, 'audit.yaml')}`,
    `--audit-log-path=${join(folder, 'audit.log')}`,
    ...(network === undefined ? [] : [`--egress-selector-config-file=${join(folder, 'egress.json')}`]),
  ]
}

interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<void>
}

function runIn(folder: string, name: string, program: string, args: readonly string[]): Running {
  const log = openSync(join(folder, `${name}.log`), 'a')
  const child = spawn(program, args, { stdio: ['ignore', log, log], cwd: folder, detached: true })
  closeSync(log)
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  child.unref()
  return { process: child, ended }
}

type Run = (name: keyof Binaries, args: readonly string[]) => Running

async function startStore(run: Run, folder: string, ports: Ports): Promise<Running> {
  const client = `http://127.0.0.1:${ports.etcd}`
  const peer = `http://127.0.0.1:${ports.etcdPeer}`
  const etcd = run('etcd', [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
  ])
  await until('etcd to be healthy', async () => (await fetch(`${client}/health`)).ok)
  return etcd
}

function startControllers(run: Run, folder: string, ports: Ports, kubeconfig: string): Running[] {
  const common = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--bind-address=127.0.0.1']
  return [
    run('kube-controller-manager', [
      ...common,
      `--secure-port=${ports.controllers}`,
      `--cert-dir=${join(folder, 'controllers')}`,
      `--service-account-private-key-file=${join(folder, 'sa.key')}`,
      '--use-service-account-credentials=true',
      // The heart of a played node beats slowly, and not at all while the API server is away.
      '--node-monitor-grace-period=1h',
    ]),
    run('kube-scheduler', [
      ...common,
      `--secure-port=${ports.scheduler}`,
      `--cert-dir=${join(folder, 'scheduler')}`,
    ]),
    run('kwok', [
      `--kubeconfig=${kubeconfig}`,
      `--config=${join(folder, 'kwok.yaml')}`,
      '--manage-all-nodes=true',
      '--node-ip=127.0.0.1',
    ]),
  ]
}

const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-1', labels: { 'kubernetes.io/hostname': 'node-1' } },
}

/** Starts a control plane with one node in `folder`, and waits until pods can be created and scheduled. */
export async function startControlPlane(
  folder: string,
  say: (line: string) => void,
  options: ControlPlaneOptions = {},
): Promise<ControlPlane> {
  const binaries = findBinaries(say)
  mkdirSync(folder, { recursive: true })
  const [etcdPort = 0, etcdPeer = 0, apiserver = 0, controllers = 0, scheduler = 0] = await freePorts(5)
  const ports: Ports = { etcd: etcdPort, etcdPeer, apiserver, controllers, scheduler }
  const server = `https://127.0.0.1:${ports.apiserver}`
  const { kubeconfig, token } = writeControlPlaneFiles(folder, server, options)

  const run: Run = (name, args) => {
    const running = runIn(folder, name, binaries[name], args)
    options.onStart?.(running.process.pid ?? 0)
    return running
  }
  const store = await startStore(run, folder, ports)
  let apiServer: Running | undefined
  let controllersRunning: Running[] = []
  const startApiServer = async (): Promise<void> => {
    const args = apiserverArgs(folder, ports, options.network)
    apiServer = run('kube-apiserver', args)
    const ready = async (): Promise<boolean> =>
      (await fetchJson({ server, token }, 'GET', '/readyz')).status === 200
    await until('the API server to be ready', ready)
  }
  const all = (): Running[] => [store, ...(apiServer === undefined ? [] : [apiServer]), ...controllersRunning]
  const stop = async (): Promise<void> => {
    for (const each of all().toReversed()) await end(each, 'SIGTERM', STOP_MS)
  }
  try {
    await startApiServer()
    controllersRunning = startControllers(run, folder, ports, kubeconfig)
    await readyForPods({ server, token })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    binaries,
    folder,
    kubeconfig,
    server,
    token,
    auditLog: join(folder, 'audit.log'),
    stopApiServer: async (signal = 'SIGTERM') => {
      if (apiServer !== undefined) await end(apiServer, signal, STOP_MS)
      apiServer = undefined
    },
    startApiServer,
    freezeApiServer: () => void apiServer?.process.kill('SIGSTOP'),
    thawApiServer: () => void apiServer?.process.kill('SIGCONT'),
    stop,
  }
}

/** An API server waits for its watches to end; a test does not. */
const STOP_MS = 5_000

async function end(
  { process: child, ended }: Running,
  signal: NodeJS.Signals,
  patience: number,
): Promise<void> {
  child.ref() // so that its end is waited for
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), patience)
  await ended
  clearTimeout(timer)
}

async function readyForPods(api: ApiAccess): Promise<void> {
  await fetchJson(api, 'POST', '/api/v1/nodes', NODE)
  await until('the default service account', async () => {
    const { status } = await fetchJson(api, 'GET', '/api/v1/namespaces/default/serviceaccounts/default')
    return status === 200
  })
  await until('the node to be ready', async () => {
    const { body } = await fetchJson(api, 'GET', '/api/v1/nodes/node-1')
    const node = body as {
      spec?: { taints?: unknown[] }
      status?: { conditions?: { type: string; status: string }[] }
    }
    const ready = node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
    return ready === true && (node.spec?.taints ?? []).length === 0
  })
}
