// JSON data into messages, as golang/protobuf's jsonpb does it (contract §3.4): camelCase or declared names, null leaves
// a field as it was, unknown fields are ignored, a field that is present replaces the old value whole.
// Errors are thrown as JsonError with the text jsonpb or encoding/json gives. Input is never changed.

import type { Message } from '../api/mesh.ts'
import { NEWEST, type Release } from '../api/release.ts'
import { goQuote } from '../gotemplate/quote.ts'
import { parseDuration } from '../std/duration.ts'
import { goJson, goJsonString } from '../std/gojson.ts'
import { isObject, type Json, own, setOwn } from '../std/json.ts'
import { goSyntaxError } from '../std/json-syntax.ts'
import { GoFloat } from '../std/yaml/resolve.ts'
import type { YamlObject, YamlValue } from '../std/yaml/tree.ts'
import type { FieldType, ProtoEnum, ProtoField, ProtoMessage, Scalar, WellKnown } from './proto.ts'

/** JSON that does not fit; the message is Go's, for the caller to put into a sentence. */
export class JsonError extends Error {}

const GO_SCALAR: Readonly<Record<Scalar, string>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  uint32: 'uint32',
  int64: 'int64',
  double: 'float64',
}
const RANGE: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(1n << 31n), (1n << 31n) - 1n],
  uint32: [0n, (1n << 32n) - 1n],
  int64: [-(1n << 63n), (1n << 63n) - 1n],
}

/** A number that stood in quotes: its text counts, `1e2` and `1.0` are no integers. */
class NumberText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Numeric = number | bigint | GoFloat | NumberText
type Value = YamlValue | NumberText

function isNumeric(value: Value): value is Numeric {
  if (typeof value === 'number' || typeof value === 'bigint') return true
  return value instanceof GoFloat || value instanceof NumberText
}

/** A number as it stands in Go's JSON text. */
function numberText(value: Numeric): string {
  if (value instanceof NumberText) return value.text
  return goJson(value instanceof GoFloat ? value.value : value)
}

/** Whether decoded YAML or JSON is a mapping. */
export function isMap(value: YamlValue): value is YamlObject {
  return isObject(value) && !(value instanceof GoFloat)
}

/** encoding/json's complaint about a value of the wrong kind; a number is quoted where the target is one too. */
export function mismatch(value: Value, goType: string, numeric = false): JsonError {
  let kind: string = typeof value
  if (Array.isArray(value)) kind = 'array'
  else if (kind === 'boolean') kind = 'bool'
  else if (isNumeric(value)) kind = numeric ? `number ${numberText(value)}` : 'number'
  return new JsonError(`json: cannot unmarshal ${kind} into Go value of type ${goType}`)
}

/** The value without the difference between kinds of numbers, as untyped Go code sees it. */
function plain(value: YamlValue): Json {
  if (isNumeric(value)) return value instanceof GoFloat ? value.value : Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (!isMap(value)) return value as Json
  const copy: { [key: string]: Json } = {}
  for (const [key, item] of Object.entries(value)) setOwn(copy, key, plain(item))
  return copy
}

/** jsonpb strips the quotes of a quoted number and reads what is between them as JSON, whatever it is. */
function unquoted(value: YamlValue): Value {
  if (typeof value !== 'string') return value
  const text = goJsonString(value).slice(1, -1)
  const problem = goSyntaxError(text)
  if (problem !== undefined) throw new JsonError(problem)
  return /^ *[-0-9]/.test(text) ? new NumberText(text.trim()) : (JSON.parse(text) as Json)
}

function readInteger(value: Value, scalar: string, goType: string): number | bigint {
  if (value === null) return scalar === 'int64' ? 0n : 0
  if (!isNumeric(value)) throw mismatch(value, goType)
  const [low, high] = RANGE[scalar] ?? [0n, 0n]
  const text = numberText(value)
  const whole = /^-?[0-9]{1,20}$/.test(text) ? BigInt(text) : undefined
  if (whole === undefined || whole < low || whole > high) throw mismatch(value, goType, true)
  return scalar === 'int64' ? whole : Number(whole)
}

function readDouble(value: YamlValue): number {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
  const inner = unquoted(value)
  if (inner === null) return 0
  if (!isNumeric(inner)) throw mismatch(inner, 'float64')
  return Number(numberText(inner))
}

function readScalar(value: YamlValue, scalar: Scalar): unknown {
  if (scalar === 'string' || scalar === 'bool') {
    if (value === null) return scalar === 'string' ? '' : false
    if (typeof value !== (scalar === 'bool' ? 'boolean' : 'string')) throw mismatch(value, GO_SCALAR[scalar])
    return value
  }
  if (scalar === 'double') return readDouble(value)
  return readInteger(unquoted(value), scalar, GO_SCALAR[scalar])
}

function readEnum(value: YamlValue, type: ProtoEnum, release: Release): string | number {
  if (typeof value === 'string') {
    const known = type.numbers.has(value) && (type.since.get(value) ?? 0) <= minorOf(release)
    if (known) return value
    throw new JsonError(`unknown value ${goQuote(goJsonString(value))} for enum ${type.name}`)
  }
  const number = Number(readInteger(value, 'int32', 'protoreflect.EnumNumber'))
  return type.names.get(number) ?? number
}

function readStruct(value: YamlValue): Json {
  if (value === null) return {}
  if (isMap(value)) return plain(value)
  throw new JsonError(`bad StructValue: ${mismatch(value, 'map[string]json.RawMessage').message}`)
}

function readKnown(value: YamlValue, known: WellKnown): unknown {
  switch (known) {
    case 'BoolValue':
      return readScalar(value, 'bool')
    case 'Int32Value':
      return readScalar(value, 'int32')
    case 'Int64Value':
      return readScalar(value, 'int64')
    case 'Duration':
      if (typeof value !== 'string') throw mismatch(value, 'string')
      try {
        return parseDuration(value)
      } catch (error) {
        throw new JsonError(`bad Duration: ${(error as Error).message}`)
      }
    case 'Struct':
      return readStruct(value)
    case 'Value':
      return plain(value)
    case 'IntOrString':
      return typeof value === 'string' ? value : readInteger(value, 'int32', 'int32')
  }
}

/** A list item or a map value: null is the zero value there. */
function readItem(value: YamlValue, type: FieldType, release: Release): unknown {
  switch (type.kind) {
    case 'scalar':
      return readScalar(value, type.scalar)
    case 'enum':
      return readEnum(value, type.enum, release)
    case 'known':
      return readKnown(value, type.known)
    case 'message':
      return readMessage(type.message, value, release)
  }
}

function readField(field: ProtoField, value: YamlValue, release: Release): unknown {
  if (field.shape === 'one') return readItem(value, field.type, release)
  if (field.shape === 'list') {
    if (!Array.isArray(value)) throw mismatch(value, '[]json.RawMessage')
    return value.map((item) => readItem(item, field.type, release))
  }
  if (!isMap(value)) throw mismatch(value, 'map[string]json.RawMessage')
  const map: { [key: string]: unknown } = {}
  for (const [key, item] of Object.entries(value)) setOwn(map, key, readItem(item, field.type, release))
  return map
}

/** Whether protobuf counts a field with this value as not set: zero scalars outside a oneof, empty lists and maps. */
function isUnset(field: ProtoField, value: unknown): boolean {
  if (field.shape === 'list') return (value as unknown[]).length === 0
  if (field.shape === 'map') return Object.keys(value as object).length === 0
  if (field.oneof !== undefined || field.type.kind === 'known' || field.type.kind === 'message') return false
  if (field.type.kind === 'enum') return value === (field.type.enum.names.get(0) ?? 0)
  return value === '' || value === false || value === 0 || value === 0n
}

/** A message that is being made. */
export interface Draft {
  [field: string]: unknown
}

/** Sets a field as protobuf does: the zero value unsets it, a member of a oneof unsets the others. */
export function setField(type: ProtoMessage, draft: Draft, field: ProtoField, value: unknown): void {
  delete draft[field.json]
  if (field.oneof !== undefined) {
    for (const other of type.fields) if (other.oneof === field.oneof) delete draft[other.json]
  }
  if (!isUnset(field, value)) draft[field.json] = value
}

/** Releases of another major line count as the newest. */
function minorOf(release: Release): number {
  return release.major > 1 ? Number.POSITIVE_INFINITY : release.minor
}

/** What the data says of a field: by its JSON name, or else by the declared one; undefined when nothing. */
function rawOf(value: YamlObject, field: ProtoField): YamlValue | undefined {
  return Object.hasOwn(value, field.json) ? value[field.json] : own(value, field.name)
}

/**
 * Reads data as a message; fields of `base` that the data does not name stay. Fields that `release` does not know yet
 * are ignored, as its own reader would. Data is what JSON.parse or `readExact` give. Throws JsonError.
 */
export function readMessage(
  type: ProtoMessage,
  value: YamlValue,
  release: Release = NEWEST,
  base: Message = {},
): Message {
  if (value === null) return base
  if (!isMap(value)) throw mismatch(value, 'map[string]json.RawMessage')
  let draft: Draft | undefined
  for (const field of type.fields) {
    if (field.since > minorOf(release)) continue
    const raw = rawOf(value, field)
    const anyJson = field.shape === 'one' && field.type.kind === 'known' && field.type.known === 'Value'
    if (raw === undefined || (raw === null && !anyJson)) continue
    draft ??= { ...base }
    setField(type, draft, field, readField(field, raw, release))
  }
  return draft ?? base
}
