// Decimal arithmetic of sprig's float functions (shopspring/decimal): floats become exact decimals by their shortest
// text, sums and products are exact, quotients have 16 digits behind the point.

import { goString } from '../format.ts'
import { FuncError } from '../func.ts'

/** value × 10^exponent. */
export interface Decimal {
  readonly value: bigint
  readonly exponent: number
}

const QUOTIENT_DIGITS = 16

/** Throws FuncError for what is no number. */
export function decimalOf(float: number): Decimal {
  if (!Number.isFinite(float)) throw new FuncError(`Cannot create a Decimal from ${goString(float)}`)
  const match = /^(-?)(\d)(?:\.(\d+))?e([-+]\d+)$/.exec(float.toExponential())
  const fraction = match?.[3] ?? ''
  const digits = BigInt(`${match?.[2] ?? '0'}${fraction}`)
  return {
    value: match?.[1] === '-' ? -digits : digits,
    exponent: Number(match?.[4] ?? 0) - fraction.length,
  }
}

export function floatOf({ value, exponent }: Decimal): number {
  return Number(`${value}e${exponent}`)
}

export function add(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent)
  return { value: scaledTo(a, exponent) + scaledTo(b, exponent), exponent }
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  return add(a, { value: -b.value, exponent: b.exponent })
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return { value: a.value * b.value, exponent: a.exponent + b.exponent }
}

/** Halves are rounded away from zero. */
export function divide(a: Decimal, b: Decimal): Decimal {
  if (b.value === 0n) throw new FuncError('decimal division by 0')
  // a / b in units of 10^-16: one of the two gets the missing powers of ten.
  const shift = a.exponent - b.exponent + QUOTIENT_DIGITS
  const dividend = shift > 0 ? a.value * 10n ** BigInt(shift) : a.value
  const divisor = shift < 0 ? b.value * 10n ** BigInt(-shift) : b.value
  const quotient = dividend / divisor
  const rest = dividend % divisor
  const sign = dividend < 0n === divisor < 0n ? 1n : -1n
  const away = absolute(rest) * 2n >= absolute(divisor) ? sign : 0n
  return { value: quotient + away, exponent: -QUOTIENT_DIGITS }
}

function scaledTo({ value, exponent }: Decimal, target: number): bigint {
  return value * 10n ** BigInt(exponent - target)
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value
}
