// Settings from a live cluster: the ConfigMaps of the revision, release and environment of its istiod, and what is known
// of namespaces and nodes. The API server is a small one on loopback.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { runRemora } from './memory-io.ts'

const CORE = '/api/v1'
const ISTIO = `${CORE}/namespaces/istio-system`

const configMap = (name: string, data: JsonObject): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})
const injector = (image: string): JsonObject => ({
  config: `policy: enabled\ntemplates:\n  sidecar: |\n    spec:\n      containers:\n      - name: istio-proxy\n        image: ${image}\n        args: [{{ .MeshConfig.TrustDomain }}, "{{ .NativeSidecars }}", '{{ .ProxyConfig.Concurrency.GetValue }}']\n`,
  values: '{"global":{"hub":"h","tag":"t"},"sidecarInjectorWebhook":{}}',
})
const list = (kind: string, items: readonly JsonObject[]): JsonObject => ({
  apiVersion: 'v1',
  kind: `${kind}List`,
  metadata: {},
  items: [...items],
})
const istiod = (tag: string, env: JsonObject): JsonObject => ({
  metadata: { name: 'istiod', labels: { app: 'istiod' } },
  spec: {
    template: {
      spec: {
        containers: [
          {
            name: 'discovery',
            image: `registry:5000/pilot:${tag}@sha256:0`,
            env: Object.entries(env).map(([name, value]) => ({ name, value })),
          },
        ],
      },
    },
  },
})

/** Answers by path and query; anything else is 404, as the API server says it. */
let objects: Record<string, JsonObject> = {}
let asked: string[] = []
let server: Server
const folder = mkdtempSync(join(tmpdir(), 'remora-cluster-'))

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = decodeURIComponent(request.url ?? '').replace(/[?&]limit=\d+/, '')
    asked.push(url)
    const found = objects[url]
    const code = found === undefined ? 404 : typeof found['code'] === 'number' ? found['code'] : 200
    const missing = { kind: 'Status', apiVersion: 'v1', code, message: `${url} not found` }
    response.writeHead(code, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ?? missing))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const gone = await closedPort()
  mkdirSync(join(folder, '.kube'))
  writeFileSync(
    join(folder, '.kube/config'),
    kubeconfig(`http://127.0.0.1:${port}`, `http://127.0.0.1:${gone}`),
  )
  writeFileSync(
    join(folder, 'pod.yaml'),
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {containers: [{name: p, image: p}]}\n',
  )
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const other = createServer()
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
  const { port } = other.address() as AddressInfo
  await new Promise((done) => other.close(done))
  return port
}

function kubeconfig(live: string, dead: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'live', cluster: { server: live, 'insecure-skip-tls-verify': true } },
      { name: 'dead', cluster: { server: dead, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'me', user: {} }],
    contexts: [
      { name: 'live', context: { cluster: 'live', user: 'me' } },
      { name: 'dead', context: { cluster: 'dead', user: 'me' } },
    ],
    'current-context': 'live',
  })
}

const DEPLOYMENTS = '/apis/apps/v1/namespaces/istio-system/deployments?labelSelector=app=istiod,istio.io/rev='

const CLUSTER = {
  [`${ISTIO}/configmaps/istio-sidecar-injector`]: configMap('istio-sidecar-injector', injector('stock:1')),
  [`${ISTIO}/configmaps/istio-sidecar-injector-canary`]: configMap(
    'istio-sidecar-injector-canary',
    injector('canary:1'),
  ),
  [`${ISTIO}/configmaps/istio`]: configMap('istio', { mesh: 'trustDomain: stock.example' }),
  [`${ISTIO}/configmaps/istio-canary`]: configMap('istio-canary', { mesh: 'trustDomain: canary.example' }),
  [`${ISTIO}/configmaps/shared`]: configMap('shared', { mesh: 'defaultConfig: {concurrency: 7}' }),
  [`${DEPLOYMENTS}default`]: list('Deployment', [istiod('1.30.3', {})]),
  [`${DEPLOYMENTS}canary`]: list('Deployment', [
    istiod('1.29.1', { ENABLE_NATIVE_SIDECARS: 'false', SHARED_MESH_CONFIG: 'shared' }),
  ]),
  [`${CORE}/nodes`]: list('Node', [
    { metadata: { name: 'n' }, status: { nodeInfo: { kubeletVersion: 'v1.34.0' } } },
  ]),
  [`${CORE}/namespaces`]: list('Namespace', [
    { metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } },
    { metadata: { name: 'new', labels: { 'istio.io/rev': 'canary' } } },
  ]),
  '/apis/networking.istio.io/v1beta1/proxyconfigs': list('ProxyConfig', [
    {
      apiVersion: 'networking.istio.io/v1beta1',
      kind: 'ProxyConfig',
      metadata: { name: 'c', namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { concurrency: 3 },
    },
  ]),
} satisfies Record<string, JsonObject>

async function remora(argv: readonly string[], env: Record<string, string> = { HOME: folder }) {
  asked = []
  return runRemora([...argv], { cwd: folder, env })
}

describe('settings from a cluster', () => {
  beforeAll(() => {
    objects = CLUSTER
  })

  it('come from the ConfigMaps of the default revision, with nodes, namespaces and ProxyConfigs', async () => {
    const said = await remora(['inject', '-f', 'pod.yaml'])
    expect(said.stderr).toBe('')
    expect(said.stdout).toContain('image: "stock:1", args: [stock.example, "true", "3"]')
  })

  it('come from those of the revision, its shared mesh config first, with the environment of its istiod', async () => {
    const said = await remora(['inject', '-f', 'pod.yaml', '-r', 'canary', '--namespace', 'new'])
    expect(said.stderr).toBe('note: Pod shop/p is not injected: no webhook is called for it\n')
    const other = await remora(['kube-inject', '-f', 'pod.yaml', '-r', 'canary'])
    expect(other.stdout).toContain('- canary.example\n    - "false"\n    - "7"\n    image: canary:1\n')
  })

  it('are asked for only where files are missing', async () => {
    writeFileSync(join(folder, 'mesh.yaml'), 'trustDomain: file.example')
    const said = await remora(['inject', '-f', 'pod.yaml', '--meshConfigFile', 'mesh.yaml'])
    expect(said.stdout).toContain('args: [file.example')
    expect(asked.filter((url) => url.endsWith('/configmaps/istio'))).toEqual([])
  })

  it('are not asked for with --offline, nor where all files are given', async () => {
    const offline = await remora(['inject', '-f', 'pod.yaml', '--offline'])
    expect([offline.code, asked]).toEqual([0, []])
    writeFileSync(join(folder, 'config.yaml'), injector('file:1')['config'] as string)
    writeFileSync(join(folder, 'values.yaml'), '{}')
    const files = [
      '--injectConfigFile',
      'config.yaml',
      '--valuesFile',
      'values.yaml',
      '--meshConfigFile',
      'mesh.yaml',
    ]
    const given = await remora(['inject', '-f', 'pod.yaml', ...files])
    expect([given.code, asked]).toEqual([0, []])
    expect(given.stdout).toContain('image: "file:1"')
  })

  it('come from KUBECONFIG, and from the context named', async () => {
    const env = { KUBECONFIG: join(folder, '.kube/config') }
    expect((await remora(['inject', '-f', 'pod.yaml', '--context', 'live'], env)).stdout).toContain('stock:1')
    const dead = await remora(['inject', '-f', 'pod.yaml', '--context', 'dead'], env)
    expect([dead.code, dead.stdout]).toEqual([1, ''])
    expect(dead.stderr).toMatch(
      /error: ConfigMap istio-system\/istio-sidecar-injector: cannot read it from the cluster: .*ECONNREFUSED/,
    )
    expect(dead.stderr).toContain('hint: give files')
  })

  it('without leave to read nodes and namespaces, injection goes on and says so', async () => {
    const denied = { kind: 'Status', code: 403, message: 'nodes is forbidden: no leave' }
    objects = { ...CLUSTER, [`${CORE}/nodes`]: denied, [`${CORE}/namespaces`]: denied }
    const said = await remora(['inject', '-f', 'pod.yaml'])
    objects = CLUSTER
    expect(said.code).toBe(0)
    expect(said.stderr).toContain('warning: cannot read nodes: nodes is forbidden: no leave\n')
    expect(said.stderr).toContain('note: namespace "shop" is not known')
    expect(said.stdout).toContain('args: [stock.example, "false", "3"]')
  })

  it('a missing ConfigMap or key is an error that names it', async () => {
    const missing = await remora(['inject', '-f', 'pod.yaml', '--injectConfigMapName', 'other'])
    expect(missing.code).toBe(1)
    expect(missing.stderr).toContain(
      `error: ConfigMap istio-system/other: cannot read it from the cluster: ${ISTIO}/configmaps/other not found\n`,
    )
    const empty = await remora(['inject', '-f', 'pod.yaml', '--injectConfigMapName', 'istio'])
    expect(empty.stderr).toContain('error: ConfigMap istio-system/istio: key "config" is missing\n')
  })
})
