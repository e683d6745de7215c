// The leader's part in the registration against an API server: what it writes, what it does when others write at the same
// time, and what it tells.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { issueAuthority, issueLeaf } from '../../src/certs/issue.ts'
import { createClient } from '../../src/kube/client.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import { hasBundle, Registrar, readRollout, trustedEntries } from '../../src/reconcile/registration.ts'
import {
  CONFIGURATION_NAME,
  type Configuration,
  readConfiguration,
} from '../../src/revision/configuration.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { accessTo } from '../kube/access.ts'
import { FakeApi } from '../kube/fake-api.ts'
import { FakeClock } from '../kube/fake-clock.ts'
import { SETTINGS } from '../revision/fake-cluster.ts'
import { istioObject } from '../revision/objects.ts'

const WEBHOOKS = RESOURCE.mutatingWebhookConfiguration
const NEVER = new AbortController().signal
const HERE = new Set(['default'])

let api: FakeApi
let clock: FakeClock
let told: string[]
beforeEach(async () => {
  api = await new FakeApi().start()
  clock = new FakeClock()
  told = []
  api.put(WEBHOOKS, istioObject({ name: 'istio-sidecar-injector', revision: 'default' }))
  api.put(WEBHOOKS, { metadata: { name: CONFIGURATION_NAME }, webhooks: [] })
})
afterEach(() => api.away())

const live = (): Configuration[] => api.all(WEBHOOKS).map((raw) => readConfiguration(raw, 'istio-system'))

const ours = (): Configuration => {
  const found = live().find(({ name }) => name === CONFIGURATION_NAME)
  if (found === undefined) throw new Error('there is no configuration of ours')
  return found
}

async function leader(): Promise<Registrar> {
  const options = {
    client: createClient(await accessTo(api.url)),
    clock,
    settings: SETTINGS,
    restoreDeleted: false,
    onWritten: (how: string) => told.push(`wrote by ${how}`),
    onCondition: ({ type }: { type: string }) => told.push(type),
    onLooked: (types: readonly string[]) => told.push(`sees ${types.join()}`),
  }
  return new Registrar(options, { id: 'rollout', generation: 1 })
}

/** Something of ours that only a patch takes out: an entry that somebody else put there. */
function addStranger(): void {
  const { raw } = ours()
  const [first] = raw['webhooks'] as JsonObject[]
  const stranger = { ...first, name: 'rev.object.rev.gone.injector.remora.dev' }
  api.put(WEBHOOKS, { ...raw, webhooks: [...(raw['webhooks'] as JsonObject[]), stranger] })
}

describe('the registrar', () => {
  it('writes the entries once, and then has nothing to do', async () => {
    const registrar = await leader()
    await registrar.run(live(), HERE, 'CA', NEVER)
    expect(ours().entries).toHaveLength(2)
    expect(hasBundle(live(), 'CA')).toBe(true)
    expect(hasBundle(live(), 'other')).toBe(false)
    expect(await registrar.run(live(), HERE, 'CA', NEVER)).toBeUndefined()
    expect(told).toEqual(['sees ', 'wrote by apply', 'sees '])
  })

  it.each<[string, { status: number } | undefined]>([
    ['the patch’s test fails because somebody wrote meanwhile', undefined],
    ['the object has another version', { status: 409 }],
  ])('plans anew, soon and without an error, when %s', async (_, fault) => {
    const registrar = await leader()
    await registrar.run(live(), HERE, 'CA', NEVER)
    addStranger()
    const seen = live()
    // The entry that the patch is about has gone before the patch arrives.
    if (fault === undefined) api.put(WEBHOOKS, { ...ours().raw, webhooks: [] })
    else api.fault = ({ method }) => (method === 'PATCH' ? fault : undefined)
    told = []
    expect(await registrar.run(seen, HERE, 'CA', NEVER)).toBe(clock.now() + 500)
    expect(told).toEqual(['sees '])
    api.fault = () => undefined
    await registrar.run(live(), HERE, 'CA', NEVER)
    await registrar.run(live(), HERE, 'CA', NEVER)
    expect(ours().entries.map(({ name }) => name)).toEqual([
      'rev.namespace.rev.default.injector.remora.dev',
      'rev.object.rev.default.injector.remora.dev',
    ])
  })

  it('takes a patch that fails again and again for an error', async () => {
    const registrar = await leader()
    await registrar.run(live(), HERE, 'CA', NEVER)
    addStranger()
    api.fault = ({ method }) => (method === 'PATCH' ? { status: 422 } : undefined)
    for (let i = 0; i < 5; i += 1) await registrar.run(live(), HERE, 'CA', NEVER)
    await expect(registrar.run(live(), HERE, 'CA', NEVER)).rejects.toMatchObject({ status: 422 })
    api.fault = () => undefined
    await registrar.run(live(), HERE, 'CA', NEVER)
    expect(ours().entries).toHaveLength(2)
  })

  it('does not make the object anew that somebody has deleted meanwhile', async () => {
    const registrar = await leader()
    const seen = live()
    api.remove(WEBHOOKS, undefined, CONFIGURATION_NAME)
    expect(await registrar.run(seen, HERE, 'CA', NEVER)).toBe(clock.now() + 500)
    expect(live().map(({ name }) => name)).toEqual(['istio-sidecar-injector'])
    expect(await registrar.run(live(), HERE, 'CA', NEVER)).toBeUndefined()
  })

  it('fails on an object that the API server will never take', async () => {
    const registrar = await leader()
    api.fault = ({ method }) => (method === 'PATCH' ? { status: 422 } : undefined)
    await expect(registrar.run(live(), HERE, 'CA', NEVER)).rejects.toMatchObject({ kind: 'invalid' })
  })

  it('tells a condition when it comes, and what is the case at each look', async () => {
    const registrar = await leader()
    const saved = { 'remora.dev/adopted-selectors': '{"rev.object.sidecar-injector.istio.io":{}}' }
    const off = istioObject({
      name: 'istio-sidecar-injector',
      revision: 'default',
      live: false,
      annotations: saved,
    })
    api.put(WEBHOOKS, off)
    await registrar.run(live(), HERE, 'CA', NEVER)
    api.remove(WEBHOOKS, undefined, CONFIGURATION_NAME)
    told = []
    await registrar.run(live(), HERE, 'CA', NEVER)
    await registrar.run(live(), HERE, 'CA', NEVER)
    expect(told).toEqual(['deleted', 'sees deleted', 'sees deleted'])
  })
})

describe('trust in the entries', () => {
  it('is judged by the chain that is served, whoever wrote the bundle', async () => {
    const registrar = await leader()
    const root = await issueAuthority(Date.now())
    const other = await issueAuthority(Date.now())
    const leaf = await issueLeaf(root, ['remora-injector.remora-system.svc'], Date.now())
    const trusted = async (bundle: string, chain: string): Promise<boolean[]> => {
      await registrar.run(live(), HERE, bundle, NEVER)
      clock.advance(60_000)
      return trustedEntries(live(), chain).map(({ ok }) => ok)
    }
    expect(await trusted(root.cert, leaf.cert)).toEqual([true, true])
    expect(await trusted(`${other.cert}${root.cert}`, leaf.cert)).toEqual([true, true])
    expect(await trusted(leaf.cert, leaf.cert)).toEqual([true, true])
    expect(await trusted(other.cert, leaf.cert)).toEqual([false, false])
    expect(await trusted(other.cert, `${leaf.cert}${root.cert}`)).toEqual([false, false])
    expect(await trusted('garbage', leaf.cert)).toEqual([false, false])
  })
})

describe('the rollout of a replica', () => {
  const replicaSet = (revision: string): JsonObject => ({
    metadata: {
      name: 'remora-injector-5d8c9f7b6',
      namespace: 'remora-system',
      annotations: { 'deployment.kubernetes.io/revision': revision },
      ownerReferences: [{ kind: 'Deployment', name: 'remora-injector', uid: 'uid-1' }],
    },
  })

  it('is that of the ReplicaSet of its pod', async () => {
    const client = createClient(await accessTo(api.url))
    api.put(RESOURCE.replicaSet, replicaSet('7'))
    expect(await readRollout(client, 'remora-system', 'remora-injector-5d8c9f7b6-x2x4z')).toEqual({
      id: 'uid-1',
      generation: 7,
    })
  })

  it.each([
    ['outside of a pod', 'laptop', '7', undefined],
    ['without such a ReplicaSet', 'other-5d8c9f7b6-x2x4z', '7', undefined],
    ['of a ReplicaSet without revision', 'remora-injector-5d8c9f7b6-x2x4z', 'seven', undefined],
    ['without the right to look', 'remora-injector-5d8c9f7b6-x2x4z', '7', 403],
  ])('is one of its own %s', async (_, pod, revision, status) => {
    const client = createClient(await accessTo(api.url))
    api.put(RESOURCE.replicaSet, replicaSet(revision))
    if (status !== undefined) api.fault = () => ({ status })
    expect(await readRollout(client, 'remora-system', pod)).toEqual({ id: pod, generation: 0 })
  })
})
