// Cluster mode on a real API server: two replicas with tokens of their ServiceAccount serve two revisions of Istio as its
// installer leaves them, follow changes, keep their registration and certificates right, and survive their leader.

import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/kube.ts'
import { readBuiltin } from '../../src/config/builtin.ts'
import { SAVED_SELECTORS } from '../../src/revision/configuration.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts'
import { fetchJson, until } from '../cluster/wait.ts'
import { istioObject } from '../revision/objects.ts'
import { capturedObject, create, loopbackService } from './istio.ts'
import { createAccount, type Replica, startBalancer, startReplica } from './replica.ts'

const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
const OURS = `${WEBHOOKS}/remora-injector`
const INJECTOR = '/api/v1/namespaces/istio-system/configmaps/istio-sidecar-injector'
const SECRET = '/api/v1/namespaces/remora-system/secrets/remora-injector-certificates'

let folder: string
let plane: ControlPlane
let balancer: Server
let replicas: Replica[] = []

const call = async (method: string, path: string, body?: unknown, type?: string): Promise<JsonObject> => {
  const answer = await fetchJson(plane, method, path, body, type)
  if (answer.status > 299) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`)
  return answer.body as JsonObject
}
const merge = (path: string, patch: JsonObject): Promise<JsonObject> =>
  call('PATCH', path, patch, 'application/merge-patch+json')

/** Istio's configuration as adopt leaves it: it matches nothing, and says what it matched. */
function deactivated(configuration: JsonObject): JsonObject {
  const entries = configuration['webhooks'] as JsonObject[]
  const never = { matchLabels: { 'istio.io/deactivated': 'never-match' } }
  const saved = Object.fromEntries(
    entries.map(({ name, namespaceSelector = {}, objectSelector = {} }) => [
      String(name),
      { namespaceSelector, objectSelector },
    ]),
  )
  const metadata = configuration['metadata'] as JsonObject
  return {
    ...configuration,
    metadata: { ...metadata, annotations: { [SAVED_SELECTORS]: JSON.stringify(saved) } },
    webhooks: entries.map((entry) => ({ ...entry, namespaceSelector: never, objectSelector: never })),
  }
}

interface Installation {
  readonly folder: string
  readonly revision: string
  readonly suffix: string
}

const INSTALLATIONS: readonly Installation[] = [
  { folder: 'istio-1.30.3/clusters/default', revision: 'default', suffix: '' },
  { folder: 'istio-1.27.9/clusters/default-rev-1-27-9', revision: '1-27-9', suffix: '-1-27-9' },
]

/** The ConfigMaps of a captured installation; remora's own settings without reference data. */
async function install({ folder: from, revision, suffix }: Installation): Promise<void> {
  const labels = { 'istio.io/rev': revision }
  const { config, values, mesh } = readBuiltin()
  const path = '/api/v1/namespaces/istio-system/configmaps'
  const map = (name: string, data: JsonObject): JsonObject =>
    capturedObject(from, `ConfigMap_${name}.yaml`) ?? { metadata: { name, labels }, data }
  await create(plane, path, map(`istio-sidecar-injector${suffix}`, { config, values }))
  await create(plane, path, map(`istio${suffix}`, { mesh }))
  const name = `istio-sidecar-injector${suffix}`
  const configuration =
    capturedObject(from, `MutatingWebhookConfiguration_${name}.yaml`) ??
    istioObject({ name, revision, isDefault: revision === 'default' })
  await create(plane, WEBHOOKS, deactivated(configuration))
  const deployment = capturedObject(from, `Deployment_istiod${suffix}.yaml`)
  if (deployment !== undefined)
    await create(plane, '/apis/apps/v1/namespaces/istio-system/deployments', deployment)
}

let pods = 0
async function newPod(namespace: string): Promise<Pod> {
  const metadata = { name: `pod-${++pods}` }
  const pod = { metadata, spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] } }
  return (await create(plane, `/api/v1/namespaces/${namespace}/pods`, pod)) as unknown as Pod
}

const containers = ({ spec }: Pod): string[] =>
  [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name)

const bundles = async (): Promise<(string | undefined)[]> => {
  const { webhooks = [] } = (await call('GET', OURS)) as { webhooks?: JsonObject[] }
  return webhooks.map(({ clientConfig }) => (clientConfig as { caBundle?: string }).caBundle)
}

/** Waits until all entries have one and the same bundle; milliseconds that it took. */
async function bundled(milliseconds = 60_000): Promise<number> {
  const start = performance.now()
  const whole = async (): Promise<boolean> => {
    const all = await bundles()
    return all.length > 0 && all[0] !== undefined && all.every((each) => each === all[0])
  }
  await until('every entry to have the caBundle', whole, milliseconds)
  return performance.now() - start
}

const wipe = (): Promise<JsonObject> =>
  call(
    'PATCH',
    OURS,
    [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }],
    'application/json-patch+json',
  )

async function leaderOf(): Promise<Replica> {
  for (const replica of replicas) {
    if (/^remora_leader 1$/m.test(await replica.metrics())) return replica
  }
  throw new Error('nobody leads')
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remora-cluster-mode-'))
  plane = await startControlPlane(join(folder, 'cluster'), (line) => process.stderr.write(`${line}\n`))
  for (const name of ['istio-system', 'remora-system']) {
    await create(plane, '/api/v1/namespaces', { metadata: { name } })
  }
  await createAccount(plane)
  const started = await startBalancer(() => replicas)
  balancer = started.server
  const service = loopbackService('remora-injector', started.port)
  await create(plane, '/api/v1/namespaces/remora-system/services', service)
  const flags = ['--service-port', String(started.port), '--cert-settle', '1s']
  replicas = await Promise.all(['a', 'b'].map((name) => startReplica(plane, folder, name, flags)))
})

afterAll(async () => {
  for (const { process: child } of replicas) child.kill('SIGKILL')
  balancer?.close()
  await plane?.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('two replicas on a real API server', () => {
  it('are ready in a cluster without any revision, and write no webhook configuration', async () => {
    for (const replica of replicas) await until('the replica to be ready', replica.ready)
    expect((await fetchJson(plane, 'GET', OURS)).status).toBe(404)
  })

  it('serve every revision by the configuration that adoption begins', async () => {
    for (const installation of INSTALLATIONS) await install(installation)
    await create(plane, WEBHOOKS, { metadata: { name: 'remora-injector' }, webhooks: [] })
    await bundled()
    const namespaces = {
      shop: { 'istio-injection': 'enabled' },
      legacy: { 'istio.io/rev': '1-27-9' },
      plain: {},
    }
    for (const [name, labels] of Object.entries(namespaces)) {
      await create(plane, '/api/v1/namespaces', { metadata: { name, labels } })
    }
    await until('the entries to be in force', async () => containers(await newPod('legacy')).length > 1)
    const revisionOf = (pod: Pod) => pod.metadata.annotations?.['istio.io/rev']
    expect(revisionOf(await newPod('shop'))).toBe('default')
    expect(revisionOf(await newPod('legacy'))).toBe('1-27-9')
    expect(containers(await newPod('shop'))).toContain('istio-proxy')
    expect(containers(await newPod('plain'))).toEqual(['web'])
  })

  it('serve a change of the settings within a second or so, and go on with the good ones when it is bad', async () => {
    const { data } = (await call('GET', INJECTOR)) as { data: { config: string; values: string } }
    const values = JSON.stringify({ ...JSON.parse(data.values || '{}'), changed: true })
    await merge(INJECTOR, { data: { values } })
    const good = async (): Promise<string> =>
      (await (await leaderOf()).metrics()).match(/^remora_config_good\{revision="default"\} (\d)$/m)?.[1] ??
      ''
    const start = performance.now()
    await merge(INJECTOR, { data: { config: 'templates: {sidecar: "{{ nonsense }}"}' } })
    await until('the refusal to show', async () => (await good()) === '0')
    expect(performance.now() - start).toBeLessThan(2000)
    expect(containers(await newPod('shop'))).toContain('istio-proxy')
    const ready = await fetch(`http://127.0.0.1:${replicas[0]?.healthPort}/readyz?verbose`)
    expect([ready.status, await ready.text()]).toEqual([
      200,
      expect.stringContaining('function "nonsense" not defined'),
    ])
    await until('an event to tell it', async () => {
      const { items } = await call('GET', '/api/v1/namespaces/istio-system/events')
      return (items as { reason?: string }[]).some(({ reason }) => reason === 'SettingsRefused')
    })
    await merge(INJECTOR, { data: { config: data.config } })
    await until('the good ones to be in use', async () => (await good()) === '1')
  })

  it('put a wiped caBundle back within a second or so', async () => {
    await wipe()
    expect(await bundled()).toBeLessThan(1500)
  })

  it('write a deleted Secret back as it was, and no pod notices', async () => {
    const before = await call('GET', SECRET)
    await call('DELETE', SECRET)
    expect(containers(await newPod('shop'))).toContain('istio-proxy')
    await until('the Secret to be back', async () => (await fetchJson(plane, 'GET', SECRET)).status === 200)
    expect((await call('GET', SECRET))['data']).toEqual(before['data'])
    expect(containers(await newPod('shop'))).toContain('istio-proxy')
  })

  it('change the root in three steps when its key is lost, and every pod is injected meanwhile', async () => {
    const [before] = await bundles()
    const { data } = (await call('GET', SECRET)) as { data: JsonObject }
    await merge(SECRET, { data: { 'root.key': null } })
    const done = async (): Promise<boolean> => {
      expect(containers(await newPod('shop'))).toContain('istio-proxy')
      const { data: now } = (await call('GET', SECRET)) as { data: JsonObject }
      return now['root.crt'] !== data['root.crt'] && now['ca.crt'] === now['root.crt']
    }
    await until('the old root to be dropped', done)
    await bundled()
    expect((await bundles())[0]).not.toBe(before)
    expect(containers(await newPod('shop'))).toContain('istio-proxy')
  })

  it('another replica leads within 20 s after the leader was killed', async () => {
    const leader = await leaderOf()
    await leader.kill('SIGKILL')
    replicas = replicas.filter((replica) => replica !== leader)
    expect(containers(await newPod('shop'))).toContain('istio-proxy')
    await wipe()
    expect(await bundled()).toBeLessThan(20_000)
  })
})
