// Compiles `range` for runs that are recorded: unrolled, with what is gone over guarded by its length or its keys.
// Does what compile-range.ts does, in the same order and at the same cost in steps.

import type { BranchNode, ListNode } from './ast.ts'
import { compileStore, type Store } from './compile-pipe.ts'
import { FuncError } from './func.ts'
import type { Dot, Place, Recorder, Replay } from './record.ts'
import { type Both, compileBoth, evaluate, type Recorded, recorderOf } from './residual.ts'
import { BREAK, CLEAN, DONE, type Exec, MARKED, type Run, type Signal } from './run.ts'
import { ANY, STRING, wrap } from './types.ts'
import { type GoValue, Typed } from './value.ts'
import { entries, indirect, isIntegerKind, kindOf, lengthOf, mapOfValue, toInt } from './value-ops.ts'

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

/** The recording form of `range`; `compileList` compiles its bodies. */
export function recordRange(unit: Recorded, node: BranchNode, compileList: (list: ListNode) => Exec): Exec {
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
  recorder.add(
    (replay) => {
      const found = itemsOf(indirect(both.plain(replay.run, at(replay))))
      replay.values[list] = found
      return found.shape
    },
    items.shape,
    { uses: both.uses, sets: both.sets, writes: list },
  )
}

/** The place of item `i` as a dot; variables are set in replays as in the run, to constants where nothing is marked. */
function recordItem(recorder: Recorder, loop: Loop, list: number | undefined, i: number, item: Item): Place {
  const { storeElement, storeIndex } = loop
  const register = list === undefined ? undefined : recorder.newValue()
  if (register === undefined && storeElement === undefined) return { register, value: item.element }
  recorder.add(
    (replay: Replay) => {
      const found = list === undefined ? item : (replay.values[list] as Items).at(i)
      if (register !== undefined) replay.values[register] = found.element
      storeElement?.(replay.run, found.element)
      storeIndex?.(replay.run, found.index)
      return undefined
    },
    undefined,
    { sets: loop.both.sets, reads: list === undefined ? [] : [list], writes: register },
  )
  return { register, value: item.element }
}
