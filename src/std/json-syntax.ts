// What Go's encoding/json says about text that is not JSON: the grammar of JSON.parse in Go's words.
// Used when parsing has failed, or must not be tried because of its depth. It never recurses and builds no value.

import { toBytes } from './bytes.ts'
import type { Json } from './json.ts'

/** Nesting at which Go's decoder gives up. */
export const GO_MAX_DEPTH = 10_000

/** Whether `text` nests arrays and objects deeper than `limit`, counted outside strings. */
export function deeperThan(text: string, limit: number): boolean {
  if (!opensMore(text, limit)) return false
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0x22) {
      i = endOfString(text, i)
    } else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > limit) return true
    } else if (unit === 0x7d || unit === 0x5d) {
      depth--
    }
  }
  return false
}

/** Whether `text` has more than `limit` opening brackets, in strings or not: without them it cannot nest that deep. */
export function opensMore(text: string, limit: number): boolean {
  let count = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++count > limit) return true
    }
  }
  return false
}

/** Whether arrays and objects of `value` nest deeper than `limit`. Looks no deeper than that. */
export function nestsDeeper(value: Json, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (limit === 0) return true
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && nestsDeeper(item, limit - 1)) return true
    return false
  }
  for (const key in value) {
    const member = value[key]
    if (typeof member === 'object' && nestsDeeper(member, limit - 1)) return true
  }
  return false
}

/** Index of the quote that closes the string which opens at `from`; the length of the text if none does. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    // A quote is escaped by an odd number of backslashes; each is looked at once.
    let before = at - 1
    while (text.charCodeAt(before) === 0x5c) before--
    if ((at - before) % 2 === 1) return at
  }
  return text.length
}

/** A number as it is written in a JSON text: `1.0`, `1e3`, `9007199254740993`. Kept where JavaScript would write it otherwise. */
export class NumberText {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

const keepNumber: SourceReviver = (_, value, { source }) =>
  typeof value !== 'number' || source === undefined || source === String(value)
    ? value
    : new NumberText(source)

/** JSON.parse, but numbers that JavaScript would write otherwise are a NumberText. Throws SyntaxError as JSON.parse does. */
export function parseWithNumberTexts(text: string): unknown {
  // The third argument of a reviver is newer than the types.
  return JSON.parse(text, keepNumber as (key: string, value: unknown) => unknown)
}

/** The text of Go's *json.SyntaxError for `text`; undefined when Go takes it. */
export function goSyntaxError(text: string): string | undefined {
  try {
    scan(new Cursor(text))
    return undefined
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message
    throw error
  }
}

class SyntaxProblem extends Error {}

type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'rest'

function scan(cursor: Cursor): void {
  /** Closers of the open collections, innermost last. */
  const open: string[] = []
  let expected: Expected = 'value'
  for (;;) {
    cursor.skip(SPACE)
    if (expected === 'rest' && open.length === 0) {
      if (!cursor.atEnd()) throw cursor.invalid(cursor.take(), 'after top-level value')
      return
    }
    const char = cursor.take()
    const ends = expected === 'rest' || expected === 'value or end' || expected === 'key or end'
    if (ends && char === open.at(-1)) {
      open.pop()
      expected = 'rest'
    } else {
      expected = step(cursor, expected, char, open)
    }
  }
}

function step(cursor: Cursor, expected: Expected, char: string, open: string[]): Expected {
  switch (expected) {
    case 'key':
    case 'key or end':
      if (char !== '"') throw cursor.invalid(char, 'looking for beginning of object key string')
      string(cursor)
      return 'colon'
    case 'colon':
      if (char !== ':') throw cursor.invalid(char, 'after object key')
      return 'value'
    case 'rest': {
      const inObject = open.at(-1) === '}'
      if (char !== ',')
        throw cursor.invalid(char, inObject ? 'after object key:value pair' : 'after array element')
      return inObject ? 'key' : 'value'
    }
    default:
      return value(cursor, char, open)
  }
}

const LITERALS: Readonly<Record<string, string>> = { t: 'true', f: 'false', n: 'null' }

function value(cursor: Cursor, char: string, open: string[]): Expected {
  if (char === '{' || char === '[') {
    open.push(char === '{' ? '}' : ']')
    if (open.length > GO_MAX_DEPTH) throw new SyntaxProblem('exceeded max depth')
    return char === '{' ? 'key or end' : 'value or end'
  }
  const literal = LITERALS[char]
  if (char === '"') string(cursor)
  else if (char === '-' || isDigit(char)) number(cursor, char)
  else if (literal !== undefined) word(cursor, literal)
  else throw cursor.invalid(char, 'looking for beginning of value')
  return 'rest'
}

function string(cursor: Cursor): void {
  for (;;) {
    cursor.skip(PLAIN)
    const char = cursor.take()
    if (char === '"') return
    if (char !== '\\') throw cursor.invalid(char, 'in string literal')
    const escaped = cursor.takeOrSpace()
    if (escaped === 'u') hex(cursor)
    else if (!'bfnrt\\/"'.includes(escaped)) throw cursor.invalid(escaped, 'in string escape code')
  }
}

function hex(cursor: Cursor): void {
  for (let i = 0; i < 4; i++) {
    const digit = cursor.takeOrSpace()
    if (!/^[0-9a-fA-F]$/.test(digit)) throw cursor.invalid(digit, 'in \\u hexadecimal character escape')
  }
}

function number(cursor: Cursor, first: string): void {
  let lead = first
  if (lead === '-') {
    lead = cursor.takeOrSpace()
    if (!isDigit(lead)) throw cursor.invalid(lead, 'in numeric literal')
  }
  if (lead !== '0') cursor.skip(DIGITS)
  if (cursor.accept('.')) digits(cursor, 'after decimal point in numeric literal')
  if (cursor.accept('eE')) {
    cursor.accept('+-')
    digits(cursor, 'in exponent of numeric literal')
  }
}

function digits(cursor: Cursor, context: string): void {
  const digit = cursor.takeOrSpace()
  if (!isDigit(digit)) throw cursor.invalid(digit, context)
  cursor.skip(DIGITS)
}

function word(cursor: Cursor, literal: string): void {
  for (const expected of literal.slice(1)) {
    const char = cursor.takeOrSpace()
    if (char !== expected) throw cursor.invalid(char, `in literal ${literal} (expecting '${expected}')`)
  }
}

function isDigit(char: string): boolean {
  return char.length === 1 && char >= '0' && char <= '9'
}

const SPACE = /[ \t\r\n]*/y
const DIGITS = /[0-9]*/y
const PLAIN = /[^"\\\u0000-\u001f]*/y

class Cursor {
  private readonly text: string
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  atEnd(): boolean {
    return this.at >= this.text.length
  }

  skip(pattern: RegExp): void {
    pattern.lastIndex = this.at
    pattern.test(this.text)
    this.at = pattern.lastIndex
  }

  take(): string {
    const char = this.text[this.at++]
    if (char === undefined) throw new SyntaxProblem('unexpected end of JSON input')
    return char
  }

  /** At the end Go feeds its scanner a space: inside a token that is what it complains about. */
  takeOrSpace(): string {
    return this.text[this.at++] ?? ' '
  }

  accept(chars: string): boolean {
    const char = this.text[this.at]
    if (char === undefined || !chars.includes(char)) return false
    this.at++
    return true
  }

  /** Go names the byte it stumbled over, so that `é` shows as `Ã`. */
  invalid(char: string, context: string): SyntaxProblem {
    const first = toBytes(char)[0] ?? 0x20
    return new SyntaxProblem(`invalid character ${quoteByte(first)} ${context}`)
  }
}

/** Go's strconv.Quote of a one-byte rune, in single quotes. */
function quoteByte(byte: number): string {
  if (byte === 0x27) return "'\\''"
  if (byte === 0x22) return "'\"'"
  const short = SHORT_ESCAPES[byte]
  if (short !== undefined) return `'${short}'`
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, '0')}'`
  // C1 controls, the no-break space and the soft hyphen are not printable in Go.
  if ((byte >= 0x80 && byte <= 0xa0) || byte === 0xad) return `'\\u${byte.toString(16).padStart(4, '0')}'`
  return `'${String.fromCharCode(byte)}'`
}

const SHORT_ESCAPES: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  92: '\\\\',
}
