// Compiles calls of functions and methods, and chains of fields (Go's exec.go: evalCall, evalField).
// Argument counts are checked while compiling; the error is raised, as in Go, when the call is reached.

import type { ArgNode, CommandNode, IdentifierNode, Node } from './ast.ts'
import { nodeText } from './ast.ts'
import { BUILTINS } from './builtins.ts'
import { convert, paramType, takesAnything, VALUE } from './convert.ts'
import { type FieldCache, field, findMethod, type MissingKey } from './field.ts'
import { FuncError, type TemplateFunc } from './func.ts'
import { CLEAN, MARKED, ROOT, type Run, SERIALISED, type Taint } from './run.ts'
import { type Slots, UNSET } from './scope.ts'
import { type GoFunc, type GoType, type GoValue, Typed } from './value.ts'
import { kindOf, truth, typeName } from './value-ops.ts'

/** The value of an expression. */
export type Eval = (run: Run, dot: GoValue) => GoValue
/** The value of a command; `final` is the value piped into it, if one is. */
export type Command = (run: Run, dot: GoValue, final: GoValue) => GoValue

/** What the closures of one template have in common while they are made. */
export interface Compilation {
  readonly funcs: ReadonlyMap<string, TemplateFunc>
  readonly slots: Slots
  readonly missing: MissingKey
  readonly tracking: boolean
  /** Compiles an argument of a function or method (compileArg); a property, since arguments hold calls again. */
  readonly arg: (node: ArgNode, type: GoType | undefined) => Eval
}

export interface CallSite {
  readonly name: IdentifierNode
  /** What an error of the function is reported at. */
  readonly node: CommandNode | IdentifierNode
  readonly args: readonly ArgNode[]
  /** Whether a value is piped in as the last argument. */
  readonly piped: boolean
}

export function compileCall(c: Compilation, site: CallSite): Command {
  const { name, args, piped } = site
  const func = c.funcs.get(name.name)
  // The parser has seen to it that there is one.
  if (func === undefined) return failing(name, `"${name.name}" is not a defined function`)
  const wrong = wrongCount(name.name, func, args.length, piped)
  if (wrong !== undefined) return failing(name, wrong)
  if (BUILTINS.get(name.name) === func) {
    if (name.name === 'and' || name.name === 'or') return compileShortCircuit(c, site, name.name === 'or')
    if (name.name === 'call') return compileIndirectCall(c, site)
  }
  const types = argumentTypes(func, args.length + (piped ? 1 : 0))
  const evals = args.map((arg, i) => c.arg(arg, types[i]))
  const final = piped ? finalConverter(types[args.length] ?? VALUE) : undefined
  return c.tracking ? trackedCall(site, func, evals, final) : plainCall(site, func, evals, final)
}

function failing(at: Node, message: string): Command {
  return (run) => {
    run.at = at
    throw new FuncError(message)
  }
}

function wrongCount(name: string, func: TemplateFunc, given: number, piped: boolean): string | undefined {
  const count = given + (piped ? 1 : 0)
  const least = func.params.length
  if (func.variadic !== undefined) {
    return count < least ? `wrong number of args for ${name}: want at least ${least} got ${given}` : undefined
  }
  return count === least ? undefined : `wrong number of args for ${name}: want ${least} got ${count}`
}

function argumentTypes(func: TemplateFunc, count: number): GoType[] {
  const { params, variadic } = func
  return Array.from({ length: count }, (_, i) => paramType(params[i] ?? variadic ?? 'any'))
}

type Converter = (value: GoValue) => GoValue

function finalConverter(type: GoType): Converter {
  if (type === VALUE) return (value) => value
  if (takesAnything(type)) return (value) => (value === undefined ? null : value)
  return (value) => convert(value, type)
}

/** An error result of a function is reported at the whole command. */
function callFailed(run: Run, site: CallSite, error: unknown): unknown {
  if (!(error instanceof FuncError)) return error
  run.at = site.node
  return new FuncError(`error calling ${site.name.name}: ${error.message}`)
}

function plainCall(
  site: CallSite,
  func: TemplateFunc,
  evals: readonly Eval[],
  final: Converter | undefined,
): Command {
  const { length } = evals
  const [first, second] = evals
  const at = length === 0 ? site.name : undefined
  if (final === undefined && length === 1 && first !== undefined) {
    return (run, dot) => invoke(run, site, func, [first(run, dot)])
  }
  if (final === undefined && length === 2 && first !== undefined && second !== undefined) {
    return (run, dot) => invoke(run, site, func, [first(run, dot), second(run, dot)])
  }
  return (run, dot, piped) => {
    const values: GoValue[] = []
    // Otherwise the last argument is what was evaluated last.
    if (at !== undefined) run.at = at
    for (const arg of evals) values.push(arg(run, dot))
    if (final !== undefined) values.push(final(piped))
    return invoke(run, site, func, values)
  }
}

function invoke(run: Run, site: CallSite, func: TemplateFunc, values: readonly GoValue[]): GoValue {
  try {
    return func.run(values, run)
  } catch (error) {
    throw callFailed(run, site, error)
  }
}

/** As plainCall; the result is marked as far as the arguments are. */
function trackedCall(
  site: CallSite,
  func: TemplateFunc,
  evals: readonly Eval[],
  final: Converter | undefined,
): Command {
  return (run, dot, piped) => {
    const values: GoValue[] = []
    const taints: Taint[] = []
    const finalTaint = run.finalTaint
    run.at = site.name
    for (const arg of evals) {
      run.taint = CLEAN
      values.push(arg(run, dot))
      taints.push(run.taint)
    }
    if (final !== undefined) {
      values.push(final(piped))
      taints.push(finalTaint)
    }
    const result = invoke(run, site, func, values)
    run.taint = resultTaint(func, taints)
    return result
  }
}

function resultTaint(func: TemplateFunc, taints: readonly Taint[]): Taint {
  if (taints.every((taint) => taint === CLEAN)) return CLEAN
  if (func.serialiser === true) return SERIALISED
  const last = taints.at(-1) ?? CLEAN
  if (func.passthrough === true && taints.slice(0, -1).every((taint) => taint === CLEAN)) return asValue(last)
  return MARKED
}

/** The root as a value, not as a place to read fields from, is marked. */
function asValue(taint: Taint): Taint {
  return taint === ROOT ? MARKED : taint
}

/** and, or: the first argument that decides, else the last one; what follows it is not evaluated. */
function compileShortCircuit(c: Compilation, { args, piped }: CallSite, deciding: boolean): Command {
  const reset: number[] = []
  const evals = args.map((arg, i) => {
    if (i === 0) return c.arg(arg, VALUE)
    const { result, declared } = c.slots.uncertainly(() => c.arg(arg, VALUE))
    reset.push(...declared)
    return result
  })
  const { tracking } = c
  return (run, dot, final) => {
    for (const slot of reset) run.variables[slot] = UNSET as unknown as GoValue
    const { finalTaint } = run
    let value: GoValue
    for (const arg of evals) {
      value = arg(run, dot)
      if (truth(value) === deciding) return value
    }
    if (!piped) return value
    if (tracking) run.taint = finalTaint
    return final
  }
}

/** call: the first argument is the function. */
function compileIndirectCall(c: Compilation, site: CallSite): Command {
  const { args, piped } = site
  const evals = args.map((arg) => c.arg(arg, VALUE))
  const [callee] = args
  return (run, dot, final) => {
    const { finalTaint } = run
    let marked = piped && finalTaint !== CLEAN
    const values = evals.map((arg) => {
      run.taint = CLEAN
      const value = arg(run, dot)
      marked ||= run.taint !== CLEAN
      return value
    })
    if (piped) values.push(final)
    run.taint = marked ? MARKED : CLEAN
    const [func, ...rest] = values
    const name =
      callee === undefined
        ? typeof final === 'string'
          ? final
          : `<${typeName(final)} Value>`
        : nodeText(callee)
    try {
      if (func === undefined || func === null) throw new FuncError('call of nil')
      if (typeof func !== 'function') throw new FuncError(`non-function ${name} of type ${typeName(func)}`)
      return (func as GoFunc)(...rest.map((value) => (value === undefined ? null : value)))
    } catch (error) {
      throw callFailed(run, site, error)
    }
  }
}

export interface FieldSite {
  readonly receiver: Eval
  /** Whose flag says that the receiver was held by an interface: the dot's, that of the range variable in a slot, none. */
  readonly boxed: 'dot' | number | 'no'
  /** The node that errors are reported at; undefined leaves it at what the receiver evaluated last. */
  readonly at: Node | undefined
  readonly names: readonly string[]
  readonly args: readonly ArgNode[]
  readonly piped: boolean
}

export function compileFields(c: Compilation, site: FieldSite): Command {
  if (site.args.length > 0 || site.piped) return compileMethodCall(c, site)
  const { receiver, at, names } = site
  const boxedReceiver = receiverFlag(site)
  const { missing, tracking } = c
  const [first = '', ...others] = names
  const cache = newCache()
  const rest = others.map((name) => ({ name, cache: newCache() }))
  const readFirst: Eval = (run, dot) => {
    const value = receiver(run, dot)
    if (at !== undefined) run.at = at
    return field(value, first, missing, boxedReceiver(run), cache)
  }
  const read: Eval =
    rest.length === 0
      ? readFirst
      : (run, dot) => {
          let previous = receiver(run, dot)
          if (at !== undefined) run.at = at
          let value = field(previous, first, missing, boxedReceiver(run), cache)
          for (const step of rest) {
            const next = field(value, step.name, missing, isBoxed(previous, value), step.cache)
            previous = value
            value = next
          }
          return value
        }
  if (!tracking) return read
  return (run, dot) => {
    const value = read(run, dot)
    run.taint = fieldTaint(run, first)
    return value
  }
}

function newCache(): FieldCache {
  return { type: undefined, member: undefined }
}

function receiverFlag({ boxed }: FieldSite): (run: Run) => boolean {
  if (boxed === 'no') return () => false
  return boxed === 'dot' ? (run) => run.dotBoxed : (run) => run.boxed[boxed] === true
}

/** A plain value that was an entry of an untyped map was held by an interface. */
function isBoxed(container: GoValue, value: GoValue): boolean {
  if (value instanceof Typed) return false
  return !(container instanceof Typed) || container.type.elem?.kind === 'interface'
}

function fieldTaint(run: Run, name: string): Taint {
  switch (run.taint) {
    case CLEAN:
      return CLEAN
    case ROOT:
      return run.marked.has(name) ? MARKED : CLEAN
    default:
      return MARKED
  }
}

/** The last name must be a method, since it is given arguments; which one is known at run time only. */
function compileMethodCall(c: Compilation, site: FieldSite): Command {
  const { names, args, piped, at } = site
  const name = names[names.length - 1] ?? ''
  const boxedReceiver = receiverFlag(site)
  // What the receiver was read from; evaluated again for an error text only.
  const container =
    names.length > 2
      ? compileFields(c, { ...site, names: names.slice(0, -2), args: [], piped: false })
      : site.receiver
  const receiver =
    names.length === 1
      ? site.receiver
      : compileFields(c, { ...site, names: names.slice(0, -1), args: [], piped: false })
  // Literals are read by the type of the parameter; everything else depends on the variables of this place.
  const evals = args.map((arg) => (isLiteral(arg) ? undefined : c.arg(arg, VALUE)))
  const argument = (run: Run, dot: GoValue, i: number, type: GoType): GoValue => {
    const compiled = evals[i]
    const arg = args[i]
    if (compiled !== undefined) return convert(compiled(run, dot), type)
    return arg === undefined ? undefined : c.arg(arg, type)(run, dot)
  }
  return (run, dot, final) => {
    const { finalTaint } = run
    const target = receiver(run, dot, undefined)
    if (at !== undefined) run.at = at
    if (target === undefined) return field(undefined, name, c.missing)
    const bound = findMethod(target, name)
    if (bound === undefined) {
      const boxed = names.length === 1 ? boxedReceiver(run) : isBoxed(container(run, dot, undefined), target)
      return notAMethod(target, name, boxed)
    }
    const { params } = bound.method
    const count = args.length + (piped ? 1 : 0)
    if (count !== params.length) {
      throw new FuncError(`wrong number of args for ${name}: want ${params.length} got ${count}`)
    }
    let marked = run.taint !== CLEAN || (piped && finalTaint !== CLEAN)
    const values = params.map((type, i) => {
      if (i >= args.length) return convert(final, type)
      run.taint = CLEAN
      const value = argument(run, dot, i, type)
      marked ||= run.taint !== CLEAN
      return value
    })
    run.taint = marked ? MARKED : CLEAN
    return bound.method.call(bound.raw, values)
  }
}

function isLiteral(arg: ArgNode): boolean {
  return /^(?:bool|number|string|nil)$/.test(arg.type)
}

function notAMethod(target: GoValue, name: string, boxed: boolean): never {
  // Reading it raises what an absent field or a wrong type raise.
  const kind = kindOf(target)
  if (kind === 'map') throw new FuncError(`${name} is not a method but has arguments`)
  field(target, name, 'default', boxed)
  if (kind === 'struct' || kind === 'pointer') {
    throw new FuncError(`${name} has arguments but cannot be invoked as function`)
  }
  throw new FuncError(`${name} is not a method but has arguments`)
}
