// The state of one execution: output, variables, budget, and the node at hand for error texts (Go's exec.go, state).
// The compiled template never changes; everything that does is here.

import type { Node } from './ast.ts'
import { type Deadline, LimitError, type TemplateLimits } from './limits.ts'
import type { GoValue } from './value.ts'

/** A region of the output that was printed from marked data; offsets in UTF-16 units. */
export interface Mark {
  readonly start: number
  readonly end: number
  /** Of the action, from 1. */
  readonly line: number
  readonly column: number
  readonly expression: string
  /** The last function made a serialised form of its argument (toJSON, toYaml). */
  readonly serialised: boolean
}

/** A region of the output, and the text or action of the source that wrote it; offsets in UTF-16 units. */
export interface Span {
  readonly start: number
  readonly end: number
  /** Where the text or the action begins in the source. */
  readonly pos: number
  /** Of an action; literal text has none. */
  readonly expression?: string
}

/** How far a value comes from marked data. */
export type Taint = 0 | 1 | 2 | 3
export const CLEAN = 0
export const MARKED = 1
/** The root value: only some of its fields are marked. */
export const ROOT = 2
/** Marked data in a serialised form. */
export const SERIALISED = 3

/** How a list of items ended. */
export type Signal = 0 | 1 | 2
export const DONE = 0
export const BREAK = 1
export const CONTINUE = 2

/** An item or a list of items, compiled. */
export type Exec = (run: Run, dot: GoValue) => Signal

/** Steps between two looks at the clock. */
const CLOCK_INTERVAL = 4096

const NO_NODE: Node = { type: 'dot', pos: 0 }

export class Run {
  text = ''
  /** Variables of the template being executed, by slot. */
  variables: GoValue[]
  /** True when the dot was held by an interface: error texts name that type then. */
  dotBoxed = false
  /** The same for variables that a range sets, by slot. */
  boxed: boolean[] = []
  /** The node at hand, and the name of the template it belongs to. */
  at: Node = NO_NODE
  name: string
  depth = 0
  /** The rest is for runs with marks only: how far the latest value, the dot and the variables are marked. */
  taint: Taint = CLEAN
  finalTaint: Taint = CLEAN
  dotTaint: Taint = CLEAN
  taints: Taint[] = []
  /** Whether anything marked was read since this was last reset: by values, or by what chose between them. */
  touched = false
  /** Whether something was done that cannot be done again for other data. */
  unrecordable = false
  readonly marks: Mark[] = []
  /** Where the output comes from, when that was asked for. */
  spans: Span[] | undefined
  readonly marked: ReadonlySet<string>
  readonly limits: TemplateLimits
  private readonly deadline: Deadline | undefined
  private size = 0
  private spent = 0
  /** The count of steps at which the budget is looked at next. */
  private pause: number

  constructor(
    name: string,
    limits: TemplateLimits,
    deadline: Deadline | undefined,
    marked: ReadonlySet<string>,
  ) {
    this.name = name
    this.limits = limits
    this.deadline = deadline
    this.marked = marked
    this.variables = []
    this.pause = deadline === undefined ? limits.steps : 0
  }

  /** Steps so far. */
  get steps(): number {
    return this.spent
  }

  /** Appends to the output. */
  write(piece: string): void {
    this.size += piece.length
    if (this.size > this.limits.outputBytes) {
      throw new LimitError(`output is longer than the limit of ${this.limits.outputBytes}`)
    }
    this.text += piece
  }

  step(): void {
    if (++this.spent > this.pause) this.checkBudget()
  }

  /** Charges work of functions before it is done. A property, so that it can be passed on. */
  readonly charge = (count: number): void => {
    this.spent += count
    if (this.spent > this.pause) this.checkBudget()
  }

  private checkBudget(): void {
    if (this.spent > this.limits.steps)
      throw new LimitError(`needs more than the limit of ${this.limits.steps} steps`)
    if (this.deadline !== undefined && this.deadline.now() > this.deadline.at) {
      throw new LimitError('takes longer than the time limit')
    }
    this.pause = Math.min(this.spent + CLOCK_INTERVAL, this.limits.steps)
  }
}
