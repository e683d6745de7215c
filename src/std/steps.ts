// Work in steps: `yield` stands where it may be left for a while, since what follows is work of another kind. Others of its
// like can be taken as far meanwhile, so that work of one kind is done side by side.

/** Work that comes to a `T`. */
export type Steps<T> = Generator<undefined, T, undefined>

/** All the steps, one after the other. Throws what one of them throws. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
