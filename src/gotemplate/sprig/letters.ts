// Classes and cases of single letters, as Go's unicode package has them: one rune for one rune.
// JavaScript maps by full case (`ß` to `SS`), Go by simple case.

import { runes } from './cast.ts'
import { SPACE } from './strings.ts'

export const IS_SPACE: RegExp = new RegExp(`^${SPACE}$`)
export const IS_LETTER: RegExp = /^\p{L}$/u
export const IS_UPPER: RegExp = /^\p{Lu}$/u

/** unicode.ToUpper: one rune for one rune, so `ß` stays. */
export function upperRune(char: string): string {
  const upper = char.toUpperCase()
  return oneRune(upper) ? upper : (SIMPLE_UPPER.get(char) ?? char)
}

/** unicode.ToLower: `İ` becomes `i`. */
export function lowerRune(char: string): string {
  const lower = char.toLowerCase()
  return oneRune(lower) ? lower : char === 'İ' ? 'i' : char
}

/** Runes whose simple upper case differs from their (longer) full one: Greek with iota subscript. */
const SIMPLE_UPPER: ReadonlyMap<string, string> = new Map([
  ...[...'ᾀᾁᾂᾃᾄᾅᾆᾇ'].map((char, i) => [char, String.fromCodePoint(0x1f88 + i)] as const),
  ...[...'ᾐᾑᾒᾓᾔᾕᾖᾗ'].map((char, i) => [char, String.fromCodePoint(0x1f98 + i)] as const),
  ...[...'ᾠᾡᾢᾣᾤᾥᾦᾧ'].map((char, i) => [char, String.fromCodePoint(0x1fa8 + i)] as const),
  ['ᾳ', 'ᾼ'],
  ['ῃ', 'ῌ'],
  ['ῳ', 'ῼ'],
] as const)

/** unicode.ToTitle: upper case but for the digraphs that have a title case of their own. */
export function titleRune(char: string): string {
  const code = char.codePointAt(0) ?? 0
  if (code >= 0x1c4 && code <= 0x1cc) return String.fromCodePoint(code - ((code - 0x1c4) % 3) + 1)
  if (code >= 0x1f1 && code <= 0x1f3) return 'ǲ'
  // Georgian letters have capitals but keep their own form in titles.
  if ((code >= 0x10d0 && code <= 0x10fa) || (code >= 0x10fd && code <= 0x10ff)) return char
  return upperRune(char)
}

function oneRune(value: string): boolean {
  return value.length === 1 || (value.length === 2 && (value.codePointAt(0) ?? 0) > 0xffff)
}

/** strings.ToUpper. */
export function toUpper(value: string): string {
  return /^[\0-\x7f]*$/.test(value) ? value.toUpperCase() : runes(value).map(upperRune).join('')
}

/** strings.ToLower. */
export function toLower(value: string): string {
  return /^[\0-\x7f]*$/.test(value) ? value.toLowerCase() : runes(value).map(lowerRune).join('')
}
