// The cache of skeletons keeps its bounds, whoever floods it, and what is verified and found wrong is not served.

import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/std/json.ts'
import { answer, bench, podOf } from './fast.ts'
import { makeRevision, revisionWith } from './settings.ts'

const plain = makeRevision()

describe('FastPathCache', () => {
  it('builds at the second sighting', () => {
    const { cache, counts } = bench()
    answer(plain, podOf(), cache)
    expect(counts).toEqual({ hit: 0, build: 0, fallback: 1, mismatch: 0 })
    for (let i = 0; i < 4; i++) answer(plain, podOf(), cache)
    expect(counts.build).toBeGreaterThan(0)
    expect(counts.hit).toBeGreaterThan(0)
  })

  /** A pod that goes another way through the templates for each `n`. */
  const shape = (n: number): JsonObject =>
    podOf(
      {},
      {},
      Array.from({ length: n }, (_, i) => ({ name: `c${i}`, image: 'i' })),
    )

  it('holds no more than its bounds', () => {
    const { cache } = bench({ entries: 5 })
    for (let n = 0; n < 32; n++) for (let i = 0; i < 4; i++) answer(plain, shape(n), cache)
    expect(cache.size.entries).toBe(5)
    const { cache: small } = bench({ bytes: 100_000 })
    for (let n = 0; n < 32; n++) for (let i = 0; i < 4; i++) answer(plain, shape(n), small)
    expect(small.size.entries).toBeGreaterThan(0)
    expect(small.size.bytes).toBeLessThanOrEqual(100_000)
  })

  it('takes room from the namespace that has the most', () => {
    const { cache, counts } = bench({ entries: 6 })
    for (let n = 0; n < 2; n++) for (let i = 0; i < 4; i++) answer(plain, shape(n), cache, 'quiet')
    for (let n = 2; n < 32; n++) {
      const flood = { ...shape(n), metadata: { ...(shape(n)['metadata'] as JsonObject), namespace: 'flood' } }
      for (let i = 0; i < 4; i++) answer(plain, flood, cache, 'flood')
    }
    const before = counts.hit
    for (let n = 0; n < 2; n++) answer(plain, shape(n), cache, 'quiet')
    expect(counts.hit - before).toBe(2)
  })

  it('builds no more than so many a second', () => {
    let time = 0
    const { cache, counts } = bench({ buildsPerSecond: 3 }, () => time)
    const flood = (): void => {
      for (let n = 0; n < 32; n++) for (let i = 0; i < 3; i++) answer(plain, shape(n), cache)
    }
    flood()
    expect(counts.build).toBe(3)
    time = 2000
    flood()
    expect(counts.build).toBe(6)
  })

  it('serves the plain answer where verification finds another, and forgets the skeleton', () => {
    // Settings that change under our hands: what no snapshot does.
    const made = revisionWith({
      sidecar: 'metadata: {annotations: {x: "{{ .ObjectMeta.Name }}{{ .Values.n }}"}}',
    })
    const raw = { ...made.values.raw, n: 'first' }
    const settings = { ...made, values: { ...made.values, raw } }
    const { cache, counts } = bench({}, () => 0, true)
    for (let i = 0; i < 4; i++) answer(settings, podOf(), cache)
    expect(counts.hit).toBeGreaterThan(0)
    raw.n = 'changed'
    expect(answer(settings, podOf(), cache)).toBe(answer(settings, podOf()))
    expect(counts.mismatch).toBe(1)
    expect(cache.size.entries).toBeLessThan(2)
  })
})
