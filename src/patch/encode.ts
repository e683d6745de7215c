// JSON text of a typed object, as Go's json.Marshal writes the struct: fields in Go's order, HTML characters escaped
// (contract appendix B). For template function structToJSON, the overrides annotation and prober settings.

import { compareGoStrings, goJsonNumber, goJsonString } from '../std/gojson.ts'
import { isObject, type Json } from '../std/json.ts'
import type { SchemaType } from './schema.ts'
import { decode } from './typed.ts'

/** `value` decoded into `type`, then written. Throws what decode throws. */
export function encodeOrdered(type: SchemaType, value: Json): string {
  return write(type, decode(type, value))
}

function write(type: SchemaType, value: Json): string {
  const elem = type.elem
  if (value !== null && elem !== undefined && type.kind === 'pointer') return write(elem, value)
  if (Array.isArray(value) && elem !== undefined)
    return `[${value.map((item) => write(elem, item)).join(',')}]`
  if (isObject(value) && type.kind !== 'raw') {
    const members: string[] = []
    if (elem !== undefined) {
      for (const key of Object.keys(value).sort(compareGoStrings)) {
        members.push(`${goJsonString(key)}:${write(elem, value[key] ?? null)}`)
      }
    }
    for (const field of type.json) {
      const child = value[field.json]
      if (child !== undefined) members.push(`"${field.json}":${write(field.type, child)}`)
    }
    return `{${members.join(',')}}`
  }
  return writeRaw(value)
}

/** JSON that Go carries as text: compacted, in its own key order. */
function writeRaw(value: Json): string {
  if (typeof value === 'string') return goJsonString(value)
  if (typeof value === 'number') return goJsonNumber(value)
  if (Array.isArray(value)) return `[${value.map(writeRaw).join(',')}]`
  if (!isObject(value)) return String(value)
  const members = Object.keys(value).map((key) => `${goJsonString(key)}:${writeRaw(value[key] ?? null)}`)
  return `{${members.join(',')}}`
}
