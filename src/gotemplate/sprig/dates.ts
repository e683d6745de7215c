// Date functions that are given their time. Those that need the clock are refused, and so are calls that would fall
// back to it (`date` of a text, `durationRound` of a time). Local time is UTC.

import { durationText, parseDuration } from '../../std/duration.ts'
import { goJsonString } from '../../std/gojson.ts'
import { FuncError, type TemplateFunc } from '../func.ts'
import { BOOL, INT, INT64, pointerTo, STRING } from '../types.ts'
import { type GoMethod, type GoType, type GoValue, Typed } from '../value.ts'
import { indirect, toInt } from '../value-ops.ts'
import { atoi } from './cast.ts'
import { fixed, int, int64, type Run, text } from './go.ts'
import { DAYS, formatTime, MONTHS } from './layout.ts'
import { addNanos, type Civil, civilOf, daysOf, type Instant, isUtc, loadZone, UTC } from './time.ts'
import { parseTime } from './time-parse.ts'

/** 0001-01-01T00:00:00Z, the zero time.Time. */
const ZERO: Instant = { seconds: daysOf(1, 1, 1) * 86400, nanos: 0, zone: UTC }

export const TIME: GoType = {
  kind: 'struct',
  name: 'time.Time',
  fields: () => new Map(),
  methods: () => METHODS,
  marshal: (raw) => goJsonString(formatTime((raw ?? ZERO) as Instant, '2006-01-02T15:04:05.999999999Z07:00')),
}
export const DURATION: GoType = {
  kind: 'int64',
  name: 'time.Duration',
  methods: () =>
    new Map([['String', method([], STRING, (raw) => durationText(BigInt((raw as bigint) ?? 0)))]]),
}
const MONTH: GoType = named('time.Month', MONTHS, 1)
const WEEKDAY: GoType = named('time.Weekday', DAYS, 0)

function method(
  params: readonly GoType[],
  result: GoType,
  call: (raw: unknown, args: readonly GoValue[]) => GoValue,
): GoMethod {
  return { params, result, call }
}

/** An int type whose String method names its values. */
function named(name: string, names: readonly string[], first: number): GoType {
  const show = (raw: unknown): GoValue =>
    names[Number(raw ?? 0) - first] ?? `%!${name.slice(5)}(${Number(raw ?? 0)})`
  return { kind: 'int', name, methods: () => new Map([['String', method([], STRING, show)]]) }
}

function timeOf(instant: Instant): Typed {
  return new Typed(TIME, instant)
}

const asInstant = (raw: unknown): Instant => (raw ?? ZERO) as Instant

function civil(raw: unknown): Civil {
  const { seconds, zone } = asInstant(raw)
  return civilOf(seconds, zone.at(seconds).offset)
}

function part(read: (civil: Civil) => number): GoMethod {
  return method([], INT, (raw) => BigInt(read(civil(raw))))
}

function order(a: Instant, b: Instant): number {
  return a.seconds - b.seconds || a.nanos - b.nanos
}

function compared(read: (order: number) => boolean): GoMethod {
  return method([TIME], BOOL, (raw, [other]) => read(order(asInstant(raw), instantArgument(other))))
}

/** A time.Time argument. */
function instantArgument(value: GoValue): Instant {
  return value instanceof Typed ? asInstant(value.raw) : ZERO
}

const unix = (raw: unknown, perSecond: number): Typed => {
  const { seconds, nanos } = asInstant(raw)
  return int64(BigInt(seconds) * BigInt(perSecond) + BigInt(Math.floor((nanos * perSecond) / 1e9)))
}

function addDate(raw: unknown, args: readonly GoValue[]): Typed {
  const instant = asInstant(raw)
  const { offset } = instant.zone.at(instant.seconds)
  const { year, month, day } = civilOf(instant.seconds, offset)
  const [years, months, days] = [int(args[0]), int(args[1]), int(args[2])]
  const clock = instant.seconds + offset - daysOf(year, month, day) * 86400
  const local = (daysOf(year + years, month + months, 1) + day - 1 + days) * 86400 + clock
  return timeOf({ ...instant, seconds: local - instant.zone.at(local - offset).offset })
}

const METHODS: ReadonlyMap<string, GoMethod> = new Map([
  [
    'String',
    method([], STRING, (raw) => formatTime(asInstant(raw), '2006-01-02 15:04:05.999999999 -0700 MST')),
  ],
  ['Format', method([STRING], STRING, (raw, [layout]) => formatTime(asInstant(raw), text(layout)))],
  ['Year', part(({ year }) => year)],
  ['Month', method([], MONTH, (raw) => new Typed(MONTH, civil(raw).month))],
  ['Day', part(({ day }) => day)],
  ['Weekday', method([], WEEKDAY, (raw) => new Typed(WEEKDAY, civil(raw).weekday))],
  ['YearDay', part(({ yearDay }) => yearDay)],
  ['Hour', part(({ hour }) => hour)],
  ['Minute', part(({ minute }) => minute)],
  ['Second', part(({ second }) => second)],
  ['Nanosecond', method([], INT, (raw) => BigInt(asInstant(raw).nanos))],
  ['Unix', method([], INT64, (raw) => unix(raw, 1))],
  ['UnixMilli', method([], INT64, (raw) => unix(raw, 1_000))],
  ['UnixMicro', method([], INT64, (raw) => unix(raw, 1_000_000))],
  ['UnixNano', method([], INT64, (raw) => unix(raw, 1_000_000_000))],
  ['UTC', method([], TIME, (raw) => timeOf({ ...asInstant(raw), zone: UTC }))],
  ['Local', method([], TIME, (raw) => timeOf({ ...asInstant(raw), zone: UTC }))],
  ['IsZero', method([], BOOL, (raw) => order(asInstant(raw), ZERO) === 0)],
  ['Equal', compared((result) => result === 0)],
  ['Before', compared((result) => result < 0)],
  ['After', compared((result) => result > 0)],
  [
    'Compare',
    method([TIME], INT, (raw, [other]) => BigInt(Math.sign(order(asInstant(raw), instantArgument(other))))),
  ],
  [
    'Sub',
    method([TIME], DURATION, (raw, [other]) => {
      const [a, b] = [asInstant(raw), instantArgument(other)]
      return new Typed(DURATION, BigInt(a.seconds - b.seconds) * 1_000_000_000n + BigInt(a.nanos - b.nanos))
    }),
  ],
  [
    'Add',
    method([DURATION], TIME, (raw, [duration]) =>
      timeOf(addNanos(asInstant(raw), toInt(duration ?? null) ?? 0n)),
    ),
  ],
  ['AddDate', method([INT, INT, INT], TIME, addDate)],
])

/** A time.Time, or whole seconds since 1970 as int, int32 or int64. */
function moment(value: GoValue, name: string): Instant {
  const plain = value instanceof Typed && value.type.name === pointerTo(TIME).name ? indirect(value) : value
  if (plain instanceof Typed && plain.type.name === TIME.name) return asInstant(plain.raw)
  const seconds = typeof plain === 'bigint' || isPlainInt(plain) ? toInt(plain) : undefined
  if (seconds === undefined) {
    throw new FuncError(
      `${name} of what is neither a time nor whole seconds needs the current time, which is refused`,
    )
  }
  return { seconds: Number(seconds), nanos: 0, zone: UTC }
}

function isPlainInt(value: GoValue): boolean {
  return value instanceof Typed && (value.type.name === 'int32' || value.type.name === 'int64')
}

function inZone(instant: Instant, zone: string): Instant {
  return { ...instant, zone: loadZone(zone) }
}

/** Steps to find the clock of a zone in the time zone data. */
const ZONE_COST = 100_000

const dateInZone: Run = ([layout, date, zone], { charge }) => {
  charge((text(layout).length + text(zone).length) * 8 + (isUtc(text(zone)) ? 0 : ZONE_COST))
  return formatTime(inZone(moment(date, 'date'), text(zone)), text(layout))
}

/** The time moved by a duration text; `bad` decides what a faulty text gives. */
function modify(bad: (error: Error, instant: Instant) => GoValue): Run {
  return ([duration, date], { charge }) => {
    charge(text(duration).length * 4)
    const instant = instantArgument(date)
    let nanos: bigint
    try {
      nanos = parseDuration(text(duration))
    } catch (error) {
      return bad(error as Error, instant)
    }
    return timeOf(addNanos(instant, nanos))
  }
}

const dateModify = modify((_error, instant) => timeOf(instant))
const mustDateModify = modify((error) => {
  throw new FuncError(error.message)
})

/** `duration "95"`: a count of seconds as text or int64; other types are no seconds. */
function duration(value: GoValue): string {
  const isInt64 = value instanceof Typed && value.type.name === 'int64'
  const seconds = typeof value === 'string' ? atoi(value) : isInt64 ? (toInt(value) ?? 0n) : 0n
  return durationText(BigInt.asIntN(64, seconds * 1_000_000_000n))
}

const HOUR = 3_600_000_000_000n
const UNITS: readonly (readonly [size: bigint, name: string])[] = [
  [HOUR * 24n * 365n, 'y'],
  [HOUR * 24n * 30n, 'mo'],
  [HOUR * 24n, 'd'],
  [HOUR, 'h'],
  [60_000_000_000n, 'm'],
  [1_000_000_000n, 's'],
]

/** The largest unit that the duration exceeds: `2h10m` is `2h`, exactly one hour is `60m`. */
function durationRound(value: GoValue): string {
  if (value instanceof Typed && value.type.name === TIME.name) {
    throw new FuncError('durationRound of a time needs the current time, which is refused')
  }
  let nanos = 0n
  if (typeof value === 'string') {
    try {
      nanos = parseDuration(value)
    } catch {
      nanos = 0n
    }
  } else if (value instanceof Typed && value.type.name === 'int64') nanos = toInt(value) ?? 0n
  const size = nanos < 0n ? -nanos : nanos
  const unit = UNITS.find(([length]) => size > length)
  return unit === undefined ? '0s' : `${size / unit[0]}${unit[1]}`
}

export const DATE_FUNCS: Record<string, TemplateFunc> = {
  date: fixed(['string', 'any'], ([layout, date], context) => dateInZone([layout, date, 'Local'], context)),
  dateInZone: fixed(['string', 'any', 'string'], dateInZone),
  date_in_zone: fixed(['string', 'any', 'string'], dateInZone),
  htmlDate: fixed(['any'], ([date], context) => dateInZone(['2006-01-02', date, 'Local'], context)),
  htmlDateInZone: fixed(['any', 'string'], ([date, zone], context) =>
    dateInZone(['2006-01-02', date, zone], context),
  ),
  dateModify: fixed(['string', TIME], dateModify),
  date_modify: fixed(['string', TIME], dateModify),
  mustDateModify: fixed(['string', TIME], mustDateModify),
  must_date_modify: fixed(['string', TIME], mustDateModify),
  duration: fixed(['any'], ([value], { charge }) => {
    charge(typeof value === 'string' ? value.length * 2 : 0)
    return duration(value)
  }),
  durationRound: fixed(['any'], ([value], { charge }) => {
    charge(typeof value === 'string' ? value.length * 4 : 0)
    return durationRound(value)
  }),
  toDate: fixed(['string', 'string'], ([layout, value], { charge }) => {
    charge((text(layout).length + text(value).length) * 8)
    try {
      return timeOf(parseTime(text(layout), text(value)))
    } catch (error) {
      if (error instanceof FuncError) return timeOf(ZERO)
      throw error
    }
  }),
  mustToDate: fixed(['string', 'string'], ([layout, value], { charge }) => {
    charge((text(layout).length + text(value).length) * 8)
    return timeOf(parseTime(text(layout), text(value)))
  }),
  unixEpoch: fixed([TIME], ([date]) => String(instantArgument(date).seconds)),
}
