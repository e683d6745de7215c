// Reading a time by a Go layout, as time.ParseInLocation with UTC.
// Throws FuncError with Go's text, as `parsing time "x" as "2006": cannot parse "x" as "2006"`.

import { toBytes } from '../../std/bytes.ts'
import { FuncError } from '../func.ts'
import { type Chunk, chunksOf, DAYS, MONTHS } from './layout.ts'
import { daysIn, daysOf, fixedZone, type Instant, UTC, type Zone } from './time.ts'

/** What the elements read so far say; undefined is not said. */
interface Reading {
  year: number
  month?: number
  day?: number
  yearDay?: number
  hour: number
  minute: number
  second: number
  nanos: number
  /** The meridiem, for hours of the 12-hour clock. */
  half?: 'am' | 'pm'
  zone?: Zone
  offset?: number
  zoneName?: string
}

/** A number or name out of range, or text that does not fit the element. */
class Misfit extends Error {
  readonly rest: string

  constructor(range: string, rest: string) {
    super(range)
    this.rest = rest
  }
}

/** How Go's time package quotes: printable ASCII as it is, all else byte by byte. */
function quote(value: string): string {
  let quoted = ''
  for (const char of value) {
    if (char === '"' || char === '\\') quoted += `\\${char}`
    else if (char >= ' ' && char < '\x80') quoted += char
    else for (const byte of toBytes(char)) quoted += `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return `"${quoted}"`
}

/** Takes the text that `pattern` finds at the start of `value`. */
function take(value: string, pattern: RegExp): [match: RegExpExecArray, rest: string] {
  const match = pattern.exec(value)
  if (match === null) throw new Misfit('', value)
  return [match, value.slice(match[0].length)]
}

function takeName(names: readonly string[], length: number | undefined, value: string): [number, string] {
  for (const [i, full] of names.entries()) {
    const name = full.slice(0, length)
    if (value.slice(0, name.length).toLowerCase() === name.toLowerCase()) return [i, value.slice(name.length)]
  }
  throw new Misfit('', value)
}

const ONE_OR_TWO = /^[0-9]{1,2}/
const TWO = /^[0-9]{2}/

/** A number of one or two digits, exactly two for elements with a leading zero. */
function takeNumber(
  element: string,
  value: string,
  what: string,
  low: number,
  high: number,
): [number, string] {
  const [match, rest] = take(value, element.startsWith('0') ? TWO : ONE_OR_TWO)
  const number = Number(match[0])
  if (number < low || number > high) throw new Misfit(what, rest)
  return [number, rest]
}

function nanosOf(digits: string): number {
  return Number(digits.slice(0, 9).padEnd(9, '0'))
}

const OFFSETS: Readonly<Record<string, RegExp>> = {
  '07': /^([-+])([0-9]{2})/,
  '0700': /^([-+])([0-9]{2})([0-9]{2})/,
  '07:00': /^([-+])([0-9]{2}):([0-9]{2})/,
  '070000': /^([-+])([0-9]{2})([0-9]{2})([0-9]{2})/,
  '07:00:00': /^([-+])([0-9]{2}):([0-9]{2}):([0-9]{2})/,
}

function takeOffset(element: string, value: string): [number, string] {
  const [match, rest] = take(value, OFFSETS[element.slice(1)] ?? /^(?!)/)
  const [hours, minutes, seconds] = [Number(match[2]), Number(match[3] ?? 0), Number(match[4] ?? 0)]
  if (hours > 24) throw new Misfit('time zone offset hour', rest)
  if (minutes > 60) throw new Misfit('time zone offset minute', rest)
  if (seconds > 60) throw new Misfit('time zone offset second', rest)
  const size = hours * 3600 + minutes * 60 + seconds
  return [match[1] === '-' ? -size : size, rest]
}

/** Three to five capitals that look like an abbreviation, or an offset that stands for one. */
const ZONE_NAME = new RegExp(
  [
    '^(?:ChST|MeST',
    'GMT(?:[-+](?:0*[0-9]|0*1[0-9]|0*2[0-3])(?![0-9]))?',
    '[-+](?:0*[0-9]|0*1[0-9]|0*2[0-3])(?![0-9])',
    '[A-Z]{4}T(?![A-Z])',
    '(?:[A-Z]{3}T|WITA)(?![A-Z])',
    '[A-Z]{3}(?![A-Z]))',
  ].join('|'),
)

/** Reads one element off `value`; the rest comes back. */
function readElement(reading: Reading, { element }: Chunk, next: Chunk | undefined, value: string): string {
  let rest = value
  switch (element) {
    case '06': {
      const [match, left] = take(value, TWO)
      reading.year = Number(match[0]) + (Number(match[0]) >= 69 ? 1900 : 2000)
      return left
    }
    case '2006': {
      const [match, left] = take(value, /^[0-9]{4}/)
      reading.year = Number(match[0])
      return left
    }
    case 'Jan':
    case 'January': {
      const [index, left] = takeName(MONTHS, element === 'Jan' ? 3 : undefined, value)
      reading.month = index + 1
      return left
    }
    case 'Mon':
    case 'Monday':
      return takeName(DAYS, element === 'Mon' ? 3 : undefined, value)[1]
    case '1':
    case '01':
      ;[reading.month, rest] = takeNumber(element, value, 'month', 1, 12)
      return rest
    case '2':
    case '_2':
    case '02':
      // Whether the month has such a day is judged at the end.
      ;[reading.day, rest] = takeNumber(
        element,
        element === '_2' ? value.replace(/^ /, '') : value,
        'day',
        0,
        99,
      )
      return rest
    case '__2':
    case '002': {
      const padded = element === '__2' ? value.replace(/^ {1,2}/, '') : value
      const [match, left] = take(padded, element === '002' ? /^[0-9]{3}/ : /^[0-9]{1,3}/)
      reading.yearDay = Number(match[0])
      return left
    }
    default:
      return readClock(reading, element, next, value)
  }
}

function readClock(reading: Reading, element: string, next: Chunk | undefined, value: string): string {
  let rest = value
  switch (element) {
    case '15':
      ;[reading.hour, rest] = takeNumber(element, value, 'hour', 0, 23)
      return rest
    case '3':
    case '03':
      ;[reading.hour, rest] = takeNumber(element, value, 'hour', 0, 12)
      return rest
    case '4':
    case '04':
      ;[reading.minute, rest] = takeNumber(element, value, 'minute', 0, 59)
      return rest
    case '5':
    case '05': {
      ;[reading.second, rest] = takeNumber(element, value, 'second', 0, 59)
      // A fraction may follow although the layout has none.
      const fraction = /^[.,]([0-9]+)/.exec(rest)
      if (fraction === null || /^[.,]/.test(next?.element ?? '')) return rest
      reading.nanos = nanosOf(fraction[1] ?? '')
      return rest.slice(fraction[0].length)
    }
    case 'PM':
    case 'pm': {
      const [match, left] = take(value, element === 'PM' ? /^[AP]M/ : /^[ap]m/)
      reading.half = match[0].toLowerCase() === 'pm' ? 'pm' : 'am'
      return left
    }
    default:
      return readZone(reading, element, value)
  }
}

function readZone(reading: Reading, element: string, value: string): string {
  if (element === 'MST') {
    const [match, left] = take(value, /^UTC/.test(value) ? /^UTC/ : ZONE_NAME)
    if (match[0] === 'UTC') reading.zone = UTC
    else reading.zoneName = match[0]
    return left
  }
  if (element.startsWith('Z') && value.startsWith('Z')) {
    reading.zone = UTC
    return value.slice(1)
  }
  if (/^[-Z]/.test(element)) {
    const [offset, rest] = takeOffset(element, value)
    reading.offset = offset
    return rest
  }
  const optional = element.charAt(1) === '9'
  if (optional && !/^[.,][0-9]/.test(value)) return value
  const [match, left] = take(
    value,
    optional ? /^[.,]([0-9]+)/ : new RegExp(`^[.,]([0-9]{${element.length - 1}})`),
  )
  reading.nanos = nanosOf(match[1] ?? '')
  return left
}

/** Takes literal text off `value`; blanks of the layout match any number of blanks. */
function skip(value: string, prefix: string): string {
  let rest = value
  let wanted = prefix
  while (wanted !== '') {
    if (wanted.startsWith(' ')) {
      if (rest !== '' && !rest.startsWith(' ')) throw new Misfit('', rest)
      wanted = wanted.replace(/^ +/, '')
      rest = rest.replace(/^ +/, '')
    } else if (rest.charAt(0) !== wanted.charAt(0)) throw new Misfit('', rest)
    else {
      wanted = wanted.slice(1)
      rest = rest.slice(1)
    }
  }
  return rest
}

/** The instant that `value` names by `layout`; what the layout leaves out is the start of year 0, UTC. */
export function parseTime(layout: string, value: string): Instant {
  const reading: Reading = { year: 0, hour: 0, minute: 0, second: 0, nanos: 0 }
  const chunks = chunksOf(layout)
  let rest = value
  const complaint = (error: unknown, part: string, element: string): unknown => {
    if (!(error instanceof Misfit)) return error
    if (error.message !== '')
      return new FuncError(`parsing time ${quote(value)}: ${error.message} out of range`)
    return new FuncError(
      `parsing time ${quote(value)} as ${quote(layout)}: cannot parse ${quote(part)} as ${quote(element)}`,
    )
  }
  for (const [i, chunk] of chunks.entries()) {
    try {
      rest = skip(rest, chunk.prefix)
    } catch (error) {
      throw complaint(error, error instanceof Misfit ? error.rest : rest, chunk.prefix)
    }
    if (chunk.element === '') break
    try {
      rest = readElement(reading, chunk, chunks[i + 1], rest)
    } catch (error) {
      throw complaint(error, rest, chunk.element)
    }
  }
  if (rest !== '') throw new FuncError(`parsing time ${quote(value)}: extra text: ${quote(rest)}`)
  return instantOf(reading, value)
}

function instantOf(reading: Reading, value: string): Instant {
  const outOfRange = (what: string): FuncError => new FuncError(`parsing time ${quote(value)}: ${what}`)
  let { hour, month, day } = reading
  if (reading.half === 'pm' && hour < 12) hour += 12
  if (reading.half === 'am' && hour === 12) hour = 0
  if (reading.yearDay !== undefined) {
    const date = dateOfYearDay(reading.year, reading.yearDay)
    if (date === undefined) throw outOfRange('day-of-year out of range')
    if (month !== undefined && month !== date[0]) throw outOfRange('day-of-year does not match month')
    if (day !== undefined && day !== date[1]) throw outOfRange('day-of-year does not match day')
    ;[month, day] = date
  }
  month ??= 1
  day ??= 1
  if (day < 1 || day > daysIn(reading.year, month)) throw outOfRange('day out of range')
  const clock = hour * 3600 + reading.minute * 60 + reading.second
  const seconds = daysOf(reading.year, month, day) * 86400 + clock
  return { ...zoned(reading, seconds), nanos: reading.nanos }
}

function zoned(reading: Reading, seconds: number): Pick<Instant, 'seconds' | 'zone'> {
  const { zone, offset, zoneName } = reading
  if (zone !== undefined) return { seconds, zone }
  if (offset !== undefined) {
    const isUtc = offset === 0 && (zoneName === undefined || zoneName === 'UTC')
    return { seconds: seconds - offset, zone: isUtc ? UTC : fixedZone(zoneName ?? '', offset) }
  }
  if (zoneName === undefined) return { seconds, zone: UTC }
  // Other abbreviations have no offset that could be known; only GMT carries one in its name.
  return {
    seconds,
    zone: fixedZone(zoneName, zoneName.startsWith('GMT') ? Number(zoneName.slice(3)) * 3600 : 0),
  }
}

function dateOfYearDay(year: number, yearDay: number): [month: number, day: number] | undefined {
  const length = daysOf(year + 1, 1, 1) - daysOf(year, 1, 1)
  if (yearDay < 1 || yearDay > length) return undefined
  let left = yearDay
  let month = 1
  while (left > daysIn(year, month)) left -= daysIn(year, month++)
  return [month, left]
}
