// Go's time.Time as data: an instant, and how it shows (offset and zone name). Calendar arithmetic without a clock.
// The time zone called Local is UTC, as in the control plane's container.

export interface Instant {
  /** Seconds since 1970-01-01T00:00:00Z. */
  readonly seconds: number
  readonly nanos: number
  readonly zone: Zone
}

export interface Zone {
  /** As Location.String prints it. */
  readonly name: string
  /** Seconds east of UTC and the abbreviation in force at an instant. */
  readonly at: (seconds: number) => ZoneState
}

export interface ZoneState {
  readonly offset: number
  readonly abbreviation: string
}

export interface Civil {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** 0 is Sunday. */
  readonly weekday: number
  /** 1 to 366. */
  readonly yearDay: number
}

export const UTC: Zone = { name: 'UTC', at: () => ({ offset: 0, abbreviation: 'UTC' }) }

export function fixedZone(name: string, offset: number): Zone {
  return { name, at: () => ({ offset, abbreviation: name }) }
}

const DAY = 86400

/** Days since 1970-01-01 of a date of the proleptic Gregorian calendar; months beyond 1..12 carry over. */
export function daysOf(year: number, month: number, day: number): number {
  const carried = year + Math.floor((month - 1) / 12)
  const inYear = ((((month - 1) % 12) + 12) % 12) + 1
  // Counting from March puts the leap day at the end of the year.
  const y = inYear > 2 ? carried : carried - 1
  const shifted = (inYear + 9) % 12
  const era = Math.floor(y / 400)
  const inEra = y - era * 400
  const dayOfEra =
    inEra * 365 + Math.floor(inEra / 4) - Math.floor(inEra / 100) + Math.floor((153 * shifted + 2) / 5)
  return era * 146097 + dayOfEra + day - 1 - 719468
}

/** The date and clock that `seconds` shows at `offset`. */
export function civilOf(seconds: number, offset: number): Civil {
  const local = seconds + offset
  const days = Math.floor(local / DAY)
  const clock = local - days * DAY
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const inEra = z - era * 146097
  const yearOfEra = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36524) - Math.floor(inEra / 146096)) / 365,
  )
  const dayOfYear = inEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
  return {
    year,
    month,
    day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1,
    hour: Math.floor(clock / 3600),
    minute: Math.floor((clock % 3600) / 60),
    second: clock % 60,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysOf(year, 1, 1) + 1,
  }
}

export function daysIn(year: number, month: number): number {
  return daysOf(year, month + 1, 1) - daysOf(year, month, 1)
}

/** Adds nanoseconds; the fraction stays within one second. */
export function addNanos(instant: Instant, nanos: bigint): Instant {
  const total = BigInt(instant.nanos) + nanos
  const whole = total / 1_000_000_000n
  const rest = total % 1_000_000_000n
  const borrow = rest < 0n ? 1n : 0n
  return {
    ...instant,
    seconds: instant.seconds + Number(whole - borrow),
    nanos: Number(rest + borrow * 1_000_000_000n),
  }
}

/** The names of UTC; the injector has no other local time. */
export function isUtc(name: string): boolean {
  return name === '' || name === 'UTC' || name === 'Local'
}

/** time.LoadLocation: UTC for names that do not exist, as sprig falls back to it. */
export function loadZone(name: string): Zone {
  if (isUtc(name)) return UTC
  if (!/^[A-Z][A-Za-z0-9_+\-/]*$/.test(name)) return UTC
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  } catch {
    return UTC
  }
  return { name, at: (seconds) => zoneState(name, format, seconds) }
}

function offsetAt(format: Intl.DateTimeFormat, seconds: number): number {
  const parts = format.formatToParts(seconds * 1000)
  const shown = parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
  const match = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(shown)
  if (match === null) return 0
  const size = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0)
  return match[1] === '-' ? -size : size
}

/** Each locale knows the abbreviations of its own part of the world; elsewhere it prints `GMT+1`. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA', 'ja-JP', 'ko-KR', 'zh-CN', 'id-ID']

/** After so many seconds the calendar of weekdays repeats. */
const CYCLE = 28 * 1461 * 6 * 3600

function shortName(zone: string, seconds: number): string | undefined {
  for (const locale of LOCALES) {
    const format = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' })
    const shown = format.formatToParts(seconds * 1000).find((part) => part.type === 'timeZoneName')?.value
    if (shown !== undefined && /^[A-Z]{3,5}$/.test(shown)) return shown
  }
  return undefined
}

/**
 * Abbreviations are known from 1970 on only: other years, and years with other names, borrow that of a like day, perhaps
 * half a year away, on which the clock is shifted alike. Offsets that are no quarter hours are those of before time zones, local mean time.
 */
function zoneState(name: string, format: Intl.DateTimeFormat, moment: number): ZoneState {
  const offset = offsetAt(format, moment)
  if (offset % 900 !== 0) return { offset, abbreviation: 'LMT' }
  const like = moment >= 0 && moment < 2 ** 33 ? moment : ((moment % CYCLE) + CYCLE) % CYCLE
  for (const later of [0, CYCLE / 56, CYCLE, CYCLE + CYCLE / 56]) {
    if (offsetAt(format, like + later) !== offset) continue
    const abbreviation = shortName(name, like + later)
    if (abbreviation !== undefined) return { offset, abbreviation }
  }
  // Zones without letters are named by their offset in the time zone database.
  const size = Math.abs(offset)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const minutes = size % 3600 === 0 ? '' : two((size % 3600) / 60)
  return { offset, abbreviation: `${offset < 0 ? '-' : '+'}${two(size / 3600)}${minutes}` }
}
