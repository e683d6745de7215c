// Reading Go values: kinds, truth, lengths, entries, elements; fields and methods are in field.ts. Templates and
// functions read data through these two files only, so that one place sees (or records) all reads.
// Only own properties are data. Nothing is copied or changed.

import { byteLength } from '../std/bytes.ts'
import { ANY, DICT, typeOf, wrap } from './types.ts'
import { compareBytes } from './utf8.ts'
import { type GoKind, type GoMap, type GoType, type GoValue, Typed } from './value.ts'

export { field, fieldsOf, findMethod, type MissingKey } from './field.ts'
export { typeName, typeOf } from './types.ts'

/** The kind of a value; 'invalid' for no value and for nil. */
export function kindOf(value: GoValue): GoKind | 'invalid' {
  return typeOf(value)?.kind ?? 'invalid'
}

/** False for nil, false, 0, "", empty lists and maps, nil pointers; structs are always true. */
export function truth(value: GoValue): boolean {
  switch (typeof value) {
    case 'boolean':
      return value
    case 'string':
      return value !== ''
    case 'number':
      // A NaN is not zero, hence true.
      return value !== 0
    case 'bigint':
      return value !== 0n
    case 'undefined':
      return false
    case 'function':
      return true
    default:
      if (value === null) return false
      if (value instanceof Typed) return typedTruth(value)
      return Array.isArray(value) ? value.length > 0 : !isEmptyObject(value)
  }
}

function typedTruth(value: Typed): boolean {
  const { raw } = value
  switch (value.type.kind) {
    case 'struct':
      return true
    case 'pointer':
    case 'func':
      return raw !== undefined && raw !== null
    case 'slice':
    case 'map':
      return (lengthOf(value) ?? 0) > 0
    case 'bool':
      return raw === true
    case 'string':
      return raw !== undefined && raw !== ''
    case 'complex128': {
      const { re, im } = raw as { re: number; im: number }
      return re !== 0 || im !== 0
    }
    default:
      return raw !== undefined && Number(raw) !== 0
  }
}

function isEmptyObject(object: object): boolean {
  for (const key in object) if (Object.hasOwn(object, key)) return false
  return true
}

/** True for nil itself and for nil pointers, maps and slices. */
export function isNil(value: GoValue): boolean {
  if (value === undefined || value === null) return true
  if (!(value instanceof Typed) || value.raw !== undefined) return false
  return value.type.kind === 'pointer' || value.type.kind === 'map' || value.type.kind === 'slice'
}

/** Follows pointers: what is pointed to, or the nil pointer at which it ended. */
export function indirect(value: GoValue): GoValue {
  let target = value
  while (target instanceof Typed && target.type.kind === 'pointer' && target.raw !== undefined) {
    target = wrap(target.type.elem ?? ANY, target.raw)
  }
  return target
}

/** Number of bytes, elements or entries; undefined where Go has no len. */
export function lengthOf(value: GoValue): number | undefined {
  if (typeof value === 'string') return byteLength(value)
  if (typeof value !== 'object' || value === null) return undefined
  if (!(value instanceof Typed)) return Array.isArray(value) ? value.length : Object.keys(value).length
  const { raw } = value
  switch (value.type.kind) {
    case 'string':
      return raw === undefined ? 0 : byteLength(raw as string)
    case 'slice':
      return raw === undefined ? 0 : (raw as ArrayLike<unknown>).length
    case 'map':
      return raw === undefined ? 0 : Object.keys(raw as object).length
    default:
      return undefined
  }
}

/** The entries of a map in Go's key order; undefined when the value is no map. */
export function entries(value: GoValue): (readonly [key: string, value: GoValue])[] | undefined {
  const map = mapOfValue(value)
  if (map === undefined) return undefined
  const { raw, elem } = map
  const keys = Object.keys(raw)
  if (keys.length > 1) keys.sort(compareBytes)
  return keys.map((key) => [key, wrap(elem, raw[key])] as const)
}

/** The raw entries of a map value and their type; undefined when the value is no map. */
export function mapOfValue(value: GoValue): { raw: GoMap; elem: GoType; type: GoType } | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (!(value instanceof Typed)) return { raw: value as GoMap, elem: ANY, type: DICT }
  if (value.type.kind !== 'map') return undefined
  return { raw: (value.raw ?? {}) as GoMap, elem: value.type.elem ?? ANY, type: value.type }
}

/** The elements of a list; undefined when the value is no list. A plain list is returned as it is. */
export function elements(value: GoValue): readonly GoValue[] | undefined {
  if (Array.isArray(value)) return value as GoValue[]
  if (!(value instanceof Typed) || value.type.kind !== 'slice') return undefined
  if (value.raw === undefined) return []
  const elem = value.type.elem ?? ANY
  const raw = value.raw as ArrayLike<unknown>
  const items: GoValue[] = []
  for (let i = 0; i < raw.length; i++) items.push(wrap(elem, raw[i]))
  return items
}

const INTEGERS: ReadonlySet<string> = new Set([
  'int',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
])

/** True for every signed and unsigned integer kind. */
export function isIntegerKind(kind: string): boolean {
  return INTEGERS.has(kind)
}

/** The value of any integer type, named ones included; undefined for everything else. */
export function toInt(value: GoValue): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (!(value instanceof Typed) || !INTEGERS.has(value.type.kind)) return undefined
  return BigInt((value.raw ?? 0) as number | bigint)
}

/** The value of float32, float64 or a named float type; undefined for everything else. */
export function toFloat(value: GoValue): number | undefined {
  if (typeof value === 'number') return value
  if (!(value instanceof Typed)) return undefined
  const { kind } = value.type
  return kind === 'float64' || kind === 'float32' ? Number(value.raw ?? 0) : undefined
}

/** The text of a string or of a named string type; undefined for everything else. */
export function toText(value: GoValue): string | undefined {
  if (typeof value === 'string') return value
  if (!(value instanceof Typed) || value.type.kind !== 'string') return undefined
  return (value.raw ?? '') as string
}

/**
 * Plain data of a value: types are dropped at every depth, nil pointers, maps and slices become null, other unset
 * values their zero. Integers of type int stay bigint. A value without typed parts is returned as it is.
 */
export function unwrap(value: GoValue): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Typed) return unwrapTyped(value)
  if (Array.isArray(value)) {
    const items = (value as GoValue[]).map(unwrap)
    return items.every((item, i) => item === value[i]) ? value : items
  }
  const copy = Object.create(null) as { [key: string]: unknown }
  let changed = false
  for (const key of Object.keys(value)) {
    const before = (value as GoMap)[key] as GoValue
    copy[key] = unwrap(before)
    if (copy[key] !== before) changed = true
  }
  return changed ? copy : value
}

function unwrapTyped(value: Typed): unknown {
  const { type, raw } = value
  if (raw !== undefined) return raw
  switch (type.kind) {
    case 'struct':
      return {}
    case 'string':
      return ''
    case 'bool':
      return false
    default:
      return isIntegerKind(type.kind) || type.kind.startsWith('float') ? 0 : null
  }
}
