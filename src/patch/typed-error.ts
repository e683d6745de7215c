// Why a value does not fit its Go type, in the words of encoding/json (Go 1.25 and newer): the slow twin of typed.ts,
// walked only after that one failed. The first misfit is reported, but a failure of a type's own parser (quantity,
// time, intOrString) ends the walk and wins, as in Go's decoder.

import { goJsonNumber } from '../std/gojson.ts'
import { isObject, type Json } from '../std/json.ts'
import { NumberText } from '../std/json-syntax.ts'
import { canonicalQuantity } from '../std/quantity.ts'
import { type MemberOrder, memberNames, membersOf } from './field-names.ts'
import type { SchemaType } from './schema.ts'
import { canonicalTime } from './time.ts'

interface Context {
  /** Go name of the innermost struct, without its package; empty outside any struct. */
  readonly struct: string
  readonly path: readonly string[]
}

interface Walk {
  readonly order: MemberOrder
  saved: string | undefined
}

/** Ends a walk: the error of a type with a parser of its own. */
class Ended extends Error {}

/** Go's message for decoding `value` into `type`; a general one if Go would take the value. */
export function typedError(type: SchemaType, value: Json, order: MemberOrder): string {
  const walk: Walk = { order, saved: undefined }
  try {
    visit(type, value, { struct: '', path: [] }, walk)
  } catch (error) {
    if (error instanceof Ended) return error.message
    throw error
  }
  return walk.saved ?? `cannot decode value into ${type.name}`
}

function message(what: string, typeName: string, context: Context): string {
  const target = context.struct === '' ? 'value' : `struct field ${context.struct}.${context.path.join('.')}`
  return `json: cannot unmarshal ${what} into Go ${target} of type ${typeName}`
}

function jsonKind(value: Json): string {
  if (isNumber(value)) return 'number'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}

function visit(type: SchemaType, value: Json, context: Context, walk: Walk): void {
  if (visitParsed(type, value, context) || value === null) return
  const elem = type.elem
  switch (type.kind) {
    case 'pointer':
      if (elem !== undefined) visit(elem, value, context, walk)
      return
    case 'struct':
      if (!isObject(value) || isNumber(value)) break
      visitStruct(type, value, context, walk)
      return
    case 'list':
      if (Array.isArray(value) && elem !== undefined) {
        for (const item of value) visit(elem, item, context, walk)
        return
      }
      break
    case 'map':
      if (isObject(value) && !isNumber(value) && elem !== undefined) {
        for (const key of memberNames(value, walk.order)) visit(elem, value[key] ?? null, context, walk)
        return
      }
      break
    default:
      if (typeof value === type.kind || (type.kind === 'bool' && typeof value === 'boolean')) return
      if (type.kind === 'int' && isNumber(value)) {
        const source = sourceOf(value)
        if (!fitsInteger(source, type.bits)) walk.saved ??= message(`number ${source}`, type.name, context)
        return
      }
  }
  walk.saved ??= message(jsonKind(value), type.name, context)
}

function visitStruct(type: SchemaType, value: { [key: string]: Json }, context: Context, walk: Walk): void {
  const struct = type.name.slice(type.name.indexOf('.') + 1)
  for (const [field, child] of membersOf(type, value, walk.order)) {
    visit(field.type, child, { struct, path: [...context.path, ...field.through, field.json] }, walk)
  }
}

/** Data may hold numbers by their spelling (numbers.ts), which its type does not tell. */
function isNumber(value: unknown): value is number | NumberText {
  return typeof value === 'number' || value instanceof NumberText
}

function sourceOf(value: number | NumberText): string {
  return typeof value === 'number' ? goJsonNumber(value) : value.source
}

/** Whether Go reads a number that is spelled like this into an integer of so many bits. */
export function fitsInteger(source: string, bits: 32 | 64 | undefined): boolean {
  return /^-?[0-9]{1,19}$/.test(source) && BigInt.asIntN(bits ?? 64, BigInt(source)) === BigInt(source)
}

/** Types with their own UnmarshalJSON: true when `type` is one of them and took the value. */
function visitParsed(type: SchemaType, value: Json, context: Context): boolean {
  switch (type.kind) {
    case 'raw':
      return true
    case 'quantity':
      parse(() => canonicalQuantity(isNumber(value) ? sourceOf(value) : value))
      return true
    case 'time':
      if (typeof value === 'string') parse(() => canonicalTime(value))
      else if (value !== null) throw new Ended(message(jsonKind(value), 'string', context))
      return true
    case 'intOrString':
      if (value === null || typeof value === 'string') return true
      if (!isNumber(value)) throw new Ended(message(jsonKind(value), 'int32', context))
      if (!fitsInteger(sourceOf(value), 32))
        throw new Ended(message(`number ${sourceOf(value)}`, 'int32', context))
      return true
    default:
      return false
  }
}

function parse(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    throw new Ended(error instanceof Error ? error.message : String(error))
  }
}
