// A replica's cold start in a big cluster: 10,000 namespaces, 20,000 pods, three revisions. What it asks for, what stays in
// memory, and what one change costs afterwards.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiAccess } from '../../src/kube/access.ts'
import { systemClock } from '../../src/kube/clock.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import { Mesh } from '../../src/reconcile/mesh.ts'
import { WatchSet } from '../../src/reconcile/watches.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { until } from '../cluster/wait.ts'
import { accessTo } from '../kube/access.ts'
import { FakeApi } from '../kube/fake-api.ts'
import { freePort, install, startReplica } from './replica.ts'
import { revisionObjects } from './watched.ts'

const NAMESPACES = 10_000
const PODS = 20_000
/** What a namespace may weigh in memory: its name, three labels, and its place in the maps that find it. */
const BYTES_EACH = 1600
/** What a revision may: texts, compiled templates, mesh config. */
const BYTES_REVISION = 4 * 2 ** 20

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heap = (): number => {
  collect()
  return process.memoryUsage().heapUsed
}

function namespace(i: number, more: JsonObject = {}): JsonObject {
  const fields = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f:field-${n}`, { '.': {} }]))
  return {
    metadata: {
      name: `team-${i}`,
      labels: {
        'kubernetes.io/metadata.name': `team-${i}`,
        'istio-injection': 'enabled',
        team: `t${i % 100}`,
        ...more,
      },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `${i}`.padEnd(1500, 'x') },
      managedFields: [{ manager: 'somebody', operation: 'Update', fieldsV1: fields }],
    },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }
}

class Start {
  readonly problems: unknown[] = []
  readonly mesh: Mesh
  private readonly watches: WatchSet
  private readonly ending = new AbortController()

  constructor(access: ApiAccess) {
    const time = { clock: systemClock, random: Math.random }
    this.watches = new WatchSet({
      ...time,
      access,
      onRestart: () => undefined,
      onProblem: (resource, reason) => this.problems.push([resource, reason]),
    })
    const events = {
      good: () => undefined,
      bad: (...bad: unknown[]) => this.problems.push(bad),
      gone: () => undefined,
    }
    this.mesh = new Mesh(
      {
        ...time,
        watches: this.watches,
        istioNamespace: 'istio-system',
        events,
        onLook: () => undefined,
        onError: (error) => this.problems.push(error),
      },
      this.ending.signal,
    )
  }

  stop(): void {
    this.ending.abort()
    this.watches.stop()
  }
}

/** A start against `api`, with what it took. */
async function started(api: FakeApi): Promise<{ start: Start; bytes: number; milliseconds: number }> {
  const access = await accessTo(api.url)
  await access.send({ method: 'GET', path: '/version' })
  const before = heap()
  const began = performance.now()
  const start = new Start(access)
  await start.mesh.whenBuilt
  const milliseconds = performance.now() - began
  return { start, bytes: heap() - before, milliseconds }
}

const REVISIONS = ['default', 'blue', 'green']

describe('a cold start with 10,000 namespaces, 20,000 pods and three revisions', () => {
  const api = new FakeApi()
  const small = new FakeApi()
  const starts: Start[] = []
  let mesh: Mesh
  let bytes = { small: 0, big: 0 }
  let milliseconds = 0

  beforeAll(async () => {
    for (const each of [api, small]) {
      await each.start()
      for (const revision of REVISIONS) install(each, revisionObjects(revision))
    }
    for (let i = 0; i < NAMESPACES; i += 1) api.put(RESOURCE.namespace, namespace(i))
    for (let i = 0; i < PODS; i += 1) {
      const metadata = { name: `pod-${i}`, namespace: `team-${i % NAMESPACES}` }
      api.put(RESOURCE.pod, { metadata, spec: { containers: [{ name: 'app', image: 'app' }] } })
    }
    // The first start pays for what all share.
    const first = await started(small)
    const without = await started(small)
    const big = await started(api)
    starts.push(first.start, without.start, big.start)
    mesh = big.start.mesh
    bytes = { small: without.bytes, big: big.bytes }
    milliseconds = big.milliseconds
  }, 120_000)

  afterAll(async () => {
    for (const start of starts) start.stop()
    await api.away()
    await small.away()
  })

  it('serves every revision, and asks for namespaces in pages and for pods never', () => {
    expect(starts.flatMap(({ problems }) => problems)).toEqual([])
    expect(mesh.good).toEqual({ default: true, blue: true, green: true })
    expect(Object.keys(mesh.snapshot.cluster.namespaces)).toHaveLength(NAMESPACES)
    const asked = api.requests.map(({ path }) => path)
    expect(asked.filter((path) => path.endsWith('/pods'))).toEqual([])
    expect(api.asked('list').filter(({ path }) => path === '/api/v1/namespaces')).toHaveLength(
      NAMESPACES / 500,
    )
  })

  it('keeps of each namespace what injection reads, and nothing that others wrote into it', () => {
    const each = (bytes.big - bytes.small) / NAMESPACES
    const revision = bytes.small / REVISIONS.length
    process.stderr.write(
      `cold start: ${Math.round(milliseconds)} ms; ${Math.round(each)} bytes a namespace, ${(revision / 2 ** 20).toFixed(1)} MiB a revision\n`,
    )
    expect(mesh.snapshot.cluster.namespaces['team-7']).toEqual({
      name: 'team-7',
      labels: { 'kubernetes.io/metadata.name': 'team-7', 'istio-injection': 'enabled', team: 't7' },
      annotations: {},
    })
    expect(each).toBeLessThan(BYTES_EACH)
    expect(revision).toBeLessThan(BYTES_REVISION)
  })

  it('needs at most 256 MiB and 30 s as a process', async () => {
    const replica = startReplica(api, { healthPort: await freePort() })
    try {
      await until(
        'the replica to be ready',
        async () => (await replica.health('/readyz')).status === 200,
        30_000,
      )
      const memory = Number(await replica.metric('process_resident_memory_bytes')) / 2 ** 20
      process.stderr.write(`cold start as a process: ${Math.round(memory)} MiB\n`)
      expect(memory).toBeLessThan(256)
    } finally {
      await replica.dispose()
    }
  })

  it('takes a storm of changes in few looks, and shares what did not change', async () => {
    const { namespaces } = mesh.snapshot.cluster
    const { generation } = mesh.snapshot
    const began = performance.now()
    for (let i = 0; i < 2000; i += 1) api.put(RESOURCE.namespace, namespace(i, { turn: 'second' }))
    const seen = (): boolean => mesh.snapshot.cluster.namespaces['team-1999']?.labels['turn'] === 'second'
    await until('the last change', seen)
    const looks = mesh.snapshot.generation - generation
    expect(looks).toBeLessThanOrEqual(1 + (performance.now() - began) / 50)
    expect(mesh.snapshot.cluster.namespaces['team-2000']).toBe(namespaces['team-2000'])
  })
})
