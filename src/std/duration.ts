// Go's time.Duration: text in, nanoseconds as bigint out, and back. Errors carry the text of Go's time package.

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
])
const LIMIT = 1n << 63n

/** How the time package quotes a text in its errors: everything outside printable ASCII byte by byte. */
function quote(text: string): string {
  let quoted = ''
  for (const char of text) {
    if (char === '"' || char === '\\') quoted += `\\${char}`
    else if (char >= ' ' && char < '\u0080') quoted += char
    else {
      for (const byte of new TextEncoder().encode(char)) quoted += `\\x${byte.toString(16).padStart(2, '0')}`
    }
  }
  return `"${quoted}"`
}

/** The part of a unit that a decimal fraction makes, in Go's floating point: digits beyond int64 are ignored. */
function fraction(digits: string, unit: bigint): bigint {
  let value = 0n
  let scale = 1
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit)
    if (value > (LIMIT - 1n) / 10n || next > LIMIT) break
    value = next
    scale *= 10
  }
  return value === 0n ? 0n : BigInt(Math.trunc(Number(value) * (Number(unit) / scale)))
}

/**
 * Nanoseconds of a Go duration text (`1h30m`, `-1.5s`, `0`).
 * Throws Error with the text of time.ParseDuration, as `time: missing unit in duration "10"`.
 */
export function parseDuration(text: string): bigint {
  const invalid = (): Error => new Error(`time: invalid duration ${quote(text)}`)
  const negative = text.startsWith('-')
  const unsigned = negative || text.startsWith('+') ? text.slice(1) : text
  if (unsigned === '0') return 0n
  if (unsigned === '') throw invalid()
  const part = /([0-9]*)(?:(\.)([0-9]*))?([^0-9.]*)/y
  let sum = 0n
  while (part.lastIndex < unsigned.length) {
    const [, whole = '', , decimals = '', name = ''] = part.exec(unsigned) ?? []
    if (whole === '' && decimals === '') throw invalid()
    if (whole.replace(/^0+/, '').length > 19 || BigInt(whole) > LIMIT) throw invalid()
    if (name === '') throw new Error(`time: missing unit in duration ${quote(text)}`)
    const unit = UNITS.get(name)
    if (unit === undefined) throw new Error(`time: unknown unit ${quote(name)} in duration ${quote(text)}`)
    const value = BigInt(whole) * unit + fraction(decimals, unit)
    sum += value
    if (BigInt(whole) > LIMIT / unit || value > LIMIT || sum > LIMIT) throw invalid()
  }
  if (negative) return -sum
  if (sum === LIMIT) throw invalid()
  return sum
}

/** `value / 10^places` without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, '0')
  const rest = digits.slice(digits.length - places).replace(/0+$/, '')
  return digits.slice(0, digits.length - places) + (rest === '' ? '' : `.${rest}`)
}

/** As Go's Duration.String prints it: `1h30m0s`, `1.5ms`, `0s`. */
export function durationText(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : ''
  const value = nanoseconds < 0n ? -nanoseconds : nanoseconds
  if (value === 0n) return '0s'
  if (value < 1_000n) return `${sign}${value}ns`
  if (value < 1_000_000n) return `${sign}${decimal(value, 3)}µs`
  if (value < 1_000_000_000n) return `${sign}${decimal(value, 6)}ms`
  const minutes = value / 60_000_000_000n
  const seconds = `${decimal(value % 60_000_000_000n, 9)}s`
  if (minutes === 0n) return sign + seconds
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`
}
