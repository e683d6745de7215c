// JSON text of a typed object, as Go's json.Marshal writes the struct: fields in Go's order, HTML characters escaped
// (contract appendix B). For template function structToJSON, the overrides annotation and prober settings.

import { compareGoStrings, goJsonNumber, goJsonString } from '../std/gojson.ts'
import { isObject, type Json } from '../std/json.ts'
import type { SchemaType } from './schema.ts'
import { decode } from './typed.ts'

/** `value` decoded into `type`, then written. Throws what decode throws. */
export function encodeOrdered(type: SchemaType, value: Json): string {
  return encodeCanonical(type, decode(type, value))
}

/** `value`, canonical of `type`, as text. */
export function encodeCanonical(type: SchemaType, value: Json): string {
  const pieces: string[] = []
  write(type, value, pieces)
  return pieces.join('')
}

function write(type: SchemaType, value: Json, pieces: string[]): void {
  const { elem, kind } = type
  if (typeof value !== 'object' || value === null || kind === 'raw') writeRaw(value, pieces)
  else if (kind === 'pointer' && elem !== undefined) write(elem, value, pieces)
  else if (Array.isArray(value)) {
    if (elem === undefined) writeRaw(value, pieces)
    else writeList(value, (item) => write(elem, item, pieces), pieces)
  } else if (elem !== undefined) {
    const keys = Object.keys(value).sort(compareGoStrings)
    writeMembers(keys, (key) => write(elem, value[key] ?? null, pieces), pieces)
  } else {
    let mark = '{"'
    for (const field of type.json) {
      const child = value[field.json]
      if (child === undefined) continue
      pieces.push(mark, field.json, '":')
      write(field.type, child, pieces)
      mark = ',"'
    }
    pieces.push(mark === '{"' ? '{}' : '}')
  }
}

/** JSON that Go carries as text: compacted, in its own key order. */
function writeRaw(value: Json, pieces: string[]): void {
  if (typeof value === 'string') pieces.push(goJsonString(value))
  else if (typeof value === 'number') pieces.push(goJsonNumber(value))
  else if (Array.isArray(value)) writeList(value, (item) => writeRaw(item, pieces), pieces)
  else if (isObject(value)) {
    writeMembers(Object.keys(value), (key) => writeRaw(value[key] ?? null, pieces), pieces)
  } else pieces.push(String(value))
}

function writeList(list: readonly Json[], item: (value: Json) => void, pieces: string[]): void {
  pieces.push('[')
  for (let i = 0; i < list.length; i++) {
    if (i > 0) pieces.push(',')
    item(list[i] ?? null)
  }
  pieces.push(']')
}

function writeMembers(keys: readonly string[], member: (key: string) => void, pieces: string[]): void {
  let mark = '{'
  for (const key of keys) {
    pieces.push(mark, goJsonString(key), ':')
    member(key)
    mark = ','
  }
  pieces.push(mark === '{' ? '{}' : '}')
}
