// Work of one kind side by side: what waits for its turn is done together, once all that has arrived is read, or enough of
// it that more would only fill the memory. Of requests that arrive together all are decoded, then all injected, then all
// patches made, and after that all answers written. To switch between reading, deciding and writing for each of them costs a
// third more, and to switch between the steps of deciding another tenth: each of them is more code than the nearest cache
// of a processor holds.

import type { Steps } from '../std/steps.ts'
import { Line, type Readable } from './line.ts'

/** So much at most in one turn: the first that is done must not wait long for the last, nor other events for all. */
const MOST = 32
const LONGEST_MS = 16

/**
 * Does `work` in the next turn, step by step with the rest of the turn; resolves with its result, or rejects with what it
 * throws. When more waits than fits into a turn, `connection` then stands in line before it is read again.
 */
export type TakeTurn = <T>(connection: Readable, work: Steps<T>) => Promise<T>

interface Waiting {
  readonly connection: Readable
  /** Does the next step; whether that was the last. */
  readonly step: () => boolean
}

/** `now` is monotonic, in milliseconds. */
export function turns(now: () => number): TakeTurn {
  const line = new Line(now)
  /** Those in the middle of their steps. They end before others begin, so that what steps leave behind is never much. */
  let begun: Waiting[] = []
  let waiting: Waiting[] = []
  let isPlanned = false
  const count = (): number => begun.length + waiting.length
  const plan = (): void => {
    if (isPlanned || (count() === 0 && line.isEmpty)) return
    isPlanned = true
    setImmediate(() => {
      isPlanned = false
      turn()
      // A turn leaves fewer than fill the next one: whoever is in line moves on each time.
      line.letThrough(MOST - count())
      plan()
    })
  }
  const turn = (): void => {
    const isFull = count() === MOST || !line.isEmpty
    const until = now() + LONGEST_MS
    /** Takes each of `all` a step further; who goes on. Those that there is no time for come first of `left`. */
    const round = (all: readonly Waiting[], left: Waiting[]): Waiting[] => {
      const unfinished: Waiting[] = []
      let stepped = 0
      for (const one of all) {
        if (stepped > 0 && now() >= until) break
        stepped++
        if (!one.step()) unfinished.push(one)
        else if (isFull) line.join(one.connection)
      }
      left.unshift(...all.slice(stepped))
      return unfinished
    }
    let going = begun
    begun = []
    if (going.length === 0) {
      const all = waiting
      waiting = []
      going = round(all, waiting)
    }
    while (going.length > 0) going = round(going, begun)
  }
  return (connection, work) =>
    new Promise((resolve, reject) => {
      const step = (): boolean => {
        try {
          const { done, value } = work.next()
          if (done === true) resolve(value)
          return done === true
        } catch (error) {
          reject(error)
          return true
        }
      }
      waiting.push({ connection, step })
      if (count() === MOST) turn()
      plan()
    })
}
