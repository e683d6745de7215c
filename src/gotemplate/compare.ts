// Go's comparison functions (text/template/funcs.go): eq ne lt le gt ge.
// Kinds must agree, but signed and unsigned integers compare; nil compares with what can be nil.

import { equalJson, type Json } from '../std/json.ts'
import { sprintf } from './format.ts'
import { FuncError } from './func.ts'
import { compareBytes } from './utf8.ts'
import { type GoKind, type GoType, type GoValue, Typed } from './value.ts'
import { isIntegerKind, isNil, kindOf, toFloat, toInt, toText, typeName } from './value-ops.ts'

type Basic = 'bool' | 'int' | 'uint' | 'float' | 'complex' | 'string' | undefined

function basicKind(kind: GoKind | 'invalid'): Basic {
  if (kind === 'bool' || kind === 'string') return kind
  if (kind === 'complex128') return 'complex'
  if (isIntegerKind(kind)) return kind.startsWith('u') ? 'uint' : 'int'
  return kind.startsWith('float') ? 'float' : undefined
}

/** eq a b c…: whether a equals one of the others. */
export function equals(args: readonly GoValue[]): boolean {
  const [first, ...others] = args
  if (others.length === 0) throw new FuncError('missing argument for comparison')
  return others.some((other) => equal(first, other))
}

function equal(a: GoValue, b: GoValue): boolean {
  // The common case of templates: two strings.
  if (typeof a === 'string' && typeof b === 'string') return a === b
  const left = basicKind(kindOf(a))
  const right = basicKind(kindOf(b))
  if (left !== right) {
    if (bothIntegers(left, right)) return toInt(a) === toInt(b)
    if (isValid(a) && isValid(b)) throw incompatible(a, b)
    return false
  }
  switch (left) {
    case 'bool':
      return boolOf(a) === boolOf(b)
    case 'float':
      return toFloat(a) === toFloat(b)
    case 'int':
    case 'uint':
      return toInt(a) === toInt(b)
    case 'string':
      return toText(a) === toText(b)
    case 'complex':
      return equalJson((a as Typed).raw as Json, (b as Typed).raw as Json)
    default:
      return equalOther(a, b)
  }
}

function bothIntegers(a: Basic, b: Basic): boolean {
  return (a === 'int' && b === 'uint') || (a === 'uint' && b === 'int')
}

function isValid(value: GoValue): boolean {
  return value !== undefined && value !== null
}

function boolOf(value: GoValue): boolean {
  return value instanceof Typed ? value.raw === true : value === true
}

function incompatible(a: GoValue, b: GoValue): FuncError {
  return new FuncError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`)
}

/** Pointers, structs, lists and maps: the last two can only be compared with nil. */
function equalOther(a: GoValue, b: GoValue): boolean {
  if (kindOf(a) !== kindOf(b) && isValid(a) && isValid(b)) {
    const text = sprintf('%s: %v, %s: %v', [a, typeName(a), typeName(b), b])
    throw new FuncError(`non-comparable types ${text}`)
  }
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b)
  if (!(b instanceof Typed) || !isComparable(b.type)) {
    throw new FuncError(`non-comparable type ${sprintf('%s: %v', [b, typeName(b)])}`)
  }
  if (!(a instanceof Typed) || a.type.name !== b.type.name) return false
  return b.type.kind === 'pointer' ? a.raw === b.raw : equalJson(a.raw as Json, b.raw as Json)
}

function isComparable(type: GoType): boolean {
  if (type.kind === 'struct')
    return [...(type.fields?.().values() ?? [])].every((field) => isComparable(field.type))
  return type.kind !== 'slice' && type.kind !== 'map' && type.kind !== 'func'
}

/** lt a b. */
export function isLess(a: GoValue, b: GoValue): boolean {
  const left = ordered(a)
  const right = ordered(b)
  if (left !== right && !bothIntegers(left, right)) throw incompatible(a, b)
  switch (left) {
    case 'float':
      return (toFloat(a) ?? 0) < (toFloat(b) ?? 0)
    case 'int':
    case 'uint':
      return (toInt(a) ?? 0n) < (toInt(b) ?? 0n)
    case 'string':
      return compareBytes(toText(a) ?? '', toText(b) ?? '') < 0
    default:
      throw new FuncError('invalid type for comparison')
  }
}

function ordered(value: GoValue): Basic {
  const kind = basicKind(kindOf(value))
  if (kind === undefined) throw new FuncError('invalid type for comparison')
  return kind
}

/** le a b. */
export function isLessOrEqual(a: GoValue, b: GoValue): boolean {
  return isLess(a, b) || equal(a, b)
}
