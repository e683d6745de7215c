// Results of a pure function by its text, for texts that come again and again. Bounded, since some texts are made up by
// callers: when there are too many all are forgotten, and long ones are not kept. The results are those of the function.

export interface Bounds {
  readonly most: number
  /** UTF-16 units of a text that is kept. */
  readonly longest: number
}

/** `make`, which is asked once for a text that is kept. */
export function remembering<T>(make: (text: string) => T, { most, longest }: Bounds): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const made = make(text)
    if (text.length > longest) return made
    if (known.size >= most) known.clear()
    known.set(text, made)
    return made
  }
}
