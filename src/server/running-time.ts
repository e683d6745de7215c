// The time that a request was worked on, by a clock that is looked at again and again meanwhile. A process may stand still
// for seconds (a machine without a free processor, a paused container), and that is no fault of the pod whose templates
// happened to run: a deadline by this time refuses those that are slow, not those that met a pause.

/** A pause between two looks counts as this, in milliseconds: no step of a template takes so long. */
const LONGEST_STEP_MS = 100

/** Milliseconds since the call, as `now` tells them (monotonic), but longer pauses between two calls cut short. */
export function runningTime(now: () => number): () => number {
  let looked = now()
  let running = 0
  return () => {
    const time = now()
    running += Math.min(time - looked, LONGEST_STEP_MS)
    looked = time
    return running
  }
}
