// Work of one kind side by side: what waits for its turn is done together, once all that has arrived is read, or enough of
// it that more would only fill the memory. The answers
// to requests that arrive together are then made one after the other, and after that written one after the other. To
// switch between reading, deciding and writing for each of them costs a third more: neither the caches of the processor
// nor those who wait for an answer get any rest.

/** So much at most in one turn: the first that is done must not wait long for the last, nor other events for all. */
const MOST = 32
const LONGEST_MS = 10

/** Does `work` in the next turn, in the order of the calls; resolves with its result, or rejects with what it throws. */
export type TakeTurn = <T>(work: () => T) => Promise<T>

/** `now` is monotonic, in milliseconds. */
export function turns(now: () => number): TakeTurn {
  let waiting: (() => void)[] = []
  let isPlanned = false
  const plan = (): void => {
    if (isPlanned || waiting.length === 0) return
    isPlanned = true
    setImmediate(() => {
      isPlanned = false
      turn()
    })
  }
  const turn = (): void => {
    const until = now() + LONGEST_MS
    let done = 0
    while (done < waiting.length && done < MOST && (done === 0 || now() < until)) waiting[done++]?.()
    waiting = waiting.slice(done)
    plan()
  }
  return (work) =>
    new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(work())
        } catch (error) {
          reject(error)
        }
      }
      if (waiting.push(run) === MOST) turn()
      else plan()
    })
}
