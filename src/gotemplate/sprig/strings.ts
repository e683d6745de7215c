// Functions that cut, join, pad and search strings. Positions and lengths are in bytes, as in Go.
// What a call makes longer than its arguments is charged before it is made.

import { byteLength, settle, sliceBytes } from '../../std/bytes.ts'
import { type Charge, goStringCharged } from '../format.ts'
import { FuncError, type TemplateFunc } from '../func.ts'
import { goQuote } from '../quote.ts'
import { STRING_MAP } from '../types.ts'
import { compareBytes } from '../utf8.ts'
import { type GoValue, Typed } from '../value.ts'
import { elements } from '../value-ops.ts'
import { strval } from './cast.ts'
import { fixed, int, ofText, strings, text, variadic } from './go.ts'

/** strings.TrimSpace and unicode.IsSpace: not quite JavaScript's blanks (no U+FEFF, but U+0085). */
export const SPACE =
  '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'

const LEADING_SPACE = new RegExp(`^${SPACE}+`)
const ONE_SPACE = new RegExp(SPACE)

export function trimSpace(value: string): string {
  const start = LEADING_SPACE.exec(value)?.[0].length ?? 0
  let end = value.length
  while (end > start && ONE_SPACE.test(value.charAt(end - 1))) end--
  return value.slice(start, end)
}

/** strings.Trim: takes every character of `cutset` off both ends. */
export function trimSet(value: string, cutset: string): string {
  const cut = new Set(cutset)
  const chars = [...value]
  let start = 0
  let end = chars.length
  while (start < end && cut.has(chars[start] ?? '')) start++
  while (end > start && cut.has(chars[end - 1] ?? '')) end--
  return chars.slice(start, end).join('')
}

/** Negative `count` keeps the last bytes. */
function trunc(count: number, value: string): string {
  const size = byteLength(value)
  if (count < 0 && size + count > 0) return sliceBytes(value, size + count, size)
  return count >= 0 && size > count ? sliceBytes(value, 0, count) : value
}

function substr(start: number, end: number, value: string): string {
  const size = byteLength(value)
  if (start < 0) return checkedSlice(value, 0, end, size)
  return checkedSlice(value, start, end < 0 || end > size ? size : end, size)
}

function checkedSlice(value: string, from: number, to: number, size: number): string {
  const bad = to < 0 ? `[:${to}]` : to > size ? `[:${to}] with length ${size}` : `[${from}:${to}]`
  if (to < 0 || to > size || from > to) throw new FuncError(`runtime error: slice bounds out of range ${bad}`)
  return sliceBytes(value, from, to)
}

/** strings.Split and SplitN: `limit` < 0 is no limit, 0 gives nothing. */
export function splitText(value: string, separator: string, limit = -1): string[] {
  if (limit === 0) return []
  const parts = separator === '' ? [...value] : value.split(separator)
  if (limit < 0 || parts.length <= limit) return parts
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)]
}

function numbered(parts: readonly string[]): Typed {
  const result: { [key: string]: string } = {}
  parts.forEach((part, i) => {
    result[`_${i}`] = part
  })
  return new Typed(STRING_MAP, result)
}

/** sprig's strslice: the texts of a list without nils; any other value is a list of itself. */
export function textList(value: GoValue, charge: Charge): string[] {
  const items = elements(value)
  if (items === undefined) return present(value) ? [strval(value, charge)] : []
  return items.filter(present).map((item) => strval(item, charge))
}

const present = (value: GoValue): boolean => value !== null && value !== undefined

/** `indent` of sprig: every line, the first included. */
function indent(spaces: number, value: string): string {
  const pad = padding(spaces)
  return pad + value.replaceAll('\n', `\n${pad}`)
}

function padding(spaces: number): string {
  if (spaces < 0) throw new FuncError('strings: negative Repeat count')
  return ' '.repeat(spaces)
}

/** How many bytes `indent` adds. */
export function indentCost(spaces: number, value: string): number {
  let lines = 1
  for (let at = value.indexOf('\n'); at >= 0; at = value.indexOf('\n', at + 1)) lines++
  return Math.max(spaces, 0) * lines + value.length
}

/** strings.Replace without limit: an empty `old` matches before every rune and at the end. */
function replace(old: string, fresh: string, value: string): string {
  if (old === '') return fresh + [...value].map((char) => char + fresh).join('')
  return value.replaceAll(old, () => fresh)
}

/** How many bytes the result of `replace` may have. */
function replaceCost(old: string, fresh: string, value: string): number {
  const most = old === '' ? value.length + 1 : Math.floor(value.length / old.length)
  return value.length + most * fresh.length
}

function cat(values: readonly GoValue[], charge: Charge): string {
  // sprig builds the format `%v %v`, so blanks at the ends of the first and last text stay.
  return values
    .filter(present)
    .map((value) => goStringCharged(value, charge))
    .join(' ')
}

const PASS = { passthrough: true }

export const STRING_FUNCS: Record<string, TemplateFunc> = {
  hello: fixed([], () => 'Hello!'),
  trim: ofText(1, trimSpace, 1, PASS),
  trimall: ofText(2, (cutset, value) => trimSet(value, cutset)),
  trimAll: ofText(2, (cutset, value) => trimSet(value, cutset)),
  trimSuffix: ofText(2, (suffix, value) =>
    value.endsWith(suffix) ? value.slice(0, value.length - suffix.length) : value,
  ),
  trimPrefix: ofText(2, (prefix, value) => (value.startsWith(prefix) ? value.slice(prefix.length) : value)),
  trunc: fixed(['int', 'string'], ([count, value], { charge }) => {
    charge(text(value).length)
    return trunc(int(count), text(value))
  }),
  substr: fixed(['int', 'int', 'string'], ([start, end, value], { charge }) => {
    charge(text(value).length)
    return substr(int(start), int(end), text(value))
  }),
  repeat: fixed(['int', 'string'], ([count, value], { charge }) => {
    if (int(count) < 0) throw new FuncError('strings: negative Repeat count')
    charge(int(count) * byteLength(text(value)))
    return settle(text(value).repeat(int(count)))
  }),
  contains: ofText(2, (part, value) => value.includes(part)),
  hasPrefix: ofText(2, (prefix, value) => value.startsWith(prefix)),
  hasSuffix: ofText(2, (suffix, value) => value.endsWith(suffix)),
  quote: variadic([], 'any', (args, { charge }) => {
    const texts = args.filter(present).map((arg) => strval(arg, charge))
    charge(texts.reduce((sum, item) => sum + item.length, 0) * 2)
    return texts.map(goQuote).join(' ')
  }),
  squote: variadic([], 'any', (args, { charge }) =>
    args
      .filter(present)
      .map((arg) => `'${goStringCharged(arg, charge)}'`)
      .join(' '),
  ),
  cat: variadic([], 'any', (args, { charge }) => {
    const result = cat(args, charge)
    charge(result.length)
    return result
  }),
  indent: fixed(
    ['int', 'string'],
    ([spaces, value], { charge }) => {
      charge(indentCost(int(spaces), text(value)))
      return indent(int(spaces), text(value))
    },
    PASS,
  ),
  nindent: fixed(
    ['int', 'string'],
    ([spaces, value], { charge }) => {
      charge(indentCost(int(spaces), text(value)))
      return `\n${indent(int(spaces), text(value))}`
    },
    PASS,
  ),
  replace: fixed(['string', 'string', 'string'], ([old, fresh, value], { charge }) => {
    charge(replaceCost(text(old), text(fresh), text(value)))
    return replace(text(old), text(fresh), text(value))
  }),
  plural: fixed(['string', 'string', 'int'], ([one, many, count]) => text(int(count) === 1 ? one : many)),
  toString: fixed(['any'], ([value], { charge }) => strval(value, charge)),
  toStrings: fixed(['any'], ([value], { charge }) => strings(textList(value, charge))),
  join: fixed(['string', 'any'], ([separator, value], { charge }) => {
    const parts = textList(value, charge)
    charge(parts.reduce((sum, part) => sum + part.length, parts.length * text(separator).length))
    return parts.join(text(separator))
  }),
  split: ofText(2, (separator, value) => numbered(splitText(value, separator)), 2),
  splitList: ofText(2, (separator, value) => strings(splitText(value, separator))),
  splitn: fixed(['string', 'int', 'string'], ([separator, limit, value], { charge }) => {
    charge(text(value).length * 2)
    return numbered(splitText(text(value), text(separator), int(limit)))
  }),
  sortAlpha: fixed(['any'], ([value], { charge }) =>
    strings(
      elements(value) === undefined ? [strval(value, charge)] : textList(value, charge).sort(compareBytes),
    ),
  ),
}
