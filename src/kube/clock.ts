// The time that loops of this folder see: an argument of each, so that tests run hours in milliseconds.
// `now` never jumps and is for durations; `wall` is the date that other machines see, for texts only.

export interface Clock {
  /** Milliseconds that only grow, from an arbitrary start. */
  now(): number
  /** Milliseconds since 1970. */
  wall(): number
  /** Calls `run` once after `ms`; the result takes it back. */
  after(ms: number, run: () => void): () => void
}

/** A number of [0, 1). */
export type Random = () => number

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/** Resolves after `ms`, or at once when `signal` aborts; it never rejects. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  const cancel = clock.after(ms, resolve)
  const wake = (): void => {
    cancel()
    resolve()
  }
  signal.addEventListener('abort', wake, { once: true })
  return promise.then(() => signal.removeEventListener('abort', wake))
}
