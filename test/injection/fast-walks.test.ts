// Walks in vain are spared: for the namespace whose pods lead nowhere, and no other.

import { describe, expect, it } from 'vitest'
import { Walks } from '../../src/injection/fast/walks.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { answer, bench, podOf } from './fast.ts'
import { makeRevision } from './settings.ts'

/** How many of the next `pods` pods are worth a walk that leads nowhere. */
function inVain(walks: Walks, namespace: string, pods: number): number {
  return Array.from({ length: pods }, () => walks.begin(namespace)).filter(Boolean).length
}

describe('Walks', () => {
  it('are worth it for each pod at first, and for one in eight when all are in vain', () => {
    const walks = new Walks()
    expect(inVain(walks, 'a', 64)).toBe(64)
    expect(inVain(walks, 'a', 64)).toBe(8)
    expect(inVain(walks, 'b', 64)).toBe(64)
  })

  it('are worth it for each pod again when one led somewhere', () => {
    const walks = new Walks()
    inVain(walks, 'a', 1000)
    inVain(walks, 'b', 1000)
    walks.found('a')
    expect(inVain(walks, 'a', 64)).toBe(64)
    expect(inVain(walks, 'b', 64)).toBe(8)
  })

  it('are remembered of a bounded number of namespaces', () => {
    const walks = new Walks()
    inVain(walks, 'a', 1000)
    for (let n = 0; n < 1023; n++) inVain(walks, `n${n}`, 1)
    expect(inVain(walks, 'a', 64)).toBe(8)
    inVain(walks, 'one more', 1)
    expect(inVain(walks, 'a', 64)).toBe(64)
  })

  it('take nothing from pods of other namespaces, and end being spared with a hit', () => {
    const settings = makeRevision()
    const { cache, counts } = bench()
    /** A pod that goes another way through the templates for each `n`. */
    const shape = (n: number, namespace: string): JsonObject => {
      const containers = Array.from({ length: n }, (_, i) => ({ name: `c${i}`, image: 'i' }))
      const pod = podOf({}, {}, containers)
      return { ...pod, metadata: { ...(pod['metadata'] as JsonObject), namespace } }
    }
    /** How often a pod comes until it is a hit, at most 100 times. */
    const sightings = (n: number, namespace: string): number => {
      const before = counts.hit
      let times = 0
      for (; counts.hit === before && times < 100; times++)
        answer(settings, shape(n, namespace), cache, namespace)
      return times
    }
    for (let n = 0; n < 70; n++) answer(settings, shape(n, 'flood'), cache, 'flood')
    expect(counts.hit).toBe(0)
    const usual = sightings(70, 'quiet')
    expect(sightings(71, 'flood')).toBeGreaterThan(2 * usual)
    expect(sightings(72, 'flood')).toBe(usual)
  })
})
