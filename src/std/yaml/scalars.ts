// The text of scalars: plain, quoted and block, folded and unescaped as libyaml does it.
// The scanner stands on the first character when a function here is called, and behind the scalar when it returns.
// What the text means (a number, a word) is not decided here.

import {
  BLANK,
  BLANKZ,
  BREAK,
  BREAKZ,
  CLASS,
  charClass,
  DIGIT,
  FLOW,
  hexValue,
  isDocumentMarker,
  SPACES,
} from './chars.ts'
import type { Cursor } from './cursor.ts'
import { DOUBLE_QUOTED, LITERAL, type Mark, PLAIN, SCALAR, scannerFault, Token } from './token.ts'

/** One line break reads as a space, several as all but the first; U+2028 and U+2029 stay. */
function fold(first: string, rest: string): string {
  if (first !== '\n') return first + rest
  return rest === '' ? ' ' : rest
}

export function scanPlain(s: Cursor): Token {
  const { text, units } = s
  const start = s.pos
  const { line, column } = s
  const indent = s.indent + 1
  const stop = s.flowLevel > 0 ? BLANKZ | FLOW : BLANKZ
  let value = ''
  let from = start
  let end = start
  let folded: string | undefined
  for (;;) {
    let at = s.pos
    if (at === s.lineStart && isDocumentMarker(units, at)) break
    let code = units[at] as number
    if (code === 35) break
    let bits = CLASS[code] as number
    while ((bits & stop) === 0) {
      if (code === 58 && ((CLASS[units[at + 1] as number] as number) & BLANKZ) !== 0) break
      code = units[++at] as number
      bits = CLASS[code] as number
    }
    if (at > s.pos) {
      if (folded !== undefined) {
        value += text.slice(from, end) + folded
        from = s.pos
        folded = undefined
      }
      end = at
      s.pos = at
    }
    if ((bits & SPACES) === 0) break
    folded = skipSpaces(s, indent, line, column)
    if (s.flowLevel === 0 && s.column < indent) break
  }
  // Line breaks behind the scalar were passed: a key may follow.
  if (folded !== undefined) s.keyAllowed = true
  const last = text.slice(from, end)
  return new Token(SCALAR, start, line, column, value === '' ? last : value + last, '', PLAIN)
}

/** Passes blanks and line breaks inside a plain scalar; what the breaks fold to, undefined when there were none. */
function skipSpaces(s: Cursor, indent: number, line: number, column: number): string | undefined {
  let first = ''
  let rest = ''
  for (;;) {
    const code = s.unit()
    const bits = charClass(code)
    if ((bits & BLANK) !== 0) {
      if (first !== '' && code === 9 && s.column < indent) {
        throw scannerFault('found a tab character that violates indentation', s.mark(), { line, column })
      }
      s.pos++
    } else if ((bits & BREAK) !== 0) {
      if (first === '') first = s.readBreak()
      else rest += s.readBreak()
    } else {
      return first === '' ? undefined : fold(first, rest)
    }
  }
}

export function scanQuoted(s: Cursor, style: number): Token {
  const { text } = s
  const start = s.pos
  const at = s.mark()
  const quote = style === DOUBLE_QUOTED ? 34 : 39
  let value = ''
  s.pos++
  for (;;) {
    if (s.pos === s.lineStart && isDocumentMarker(s.units, s.pos)) {
      throw scannerFault('found unexpected document indicator', s.mark(), at)
    }
    if (s.unit() === 0) throw scannerFault('found unexpected end of stream', s.mark(), at)
    let from = s.pos
    let joined = false
    for (;;) {
      const code = s.unit()
      if (code === quote) {
        if (quote === 34 || s.unit(1) !== 39) break
        value += text.slice(from, s.pos + 1)
        s.pos += 2
        from = s.pos
      } else if (code === 92 && quote === 34) {
        value += text.slice(from, s.pos)
        if ((charClass(s.unit(1)) & BREAK) !== 0) {
          s.pos++
          s.readBreak()
          joined = true
          from = s.pos
          break
        }
        value += escaped(s, at)
        from = s.pos
      } else if ((charClass(code) & BLANKZ) !== 0) {
        break
      } else {
        s.pos++
      }
    }
    value += text.slice(from, s.pos)
    if (s.unit() === quote) break
    value += quotedSpaces(s, joined)
  }
  s.pos++
  return new Token(SCALAR, start, at.line, at.column, value, '', style)
}

/** Blanks and line breaks inside quotes; `joined` when a backslash already took the first break away. */
function quotedSpaces(s: Cursor, joined: boolean): string {
  const { text } = s
  const start = s.pos
  let broken = joined
  let first = ''
  let rest = ''
  for (;;) {
    const bits = charClass(s.unit())
    if ((bits & BLANK) !== 0) {
      s.pos++
    } else if ((bits & BREAK) !== 0) {
      if (broken) rest += s.readBreak()
      else first = s.readBreak()
      broken = true
    } else if (!broken) {
      return text.slice(start, s.pos)
    } else {
      // After an escaped break there is nothing to fold, but further breaks stay.
      return first === '' ? rest : fold(first, rest)
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  "'": "'",
  '\\': '\\',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
}

const HEX_LENGTH: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** The character that a backslash and what follows stand for; JSON's `\/` and surrogate halves are errors here. */
function escaped(s: Cursor, at: Mark): string {
  const { text } = s
  const name = text.charAt(s.pos + 1)
  const simple = Object.hasOwn(ESCAPES, name) ? ESCAPES[name] : undefined
  if (simple !== undefined) {
    s.pos += 2
    return simple
  }
  const length = Object.hasOwn(HEX_LENGTH, name) ? HEX_LENGTH[name] : undefined
  if (length === undefined) throw scannerFault('found unknown escape character', s.mark(), at)
  s.pos += 2
  let code = 0
  for (let i = 0; i < length; i++) {
    const digit = hexValue(s.unit(i))
    if (digit < 0) throw scannerFault('did not find expected hexdecimal number', s.mark(), at)
    code = code * 16 + digit
  }
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) {
    throw scannerFault('found invalid Unicode character escape code', s.mark(), at)
  }
  s.pos += length
  return String.fromCodePoint(code)
}

/** `|` or `>` with what follows: header, then lines at or beyond the indentation. */
export function scanBlockScalar(s: Cursor, style: number): Token {
  const { text } = s
  const start = s.pos
  const at = s.mark()
  const header = blockHeader(s, at)
  const given = header.increment > 0 ? Math.max(s.indent, 0) + header.increment : 0
  let { breaks: trailing, indent } = blockBreaks(s, given, at)
  let value = ''
  let leading = ''
  let wasBlank = false
  while (s.column === indent && s.unit() !== 0) {
    const isBlank = (charClass(s.unit()) & BLANK) !== 0
    if (style !== LITERAL && leading === '\n' && !wasBlank && !isBlank) {
      if (trailing === '') value += ' '
    } else {
      value += leading
    }
    value += trailing
    wasBlank = isBlank
    const from = s.pos
    while ((charClass(s.unit()) & BREAKZ) === 0) s.pos++
    value += text.slice(from, s.pos)
    leading = s.unit() === 0 ? '' : s.readBreak()
    ;({ breaks: trailing, indent } = blockBreaks(s, indent, at))
  }
  if (header.chomping !== -1) value += leading
  if (header.chomping === 1) value += trailing
  return new Token(SCALAR, start, at.line, at.column, value, '', style)
}

/** Chomping and indentation indicators in either order, then nothing but a comment. */
function blockHeader(s: Cursor, at: Mark): { chomping: -1 | 0 | 1; increment: number } {
  s.pos++
  let chomping = blockChomping(s)
  let increment = 0
  const digit = s.unit()
  if ((charClass(digit) & DIGIT) !== 0) {
    if (digit === 48) throw scannerFault('found an indentation indicator equal to 0', s.mark(), at)
    increment = digit - 48
    s.pos++
    if (chomping === 0) chomping = blockChomping(s)
  }
  while ((charClass(s.unit()) & BLANK) !== 0) s.pos++
  if (s.unit() === 35) {
    while ((charClass(s.unit()) & BREAKZ) === 0) s.pos++
  }
  const bits = charClass(s.unit())
  if ((bits & BREAKZ) === 0) throw scannerFault('did not find expected comment or line break', s.mark(), at)
  if ((bits & BREAK) !== 0) s.readBreak()
  return { chomping, increment }
}

function blockChomping(s: Cursor): -1 | 0 | 1 {
  const code = s.unit()
  if (code !== 43 && code !== 45) return 0
  s.pos++
  return code === 43 ? 1 : -1
}

/** Passes empty lines and indentation. With `given` 0 the indentation is found: the deepest of the lines passed. */
function blockBreaks(s: Cursor, given: number, at: Mark): { breaks: string; indent: number } {
  let breaks = ''
  let deepest = 0
  for (;;) {
    while ((given === 0 || s.column < given) && s.unit() === 32) s.pos++
    if (s.column > deepest) deepest = s.column
    const code = s.unit()
    if (code === 9 && (given === 0 || s.column < given)) {
      throw scannerFault('found a tab character where an indentation space is expected', s.mark(), at)
    }
    if ((charClass(code) & BREAK) === 0) break
    breaks += s.readBreak()
  }
  return { breaks, indent: given === 0 ? Math.max(deepest, s.indent + 1, 1) : given }
}
