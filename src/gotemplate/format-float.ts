// Decimal and hexadecimal text of floating-point numbers, as Go's strconv.FormatFloat: shortest digits that read back,
// or correctly rounded digits (half to even on the exact binary value, where toFixed and toPrecision round half up).

/** Significant digits without trailing zeros, and the position of the decimal point relative to them. */
interface Decimal {
  readonly digits: string
  readonly point: number
}

/** A double has at most this many digits after the point; further ones asked for are zeros. */
const MAX_FRACTION = 1100

/** Text of a number as `%v` gives it: shortest digits; exponent form where the decimal exponent is < -4 or >= 6. */
export function shortestFloat(value: number, bits: 32 | 64 = 64): string {
  if (Number.isInteger(value) && value > -1e6 && value < 1e6 && !Object.is(value, -0)) return String(value)
  return formatFloat(value, 'g', -1, bits)
}

/**
 * strconv.FormatFloat. `precision` -1 asks for the shortest digits. Formats: e E f g G x X b.
 * At most `precision` zeros are appended: the caller charges them.
 */
export function formatFloat(value: number, format: string, precision: number, bits: 32 | 64): string {
  if (Number.isNaN(value)) return 'NaN'
  const negative = value < 0 || Object.is(value, -0)
  const sign = negative ? '-' : ''
  const size = Math.abs(value)
  if (size === Number.POSITIVE_INFINITY) return negative ? '-Inf' : '+Inf'
  if (format === 'b' || format === 'x' || format === 'X') {
    const text = format === 'b' ? binary(size, bits) : hexadecimal(size, precision, bits)
    return sign + (format === 'X' ? text.toUpperCase() : text)
  }
  const shortest = precision < 0
  switch (format) {
    case 'e':
    case 'E': {
      const digits = shortest ? shortestDigits(size, bits) : significant(size, precision + 1)
      return sign + exponentForm(digits, shortest ? digits.digits.length - 1 : precision, format)
    }
    case 'f': {
      const digits = shortest ? shortestDigits(size, bits) : rounded(size, Math.min(precision, MAX_FRACTION))
      return sign + plainForm(digits, shortest ? Math.max(digits.digits.length - digits.point, 0) : precision)
    }
    default:
      return sign + general(size, precision, bits, format === 'G' ? 'E' : 'e')
  }
}

function general(size: number, asked: number, bits: 32 | 64, letter: string): string {
  const shortest = asked < 0
  const wanted = asked === 0 ? 1 : asked
  const decimal = shortest ? shortestDigits(size, bits) : significant(size, wanted)
  const count = decimal.digits.length
  const precision = shortest ? 6 : wanted
  const threshold = !shortest && precision > count && count >= decimal.point ? count : precision
  const exponent = decimal.point - 1
  if (exponent < -4 || exponent >= threshold) {
    return exponentForm(decimal, (shortest ? count : Math.min(wanted, count)) - 1, letter)
  }
  const total = shortest || wanted > decimal.point ? count : wanted
  return plainForm(decimal, Math.max(total - decimal.point, 0))
}

function exponentForm({ digits, point }: Decimal, precision: number, letter: string): string {
  const first = digits === '' ? '0' : digits.slice(0, 1)
  const rest = precision > 0 ? `.${digits.slice(1, precision + 1).padEnd(precision, '0')}` : ''
  const exponent = digits === '' ? 0 : point - 1
  const size = String(Math.abs(exponent)).padStart(2, '0')
  return `${first}${rest}${letter}${exponent < 0 ? '-' : '+'}${size}`
}

function plainForm({ digits, point }: Decimal, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0'
  if (precision <= 0) return whole
  const fraction = point > 0 ? digits.slice(point) : '0'.repeat(Math.min(-point, precision)) + digits
  return `${whole}.${fraction.slice(0, precision).padEnd(precision, '0')}`
}

/** Zero has no digits and its point before them. */
const ZERO: Decimal = { digits: '', point: 0 }

function shortestDigits(size: number, bits: 32 | 64): Decimal {
  if (size === 0) return ZERO
  let text = size.toExponential()
  if (bits === 32) {
    for (let n = 0; n < 9; n++) {
      text = size.toExponential(n)
      if (Math.fround(Number(text)) === size) break
    }
  }
  const [mantissa = '', exponent = '0'] = text.split('e')
  return trimmed(mantissa.replace('.', ''), Number(exponent) + 1)
}

function trimmed(digits: string, point: number): Decimal {
  let end = digits.length
  while (end > 0 && digits.charCodeAt(end - 1) === 48) end--
  return end === 0 ? ZERO : { digits: digits.slice(0, end), point }
}

/** Mantissa and binary exponent: size = mantissa × 2^exponent. */
function parts(size: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, size)
  const all = view.getBigUint64(0)
  const biased = Number(all >> 52n)
  const fraction = all & 0xfffffffffffffn
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 0x10000000000000n, exponent: biased - 1075 }
}

/** size × 10^scale as an integer, rounded half to even. */
function scaled(size: number, scale: number): bigint {
  const { mantissa, exponent } = parts(size)
  let top = mantissa
  let bottom = 1n
  if (scale >= 0) top *= 10n ** BigInt(scale)
  else bottom *= 10n ** BigInt(-scale)
  if (exponent >= 0) top <<= BigInt(exponent)
  else bottom <<= BigInt(-exponent)
  const quotient = top / bottom
  const twice = (top - quotient * bottom) * 2n
  if (twice > bottom || (twice === bottom && (quotient & 1n) === 1n)) return quotient + 1n
  return quotient
}

function rounded(size: number, places: number): Decimal {
  if (size === 0) return ZERO
  const text = scaled(size, places).toString()
  return text === '0' ? ZERO : trimmed(text, text.length - places)
}

function significant(size: number, wanted: number): Decimal {
  if (size === 0) return ZERO
  const count = Math.min(wanted, MAX_FRACTION)
  const estimate = Number(size.toExponential().split('e')[1])
  let text = scaled(size, count - 1 - estimate).toString()
  // The estimate comes from the shortest digits, which may round up to the next power of ten.
  const low = text.length < count ? 1 : 0
  if (low === 1) text = scaled(size, count - estimate).toString()
  return trimmed(text, estimate + 1 - low + (text.length - count))
}

function binary(size: number, bits: 32 | 64): string {
  const { mantissa, exponent } = bits === 32 ? parts32(size) : parts(size)
  return `${mantissa}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`
}

/** As parts, for a value that is a float32: the same number with a 24-bit mantissa. */
function parts32(size: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, size)
  const all = view.getUint32(0)
  const biased = all >>> 23
  const fraction = BigInt(all & 0x7fffff)
  return biased === 0
    ? { mantissa: fraction, exponent: -149 }
    : { mantissa: fraction | 0x800000n, exponent: biased - 150 }
}

function hexadecimal(size: number, precision: number, bits: 32 | 64): string {
  const split = bits === 32 ? parts32(size) : parts(size)
  let { mantissa } = split
  // The leading 1 is brought to bit 60, so that fifteen hexadecimal digits follow it.
  let exponent = split.exponent + 60
  if (mantissa === 0n) exponent = 0
  while (mantissa !== 0n && mantissa >> 60n === 0n) {
    mantissa <<= 1n
    exponent--
  }
  if (precision >= 0 && precision < 15) {
    const shift = BigInt(60 - precision * 4)
    const kept = mantissa >> shift
    const twice = (mantissa - (kept << shift)) << 1n
    const unit = 1n << shift
    mantissa = (twice > unit || (twice === unit && (kept & 1n) === 1n) ? kept + 1n : kept) << shift
    if (mantissa >> 61n !== 0n) {
      mantissa >>= 1n
      exponent++
    }
  }
  const all = (mantissa & ((1n << 60n) - 1n)).toString(16).padStart(15, '0')
  const fraction = precision < 0 ? all.replace(/0+$/, '') : all.slice(0, precision).padEnd(precision, '0')
  const power = String(Math.abs(exponent)).padStart(2, '0')
  return `0x${mantissa >> 60n}${fraction === '' ? '' : `.${fraction}`}p${exponent < 0 ? '-' : '+'}${power}`
}
