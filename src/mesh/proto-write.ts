// Messages as proto-JSON, the way golang/protobuf's jsonpb writes it (contract §3.4): fields in declaration order, unset
// ones left out, set messages kept even if empty, map keys in byte order, 64-bit integers quoted, Go's HTML escaping.

import type { Message } from '../api/mesh.ts'
import { compareGoStrings, goJson, goJsonNumber, goJsonString } from '../std/gojson.ts'
import { isObject, type Json } from '../std/json.ts'
import type { FieldType, ProtoField, ProtoMessage } from './proto.ts'

/** Seconds with 0, 3, 6 or 9 decimals, quoted: `"45s"`, `"0.500s"`. */
function writeDuration(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : ''
  const value = nanoseconds < 0n ? -nanoseconds : nanoseconds
  const decimals = (value % 1_000_000_000n).toString().padStart(9, '0')
  const short = `.${decimals}`
    .replace(/000$/, '')
    .replace(/000$/, '')
    .replace(/\.000$/, '')
  return `"${sign}${value / 1_000_000_000n}${short}s"`
}

/** One value of a type, list or map item or a singular field: `"45s"`, `true`, `{…}`. */
export function writeItem(value: unknown, type: FieldType): string {
  if (type.kind === 'message') return writeMessage(type.message, value as Message)
  if (type.kind === 'known' && type.known === 'Duration') return writeDuration(value as bigint)
  if (typeof value === 'bigint') return `"${value}"`
  if (typeof value === 'number') {
    return Number.isFinite(value) ? goJsonNumber(value) : `"${value}"`
  }
  return typeof value === 'string' ? goJsonString(value) : goJson(value)
}

function writeField(field: ProtoField, value: unknown): string {
  if (field.shape === 'list') {
    return `[${(value as unknown[]).map((item) => writeItem(item, field.type)).join(',')}]`
  }
  if (field.shape === 'one') return writeItem(value, field.type)
  const entries = Object.entries(value as object).sort(([a], [b]) => compareGoStrings(a, b))
  return `{${entries.map(([key, item]) => `${goJsonString(key)}:${writeItem(item, field.type)}`).join(',')}}`
}

/** The message as one line of JSON. */
export function writeMessage(type: ProtoMessage, message: Message): string {
  const members: string[] = []
  for (const field of type.fields) {
    const value = message[field.json]
    if (value !== undefined) members.push(`${goJsonString(field.json)}:${writeField(field, value)}`)
  }
  return `{${members.join(',')}}`
}

/** As writeMessage, but as data: what `JSON.parse` of the text gives. */
export function messageJson(type: ProtoMessage, message: Message): Json {
  return JSON.parse(writeMessage(type, message)) as Json
}

/** Equality of two messages of one type; map order does not count. */
export function equalMessages(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equalMessages(item, b[i]))
  }
  if (!isObject(a) || !isObject(b)) return Number.isNaN(a) && Number.isNaN(b)
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && equalMessages(a[key], b[key]))
}
