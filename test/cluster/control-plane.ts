// A real Kubernetes control plane on loopback: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and kwok
// for nodes and pods. Service accounts, RBAC and an audit log are on. Everything lives in one folder and ends with it.

import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type Binaries, findBinaries } from './binaries.ts'
import { fetchJson, until } from './wait.ts'

export interface ControlPlane {
  readonly binaries: Binaries
  readonly folder: string
  /** Of an administrator. */
  readonly kubeconfig: string
  readonly server: string
  readonly token: string
  /** One JSON event a line, level Metadata. */
  readonly auditLog: string
  /** Ids of the processes, so that another process can end them. */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

interface Ports {
  readonly etcd: number
  readonly etcdPeer: number
  readonly apiserver: number
  readonly controllers: number
  readonly scheduler: number
}

const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

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

function writeKubeconfig(file: string, server: string, token: string): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    // The API server makes its certificate itself at every start; on loopback the token is what protects it.
    clusters: [{ name: 'remora', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'remora', context: { cluster: 'remora', user: 'admin' } }],
    'current-context': 'remora',
  }
  writeFileSync(file, JSON.stringify(config, undefined, 2), { mode: 0o600 })
}

function writeServiceAccountKeys(folder: string): void {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(join(folder, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
}

function apiserverArgs(folder: string, ports: Ports): string[] {
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
  ]
}

interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<void>
}

function run(folder: string, name: string, program: string, args: readonly string[]): Running {
  const log = openSync(join(folder, `${name}.log`), 'a')
  const child = spawn(program, args, { stdio: ['ignore', log, log], cwd: folder, detached: true })
  closeSync(log)
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  child.unref()
  return { process: child, ended }
}

async function startStore(binaries: Binaries, folder: string, ports: Ports): Promise<Running> {
  const client = `http://127.0.0.1:${ports.etcd}`
  const peer = `http://127.0.0.1:${ports.etcdPeer}`
  const etcd = run(folder, 'etcd', binaries.etcd, [
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

function startControllers(binaries: Binaries, folder: string, ports: Ports, kubeconfig: string): Running[] {
  const common = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--bind-address=127.0.0.1']
  return [
    run(folder, 'kube-controller-manager', binaries['kube-controller-manager'], [
      ...common,
      `--secure-port=${ports.controllers}`,
      `--cert-dir=${join(folder, 'controllers')}`,
      `--service-account-private-key-file=${join(folder, 'sa.key')}`,
      '--use-service-account-credentials=true',
    ]),
    run(folder, 'kube-scheduler', binaries['kube-scheduler'], [
      ...common,
      `--secure-port=${ports.scheduler}`,
      `--cert-dir=${join(folder, 'scheduler')}`,
    ]),
    run(folder, 'kwok', binaries.kwok, [
      `--kubeconfig=${kubeconfig}`,
      `--config=${join(import.meta.dirname, 'kwok.yaml')}`,
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
export async function startControlPlane(folder: string, say: (line: string) => void): Promise<ControlPlane> {
  const binaries = findBinaries(say)
  mkdirSync(folder, { recursive: true })
  const [etcdPort = 0, etcdPeer = 0, apiserver = 0, controllers = 0, scheduler = 0] = await freePorts(5)
  const ports: Ports = { etcd: etcdPort, etcdPeer, apiserver, controllers, scheduler }
  const token = randomBytes(24).toString('base64url')
  writeFileSync(join(folder, 'tokens.csv'), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 })
  writeFileSync(join(folder, 'audit.yaml'), AUDIT_POLICY)
  writeServiceAccountKeys(folder)
  const server = `https://127.0.0.1:${ports.apiserver}`
  const kubeconfig = join(folder, 'kubeconfig')
  writeKubeconfig(kubeconfig, server, token)

  const running: Running[] = [await startStore(binaries, folder, ports)]
  const stop = async (): Promise<void> => {
    for (const { process: child } of running.toReversed()) {
      child.ref() // so that its end is waited for
      child.kill('SIGTERM')
    }
    await Promise.all(running.map(({ ended }) => ended))
  }
  try {
    running.push(run(folder, 'kube-apiserver', binaries['kube-apiserver'], apiserverArgs(folder, ports)))
    const api = { server, token }
    await until(
      'the API server to be ready',
      async () => (await fetchJson(api, 'GET', '/readyz')).status === 200,
    )
    running.push(...startControllers(binaries, folder, ports, kubeconfig))
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
  } catch (error) {
    await stop()
    throw error
  }
  const pids = running.flatMap(({ process: child }) => (child.pid === undefined ? [] : [child.pid]))
  return { binaries, folder, kubeconfig, server, token, auditLog: join(folder, 'audit.log'), pids, stop }
}
