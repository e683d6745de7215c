// The literals of templates: numbers, quoted and raw strings, characters, with the rules of Go's strconv.
// In: the text of a token. Out: its value, or a message that says why it has none.

import { settle } from '../std/bytes.ts'
import { goQuote } from './quote.ts'

/** What a number can be, by its spelling: an int where it fits, a uint, a float, a complex number. */
export interface NumberValue {
  readonly int?: bigint
  readonly uint?: bigint
  readonly float?: number
  readonly complex?: Complex
}

export interface Complex {
  readonly re: number
  readonly im: number
}

const MAX_INT = 2n ** 63n - 1n
const MIN_INT = -(2n ** 63n)
const MAX_UINT = 2n ** 64n - 1n

/** The value of a number literal, or Go's error text. */
export function parseNumber(text: string): NumberValue | string {
  if (text.endsWith('i')) {
    const im = parseFloat64(text.slice(0, -1))
    if (im !== undefined) return fromComplex({ re: 0, im })
  }
  const integer = parseInteger(text)
  // ParseUint takes no sign, but -0 counts as unsigned too.
  const unsigned = integer !== undefined && integer >= 0n && integer <= MAX_UINT && !/^[+-]/.test(text)
  const int = integer !== undefined && integer >= MIN_INT && integer <= MAX_INT ? integer : undefined
  if (int !== undefined) {
    return unsigned || int === 0n ? { int, uint: int, float: Number(int) } : { int, float: Number(int) }
  }
  if (unsigned) return { uint: integer, float: Number(integer) }
  const float = parseFloat64(text)
  if (float === undefined) return `illegal number syntax: ${goQuote(text)}`
  if (!/[.eEpP]/.test(text)) return `integer overflow: ${goQuote(text)}`
  return fromFloat(float)
}

/** The value of a complex literal such as `1+2i`, or Go's error text. */
export function parseComplex(text: string): NumberValue | string {
  const match = /^(.*[^eEpP])([+-].*)i$/.exec(text)
  const re = parseFloat64(match?.[1] ?? '')
  const im = parseFloat64(match?.[2] ?? '')
  if (re === undefined || im === undefined) return 'syntax error scanning complex number'
  return fromComplex({ re, im })
}

function fromComplex(complex: Complex): NumberValue {
  return complex.im === 0 ? { ...fromFloat(complex.re), complex } : { complex }
}

function fromFloat(float: number): NumberValue {
  if (!Number.isInteger(float)) return { float }
  const whole = BigInt(float)
  if (whole >= MIN_INT && whole <= MAX_INT)
    return whole >= 0n ? { float, int: whole, uint: whole } : { float, int: whole }
  return whole >= 0n && whole <= MAX_UINT ? { float, uint: whole } : { float }
}

/** strconv's base 0: prefixes 0x 0o 0b 0, underscores between digits; of any size. */
function parseInteger(text: string): bigint | undefined {
  if (!underscoresFit(text)) return undefined
  const match = /^([+-]?)(?:(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)|0([0-7]+)|([1-9][0-9]*|0))$/.exec(
    text.replaceAll('_', ''),
  )
  if (match === null) return undefined
  const [, sign, prefixed, octal, decimal] = match
  const size = BigInt(prefixed ?? (octal === undefined ? (decimal ?? '0') : `0o${octal}`))
  return sign === '-' ? -size : size
}

/** strconv.ParseFloat for what the lexer lets through; undefined for bad syntax and for overflow. */
function parseFloat64(text: string): number | undefined {
  if (!underscoresFit(text)) return undefined
  const plain = text.replaceAll('_', '')
  if (/^[+-]?0[xX]/.test(plain))
    return text.includes('_') && /^[+-]?0[xX]_/.test(text) ? undefined : hexFloat(plain)
  if (!/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(plain)) return undefined
  const value = Number(plain)
  return Number.isFinite(value) ? value : undefined
}

function hexFloat(text: string): number | undefined {
  const match = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?[0-9]+)$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', power] = match
  if (whole + fraction === '') return undefined
  const mantissa = BigInt(`0x${whole}${fraction}`)
  const value = scale(mantissa, Number(power) - 4 * fraction.length)
  if (!Number.isFinite(value)) return undefined
  return sign === '-' ? -value : value
}

/** mantissa × 2^power, rounded once. */
function scale(mantissa: bigint, power: number): number {
  if (mantissa === 0n) return 0
  const bits = mantissa.toString(2).length
  if (bits + power > 1100) return Number.POSITIVE_INFINITY
  if (bits + power < -1100) return 0
  if (power >= 0) return Number(mantissa << BigInt(power))
  // A double holds multiples of 2^-1074 and at most 53 bits: what lies below is rounded to even, the rest is exact.
  const drop = Math.max(-1074 - power, bits - 53, 0)
  const unit = 1n << BigInt(drop)
  const rest = (mantissa % unit) * 2n
  let kept = mantissa / unit
  if (rest > unit || (rest === unit && (kept & 1n) === 1n)) kept += 1n
  // In two steps, since 2^-1074 itself can only be reached from above.
  const exponent = power + drop
  const half = Math.trunc(exponent / 2)
  return Number(kept) * 2 ** half * 2 ** (exponent - half)
}

/** Underscores only between digits, or between a base prefix and a digit. */
function underscoresFit(text: string): boolean {
  if (!text.includes('_')) return true
  const body = text.replace(/^[+-]/, '')
  const hex = /^0[xX]/.test(body)
  if (!/^0[xXoObB]/.test(body)) return !/(^|[^0-9])_|_([^0-9]|$)/.test(body)
  const digits = `0${body.slice(2)}`
  return hex ? !/(^|[^0-9a-fA-F])_|_([^0-9a-fA-F]|$)/.test(digits) : !/(^|[^0-9])_|_([^0-9]|$)/.test(digits)
}

const SIMPLE_ESCAPES: { readonly [letter: string]: string } = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([\s\S]))/y

/** strconv.Unquote of a quoted or raw string token; undefined for bad syntax. */
export function unquote(text: string): string | undefined {
  const quote = text.charAt(0)
  const body = text.slice(1, -1)
  if (quote === '`') return body.replaceAll('\r', '')
  if (!body.includes('\\')) return body
  let result = ''
  let at = 0
  for (;;) {
    const backslash = body.indexOf('\\', at)
    if (backslash < 0) return settle(result + body.slice(at))
    result += body.slice(at, backslash)
    const char = readEscape(body, backslash, quote)
    if (char === undefined) return undefined
    result +=
      char.byte && char.code >= 0x80
        ? String.fromCharCode(0xdc00 + char.code)
        : String.fromCodePoint(char.code)
    at = char.end
  }
}

/** The code point of a character token, or Go's error text. */
export function unquoteCharacter(text: string): number | string {
  const malformed = `malformed character constant: ${text}`
  if (text.charAt(1) === "'") return 'invalid syntax'
  if (text.charAt(1) === '\\') {
    const char = readEscape(text, 1, "'")
    if (char === undefined) return 'invalid syntax'
    return char.end === text.length - 1 ? char.code : malformed
  }
  const code = text.codePointAt(1) ?? 0
  return text.length === (code > 0xffff ? 4 : 3) ? code : malformed
}

function readEscape(
  text: string,
  at: number,
  quote: string,
): { code: number; end: number; byte: boolean } | undefined {
  ESCAPE.lastIndex = at
  const match = ESCAPE.exec(text)
  if (match === null) return undefined
  const [, byte, short, long, octal, letter] = match
  const end = ESCAPE.lastIndex
  if (byte !== undefined) return { code: Number.parseInt(byte, 16), end, byte: true }
  if (octal !== undefined) {
    const code = Number.parseInt(octal, 8)
    return code > 0xff ? undefined : { code, end, byte: true }
  }
  if (letter !== undefined) {
    const char = letter === quote ? letter : SIMPLE_ESCAPES[letter]
    return char === undefined ? undefined : { code: char.charCodeAt(0), end, byte: false }
  }
  const code = Number.parseInt(short ?? long ?? '', 16)
  return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? undefined : { code, end, byte: false }
}
