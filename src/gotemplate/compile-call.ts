// Compiles calls of functions (Go's exec.go: evalCall); methods are in compile-field.ts.
// Argument counts are checked while compiling; the error is raised, as in Go, when the call is reached.

import type { ArgNode, CommandNode, IdentifierNode, Node } from './ast.ts'
import { nodeText } from './ast.ts'
import { BUILTINS } from './builtins.ts'
import { convert, paramType, takesAnything, VALUE } from './convert.ts'
import type { MissingKey } from './field.ts'
import { FuncError, type TemplateFunc } from './func.ts'
import { CLEAN, MARKED, ROOT, type Run, SERIALISED, type Taint } from './run.ts'
import { type Slots, UNSET } from './scope.ts'
import type { GoFunc, GoType, GoValue } from './value.ts'
import { truth, typeName } from './value-ops.ts'

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
  /** With tracking: runs are recorded, so that every influence of marked data counts, not that of values alone. */
  readonly recording?: boolean
  /** The closures are for replays of recorded runs. */
  readonly replaying?: boolean
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
  if (func.mutates === true && (c.recording === true || c.replaying === true)) {
    // Changed in place, what was constant in the recorded run would not be so in the next replay.
    return failing(name, 'maps are not changed where a run is recorded or replayed')
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

/** Steps a call of a function costs beside what the function charges for its work. */
const CALL_COST = 8

function invoke(run: Run, site: CallSite, func: TemplateFunc, values: readonly GoValue[]): GoValue {
  run.charge(CALL_COST + (func.cost ?? 0))
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
  const { length } = evals
  const count = final === undefined ? length : length + 1
  return (run, dot, piped) => {
    const values = new Array<GoValue>(count)
    const { finalTaint } = run
    let last: Taint = CLEAN
    // Whether an argument before the last one is marked.
    let before = false
    run.at = site.name
    for (let i = 0; i < length; i++) {
      if (last !== CLEAN) before = true
      run.taint = CLEAN
      values[i] = (evals[i] as Eval)(run, dot)
      last = run.taint
    }
    if (final !== undefined) {
      if (last !== CLEAN) before = true
      values[length] = final(piped)
      last = finalTaint
    }
    const marked = before || last !== CLEAN
    if (marked) run.touched = true
    const result = invoke(run, site, func, values)
    run.taint = marked ? resultTaint(func, before, last) : CLEAN
    return result
  }
}

/** Of a call with a marked argument. */
function resultTaint(func: TemplateFunc, before: boolean, last: Taint): Taint {
  if (func.serialiser === true) return SERIALISED
  return func.passthrough === true && !before ? asValue(last) : MARKED
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
  const evaluate: Command = (run, dot, final) => {
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
  if (c.recording !== true) return evaluate
  return (run, dot, final) => {
    const { touched } = run
    run.touched = false
    const value = evaluate(run, dot, final)
    // The choice between the values is an influence, too, even where the chosen one is not marked.
    if (run.touched && run.taint === CLEAN) run.taint = MARKED
    run.touched ||= touched
    return value
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
    // What a function value does is not known here.
    run.unrecordable = true
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
