// Work of one kind side by side: what waits for its turn is done together, once all that has arrived is read, or enough of
// it that more would only fill the memory. The answers to requests that arrive together are then made one after the other,
// and after that written one after the other. To switch between reading, deciding and writing for each of them costs a third
// more: neither the caches of the processor nor those who wait for an answer get any rest.

import { Line, type Readable } from './line.ts'

/** So much at most in one turn: the first that is done must not wait long for the last, nor other events for all. */
const MOST = 32
const LONGEST_MS = 10

/**
 * Does `work` in the next turn, in the order of the calls; resolves with its result, or rejects with what it throws.
 * When more waits than fits into a turn, `connection` then stands in line before it is read again.
 */
export type TakeTurn = <T>(connection: Readable, work: () => T) => Promise<T>

interface Waiting {
  readonly connection: Readable
  readonly run: () => void
}

/** `now` is monotonic, in milliseconds. */
export function turns(now: () => number): TakeTurn {
  const line = new Line(now)
  let waiting: Waiting[] = []
  let isPlanned = false
  const plan = (): void => {
    if (isPlanned || (waiting.length === 0 && line.isEmpty)) return
    isPlanned = true
    setImmediate(() => {
      isPlanned = false
      turn()
      // A turn leaves fewer than fill the next one: whoever is in line moves on each time.
      line.letThrough(MOST - waiting.length)
      plan()
    })
  }
  const turn = (): void => {
    const isFull = waiting.length === MOST || !line.isEmpty
    const until = now() + LONGEST_MS
    let done = 0
    for (const { run, connection } of waiting) {
      if (done > 0 && now() >= until) break
      run()
      if (isFull) line.join(connection)
      done++
    }
    waiting = waiting.slice(done)
  }
  return (connection, work) =>
    new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(work())
        } catch (error) {
          reject(error)
        }
      }
      if (waiting.push({ connection, run }) === MOST) turn()
      plan()
    })
}
