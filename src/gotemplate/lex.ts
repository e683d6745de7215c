// Splits template text into tokens, as Go's text/template/parse/lex.go. In: the text. Out: one token a call.
// Trimming by `{{- ` and ` -}}` happens here and comments end here; the parser sees neither.
// An error is a token: the parser reports it where it meets it. Every character is looked at a bounded number of times.

import { goQuote, isPrint } from './quote.ts'

export type TokenKind =
  | 'error'
  | 'eof'
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'char'
  | 'assign'
  | 'declare'
  | 'pipe'
  | '('
  | ')'
  | 'string'
  | 'character'
  | 'number'
  | 'complex'
  | 'bool'
  | 'identifier'
  | 'field'
  | 'variable'
  | Keyword

export type Keyword =
  | '.'
  | 'block'
  | 'break'
  | 'continue'
  | 'define'
  | 'else'
  | 'end'
  | 'if'
  | 'nil'
  | 'range'
  | 'template'
  | 'with'

export interface Token {
  readonly kind: TokenKind
  /** Offset in UTF-16 units. */
  readonly pos: number
  /** The characters of the token, or the message of an error. */
  readonly text: string
}

export const KEYWORDS: ReadonlySet<string> = new Set<Keyword>([
  '.',
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'nil',
  'range',
  'template',
  'with',
])

const WORD = /[\p{L}\p{Nd}_]+/uy
const SPACES = /[ \t\r\n]*/y
const QUOTED = /"(?:[^"\\\n]|\\[^\n])*"/uy
const CHARACTER = /'(?:[^'\\\n]|\\[^\n])*'/uy
const RAW = /`[^`]*`/y
// Digits by base; what they really mean is checked when the number is read.
const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/y

/** The tokens of one template text. `names` are functions called break or continue: then these are no keywords. */
export class Lexer {
  private readonly text: string
  private readonly names: ReadonlySet<string>
  private at = 0
  private inside = false
  private parens = 0

  constructor(text: string, names: ReadonlySet<string>) {
    this.text = text
    this.names = names
  }

  next(): Token {
    return this.inside ? this.action() : this.plain()
  }

  private token(kind: TokenKind, start: number, end: number): Token {
    this.at = end
    return { kind, pos: start, text: this.text.slice(start, end) }
  }

  private error(start: number, text: string): Token {
    return { kind: 'error', pos: start, text }
  }

  /** Text up to the next action; comments are skipped on the way. */
  private plain(): Token {
    for (;;) {
      const { text } = this
      const start = this.at
      const open = text.indexOf('{{', start)
      if (open < 0)
        return start < text.length ? this.token('text', start, text.length) : this.token('eof', start, start)
      const trim = this.leftTrim(open + 2)
      const end = trim ? trimEnd(text, start, open) : open
      if (end > start) {
        this.at = open
        return { kind: 'text', pos: start, text: text.slice(start, end) }
      }
      const inner = open + (trim ? 4 : 2)
      if (!text.startsWith('/*', inner)) {
        this.inside = true
        this.parens = 0
        this.at = inner
        return { kind: 'left', pos: open, text: '{{' }
      }
      const failure = this.comment(inner)
      if (failure !== undefined) return failure
    }
  }

  private comment(start: number): Token | undefined {
    const close = this.text.indexOf('*/', start + 2)
    if (close < 0) return this.error(start, 'unclosed comment')
    const size = this.rightDelimiter(close + 2)
    if (size === 0) return this.error(start, 'comment ends before closing delimiter')
    const end = close + 2 + size
    this.at = size > 2 ? this.match(SPACES, end) : end
    return undefined
  }

  private leftTrim(at: number): boolean {
    return this.text.charCodeAt(at) === 0x2d && isSpace(this.text.charCodeAt(at + 1))
  }

  /** Length of the right delimiter at `at`, its trim marker included; 0 when there is none. */
  private rightDelimiter(at: number): number {
    const { text } = this
    if (text.startsWith('}}', at)) return 2
    return isSpace(text.charCodeAt(at)) && text.startsWith('-}}', at + 1) ? 4 : 0
  }

  private match(pattern: RegExp, at: number): number {
    pattern.lastIndex = at
    return pattern.test(this.text) ? pattern.lastIndex : -1
  }

  /** One token inside an action. */
  private action(): Token {
    const { text, at } = this
    const size = this.rightDelimiter(at)
    if (size > 0) {
      if (this.parens > 0) return this.error(at, 'unclosed left paren')
      this.inside = false
      const end = at + size
      this.at = size > 2 ? this.match(SPACES, end) : end
      return { kind: 'right', pos: end - 2, text: '}}' }
    }
    if (at >= text.length) return this.error(at, 'unclosed action')
    const char = text.charAt(at)
    switch (char) {
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        return this.spaces(at)
      case '=':
        return this.token('assign', at, at + 1)
      case ':':
        return text.charAt(at + 1) === '=' ? this.token('declare', at, at + 2) : this.error(at, 'expected :=')
      case '|':
        return this.token('pipe', at, at + 1)
      case '"':
        return this.quoted(QUOTED, 'string', 'unterminated quoted string')
      case '`':
        return this.quoted(RAW, 'string', 'unterminated raw quoted string')
      case "'":
        return this.quoted(CHARACTER, 'character', 'unterminated character constant')
      case '$':
        return this.fieldOrVariable('variable')
      case '(':
        this.parens++
        return this.token('(', at, at + 1)
      case ')':
        this.parens--
        return this.parens < 0 ? this.error(at, 'unexpected right paren') : this.token(')', at, at + 1)
      default:
        return this.other(char)
    }
  }

  private other(char: string): Token {
    const { text, at } = this
    const code = text.codePointAt(at) ?? 0
    if (char === '.' && !isDigit(text.charCodeAt(at + 1)) && at + 1 < text.length) {
      return this.fieldOrVariable('field')
    }
    if (char === '.' || char === '+' || char === '-' || isDigit(code)) return this.number()
    const end = this.match(WORD, at)
    if (end > at) return this.word(end)
    if (code < 0x7f && code > 0x20) return this.token('char', at, at + 1)
    return this.error(at, `unrecognized character in action: ${unicode(code)}`)
  }

  /** A run of blanks; one before a trimming right delimiter belongs to that. */
  private spaces(start: number): Token {
    const end = this.match(SPACES, start)
    return this.token('space', start, this.rightDelimiter(end - 1) === 4 ? end - 1 : end)
  }

  private quoted(pattern: RegExp, kind: TokenKind, failure: string): Token {
    const end = this.match(pattern, this.at)
    return end < 0 ? this.error(this.at, failure) : this.token(kind, this.at, end)
  }

  private word(end: number): Token {
    const start = this.at
    const word = this.text.slice(start, end)
    if (!this.atTerminator(end)) return this.badCharacter(start, end)
    if (KEYWORDS.has(word) && !this.names.has(word)) return this.token(word as Keyword, start, end)
    return this.token(word === 'true' || word === 'false' ? 'bool' : 'identifier', start, end)
  }

  private fieldOrVariable(kind: 'field' | 'variable'): Token {
    const start = this.at
    if (this.atTerminator(start + 1)) return this.token(kind === 'field' ? '.' : kind, start, start + 1)
    const end = Math.max(this.match(WORD, start + 1), start + 1)
    return this.atTerminator(end) ? this.token(kind, start, end) : this.badCharacter(start, end)
  }

  private badCharacter(start: number, at: number): Token {
    return this.error(start, `bad character ${unicode(this.text.codePointAt(at) ?? 0)}`)
  }

  /** What may follow a word: a blank, a delimiter, or the start of a field. */
  private atTerminator(at: number): boolean {
    const { text } = this
    return at >= text.length || ' \t\r\n.,|:)('.includes(text.charAt(at)) || text.startsWith('}}', at)
  }

  private number(): Token {
    const start = this.at
    let end = this.scanNumber(start)
    if (end < 0) return this.badNumber(start, -end)
    const sign = this.text.charAt(end)
    if (sign !== '+' && sign !== '-') return this.token('number', start, end)
    end = this.scanNumber(end)
    if (end < 0 || this.text.charAt(end - 1) !== 'i') return this.badNumber(start, Math.abs(end))
    return this.token('complex', start, end)
  }

  /** Where the number at `start` ends; negative when a letter or digit follows, which then counts as part of it. */
  private scanNumber(start: number): number {
    const end = this.match(NUMBER, start)
    WORD.lastIndex = end
    if (!WORD.test(this.text)) return end
    return -(end + ((this.text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1))
  }

  private badNumber(start: number, end: number): Token {
    return this.error(start, `bad number syntax: ${goQuote(this.text.slice(start, end))}`)
  }
}

function trimEnd(text: string, start: number, end: number): number {
  let at = end
  while (at > start && isSpace(text.charCodeAt(at - 1))) at--
  return at
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** `%#U` of a code point. */
function unicode(code: number): string {
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return isPrint(code) ? `${hex} '${String.fromCodePoint(code)}'` : hex
}
