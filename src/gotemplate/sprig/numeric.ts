// Arithmetic and counting. Whole numbers are int64 and wrap; `…f` functions compute in decimals.
// Lists of numbers are charged before they are made.

import { goStringCharged } from '../format.ts'
import { type CallContext, FuncError, type TemplateFunc } from '../func.ts'
import { type GoValue, Typed } from '../value.ts'
import { atoi, parseInt64, toFloat64, toInt64 } from './cast.ts'
import { add, type Decimal, decimalOf, divide, floatOf, multiply, subtract } from './decimal.ts'
import { fixed, INTS, int, int64, type Run, text, variadic } from './go.ts'

const DIVIDE_BY_ZERO = 'runtime error: integer divide by zero'

type Charge = CallContext['charge']

function divisor(value: GoValue, charge: Charge): bigint {
  const result = toInt64(value, charge)
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
  return (args, { charge }) =>
    int64(args.map((arg) => toInt64(arg, charge)).reduce((best, next) => (better(next, best) ? next : best)))
}

function extremeFloat(pick: (...values: number[]) => number): Run {
  return (args, { charge }) => pick(...args.map((arg) => toFloat64(arg, charge)))
}

/** Steps of a decimal operation, and how many digits of its operands cost one more. */
const DECIMAL_COST = 32
const DIGITS_A_STEP = 2
/** Digits of a float64. */
const FLOAT_DIGITS = 17

/** From the first argument to the last. The digits that a result may have grow with each operation. */
function decimals(operation: (a: Decimal, b: Decimal) => Decimal): Run {
  return (args, { charge }) => {
    let digits = FLOAT_DIGITS
    const operands = args.map((arg) => {
      charge(DECIMAL_COST)
      return decimalOf(toFloat64(arg, charge))
    })
    const result = operands.reduce((a, b) => {
      digits += Math.abs(a.exponent - b.exponent) + FLOAT_DIGITS
      charge(DECIMAL_COST + Math.ceil(digits / DIGITS_A_STEP))
      return operation(a, b)
    })
    return floatOf(result)
  }
}

const greatest = extreme((a, b) => a > b)

export const NUMERIC_FUNCS: Record<string, TemplateFunc> = {
  int: fixed(['any'], ([value], { charge }) => toInt64(value, charge)),
  int64: fixed(['any'], ([value], { charge }) => int64(toInt64(value, charge))),
  float64: fixed(['any'], ([value], { charge }) => toFloat64(value, charge)),
  atoi: fixed(['string'], ([value], { charge }) => {
    charge(text(value).length * 2)
    return atoi(text(value))
  }),
  toDecimal: fixed(['any'], ([value], { charge }) =>
    int64(parseInt64(goStringCharged(value ?? null, charge), 8) ?? 0n),
  ),
  add: variadic([], 'any', (args, { charge }) =>
    int64(args.reduce((sum: bigint, arg) => sum + toInt64(arg, charge), 0n)),
  ),
  add1: fixed(['any'], ([value], { charge }) => int64(toInt64(value, charge) + 1n)),
  sub: fixed(['any', 'any'], ([a, b], { charge }) => int64(toInt64(a, charge) - toInt64(b, charge))),
  div: fixed(['any', 'any'], ([a, b], { charge }) => int64(toInt64(a, charge) / divisor(b, charge))),
  mod: fixed(['any', 'any'], ([a, b], { charge }) => int64(toInt64(a, charge) % divisor(b, charge))),
  mul: variadic(['any'], 'any', (args, { charge }) =>
    int64(args.reduce((product: bigint, arg) => BigInt.asIntN(64, product * toInt64(arg, charge)), 1n)),
  ),
  max: variadic(['any'], 'any', greatest),
  biggest: variadic(['any'], 'any', greatest),
  min: variadic(
    ['any'],
    'any',
    extreme((a, b) => a < b),
  ),
  maxf: variadic(['any'], 'any', extremeFloat(Math.max)),
  minf: variadic(['any'], 'any', extremeFloat(Math.min)),
  addf: variadic([], 'any', (args, context) => decimals(add)([0, ...args], context)),
  add1f: fixed(['any'], ([value], context) => decimals(add)([value ?? null, 1], context)),
  subf: variadic(['any'], 'any', decimals(subtract)),
  mulf: variadic(['any'], 'any', decimals(multiply)),
  divf: variadic(['any'], 'any', decimals(divide)),
  ceil: fixed(['any'], ([value], { charge }) => Math.ceil(toFloat64(value, charge))),
  floor: fixed(['any'], ([value], { charge }) => Math.floor(toFloat64(value, charge))),
  round: variadic(['any', 'int'], 'float64', ([value, places, onFraction], { charge }) =>
    round(
      toFloat64(value, charge),
      int(places),
      onFraction === undefined ? 0.5 : toFloat64(onFraction, charge),
    ),
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
