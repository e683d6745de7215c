import { describe, expect, it } from 'vitest'
import { planAdopt } from '../../src/revision/adopt.ts'
import { CONFIGURATION_NAME, readConfiguration } from '../../src/revision/configuration.ts'
import { planRetirement } from '../../src/revision/retirement.ts'
import { planUndo } from '../../src/revision/undo.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { FakeCluster, SETTINGS } from './fake-cluster.ts'
import { istioObject } from './objects.ts'

const DEFAULT = { name: 'istio-sidecar-injector', revision: 'default', isDefault: true }
const CANARY = { name: 'istio-sidecar-injector-canary', revision: 'canary' }

function adopted(...options: Parameters<typeof istioObject>[0][]): FakeCluster {
  const cluster = new FakeCluster(options.map(istioObject))
  const known = new Set(['default', 'canary'])
  const plan = planAdopt(cluster.configurations(), { revision: undefined, kubernetes: undefined, known })
  for (const step of plan.steps) cluster.execute(step)
  cluster.writes = 0
  return cluster
}

function wipe(cluster: FakeCluster): void {
  cluster.patch(CONFIGURATION_NAME, [{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: '' }])
}

function bundles(cluster: FakeCluster): (string | undefined)[] {
  const object = cluster.get(CONFIGURATION_NAME) ?? {}
  return readConfiguration(object, 'istio-system').entries.map(({ caBundle }) => caBundle)
}

describe('planRegistration', () => {
  it('writes nothing before adopt has made the object', () => {
    const cluster = new FakeCluster([istioObject(DEFAULT)])
    expect(cluster.lead({ restoreDeleted: true })).toMatchObject({ action: undefined, conditions: [] })
  })

  it('rests when all is as wanted, also for a replica that has just begun to lead', () => {
    const cluster = adopted(DEFAULT, CANARY)
    expect(cluster.lead()).toMatchObject({ action: undefined, conditions: [], again: undefined })
    cluster.memory = { written: undefined, repairs: [] }
    expect(cluster.lead().action).toBeUndefined()
  })

  it('puts a wiped caBundle back at once', () => {
    const cluster = adopted(DEFAULT)
    wipe(cluster)
    expect(cluster.lead().action?.kind).toBe('apply')
    expect(bundles(cluster)).toEqual(Array(4).fill('T1VSUw=='))
  })

  it('keeps the caBundle that somebody else writes, whatever it is, and never writes over a newer one', () => {
    const cluster = adopted(DEFAULT)
    const others = { caBundle: undefined, settings: { ...SETTINGS, injectCaFrom: 'remora-system/remora' } }
    const plan = cluster.lead(others)
    expect(plan.action).toMatchObject({ kind: 'apply', onto: { resourceVersion: expect.any(String) } })
    expect(bundles(cluster)).toEqual(Array(4).fill('T1VSUw=='))
    const path = '/webhooks/0/clientConfig/caBundle'
    cluster.patch(CONFIGURATION_NAME, [{ op: 'replace', path, value: 'VEhFSVJT' }])
    expect(cluster.lead(others).action).toBeUndefined()
    cluster.put(istioObject({ name: 'istio-revision-tag-prod', revision: 'default', tag: 'prod' }))
    cluster.lead(others)
    expect(bundles(cluster)).toHaveLength(6)
    expect(bundles(cluster)).not.toContain('')
  })

  it('follows another caBundle, other settings, new and removed tags', () => {
    const cluster = adopted(DEFAULT)
    cluster.lead({ caBundle: 'TkVX' })
    expect(bundles(cluster)).toEqual(Array(4).fill('TkVX'))
    const conditions = [{ name: 'not-batch', expression: 'true' }]
    cluster.lead({ settings: { ...SETTINGS, timeoutSeconds: 5, matchConditions: conditions } })
    const entry = (): JsonObject | undefined =>
      (cluster.get(CONFIGURATION_NAME)?.['webhooks'] as JsonObject[] | undefined)?.[0]
    expect(entry()).toMatchObject({ timeoutSeconds: 5, matchConditions: conditions })
    cluster.settle()
    expect(entry()?.['matchConditions']).toBeUndefined()
    cluster.put(istioObject({ name: 'istio-revision-tag-prod', revision: 'default', tag: 'prod' }))
    cluster.settle()
    expect(bundles(cluster)).toHaveLength(6)
    cluster.delete('istio-revision-tag-prod')
    cluster.settle()
    expect(bundles(cluster)).toHaveLength(4)
  })

  it.each([
    ['a selector with one label more', 'namespaceSelector', { matchLabels: { a: 'b' } }],
    ['another failure policy', 'failurePolicy', 'Ignore'],
    ['other rules', 'rules', []],
    ['a condition that nobody asked for', 'matchConditions', [{ name: 'x', expression: 'false' }]],
  ])('mends %s', (_, field, value) => {
    const cluster = adopted(CANARY)
    const before = cluster.configurations().map(({ entries }) => entries.map(({ raw }) => raw))
    cluster.patch(CONFIGURATION_NAME, [{ op: 'add', path: `/webhooks/0/${field}`, value }])
    cluster.settle()
    expect(cluster.configurations().map(({ entries }) => entries.map(({ raw }) => raw))).toEqual(before)
  })

  it('does not write twice before its write comes back by the watch', () => {
    const cluster = adopted(DEFAULT)
    wipe(cluster)
    const stale = cluster.observed()
    const late = new FakeCluster()
    for (const { raw } of stale.configurations) late.put(raw)
    late.memory = stale.memory
    expect(late.lead({ configurations: stale.configurations }).action).toBeDefined()
    late.now += 100
    expect(late.lead({ configurations: stale.configurations })).toMatchObject({
      action: undefined,
      again: 1900,
    })
    late.now += 1900
    expect(late.lead({ configurations: stale.configurations }).action).toBeDefined()
  })

  it('slows down to one write in 10 s against another writer, says so, and goes back to normal', () => {
    const cluster = adopted(DEFAULT)
    const writes: number[] = []
    for (; cluster.now < 60_000; cluster.now += 100) {
      wipe(cluster)
      if (cluster.lead().action !== undefined) writes.push(cluster.now)
    }
    expect(writes).toEqual([0, 100, 200, 300, 400, 10_400, 20_400, 30_400, 40_400, 50_400])
    const plan = cluster.lead()
    expect(plan.conditions.map(({ type }) => type)).toEqual(['conflict'])
    expect(plan.again).toBe(400)
    cluster.now += 400
    cluster.lead()
    cluster.now += 61_000
    expect(cluster.lead().conditions).toEqual([])
    wipe(cluster)
    expect(cluster.lead()).toMatchObject({ action: { kind: 'apply' }, conditions: [] })
  })

  it('names the other writer', () => {
    const cluster = adopted(DEFAULT)
    const fields = [
      { manager: 'argocd-controller', time: '2026-01-02T00:00:00Z' },
      { manager: 'remora', time: '2026-01-01T00:00:00Z' },
    ]
    cluster.patch(CONFIGURATION_NAME, [{ op: 'add', path: '/metadata/managedFields', value: fields }])
    for (let i = 0; i < 5; i++) {
      wipe(cluster)
      cluster.lead()
    }
    wipe(cluster)
    expect(cluster.lead().conditions[0]?.message).toContain('"argocd-controller"')
  })

  it('never reverts what a newer rollout wrote, but keeps its caBundle', () => {
    const cluster = adopted(DEFAULT)
    const newer = {
      writer: { id: 'deployment', generation: 2 },
      settings: { ...SETTINGS, timeoutSeconds: 3 },
    }
    cluster.lead(newer)
    const object = cluster.get(CONFIGURATION_NAME)
    expect(cluster.lead()).toMatchObject({ action: undefined, conditions: [{ type: 'newer-writer' }] })
    cluster.put(istioObject(CANARY))
    expect(cluster.lead().action).toBeUndefined()
    wipe(cluster)
    cluster.lead()
    expect(cluster.get(CONFIGURATION_NAME)?.['webhooks']).toEqual(object?.['webhooks'])
    const reinstalled = { writer: { id: 'another deployment', generation: 1 } }
    expect(cluster.lead(reinstalled).action?.kind).toBe('apply')
  })

  it('makes a deleted object again only where it owns it, and never after undo', () => {
    const cluster = adopted(DEFAULT)
    cluster.delete(CONFIGURATION_NAME)
    expect(cluster.lead()).toMatchObject({ action: undefined, conditions: [{ type: 'deleted' }] })
    expect(cluster.lead({ restoreDeleted: true }).action?.kind).toBe('apply')
    expect(bundles(cluster)).toHaveLength(4)
  })

  it('reports what is live again while adopted', () => {
    const cluster = adopted(DEFAULT, CANARY)
    cluster.put(istioObject(CANARY))
    expect(cluster.lead().conditions).toMatchObject([{ type: 'contested' }])
    // And goes on to, when another replica leads.
    cluster.memory = { written: undefined, repairs: [] }
    expect(cluster.lead().conditions).toMatchObject([{ type: 'contested' }])
    expect(cluster.lead({ here: new Set(['default']) }).conditions).toEqual([])
  })

  it('is not surprised by a revision that was never taken over, nor by one that is handed back', () => {
    const cluster = adopted(DEFAULT)
    cluster.put(istioObject(CANARY))
    expect(cluster.lead().conditions).toEqual([])
    cluster.settle()
    const back = { revision: undefined, notReady: new Set<string>() }
    for (const step of planUndo(cluster.configurations(), back).steps.filter(
      ({ kind }) => kind === 'patch',
    )) {
      cluster.execute(step)
      expect(cluster.lead().conditions).toEqual([])
    }
  })

  it('leaves a revision to its istiod that is elsewhere, but not one whose istiod no longer injects', () => {
    const cluster = adopted(DEFAULT)
    cluster.put(istioObject(CANARY))
    cluster.settle()
    expect(bundles(cluster)).toHaveLength(6)
    cluster.lead({ here: new Set(['default']) })
    expect(bundles(cluster)).toHaveLength(4)
    cluster.lead({ here: new Set() })
    expect(bundles(cluster)).toHaveLength(4)
  })
})

describe('planRetirement', () => {
  const plan = (
    served: string[],
    discovered: string[],
    missing: Record<string, number>,
    now: number,
    entries: Parameters<typeof planRetirement>[2] = [],
  ): ReturnType<typeof planRetirement> =>
    planRetirement(served, new Set(discovered), entries, { prod: 'canary' }, missing, now)

  it('takes a revision out 60 s after it went', () => {
    const first = plan(['default', 'canary'], ['default'], {}, 1000)
    expect(first).toEqual({ missing: { canary: 1000 }, remove: [], again: 60_000 })
    const later = plan(['default', 'canary'], ['default'], first.missing, 61_000)
    expect(later).toEqual({ missing: { canary: 1000 }, remove: ['canary'], again: undefined })
  })

  it('counts from when its last entry went, and forgets one that came back', () => {
    const called = [{ kind: 'tag' as const, name: 'prod' }]
    expect(plan(['canary'], [], {}, 0, called).missing).toEqual({})
    expect(plan(['canary'], [], {}, 0, [{ kind: 'revision', name: 'canary' }]).missing).toEqual({})
    expect(plan(['canary'], ['canary'], { canary: 0 }, 70_000)).toMatchObject({ missing: {}, remove: [] })
  })
})
