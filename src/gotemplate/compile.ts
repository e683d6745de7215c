// Compiles the trees of a template to closures (Go's exec.go: walk, walkIfOrWith, walkRange, walkTemplate).
// In: syntax trees and functions. Out: one closure a tree. Nothing here changes after compiling; all state is the Run.

import type { ActionNode, BranchNode, ItemNode, ListNode, TemplateNode, TextNode } from './ast.ts'
import { nodeText } from './ast.ts'
import { type Compilation, compileArg, compilePipe, type Eval } from './compile-pipe.ts'
import { compileRange } from './compile-range.ts'
import { compileRecorded } from './compile-record.ts'
import type { Source } from './error.ts'
import { FuncError, type TemplateFunc } from './func.ts'
import { LimitError } from './limits.ts'
import { print } from './print.ts'
import { goQuote } from './quote.ts'
import { BREAK, CLEAN, CONTINUE, DONE, type Exec, type Mark, SERIALISED } from './run.ts'
import { Slots } from './scope.ts'
import type { GoValue } from './value.ts'
import { type MissingKey, truth } from './value-ops.ts'

export interface CompiledTree {
  readonly exec: Exec
  /** Number of variable slots. */
  readonly slots: number
}

export interface CompileOptions {
  readonly funcs: ReadonlyMap<string, TemplateFunc>
  readonly missing: MissingKey
  /** Whether runs record marks. */
  readonly tracking: boolean
  /** With tracking: whether runs are taken down by a Recorder. */
  readonly recording?: boolean
  readonly replaying?: boolean
}

/** Compiled trees by name; filled while compiling, so that templates may call each other. */
export type CompiledTrees = Map<string, CompiledTree>

interface Unit extends Compilation {
  readonly trees: CompiledTrees
  readonly source: Source
  /** When recording: the same unit for closures that replays use. */
  readonly plain?: Unit
}

/** Compiles every tree of `source`. */
export function compileTrees(
  trees: ReadonlyMap<string, ListNode>,
  source: Source,
  options: CompileOptions,
): CompiledTrees {
  const compiled: CompiledTrees = new Map()
  for (const [name, list] of trees) {
    const slots = new Slots()
    const unitFor = (chosen: CompileOptions, plain?: Unit): Unit => {
      const common = { ...chosen, slots, trees: compiled, source }
      const unit: Unit = {
        ...common,
        ...(plain === undefined ? {} : { plain }),
        arg: (node, type) => compileArg(unit, node, type),
      }
      return unit
    }
    const plain =
      options.recording === true
        ? { ...options, tracking: false, recording: false, replaying: true }
        : undefined
    const unit = unitFor(options, plain && unitFor(plain))
    const exec = compileList(unit, list)
    compiled.set(name, { exec, slots: slots.size })
  }
  return compiled
}

function compileList(unit: Unit, list: ListNode): Exec {
  const items = list.map((item) => compileItem(unit, item))
  const [first, second] = items
  if (first === undefined) return () => DONE
  if (second === undefined) return first
  return (run, dot) => {
    for (let i = 0; i < items.length; i++) {
      const signal = (items[i] as Exec)(run, dot)
      if (signal !== DONE) return signal
    }
    return DONE
  }
}

function compileItem(unit: Unit, item: ItemNode): Exec {
  if (unit.recording === true) {
    const recorded = compileRecorded(unit, item, (list) => compileList(unit, list))
    if (recorded !== undefined) return recorded
  }
  switch (item.type) {
    case 'text':
      return compileText(unit, item)
    case 'action':
      return compileAction(unit, item)
    case 'if':
    case 'with':
      return compileBranch(unit, item)
    case 'range':
      return compileRange(unit, item, (list) => compileList(unit, list))
    case 'template':
      return compileTemplate(unit, item)
    case 'break':
      return () => BREAK
    case 'continue':
      return () => CONTINUE
  }
}

function compileText(unit: Unit, { text, pos }: TextNode): Exec {
  if (unit.tracking) {
    return (run) => {
      run.step()
      const start = run.text.length
      run.write(text)
      run.spans?.push({ start, end: run.text.length, pos })
      return DONE
    }
  }
  return (run) => {
    run.step()
    run.write(text)
    return DONE
  }
}

function compileAction(unit: Unit, node: ActionNode): Exec {
  const value = compilePipe(unit, node.pipe)
  if (node.pipe.declared.length > 0) {
    return (run, dot) => {
      run.step()
      value(run, dot)
      return DONE
    }
  }
  if (unit.tracking) return compileMarkedAction(unit, node, value)
  return (run, dot) => {
    run.step()
    const result = value(run, dot)
    if (typeof result === 'string') run.write(result)
    else print(run, node, result)
    return DONE
  }
}

function compileMarkedAction(unit: Unit, node: ActionNode, value: Eval): Exec {
  const { line, column } = unit.source.placeOf(node.pos)
  const expression = nodeText(node.pipe)
  return (run, dot) => {
    run.step()
    const result = value(run, dot)
    const { taint } = run
    const start = run.text.length
    print(run, node, result)
    run.spans?.push({ start, end: run.text.length, pos: node.pos, expression })
    if (taint !== CLEAN) {
      const mark: Mark = {
        start,
        end: run.text.length,
        line,
        column,
        expression,
        serialised: taint === SERIALISED,
      }
      run.marks.push(mark)
    }
    return DONE
  }
}

function compileBranch(unit: Unit, node: BranchNode): Exec {
  const { slots, tracking } = unit
  const mark = slots.mark()
  const condition = compilePipe(unit, node.pipe)
  const inner = slots.mark()
  const list = compileList(unit, node.list)
  slots.release(inner)
  const elseList = node.elseList === undefined ? undefined : compileList(unit, node.elseList)
  slots.release(mark)
  if (node.type === 'if') {
    return (run, dot) => {
      run.step()
      if (truth(condition(run, dot))) return list(run, dot)
      return elseList === undefined ? DONE : elseList(run, dot)
    }
  }
  return (run, dot) => {
    run.step()
    const value = condition(run, dot)
    if (!truth(value)) return elseList === undefined ? DONE : elseList(run, dot)
    const { dotBoxed, dotTaint } = run
    run.dotBoxed = false
    if (tracking) run.dotTaint = run.taint
    const signal = list(run, value)
    run.dotBoxed = dotBoxed
    run.dotTaint = dotTaint
    return signal
  }
}

function compileTemplate(unit: Unit, node: TemplateNode): Exec {
  const { trees, tracking } = unit
  const { name } = node
  const argument = node.pipe === undefined ? undefined : compilePipe(unit, node.pipe)
  return (run, dot) => {
    run.step()
    run.at = node
    const tree = trees.get(name)
    if (tree === undefined) throw new FuncError(`template ${goQuote(name)} not defined`)
    if (run.depth >= run.limits.depth)
      throw new LimitError(`exceeded maximum template depth (${run.limits.depth})`)
    run.taint = CLEAN
    const value = argument === undefined ? undefined : argument(run, dot)
    const { variables, boxed, taints, dotBoxed, dotTaint, name: caller } = run
    run.depth++
    run.name = name
    run.variables = new Array<GoValue>(tree.slots)
    run.variables[0] = value
    run.boxed = []
    run.dotBoxed = false
    if (tracking) {
      run.dotTaint = run.taint
      run.taints = [run.taint]
    }
    tree.exec(run, value)
    run.depth--
    run.name = caller
    run.variables = variables
    run.boxed = boxed
    run.taints = taints
    run.dotBoxed = dotBoxed
    run.dotTaint = dotTaint
    return DONE
  }
}
