// Leader election: who leads, when somebody else may, and that there are never two, whatever the API server answers.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ApiAccess } from '../../src/kube/access.ts'
import { ApiError, createClient } from '../../src/kube/client.ts'
import { type Elector, runElector } from '../../src/kube/lease.ts'
import { pathOf, RESOURCE } from '../../src/kube/resource.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { accessTo } from './access.ts'
import { FakeApi } from './fake-api.ts'
import { advanceUntil, eventually, FakeClock } from './fake-clock.ts'

const AT = { namespace: 'home', name: 'lease' }

interface Replica {
  readonly identity: string
  readonly elector: Elector
  readonly clock: FakeClock
  readonly problems: unknown[]
  /** One entry for each time that it led: `lead` first, `lose` when that ended. */
  readonly story: string[]
  signal: AbortSignal | undefined
}

type Work = (signal: AbortSignal) => void | Promise<void>

const untilAborted: Work = (signal) =>
  new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }))

function replica(access: ApiAccess, identity: string, clock: FakeClock, work: Work = untilAborted): Replica {
  const story: string[] = []
  const problems: unknown[] = []
  const made: { -readonly [K in keyof Replica]: Replica[K] } = {
    identity,
    clock,
    problems,
    story,
    signal: undefined,
    elector: undefined as unknown as Elector,
  }
  made.elector = runElector({
    client: createClient(access, clock),
    ...AT,
    identity,
    clock,
    random: () => 0.5,
    onLead: (signal) => {
      made.signal = signal
      story.push('lead')
      return work(signal)
    },
    onLose: () => story.push('lose'),
    onProblem: (error) => problems.push(error),
  })
  return made
}

describe('an elector', () => {
  let api: FakeApi
  let clock: FakeClock
  const replicas: Replica[] = []
  const leads = ({ elector }: Replica) => elector.leading

  beforeEach(async () => {
    api = await new FakeApi().start()
    clock = new FakeClock()
  })
  afterEach(async () => {
    api.fault = () => ({ status: 403 })
    const stopping = replicas.splice(0).map(({ elector }) => elector.stop())
    let stopped = false
    void Promise.all(stopping).then(() => {
      stopped = true
    })
    await advanceUntil(clock, 'all to stop', () => stopped, 1000)
    await api.away()
  })

  /** Its requests are known by its name. */
  async function start(identity: string, work?: Work): Promise<Replica> {
    const made = replica(await accessTo(api.url, { token: identity }), identity, clock, work)
    replicas.push(made)
    return made
  }

  const specOf = (): JsonObject => lease()['spec'] as JsonObject
  const lease = (): JsonObject => {
    const request = { method: 'GET', path: pathOf(RESOURCE.lease, AT.namespace, AT.name), query: {} }
    return api.carryOut({ ...request, headers: {}, body: undefined })[1]
  }
  const edit = (change: JsonObject, metadata: JsonObject = {}): void => {
    const old = lease()
    api.put(RESOURCE.lease, {
      ...old,
      metadata: { ...(old['metadata'] as JsonObject), ...metadata },
      spec: { ...(old['spec'] as JsonObject), ...change },
    })
  }
  const asked = (identity: string): number =>
    api.requests.filter(({ headers }) => headers.authorization === `Bearer ${identity}`).length

  it('takes a lease that nobody has, and writes it as client-go does', async () => {
    const a = await start('a')
    await eventually('a leader', () => leads(a))
    const time = expect.stringMatching(/^2026-01-01T00:16:40\.000000Z$/)
    expect(specOf()).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: 0,
    })
    await advanceUntil(clock, 'a renewal', () => specOf()['renewTime'] !== specOf()['acquireTime'])
    expect([a.story, a.elector.holder, specOf()['leaseTransitions']]).toEqual([['lead'], 'a', 0])
  })

  it('renews with one call every two seconds', async () => {
    const a = await start('a')
    await eventually('a leader', () => leads(a))
    const before = asked('a')
    for (let i = 1; i <= 20; i += 1) {
      await eventually('a pause', () => clock.waits.includes(2000))
      clock.advance(2000)
      await eventually('a renewal', () => asked('a') === before + i)
    }
    expect([a.story, a.problems]).toEqual([['lead'], []])
  })

  it('waits while another one renews, and knows who leads', async () => {
    const a = await start('a')
    await eventually('a leader', () => leads(a))
    const b = await start('b')
    await advanceUntil(clock, 'two minutes', () => asked('b') > 40)
    expect([leads(a), leads(b), b.elector.holder, b.story]).toEqual([true, false, 'a', []])
  })

  it('takes over within 17.5 s from a leader that is cut off, which has stepped down by then', async () => {
    const a = await start('a')
    await eventually('a leader', () => leads(a))
    const b = await start('b')
    await advanceUntil(clock, 'b to know', () => b.elector.holder === 'a')
    await advanceUntil(clock, 'a renewal', () => asked('a') > 3)
    api.fault = ({ headers }) => (headers.authorization === 'Bearer a' ? 'reset' : undefined)
    const since = clock.now()
    const down = await advanceUntil(clock, 'a to step down', () => !leads(a))
    expect([down <= 10_100, a.signal?.aborted]).toEqual([true, true])
    await advanceUntil(clock, 'b to lead', () => leads(b))
    expect(clock.now() - since).toBeGreaterThan(10_000)
    expect(clock.now() - since).toBeLessThanOrEqual(17_500)
    expect([a.story, b.story, specOf()['leaseTransitions']]).toEqual([['lead', 'lose'], ['lead'], 1])
    api.fault = () => undefined
    await advanceUntil(clock, 'a to know', () => a.elector.holder === 'b')
    expect(leads(a)).toBe(false)
  })

  it('steps down at its deadline also while a call hangs', async () => {
    const a = await start('a')
    await eventually('a leader', () => leads(a))
    await eventually('a pause', () => clock.waits.includes(2000))
    api.fault = () => 'hang'
    clock.advance(2000)
    await eventually('a call', () => asked('a') === 3)
    clock.advance(7999)
    expect([leads(a), a.signal?.aborted]).toEqual([true, false])
    clock.advance(1)
    expect([leads(a), a.signal?.aborted]).toEqual([false, true])
    await eventually('the end', () => a.story.length === 2)
    api.fault = () => undefined
    await advanceUntil(clock, 'a to lead again', () => leads(a))
    expect(a.story).toEqual(['lead', 'lose', 'lead'])
  })

  it('does not lead any more when its process was stopped for too long, before any timer has run', async () => {
    const a = await start('a')
    await eventually('a leader', () => leads(a))
    clock.jump(3600_000)
    expect(leads(a)).toBe(false)
    clock.advance(0)
    expect(a.signal?.aborted).toBe(true)
    await advanceUntil(clock, 'a to lead again', () => leads(a))
  })

  it('goes by its own clock, not by the times in the lease, and by the duration there', async () => {
    api.put(RESOURCE.lease, {
      metadata: AT,
      spec: { holderIdentity: 'old', leaseDurationSeconds: 60, renewTime: '1999-01-01T00:00:00.000000Z' },
    })
    const a = await start('a')
    await eventually('a to know', () => a.elector.holder === 'old')
    const took = await advanceUntil(clock, 'a to lead', () => leads(a), 500)
    expect(took).toBeGreaterThan(59_000)
    expect(took).toBeLessThan(63_000)
  })

  it('takes a lease without holder at the next look', async () => {
    api.put(RESOURCE.lease, { metadata: AT, spec: { holderIdentity: '', leaseDurationSeconds: 1 } })
    const a = await start('a')
    await eventually('a leader', () => leads(a))
    expect(specOf()).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 1 })
  })

  it('steps down at once when somebody else has the lease', async () => {
    const a = await start('a')
    await eventually('a leader', () => leads(a))
    edit({ holderIdentity: 'thief' })
    const took = await advanceUntil(clock, 'a to lose', () => a.story.length === 2)
    expect(took).toBeLessThanOrEqual(2500)
    expect([a.elector.holder, specOf()['holderIdentity']]).toEqual(['thief', 'thief'])
  })

  it('keeps the lease when others write on it or delete it', async () => {
    const a = await start('a')
    await eventually('a leader', () => leads(a))
    edit({ strategy: 'theirs' }, { annotations: { note: 'x' } })
    await advanceUntil(clock, 'a renewal', () => asked('a') >= 6)
    expect([lease()['metadata'], specOf()]).toMatchObject([
      { annotations: { note: 'x' } },
      { strategy: 'theirs', holderIdentity: 'a' },
    ])
    api.remove(RESOURCE.lease, AT.namespace, AT.name)
    await advanceUntil(clock, 'the lease again', () => lease()['kind'] === 'Lease')
    expect([a.story, a.problems]).toEqual([['lead'], []])
  })

  it('stops only after its work has ended, and then gives the lease back', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const a = await start('a', () => promise)
    await eventually('a leader', () => leads(a))
    let stopped = false
    void a.elector.stop().then(() => {
      stopped = true
    })
    await eventually('the loss', () => a.story.length === 2)
    expect([stopped, specOf()['holderIdentity'], leads(a)]).toEqual([false, 'a', false])
    resolve()
    await eventually('the end', () => stopped)
    expect(specOf()).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 })
  })

  it('stops without giving the lease back when its work does not end while it is surely its own', async () => {
    const a = await start('a', () => new Promise(() => undefined))
    await eventually('a leader', () => leads(a))
    let stopped = false
    void a.elector.stop().then(() => {
      stopped = true
    })
    await advanceUntil(clock, 'the end', () => stopped)
    expect(specOf()['holderIdentity']).toBe('a')
  })

  it('gives up on everything within the time it is given', async () => {
    const a = await start('a')
    await eventually('a leader', () => leads(a))
    api.fault = () => 'hang'
    let stopped = false
    void a.elector.stop(500).then(() => {
      stopped = true
    })
    await eventually('the lease to be asked back', () => asked('a') > 2)
    expect(stopped).toBe(false)
    clock.advance(500)
    await eventually('the end', () => stopped)
    api.fault = () => undefined
    const b = await start('b', () => new Promise(() => undefined))
    await advanceUntil(clock, 'another leader', () => leads(b))
    stopped = false
    void b.elector.stop(500).then(() => {
      stopped = true
    })
    await eventually('the stop to begin', () => !leads(b))
    clock.advance(500)
    await eventually('the end', () => stopped)
  })

  it('gives the lease back when a renewal was cut short by the stop', async () => {
    const a = await start('a')
    await eventually('a leader', () => leads(a))
    await eventually('a pause', () => clock.waits.includes(2000))
    let cut = false
    api.fault = (request) => {
      if (cut || request.method !== 'PUT') return undefined
      cut = true
      api.carryOut(request)
      return 'hang'
    }
    clock.advance(2000)
    await eventually('the renewal', () => cut)
    await a.elector.stop()
    expect(specOf()['holderIdentity']).toBe('')
  })

  it('gives the lease to another when its work fails', async () => {
    const a = await start('a', () => Promise.reject(new Error('cannot work')))
    await eventually('the failure', () => a.story.length >= 2)
    await eventually('the lease to be free', () => specOf()['holderIdentity'] === '')
    expect(a.problems.map((error) => (error as Error).message)).toEqual(['cannot work'])
  })

  it('does not begin its work anew before the last has ended', async () => {
    const ends: (() => void)[] = []
    const a = await start('a', () => new Promise((done) => ends.push(done)))
    await eventually('a leader', () => leads(a))
    edit({ holderIdentity: 'thief' })
    await advanceUntil(clock, 'a to lose', () => a.story.length === 2)
    edit({ holderIdentity: '' })
    for (let i = 0; i < 200; i += 1) clock.advance(200)
    await advanceUntil(clock, 'some tries', () => clock.waits.length === 0)
    expect(a.story).toEqual(['lead', 'lose'])
    ends[0]?.()
    await advanceUntil(clock, 'a to lead again', () => leads(a))
    expect(ends).toHaveLength(2)
    ends[1]?.()
  })

  it('that may not read leases tells it and tries again', async () => {
    api.fault = () => ({ status: 403 })
    const a = await start('a')
    await advanceUntil(clock, 'three tries', () => a.problems.length >= 3)
    expect(a.problems.every((error) => error instanceof ApiError && error.kind === 'forbidden')).toBe(true)
    api.fault = () => undefined
    await advanceUntil(clock, 'a to lead', () => leads(a))
  })
})

/** Numbers of [0, 1) that are the same each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** An API server without sockets that loses calls, and answers, and is slow, by chance. */
function unreliable(api: FakeApi, clock: FakeClock, random: () => number, bad: () => number): ApiAccess {
  const lost = (): never => {
    throw new ApiError('lost', { status: 0 })
  }
  return {
    server: 'memory',
    namespace: 'home',
    send: async ({ method, path, query = {}, body }, signal) => {
      const wait = async (): Promise<void> => {
        if (random() >= bad()) return
        const { promise, resolve } = Promise.withResolvers<void>()
        clock.after(random() * 5000, resolve)
        signal?.addEventListener('abort', () => resolve(), { once: true })
        await promise
        if (signal?.aborted === true) lost()
      }
      await wait()
      if (random() < bad()) lost()
      const plain = JSON.parse(JSON.stringify(body ?? null)) as Json
      const [status, answer] = api.carryOut({ method, path, query, headers: {}, body: plain })
      await wait()
      if (random() < bad()) lost()
      return { status, headers: {}, body: structuredClone(answer) }
    },
    openStream: () => {
      throw new Error('no watch here')
    },
  }
}

describe('three electors and an API server that loses and delays calls', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'never lead two at a time, and one does when it is well (seed %i)',
    async (seed) => {
      const random = seeded(seed)
      const clock = new FakeClock()
      const api = new FakeApi()
      let bad = 0.4
      const replicas = ['a', 'b', 'c'].map((identity) =>
        replica(
          unreliable(api, clock, random, () => bad),
          identity,
          clock,
        ),
      )
      const leaders = new Set<string>()
      for (let step = 0; step < 6000; step += 1) {
        clock.advance(100)
        await new Promise((done) => setImmediate(done))
        // A row of half minutes: some well, some bad, some without any answer.
        if (step % 300 === 0) bad = random() < 0.2 ? 1 : random() * 0.9
        // Of the three only those count whose work may go on.
        const leading = replicas.filter(({ elector }) => elector.leading)
        expect(leading.length).toBeLessThanOrEqual(1)
        expect(replicas.filter(({ signal }) => signal?.aborted === false).length).toBeLessThanOrEqual(1)
        for (const { identity } of leading) leaders.add(identity)
      }
      expect(leaders.size).toBeGreaterThan(1)
      bad = 0
      const quiet = async (): Promise<void> => {
        for (let step = 0; step < 250; step += 1) {
          clock.advance(100)
          await new Promise((done) => setImmediate(done))
        }
      }
      await quiet()
      expect(replicas.filter(({ elector }) => elector.leading)).toHaveLength(1)
      const stopped = Promise.all(replicas.map(({ elector }) => elector.stop()))
      await quiet()
      await stopped
    },
  )
})
