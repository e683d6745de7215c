// JSON text as Go's encoding/json writes it: keys in the order of their bytes, `<`, `>`, `&`, U+2028 and U+2029 escaped,
// bytes outside UTF-8 (lone surrogates here) as \ufffd, floats with an exponent from 1e21 on and below 1e-6.
// In goes plain data, out comes one line; members that are undefined are left out. It never changes its input.

import { isObject } from './json.ts'

const UNSAFE = /["\\<>&\u0000-\u001f\u2028\u2029\ud800-\udfff]/
const ESCAPED = /["\\<>&\u0000-\u001f\u2028\u2029]|[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

function escapeMatch(match: string): string {
  if (match.length === 2) return match
  const code = match.charCodeAt(0)
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd'
  return SHORT[match] ?? `\\u${code.toString(16).padStart(4, '0')}`
}

/** A JSON string literal. */
export function goJsonString(text: string): string {
  return UNSAFE.test(text) ? `"${text.replace(ESCAPED, escapeMatch)}"` : `"${text}"`
}

/** A JSON number: `1e+21`, `1e-7`, `-0`. Throws on NaN and infinities, which JSON lacks. */
export function goJsonNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`json: unsupported value: ${value}`)
  return Object.is(value, -0) ? '-0' : String(value)
}

/** Orders as Go compares strings, by their UTF-8 bytes; plain `<` puts U+E000–U+FFFF after the supplementary planes. */
export function compareGoStrings(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000
}

/** Go's json.Marshal of untyped data (maps, lists, scalars; bigint is an int). */
export function goJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return goJsonString(value)
    case 'number':
      return goJsonNumber(value)
    case 'boolean':
    case 'bigint':
      return String(value)
    default:
      break
  }
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`
  if (!isObject(value)) return 'null'
  const members: string[] = []
  for (const key of Object.keys(value).sort(compareGoStrings)) {
    const member: unknown = value[key]
    if (member !== undefined) members.push(`${goJsonString(key)}:${goJson(member)}`)
  }
  return `{${members.join(',')}}`
}
