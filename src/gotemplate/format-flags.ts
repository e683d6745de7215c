// Flags, width and precision of one verb, and the formatting of strings and numbers under them (Go's fmt/format.go).
// Padding is charged before it is made.

import { toBytes } from '../std/bytes.ts'
import { formatFloat } from './format-float.ts'
import { canBackquote, goQuote, goQuoteAscii, goQuoteRune, isPrint } from './quote.ts'
import { runeCount, sliceRunes } from './utf8.ts'

export interface Flags {
  minus: boolean
  plus: boolean
  sharp: boolean
  space: boolean
  zero: boolean
  /** `%+v` and `%#v`: the plain flags are off then. */
  plusV: boolean
  sharpV: boolean
  width: number | undefined
  precision: number | undefined
}

export function noFlags(): Flags {
  return {
    minus: false,
    plus: false,
    sharp: false,
    space: false,
    zero: false,
    plusV: false,
    sharpV: false,
    width: undefined,
    precision: undefined,
  }
}

export type Charge = (count: number) => void

/** Steps to print bytes in hexadecimal. */
const HEX_COST = 24

/** Steps to find the digits of a float. */
export const FLOAT_COST = 24

/** `text` padded to the width in code points: zeros only on the left, and only where `zero` allows them. */
export function pad(flags: Flags, text: string, charge: Charge, zero = flags.zero): string {
  const missing = (flags.width ?? 0) - (flags.width === undefined ? 0 : runeCount(text))
  if (missing <= 0) return text
  charge(missing)
  if (flags.minus) return text + ' '.repeat(missing)
  return (zero ? '0' : ' ').repeat(missing) + text
}

/** The first `precision` code points. */
export function truncate(flags: Flags, text: string): string {
  return flags.precision === undefined ? text : sliceRunes(text, flags.precision)
}

export function formatQuoted(flags: Flags, text: string, charge: Charge): string {
  const cut = truncate(flags, text)
  if (flags.sharp && canBackquote(cut)) return pad(flags, `\`${cut}\``, charge)
  return pad(flags, flags.plus ? goQuoteAscii(cut) : goQuote(cut), charge)
}

/** The bytes in hexadecimal; `digits` is the letter x or X. */
export function formatHexBytes(flags: Flags, source: Uint8Array, letter: string, charge: Charge): string {
  const { precision } = flags
  const bytes = precision !== undefined && precision < source.length ? source.subarray(0, precision) : source
  if (bytes.length === 0) return pad(flags, '', charge)
  charge(HEX_COST + bytes.length * 5)
  const prefix = flags.sharp ? `0${letter}` : ''
  const pairs = Array.from(bytes, (byte) => {
    const pair = byte.toString(16).padStart(2, '0')
    return letter === 'X' ? pair.toUpperCase() : pair
  })
  return pad(flags, prefix + pairs.join(flags.space ? ` ${prefix}` : ''), charge)
}

export function formatHexText(flags: Flags, text: string, letter: string, charge: Charge): string {
  return formatHexBytes(flags, toBytes(text), letter, charge)
}

const BASES: { readonly [verb: string]: number } = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 }

/** An integer under one of the verbs v d b o O x X; a negative value is one of a signed type. */
export function formatInteger(flags: Flags, value: bigint, verb: string, charge: Charge): string {
  const { precision, width } = flags
  if (precision === 0 && value === 0n) return pad(flags, '', charge, false)
  const base = BASES[verb] ?? 10
  let digits = (value < 0n ? -value : value).toString(base)
  if (verb === 'X') digits = digits.toUpperCase()
  let least = precision ?? 0
  if (precision === undefined && flags.zero && !flags.minus && width !== undefined) {
    least = value < 0n || flags.plus || flags.space ? width - 1 : width
  }
  if (least > digits.length) {
    charge(least)
    digits = digits.padStart(least, '0')
  }
  if (flags.sharp) {
    if (base === 2) digits = `0b${digits}`
    else if (base === 8 && !digits.startsWith('0')) digits = `0${digits}`
    else if (base === 16) digits = `0${verb === 'X' ? 'X' : 'x'}${digits}`
  }
  if (verb === 'O') digits = `0o${digits}`
  const sign = value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : ''
  return pad(flags, sign + digits, charge, false)
}

/** An integer as a character; anything that is no code point is U+FFFD. */
export function formatChar(flags: Flags, value: bigint, charge: Charge): string {
  return pad(flags, String.fromCodePoint(codePoint(value)), charge)
}

export function formatQuotedChar(flags: Flags, value: bigint, charge: Charge): string {
  return pad(flags, goQuoteRune(codePoint(value), flags.plus), charge)
}

function codePoint(value: bigint): number {
  if (value < 0n || value > 0x10ffffn || (value >= 0xd800n && value < 0xe000n)) return 0xfffd
  return Number(value)
}

/** `U+0078`, with `#` also the character: `U+0078 'x'`. */
export function formatUnicode(flags: Flags, value: bigint, charge: Charge): string {
  const bits = BigInt.asUintN(64, value)
  const least = Math.max(flags.precision ?? 4, 4)
  charge(least)
  let text = `U+${bits.toString(16).toUpperCase().padStart(least, '0')}`
  if (flags.sharp && bits <= 0x10ffffn && isPrint(Number(bits)))
    text += ` '${String.fromCodePoint(Number(bits))}'`
  return pad(flags, text, charge, false)
}

/** A float under one of the verbs b e E f F g G x X, or v (as g). `fallback` is the precision when none is given. */
export function formatFloatVerb(
  flags: Flags,
  value: number,
  bits: 32 | 64,
  verb: string,
  charge: Charge,
): string {
  const format = verb === 'v' ? 'g' : verb === 'F' ? 'f' : verb
  const fallback = format === 'f' || format === 'e' || format === 'E' ? 6 : -1
  const precision = flags.precision ?? fallback
  charge(FLOAT_COST + Math.max(precision, 0))
  let text = formatFloat(value, format, precision, bits)
  if (!/^[-+]/.test(text)) text = `+${text}`
  if (flags.space && text.startsWith('+') && !flags.plus) text = ` ${text.slice(1)}`
  if (/^.[IN]/.test(text)) {
    if (text.charAt(1) === 'N' && !flags.space && !flags.plus) text = text.slice(1)
    return pad(flags, text, charge, false)
  }
  if (flags.sharp && verb !== 'b') text = withPoint(text, format, precision, charge)
  if (flags.plus || !text.startsWith('+')) {
    const missing = (flags.width ?? 0) - text.length
    if (flags.zero && !flags.minus && missing > 0) {
      charge(missing)
      return text.charAt(0) + '0'.repeat(missing) + text.slice(1)
    }
    return pad(flags, text, charge)
  }
  return pad(flags, text.slice(1), charge)
}

/** The `#` flag: always a decimal point, and the trailing zeros that g takes away. `text` begins with its sign. */
function withPoint(text: string, format: string, precision: number, charge: Charge): string {
  const hex = format === 'x' || format === 'X'
  const exponent = text.search(hex ? /[pP]/ : /[eEpP]/)
  const head = exponent < 0 ? text : text.slice(0, exponent)
  const tail = exponent < 0 ? '' : text.slice(exponent)
  let missing = 0
  if (format === 'g' || format === 'G' || format === 'x') {
    missing = precision === -1 ? 6 : precision
    const shown = head.slice(1).replace('.', '').replace(/^0+/, '')
    missing -= shown.length
  }
  if (head.includes('.')) return head + zeros(missing, charge) + tail
  if (head.length === 2 && head.charAt(1) === '0') missing--
  return `${head}.${zeros(missing, charge)}${tail}`
}

function zeros(count: number, charge: Charge): string {
  if (count <= 0) return ''
  charge(count)
  return '0'.repeat(count)
}
