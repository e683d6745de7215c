// Compiles statements for runs that are recorded (record.ts). Each does what its counterpart in compile.ts does; where its
// evaluation met marked data, it tells the recorder how to do it again: with the closure that plain runs use.
// A declaration is always done again, since what it stores may be read later.

import type { ActionNode, BranchNode, ItemNode, ListNode, TemplateNode } from './ast.ts'
import { nodeText } from './ast.ts'
import { FuncError } from './func.ts'
import { LimitError } from './limits.ts'
import { print } from './print.ts'
import { goQuote } from './quote.ts'
import type { Dot, Place, Recorder } from './record.ts'
import { recordRange } from './record-range.ts'
import { type Both, compileBoth, evaluate, type Recorded, recorderOf } from './residual.ts'
import { CLEAN, DONE, type Exec, type Run, SERIALISED } from './run.ts'
import type { GoValue } from './value.ts'
import { truth } from './value-ops.ts'

type CompileList = (list: ListNode) => Exec

/** The recording form of a statement; undefined where the usual form does: break and continue. */
export function compileRecorded(unit: Recorded, item: ItemNode, compileList: CompileList): Exec | undefined {
  switch (item.type) {
    case 'text':
      return (run) => {
        run.step()
        run.write(item.text)
        recorderOf(run).text(item.text)
        return DONE
      }
    case 'action':
      return recordAction(unit, item)
    case 'if':
    case 'with':
      return recordBranch(unit, item, compileList)
    case 'range':
      return recordRange(unit, item, compileList)
    case 'template':
      return recordTemplate(unit, item)
    default:
      return undefined
  }
}

function recordAction(unit: Recorded, node: ActionNode): Exec {
  const both = compileBoth(unit, node.pipe)
  if (node.pipe.declared.length > 0) {
    return (run, dot) => {
      run.step()
      const recorder = recorderOf(run)
      const at = recorder.readDot()
      evaluate(run, both, dot)
      recorder.add(
        (replay) => {
          both.plain(replay.run, at(replay))
          return undefined
        },
        undefined,
        both,
      )
      return DONE
    }
  }
  const printed = (run: Run, value: GoValue): void => {
    if (typeof value === 'string') run.write(value)
    else print(run, node, value)
  }
  return (run, dot) => {
    run.step()
    const recorder = recorderOf(run)
    const at = recorder.readDot()
    const { value, residual } = evaluate(run, both, dot)
    const serialised = run.taint === SERIALISED
    const start = run.text.length
    const before = run.steps
    printed(run, value)
    if (!residual) recorder.text(run.text.slice(start))
    else {
      recorder.spend(run.steps - before)
      recordPrint(recorder, both, at, printed, serialised)
    }
    return DONE
  }
}

function recordPrint(
  recorder: Recorder,
  both: Both,
  at: Dot,
  printed: (run: Run, value: GoValue) => void,
  serialised: boolean,
): void {
  const known = recorder.recall(`print ${both.text}`)
  if (known !== undefined) {
    recorder.hole(known.register, serialised)
    return
  }
  const register = recorder.newText()
  recorder.remember(`print ${both.text}`, register, undefined)
  recorder.hole(register, serialised)
  recorder.add(
    (replay) => {
      const { run } = replay
      run.text = ''
      printed(run, both.plain(run, at(replay)))
      replay.texts[register] = run.text
      return undefined
    },
    undefined,
    { uses: both.uses, sets: both.sets, prints: register },
  )
}

function recordBranch(unit: Recorded, node: BranchNode, compileList: CompileList): Exec {
  const { slots } = unit
  const mark = slots.mark()
  const both = compileBoth(unit, node.pipe)
  const inner = slots.mark()
  const list = compileList(node.list)
  slots.release(inner)
  const elseList = node.elseList === undefined ? undefined : compileList(node.elseList)
  slots.release(mark)
  const isWith = node.type === 'with'
  return (run, dot) => {
    run.step()
    const recorder = recorderOf(run)
    const { value, residual } = evaluate(run, both, dot)
    const { taint } = run
    const holds = truth(value)
    const place: Place = residual
      ? { register: recordCondition(recorder, both, holds), value: undefined }
      : { register: undefined, value }
    if (!holds) return elseList === undefined ? DONE : elseList(run, dot)
    if (!isWith) return list(run, dot)
    const { dotTaint } = run
    const outer = recorder.dot
    run.dotTaint = taint
    recorder.dot = place
    const signal = list(run, value)
    run.dotTaint = dotTaint
    recorder.dot = outer
    return signal
  }
}

/** The value register of a condition. */
function recordCondition(recorder: Recorder, both: Both, holds: boolean): number {
  const known = recorder.recall(`test ${both.text}`)
  if (known !== undefined) return known.register
  const register = recorder.newValue()
  if (!both.declares) recorder.remember(`test ${both.text}`, register, holds)
  const at = recorder.readDot()
  recorder.add(
    (replay) => {
      const value = both.plain(replay.run, at(replay))
      replay.values[register] = value
      return truth(value)
    },
    holds,
    { uses: both.uses, sets: both.sets, writes: register },
  )
  return register
}

function recordTemplate(unit: Recorded, node: TemplateNode): Exec {
  const both = node.pipe === undefined ? undefined : compileBoth(unit, node.pipe)
  const { name } = node
  return (run, dot) => {
    run.step()
    run.at = node
    const recorder = recorderOf(run)
    const tree = unit.trees.get(name)
    if (tree === undefined) throw new FuncError(`template ${goQuote(name)} not defined`)
    if (run.depth >= run.limits.depth)
      throw new LimitError(`exceeded maximum template depth (${run.limits.depth})`)
    const at = recorder.readDot()
    run.taint = CLEAN
    const argument = both === undefined ? { value: undefined, residual: false } : evaluate(run, both, dot)
    const { value, residual } = argument
    const { taint } = run
    const register = residual ? argumentRegister(recorder, node) : undefined
    const { slots } = tree
    const frame = recorder.newFrame()
    recorder.add(
      (replay) => {
        const { run: again, values, callers } = replay
        const passed = residual && both !== undefined ? both.plain(again, at(replay)) : value
        if (register !== undefined) values[register] = passed
        callers.push(again.variables)
        again.variables = new Array<GoValue>(slots)
        again.variables[0] = passed
        return undefined
      },
      undefined,
      { uses: both?.uses ?? [], sets: both?.sets ?? [], writes: register, enters: frame },
    )
    const { variables, taints, dotTaint, name: caller } = run
    const { dot: outer, frame: outerFrame } = recorder
    recorder.dot = { register, value }
    recorder.frame = frame
    run.depth++
    run.name = name
    run.variables = new Array<GoValue>(slots)
    run.variables[0] = value
    run.dotTaint = taint
    run.taints = [taint]
    tree.exec(run, value)
    run.depth--
    run.name = caller
    run.variables = variables
    run.taints = taints
    run.dotTaint = dotTaint
    recorder.dot = outer
    recorder.frame = outerFrame
    recorder.add(
      (replay) => {
        replay.run.variables = replay.callers.pop() ?? []
        return undefined
      },
      undefined,
      { reads: [], leaves: frame },
    )
    return DONE
  }
}

/** `{{ template "x" . }}` passes the dot on: the same register, so that what was evaluated of it is known. */
function argumentRegister(recorder: Recorder, node: TemplateNode): number {
  const isDot = node.pipe !== undefined && nodeText(node.pipe) === '.'
  return (isDot ? recorder.dot.register : undefined) ?? recorder.newValue()
}
