// A flood of odd pods against the fast path: no two go the same way through the templates, so that each is rendered by the
// plain pipeline, and building what nobody asks for again is all that could be lost. Another namespace looks on: what was
// built for it must still be there afterwards.

import type { FastResult } from '../../src/injection/fast/cache.ts'
import { reviewText } from './bodies.ts'
import { type Answer, cpuMillis, liveBytes, type Memory, newMemory, warmUp } from './in-process.ts'
import { oddPod, typicalPod } from './pods.ts'

export interface Flood {
  readonly pods: number
  /** CPU time of one answer without and with the fast path, microseconds. */
  readonly plainMicros: number
  readonly floodMicros: number
  readonly renderings: Readonly<Record<FastResult, number>>
  /** What the cache holds after it. */
  readonly entries: number
  readonly mebibytes: number
  /** Heap that the flood left behind, MiB. */
  readonly heapMiB: number
  /** Whether a pod of a quiet namespace is served by the fast path as before. */
  readonly quietHit: boolean
}

/** A flooded answer may cost so many plain ones. */
export const FLOOD_BOUND = 1.35

/** Answers `pods` odd pods twice in a row each, which is what makes the fast path build; after `warmSeconds` of others. */
export function flood(answer: Answer, pods: number, warmSeconds: number, say: (text: string) => void): Flood {
  say('a flood of odd pods')
  const renderings = { hit: 0, build: 0, fallback: 0, mismatch: 0 }
  const count = (result: FastResult): void => {
    renderings[result]++
  }
  // A second of the flood's own CPU time is one of a machine that does nothing else.
  const clock = new Stopwatch()
  const memory = newMemory({ now: () => clock.millis, count })
  const quiet = reviewText(typicalPod(), 'quiet', 1)
  for (let i = 0; i < 6; i++) answer(quiet, memory)
  const bodies = (from: number): string[] =>
    Array.from({ length: pods / 2 }, (_, i) => reviewText(oddPod(from + i), 'flood', i))
  const others = bodies(2 * pods)
  const another = newMemory({ now: () => performance.now() })
  const warm = (n: number): void => {
    const body = others[(n >> 1) % others.length] ?? ''
    answer(body)
    answer(body, another)
  }
  warmUp(warm, warmSeconds)
  const before = liveBytes()
  const [plainMicros, floodMicros] = inTurn(bodies(0), bodies(pods), answer, memory, clock)
  const heapMiB = (liveBytes() - before) / 2 ** 20
  const flooded = { ...renderings }
  const { hit } = renderings
  answer(quiet, memory)
  const { entries, bytes } = memory.fastPath.size
  return {
    pods,
    plainMicros,
    floodMicros,
    renderings: flooded,
    entries,
    mebibytes: bytes / 2 ** 20,
    heapMiB,
    quietHit: renderings.hit === hit + 1,
  }
}

/** CPU time of the stretches that it runs for. */
class Stopwatch {
  private before = 0
  private started: number | undefined

  get millis(): number {
    return this.before + (this.started === undefined ? 0 : cpuMillis() - this.started)
  }

  start(): void {
    this.started = cpuMillis()
  }

  stop(): void {
    this.before = this.millis
    this.started = undefined
  }
}

/** Bodies of one kind before it is the other's turn. */
const SLICE = 50

/** Mean CPU time of an answer, microseconds: each body twice, plain ones and flooded ones in turn. */
function inTurn(
  plain: readonly string[],
  flooded: readonly string[],
  answer: Answer,
  memory: Required<Memory>,
  clock: Stopwatch,
): [number, number] {
  const usual = new Stopwatch()
  const run = (bodies: readonly string[], watch: Stopwatch, known?: Memory): void => {
    watch.start()
    for (const body of bodies) for (let i = 0; i < 2; i++) answer(body, known)
    watch.stop()
  }
  for (let at = 0; at < plain.length; at += SLICE) {
    run(plain.slice(at, at + SLICE), usual)
    run(flooded.slice(at, at + SLICE), clock, memory)
  }
  return [(usual.millis * 1000) / (2 * plain.length), (clock.millis * 1000) / (2 * flooded.length)]
}
