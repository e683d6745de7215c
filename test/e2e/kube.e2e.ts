// Client, reflector and elector on a real API server: the suite of the small one, and what only a real one has: other
// kinds of patches, warnings, service account tokens that are refused, bookmarks, an API server that goes and comes back.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiAccess, loadAccess } from '../../src/kube/access.ts'
import { ApiError, createClient } from '../../src/kube/client.ts'
import { systemClock } from '../../src/kube/clock.ts'
import { type Reflector, type ReflectorOptions, startReflector } from '../../src/kube/reflector.ts'
import { RESOURCE, type Resource } from '../../src/kube/resource.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts'
import { until } from '../cluster/wait.ts'
import { accessTo } from '../kube/access.ts'
import { Relay } from '../kube/relay.ts'
import { kubeSuite } from '../kube/suite.ts'

const DEFINITIONS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}
const GADGETS: Resource = {
  group: 'example.test',
  version: 'v1',
  plural: 'gadgets',
  kind: 'Gadget',
  namespaced: true,
}

let folder: string
let plane: ControlPlane
let access: ApiAccess

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remora-e2e-kube-'))
  plane = await startControlPlane(join(folder, 'cluster'), (line) => process.stderr.write(`${line}\n`))
  access = await loadAccess({ kubeconfig: plane.kubeconfig, env: {} })
})

afterAll(async () => {
  await plane?.stop()
  rmSync(folder, { recursive: true, force: true })
})

kubeSuite('real API server', () => access)

const nameOf = (raw: JsonObject): string => String((raw['metadata'] as JsonObject)['name'])

function definition(): JsonObject {
  const { group, plural, kind } = GADGETS
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind, singular: 'gadget', listKind: 'GadgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  }
}

describe('real API server', () => {
  it('takes JSON and strategic patches, and apply leaves the fields of others alone', async () => {
    const client = createClient(access)
    const at = { namespace: 'default', name: 'patched' }
    const object = { metadata: { name: 'patched' }, data: { a: '1' } }
    await client.create(RESOURCE.configMap, at, object)
    const operations = [{ op: 'replace', path: '/data/a', value: '2' }]
    await client.patch(RESOURCE.configMap, at, operations, { type: 'json' })
    await client.patch(RESOURCE.configMap, at, { data: { b: '3' } }, { type: 'strategic' })
    const applied = await client.apply(
      RESOURCE.configMap,
      at,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'patched' }, data: { c: '4' } },
      { fieldManager: 'e2e' },
    )
    expect(applied['data']).toEqual({ a: '2', b: '3', c: '4' })
    const taken = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'patched' }, data: { a: '5' } }
    const error = await client.apply(RESOURCE.configMap, at, taken, { fieldManager: 'e2e' }).catch((e) => e)
    expect([error instanceof ApiError, error.kind]).toEqual([true, 'conflict'])
  })

  it('tells its warnings', async () => {
    const warnings: string[] = []
    const container = { name: 'c', image: 'c' }
    const pod = {
      metadata: { name: 'warned' },
      spec: {
        containers: [
          {
            ...container,
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '2' },
            ],
          },
        ],
      },
    }
    const options = { dryRun: true, onWarning: (text: string) => warnings.push(text) }
    await createClient(access).create(RESOURCE.pod, { namespace: 'default' }, pod, options)
    expect(warnings).toEqual([expect.stringContaining('hides previous definition of "A"')])
  })

  it('a token of a service account is forbidden what it may not do, a wrong one is unauthorized', async () => {
    const client = createClient(access)
    const at = { namespace: 'default', name: 'default', subresource: 'token' }
    const answer = await client.create(RESOURCE.serviceAccount, at, { spec: { expirationSeconds: 600 } })
    const { token } = answer['status'] as { token: string }
    const kindOf = async (credential: string): Promise<string> => {
      const other = await accessTo(plane.server, { token: credential }, undefined, {
        'insecure-skip-tls-verify': true,
      })
      const error: unknown = await createClient(other)
        .list(RESOURCE.secret)
        .catch((reason: unknown) => reason)
      return error instanceof ApiError ? error.kind : 'none'
    }
    expect([await kindOf(token), await kindOf('nobody')]).toEqual(['forbidden', 'unauthorized'])
  })

  it('a certificate of an unknown authority is refused', async () => {
    const other = await accessTo(plane.server, { token: plane.token })
    const error: unknown = await other.send({ method: 'GET', path: '/version' }).catch((reason) => reason)
    expect(error).toBeInstanceOf(ApiError)
    expect((error as ApiError).message).toMatch(/self[- ]signed|certificate/)
  })

  it('a custom resource is found soon after its definition', async () => {
    const client = createClient(access)
    const reflector = startReflector({
      access,
      resource: GADGETS,
      select: (raw) => raw['spec'],
      onChange: () => undefined,
      clock: systemClock,
      random: Math.random,
      absentMs: 500,
    })
    await reflector.whenSynced
    await client.create(DEFINITIONS, {}, definition())
    await until('the definition to be served', async () => {
      const gadget = {
        apiVersion: 'example.test/v1',
        kind: 'Gadget',
        metadata: { name: 'g' },
        spec: { n: 1 },
      }
      await client.create(GADGETS, { namespace: 'default' }, gadget)
      return true
    })
    await until('the gadget', () => reflector.items.has('default/g'), 5000)
    expect(reflector.items.get('default/g')).toEqual({ n: 1 })
    await client.delete(DEFINITIONS, { name: `${GADGETS.plural}.${GADGETS.group}` })
    await until('nothing to be left', () => reflector.items.size === 0)
    reflector.stop()
  })

  it('a quiet watch is not taken for dead: its planned ends are contacts', async () => {
    const restarts: string[] = []
    const contacts: number[] = []
    const reflector = startReflector({
      access,
      resource: RESOURCE.secret,
      namespace: 'kube-public',
      select: nameOf,
      onChange: () => undefined,
      clock: systemClock,
      random: Math.random,
      metrics: { restart: (why) => restarts.push(why), contact: (at) => contacts.push(at) },
      watchSeconds: 3,
      inactivityMs: 5000,
    })
    await reflector.whenSynced
    const since = performance.now()
    await until('three watches', () => performance.now() - since > 10_000)
    expect(restarts).toEqual([])
    expect(contacts.length).toBeGreaterThanOrEqual(6)
    reflector.stop()
  })

  it('goes on when the API server was away, and sees what changed meanwhile', async () => {
    const relay = await new Relay(Number(new URL(plane.server).port)).heal()
    const restarts: string[] = []
    const reflector = await throughRelay(relay, { metrics: { restart: (why) => restarts.push(why) } })
    const held = [...reflector.items.keys()].sort()
    await relay.cut()
    await until('several tries', () => restarts.length >= 4)
    expect([...reflector.items.keys()].sort()).toEqual(held)
    await createClient(access).create(RESOURCE.namespace, {}, { metadata: { name: 'meanwhile' } })
    await relay.heal()
    await until('the new namespace', () => reflector.items.has('meanwhile'), 5000)
    expect(new Set(restarts)).toEqual(new Set(['away']))
    reflector.stop()
    await relay.cut()
  })

  it('leaves a connection that is open and dead', async () => {
    const relay = await new Relay(Number(new URL(plane.server).port)).heal()
    const restarts: string[] = []
    const reflector = await throughRelay(relay, {
      metrics: { restart: (why) => restarts.push(why) },
      inactivityMs: 2000,
    })
    relay.freeze()
    await createClient(access).create(RESOURCE.namespace, {}, { metadata: { name: 'unheard' } })
    await until('the silence to be noticed', () => restarts.includes('silent'), 5000)
    expect(reflector.items.has('unheard')).toBe(false)
    relay.thaw()
    await until('the new namespace', () => reflector.items.has('unheard'), 10_000)
    reflector.stop()
    await relay.cut()
  })
})

async function throughRelay(
  relay: Relay,
  options: Pick<ReflectorOptions<string>, 'metrics' | 'inactivityMs'>,
): Promise<Reflector<string>> {
  const server = `https://127.0.0.1:${relay.port}`
  const insecure = { 'insecure-skip-tls-verify': true }
  const reflector = startReflector({
    access: await accessTo(server, { token: plane.token }, undefined, insecure),
    resource: RESOURCE.namespace,
    select: nameOf,
    onChange: () => undefined,
    clock: systemClock,
    random: Math.random,
    ...options,
  })
  await reflector.whenSynced
  return reflector
}
