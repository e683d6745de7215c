// A level-triggered loop: something changed → look at everything → do what is missing. Changes that come together are
// one run, runs never overlap, a run that fails is tried again later and later. It ends when its signal aborts.

import { Backoff, type BackoffOptions } from '../kube/backoff.ts'
import type { Clock, Random } from '../kube/clock.ts'

export interface LoopOptions {
  /** Looks and acts; resolves to the time of the clock to run again at in any case, or undefined. */
  readonly run: (signal: AbortSignal) => Promise<number | undefined>
  readonly onError: (error: unknown) => void
  readonly clock: Clock
  readonly random: Random
  /** From the first change to the run. */
  readonly settleMs: number
  /**
   * A run that took long is followed by a rest nine times as long, up to this: others use the process, too. A change
   * that comes after the rest waits for `settleMs` alone.
   */
  readonly longestSettleMs?: number
}

export interface Loop {
  /** Something changed. */
  readonly poke: () => void
}

const BACKOFF: BackoffOptions = { firstMs: 500, maxMs: 10_000, awayMaxMs: 3000 }
const REST = 9
/** Timers hold no more than 2³¹ ms. */
const LONGEST_MS = 24 * 3600 * 1000

/** Runs once at the start, and after each poke, until `signal` aborts. */
export function startLoop(options: LoopOptions, signal: AbortSignal): Loop {
  const { clock } = options
  const backoff = new Backoff(BACKOFF, options.random)
  let running = false
  let again = false
  let cancel: (() => void) | undefined
  let due = Number.POSITIVE_INFINITY
  let restUntil = Number.NEGATIVE_INFINITY
  const settleMs = (): number => Math.max(options.settleMs, restUntil - clock.now())
  const schedule = (ms: number): void => {
    const at = clock.now() + ms
    if (signal.aborted || at >= due) return
    cancel?.()
    due = at
    cancel = clock.after(ms, () => void run())
  }
  const run = async (): Promise<void> => {
    due = Number.POSITIVE_INFINITY
    running = true
    again = false
    const began = clock.now()
    let wanted: number | undefined
    let failed: number | undefined
    try {
      wanted = await options.run(signal)
      backoff.reset()
    } catch (error) {
      if (!signal.aborted) options.onError(error)
      failed = backoff.next(false)
    }
    running = false
    const ended = clock.now()
    restUntil = ended + Math.min((ended - began) * REST, options.longestSettleMs ?? 0)
    const next = wanted === undefined ? failed : Math.max(wanted - ended, settleMs())
    if (again) schedule(settleMs())
    if (next !== undefined) schedule(Math.min(next, LONGEST_MS))
  }
  signal.addEventListener('abort', () => cancel?.(), { once: true })
  schedule(0)
  return {
    poke: () => {
      if (running) again = true
      else schedule(settleMs())
    },
  }
}
