// What client, reflector and elector do with any API server: run on the small one of the tests and on a real one.

import { afterAll, describe, expect, it } from 'vitest'
import type { ApiAccess } from '../../src/kube/access.ts'
import { ApiError, createClient } from '../../src/kube/client.ts'
import { systemClock } from '../../src/kube/clock.ts'
import { createRecorder } from '../../src/kube/events.ts'
import { type Elector, runElector } from '../../src/kube/lease.ts'
import { type Reflector, startReflector } from '../../src/kube/reflector.ts'
import { RESOURCE, type Resource } from '../../src/kube/resource.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { eventually } from './fake-clock.ts'

const AT = { namespace: 'default' }
const ABSENT: Resource = {
  group: 'example.test',
  version: 'v1',
  plural: 'wonders',
  kind: 'Wonder',
  namespaced: true,
}

const configMap = (name: string, data: JsonObject, labels: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', labels },
  data,
})

async function failure(work: Promise<unknown>): Promise<ApiError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ApiError)) throw new Error(`expected an ApiError, got ${String(error)}`)
  return error
}

const dataOf = (raw: JsonObject): JsonObject => raw['data'] as JsonObject
const metadataOf = (raw: JsonObject): JsonObject => raw['metadata'] as JsonObject

export function kubeSuite(name: string, access: () => ApiAccess): void {
  describe(`${name}: client`, () => clientTests(access))
  describe(`${name}: reflector`, () => reflectorTests(access))
  describe(`${name}: elector`, () => electorTests(access))
}

function clientTests(access: () => ApiAccess): void {
  it('creates, reads, replaces, patches and deletes an object, and drops nothing of it', async () => {
    const client = createClient(access())
    const at = { ...AT, name: 'one' }
    const made = await client.create(RESOURCE.configMap, AT, configMap('one', { a: '1', __proto__x: 'p' }))
    expect(dataOf(made)).toEqual({ a: '1', __proto__x: 'p' })
    expect(await client.get(RESOURCE.configMap, at)).toEqual(made)
    const replaced = await client.update(RESOURCE.configMap, at, { ...made, data: { a: '2' } })
    expect(dataOf(replaced)).toEqual({ a: '2' })
    const patched = await client.patch(RESOURCE.configMap, at, { data: { b: '3', a: null } })
    expect(dataOf(patched)).toEqual({ b: '3' })
    await client.delete(RESOURCE.configMap, at)
    expect((await failure(client.get(RESOURCE.configMap, at))).kind).toBe('not-found')
  })

  it('tells apart why a call failed', async () => {
    const client = createClient(access())
    const made = await client.create(RESOURCE.configMap, AT, configMap('kinds', {}))
    const again = await failure(client.create(RESOURCE.configMap, AT, configMap('kinds', {})))
    expect([again.status, again.reason, again.kind]).toEqual([409, 'AlreadyExists', 'already-exists'])
    const at = { ...AT, name: 'kinds' }
    await client.patch(RESOURCE.configMap, at, { data: { a: '1' } })
    const stale = await failure(client.update(RESOURCE.configMap, at, made))
    expect([stale.status, stale.reason, stale.kind]).toEqual([409, 'Conflict', 'conflict'])
    const absent = await failure(client.get(RESOURCE.configMap, { ...AT, name: 'nobody' }))
    expect([absent.status, absent.kind]).toEqual([404, 'not-found'])
    expect(absent.message).toContain('not found')
    await client.delete(RESOURCE.configMap, at)
  })

  it('never takes a collection for an object whose name is missing', async () => {
    const client = createClient(access())
    await client.create(RESOURCE.configMap, AT, configMap('kept', {}))
    await failure(client.delete(RESOURCE.configMap, AT))
    await failure(client.get(RESOURCE.configMap, { ...AT, name: '..' }))
    expect(await client.get(RESOURCE.configMap, { ...AT, name: 'kept' })).toBeDefined()
  })

  it('a dry run stores nothing', async () => {
    const client = createClient(access())
    await client.create(RESOURCE.configMap, AT, configMap('dry', {}), { dryRun: true })
    expect((await failure(client.get(RESOURCE.configMap, { ...AT, name: 'dry' }))).kind).toBe('not-found')
  })

  it('lists all pages, by labels too', async () => {
    const client = createClient(access())
    for (let i = 0; i < 7; i += 1) {
      await client.create(RESOURCE.configMap, AT, configMap(`page-${i}`, { i: `${i}` }, { suite: 'pages' }))
    }
    await client.create(RESOURCE.configMap, AT, configMap('other-page', {}))
    const selection = { labelSelector: 'suite=pages', pageSize: 3 }
    const { items, resourceVersion } = await client.list(RESOURCE.configMap, AT, selection)
    expect(items.map((item) => dataOf(item)['i'])).toEqual(['0', '1', '2', '3', '4', '5', '6'])
    expect(Number(resourceVersion)).toBeGreaterThan(0)
  })

  it('applies an object that is not there, and again', async () => {
    const client = createClient(access())
    const at = { ...AT, name: 'applied' }
    const options = { fieldManager: 'suite', force: true }
    await client.apply(RESOURCE.configMap, at, configMap('applied', { a: '1' }), options)
    const second = await client.apply(RESOURCE.configMap, at, configMap('applied', { a: '2' }), options)
    expect(dataOf(second)).toEqual({ a: '2' })
  })

  it('an apply that names the uid of its object never makes it anew', async () => {
    const client = createClient(access())
    const at = { ...AT, name: 'once' }
    const options = { fieldManager: 'suite', force: true }
    const made = await client.apply(RESOURCE.configMap, at, configMap('once', { a: '1' }), options)
    const { uid } = metadataOf(made)
    const again = configMap('once', { a: '2' })
    const object = { ...again, metadata: { ...metadataOf(again), uid: String(uid) } }
    expect(dataOf(await client.apply(RESOURCE.configMap, at, object, options))).toEqual({ a: '2' })
    await client.delete(RESOURCE.configMap, at)
    expect((await failure(client.apply(RESOURCE.configMap, at, object, options))).kind).toBe('conflict')
  })

  it('knows the version of the server', async () => {
    expect((await createClient(access()).version())['gitVersion']).toMatch(/^v\d/)
  })

  it('an event that comes again raises a count', async () => {
    const client = createClient(access())
    const recorder = createRecorder(client, { component: 'suite', instance: 'replica' })
    const regarding = { resource: RESOURCE.configMap, ...AT, name: 'talked-about' }
    const note = { regarding, type: 'Warning', reason: 'Bad', message: 'it is bad' } as const
    for (let i = 0; i < 3; i += 1) recorder.record(note)
    recorder.record({ ...note, message: 'it is worse' })
    await recorder.settled()
    const { items } = await client.list(RESOURCE.event, AT)
    const mine = items.filter((item) => (item['involvedObject'] as JsonObject)['name'] === 'talked-about')
    expect(mine.map((item) => [item['message'], item['count']]).sort()).toEqual([
      ['it is bad', 3],
      ['it is worse', 1],
    ])
  })
}

function reflectorTests(access: () => ApiAccess): void {
  const started: Reflector<unknown>[] = []
  afterAll(() => {
    for (const reflector of started) reflector.stop()
  })

  it('follows objects through their life, with the parts selected', async () => {
    const client = createClient(access())
    await client.create(RESOURCE.configMap, AT, configMap('r-old', { v: '1' }, { suite: 'life' }))
    let changes = 0
    const reflector = startReflector({
      access: access(),
      resource: RESOURCE.configMap,
      labelSelector: 'suite=life',
      select: (raw) => dataOf(raw)['v'],
      onChange: () => {
        changes += 1
      },
      clock: systemClock,
      random: Math.random,
    })
    started.push(reflector)
    await reflector.whenSynced
    expect([...reflector.items]).toEqual([['default/r-old', '1']])
    await client.create(RESOURCE.configMap, AT, configMap('r-new', { v: '2' }, { suite: 'life' }))
    await eventually('the new one', () => reflector.items.get('default/r-new') === '2')
    await client.patch(RESOURCE.configMap, { ...AT, name: 'r-old' }, { data: { v: '3' } })
    await eventually('the change', () => reflector.items.get('default/r-old') === '3')
    const before = changes
    await client.patch(RESOURCE.configMap, { ...AT, name: 'r-old' }, { data: { other: 'x' } })
    await client.delete(RESOURCE.configMap, { ...AT, name: 'r-new' })
    await eventually('the end', () => !reflector.items.has('default/r-new'))
    expect(changes).toBe(before + 1)
  })

  it('a resource that does not exist is empty', async () => {
    const problems: unknown[] = []
    const reflector = startReflector({
      access: access(),
      resource: ABSENT,
      select: (raw) => metadataOf(raw),
      onChange: () => undefined,
      clock: systemClock,
      random: Math.random,
      metrics: { problem: (error) => problems.push(error) },
    })
    started.push(reflector)
    await reflector.whenSynced
    expect(reflector.items.size).toBe(0)
    expect(problems.map((error) => (error as ApiError).kind)).toEqual(['not-found'])
  })
}

function electorTests(access: () => ApiAccess): void {
  it('one of three leads; when it stops the next one does, at once', async () => {
    const timings = { durationMs: 3000, deadlineMs: 2000, retryMs: 100 }
    const leading = new Set<string>()
    let most = 0
    const electors = ['a', 'b', 'c'].map((identity): [string, Elector] => [
      identity,
      runElector({
        client: createClient(access()),
        ...AT,
        name: 'suite-lease',
        identity,
        clock: systemClock,
        random: Math.random,
        timings,
        onLead: async (signal) => {
          leading.add(identity)
          most = Math.max(most, leading.size)
          await new Promise((done) => signal.addEventListener('abort', done, { once: true }))
        },
        onLose: () => leading.delete(identity),
      }),
    ])
    const order: string[] = []
    for (let left = electors.length; left > 0; left -= 1) {
      await eventually('a leader', () => leading.size === 1)
      const [leader = ''] = leading
      order.push(leader)
      const elector = electors.find(([identity]) => identity === leader)?.[1]
      expect([elector?.leading, elector?.holder]).toEqual([true, leader])
      const began = performance.now()
      await elector?.stop()
      expect(performance.now() - began).toBeLessThan(timings.durationMs)
    }
    expect([order.sort(), most]).toEqual([['a', 'b', 'c'], 1])
    const lease = await createClient(access()).get(RESOURCE.lease, { ...AT, name: 'suite-lease' })
    expect(lease['spec']).toMatchObject({ holderIdentity: '', leaseTransitions: 2 })
  })
}
