// Functions that change letters: case, initials, wrapping, abbreviating (goutils behind sprig).
// goutils reads some texts byte by byte, each byte as if it were a rune; that is kept.

import { byteLength, fromBytes, sliceBytes, toBytes } from '../../std/bytes.ts'
import type { TemplateFunc } from '../func.ts'
import { runes } from './cast.ts'
import { fixed, int, ofText, text } from './go.ts'
import {
  IS_LETTER,
  IS_SPACE,
  IS_UPPER,
  lowerRune,
  titleRune,
  toLower,
  toUpper,
  upperRune,
} from './letters.ts'
import { camelCase, joinedWords } from './words.ts'

const IS_LOWER = /^\p{Ll}$/u
const IS_TITLE = /^\p{Lt}$/u

/** strings.Title: a letter is first in a word when neither letter, digit nor underscore stands before it. */
function title(value: string): string {
  let previous = ' '
  let result = ''
  for (const char of runes(value)) {
    result += separates(previous) ? titleRune(char) : char
    previous = char
  }
  return result
}

function separates(char: string): boolean {
  if (char <= '\x7f') return !/[0-9A-Za-z_]/.test(char)
  return !IS_LETTER.test(char) && !/^\p{Nd}$/u.test(char) && IS_SPACE.test(char)
}

/** Lower case for the first letter of every word (words are parted by blanks). */
function untitle(value: string): string {
  let first = true
  let result = ''
  for (const char of runes(value)) {
    const space = IS_SPACE.test(char)
    result += first && !space ? lowerRune(char) : char
    first = space
  }
  return result
}

function swapCase(value: string): string {
  let afterSpace = true
  let result = ''
  for (const char of runes(value)) {
    if (IS_UPPER.test(char) || IS_TITLE.test(char)) {
      result += lowerRune(char)
      afterSpace = false
    } else if (IS_LOWER.test(char)) {
      result += afterSpace ? titleRune(char) : upperRune(char)
      afterSpace = false
    } else {
      result += char
      afterSpace = IS_SPACE.test(char)
    }
  }
  return result
}

/** The bytes of a text, each as the rune of its number: how goutils iterates. */
function byteRunes(value: string): string[] {
  return Array.from(toBytes(value), (byte) => String.fromCharCode(byte))
}

function initials(value: string): string {
  let gap = true
  let result = ''
  for (const char of byteRunes(value)) {
    const space = IS_SPACE.test(char)
    if (gap && !space) result += char
    gap = space
  }
  return result
}

function withoutSpace(value: string): string {
  const bytes = byteRunes(value)
  const kept = bytes.filter((char) => !IS_SPACE.test(char))
  return kept.length === bytes.length ? value : kept.join('')
}

function abbreviate(value: string, from: number, width: number): string {
  const size = byteLength(value)
  if (value === '' || size <= width) return value
  let offset = Math.min(from, size)
  if (size - offset < width - 3) offset = size - (width - 3)
  if (offset <= 4) return `${sliceBytes(value, 0, width - 3)}...`
  if (offset + width - 3 < size) {
    const rest = sliceBytes(value, offset, size)
    return `...${width - 3 < 4 ? '' : abbreviate(rest, 0, width - 3)}`
  }
  return `...${sliceBytes(value, size - (width - 3), size)}`
}

/** Breaks at the last blank that fits; words longer than `width` are cut if `cutWords`, else stand out. */
function wrap(value: string, width: number, newline: string, cutWords: boolean): string {
  const line = Math.max(width, 1)
  // One unit a byte, so that positions are Go's.
  const bytes = byteRunes(value).join('')
  const parts: string[] = []
  let offset = 0
  while (bytes.length - offset > line) {
    if (bytes[offset] === ' ') {
      offset++
      continue
    }
    const space = bytes.slice(offset, offset + line + 1).lastIndexOf(' ')
    const end = space >= 0 ? offset + space : cutWords ? offset + line : bytes.indexOf(' ', offset + line)
    if (end < 0) break
    parts.push(bytes.slice(offset, end))
    offset = space >= 0 || !cutWords ? end + 1 : end
  }
  parts.push(bytes.slice(offset))
  const breaks = newline === '' ? '\n' : byteRunes(newline).join('')
  return fromBytes(Uint8Array.from(parts.join(breaks), (char) => char.charCodeAt(0)))
}

export const CASE_FUNCS: Record<string, TemplateFunc> = {
  upper: ofText(1, toUpper, 4),
  lower: ofText(1, toLower, 4),
  title: ofText(1, title, 4),
  untitle: ofText(1, untitle, 4),
  swapcase: ofText(1, swapCase, 4),
  initials: ofText(1, initials, 4),
  nospace: ofText(1, withoutSpace, 4),
  snakecase: ofText(1, (value) => joinedWords(value, '_'), 16),
  kebabcase: ofText(1, (value) => joinedWords(value, '-'), 16),
  camelcase: ofText(1, camelCase, 8),
  abbrev: fixed(['int', 'string'], ([width, value]) =>
    int(width) < 4 ? text(value) : abbreviate(text(value), 0, int(width)),
  ),
  abbrevboth: fixed(['int', 'int', 'string'], ([left, right, value]) => {
    if (int(right) < 4 || (int(left) > 0 && int(right) < 7)) return text(value)
    return abbreviate(text(value), int(left), int(right))
  }),
  wrap: fixed(['int', 'string'], ([width, value], { charge }) => {
    charge(text(value).length * 4)
    return wrap(text(value), int(width), '', false)
  }),
  wrapWith: fixed(['int', 'string', 'string'], ([width, newline, value], { charge }) => {
    charge(text(value).length * (4 + text(newline).length))
    return wrap(text(value), int(width), text(newline), true)
  }),
}
