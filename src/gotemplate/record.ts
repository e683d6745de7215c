// What a run of a template does with marked data, taken down as operations that can be done again for other data, without
// the template: evaluations, and outcomes (guards) that decided which way the run went. Everything else of the run is
// constant. One operation is one evaluation of the very closure that a plain run uses; nothing is computed another way.
//
// Operations in order are a residual program. Two runs with the same outcomes so far do the same operations next, so that
// recorded runs of one template form a tree that branches at outcomes.

import { Run } from './run.ts'
import type { GoValue } from './value.ts'

/** What decided: the truth of a condition, or the size or keys of what a range went over. */
export type Outcome = boolean | string

/** One step of a residual program; an outcome if the way depends on it. Throws what the evaluation throws. */
export type Operation = (replay: Replay) => Outcome | undefined

export interface Step {
  readonly operation: Operation
  readonly outcome: Outcome | undefined
  readonly flow: Flow
}

/** Which part of a replay's state a step reads and writes at most. */
export interface Flow {
  /** Variables it may read and may set, those of `frame`. */
  readonly uses: readonly string[]
  readonly sets: readonly string[]
  /** Value registers. */
  readonly reads: readonly number[]
  readonly writes: number | undefined
  /** Text register. */
  readonly prints: number | undefined
  /** The variables of one call of a template; 0 for the outermost. */
  readonly frame: number
  /** The frame that begins or ends with the step. */
  readonly enters: number | undefined
  readonly leaves: number | undefined
}

/** A recorded run. Its output is texts[0], hole, texts[1], hole, …, texts[n]. */
export interface Recording {
  readonly steps: readonly Step[]
  readonly texts: readonly string[]
  /** Which register of the replay has the text of each hole. */
  readonly holes: readonly number[]
  /** Of each hole: whether a serialiser printed it. */
  readonly serialised: readonly boolean[]
  /** Number of text registers. */
  readonly registers: number
  /** Steps of the run's budget that were spent on constant parts. */
  readonly constantSteps: number
  /** An evaluation that recurred was recorded once; the most often it recurred. */
  readonly repeats: number
}

/** A run that cannot be recorded; the message says why. */
export class Unrecordable extends Error {}

/** More operations are not worth being kept. */
const MAX_STEPS = 4000

/** The dot of a statement: constant, or the value in a register. */
export interface Place {
  readonly register: number | undefined
  readonly value: GoValue
}

/** The state of one replay. */
export class Replay {
  readonly run: Run
  /** Dots, conditions and what is gone over, by register; 0 is the root. */
  readonly values: unknown[]
  readonly texts: string[] = []
  /** Variables of the templates that called the one at hand. */
  readonly callers: GoValue[][] = []

  constructor(root: GoValue, run: Run) {
    this.run = run
    this.values = [root]
    run.variables = [root]
  }
}

/** Reads the dot. */
export type Dot = (replay: Replay) => GoValue

export class Recorder {
  /** The dot of the statement at hand. */
  dot: Place = { register: 0, value: undefined }
  /** The variables of the template at hand. */
  frame = 0
  private frames = 1
  private readonly steps: Step[] = []
  private readonly texts: string[] = ['']
  private readonly holes: number[] = []
  private readonly serialised: boolean[] = []
  private values = 1
  private registers = 0
  private spent = 0
  private readonly known = new Map<
    string,
    { register: number; outcome: Outcome | undefined; times: number }
  >()

  /** Ends the run: it is not worth recording. */
  refuse(reason: string): never {
    throw new Unrecordable(reason)
  }

  /** `flow` says what the step does besides reading the dot. */
  add(operation: Operation, outcome: Outcome | undefined, flow: Partial<Flow>): void {
    const { register } = this.dot
    const all: Flow = {
      uses: [],
      sets: [],
      reads: register === undefined ? [] : [register],
      writes: undefined,
      prints: undefined,
      frame: this.frame,
      enters: undefined,
      leaves: undefined,
      ...flow,
    }
    if (this.steps.push({ operation, outcome, flow: all }) > MAX_STEPS) this.refuse('too many operations')
  }

  /** A frame of variables that no other call has. */
  newFrame(): number {
    return this.frames++
  }

  /** Steps spent by an evaluation that a replay does itself. */
  spend(steps: number): void {
    this.spent += steps
  }

  text(piece: string): void {
    this.texts[this.texts.length - 1] += piece
  }

  hole(register: number, serialised: boolean): void {
    this.holes.push(register)
    this.serialised.push(serialised)
    this.texts.push('')
  }

  newValue(): number {
    return this.values++
  }

  newText(): number {
    return this.registers++
  }

  /** How to read the present dot in a replay. */
  readDot(): Dot {
    const { register, value } = this.dot
    return register === undefined ? () => value : (replay) => replay.values[register] as GoValue
  }

  /**
   * The register of an evaluation that was recorded before and cannot come out differently now: the same expression
   * without variables, of the same dot. `expression` says what is done with it, too.
   */
  recall(expression: string): { register: number; outcome: Outcome | undefined } | undefined {
    const found = this.known.get(this.keyOf(expression))
    if (found !== undefined) found.times++
    return found
  }

  remember(expression: string, register: number, outcome: Outcome | undefined): void {
    const { register: dot } = this.dot
    if (dot === undefined || expression.includes('$')) return
    this.known.set(this.keyOf(expression), { register, outcome, times: 1 })
  }

  private keyOf(expression: string): string {
    return `${this.dot.register ?? ''} ${expression}`
  }

  /** The recording of a run that spent `steps` in all. */
  finish(steps: number): Recording {
    let repeats = 1
    for (const { times } of this.known.values()) repeats = Math.max(repeats, times)
    const { texts, holes, serialised, registers } = this
    const constantSteps = steps - this.spent
    return { steps: this.steps, texts, holes, serialised, registers, constantSteps, repeats }
  }
}

/** A run that is recorded. */
export class RecordedRun extends Run {
  readonly recorder = new Recorder()
}
