// Work of one kind side by side: what waits for its turn is done together, once all that has arrived is read. The answers
// to requests that arrive together are then made one after the other, and after that written one after the other. To
// switch between reading, deciding and writing for each of them costs a third more: neither the caches of the processor
// nor those who wait for an answer get any rest.

/** So many at most in one turn: the first of them must not wait long for the last, some milliseconds. */
const MOST = 32

/** Returns what waits for a turn: resolved in the order of the calls, behind the reading of the moment. */
export function turns(): () => Promise<void> {
  const waiting: (() => void)[] = []
  const next = (): void => {
    const now = waiting.splice(0, MOST)
    if (waiting.length > 0) setImmediate(next)
    for (const begin of now) begin()
  }
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(next)
    })
}
