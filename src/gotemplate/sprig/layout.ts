// Go's time layouts (`2006-01-02T15:04:05Z07:00`): printing an instant by one.
// A layout is cut into literal text and the elements of the reference time, as time.Format does.

import { civilOf, type Instant } from './time.ts'

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
export const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** An element of a layout, with the literal text before it. The last chunk of a layout has no element. */
export interface Chunk {
  readonly prefix: string
  readonly element: string
}

// In the order in which Go tries them at one place; `Jan` and `Mon` not before a lower-case letter, fractions not
// before a digit, and of `_2006` the underscore is literal.
const ELEMENT = new RegExp(
  [
    'January',
    'Jan(?![a-z])',
    'Monday',
    'Mon(?![a-z])',
    'MST',
    '0[1-6]',
    '002',
    '15',
    '1',
    '2006',
    '2',
    '_2(?!006)',
    '__2',
    '3',
    '4',
    '5',
    'PM',
    'pm',
    '-070000',
    '-07:00:00',
    '-0700',
    '-07:00',
    '-07',
    'Z070000',
    'Z07:00:00',
    'Z0700',
    'Z07:00',
    'Z07',
    '[.,](?:0+|9+)(?![0-9])',
  ].join('|'),
  'g',
)

export function chunksOf(layout: string): Chunk[] {
  const chunks: Chunk[] = []
  let at = 0
  for (const match of layout.matchAll(ELEMENT)) {
    chunks.push({ prefix: layout.slice(at, match.index), element: match[0] })
    at = match.index + match[0].length
  }
  chunks.push({ prefix: layout.slice(at), element: '' })
  return chunks
}

/** time.Time.Format. */
export function formatTime(instant: Instant, layout: string): string {
  const { offset, abbreviation } = instant.zone.at(instant.seconds)
  const civil = civilOf(instant.seconds, offset)
  const { year, month, day, hour, minute, second, weekday, yearDay } = civil
  const two = (value: number): string => String(value).padStart(2, '0')
  const hour12 = hour % 12 === 0 ? 12 : hour % 12
  const monthName = MONTHS[month - 1] ?? ''
  const dayName = DAYS[weekday] ?? ''
  const show: Readonly<Record<string, () => string>> = {
    January: () => monthName,
    Jan: () => monthName.slice(0, 3),
    1: () => String(month),
    '01': () => two(month),
    Monday: () => dayName,
    Mon: () => dayName.slice(0, 3),
    2: () => String(day),
    _2: () => String(day).padStart(2),
    '02': () => two(day),
    __2: () => String(yearDay).padStart(3),
    '002': () => String(yearDay).padStart(3, '0'),
    15: () => two(hour),
    3: () => String(hour12),
    '03': () => two(hour12),
    4: () => String(minute),
    '04': () => two(minute),
    5: () => String(second),
    '05': () => two(second),
    2006: () => (year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0')),
    '06': () => two(Math.abs(year) % 100),
    PM: () => (hour >= 12 ? 'PM' : 'AM'),
    pm: () => (hour >= 12 ? 'pm' : 'am'),
    MST: () => (abbreviation === '' ? formatOffset(offset, '-0700') : abbreviation),
  }
  return chunksOf(layout)
    .map(({ prefix, element }) => {
      if (element === '') return prefix
      if (element.startsWith('-07') || element.startsWith('Z07'))
        return prefix + formatOffset(offset, element)
      if (/^[.,]/.test(element)) return prefix + fraction(instant.nanos, element)
      return prefix + (show[element]?.() ?? element)
    })
    .join('')
}

function formatOffset(offset: number, element: string): string {
  if (element.startsWith('Z') && offset === 0) return 'Z'
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const size = Math.abs(offset)
  const parts = [two(size / 3600), two((size % 3600) / 60), two(size % 60)]
  const digits = element.replace(/[^0-9]/g, '').length
  // Go judges the sign by whole minutes, rounded towards zero.
  const sign = offset <= -60 ? '-' : '+'
  return sign + parts.slice(0, digits / 2).join(element.includes(':') ? ':' : '')
}

/** `.000` prints so many digits, `.999` drops trailing zeros and itself when nothing is left. */
function fraction(nanos: number, element: string): string {
  const digits = String(nanos)
    .padStart(9, '0')
    .padEnd(element.length - 1, '0')
    .slice(0, element.length - 1)
  if (element.charAt(1) === '0') return element.charAt(0) + digits
  const significant = digits.replace(/0+$/, '')
  return significant === '' ? '' : element.charAt(0) + significant
}
