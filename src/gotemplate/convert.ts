// What a function or method accepts as an argument: Go's assignability and the one dereference templates allow
// (validateType in exec.go). Errors are Go's texts.

import { FuncError, type ParamName, type ParamType } from './func.ts'
import {
  ANY,
  BOOL,
  BYTES,
  DICT,
  FLOAT64,
  INT,
  INT64,
  LIST,
  STRING,
  STRING_MAP,
  STRINGS,
  typeOf,
  wrap,
  zeroOf,
} from './types.ts'
import { type GoType, type GoValue, Typed } from './value.ts'

/** A parameter of Go's builtins that takes everything, no value included. */
export const VALUE: GoType = { kind: 'interface', name: 'reflect.Value' }

const TYPES: { readonly [name in ParamName]: GoType } = {
  any: ANY,
  string: STRING,
  bool: BOOL,
  int: INT,
  int64: INT64,
  float64: FLOAT64,
  list: LIST,
  dict: DICT,
  stringMap: STRING_MAP,
  strings: STRINGS,
  bytes: BYTES,
  value: VALUE,
}

export function paramType(param: ParamType): GoType {
  return typeof param === 'string' ? TYPES[param] : param
}

/** True for types that nil can be assigned to. */
export function canBeNil(type: GoType): boolean {
  return /^(?:interface|map|pointer|slice|func)$/.test(type.kind)
}

/** True when nothing of a value has to be checked. */
export function takesAnything(type: GoType): boolean {
  return type.kind === 'interface'
}

/** The value as an argument of the type. Throws FuncError. */
export function convert(value: GoValue, type: GoType): GoValue {
  if (type.kind === 'interface') return value === undefined && type !== VALUE ? null : value
  if (value === undefined) {
    if (canBeNil(type)) return zeroOf(type)
    throw new FuncError(`invalid value; expected ${type.name}`)
  }
  const actual = typeOf(value)
  if (actual === undefined)
    throw new FuncError(`wrong type for value; expected ${type.name}; got interface {}`)
  if (isAssignable(actual, type)) return value
  if (
    actual.kind === 'pointer' &&
    value instanceof Typed &&
    actual.elem !== undefined &&
    isAssignable(actual.elem, type)
  ) {
    if (value.raw === undefined) throw new FuncError(`dereference of nil pointer of type ${type.name}`)
    return wrap(actual.elem, value.raw)
  }
  if (
    type.kind === 'pointer' &&
    type.elem !== undefined &&
    isAssignable(actual, type.elem) &&
    actual.kind === 'struct'
  ) {
    return new Typed(type, (value as Typed).raw)
  }
  throw new FuncError(`wrong type for value; expected ${type.name}; got ${actual.name}`)
}

/** Same type, or same structure with at least one of the two unnamed. */
function isAssignable(from: GoType, to: GoType): boolean {
  if (from === to || from.name === to.name) return true
  if (from.kind !== to.kind || (from.kind !== 'map' && from.kind !== 'slice')) return false
  if (isNamed(from) && isNamed(to)) return false
  return from.elem?.name === to.elem?.name && (from.key?.name ?? 'string') === (to.key?.name ?? 'string')
}

function isNamed(type: GoType): boolean {
  return !type.name.startsWith('[]') && !type.name.startsWith('map[')
}
