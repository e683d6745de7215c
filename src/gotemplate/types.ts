// Go's predeclared types, and the step from raw data to a template value.
// In: a Go type and raw data of it. Out: a GoValue, plain JavaScript where value.ts has a plain form, else Typed.

import { type GoType, type GoValue, Typed } from './value.ts'

export const ANY: GoType = { kind: 'interface', name: 'interface {}' }
export const BOOL: GoType = { kind: 'bool', name: 'bool' }
export const STRING: GoType = { kind: 'string', name: 'string' }
export const INT: GoType = { kind: 'int', name: 'int' }
export const INT32: GoType = { kind: 'int32', name: 'int32' }
export const INT64: GoType = { kind: 'int64', name: 'int64' }
export const UINT8: GoType = { kind: 'uint8', name: 'uint8' }
export const UINT32: GoType = { kind: 'uint32', name: 'uint32' }
export const UINT64: GoType = { kind: 'uint64', name: 'uint64' }
export const FLOAT64: GoType = { kind: 'float64', name: 'float64' }
export const COMPLEX128: GoType = { kind: 'complex128', name: 'complex128' }
export const FUNC: GoType = { kind: 'func', name: 'func' }
export const LIST: GoType = { kind: 'slice', name: '[]interface {}', elem: ANY }
export const DICT: GoType = { kind: 'map', name: 'map[string]interface {}', elem: ANY }
export const STRINGS: GoType = { kind: 'slice', name: '[]string', elem: STRING }
export const STRING_MAP: GoType = { kind: 'map', name: 'map[string]string', elem: STRING }
export const BYTES: GoType = { kind: 'slice', name: '[]uint8', elem: UINT8 }

/** The type `*elem`. Types are compared by name, so two pointers to one type are the same type. */
export function pointerTo(elem: GoType): GoType {
  return { kind: 'pointer', name: `*${elem.name}`, elem }
}

/** The type `[]elem`. */
export function sliceOf(elem: GoType): GoType {
  return { kind: 'slice', name: `[]${elem.name}`, elem }
}

/** The type `map[string]elem`. */
export function mapOf(elem: GoType): GoType {
  return { kind: 'map', name: `map[string]${elem.name}`, elem }
}

/** The template value of raw data of a type: an unset interface is null, every other unset value the zero value. */
export function wrap(type: GoType, raw: unknown): GoValue {
  switch (type.kind) {
    case 'interface':
      return raw === undefined ? null : (raw as GoValue)
    case 'string':
      if (type.name === 'string') return raw === undefined || raw === null ? '' : (raw as string)
      break
    case 'bool':
      if (type.name === 'bool') return raw === true
      break
    case 'float64':
      if (type.name === 'float64') return raw === undefined || raw === null ? 0 : Number(raw)
      break
    case 'int':
      if (type.name === 'int') return raw === undefined || raw === null ? 0n : BigInt(raw as number)
      break
    case 'slice':
      if (type.name === LIST.name && Array.isArray(raw)) return raw
      break
    case 'map':
      if (type.name === DICT.name && typeof raw === 'object' && raw !== null) return raw as GoValue
      break
    default:
  }
  return new Typed(type, raw === null ? undefined : raw)
}

/** The zero value of a type. */
export function zeroOf(type: GoType): GoValue {
  return wrap(type, undefined)
}

/** The Go type of a value; undefined for no value and for nil. */
export function typeOf(value: GoValue): GoType | undefined {
  switch (typeof value) {
    case 'string':
      return STRING
    case 'boolean':
      return BOOL
    case 'number':
      return FLOAT64
    case 'bigint':
      return INT
    case 'function':
      return FUNC
    case 'object':
      if (value === null) return undefined
      if (value instanceof Typed) return value.type
      return Array.isArray(value) ? LIST : DICT
    default:
      return undefined
  }
}

/** As `%T` prints it. */
export function typeName(value: GoValue): string {
  return typeOf(value)?.name ?? '<nil>'
}
