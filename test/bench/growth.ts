// Nothing is quadratic: what an answer costs when one dimension of its pod doubles, up to the largest review that the
// server takes. Small and large are timed in turn, so that a change of the machine's mind hits both.

import { FastPathCache } from '../../src/injection/fast/cache.ts'
import { LIMITS } from '../../src/server/limits.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { reviewText } from './bodies.ts'
import { type Answer, leastMicros, timesOver } from './in-process.ts'
import { longPod, manyAnnotations, manyContainers, manyEnv, manyVolumes } from './pods.ts'

export interface Growth {
  readonly dimension: string
  readonly from: number
  readonly to: number
  /** Time of the larger one, milliseconds. */
  readonly plainMillis: number
  readonly fastMillis: number
  /** time(to) / time(from), where `to` is twice `from`. */
  readonly plainRatio: number
  readonly fastRatio: number
}

/** time(2n) / time(n) may be so much. */
export const GROWTH_BOUND = 2.3

interface Dimension {
  readonly name: string
  readonly make: (n: number) => JsonObject
  readonly sizes: readonly number[]
}

/** What a review has beside the environment of `longPod`, and a margin. */
const REST_BYTES = 32 * 1024
const LARGEST = LIMITS.bodyBytes - REST_BYTES

export const DIMENSIONS: readonly Dimension[] = [
  { name: 'env', make: manyEnv, sizes: [500, 1000, 2000, 4000] },
  { name: 'containers', make: manyContainers, sizes: [15, 30, 60, 120] },
  { name: 'volumes', make: manyVolumes, sizes: [250, 500, 1000, 2000] },
  { name: 'annotations', make: manyAnnotations, sizes: [500, 1000, 2000, 4000] },
  { name: 'bytes of the review', make: longPod, sizes: [LARGEST / 8, LARGEST / 4, LARGEST / 2, LARGEST] },
]

/** Time of one batch, about. */
const BATCH_MICROS = 8000
const TURNS = 20

/** Each doubling of each dimension. Throws where an answer is a refusal. */
export function growthRows(answer: Answer, say: (text: string) => void): Growth[] {
  return DIMENSIONS.flatMap(({ name, make, sizes }) => {
    say(`growth in ${name}`)
    const bodies = sizes.map((size) => reviewText(make(size), 'shop', 1))
    for (const [i, body] of bodies.entries()) {
      const { allowed } = answer(body)['response'] as { allowed: boolean }
      if (!allowed) throw new Error(`${sizes[i]} ${name} are refused`)
    }
    const plain = timesOf(bodies, (body) => answer(body))
    // Without known reviews: they spare most of the time up to a length, which is no way to grow.
    const memory = { fastPath: new FastPathCache({ now: () => performance.now() }) }
    const fast = timesOf(bodies, (body) => answer(body, memory))
    return sizes.slice(1).map((to, i) => ({
      dimension: name,
      from: Math.round(sizes[i] ?? 0),
      to: Math.round(to),
      plainMillis: (plain[i + 1] ?? 0) / 1000,
      fastMillis: (fast[i + 1] ?? 0) / 1000,
      plainRatio: (plain[i + 1] ?? 0) / (plain[i] ?? 0),
      fastRatio: (fast[i + 1] ?? 0) / (fast[i] ?? 0),
    }))
  })
}

/** Rounds that a ratio beyond the bound is given: least times only fall, and a busy machine needs more of them. */
const ROUNDS = 4

/** Least time of one call for each body, microseconds. */
export function timesOf(bodies: readonly string[], call: (body: string) => void): number[] {
  const calls = bodies.map((body) => {
    for (let warm = 0; warm < 3; warm++) call(body)
    return Math.max(1, Math.round(BATCH_MICROS / leastMicros(() => call(body), 1, timesOver(3))))
  })
  const least = bodies.map(() => Number.POSITIVE_INFINITY)
  const isBeyond = (): boolean => least.some((time, i) => i > 0 && time > GROWTH_BOUND * (least[i - 1] ?? 0))
  for (let round = 0; round === 0 || (round < ROUNDS && isBeyond()); round++) {
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [i, body] of bodies.entries()) {
        least[i] = Math.min(
          least[i] ?? 0,
          leastMicros(() => call(body), calls[i] ?? 1, timesOver(1)),
        )
      }
    }
  }
  return least
}
