// Evaluations in a run that is recorded: a pipeline is compiled twice over the same variable slots, once for that run, which
// finds out whether anything marked has an influence, and once for replays, which repeat it as a plain run would.

import type { PipeNode } from './ast.ts'
import { nodeText } from './ast.ts'
import type { Compilation } from './compile-call.ts'
import { compilePipe, type Eval } from './compile-pipe.ts'
import { RecordedRun, type Recorder } from './record.ts'
import { CLEAN, type Exec, MARKED, type Run } from './run.ts'
import type { GoValue } from './value.ts'

/** What the closures of a template that is recorded have in common. */
export interface Recorded extends Compilation {
  /** The same for closures that replays use. */
  readonly plain?: Compilation
  /** All templates, by name. */
  readonly trees: ReadonlyMap<string, { readonly exec: Exec; readonly slots: number }>
}

/** A pipeline, compiled twice over the same variable slots: for the run that is recorded, and for replays. */
export interface Both {
  readonly tracked: Eval
  readonly plain: Eval
  readonly text: string
  readonly declares: boolean
  /** Variables that it may read, and may set. */
  readonly uses: readonly string[]
  readonly sets: readonly string[]
}

export function compileBoth(unit: Recorded, pipe: PipeNode): Both {
  const mark = unit.slots.mark()
  const tracked = compilePipe(unit, pipe)
  unit.slots.release(mark)
  const plain = compilePipe(unit.plain ?? unit, pipe)
  const uses = new Set<string>()
  const sets = new Set<string>()
  collectVariables(pipe, uses, sets)
  return { tracked, plain, text: nodeText(pipe), declares: sets.size > 0, uses: [...uses], sets: [...sets] }
}

function collectVariables(pipe: PipeNode, uses: Set<string>, sets: Set<string>): void {
  for (const { names } of pipe.declared) sets.add(names[0])
  for (const { args } of pipe.commands) {
    for (const arg of args) {
      let inner = arg
      while (inner.type === 'chain') inner = inner.of
      if (inner.type === 'variable') uses.add(inner.names[0])
      else if (inner.type === 'pipe') collectVariables(inner, uses, sets)
    }
  }
}

export function recorderOf(run: Run): Recorder {
  if (!(run instanceof RecordedRun)) throw new RangeError('a recording closure runs without a recorder')
  return run.recorder
}

/** Evaluates; whether a replay must do so, too. What a replay does itself is not among the constant steps. */
export function evaluate(run: Run, both: Both, dot: GoValue): { value: GoValue; residual: boolean } {
  const before = run.steps
  run.touched = false
  run.taint = CLEAN
  const value = both.tracked(run, dot)
  const residual = run.touched || run.taint !== CLEAN || both.declares
  if (run.touched && run.taint === CLEAN) run.taint = MARKED
  if (residual) recorderOf(run).spend(run.steps - before)
  return { value, residual }
}
