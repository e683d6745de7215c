// Arithmetic and counting. Whole numbers are int64 and wrap; `…f` functions compute in decimals.
// Lists of numbers are charged before they are made.

import { goStringCharged } from '../format.ts'
import { FuncError, type TemplateFunc } from '../func.ts'
import { type GoValue, Typed } from '../value.ts'
import { atoi, parseInt64, toFloat64, toInt64 } from './cast.ts'
import { add, type Decimal, decimalOf, divide, floatOf, multiply, subtract } from './decimal.ts'
import { fixed, INTS, int, int64, type Run, text, variadic } from './go.ts'

const DIVIDE_BY_ZERO = 'runtime error: integer divide by zero'

function divisor(value: GoValue): bigint {
  const result = toInt64(value)
  if (result === 0n) throw new FuncError(DIVIDE_BY_ZERO)
  return result
}

/** How many numbers `range` makes. */
function rangeLength(start: number, stop: number, step: number): number {
  if (step === 0 || stop < start !== step < 0) return 0
  return Math.ceil((stop - start) / step)
}

/** From `start` towards `stop`, which is left out. */
function range(start: number, stop: number, step: number): number[] {
  return Array.from({ length: rangeLength(start, stop, step) }, (_, i) => start + i * step)
}

function chargedRange(start: number, stop: number, step: number, charge: (count: number) => void): number[] {
  charge(rangeLength(start, stop, step))
  return range(start, stop, step)
}

/** The bounds of `seq`, whose end belongs to it: 1 to n, a to b, or a to c by b. */
function seqBounds(params: readonly number[]): [start: number, stop: number, step: number] | undefined {
  const [first = 0, second = 0, third = 0] = params
  const start = params.length === 1 ? 1 : first
  const end = params.length === 1 ? first : params.length === 2 ? second : third
  const direction = end < start ? -1 : 1
  if (params.length === 0 || params.length > 3) return undefined
  if (params.length < 3) return [start, end + direction, direction]
  return direction < 0 && second > 0 ? undefined : [start, end + direction, second]
}

/** Go's math.Pow(10, exponent), whose last digits beyond 10^22 are not the nearest ones: by squaring the mantissa. */
function powerOfTen(exponent: number): number {
  let square = 0.625
  let squareExponent = 4
  let mantissa = 1
  let binary = 0
  for (let i = Math.abs(exponent); i !== 0; i = Math.floor(i / 2)) {
    if (squareExponent > 4096) return exponent < 0 ? 0 : Number.POSITIVE_INFINITY
    if (i % 2 === 1) {
      mantissa *= square
      binary += squareExponent
    }
    square *= square
    squareExponent *= 2
    if (square < 0.5) {
      square *= 2
      squareExponent--
    }
  }
  if (exponent < 0) {
    mantissa = 1 / mantissa
    binary = -binary
  }
  // In two steps, since 2^binary alone may not be a double.
  const half = Math.trunc(binary / 2)
  return mantissa * 2 ** half * 2 ** (binary - half)
}

/** Rounds at `places`; the fraction that rounds up is .5 or `onFraction`. */
function round(value: number, places: number, onFraction: number): number {
  const power = powerOfTen(places)
  const digits = power * value
  const fraction = digits - Math.trunc(digits)
  return (fraction >= onFraction ? Math.ceil(digits) : Math.floor(digits)) / power
}

function extreme(better: (a: bigint, b: bigint) => boolean): Run {
  return (args) => int64(args.map(toInt64).reduce((best, next) => (better(next, best) ? next : best)))
}

function decimals(operation: (a: Decimal, b: Decimal) => Decimal): Run {
  return (args) => floatOf(args.map((arg) => decimalOf(toFloat64(arg))).reduce(operation))
}

const greatest = extreme((a, b) => a > b)

export const NUMERIC_FUNCS: Record<string, TemplateFunc> = {
  int: fixed(['any'], ([value]) => toInt64(value)),
  int64: fixed(['any'], ([value]) => int64(toInt64(value))),
  float64: fixed(['any'], ([value]) => toFloat64(value)),
  atoi: fixed(['string'], ([value]) => atoi(text(value))),
  toDecimal: fixed(['any'], ([value], { charge }) =>
    int64(parseInt64(goStringCharged(value ?? null, charge), 8) ?? 0n),
  ),
  add: variadic([], 'any', (args) => int64(args.reduce((sum: bigint, arg) => sum + toInt64(arg), 0n))),
  add1: fixed(['any'], ([value]) => int64(toInt64(value) + 1n)),
  sub: fixed(['any', 'any'], ([a, b]) => int64(toInt64(a) - toInt64(b))),
  div: fixed(['any', 'any'], ([a, b]) => int64(toInt64(a) / divisor(b))),
  mod: fixed(['any', 'any'], ([a, b]) => int64(toInt64(a) % divisor(b))),
  mul: variadic(['any'], 'any', (args) =>
    int64(args.reduce((product: bigint, arg) => BigInt.asIntN(64, product * toInt64(arg)), 1n)),
  ),
  max: variadic(['any'], 'any', greatest),
  biggest: variadic(['any'], 'any', greatest),
  min: variadic(
    ['any'],
    'any',
    extreme((a, b) => a < b),
  ),
  maxf: variadic(['any'], 'any', (args) => Math.max(...args.map(toFloat64))),
  minf: variadic(['any'], 'any', (args) => Math.min(...args.map(toFloat64))),
  addf: variadic([], 'any', (args, context) => decimals(add)([0, ...args], context)),
  add1f: fixed(['any'], ([value], context) => decimals(add)([value ?? null, 1], context)),
  subf: variadic(['any'], 'any', decimals(subtract)),
  mulf: variadic(['any'], 'any', decimals(multiply)),
  divf: variadic(['any'], 'any', decimals(divide)),
  ceil: fixed(['any'], ([value]) => Math.ceil(toFloat64(value))),
  floor: fixed(['any'], ([value]) => Math.floor(toFloat64(value))),
  round: variadic(['any', 'int'], 'float64', ([value, places, onFraction]) =>
    round(toFloat64(value), int(places), onFraction === undefined ? 0.5 : toFloat64(onFraction)),
  ),
  until: fixed(['int'], ([count], { charge }) => {
    const stop = int(count)
    return new Typed(INTS, chargedRange(0, stop, stop < 0 ? -1 : 1, charge))
  }),
  untilStep: fixed(
    ['int', 'int', 'int'],
    ([start, stop, step], { charge }) =>
      new Typed(INTS, chargedRange(int(start), int(stop), int(step), charge)),
  ),
  seq: variadic([], 'int', (args, { charge }) => {
    const bounds = seqBounds(args.map(int))
    return bounds === undefined ? '' : chargedRange(...bounds, charge).join(' ')
  }),
}
