// The reflector against everything that goes wrong between it and an API server: real sockets, a clock that the test moves.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ApiError } from '../../src/kube/client.ts'
import {
  type Reflector,
  type ReflectorOptions,
  type Restart,
  startReflector,
} from '../../src/kube/reflector.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { accessTo } from './access.ts'
import { FakeApi, type FakeRequest, statusBody } from './fake-api.ts'
import { advanceUntil, eventually, FakeClock } from './fake-clock.ts'
import { Relay } from './relay.ts'

let api: FakeApi
let clock: FakeClock
let reflector: Reflector<JsonObject> | undefined
let restarts: Restart[]
let problems: unknown[]
let changes: number

beforeEach(async () => {
  api = await new FakeApi().start()
  clock = new FakeClock()
  restarts = []
  problems = []
  changes = 0
})
afterEach(async () => {
  reflector?.stop()
  await api.away()
})

type Part = JsonObject
const metadataOf = (raw: JsonObject): JsonObject => raw['metadata'] as JsonObject

function put(name: string, labels: JsonObject = {}): JsonObject {
  return api.put(RESOURCE.namespace, { metadata: { name, labels } })
}

/** Follows namespaces: the labels of each. */
async function follow(
  options: Partial<ReflectorOptions<Part>> = {},
  server = api.url,
): Promise<Reflector<Part>> {
  reflector = startReflector<Part>({
    access: await accessTo(server, {}, clock),
    resource: RESOURCE.namespace,
    select: (raw) => metadataOf(raw)['labels'] as JsonObject,
    onChange: () => {
      changes += 1
    },
    clock,
    random: () => 0.5,
    metrics: { restart: (why) => restarts.push(why), problem: (error) => problems.push(error) },
    ...options,
  })
  return reflector
}

async function following(options: Partial<ReflectorOptions<Part>> = {}): Promise<Reflector<Part>> {
  const started = await follow(options)
  await started.whenSynced
  await eventually('a watch', () => api.watches === 1)
  return started
}

const isWatch = ({ query }: FakeRequest): boolean => query['watch'] === 'true'
const names = (): string[] => [...(reflector?.items.keys() ?? [])]

describe('list', () => {
  it('comes in pages, and the watch begins where it ended', async () => {
    for (let i = 0; i < 7; i += 1) put(`n${i}`)
    await following({ pageSize: 3 })
    expect(names()).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6'])
    expect(api.asked('list').map(({ query }) => query['limit'])).toEqual(['3', '3', '3'])
    const [watch] = api.asked('watch')
    expect(watch?.query).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '107',
      timeoutSeconds: '45',
    })
    expect([changes, restarts]).toEqual([1, []])
  })

  it('whose pages expire is read again in one piece', async () => {
    for (let i = 0; i < 4; i += 1) put(`n${i}`)
    let expired = false
    api.fault = ({ query }) => {
      if (query['continue'] === undefined || expired) return undefined
      expired = true
      return { status: 410, body: statusBody(410, 'Expired', 'too old') }
    }
    const started = await follow({ pageSize: 3 })
    await advanceUntil(clock, 'the list', () => started.synced)
    expect(names()).toEqual(['n0', 'n1', 'n2', 'n3'])
    expect(api.asked('list').map(({ query }) => query['limit'])).toEqual(['3', '3', undefined])
  })

  it('of labels and fields asks for them, in the watch too', async () => {
    await following({ labelSelector: 'a=b', fieldSelector: 'metadata.name=x' })
    for (const { query } of api.requests) {
      expect([query['labelSelector'], query['fieldSelector']]).toEqual(['a=b', 'metadata.name=x'])
    }
  })

  it('is not synced before the server answers, and waits longer each time while it answers with errors', async () => {
    put('one')
    let broken = true
    api.fault = () => (broken ? { status: 500 } : undefined)
    const started = await follow()
    const waits: number[] = []
    for (let i = 1; i <= 8; i += 1) {
      await eventually('a try', () => api.requests.length === i && clock.waits.length === 1)
      waits.push(clock.waits[0] ?? 0)
      expect(started.synced).toBe(false)
      clock.advance(waits.at(-1) ?? 0)
    }
    expect(waits).toEqual([600, 1200, 2400, 4800, 9600, 19_200, 22_500, 22_500])
    broken = false
    await advanceUntil(clock, 'the list', () => started.synced, 1000)
    expect(names()).toEqual(['one'])
  })

  it('waits as long as a server asks that has too much to do', async () => {
    api.fault = () => ({ status: 429, headers: { 'retry-after': '7' } })
    await follow()
    await eventually('a wait', () => clock.waits.length === 1)
    expect(clock.waits).toEqual([7000])
  })

  it('that is not found is empty; it is asked for again after a while, and told once', async () => {
    const absent = statusBody(404, 'NotFound', 'the server could not find the requested resource')
    let missing = true
    api.fault = () => (missing ? { status: 404, body: absent } : undefined)
    const started = await follow()
    await started.whenSynced
    await eventually('a wait', () => clock.waits.length === 1)
    expect([started.items.size, changes, clock.waits, restarts]).toEqual([0, 1, [30_000], ['absent']])
    clock.advance(30_000)
    await eventually('another try', () => api.requests.length === 2 && clock.waits.length === 1)
    expect([restarts, problems.length, changes]).toEqual([['absent'], 1, 1])
    missing = false
    put('found')
    clock.advance(30_000)
    await eventually('the object', () => started.items.size === 1)
    missing = true
    api.closeWatches()
    await advanceUntil(clock, 'nothing left', () => started.items.size === 0, 500)
    expect(restarts.at(-1)).toBe('absent')
  })
})

describe('watch', () => {
  it('brings changes, and tells them once for all that came together', async () => {
    put('one', { v: '1' })
    const started = await following()
    api.sendText(
      ['ADDED', 'ADDED', 'ADDED']
        .map((type, i) => {
          const metadata = { name: `burst${i}`, resourceVersion: `${200 + i}`, labels: {} }
          return `${JSON.stringify({ type, object: { metadata } })}\n`
        })
        .join(''),
    )
    await eventually('three', () => started.items.size === 4)
    expect(changes).toBe(2)
  })

  it('events in pieces of any size, with characters cut in two, arrive whole', async () => {
    const started = await following()
    const object = { metadata: { name: 'piece', resourceVersion: '200', labels: { v: 'größe €' } } }
    const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object })}\n`)
    for (const byte of bytes) api.sendText(Buffer.from([byte]))
    await eventually('the object', () => started.items.size === 1)
    expect(started.items.get('piece')).toEqual({ v: 'größe €' })
  })

  it('a change outside the selected part changes nothing, and an equal part keeps its identity', async () => {
    put('one', { v: '1' })
    const started = await following()
    const before = started.items.get('one')
    api.put(RESOURCE.namespace, { metadata: { name: 'one', labels: { v: '1' }, annotations: { x: 'y' } } })
    put('two')
    await eventually('the second', () => started.items.has('two'))
    expect(started.items.get('one')).toBe(before)
    expect(changes).toBe(2)
  })

  it('events that come twice or late change nothing', async () => {
    const first = put('one', { v: '1' })
    const started = await following()
    const second = put('one', { v: '2' })
    await eventually('the change', () => started.items.get('one')?.['v'] === '2')
    api.send('MODIFIED', first)
    api.send('ADDED', second)
    api.send('DELETED', first)
    api.remove(RESOURCE.namespace, undefined, 'one')
    await eventually('the end', () => started.items.size === 0)
    api.send('MODIFIED', second)
    put('two')
    await eventually('the next', () => started.items.size === 1)
    expect(names()).toEqual(['two'])
    expect(changes).toBe(4)
    api.resetWatches()
    await advanceUntil(clock, 'the next watch', () => api.asked('watch').length === 2)
    expect(api.asked('watch').at(-1)?.query['resourceVersion']).toBe('104')
  })

  it('goes on from the last bookmark', async () => {
    const started = await following()
    for (let i = 0; i < 5; i += 1) api.bookmark()
    put('one')
    await eventually('the object', () => started.items.size === 1)
    api.bookmark()
    await eventually('contact', () => started.lastContact !== undefined)
    api.compact()
    api.closeWatches()
    await advanceUntil(clock, 'the next watch', () => api.asked('watch').length === 2)
    expect(api.asked('watch').at(-1)?.query['resourceVersion']).toBe('107')
    expect(api.asked('list')).toHaveLength(1)
  })

  it('that ends as planned begins again at once and is no restart', async () => {
    await following()
    clock.advance(45_000)
    api.closeWatches()
    await eventually('the next watch', () => api.asked('watch').length === 2)
    expect(restarts).toEqual([])
  })

  it('that ends early, again and again, is begun ever more slowly', async () => {
    api.fault = (request) => (isWatch(request) ? 'empty' : undefined)
    await follow()
    const waits: number[] = []
    for (let i = 1; i <= 4; i += 1) {
      await eventually('a try', () => restarts.length === i && clock.waits.length === 1)
      waits.push(clock.waits[0] ?? 0)
      clock.advance(waits.at(-1) ?? 0)
    }
    expect(waits).toEqual([600, 1200, 2400, 4800])
    expect(api.asked('list')).toHaveLength(1)
    expect(restarts.slice(0, 4)).toEqual(['closed', 'closed', 'closed', 'closed'])
  })

  it('that is too old is listed again: what went meanwhile is gone', async () => {
    put('one')
    put('two')
    const started = await following()
    const kept = started.items.get('two')
    api.resetWatches()
    api.remove(RESOURCE.namespace, undefined, 'one')
    put('three')
    api.compact()
    await advanceUntil(clock, 'the third', () => started.items.has('three'))
    expect(names()).toEqual(['two', 'three'])
    expect(started.items.get('two')).toBe(kept)
    expect(restarts).toEqual(['away', 'expired'])
  })

  it('an endless row of 410 does not become a storm', async () => {
    const gone = statusBody(410, 'Expired', 'too old resource version')
    api.fault = (request) => (isWatch(request) ? { status: 410, body: gone } : undefined)
    await follow()
    const started = clock.now()
    await advanceUntil(clock, 'six tries', () => api.asked('watch').length === 6, 200)
    expect(clock.now() - started).toBeGreaterThan(15_000)
  })

  it.each([
    ['an error event', '{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is away"}}\n'],
    ['no JSON', 'no watch\n'],
    ['no event', '{"items":[]}\n'],
    ['null', 'null\n'],
  ])('that says %s is begun again', async (_, text) => {
    const started = await following()
    api.sendText(text)
    put('one')
    await advanceUntil(clock, 'the object', () => started.items.size === 1)
    expect(restarts).toEqual(['refused'])
  })

  it.each(['reset', 'hang', 'empty', { status: 503 }, { status: 403 }, { status: 401 }] as const)(
    'survives a time of %o, and has everything soon after',
    async (fault) => {
      put('one')
      const started = await following()
      api.fault = () => fault
      api.resetWatches()
      put('two')
      await advanceUntil(clock, 'tries', () => api.requests.length > 4 || fault === 'hang', 500)
      expect(names()).toEqual(['one'])
      api.fault = () => undefined
      if (fault === 'hang') await api.away().then(() => api.start())
      await advanceUntil(clock, 'the second', () => started.items.has('two'), 500)
    },
  )
})

describe('silence', () => {
  it('for longer than the limit ends a watch; the next goes on at the same place', async () => {
    const started = await following()
    api.mute = true
    put('one')
    clock.advance(59_999)
    expect(restarts).toEqual([])
    api.mute = false
    clock.advance(1)
    await eventually('the object', () => started.items.size === 1)
    expect(restarts).toEqual(['silent'])
    expect(api.asked('list')).toHaveLength(1)
    expect(api.watches).toBe(1)
  })

  it('is not what a server keeps that only sends bookmarks', async () => {
    const started = await following()
    for (let i = 0; i < 5; i += 1) {
      clock.advance(50_000)
      api.bookmark()
      await eventually('contact', () => started.lastContact === clock.now())
    }
    expect(restarts).toEqual([])
  })

  it('contact is told with the time of the clock', async () => {
    const contacts: number[] = []
    await following({ metrics: { contact: (at) => contacts.push(at) } })
    clock.advance(1234)
    put('one')
    await eventually('contact', () => contacts.at(-1) === clock.now())
    expect(reflector?.lastContact).toBe(clock.now())
  })
})

describe('a server that is away', () => {
  it('is asked every few seconds at most, however long it takes', async () => {
    put('one')
    const started = await following()
    await api.away()
    await advanceUntil(clock, 'ten minutes', () => restarts.length >= 20, 250)
    expect(names()).toEqual(['one'])
    expect(Math.max(...clock.waits)).toBeLessThanOrEqual(3000)
    expect(new Set(restarts)).toEqual(new Set(['away']))
    const tries = problems.filter((error) => error instanceof ApiError && error.unreachable)
    expect(tries.length).toBe(restarts.length)
    await api.start()
    put('two')
    const took = await advanceUntil(clock, 'the second', () => started.items.has('two'), 250)
    expect(took).toBeLessThanOrEqual(5000)
  })

  it('whose connections stay open and dead is left, and found again', async () => {
    const relay = await new Relay(Number(new URL(api.url).port)).heal()
    const started = await follow({}, `http://127.0.0.1:${relay.port}`)
    await started.whenSynced
    await eventually('a watch', () => api.watches === 1)
    relay.freeze()
    put('one')
    clock.advance(60_000)
    await eventually('the end of the watch', () => restarts.length === 1)
    relay.thaw()
    await relay.cut()
    await relay.heal()
    await advanceUntil(clock, 'the object', () => started.items.size === 1, 500)
    expect(restarts[0]).toBe('silent')
    await relay.cut()
  })
})

describe('handlers', () => {
  it('that throw or reject are told, and end nothing', async () => {
    const started = await following({
      onChange: () => {
        changes += 1
        if (changes === 1) throw new Error('thrown')
        return Promise.reject(new Error('rejected')) as unknown as undefined
      },
    })
    put('one')
    await eventually('the object', () => started.items.size === 1)
    await eventually('both', () => problems.length === 2)
    expect(problems.map((error) => (error as Error).message)).toEqual(['thrown', 'rejected'])
  })

  it('an object that select fails on is left out, and comes when it is mended', async () => {
    put('bad')
    put('good')
    const started = await following({
      select: (raw) => {
        const labels = metadataOf(raw)['labels'] as JsonObject
        if (metadataOf(raw)['name'] === 'bad' && labels['mended'] === undefined) throw new Error('bad')
        return labels
      },
    })
    expect(names()).toEqual(['good'])
    put('bad', { mended: 'yes' })
    await eventually('the mended one', () => started.items.has('bad'))
    expect(problems).toHaveLength(1)
  })

  it('metrics that throw end nothing', async () => {
    const loud = (): never => {
      throw new Error('metrics')
    }
    const started = await following({ metrics: { restart: loud, contact: loud, problem: loud } })
    api.resetWatches()
    put('one')
    await advanceUntil(clock, 'the object', () => started.items.size === 1)
  })

  it('objects that select leaves out are not kept, and go when they change so', async () => {
    put('one', { keep: 'yes' })
    const started = await following({
      select: (raw) => {
        const labels = metadataOf(raw)['labels'] as JsonObject
        return labels['keep'] === 'yes' ? labels : undefined
      },
    })
    put('two')
    put('one')
    await eventually('none', () => started.items.size === 0)
  })

  it('names of objects are data', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) put(name, { of: name })
    await following()
    expect(names()).toEqual(['__proto__', 'constructor', 'toString'])
  })
})

describe('stop', () => {
  it('ends the watch, its timers and everything that would come', async () => {
    const started = await following()
    started.stop()
    await eventually('no watch', () => api.watches === 0 && clock.waits.length === 0)
    const { length } = api.requests
    put('one')
    clock.advance(600_000)
    await new Promise((done) => setTimeout(done, 20))
    expect([api.requests.length, started.items.size, restarts]).toEqual([length, 0, []])
  })

  it('ends a list under way and a wait', async () => {
    api.fault = () => 'hang'
    const started = await follow()
    await eventually('a list', () => api.requests.length === 1)
    started.stop()
    api.fault = () => ({ status: 500 })
    const other = await follow()
    await eventually('a wait', () => clock.waits.length === 1)
    other.stop()
    await eventually('no wait', () => clock.waits.length === 0)
  })
})
