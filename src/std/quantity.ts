// Resource quantities (`100m`, `1Gi`, `1e3`) as k8s.io/apimachinery reads and prints them. In: text or a JSON value;
// out: the amount and its canonical text. Text that a quick test takes for canonical is kept as it stands, so `01` and
// `123.456` stay while `0.5` becomes `500m`. Errors are apimachinery's sentences.

import { goJsonNumber } from './gojson.ts'
import type { Json } from './json.ts'

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

/** The amount is `unscaled` × 10^`exponent`. */
export interface Quantity {
  readonly unscaled: bigint
  readonly exponent: number
  readonly format: QuantityFormat
  /** Canonical text. */
  readonly text: string
  /** Go keeps this amount as an int64 with a scale; the others as a big decimal, whose Value() rounds differently. */
  readonly isInt64: boolean
}

export class QuantityError extends Error {}

const FORMAT_WRONG =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const NUMERIC_WRONG = 'unable to parse numeric part of quantity'
const SUFFIX_WRONG = "unable to parse quantity's suffix"

/** Sign, integer digits, decimals, suffix; every part may be missing, and a suffix is judged later. */
const SHAPE = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/

const DECIMAL = new Map<string, number>([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
])
const BINARY = new Map<string, number>([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
])
const DECIMAL_SUFFIX = new Map([...DECIMAL].map(([suffix, exponent]) => [exponent, suffix]))
const BINARY_SUFFIX = new Map([...BINARY].map(([suffix, exponent]) => [exponent, suffix]))

const MAX_INT64 = 2n ** 63n - 1n
const NANO = -9
/** From here on an amount is not written out in nanos, as Go does: that would take all memory. */
const LARGE_EXPONENT = 1000
/** Digits that surely fit an int64. */
const INT64_DIGITS = 18

interface Suffix {
  readonly base: 2 | 10
  readonly exponent: number
  readonly format: QuantityFormat
}

function readSuffix(text: string): Suffix {
  const decimal = DECIMAL.get(text)
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' }
  const binary = BINARY.get(text)
  if (binary !== undefined) return { base: 2, exponent: binary, format: 'BinarySI' }
  if (/^[eE][-+]?[0-9]+$/.test(text)) {
    const exponent = BigInt(text.slice(1).replace('+', ''))
    if (BigInt.asIntN(64, exponent) === exponent) {
      return { base: 10, exponent: Number(BigInt.asIntN(32, exponent)), format: 'DecimalExponent' }
    }
  }
  throw new QuantityError(SUFFIX_WRONG)
}

/** What ParseQuantity makes of `text`, which is not trimmed. Throws QuantityError. */
export function parseQuantity(text: string): Quantity {
  if (text === '0') return { unscaled: 0n, exponent: 0, format: 'DecimalSI', text, isInt64: true }
  const match = text === '' ? null : SHAPE.exec(text)
  if (match === null) throw new QuantityError(FORMAT_WRONG)
  const [, sign = '', digits = '', decimals = '', rest = ''] = match
  const suffix = readSuffix(rest)
  const negative = sign === '-'
  return (
    parseInt64(text, negative, digits === '' ? '0' : digits, decimals, suffix) ??
    parseDecimal(text.slice(0, text.length - rest.length), negative, suffix)
  )
}

/** Amounts that surely fit an int64 with a scale; undefined for all others. */
function parseInt64(
  text: string,
  negative: boolean,
  digits: string,
  decimals: string,
  suffix: Suffix,
): Quantity | undefined {
  const { format } = suffix
  let factor = 1n
  let exponent = suffix.exponent
  let precision = INT64_DIGITS - digits.length - decimals.length
  if (suffix.base === 2) {
    if (decimals !== '') return undefined
    exponent = 0
    factor = 1n << BigInt(suffix.exponent)
    precision = 15 - digits.length - Math.trunc((suffix.exponent * 3) / 10) - 1
  }
  exponent -= decimals.length
  if (precision < 0 || exponent < NANO) return undefined
  const shifted = digits + decimals
  const value = BigInt(shifted)
  if (value * factor > MAX_INT64) return undefined
  const unscaled = negative ? -value * factor : value * factor
  const isCanonical =
    suffix.base === 2
      ? (value & 7n) !== 0n
      : exponent % 3 === 0 && !shifted.endsWith('000') && !shifted.startsWith('0')
  return {
    unscaled,
    exponent,
    format,
    text: isCanonical ? text : canonicalText(unscaled, exponent, format),
    isInt64: true,
  }
}

/** Everything else, as a big decimal: rounded away from zero to whole nanos; binary amounts stop at the largest int64. */
function parseDecimal(number: string, negative: boolean, suffix: Suffix): Quantity {
  if (!/[0-9]/.test(number)) throw new QuantityError(NUMERIC_WRONG)
  const [whole = '', decimals = ''] = number.replace(/^[+-]/, '').split('.')
  let unscaled = BigInt(whole + decimals)
  let exponent = -decimals.length
  if (suffix.base === 10) exponent += suffix.exponent
  else unscaled <<= BigInt(suffix.exponent)
  if (unscaled !== 0n && exponent < NANO) {
    unscaled = divideUp(unscaled, NANO - exponent)
    exponent = NANO
  } else if (unscaled !== 0n && exponent < LARGE_EXPONENT) {
    unscaled *= 10n ** BigInt(exponent - NANO)
    exponent = NANO
  }
  let { format } = suffix
  if (format === 'BinarySI' && unscaled !== 0n) {
    const divisor = 10n ** BigInt(-exponent)
    if (unscaled > MAX_INT64 * divisor) {
      unscaled = MAX_INT64
      exponent = 0
    } else if (unscaled < divisor) {
      format = 'DecimalSI'
    }
  }
  if (negative) unscaled = -unscaled
  return { unscaled, exponent, format, text: canonicalText(unscaled, exponent, format), isInt64: false }
}

/** `value` / 10^`power`, any rest rounded up; `value` is positive. */
function divideUp(value: bigint, power: number): bigint {
  if (power > value.toString().length) return 1n
  const divisor = 10n ** BigInt(power)
  return value / divisor + (value % divisor === 0n ? 0n : 1n)
}

function canonicalText(unscaled: bigint, exponent: number, format: QuantityFormat): string {
  if (unscaled === 0n) return '0'
  if (format === 'BinarySI') {
    const whole = wholeAmount(unscaled, exponent)
    const size = whole === undefined ? 0n : whole < 0n ? -whole : whole
    if (whole !== undefined && size >= 1024n) return binaryText(whole)
  }
  let amount = unscaled
  let power = exponent
  while (amount % 10n === 0n) {
    amount /= 10n
    power++
  }
  while (power % 3 !== 0) {
    amount *= 10n
    power--
  }
  if (format === 'DecimalExponent') return power === 0 ? `${amount}` : `${amount}e${power}`
  // Beyond `E` there is no suffix, and apimachinery prints none.
  return `${amount}${DECIMAL_SUFFIX.get(power) ?? ''}`
}

/** The amount as an integer; undefined when it has a fraction. */
function wholeAmount(unscaled: bigint, exponent: number): bigint | undefined {
  if (exponent >= 0) return unscaled * 10n ** BigInt(exponent)
  const divisor = 10n ** BigInt(-exponent)
  return unscaled % divisor === 0n ? unscaled / divisor : undefined
}

function binaryText(whole: bigint): string {
  let amount = whole
  let power = 0
  while (amount % 1024n === 0n) {
    amount /= 1024n
    power += 10
  }
  return `${amount}${BINARY_SUFFIX.get(power) ?? ''}`
}

/** Canonical by the quick test, and small enough to need no arithmetic. */
const PLAINLY_CANONICAL = /^(?:[1-9][0-9]{0,14}(?<!000)[numkMG]?|[1-9][0-9]{0,3}[13579][KMG]i|[13579][KMG]i)$/

/** White space that can stand in a JSON string unescaped; escapes are not undone before quantities are read. */
const SPACE =
  /^[ \u0085\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+|[ \u0085\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+$/g

/**
 * The text a Quantity field has after decoding `value` from JSON and encoding it again: null gives `0`, numbers are read
 * by their JSON text, strings are trimmed. Throws QuantityError.
 */
export function canonicalQuantity(value: Json): string {
  if (value === null) return '0'
  if (typeof value === 'string') {
    if (PLAINLY_CANONICAL.test(value)) return value
    return parseQuantity(value.replace(SPACE, '')).text
  }
  if (typeof value === 'number') return parseQuantity(goJsonNumber(value)).text
  throw new QuantityError(FORMAT_WRONG)
}

/** The same for a value as it stands in a JSON text, where numbers keep their spelling and escapes are not undone. */
export function canonicalQuantityText(json: string): string {
  if (json === 'null') return '0'
  const inner = /^"(.*)"$/su.exec(json)?.[1] ?? json
  return parseQuantity(inner.replace(SPACE, '')).text
}

export function quantitySign(quantity: Quantity): -1 | 0 | 1 {
  return quantity.unscaled === 0n ? 0 : quantity.unscaled < 0n ? -1 : 1
}

/**
 * Quantity.ScaledValue(10^scale): the amount in that unit as an int64. Fractions round away from zero, for big decimals
 * up; what does not fit is 0 for int64 amounts and wraps for big decimals, as in Go.
 */
export function scaledValue(quantity: Quantity, scale: number): bigint {
  const { unscaled, exponent, isInt64 } = quantity
  const shift = exponent - scale
  if (shift >= 0) {
    const factor = shift > 18 ? undefined : 10n ** BigInt(shift)
    if (isInt64) {
      const value = factor === undefined || unscaled === 0n ? 0n : unscaled * factor
      return BigInt.asIntN(64, value) === value ? value : 0n
    }
    return BigInt.asIntN(64, BigInt.asIntN(64, unscaled) * (factor ?? 0n))
  }
  const size = unscaled < 0n ? -unscaled : unscaled
  if (isInt64) return unscaled < 0n ? -divideUp(size, -shift) : unscaled === 0n ? 0n : divideUp(size, -shift)
  const divisor = 10n ** BigInt(-shift)
  if (unscaled < MAX_INT64 && -shift < 19) {
    const wrapped = BigInt.asIntN(64, unscaled)
    return wrapped / divisor + (wrapped % divisor === 0n ? 0n : 1n)
  }
  const rest = unscaled % divisor
  const floor = rest < 0n ? unscaled / divisor - 1n : unscaled / divisor
  return BigInt.asIntN(64, floor + (rest === 0n ? 0n : 1n))
}
