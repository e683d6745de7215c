// What the benchmark sends is what an API server would send, never twice, and accepted by the server that is measured.

import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/server/limits.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { benchmarkRows, bodyOf, reviewText } from './bodies.ts'
import { DIMENSIONS } from './growth.ts'
import { oddPod } from './pods.ts'

interface Review {
  readonly request: {
    readonly uid: string
    readonly object: { readonly metadata: JsonObject; readonly spec: JsonObject }
  }
}

const read = (body: string): Review['request'] => (JSON.parse(body) as Review).request

describe('the rows', () => {
  const rows = benchmarkRows()
  const bodies = (name: string, n: number): string[] =>
    rows.filter((row) => row.name === name).flatMap(({ shapes }) => shapes.map((shape) => bodyOf(shape, n)))

  it('are six, and no body comes twice', () => {
    expect(rows.map(({ title }) => title.slice(0, 3))).toEqual(['(a)', '(b)', '(c)', '(d)', '(e)', '(f)'])
    for (const { name } of rows) {
      const all = [1, 2, 3].flatMap((n) => bodies(name, n))
      expect(new Set(all).size).toBe(all.length)
    }
  })

  it('repeat a workload of about 6 KB but for the uid and the token volume', () => {
    const [one = '', two = ''] = [1, 2].flatMap((n) => bodies('repeated', n))
    expect(Math.abs(one.length - 6000)).toBeLessThan(600)
    expect(read(one).uid).not.toBe(read(two).uid)
    const plain = (body: string): unknown => {
      const { object } = JSON.parse(body.replaceAll(/kube-api-access-\w{5}/g, 'token')).request
      return object
    }
    expect(plain(one)).toEqual(plain(two))
    expect(one).toMatch(/"name":"kube-api-access-00001"/)
  })

  it('have never-seen workloads of at least 50 shapes that differ in everything that names them', () => {
    const first = bodies('never-seen', 1).map(read)
    const second = bodies('never-seen', 2).map(read)
    expect(first.length).toBeGreaterThanOrEqual(50)
    const owners = (requests: readonly Review['request'][]): string[] =>
      requests.map(({ object }) => JSON.stringify(object.metadata['ownerReferences']))
    expect(new Set([...owners(first), ...owners(second)]).size).toBeGreaterThanOrEqual(8)
    const ports = first.map(({ object }) =>
      JSON.stringify(object.spec)
        .match(/"containerPort":\d+/g)
        ?.join(),
    )
    expect(new Set(ports).size).toBe(first.length)
    const kinds = new Set(
      first.map(({ object }) => /"kind":"(\w+)"/.exec(JSON.stringify(object.metadata))?.[1]),
    )
    expect([...kinds].sort()).toEqual(['DaemonSet', 'Job', 'ReplicaSet', 'StatefulSet'])
    for (const [i, { object }] of first.entries()) {
      expect(object.metadata['labels']).not.toEqual(second[i]?.object.metadata['labels'])
      expect(object.spec['containers']).not.toEqual(second[i]?.object.spec['containers'])
    }
  })
})

describe('growth', () => {
  it('doubles every dimension, up to the largest body', () => {
    for (const { sizes } of DIMENSIONS) {
      for (const [i, size] of sizes.slice(1).entries()) expect(size).toBe(2 * (sizes[i] ?? 0))
    }
    const bytes = DIMENSIONS.find(({ name }) => name.startsWith('bytes'))
    const largest = reviewText(bytes?.make(bytes.sizes.at(-1) ?? 0) ?? {}, 'shop', 1)
    expect(largest.length).toBeLessThanOrEqual(LIMITS.bodyBytes)
    expect(largest.length).toBeGreaterThan(0.97 * LIMITS.bodyBytes)
  })
})

describe('the flood', () => {
  it('has no pod twice', () => {
    const all = Array.from({ length: 200 }, (_, n) => reviewText(oddPod(n), 'flood', 0))
    expect(new Set(all).size).toBe(200)
  })
})
