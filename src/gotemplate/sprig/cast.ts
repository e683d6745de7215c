// How sprig turns any value into a number or a text (spf13/cast and its own strval).
// What cannot be converted is 0, never an error; integers wrap at 64 bits like Go's.
// As cast 1.9 and newer, which Istio 1.30 has: named types count as what they are made of, and `5.9` is 5. Older ones,
// in older releases of Istio, make 0 of both.

import { fromBytes, settle } from '../../std/bytes.ts'
import { goStringCharged } from '../format.ts'
import { FuncError } from '../func.ts'
import { BYTES } from '../types.ts'
import { type GoType, type GoValue, Typed } from '../value.ts'
import { findMethod, indirect } from '../value-ops.ts'
import { NIL_DEREFERENCE } from './go.ts'

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n

type Charge = (count: number) => void

/** Steps to read a number from a text, beside those by its length. */
const READ_COST = 24

/** cast.ToInt64 (and cast.ToInt, which is the same on 64-bit machines). */
export function toInt64(value: GoValue, charge: Charge): bigint {
  const plain = plainNumber(indirect(value))
  if (typeof plain === 'string') charge(READ_COST + plain.length * 2)
  switch (typeof plain) {
    case 'bigint':
      return BigInt.asIntN(64, plain)
    case 'number':
      return truncated(plain)
    case 'boolean':
      return plain ? 1n : 0n
    case 'string':
      return parseInt64(wholePart(plain), 0) ?? 0n
    default:
      return 0n
  }
}

/** cast.ToInt as a JavaScript number. */
export function toInt(value: GoValue, charge: Charge): number {
  return Number(toInt64(value, charge))
}

/** cast.ToFloat64. */
export function toFloat64(value: GoValue, charge: Charge): number {
  const plain = plainNumber(indirect(value))
  if (typeof plain === 'string') charge(READ_COST + plain.length * 2)
  switch (typeof plain) {
    case 'bigint':
      return Number(plain)
    case 'number':
      return plain
    case 'boolean':
      return plain ? 1 : 0
    case 'string':
      return parseFloat64(plain) ?? 0
    default:
      return 0
  }
}

/**
 * sprig's strval: strings and bytes as they are, everything else as `%v` prints it. But it asks for String() itself, so
 * that a nil pointer to what has it by value fails, where `%v` prints `<nil>`.
 */
export function strval(value: GoValue, charge: Charge): string {
  if (typeof value === 'string') return value
  if (value instanceof Typed) {
    const { type, raw } = value
    if (type.name === BYTES.name) {
      charge((raw as ArrayLike<number> | undefined)?.length ?? 0)
      return fromBytes(Uint8Array.from((raw as ArrayLike<number> | undefined) ?? []))
    }
    if (type.kind === 'pointer' && raw === undefined && hasText(type)) throw new FuncError(NIL_DEREFERENCE)
  }
  return goStringCharged(value, charge)
}

/** Whether String of a pointer type is that of the values it points to. */
function hasText({ elem, methods }: GoType): boolean {
  if (elem === undefined || elem.byPointer === true || methods?.().has('String') === true) return false
  return findMethod(new Typed(elem, undefined), 'String') !== undefined
}

/** A scalar of whatever Go type as JavaScript's own; undefined for all else. */
function plainNumber(value: GoValue): bigint | number | boolean | string | undefined {
  if (!(value instanceof Typed)) {
    return typeof value === 'object' || typeof value === 'function' ? undefined : value
  }
  const { kind } = value.type
  if (kind === 'string') return typeof value.raw === 'string' ? value.raw : ''
  if (kind === 'bool') return value.raw === true
  if (kind === 'float32' || kind === 'float64') return Number(value.raw ?? 0)
  if (kind.startsWith('int') || kind.startsWith('uint'))
    return BigInt((value.raw as bigint | number | undefined) ?? 0)
  return undefined
}

/** float64 → int64 as amd64 converts: towards zero, and the smallest int64 for all that does not fit. */
function truncated(value: number): bigint {
  if (!Number.isFinite(value)) return MIN_INT64
  const whole = BigInt(Math.trunc(value))
  return whole < MIN_INT64 || whole > MAX_INT64 ? MIN_INT64 : whole
}

/** `5.9` and `5.` are read as 5, `.9` as 0; texts of another form stay as they are. */
function wholePart(value: string): string {
  const match = value.includes('.') ? /^([-+]?[0-9]*)(?:\.[0-9]*)?$/.exec(value) : null
  if (match === null) return value
  const whole = match[1] ?? ''
  return whole === '' ? '0' : whole === '-' || whole === '+' ? `${whole}0` : whole
}

/** strconv.ParseInt(text, base, 64) with base 0 (prefixes and underscores) or 2..36; undefined for an error. */
export function parseInt64(value: string, base: number): bigint | undefined {
  const result = parseWhole(value, base)
  return result === undefined || result < MIN_INT64 || result > MAX_INT64 ? undefined : result
}

/** The number that `strconv.Atoi` gives beside its error: 0 for other text, the nearest int64 beyond the range. */
export function atoi(value: string): bigint {
  const result = parseWhole(value, 10) ?? 0n
  return result < MIN_INT64 ? MIN_INT64 : result > MAX_INT64 ? MAX_INT64 : result
}

/** Any whole number; those with more digits than an int64 can have come out as one beyond the range. */
function parseWhole(value: string, base: number): bigint | undefined {
  const negative = value.startsWith('-')
  let digits = negative || value.startsWith('+') ? value.slice(1) : value
  let radix = base
  if (base === 0) {
    const prefix = /^0[bBoOxX]/.exec(digits)?.[0].toLowerCase()
    radix = prefix === '0b' ? 2 : prefix === '0o' ? 8 : prefix === '0x' ? 16 : digits.startsWith('0') ? 8 : 10
    if (digits.includes('_')) {
      if (!underscoresSeparate(digits)) return undefined
      digits = digits.replaceAll('_', '')
    }
    if (prefix !== undefined) digits = digits.slice(2)
  }
  if (digits === '') return undefined
  let result = 0n
  // Numbers hold what has few digits; beyond the range the size no longer matters, and growing on would take quadratic time.
  let small = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = digitOf(digits.charCodeAt(i))
    if (digit >= radix) return undefined
    if (i < FEW_DIGITS) small = small * radix + digit
    else if (i === FEW_DIGITS) result = BigInt(small) * BigInt(radix) + BigInt(digit)
    else if (result <= MAX_INT64) result = result * BigInt(radix) + BigInt(digit)
  }
  if (digits.length <= FEW_DIGITS) result = BigInt(small)
  return negative ? -result : result
}

/** 36^10 is below 2^53. */
const FEW_DIGITS = 10

/** The worth of a digit or letter; 99 for anything else. */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x7a ? letter - 0x61 + 10 : 99
}

/** Go's rule: underscores stand only between digits, or between a base prefix and a digit. */
function underscoresSeparate(digits: string): boolean {
  return /^(?:0[bBoOxX]_?[0-9a-fA-F]+|[0-9]+)(?:_[0-9a-fA-F]+)*$/.test(digits)
}

/** strconv.ParseFloat(text, 64); undefined for an error, out of range included. */
export function parseFloat64(value: string): number | undefined {
  const match = /^([-+]?)(.*)$/s.exec(value)
  const sign = match?.[1] === '-' ? -1 : 1
  const body = (match?.[2] ?? '').toLowerCase()
  if (body === 'inf' || body === 'infinity') return sign * Number.POSITIVE_INFINITY
  if (body === 'nan') return match?.[1] === '' ? Number.NaN : undefined
  if (body.startsWith('0x')) return parseHexFloat(body, sign)
  let digits = body
  if (digits.includes('_')) {
    const mantissa = /^[0-9_]*/.exec(digits)?.[0] ?? ''
    if (!underscoresInDecimal(digits) || mantissa === '') return undefined
    digits = digits.replaceAll('_', '')
  }
  if (!/^(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?$/.test(digits)) return undefined
  const result = Number(digits)
  return Number.isFinite(result) ? sign * result : undefined
}

function underscoresInDecimal(digits: string): boolean {
  return !/(?:^|[^0-9])_|_(?:$|[^0-9])/.test(digits)
}

/** `0x1.8p-2`; the exponent is required. */
function parseHexFloat(body: string, sign: number): number | undefined {
  const match = /^0x(_?[0-9a-f]*(?:_[0-9a-f]+)*)(?:\.([0-9a-f]*(?:_[0-9a-f]+)*))?p([-+]?[0-9]+)$/.exec(body)
  if (match === null) return undefined
  const whole = (match[1] ?? '').replaceAll('_', '')
  const fraction = (match[2] ?? '').replaceAll('_', '')
  if (whole === '' && fraction === '') return undefined
  // Exact for up to 53 significant bits, which is all that texts written for a double have.
  const result = Number(BigInt(`0x0${whole}${fraction}`)) * 2 ** (Number(match[3]) - 4 * fraction.length)
  return Number.isFinite(result) ? sign * result : undefined
}

/** Text with no half runes, as Go's conversion to runes and back leaves it. */
export function runes(value: string): string[] {
  return [...settle(value, '\ufffd')]
}
