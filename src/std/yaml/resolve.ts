// What an untagged plain scalar means: go-yaml v2's resolve.go. In: the scalar's text. Out: null, boolean, string,
// number (a Go float64 or an int within 2^53) or bigint (a Go int64 or uint64 beyond it).
// Sexagesimal numbers do not exist here, timestamps stay text.

export type Scalar = null | boolean | string | number | bigint

/** The float64 of a Go value that was written as a float: kept apart, because keys and JSON print floats differently. */
export class GoFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

const WORDS = new Map<string, null | boolean | GoFloat>()
for (const word of ['', '~', 'null', 'Null', 'NULL']) WORDS.set(word, null)
for (const word of ['y', 'yes', 'on', 'true']) {
  for (const form of [word, word[0]?.toUpperCase() + word.slice(1), word.toUpperCase()]) WORDS.set(form, true)
}
for (const word of ['n', 'no', 'off', 'false']) {
  for (const form of [word, word[0]?.toUpperCase() + word.slice(1), word.toUpperCase()])
    WORDS.set(form, false)
}
for (const word of ['.nan', '.NaN', '.NAN']) WORDS.set(word, new GoFloat(Number.NaN))
for (const word of ['.inf', '.Inf', '.INF']) {
  WORDS.set(word, new GoFloat(Number.POSITIVE_INFINITY))
  WORDS.set(`+${word}`, new GoFloat(Number.POSITIVE_INFINITY))
  WORDS.set(`-${word}`, new GoFloat(Number.NEGATIVE_INFINITY))
}

const WORD_STARTS = 'yYnNtTfFoO'

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const INT = /^([-+]?)(?:(0[xX])([0-9a-fA-F]+)|(0[bB])([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/

const MAX_INT64 = 2n ** 63n
const MAX_UINT64 = 2n ** 64n

function fits(negative: boolean, magnitude: bigint): boolean {
  return negative ? magnitude <= MAX_INT64 : magnitude < MAX_UINT64
}

/** strconv.ParseInt(text, 0, 64), then ParseUint: undefined when the text is no such integer or does not fit. */
function parseInteger(text: string): number | bigint | undefined {
  const match = INT.exec(text)
  if (match === null) return undefined
  const negative = match[1] === '-'
  const hex = match[3]
  const bin = match[5]
  const oct = match[6]
  const digits = hex ?? bin ?? oct ?? match[7] ?? ''
  if (digits.length <= 12) {
    const value = Number.parseInt(
      digits,
      hex !== undefined ? 16 : bin !== undefined ? 2 : oct !== undefined ? 8 : 10,
    )
    return negative ? 0 - value : value
  }
  const prefix = hex !== undefined ? '0x' : bin !== undefined ? '0b' : oct !== undefined ? '0o' : ''
  // ParseUint takes no sign at all, so `+` and `-` are held to the range of int64.
  const magnitude = BigInt(prefix + digits)
  if (!fits(negative, magnitude)) return undefined
  if (match[1] === '+' && magnitude >= MAX_INT64) return undefined
  const value = negative ? -magnitude : magnitude
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

/** The meaning of plain text; GoFloat for what Go reads as a float, NaN and the infinities included. */
export function resolvePlain(text: string): Scalar | GoFloat {
  const first = text.charCodeAt(0)
  const isNumeric = (first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46
  if (!isNumeric) {
    if (text.length > 5 || !(first === 126 || text === '' || WORD_STARTS.includes(text.charAt(0))))
      return text
    const word = WORDS.get(text)
    return word === undefined ? text : word
  }
  return resolveNumber(text)
}

/** go-yaml also takes a sign behind `0b`. */
function signedBinary(text: string): number | bigint | undefined {
  const match = /^0b([-+])([01]+)$/.exec(text)
  return match === null ? undefined : parseInteger(`${match[1]}0b${match[2]}`)
}

/** Underscores may stand anywhere in a number; in one that begins with a point, only between digits. */
function withoutUnderscores(text: string): string {
  const misplaced = text.startsWith('.') && /(?<![0-9])_|_(?![0-9])/.test(text)
  return misplaced ? text : text.replaceAll('_', '')
}

function resolveNumber(text: string): Scalar | GoFloat {
  const word = WORDS.get(text)
  if (word !== undefined) return word
  const plain = text.includes('_') ? withoutUnderscores(text) : text
  const integer = parseInteger(plain) ?? signedBinary(plain)
  if (integer !== undefined) return integer
  if (FLOAT.test(plain)) {
    const value = Number(plain)
    // strconv.ParseFloat reports a range error for what overflows; the scalar is then text.
    if (Number.isFinite(value)) return new GoFloat(value)
  }
  return text
}
