// What the functions share: building table entries, reading arguments the engine has checked, and the Go types of
// results that types.ts does not name.
// Nothing here may change an argument.

import type { CallContext, ParamType, TemplateFunc } from '../func.ts'
import { FuncError } from '../func.ts'
import { INT, INT64, LIST, STRINGS, sliceOf } from '../types.ts'
import { type GoMap, type GoType, type GoValue, Typed } from '../value.ts'
import { elements, kindOf } from '../value-ops.ts'

export const INTS: GoType = sliceOf(INT)
export const LISTS: GoType = sliceOf(LIST)

/** A nil []interface{}: prints like an empty list, but its JSON is null. */
export const NIL_LIST: Typed = new Typed(LIST, undefined)

/** What recovering from a method call on a nil reflect.Type or pointer gives in Go. */
export const NIL_DEREFERENCE = 'runtime error: invalid memory address or nil pointer dereference'

export type Run = (args: readonly GoValue[], context: CallContext) => GoValue

type Flags = Pick<TemplateFunc, 'serialiser' | 'passthrough' | 'mutates'>

/** A function of fixed arity. */
export function fixed(params: readonly ParamType[], run: Run, flags: Flags = {}): TemplateFunc {
  return { params, run, ...flags }
}

/** A function whose further arguments are all of type `rest`. */
export function variadic(
  params: readonly ParamType[],
  rest: ParamType,
  run: Run,
  flags: Flags = {},
): TemplateFunc {
  return { params, variadic: rest, run, ...flags }
}

/** A function of `count` strings; a character costs `weight` steps. */
export function ofText(
  count: number,
  run: (...args: string[]) => GoValue,
  weight = 1,
  flags: Flags = {},
): TemplateFunc {
  const params = Array<ParamType>(count).fill('string')
  return fixed(
    params,
    (args, { charge }) => {
      const texts = args.map(text)
      charge(texts.reduce((sum, item) => sum + item.length, 0) * weight)
      return run(...texts)
    },
    flags,
  )
}

/** A string argument. */
export function text(value: GoValue): string {
  const plain = value instanceof Typed ? value.raw : value
  return typeof plain === 'string' ? plain : ''
}

/** An int argument; counts beyond 2^53 lose their last digits, which no function can tell. */
export function int(value: GoValue): number {
  const plain = value instanceof Typed ? value.raw : value
  return typeof plain === 'bigint' || typeof plain === 'number' ? Number(plain) : 0
}

/** A map argument, read only; undefined for a nil map. */
export function dictOf(value: GoValue): GoMap | undefined {
  const plain = value instanceof Typed ? value.raw : value
  return typeof plain === 'object' && plain !== null ? (plain as GoMap) : undefined
}

export function int64(value: bigint): Typed {
  return new Typed(INT64, BigInt.asIntN(64, value))
}

export function strings(values: readonly string[]): Typed {
  return new Typed(STRINGS, values)
}

/** A new empty map[string]interface{}. */
export function newDict(): { [key: string]: unknown } {
  return Object.create(null) as { [key: string]: unknown }
}

/** `reflect.Kind.String()` of a value. */
export function kindName(value: GoValue): string {
  const kind = kindOf(value)
  return kind === 'pointer' ? 'ptr' : kind
}

/** The elements of a list argument; for other kinds the error of sprig's list functions (`Cannot find first on type`). */
export function elementsFor(value: GoValue, complaint: string): readonly GoValue[] {
  if (value === null || value === undefined) throw new FuncError(NIL_DEREFERENCE)
  const list = elements(value)
  if (list === undefined) throw new FuncError(`${complaint} ${kindName(value)}`)
  return list
}
