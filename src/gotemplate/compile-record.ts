// Compiles statements for runs that are recorded (record.ts). Each does what its counterpart in compile.ts does; where its
// evaluation met marked data, it tells the recorder how to do it again: with the closure that plain runs use.
// A declaration is always done again, since what it stores may be read later.

import type { ActionNode, BranchNode, ItemNode, ListNode, PipeNode, TemplateNode } from './ast.ts'
import { nodeText } from './ast.ts'
import type { Unit } from './compile.ts'
import { compilePipe, compileStore, type Eval, type Store } from './compile-pipe.ts'
import { FuncError } from './func.ts'
import { LimitError } from './limits.ts'
import { print } from './print.ts'
import { goQuote } from './quote.ts'
import type { Dot, Place, Recorder, Replay } from './record.ts'
import { BREAK, CLEAN, DONE, type Exec, MARKED, type Run, SERIALISED, type Signal } from './run.ts'
import { ANY, STRING, wrap } from './types.ts'
import { type GoValue, Typed } from './value.ts'
import { entries, indirect, isIntegerKind, kindOf, lengthOf, mapOfValue, toInt, truth } from './value-ops.ts'

type CompileList = (list: ListNode) => Exec

/** The recording form of a statement; undefined where the usual form does: break and continue. */
export function compileRecorded(unit: Unit, item: ItemNode, compileList: CompileList): Exec | undefined {
  switch (item.type) {
    case 'text':
      return (run) => {
        run.step()
        run.write(item.text)
        run.recorder?.text(item.text)
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

/** A pipeline, compiled twice over the same variable slots: for the run that is recorded, and for replays. */
interface Both {
  readonly tracked: Eval
  readonly plain: Eval
  readonly text: string
  readonly declares: boolean
}

function compileBoth(unit: Unit, pipe: PipeNode): Both {
  const mark = unit.slots.mark()
  const tracked = compilePipe(unit, pipe)
  unit.slots.release(mark)
  const plain = compilePipe(unit.plain ?? unit, pipe)
  return { tracked, plain, text: nodeText(pipe), declares: declares(pipe) }
}

function declares(pipe: PipeNode): boolean {
  if (pipe.declared.length > 0) return true
  return pipe.commands.some(({ args }) =>
    args.some((arg) => {
      const inner = arg.type === 'chain' ? arg.of : arg
      return inner.type === 'pipe' && declares(inner)
    }),
  )
}

function recorderOf(run: Run): Recorder {
  if (run.recorder === undefined) throw new RangeError('a recording closure runs without a recorder')
  return run.recorder
}

/** Evaluates; whether a replay must do so, too. What a replay does itself is not among the constant steps. */
function evaluate(run: Run, both: Both, dot: GoValue): { value: GoValue; residual: boolean } {
  const before = run.steps
  run.touched = false
  run.taint = CLEAN
  const value = both.tracked(run, dot)
  const residual = run.touched || run.taint !== CLEAN || both.declares
  if (run.touched && run.taint === CLEAN) run.taint = MARKED
  if (residual) recorderOf(run).spend(run.steps - before)
  return { value, residual }
}

function recordAction(unit: Unit, node: ActionNode): Exec {
  const both = compileBoth(unit, node.pipe)
  if (node.pipe.declared.length > 0) {
    return (run, dot) => {
      run.step()
      const recorder = recorderOf(run)
      const at = recorder.readDot()
      evaluate(run, both, dot)
      recorder.add((replay) => {
        both.plain(replay.run, at(replay))
        return undefined
      }, undefined)
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
  recorder.add((replay) => {
    const { run } = replay
    run.text = ''
    printed(run, both.plain(run, at(replay)))
    replay.texts[register] = run.text
    return undefined
  }, undefined)
}

function recordBranch(unit: Unit, node: BranchNode, compileList: CompileList): Exec {
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
  recorder.add((replay) => {
    const value = both.plain(replay.run, at(replay))
    replay.values[register] = value
    return truth(value)
  }, holds)
  return register
}

/** One iteration: the index or key, and the element. */
interface Item {
  readonly index: GoValue
  readonly element: GoValue
}

/** What a range goes over; `shape` is equal for values that it goes over in the same number of equal indexes and keys. */
interface Items {
  readonly shape: string
  readonly count: number
  readonly at: (i: number) => Item
  readonly cost: number
  readonly keyed: boolean
}

/** More iterations are not unrolled. */
const MAX_ITEMS = 1000

const SORT_COST = 4

function itemsOf(value: GoValue): Items {
  const kind = kindOf(value)
  if (kind === 'invalid') return { shape: 'nothing', count: 0, at: () => NO_ITEM, cost: 0, keyed: false }
  const count = kind === 'slice' || kind === 'map' ? (lengthOf(value) ?? 0) : countOf(value, kind)
  if (count > MAX_ITEMS) return { shape: 'many', count, at: () => NO_ITEM, cost: 0, keyed: false }
  if (kind === 'slice') {
    const elem = value instanceof Typed ? (value.type.elem ?? ANY) : ANY
    const raw = (value instanceof Typed ? value.raw : value) as ArrayLike<unknown>
    const at = (i: number): Item => ({ index: BigInt(i), element: wrap(elem, raw[i]) })
    return { shape: `list ${count}`, count, at, cost: 0, keyed: false }
  }
  if (kind === 'map') {
    const pairs = entries(value) ?? []
    const key = mapOfValue(value)?.type.key ?? STRING
    const at = (i: number): Item => {
      const pair = pairs[i]
      return pair === undefined ? NO_ITEM : { index: wrap(key, pair[0]), element: pair[1] }
    }
    const shape = `map ${JSON.stringify(pairs.map(([name]) => name))}`
    return { shape, count, at, cost: count * SORT_COST, keyed: true }
  }
  const type = value instanceof Typed ? value.type : undefined
  const at = (i: number): Item => {
    const element = type === undefined ? BigInt(i) : new Typed(type, BigInt(i))
    return { index: undefined, element }
  }
  return { shape: `count ${count}`, count, at, cost: 0, keyed: false }
}

const NO_ITEM: Item = { index: undefined, element: undefined }

function countOf(value: GoValue, kind: string): number {
  const count = isIntegerKind(kind) ? toInt(value) : undefined
  if (count === undefined) throw new FuncError('range cannot iterate')
  return Math.max(0, Number(count))
}

interface Loop {
  readonly both: Both
  readonly body: Exec
  readonly otherwise: Exec | undefined
  readonly storeElement: Store | undefined
  readonly storeIndex: Store | undefined
}

function recordRange(unit: Unit, node: BranchNode, compileList: CompileList): Exec {
  const { slots } = unit
  const { declared, assigns } = node.pipe
  const mark = slots.mark()
  const both = compileBoth(unit, node.pipe)
  const inner = slots.mark()
  const stores = declared.map(({ names: [name] }, i): Store => {
    if (assigns) return compileStore(unit, name, true)
    const slot = inner - declared.length + i
    if (i === declared.length - 1) slots.markRanged(slot)
    return (run, value) => {
      run.variables[slot] = value
      run.taints[slot] = run.taint
    }
  })
  const body = compileList(node.list)
  slots.release(inner)
  const otherwise = node.elseList === undefined ? undefined : compileList(node.elseList)
  slots.release(mark)
  const loop: Loop = { both, body, otherwise, storeElement: stores.at(-1), storeIndex: stores.at(-2) }
  return (run, dot) => runRange(run, dot, loop)
}

function runRange(run: Run, dot: GoValue, loop: Loop): Signal {
  run.step()
  const recorder = recorderOf(run)
  const at = recorder.readDot()
  const { value: found, residual } = evaluate(run, loop.both, dot)
  const taint = run.taint === CLEAN ? CLEAN : MARKED
  const value = indirect(found)
  const items = itemsOf(value)
  if (items.shape === 'many') recorder.refuse('a range goes over too many items')
  run.charge(items.cost)
  let list: number | undefined
  if (residual) {
    list = recorder.newValue()
    recordItems(recorder, loop.both, at, list, items)
  }
  if (items.count === 0) return loop.otherwise === undefined ? DONE : loop.otherwise(run, dot)
  const { dotTaint } = run
  const outer = recorder.dot
  let signal: Signal = DONE
  for (let i = 0; i < items.count; i++) {
    run.step()
    const item = items.at(i)
    recorder.dot = recordItem(recorder, loop, list, i, item)
    if (loop.storeElement !== undefined) {
      run.taint = taint
      loop.storeElement(run, item.element)
      run.taint = items.keyed ? taint : CLEAN
      loop.storeIndex?.(run, item.index)
    }
    run.dotTaint = taint
    signal = loop.body(run, item.element)
    if (signal === BREAK) break
  }
  run.dotTaint = dotTaint
  recorder.dot = outer
  return DONE
}

/** The value register `list` gets what is gone over, as Items. */
function recordItems(recorder: Recorder, both: Both, at: Dot, list: number, items: Items): void {
  recorder.add((replay) => {
    const found = itemsOf(indirect(both.plain(replay.run, at(replay))))
    replay.values[list] = found
    return found.shape
  }, items.shape)
}

/** The place of item `i` as a dot; variables are set in replays as in the run, to constants where nothing is marked. */
function recordItem(recorder: Recorder, loop: Loop, list: number | undefined, i: number, item: Item): Place {
  const { storeElement, storeIndex } = loop
  const register = list === undefined ? undefined : recorder.newValue()
  if (register === undefined && storeElement === undefined) return { register, value: item.element }
  recorder.add((replay: Replay) => {
    const found = list === undefined ? item : (replay.values[list] as Items).at(i)
    if (register !== undefined) replay.values[register] = found.element
    storeElement?.(replay.run, found.element)
    storeIndex?.(replay.run, found.index)
    return undefined
  }, undefined)
  return { register, value: item.element }
}

function recordTemplate(unit: Unit, node: TemplateNode): Exec {
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
    recorder.add((replay) => {
      const { run: again, values, callers } = replay
      const passed = residual && both !== undefined ? both.plain(again, at(replay)) : value
      if (register !== undefined) values[register] = passed
      callers.push(again.variables)
      again.variables = new Array<GoValue>(slots)
      again.variables[0] = passed
      return undefined
    }, undefined)
    const { variables, taints, dotTaint, name: caller } = run
    const outer = recorder.dot
    recorder.dot = { register, value }
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
    recorder.add((replay) => {
      replay.run.variables = replay.callers.pop() ?? []
      return undefined
    }, undefined)
    return DONE
  }
}

/** `{{ template "x" . }}` passes the dot on: the same register, so that what was evaluated of it is known. */
function argumentRegister(recorder: Recorder, node: TemplateNode): number {
  const isDot = node.pipe !== undefined && nodeText(node.pipe) === '.'
  return (isDot ? recorder.dot.register : undefined) ?? recorder.newValue()
}
