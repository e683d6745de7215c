// 10,000 namespaces: heard soon, in pages, and only the parts that are used stay in memory.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/kube/clock.ts'
import { startReflector } from '../../src/kube/reflector.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { accessTo } from './access.ts'
import { FakeApi } from './fake-api.ts'

const COUNT = 10_000
const api = new FakeApi()

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heapMiB = (): number => {
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}

function namespace(i: number): JsonObject {
  const fields = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f:field-${n}`, { '.': {} }]))
  return {
    metadata: {
      name: `team-${i}`,
      labels: { 'kubernetes.io/metadata.name': `team-${i}`, team: `t${i % 100}` },
      annotations: { owner: `owner of number ${i}` },
      managedFields: [{ manager: 'somebody', operation: 'Update', fieldsV1: fields }],
    },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }
}

beforeAll(async () => {
  await api.start()
  for (let i = 0; i < COUNT; i += 1) api.put(RESOURCE.namespace, namespace(i))
})
afterAll(() => api.away())

it('10,000 namespaces are synced within seconds and take a few MiB', async () => {
  const access = await accessTo(api.url)
  await access.send({ method: 'GET', path: '/version' })
  const before = heapMiB()
  const began = performance.now()
  const reflector = startReflector({
    access,
    resource: RESOURCE.namespace,
    select: (raw) => {
      const { name, labels, annotations } = raw['metadata'] as JsonObject
      return { name, labels, annotations } as JsonObject
    },
    onChange: () => undefined,
    clock: systemClock,
    random: Math.random,
  })
  await reflector.whenSynced
  const ms = performance.now() - began
  expect(reflector.items.size).toBe(COUNT)
  const lists = api.asked('list').filter(({ path }) => path === '/api/v1/namespaces')
  expect(lists).toHaveLength(COUNT / 500)
  const grown = heapMiB() - before
  process.stderr.write(`10,000 namespaces: synced in ${Math.round(ms)} ms, ${grown.toFixed(1)} MiB\n`)
  expect(ms).toBeLessThan(10_000)
  expect(grown).toBeLessThan(24)
  reflector.stop()
})
