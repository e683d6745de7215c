// Scalars under an explicit tag: go-yaml accepts a known tag only for text that means that very kind, and leaves
// the text of unknown tags alone. In: tag, text. Out: the value. Throws YamlFault.

import { fromBytes } from '../bytes.ts'
import { GoFloat, resolvePlain, type Scalar } from './resolve.ts'
import { type Mark, YamlFault } from './token.ts'

const PREFIX = 'tag:yaml.org,2002:'

function kindOf(value: Scalar | GoFloat): string {
  if (value === null) return 'null'
  if (value instanceof GoFloat) return 'float'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'str' : 'int'
}

/** The value of a scalar whose tag is `tag`, in its long form. */
export function resolveTagged(tag: string, text: string, at: Mark): Scalar | GoFloat {
  if (!tag.startsWith(PREFIX)) return text
  const want = tag.slice(PREFIX.length)
  switch (want) {
    case 'binary':
      return decodeBase64(text, at)
    case 'timestamp':
      if (isTimestamp(text)) return text
      break
    case 'bool':
    case 'int':
    case 'float':
    case 'null':
      break
    default:
      return text
  }
  const value = resolvePlain(text)
  const kind = kindOf(value)
  if (kind === want) return value
  if (want === 'float' && kind === 'int' && BigInt(value as number | bigint) < 2n ** 63n) {
    return new GoFloat(Number(value))
  }
  throw new YamlFault(`yaml: cannot decode !!${kind} \`${text}\` as a !!${want}`, at)
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Standard base64 with padding, line breaks ignored; bytes that are no UTF-8 stand as bytes.ts puts them. */
function decodeBase64(text: string, at: Mark): string {
  const packed = text.replace(/[\r\n]/g, '')
  if (packed.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) {
    throw new YamlFault('yaml: !!binary value contains invalid base64 data', at)
  }
  const bytes: number[] = []
  let bits = 0
  let size = 0
  for (const char of packed.replace(/=+$/, '')) {
    bits = ((bits << 6) | BASE64.indexOf(char)) & 0xffff
    size += 6
    if (size >= 8) {
      size -= 8
      bytes.push((bits >> size) & 0xff)
    }
  }
  return fromBytes(Uint8Array.from(bytes))
}

const TIMESTAMP =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[+-](\d\d):(\d\d)))|(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?))?$/

/** Whether go-yaml reads the text as a time; it stays text all the same. */
export function isTimestamp(text: string): boolean {
  const match = text.charAt(4) === '-' ? TIMESTAMP.exec(text) : null
  if (match === null) return false
  const part = (i: number): number => Number(match[i] ?? 0)
  const [year, month, day] = [part(1), part(2), part(3)]
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false
  const [hour, minute, second] =
    match[4] === undefined ? [part(9), part(10), part(11)] : [part(4), part(5), part(6)]
  return hour < 24 && minute < 60 && second < 60 && part(7) <= 24 && part(8) < 60
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}
