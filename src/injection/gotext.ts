// Go's small readers of text, with Go's error texts: strconv.ParseUint, ParseBool and Atoi, strings.TrimSpace,
// json.Unmarshal. Annotation values go through them, and their texts reach the user in `response.status.message`.

import { goQuote } from '../gotemplate/quote.ts'
import type { Json } from '../std/json.ts'
import { goSyntaxError } from '../std/json-syntax.ts'
import { ProblemError } from '../std/problem.ts'

/** Code points that Go's unicode.IsSpace takes: JavaScript's trim knows U+FEFF instead of U+0085. */
const SPACE = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'
const LEADING = new RegExp(`^${SPACE}+`)
const ANY_SPACE = new RegExp(SPACE)

/** strings.TrimSpace. */
export function trimSpace(text: string): string {
  const start = LEADING.exec(text)?.[0].length ?? 0
  let end = text.length
  while (end > start && ANY_SPACE.test(text[end - 1] ?? '')) end--
  return text.slice(start, end)
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])

/** strconv.ParseBool; undefined where it fails. */
export function parseBool(text: string): boolean | undefined {
  if (TRUE.has(text)) return true
  return FALSE.has(text) ? false : undefined
}

/** What strconv.ParseBool says against `text`; undefined when it takes it. */
export function boolError(text: string): string | undefined {
  return parseBool(text) === undefined ? numberError('ParseBool', text, 'invalid syntax') : undefined
}

/** What strconv.ParseUint(text, 10, bits) says against `text`; undefined when it takes it. */
export function uintError(text: string, bits: 16 | 32): string | undefined {
  if (text === '') return numberError('ParseUint', text, 'invalid syntax')
  const max = 2 ** bits - 1
  let value = 0
  for (const char of text) {
    if (char < '0' || char > '9') return numberError('ParseUint', text, 'invalid syntax')
    value = value * 10 + Number(char)
    if (value > max) return numberError('ParseUint', text, 'value out of range')
  }
  return undefined
}

/** strconv.Atoi with its error thrown away: 0 where the text is no number, the nearest 64-bit bound where it is too large. */
export function atoiOrZero(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) return 0n
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  const max = 2n ** 63n - 1n
  if (value > max) return max
  return value < -max - 1n ? -max - 1n : value
}

function numberError(func: string, text: string, message: string): string {
  return `strconv.${func}: parsing ${goQuote(text)}: ${message}`
}

/** encoding/json's reading of `text` into untyped data. Throws a ProblemError with Go's text. */
export function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new ProblemError('invalid-json', goSyntaxError(text) ?? error.message)
  }
}
