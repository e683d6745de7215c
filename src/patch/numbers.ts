// Numbers whose spelling counts for Go's typed decoder: `1.0` and `1e3` are no integers, quantities keep their exponent.
// In goes data of a type in which odd spellings are kept (NumberText), out come plain numbers and, for quantities, texts;
// what Go refuses is refused in its words. Everything else is left to typed.ts.

import { isObject, type Json, type JsonObject, setOwn } from '../std/json.ts'
import { NumberText } from '../std/json-syntax.ts'
import { ProblemError } from '../std/problem.ts'
import { findField, type MemberOrder } from './field-names.ts'
import { resolve, type SchemaType } from './schema.ts'
import { fitsInteger, typedError } from './typed-error.ts'

/** The largest double that is an int64; the int64s above it would become 2^63, which is none. */
const MOST_BELOW_INT64 = 2 ** 63 - 1024

const MISFIT = new Error('the number does not fit its type')

/**
 * `value` with plain numbers, ready for `decode`. Of several misfits, those of other kinds included, the first is named.
 * @throws ProblemError('merge-failed') with the text of Go's encoding/json.
 */
export function settleNumbers(type: SchemaType, value: unknown, order: MemberOrder): Json {
  try {
    return settle(type, value)
  } catch (error) {
    if (error !== MISFIT) throw error
    throw new ProblemError('merge-failed', typedError(type, value as Json, order))
  }
}

/** `type` is undefined for what no type describes. */
function settle(type: SchemaType | undefined, value: unknown): Json {
  const target = type === undefined ? undefined : resolve(type)
  if (value instanceof NumberText) return numberOf(target, value.source)
  if (target?.kind === 'pointer') return settle(target.elem, value)
  if (Array.isArray(value)) {
    const elem = target?.kind === 'list' ? target.elem : undefined
    return value.map((item) => settle(elem, item))
  }
  if (!isObject(value)) return value as Json
  const copy: JsonObject = {}
  for (const key of Object.keys(value)) setOwn(copy, key, settle(memberType(target, key), value[key]))
  return copy
}

function memberType(type: SchemaType | undefined, key: string): SchemaType | undefined {
  if (type?.kind === 'map') return type.elem
  return type?.kind === 'struct' ? findField(type, key)?.type : undefined
}

function numberOf(type: SchemaType | undefined, source: string): Json {
  switch (type?.kind) {
    case 'pointer':
      return numberOf(type.elem && resolve(type.elem), source)
    case 'int':
    case 'intOrString':
      if (!fitsInteger(source, type.kind === 'int' ? type.bits : 32)) throw MISFIT
      return Math.min(Number(source), MOST_BELOW_INT64)
    case 'quantity':
      return source
    default:
      return Number(source)
  }
}
