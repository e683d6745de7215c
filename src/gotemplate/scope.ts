// Which slot of a run holds which variable, decided while compiling. Go keeps a stack of names at run time and looks
// the name up from its top; the same name means the same entry in both, so the stack depth at compile time is the slot.

/** A declared variable that has not been reached in this run: it was inside an argument that and/or skipped. */
export const UNSET: unique symbol = Symbol('unset')

interface Entry {
  readonly name: string
  /** Declared inside an argument that may not be evaluated. */
  readonly maybe: boolean
  /** Set to the elements of a list or map by a range. */
  ranged: boolean
}

export class Slots {
  /** How many slots a run of this template needs. */
  size = 1
  /** Above 0 inside arguments that may not be evaluated. */
  private uncertain = 0
  private readonly entries: Entry[] = [{ name: '$', maybe: false, ranged: false }]

  declare(name: string): number {
    const slot = this.entries.push({ name, maybe: this.uncertain > 0, ranged: false }) - 1
    this.size = Math.max(this.size, slot + 1)
    return slot
  }

  /**
   * The slots that may hold the variable, the first set one counts; `certain` when the last is always set.
   * Empty when the variable is not declared here.
   */
  find(name: string): { slots: number[]; certain: boolean } {
    const slots: number[] = []
    for (let slot = this.entries.length - 1; slot >= 0; slot--) {
      const entry = this.entries[slot]
      if (entry?.name !== name) continue
      slots.push(slot)
      if (!entry.maybe) return { slots, certain: true }
    }
    return { slots, certain: false }
  }

  markRanged(slot: number): void {
    const entry = this.entries[slot]
    if (entry !== undefined) entry.ranged = true
  }

  /** The slot of a variable that holds elements of a range; undefined for other variables. */
  rangedSlot(name: string): number | undefined {
    const slot = this.entries.findLastIndex((entry) => entry.name === name)
    return this.entries[slot]?.ranged === true ? slot : undefined
  }

  mark(): number {
    return this.entries.length
  }

  /** Forgets what was declared since the mark. */
  release(mark: number): void {
    this.entries.length = mark
  }

  /** Runs `compile` for an argument that may not be evaluated; the slots it declares. */
  uncertainly<T>(compile: () => T): { result: T; declared: number[] } {
    const mark = this.mark()
    this.uncertain++
    const result = compile()
    this.uncertain--
    return { result, declared: Array.from({ length: this.mark() - mark }, (_, i) => mark + i) }
  }
}
