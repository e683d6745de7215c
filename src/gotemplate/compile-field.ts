// Compiles chains of fields and calls of methods (Go's exec.go: evalFieldChain, evalField).
// Each place remembers what its names meant on the types met last.

import type { ArgNode, Node } from './ast.ts'
import type { Command, Compilation, Eval } from './compile-call.ts'
import { convert, VALUE } from './convert.ts'
import { type FieldCache, field, findMethod } from './field.ts'
import { FuncError } from './func.ts'
import { CLEAN, MARKED, ROOT, type Run, type Taint } from './run.ts'
import { type GoType, type GoValue, Typed } from './value.ts'
import { kindOf } from './value-ops.ts'

export interface FieldSite {
  /** Undefined for the dot. */
  readonly receiver: Eval | undefined
  /** The slot of a range variable that is the receiver: a run knows whether it was held by an interface. */
  readonly ranged: number | undefined
  /** The node that errors are reported at; undefined leaves it at what the receiver evaluated last. */
  readonly at: Node | undefined
  readonly names: readonly string[]
  readonly args: readonly ArgNode[]
  readonly piped: boolean
}

export function compileFields(c: Compilation, site: FieldSite): Command {
  if (site.args.length > 0 || site.piped) return compileMethodCall(c, site)
  const { receiver, at, names } = site
  const { missing, tracking } = c
  const boxed = boxedSource(site)
  const [first = '', ...others] = names
  const cache = newCache()
  const steps = others.map((name) => ({ name, cache: newCache() }))
  const read: Eval = (run, dot) => {
    let previous = receiver === undefined ? dot : receiver(run, dot)
    if (at !== undefined) run.at = at
    let value = field(previous, first, missing, isBoxedBy(run, boxed), cache)
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i] as (typeof steps)[number]
      const next = field(value, step.name, missing, isBoxed(previous, value), step.cache)
      previous = value
      value = next
    }
    return value
  }
  if (!tracking) return read
  return (run, dot) => {
    run.taint = run.dotTaint
    const value = read(run, dot)
    if (run.taint !== CLEAN) run.taint = fieldTaint(run, first)
    if (run.taint !== CLEAN) run.touched = true
    return value
  }
}

function newCache(): FieldCache {
  return { type: undefined, member: undefined }
}

/** Whose flag says that the receiver was held by an interface: a slot's, the dot's, or nobody's. */
const DOT = -1
const NOBODY = -2

function boxedSource({ receiver, ranged }: FieldSite): number {
  return receiver === undefined ? DOT : (ranged ?? NOBODY)
}

function isBoxedBy(run: Run, source: number): boolean {
  return source === DOT ? run.dotBoxed : source !== NOBODY && run.boxed[source] === true
}

function readDot(run: Run, dot: GoValue): GoValue {
  run.taint = run.dotTaint
  return dot
}

/** A plain value that was an entry of an untyped map was held by an interface. */
function isBoxed(container: GoValue, value: GoValue): boolean {
  if (value instanceof Typed) return false
  return !(container instanceof Typed) || container.type.elem?.kind === 'interface'
}

function fieldTaint(run: Run, name: string): Taint {
  switch (run.taint) {
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
  const boxed = boxedSource(site)
  // What the receiver was read from; evaluated again for an error text only.
  const container =
    names.length > 2
      ? compileFields(c, { ...site, names: names.slice(0, -2), args: [], piped: false })
      : (site.receiver ?? readDot)
  const receiver =
    names.length === 1
      ? (site.receiver ?? readDot)
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
      const held =
        names.length === 1 ? isBoxedBy(run, boxed) : isBoxed(container(run, dot, undefined), target)
      return notAMethod(target, name, held)
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
    if (marked) run.touched = true
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
