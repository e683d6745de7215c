// Go's predefined template functions (text/template/funcs.go) but for and, or and call, which the compiler treats
// itself: the first two do not evaluate all arguments, the third calls an argument.

import { sliceBytes, toBytes } from '../std/bytes.ts'
import { equals, isLess, isLessOrEqual } from './compare.ts'
import { escapeHtml, escapeJs, escapeUrlQuery } from './escape.ts'
import { type Charge, sprint, sprintf, sprintln } from './format.ts'
import { type CallContext, FuncError, type ParamType, type TemplateFunc } from './func.ts'
import { ANY, pointerTo, STRING, UINT8, wrap, zeroOf } from './types.ts'
import { type GoType, type GoValue, Typed } from './value.ts'
import {
  findMethod,
  indirect,
  isIntegerKind,
  kindOf,
  lengthOf,
  mapOfValue,
  toInt,
  toText,
  truth,
  typeName,
  typeOf,
} from './value-ops.ts'

/** The value of an action as it is printed: a struct lies where it can be pointed to, so its pointer's methods count. */
export function printable(value: GoValue): GoValue {
  if (value instanceof Typed && value.type.byPointer === true) {
    const bound = findMethod(value, 'String')
    if (bound !== undefined) return bound.method.call(bound.raw, [])
  }
  return printableArgument(value)
}

/**
 * An escaper's argument as it is printed: no value has a text, pointers are followed, but for one whose own method
 * prints it.
 */
function printableArgument(value: GoValue): GoValue {
  if (value === undefined || value === null) return '<no value>'
  if (!(value instanceof Typed) || value.type.kind !== 'pointer') return value
  const target = indirect(value)
  if (!(target instanceof Typed) || target.type.kind === 'pointer') return target
  const pointer = new Typed(pointerTo(target.type), target.raw)
  const last = value.type.elem?.name === target.type.name ? value : pointer
  return findMethod(last, 'String') === undefined && findMethod(last, 'Error') === undefined ? target : last
}

function escaperText(args: readonly GoValue[], charge: Charge): string {
  const text =
    typeof args[0] === 'string' && args.length === 1 ? args[0] : sprint(args.map(printableArgument), charge)
  // The longest escape of one character.
  charge(text.length * 9)
  return text
}

/** The bytes or elements of something that is indexed by number, and its length. */
function indexNumber(index: GoValue, length: number): number {
  const kind = kindOf(index)
  if (kind === 'invalid') throw new FuncError('cannot index slice/array with nil')
  if (!isIntegerKind(kind)) throw new FuncError(`cannot index slice/array with type ${typeName(index)}`)
  const at = BigInt.asIntN(64, toInt(index) ?? 0n)
  if (at < 0n || at > BigInt(length)) throw new FuncError(`index out of range: ${at}`)
  return Number(at)
}

/** index x 1 2 = x[1][2]. */
export function index(item: GoValue, indexes: readonly GoValue[], charge: Charge): GoValue {
  let at = item
  if (at === undefined || at === null) throw new FuncError('index of untyped nil')
  for (const key of indexes) {
    at = indirect(at)
    const kind = kindOf(at)
    if (kind === 'invalid' || kind === 'pointer') throw new FuncError('index of nil pointer')
    if (kind === 'map') at = indexMap(at, key)
    else if (kind === 'slice') at = indexList(at, key)
    else if (kind === 'string') at = indexText(toText(at) ?? '', key, charge)
    else throw new FuncError(`can't index item of type ${typeName(at)}`)
  }
  return at
}

function indexList(list: GoValue, key: GoValue): GoValue {
  const length = lengthOf(list) ?? 0
  const i = indexNumber(key, length)
  if (i >= length) throw new FuncError('reflect: slice index out of range')
  if (!(list instanceof Typed)) return wrap(ANY, (list as readonly unknown[])[i])
  return wrap(list.type.elem ?? ANY, (list.raw as ArrayLike<unknown>)[i])
}

function indexText(text: string, key: GoValue, charge: Charge): GoValue {
  charge(text.length >> 4)
  const bytes = toBytes(text)
  const i = indexNumber(key, bytes.length)
  if (i >= bytes.length) throw new FuncError('reflect: string index out of range')
  return new Typed(UINT8, bytes[i])
}

function indexMap(map: GoValue, key: GoValue): GoValue {
  const found = mapOfValue(map)
  if (found === undefined) return undefined
  const { raw, elem, type } = found
  const text = mapKey(key, type.key ?? STRING)
  return Object.hasOwn(raw, text) ? wrap(elem, raw[text]) : zeroOf(elem)
}

/** A key must be of the map's key type. */
function mapKey(key: GoValue, type: GoType): string {
  if (key === undefined || key === null) throw new FuncError(`value is nil; should be of type ${type.name}`)
  if (typeOf(key)?.name !== type.name) {
    throw new FuncError(`value has type ${typeName(key)}; should be ${type.name}`)
  }
  return toText(key) ?? ''
}

/** slice x 1 2 = x[1:2]. */
function slice(item: GoValue, indexes: readonly GoValue[], charge: Charge): GoValue {
  if (item === undefined || item === null) throw new FuncError('slice of untyped nil')
  const target = indirect(item)
  const kind = kindOf(target)
  if (kind === 'pointer' || kind === 'invalid') throw new FuncError('slice of nil pointer')
  if (indexes.length > 3) throw new FuncError(`too many slice indexes: ${indexes.length}`)
  if (kind === 'string' && indexes.length === 3) throw new FuncError('cannot 3-index slice a string')
  if (kind !== 'string' && kind !== 'slice')
    throw new FuncError(`can't slice item of type ${typeName(target)}`)
  const length = lengthOf(target) ?? 0
  const [from = 0, to = length, capacity] = indexes.map((i) => indexNumber(i, length))
  if (from > to) throw new FuncError(`invalid slice index: ${from} > ${to}`)
  if (capacity !== undefined && to > capacity) throw new FuncError(`invalid slice index: ${to} > ${capacity}`)
  charge(length >> 4)
  if (kind === 'string') {
    const text = sliceBytes(toText(target) ?? '', from, to)
    return target instanceof Typed ? new Typed(target.type, text) : text
  }
  charge(to - from)
  if (!(target instanceof Typed)) return (target as readonly unknown[]).slice(from, to)
  return new Typed(
    target.type,
    target.raw === undefined ? undefined : (target.raw as unknown[]).slice(from, to),
  )
}

function length(item: GoValue, charge: Charge): GoValue {
  if (item === undefined) throw new FuncError('reflect: call of reflect.Value.Type on zero Value')
  const target = indirect(item)
  const kind = kindOf(target)
  if (kind === 'invalid' || kind === 'pointer') throw new FuncError('len of nil pointer')
  const count = lengthOf(target)
  if (count === undefined) throw new FuncError(`len of type ${typeName(target)}`)
  charge(count >> 4)
  return BigInt(count)
}

type Run = (args: readonly GoValue[], context: CallContext) => GoValue

function fixed(count: number, run: Run): TemplateFunc {
  return { params: Array<ParamType>(count).fill('value'), run }
}

function variadic(params: readonly ParamType[], rest: ParamType, run: Run): TemplateFunc {
  return { params, variadic: rest, run }
}

const REPLACED = variadic(['value'], 'value', () => undefined)

export const BUILTINS: ReadonlyMap<string, TemplateFunc> = new Map<string, TemplateFunc>([
  ['and', REPLACED],
  ['or', REPLACED],
  ['call', REPLACED],
  ['not', fixed(1, ([value]) => !truth(value))],
  ['len', fixed(1, ([value], { charge }) => length(value, charge))],
  ['index', variadic(['value'], 'value', ([item, ...rest], { charge }) => index(item, rest, charge))],
  ['slice', variadic(['value'], 'value', ([item, ...rest], { charge }) => slice(item, rest, charge))],
  ['print', variadic([], 'any', (args, { charge }) => sprint(args, charge))],
  ['println', variadic([], 'any', (args, { charge }) => sprintln(args, charge))],
  [
    'printf',
    variadic(['string'], 'any', ([format, ...args], { charge }) =>
      sprintf(toText(format) ?? '', args, charge),
    ),
  ],
  ['html', variadic([], 'any', (args, { charge }) => escapeHtml(escaperText(args, charge)))],
  ['js', variadic([], 'any', (args, { charge }) => escapeJs(escaperText(args, charge)))],
  ['urlquery', variadic([], 'any', (args, { charge }) => escapeUrlQuery(escaperText(args, charge)))],
  ['eq', variadic(['value'], 'value', (args) => equals(args))],
  ['ne', fixed(2, (args) => !equals(args))],
  ['lt', fixed(2, ([a, b]) => isLess(a, b))],
  ['le', fixed(2, ([a, b]) => isLessOrEqual(a, b))],
  ['gt', fixed(2, ([a, b]) => !isLessOrEqual(a, b))],
  ['ge', fixed(2, ([a, b]) => !isLess(a, b))],
])
