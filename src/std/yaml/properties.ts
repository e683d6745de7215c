// Anchors, aliases, tags and directives, as libyaml's scanner reads them.
// The scanner stands on the indicator (`&` `*` `!` `%`) when a function here is called, and behind the token after.
// Tags are only read here; the composer resolves their handles.

import { BLANK, BLANKZ, BREAK, BREAKZ, charClass, DIGIT, hexValue, URI, WORD } from './chars.ts'
import type { Cursor } from './cursor.ts'
import {
  ALIAS,
  ANCHOR,
  type Mark,
  scannerFault,
  TAG,
  TAG_DIRECTIVE,
  Token,
  VERSION_DIRECTIVE,
} from './token.ts'

function word(s: Cursor): string {
  const from = s.pos
  while ((charClass(s.unit()) & WORD) !== 0) s.pos++
  return s.text.slice(from, s.pos)
}

function skipBlanks(s: Cursor): void {
  while ((charClass(s.unit()) & BLANK) !== 0) s.pos++
}

function atBlankz(s: Cursor): boolean {
  return (charClass(s.unit()) & BLANKZ) !== 0
}

const AFTER_ANCHOR = '?:,]}%@`'

/** `&name` or `*name`. */
export function scanAnchor(s: Cursor, kind: number): Token {
  const start = s.pos
  const at = s.mark()
  s.pos++
  const name = word(s)
  if (name === '' || !(atBlankz(s) || AFTER_ANCHOR.includes(s.text.charAt(s.pos)))) {
    throw scannerFault('did not find expected alphabetic or numeric character', s.mark(), at)
  }
  return new Token(kind === ANCHOR ? ANCHOR : ALIAS, start, at.line, at.column, name)
}

/** `!<uri>`, `!suffix`, `!!suffix`, `!handle!suffix` or `!`. A verbatim tag and `!` have no handle. */
export function scanTag(s: Cursor): Token {
  const start = s.pos
  const at = s.mark()
  let handle = ''
  let suffix: string
  if (s.text.charAt(s.pos + 1) === '<') {
    s.pos += 2
    suffix = tagUri(s, '', at)
    if (s.text.charAt(s.pos) !== '>') throw scannerFault("did not find the expected '>'", s.mark(), at)
    s.pos++
  } else {
    handle = tagHandle(s, false, at)
    if (handle.length > 1 && handle.endsWith('!')) {
      suffix = tagUri(s, '', at)
    } else {
      // What looked like a handle is the beginning of a local tag; `!` alone has no handle.
      suffix = tagUri(s, handle, at)
      handle = suffix === '' ? '' : '!'
      if (suffix === '') suffix = '!'
    }
  }
  if (!atBlankz(s)) throw scannerFault('did not find expected whitespace or line break', s.mark(), at)
  return new Token(TAG, start, at.line, at.column, handle, suffix)
}

function tagHandle(s: Cursor, directive: boolean, at: Mark): string {
  if (s.text.charAt(s.pos) !== '!') throw scannerFault("did not find expected '!'", s.mark(), at)
  s.pos++
  const name = word(s)
  if (s.text.charAt(s.pos) === '!') {
    s.pos++
    return `!${name}!`
  }
  if (directive && name !== '') throw scannerFault("did not find expected '!'", s.mark(), at)
  return `!${name}`
}

/** The characters of a tag's URI, `%41` decoded; `head` is a handle that turned out to belong to it. */
function tagUri(s: Cursor, head: string, at: Mark): string {
  const from = s.pos
  let uri = head.slice(1)
  for (;;) {
    const code = s.unit()
    if ((charClass(code) & (WORD | URI)) === 0) break
    if (code === 37) {
      uri += uriEscape(s, at)
    } else {
      uri += s.text.charAt(s.pos)
      s.pos++
    }
  }
  if (head === '' && s.pos === from) throw scannerFault('did not find expected tag URI', s.mark(), at)
  return uri
}

/** One character, written as its UTF-8 bytes in `%xx`. */
function uriEscape(s: Cursor, at: Mark): string {
  let code = 0
  let left = 1
  for (let first = true; left > 0; first = false, left--) {
    const high = hexValue(s.unit(1))
    const low = hexValue(s.unit(2))
    if (s.text.charAt(s.pos) !== '%' || high < 0 || low < 0) {
      throw scannerFault('did not find URI escaped octet', s.mark(), at)
    }
    const octet = high * 16 + low
    if (first) {
      left = octet < 0x80 ? 1 : octet >> 5 === 6 ? 2 : octet >> 4 === 14 ? 3 : octet >> 3 === 30 ? 4 : 0
      if (left === 0) throw scannerFault('found an incorrect leading UTF-8 octet', s.mark(), at)
      code = left === 1 ? octet : octet & (0xff >> (left + 1))
    } else {
      if (octet >> 6 !== 2) throw scannerFault('found an incorrect trailing UTF-8 octet', s.mark(), at)
      code = code * 64 + (octet & 63)
    }
    s.pos += 3
  }
  return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)
}

/** `%YAML 1.1` or `%TAG handle prefix`, with the rest of its line. */
export function scanDirective(s: Cursor): Token {
  const start = s.pos
  const at = s.mark()
  s.pos++
  const name = word(s)
  if (name === '') throw scannerFault('could not find expected directive name', s.mark(), at)
  if (!atBlankz(s)) throw scannerFault('found unexpected non-alphabetical character', s.mark(), at)
  skipBlanks(s)
  let token: Token
  if (name === 'YAML') {
    token = new Token(VERSION_DIRECTIVE, start, at.line, at.column, version(s, at))
  } else if (name === 'TAG') {
    const handle = tagHandle(s, true, at)
    if ((charClass(s.unit()) & BLANK) === 0) {
      throw scannerFault('did not find expected whitespace', s.mark(), at)
    }
    skipBlanks(s)
    const prefix = tagUri(s, '', at)
    if (!atBlankz(s)) throw scannerFault('did not find expected whitespace or line break', s.mark(), at)
    token = new Token(TAG_DIRECTIVE, start, at.line, at.column, handle, prefix)
  } else {
    throw scannerFault('found unknown directive name', s.mark(), at)
  }
  skipBlanks(s)
  if (s.text.charAt(s.pos) === '#') {
    while ((charClass(s.unit()) & BREAKZ) === 0) s.pos++
  }
  const bits = charClass(s.unit())
  if ((bits & BREAKZ) === 0) throw scannerFault('did not find expected comment or line break', s.mark(), at)
  if ((bits & BREAK) !== 0) s.readBreak()
  return token
}

function version(s: Cursor, at: Mark): string {
  const major = versionNumber(s, at)
  if (s.text.charAt(s.pos) !== '.') {
    throw scannerFault("did not find expected digit or '.' character", s.mark(), at)
  }
  s.pos++
  return `${major}.${versionNumber(s, at)}`
}

function versionNumber(s: Cursor, at: Mark): number {
  const from = s.pos
  while ((charClass(s.unit()) & DIGIT) !== 0) {
    if (++s.pos - from > 2) throw scannerFault('found extremely long version number', s.mark(), at)
  }
  if (s.pos === from) throw scannerFault('did not find expected version number', s.mark(), at)
  return Number(s.text.slice(from, s.pos))
}
