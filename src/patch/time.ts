// metav1.Time in JSON: an RFC 3339 text in, the same instant in UTC with whole seconds out, as Go reads and writes it.
// The errors are those of Go's time.Parse (format.go), lenient spots included: one digit for the hour, fractions
// after `.` or `,`. It knows no clock.

import { ProblemError } from '../std/problem.ts'

const LAYOUT = '2006-01-02T15:04:05Z07:00'
const DIGITS = /^[0-9]+/

interface Cursor {
  readonly text: string
  rest: string
}

function quoteBytes(text: string): string {
  let quoted = ''
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (char === '"' || char === '\\') quoted += `\\${char}`
    else if (code >= 0x20 && code < 0x80) quoted += char
    else quoted += escapeUtf8(char)
  }
  return `"${quoted}"`
}

function escapeUtf8(char: string): string {
  const bytes = new TextEncoder().encode(char)
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}

function mismatch(at: Cursor, rest: string, element: string): ProblemError {
  const what = `cannot parse ${quoteBytes(rest)} as ${quoteBytes(element)}`
  return new ProblemError(
    'merge-failed',
    `parsing time ${quoteBytes(at.text)} as ${quoteBytes(LAYOUT)}: ${what}`,
  )
}

function outOfRange(at: Cursor, what: string): ProblemError {
  return new ProblemError('merge-failed', `parsing time ${quoteBytes(at.text)}: ${what} out of range`)
}

function skip(at: Cursor, literal: string): void {
  if (!at.rest.startsWith(literal)) throw mismatch(at, at.rest, literal)
  at.rest = at.rest.slice(literal.length)
}

/** A number of two digits; of one, if `loose`. `element` is its place in Go's layout. */
function number(at: Cursor, element: string, max: number, what: string, loose = false): number {
  const digits = DIGITS.exec(at.rest)?.[0].slice(0, 2) ?? ''
  if (digits.length === 0 || (digits.length === 1 && !loose)) throw mismatch(at, at.rest, element)
  const value = Number(digits)
  at.rest = at.rest.slice(digits.length)
  if (value > max) throw outOfRange(at, what)
  return value
}

function year(at: Cursor): number {
  const digits = at.rest.slice(0, 4)
  if (!/^[0-9]{4}$/.test(digits)) throw mismatch(at, at.rest, '2006')
  at.rest = at.rest.slice(4)
  return Number(digits)
}

/** Seconds east of UTC. */
function zone(at: Cursor): number {
  const hold = at.rest
  if (hold.startsWith('Z')) {
    at.rest = hold.slice(1)
    return 0
  }
  const match = /^([\s\S])([0-9]{2}):([0-9]{2})/.exec(hold)
  if (match === null) throw mismatch(at, hold, 'Z07:00')
  const hours = Number(match[2])
  const minutes = Number(match[3])
  if (hours > 24) throw outOfRange(at, 'time zone offset hour')
  if (minutes > 60) throw outOfRange(at, 'time zone offset minute')
  if (match[1] !== '+' && match[1] !== '-') throw mismatch(at, hold, 'Z07:00')
  at.rest = hold.slice(6)
  return (match[1] === '-' ? -60 : 60) * (hours * 60 + minutes)
}

function utc(fields: readonly [number, number, number, number, number, number]): Date {
  const [years, months, days, hours, minutes, seconds] = fields
  const date = new Date(0)
  date.setUTCFullYear(years, months - 1, days)
  date.setUTCHours(hours, minutes, seconds)
  return date
}

/** As Go writes it, on a day that every month has: what nearly all times in objects are. */
const CANONICAL = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/

/**
 * The text as Go writes the parsed time; null for the zero time (0001-01-01T00:00:00Z).
 * Throws ProblemError('merge-failed') with Go's text.
 */
export function canonicalTime(text: string): string | null {
  if (CANONICAL.test(text) && !text.startsWith('0001-01-01')) return text
  const at: Cursor = { text, rest: text }
  const years = year(at)
  skip(at, '-')
  const months = number(at, '01', 12, 'month')
  if (months === 0) throw outOfRange(at, 'month')
  skip(at, '-')
  const days = number(at, '02', 99, 'day')
  skip(at, 'T')
  const hours = number(at, '15', 23, 'hour', true)
  skip(at, ':')
  const minutes = number(at, '04', 59, 'minute')
  skip(at, ':')
  const seconds = number(at, '05', 59, 'second')
  const fraction = /^[.,][0-9]+/.exec(at.rest)?.[0] ?? ''
  at.rest = at.rest.slice(fraction.length)
  const offset = zone(at)
  if (at.rest !== '') {
    const extra = `extra text: ${quoteBytes(at.rest)}`
    throw new ProblemError('merge-failed', `parsing time ${quoteBytes(text)}: ${extra}`)
  }
  if (days < 1 || utc([years, months, days, 0, 0, 0]).getUTCDate() !== days) throw outOfRange(at, 'day')
  const date = utc([years, months, days, hours, minutes, seconds - offset])
  const written = `${String(date.getUTCFullYear()).padStart(4, '0')}${date.toISOString().slice(-20, -5)}Z`
  return written === '0001-01-01T00:00:00Z' && !/[1-9]/.test(fraction) ? null : written
}
