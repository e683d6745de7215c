// Protobuf messages as text, as `{{ .ProxyConfig.Tracing }}` shows them: `zipkin:{address:"z:9411"} sampling:12.5`. Go
// puts one or two spaces between fields at random, to keep people from relying on it; here it is always one.

import { goString } from '../../gotemplate/format.ts'
import { goQuote } from '../../gotemplate/quote.ts'
import type { FieldType, ProtoField, ProtoMessage } from '../../mesh/proto.ts'
import { compareGoStrings } from '../../std/gojson.ts'
import { isObject, own } from '../../std/json.ts'

/** The fields of a message that are set; empty values of plain fields are not shown. */
export function messageText(message: ProtoMessage, raw: unknown): string {
  if (!isObject(raw)) return ''
  const parts: string[] = []
  for (const field of message.fields) {
    const value: unknown = own(raw, field.json)
    if (value !== undefined) parts.push(...fieldTexts(field, value))
  }
  return parts.join(' ')
}

function fieldTexts(field: ProtoField, value: unknown): string[] {
  const { name, type, shape } = field
  if (shape === 'list') return (value as unknown[]).map((item) => named(name, type, item))
  if (shape === 'map') {
    const entries = value as { readonly [key: string]: unknown }
    return Object.keys(entries)
      .sort(compareGoStrings)
      .map((key) => `${name}:{key:${goQuote(key)} ${named('value', type, entries[key])}}`)
  }
  return isEmptyScalar(type, value) && field.oneof === undefined ? [] : [named(name, type, value)]
}

function isEmptyScalar(type: FieldType, value: unknown): boolean {
  if (type.kind === 'enum') return value === 0 || type.enum.numbers.get(String(value)) === 0
  return type.kind === 'scalar' && (value === '' || value === false || value === 0 || value === 0n)
}

function named(name: string, type: FieldType, value: unknown): string {
  return `${name}:${itemText(type, value)}`
}

function itemText(type: FieldType, value: unknown): string {
  if (type.kind === 'message') return `{${messageText(type.message, value)}}`
  if (type.kind === 'known') return `{${wellKnownText(type.known, value)}}`
  if (type.kind === 'enum') return String(value)
  if (typeof value === 'string') return goQuote(value)
  return typeof value === 'number' && type.scalar === 'double' ? goString(value) : String(value)
}

/** The text of one of protobuf's own messages from its plain value. */
export function wellKnownText(known: string, value: unknown): string {
  switch (known) {
    case 'Duration': {
      const nanoseconds = BigInt(value as bigint)
      const parts: string[] = []
      if (nanoseconds / 1_000_000_000n !== 0n) parts.push(`seconds:${nanoseconds / 1_000_000_000n}`)
      if (nanoseconds % 1_000_000_000n !== 0n) parts.push(`nanos:${nanoseconds % 1_000_000_000n}`)
      return parts.join(' ')
    }
    case 'Struct':
      return structText(value)
    case 'Value':
      return valueText(value)
    default:
      return value === false || value === 0 || value === 0n ? '' : `value:${value}`
  }
}

function structText(value: unknown): string {
  if (!isObject(value)) return ''
  const keys = Object.keys(value).sort(compareGoStrings)
  return keys.map((key) => `fields:{key:${goQuote(key)} value:{${valueText(value[key])}}}`).join(' ')
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return `string_value:${goQuote(value)}`
  if (typeof value === 'number') return `number_value:${goString(value)}`
  if (typeof value === 'boolean') return `bool_value:${value}`
  if (Array.isArray(value)) {
    return `list_value:{${value.map((item) => `values:{${valueText(item)}}`).join(' ')}}`
  }
  return isObject(value) ? `struct_value:{${structText(value)}}` : 'null_value:NULL_VALUE'
}
