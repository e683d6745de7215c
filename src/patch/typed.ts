// Go's typed decode and encode of a Kubernetes object, as one step on plain JSON (contract §6.5): unknown fields go,
// names match whatever their case, zero values of optional fields go and those of required fields come, quantities
// and times become canonical. What does not fit the types is refused with encoding/json's own text.
// It returns the very same reference (and the same parts) when nothing changes, and never mutates its input.

import { deepFreeze, isObject, type Json, type JsonArray, type JsonObject, own, setOwn } from '../std/json.ts'
import { narrow } from '../std/narrow.ts'
import { ProblemError } from '../std/problem.ts'
import { canonicalQuantity } from '../std/quantity.ts'
import { foldName, type MemberOrder, membersOf, settleNames } from './field-names.ts'
import { type JsonField, resolve, type SchemaType } from './schema.ts'
import { canonicalTime } from './time.ts'
import { typedError } from './typed-error.ts'

/**
 * Decodes a value, undefined standing for null; throws anything when the value does not fit. Parts that `clean`, of the
 * same type and canonical, has in the same place are taken as they are; with it, remembered values are looked up.
 */
type Decoder = (value: Json | undefined, clean?: Json) => Json

interface Slot {
  readonly json: string
  readonly decode: Decoder
  /** A plain string, which nearly always is what it should be. */
  readonly isText: boolean
  /** What omitempty leaves out: this scalar, and lists that are empty. */
  readonly empty: Json | undefined
  readonly omitsEmpty: boolean
  readonly required: boolean
  /** The value of a required field that is absent; frozen and shared. */
  readonly zero: Json
  /** The field that came after this one last time: objects of a type mostly have theirs in one order. */
  next: Slot | undefined
}

/** Thrown by the fast path, which does not say why: typedError finds out. */
const MISFIT = new Error('value does not fit its type')

/**
 * `value` decoded into `type` and encoded again. Of several misfits the first is named: in the order of sorted keys, which
 * is that of any text written from a map, or of the members as `given`.
 * @throws ProblemError('merge-failed') with the text of Go's encoding/json, or of the quantity or time parser.
 */
export function decode(type: SchemaType, value: Json, order: MemberOrder = 'sorted'): Json {
  return decodeWith(type, value, order)
}

/** As `decode`, for a value that may have parts which `rememberDecoded` knows. */
export function decodeShared(type: SchemaType, value: Json, order: MemberOrder = 'sorted'): Json {
  return decodeWith(type, value, order, NO_PART)
}

/**
 * As `decode`, for a value that was made by changing `clean`, which is canonical: what both share is not looked at again,
 * nor is what `rememberDecoded` knows.
 */
export function decodeChanged(type: SchemaType, value: Json, clean: Json): Json {
  return decodeWith(type, value, 'sorted', clean)
}

function decodeWith(type: SchemaType, value: Json, order: MemberOrder, clean?: Json): Json {
  try {
    return decoderOf(type)(value, clean)
  } catch {
    throw new ProblemError('merge-failed', typedError(type, value, order))
  }
}

interface Remembered {
  readonly type: SchemaType
  readonly decoded: Json
}

/** What frozen objects and lists decode to, for those that come again and again. */
const remembered = new WeakMap<object, Remembered>()
/** Their JSON texts, as far as somebody asked. */
const texts = new WeakMap<object, string>()

/**
 * Decodes `value`, which is deeply frozen, and its parts once for all later calls of `decodeChanged` that meet them; misfits
 * are left to those.
 */
export function rememberDecoded(type: SchemaType, value: Json): void {
  const target = resolve(type)
  if (typeof value !== 'object' || value === null || remembered.has(value)) return
  let decoded: Json
  try {
    decoded = deepFreeze(decoderOf(target)(value))
  } catch {
    return
  }
  const found = { type: target, decoded }
  remembered.set(value, found)
  remembered.set(decoded as object, found)
  rememberMembers(target, value)
  if (decoded !== value) rememberMembers(target, decoded)
}

function rememberMembers(type: SchemaType, value: Json): void {
  if (Array.isArray(value)) {
    if (type.elem !== undefined) for (const item of value) rememberDecoded(type.elem, item)
  } else if (isObject(value)) {
    for (const field of type.json) rememberDecoded(field.type, own(value, field.json) ?? null)
  }
}

/** The JSON text of an object or list that `rememberDecoded` was given, or that it made of one; undefined for others. */
export function textOfRemembered(value: object): string | undefined {
  const known = texts.get(value)
  if (known !== undefined || !remembered.has(value)) return known
  const text = narrow(JSON.stringify(value))
  texts.set(value, text)
  return text
}

function recalled(type: SchemaType, value: object): Json | undefined {
  const found = remembered.get(value)
  return found?.type === type ? found.decoded : undefined
}

/** Stands for a part that the clean value does not have. */
const NO_PART: JsonObject = Object.freeze({})
const NO_ITEMS: readonly Json[] = []

const compiled = new WeakMap<SchemaType, Decoder>()

function decoderOf(type: SchemaType): Decoder {
  const known = compiled.get(type)
  if (known !== undefined) return known
  const made = compile(type)
  compiled.set(type, made)
  return made
}

function compile(type: SchemaType): Decoder {
  switch (type.kind) {
    case 'string':
      return decodeString
    case 'bool':
      return decodeBool
    case 'int':
      return type.bits === 32 ? decodeInt32 : decodeInt64
    case 'quantity':
      return decodeQuantity
    case 'intOrString':
      return (value) => (typeof value === 'string' ? decodeString(value) : decodeInt32(value))
    case 'time':
      return decodeTime
    case 'raw':
      return (value) => value ?? null
    case 'pointer':
      return pointerDecoder(elementDecoder(type))
    case 'list':
      return listDecoder(elementDecoder(type), type)
    case 'map':
      return mapDecoder(elementDecoder(type), false)
    case 'struct':
      return structDecoder(type)
  }
}

function elementDecoder(type: SchemaType): Decoder {
  if (type.elem === undefined) throw new Error(`schema: ${type.name} has no element type`)
  return decoderOf(type.elem)
}

function decodeString(value: Json | undefined): Json {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed()
  if (value === null || value === undefined) return ''
  throw MISFIT
}

function decodeBool(value: Json | undefined): Json {
  if (typeof value === 'boolean') return value
  if (value === null || value === undefined) return false
  throw MISFIT
}

function decodeInt32(value: Json | undefined): Json {
  if (typeof value === 'number' && (value | 0) === value) return value
  if (value === null || value === undefined) return 0
  throw MISFIT
}

function decodeInt64(value: Json | undefined): Json {
  if (typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63)
    return value
  if (value === null || value === undefined) return 0
  throw MISFIT
}

/** Up to three digits cannot be shortened, whatever the unit. */
const SHORT_QUANTITY = /^[1-9][0-9]{0,2}(?:m|k|M|G|Ki|Mi|Gi)?$/

function decodeQuantity(value: Json | undefined): Json {
  if (typeof value === 'string' && SHORT_QUANTITY.test(value)) return value
  return canonicalQuantity(value ?? null)
}

function decodeTime(value: Json | undefined): Json {
  if (typeof value === 'string') return canonicalTime(value)
  if (value === null || value === undefined) return null
  throw MISFIT
}

function pointerDecoder(element: Decoder): Decoder {
  return (value, clean) => (value === null || value === undefined ? null : element(value, clean))
}

function listDecoder(element: Decoder, type: SchemaType): Decoder {
  return (value, clean) => {
    if (value === null || value === undefined) return null
    if (!Array.isArray(value)) throw MISFIT
    const known = clean === undefined ? undefined : recalled(type, value)
    if (known !== undefined) return known
    const part = clean === undefined ? undefined : NO_PART
    const cleanItems = Array.isArray(clean) ? clean : NO_ITEMS
    /** Where the next shared item is: what changes a list keeps the order of items it does not touch. */
    let at = 0
    let copy: JsonArray | undefined
    for (let i = 0; i < value.length; i++) {
      const item = value[i]
      const shared = at < cleanItems.length && item === cleanItems[at]
      if (shared) at++
      const next = shared ? (item as Json) : element(item, part)
      if (copy !== undefined) copy.push(next)
      else if (next !== item) {
        copy = value.slice(0, i)
        copy.push(next)
      }
    }
    return copy ?? value
  }
}

/** `omitsEmpty`: a map without members is as good as none. */
function mapDecoder(element: Decoder, omitsEmpty: boolean): Decoder {
  return (value) => {
    if (value === null || value === undefined) return null
    if (!isObject(value)) throw MISFIT
    let isEmpty = true
    let changed = false
    for (const key in value) {
      isEmpty = false
      const item = value[key]
      if (element(item) === item && key.isWellFormed()) continue
      changed = true
      break
    }
    if (isEmpty && omitsEmpty) return null
    if (!changed) return value
    const copy: JsonObject = {}
    for (const key of Object.keys(value)) setOwn(copy, key.toWellFormed(), element(value[key]))
    return copy
  }
}

/** The scalar that Go leaves out; structs, times, quantities and intOrStrings always stay. */
function emptyOf(field: JsonField): Json | undefined {
  if (field.omit === 'never') return undefined
  if (field.omit === 'zero') return null
  switch (field.type.kind) {
    case 'string':
      return ''
    case 'bool':
      return false
    case 'int':
      return 0
    case 'pointer':
    case 'list':
    case 'map':
      return null
    default:
      return undefined
  }
}

function slotOf(field: JsonField): Slot {
  const { kind } = field.type
  const isLeftOut = field.omit === 'empty'
  // Whether a map has members is known after it was gone through, and costs as much again to find out later.
  const decoder =
    isLeftOut && kind === 'map' ? mapDecoder(elementDecoder(field.type), true) : decoderOf(field.type)
  const zero = deepFreeze(decoder(null))
  const omitsEmpty = isLeftOut && kind === 'list'
  const slot = { decode: decoder, isText: kind === 'string', empty: emptyOf(field), omitsEmpty, zero }
  // A name that was a key is the very string that keys of parsed objects are, which makes comparing them quick.
  const [json = field.json] = Object.keys({ [field.json]: null })
  return { ...slot, json, required: !isOmitted(slot, zero), next: undefined }
}

function isOmitted({ empty, omitsEmpty }: Pick<Slot, 'empty' | 'omitsEmpty'>, value: Json): boolean {
  return value === empty || (omitsEmpty && (value as JsonArray).length === 0)
}

function structDecoder(type: SchemaType): Decoder {
  const slots = new Map<string, Slot>()
  const folded = new Set<string>()
  const required: Slot[] = []
  for (const field of type.json) {
    const slot = slotOf(field)
    slots.set(field.json, slot)
    folded.add(foldName(field.json))
    if (slot.required) required.push(slot)
  }
  let first: Slot | undefined
  const zero = deepFreeze(Object.fromEntries(required.map((slot) => [slot.json, slot.zero])))

  function decodeStruct(value: Json | undefined, clean?: Json): Json {
    if (value === null || value === undefined) return zero
    if (!isObject(value)) throw MISFIT
    if (clean !== undefined) {
      if (value === clean) return value
      const known = recalled(type, value)
      if (known !== undefined) return known
    }
    const parts = (clean ?? NO_PART) as JsonObject
    let present = 0
    let copy: JsonObject | undefined
    let last: Slot | undefined
    let guess = first
    for (const key in value) {
      let slot: Slot | undefined
      if (guess !== undefined && guess.json === key) slot = guess
      else {
        slot = slots.get(key)
        if (last === undefined) first = slot
        else last.next = slot
      }
      last = slot
      guess = slot?.next
      const child = value[key]
      if (slot !== undefined && child !== undefined) {
        if (slot.isText && typeof child === 'string' && child !== '' && child.isWellFormed()) {
          if (slot.required) present++
          if (copy !== undefined) copy[key] = child
          continue
        }
        let next: Json
        if (clean === undefined) next = slot.decode(child)
        else {
          const part = parts[key]
          next = child === part ? child : slot.decode(child, part ?? NO_PART)
        }
        if (!isOmitted(slot, next)) {
          if (slot.required) present++
          if (copy === undefined && next !== child) copy = before(value, key)
          if (copy !== undefined) copy[key] = next
          continue
        }
      } else if (slot === undefined && folded.has(foldName(key))) {
        for (const [field, member] of membersOf(type, value)) decoderOf(field.type)(member)
        return decodeStruct(settleNames(type, value))
      }
      copy ??= before(value, key)
    }
    if (present === required.length) return copy ?? value
    return fill(copy ?? { ...value })
  }

  /** The members of `value` in front of `stop`, which all stay as they are. */
  function before(value: JsonObject, stop: string): JsonObject {
    const copy: JsonObject = {}
    for (const key in value) {
      if (key === stop) break
      copy[key] = value[key] as Json
    }
    return copy
  }

  function fill(copy: JsonObject): JsonObject {
    for (const slot of required) if (!Object.hasOwn(copy, slot.json)) copy[slot.json] = slot.zero
    return copy
  }

  return decodeStruct
}
