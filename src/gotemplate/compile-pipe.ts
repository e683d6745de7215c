// Compiles pipelines, commands and arguments to closures (Go's exec.go: evalPipeline, evalCommand, evalArg).
// A closure sets `run.at` to its node wherever Go would, because errors name the node evaluated last.
// With `tracking` each closure also leaves in `run.taint` how far its value comes from marked data.

import type {
  ArgNode,
  ChainNode,
  CommandNode,
  FieldNode,
  Node,
  NumberNode,
  PipeNode,
  VariableNode,
} from './ast.ts'
import { nodeText } from './ast.ts'
import { type Command, type Compilation, compileCall, type Eval } from './compile-call.ts'
import { compileFields } from './compile-field.ts'
import { canBeNil, convert, takesAnything } from './convert.ts'
import { FuncError } from './func.ts'
import { CLEAN, MARKED, type Run, SERIALISED, type Taint } from './run.ts'
import { UNSET } from './scope.ts'
import { COMPLEX128, zeroOf } from './types.ts'
import { type GoType, type GoValue, Typed } from './value.ts'

export type { Compilation, Eval } from './compile-call.ts'

export function compilePipe(c: Compilation, pipe: PipeNode): Eval {
  const commands = pipe.commands.map((command, i) => compileCommand(c, pipe, command, i > 0))
  const value = compose(c, commands)
  const stores = pipe.declared.map(({ names: [name] }) => compileStore(c, name, pipe.assigns))
  if (stores.length === 0) return value
  return (run, dot) => {
    const result = value(run, dot)
    for (const store of stores) store(run, result)
    return result
  }
}

/** The nil interface is no value to what comes next: Go looks into interfaces after each command. */
function compose(c: Compilation, commands: readonly Command[]): Eval {
  const [first, second, ...rest] = commands
  if (first === undefined) return () => undefined
  if (second === undefined) {
    return (run, dot) => {
      const value = first(run, dot, undefined)
      return value === null ? undefined : value
    }
  }
  const others = [second, ...rest]
  const { tracking } = c
  return (run, dot) => {
    let value = first(run, dot, undefined)
    for (let i = 0; i < others.length; i++) {
      if (tracking) run.finalTaint = run.taint
      value = (others[i] as Command)(run, dot, value === null ? undefined : value)
    }
    return value === null ? undefined : value
  }
}

export type Store = (run: Run, value: GoValue) => void

export function compileStore(c: Compilation, name: string, assigns: boolean): Store {
  const { slots, certain } = assigns ? c.slots.find(name) : { slots: [c.slots.declare(name)], certain: true }
  const [slot] = slots
  const { tracking } = c
  if (slot === undefined) return () => undefinedVariable(name)
  if (slots.length > 1 || !certain) {
    return (run, value) => {
      const set = slots.find((candidate) => run.variables[candidate] !== (UNSET as unknown))
      if (set === undefined) undefinedVariable(name)
      else storeAt(run, set, value)
    }
  }
  if (tracking) return (run, value) => storeAt(run, slot, value)
  return (run, value) => {
    run.variables[slot] = value
  }
}

function storeAt(run: Run, slot: number, value: GoValue): void {
  run.variables[slot] = value
  run.taints[slot] = run.taint
}

/** The root by itself is not marked: only some of its fields are. */
function readTaint(run: Run, taint: Taint): void {
  run.taint = taint
  if (taint === MARKED || taint === SERIALISED) run.touched = true
}

function undefinedVariable(name: string): never {
  throw new FuncError(`undefined variable: ${name}`)
}

function compileCommand(c: Compilation, pipe: PipeNode, command: CommandNode, piped: boolean): Command {
  const [first] = command.args
  const args = command.args.slice(1)
  if (first === undefined) return () => undefined
  switch (first.type) {
    case 'field':
      return compileField(c, first, args, piped)
    case 'chain':
      return compileChain(c, first, args, piped)
    case 'variable':
      return compileVariable(c, first, args, piped)
    case 'identifier':
      return compileCall(c, { name: first, node: command, args, piped })
    case 'pipe':
      if (args.length > 0 || piped) return failing(piped ? undefined : pipe, notAFunction(first))
      return compilePipe(c, first)
    default:
      if (args.length > 0 || piped) return failing(first, notAFunction(first))
      if (first.type === 'nil') return failing(first, 'nil is not a command')
      return compileLiteralOrDot(c, first)
  }
}

function notAFunction(node: ArgNode): string {
  return `can't give argument to non-function ${nodeText(node)}`
}

function failing(node: Node | undefined, message: string): Eval {
  return (run) => {
    if (node !== undefined) run.at = node
    throw new FuncError(message)
  }
}

function compileLiteralOrDot(
  c: Compilation,
  node: Exclude<ArgNode, { type: 'nil' | 'pipe' | 'identifier' }>,
): Eval {
  switch (node.type) {
    case 'dot':
      return compileDot(c, node)
    case 'bool':
    case 'string':
      return constant(c, node, node.value)
    case 'number':
      return compileNumber(c, node)
    default:
      return failing(node, `can't evaluate command ${nodeText(node)}`)
  }
}

function compileDot({ tracking }: Compilation, node: Node): Eval {
  return (run, dot) => {
    run.at = node
    if (tracking) readTaint(run, run.dotTaint)
    return dot
  }
}

function constant({ tracking }: Compilation, node: Node, value: GoValue): Eval {
  return (run) => {
    run.at = node
    if (tracking) run.taint = CLEAN
    return value
  }
}

/** A number where no type is asked for: its spelling decides. */
function compileNumber(c: Compilation, node: NumberNode): Eval {
  const { text, value } = node
  if (value.complex !== undefined) return constant(c, node, new Typed(COMPLEX128, value.complex))
  const isHex = /^0[xX]/.test(text) && !/[pP]/.test(text)
  if (value.float !== undefined && !isHex && !text.startsWith("'") && /[.eEpP]/.test(text)) {
    return constant(c, node, value.float)
  }
  return value.int === undefined ? failing(node, `${text} overflows int`) : constant(c, node, value.int)
}

function compileField(c: Compilation, node: FieldNode, args: readonly ArgNode[], piped: boolean): Command {
  return compileFields(c, {
    receiver: undefined,
    ranged: undefined,
    at: node,
    names: node.names,
    args,
    piped,
  })
}

function compileChain(c: Compilation, node: ChainNode, args: readonly ArgNode[], piped: boolean): Command {
  const receiver = node.of.type === 'pipe' ? compilePipe(c, node.of) : compileArg(c, node.of, undefined)
  return compileFields(c, { receiver, ranged: undefined, at: undefined, names: node.names, args, piped })
}

function compileVariable(
  c: Compilation,
  node: VariableNode,
  args: readonly ArgNode[],
  piped: boolean,
): Command {
  const [name, ...names] = node.names
  const receiver = compileLoad(c, node, name)
  if (names.length === 0) return args.length > 0 || piped ? failing(node, notAFunction(node)) : receiver
  const ranged = c.slots.rangedSlot(name)
  return compileFields(c, { receiver, ranged, at: node, names, args, piped })
}

function compileLoad(c: Compilation, node: VariableNode, name: string): Eval {
  const { slots, certain } = c.slots.find(name)
  const [slot] = slots
  if (slot === undefined) return failing(node, `undefined variable: ${name}`)
  if (slots.length > 1 || !certain) {
    return (run) => {
      run.at = node
      const set = slots.find((candidate) => run.variables[candidate] !== (UNSET as unknown))
      if (set === undefined) return undefinedVariable(name)
      readTaint(run, run.taints[set] ?? CLEAN)
      // Which of the variables is meant depends on what was evaluated before.
      run.touched = true
      return run.variables[set]
    }
  }
  if (!c.tracking) {
    return (run) => {
      run.at = node
      return run.variables[slot]
    }
  }
  return (run) => {
    run.at = node
    readTaint(run, run.taints[slot] ?? CLEAN)
    return run.variables[slot]
  }
}

/** An argument of a function or method; without a type, the receiver of a chain. */
export function compileArg(c: Compilation, node: ArgNode, type: GoType | undefined): Eval {
  switch (node.type) {
    case 'nil':
      if (type === undefined || !canBeNil(type))
        return failing(node, `cannot assign nil to ${type?.name ?? 'nil'}`)
      return constant(c, node, type.kind === 'interface' ? convert(undefined, type) : zeroOf(type))
    case 'bool':
    case 'number':
    case 'string':
      return compileTypedLiteral(c, node, type)
    default: {
      const value = compileOperand(c, node)
      if (type === undefined) return value
      if (takesAnything(type)) {
        const isAny = convert(undefined, type) === null
        if (!isAny) return value
        return (run, dot) => {
          const result = value(run, dot)
          return result === undefined ? null : result
        }
      }
      return (run, dot) => convert(value(run, dot), type)
    }
  }
}

function compileOperand(
  c: Compilation,
  node: Exclude<ArgNode, { type: 'nil' | 'bool' | 'number' | 'string' }>,
): Eval {
  switch (node.type) {
    case 'dot':
      return compileDot(c, node)
    case 'field':
      return asEval(compileField(c, node, [], false))
    case 'variable':
      return asEval(compileVariable(c, node, [], false))
    case 'chain':
      return asEval(compileChain(c, node, [], false))
    case 'pipe':
      return compilePipe(c, node)
    case 'identifier':
      return asEval(compileCall(c, { name: node, node, args: [], piped: false }))
  }
}

function asEval(command: Command): Eval {
  return (run, dot) => command(run, dot, undefined)
}

function compileTypedLiteral(
  c: Compilation,
  node: Extract<ArgNode, { type: 'bool' | 'number' | 'string' }>,
  type: GoType | undefined,
): Eval {
  const found = nodeText(node)
  switch (type?.kind) {
    case 'interface':
    case undefined:
      return compileLiteralOrDot(c, node)
    case 'bool':
      if (node.type !== 'bool') return failing(node, `expected bool; found ${found}`)
      return constant(c, node, type.name === 'bool' ? node.value : new Typed(type, node.value))
    case 'string':
      if (node.type !== 'string') return failing(node, `expected string; found ${found}`)
      return constant(c, node, type.name === 'string' ? node.value : new Typed(type, node.value))
    case 'float32':
    case 'float64': {
      const float = node.type === 'number' ? node.value.float : undefined
      if (float === undefined) return failing(node, `expected float; found ${found}`)
      return constant(c, node, type.name === 'float64' ? float : new Typed(type, float))
    }
    case 'uint':
    case 'uint8':
    case 'uint16':
    case 'uint32':
    case 'uint64': {
      const uint = node.type === 'number' ? node.value.uint : undefined
      if (uint === undefined) return failing(node, `expected unsigned integer; found ${found}`)
      return constant(c, node, new Typed(type, uint))
    }
    case 'int':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64': {
      const int = node.type === 'number' ? node.value.int : undefined
      if (int === undefined) return failing(node, `expected integer; found ${found}`)
      return constant(c, node, type.name === 'int' ? int : new Typed(type, int))
    }
    default:
      return failing(node, `can't handle ${found} for arg of type ${type?.name ?? 'nil'}`)
  }
}
