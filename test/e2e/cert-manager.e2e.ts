// Certificates of cert-manager on a real API server: remora serves the files, asks for the caBundle by annotation and
// leaves it to the CA injector, whose part is played here (it writes the caBundle of every entry of objects that ask).
// From remora's own certificates to cert-manager's and back, no entry is ever without a caBundle.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/kube.ts'
import { issueAuthority, issueLeaf, type KeyPairPem } from '../../src/certs/issue.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts'
import { fetchJson, until } from '../cluster/wait.ts'
import { revisionObjects } from '../reconcile/watched.ts'
import { istioConfiguration, istioObject, savedBy } from '../revision/objects.ts'
import { create, loopbackService } from './istio.ts'
import { createAccount, type Replica, startBalancer, startReplica } from './replica.ts'

const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
const OURS = `${WEBHOOKS}/remora-injector`
const ISTIO = { name: 'istio-sidecar-injector', revision: 'default', isDefault: true }

let folder: string
let plane: ControlPlane
let balancer: Server
let port: number
let replicas: Replica[] = []
let root: KeyPairPem

const call = async (method: string, path: string, body?: unknown, type?: string): Promise<JsonObject> => {
  const answer = await fetchJson(plane, method, path, body, type)
  if (answer.status > 299) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`)
  return answer.body as JsonObject
}

interface Ours {
  readonly metadata: { readonly annotations?: Record<string, string> }
  readonly webhooks?: readonly {
    readonly name: string
    readonly clientConfig: { readonly caBundle?: string }
  }[]
}
const ours = async (): Promise<Ours> => (await call('GET', OURS)) as unknown as Ours

/** What cert-manager's CA injector does at each change of an object that asks for it. */
async function injectCa(): Promise<void> {
  const { metadata, webhooks = [] } = await ours()
  if (metadata.annotations?.['cert-manager.io/inject-ca-from'] !== 'remora-system/remora-injector') return
  const value = Buffer.from(root.cert).toString('base64')
  const patch = webhooks.flatMap(({ clientConfig }, index) =>
    clientConfig.caBundle === value
      ? []
      : [{ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value }],
  )
  const path = `${OURS}?fieldManager=cert-manager-cainjector`
  if (patch.length > 0) await call('PATCH', path, patch, 'application/json-patch+json')
}

async function newPod(): Promise<string[]> {
  const pod = { metadata: { generateName: 'web-' }, spec: { containers: [{ name: 'web', image: 'web:1' }] } }
  const { spec } = (await create(plane, '/api/v1/namespaces/shop/pods', pod)) as unknown as Pod
  return [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name)
}

const bundles = async (): Promise<Set<string | undefined>> =>
  new Set((await ours()).webhooks?.map(({ clientConfig }) => clientConfig.caBundle))

/** Ends what runs, and starts a replica in its place. */
async function replace(name: string, flags: readonly string[]): Promise<void> {
  for (const replica of replicas) await replica.kill('SIGTERM')
  replicas = [await startReplica(plane, folder, name, ['--service-port', String(port), ...flags])]
  const [replica] = replicas
  if (replica !== undefined) await until('the replica to be ready', replica.ready)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remora-cert-manager-'))
  plane = await startControlPlane(join(folder, 'cluster'), (line) => process.stderr.write(`${line}\n`))
  const namespaces = { 'istio-system': {}, 'remora-system': {}, shop: { 'istio-injection': 'enabled' } }
  for (const [name, labels] of Object.entries(namespaces))
    await create(plane, '/api/v1/namespaces', { metadata: { name, labels } })
  await createAccount(plane)
  const started = await startBalancer(() => replicas)
  balancer = started.server
  port = started.port
  const services = '/api/v1/namespaces/remora-system/services'
  await create(plane, services, loopbackService('remora-injector', port))
  const { injector, mesh } = revisionObjects('default')
  for (const map of [injector, mesh]) await create(plane, '/api/v1/namespaces/istio-system/configmaps', map)
  const annotations = savedBy(istioConfiguration(ISTIO))
  await create(plane, WEBHOOKS, complete(istioObject({ ...ISTIO, live: false, annotations })))
  await create(plane, WEBHOOKS, { metadata: { name: 'remora-injector' }, webhooks: [] })
  root = await issueAuthority(Date.now())
  const leaf = await issueLeaf(root, ['remora-injector.remora-system.svc'], Date.now())
  writeFileSync(join(folder, 'tls.crt'), leaf.cert)
  writeFileSync(join(folder, 'tls.key'), leaf.key)
})

afterAll(async () => {
  for (const { process: child } of replicas) child.kill('SIGKILL')
  balancer?.close()
  await plane?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** With the fields that the API server wants. */
function complete(configuration: JsonObject): JsonObject {
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }]
  const needed = { admissionReviewVersions: ['v1'], sideEffects: 'None', rules }
  const webhooks = (configuration['webhooks'] as JsonObject[]).map(
    ({ clientConfig, ...entry }): JsonObject => {
      const { service = null } = clientConfig as JsonObject
      return { ...entry, ...needed, clientConfig: { service } }
    },
  )
  return { ...configuration, webhooks }
}

describe('cert-manager', () => {
  const flags = (): string[] => [
    '--cert-source=cert-manager',
    `--cert-file=${join(folder, 'tls.crt')}`,
    `--key-file=${join(folder, 'tls.key')}`,
  ]

  it('takes over from certificates of remora’s own, and no entry is without a caBundle meanwhile', async () => {
    await replace('own', [])
    await until('the entries', async () => (await bundles()).size === 1 && !(await bundles()).has(undefined))
    await until('the entries to be in force', async () => (await newPod()).includes('istio-proxy'))
    const [own] = await bundles()
    await replace('cert-manager', flags())
    await until('the annotation', async () => {
      expect([...(await bundles())]).toEqual([own])
      return 'cert-manager.io/inject-ca-from' in ((await ours()).metadata.annotations ?? {})
    })
    await injectCa()
    expect([...(await bundles())]).toEqual([Buffer.from(root.cert).toString('base64')])
    await until('pods by it', async () => (await newPod().catch(() => [''])).includes('istio-proxy'))
    await until('the metric to say that every entry trusts it', async () => {
      const lines = (await replicas[0]?.metrics())?.match(/^remora_webhook_ca_bundle_match\{.*$/gm) ?? []
      return lines.length === 4 && lines.every((line) => line.endsWith(' 1'))
    })
  })

  it('keeps its caBundle when remora writes, and new entries begin with it', async () => {
    const tag = { name: 'istio-revision-tag-prod', revision: 'default', tag: 'prod' }
    const before = (await ours()).webhooks?.length ?? 0
    const annotations = savedBy(istioConfiguration(tag))
    await create(plane, WEBHOOKS, complete(istioObject({ ...tag, live: false, annotations })))
    await until('the entries of the tag', async () => ((await ours()).webhooks?.length ?? 0) === before + 2)
    expect([...(await bundles())]).toEqual([Buffer.from(root.cert).toString('base64')])
    expect(await newPod()).toContain('istio-proxy')
    expect(replicas[0]?.log()).not.toContain('needs a person')
  })

  it('is left again for certificates of remora’s own', async () => {
    await replace('again', [])
    const theirs = Buffer.from(root.cert).toString('base64')
    await until('the own caBundle', async () => {
      const all = await bundles()
      expect(all).not.toContain(undefined)
      return all.size === 1 && !all.has(theirs)
    })
    await until('pods by it', async () => (await newPod().catch(() => [''])).includes('istio-proxy'))
  })
})
