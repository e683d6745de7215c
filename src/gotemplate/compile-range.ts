// Compiles `range`: over lists, maps in key order, integers and nothing (Go's exec.go, walkRange).

import type { BranchNode, ListNode } from './ast.ts'
import { type Compilation, compilePipe, compileStore, type Store } from './compile-pipe.ts'
import { goStringCharged } from './format.ts'
import { FuncError } from './func.ts'
import { BREAK, CLEAN, DONE, type Exec, MARKED, type Run, type Signal, type Taint } from './run.ts'
import { ANY, STRING, wrap } from './types.ts'
import { type GoType, type GoValue, Typed } from './value.ts'
import { entries, indirect, isIntegerKind, kindOf, lengthOf, mapOfValue, toInt } from './value-ops.ts'

/** Steps an entry costs that is put in order. */
const SORT_COST = 4

/** One range action, compiled. */
interface Loop {
  readonly body: Exec
  readonly storeElement: Store | undefined
  readonly storeIndex: Store | undefined
}

export function compileRange(c: Compilation, node: BranchNode, compileList: (list: ListNode) => Exec): Exec {
  const { slots } = c
  const { declared, assigns } = node.pipe
  const mark = slots.mark()
  const pipe = compilePipe(c, node.pipe)
  const inner = slots.mark()
  // With one variable it takes the element, with two the index comes first.
  const stores = declared.map(({ names: [name] }, i) =>
    assigns
      ? compileStore(c, name, true)
      : storeInto(c, inner - declared.length + i, i === declared.length - 1),
  )
  const loop: Loop = { body: compileList(node.list), storeElement: stores.at(-1), storeIndex: stores.at(-2) }
  slots.release(inner)
  const otherwise = node.elseList === undefined ? undefined : compileList(node.elseList)
  slots.release(mark)
  return (run, dot) => {
    run.step()
    run.at = node
    const value = indirect(pipe(run, dot))
    const { dotBoxed, dotTaint } = run
    const taint = run.taint === CLEAN ? CLEAN : MARKED
    const signal = iterate(run, loop, value, taint)
    run.dotBoxed = dotBoxed
    run.dotTaint = dotTaint
    if (signal !== undefined) return signal === BREAK ? DONE : signal
    return otherwise === undefined ? DONE : otherwise(run, dot)
  }
}

function storeInto({ slots, tracking }: Compilation, slot: number, isElement: boolean): Store {
  if (isElement) slots.markRanged(slot)
  return (run, value) => {
    run.variables[slot] = value
    if (isElement) run.boxed[slot] = run.dotBoxed
    if (tracking) run.taints[slot] = run.taint
  }
}

/** All iterations; undefined when there were none. */
function iterate(run: Run, loop: Loop, value: GoValue, taint: Taint): Signal | undefined {
  const kind = kindOf(value)
  if (kind === 'invalid') return undefined
  if (kind === 'slice') return iterateList(run, loop, value, taint)
  if (kind === 'map') return iterateMap(run, loop, value, taint)
  const count = isIntegerKind(kind) ? toInt(value) : undefined
  const text = goStringCharged(value, run.charge)
  if (count === undefined) throw new FuncError(`range can't iterate over ${text}`)
  if (loop.storeIndex !== undefined)
    throw new FuncError(`can't use ${text} to iterate over more than one variable`)
  return iterateCount(run, loop, count, value instanceof Typed ? value.type : undefined, taint)
}

function iterateList(run: Run, loop: Loop, list: GoValue, taint: Taint): Signal | undefined {
  const length = lengthOf(list) ?? 0
  if (length === 0) return undefined
  const elem = list instanceof Typed ? (list.type.elem ?? ANY) : ANY
  const raw = (list instanceof Typed ? list.raw : list) as ArrayLike<unknown>
  run.dotBoxed = elem.kind === 'interface'
  for (let i = 0; i < length; i++) {
    const index = loop.storeIndex === undefined ? undefined : BigInt(i)
    if (once(run, loop, index, wrap(elem, raw[i]), CLEAN, taint) === BREAK) return BREAK
  }
  return DONE
}

function iterateMap(run: Run, loop: Loop, map: GoValue, taint: Taint): Signal | undefined {
  const type = mapOfValue(map)?.type
  run.charge((lengthOf(map) ?? 0) * SORT_COST)
  const pairs = entries(map) ?? []
  if (pairs.length === 0) return undefined
  const key: GoType = type?.key ?? STRING
  run.dotBoxed = type?.elem?.kind === 'interface'
  for (const [name, value] of pairs) {
    if (once(run, loop, wrap(key, name), value, taint, taint) === BREAK) return BREAK
  }
  return DONE
}

function iterateCount(
  run: Run,
  loop: Loop,
  count: bigint,
  type: GoType | undefined,
  taint: Taint,
): Signal | undefined {
  if (count <= 0n) return undefined
  run.dotBoxed = false
  for (let i = 0n; i < count; i++) {
    const value = type === undefined ? i : new Typed(type, i)
    if (once(run, loop, undefined, value, CLEAN, taint) === BREAK) return BREAK
  }
  return DONE
}

function once(
  run: Run,
  loop: Loop,
  index: GoValue,
  element: GoValue,
  indexTaint: Taint,
  taint: Taint,
): Signal {
  run.step()
  if (loop.storeElement !== undefined) {
    run.taint = taint
    // Go stores the element first where two variables of one name are declared.
    loop.storeElement(run, element)
    if (loop.storeIndex !== undefined) {
      run.taint = indexTaint
      loop.storeIndex(run, index)
    }
  }
  run.dotTaint = taint
  return loop.body(run, element)
}
