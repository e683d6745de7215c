// What one execution of a template may spend. Everything is charged before it is done or allocated, so an endless or
// exploding template stops at the limit and not at the end of memory.

export interface TemplateLimits {
  /** Nodes executed, a fixed cost for each call, and what functions charge: elements and characters they make. */
  readonly steps: number
  /** Length of the output, in UTF-16 units. */
  readonly outputBytes: number
  /** Templates that execute each other. */
  readonly depth: number
}

/** Far above what an injection template needs; a run to any of them stays under 200 ms. */
export const DEFAULT_LIMITS: TemplateLimits = { steps: 2_000_000, outputBytes: 8 * 1024 * 1024, depth: 200 }

/** A point in time after which a run ends, on the clock that is passed with it. */
export interface Deadline {
  readonly now: () => number
  readonly at: number
}

/** A limit has been reached; the engine turns it into a TemplateError with the place. */
export class LimitError extends Error {}
