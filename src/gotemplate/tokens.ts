// The parser's view of the tokens: look-ahead of up to three, and errors that name the token and its line.
// All parsers of one text (its definitions are parsed by parsers of their own) share one stream.

import { byteLength } from '../std/bytes.ts'
import { Source, TemplateError, type TemplateErrorCode } from './error.ts'
import { KEYWORDS, Lexer, type Token, type TokenKind } from './lex.ts'
import { goQuote } from './quote.ts'
import { sliceRunes } from './utf8.ts'

export class Tokens {
  readonly name: string
  private readonly source: Source
  /** Where the action being parsed begins; undefined between actions. */
  actionStart: number | undefined
  private readonly lexer: Lexer
  /** Read ahead, the next one last. */
  private ahead: Token[] = []
  /** The token read from the lexer last: Go reports errors at its line. */
  private latest: Token = { kind: 'eof', pos: 0, text: '' }

  constructor(name: string, text: string, names: ReadonlySet<string>) {
    this.name = name
    this.source = new Source(text)
    this.lexer = new Lexer(text, names)
  }

  next(): Token {
    const token = this.ahead.pop()
    if (token !== undefined) return token
    this.latest = this.lexer.next()
    return this.latest
  }

  peek(): Token {
    const token = this.next()
    this.ahead.push(token)
    return token
  }

  back(token: Token): void {
    this.ahead.push(token)
  }

  nextNonSpace(): Token {
    let token = this.next()
    while (token.kind === 'space') token = this.next()
    return token
  }

  /** As Go's: the blanks before it are gone then. */
  peekNonSpace(): Token {
    const token = this.nextNonSpace()
    this.ahead.push(token)
    return token
  }

  expect(kind: TokenKind, context: string): Token {
    const token = this.nextNonSpace()
    if (token.kind !== kind) this.unexpected(token, context)
    return token
  }

  unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') this.fail(`unexpected ${tokenText(token)} in ${context}`, token.pos)
    const start = this.actionStart
    let suffix = ''
    if (start !== undefined) {
      const line = this.source.lineAt(start)
      if (line !== this.source.lineAt(token.pos)) {
        suffix = `${token.text.endsWith(' action') ? '' : ' in action'} started at ${this.name}:${line}`
      }
    }
    this.fail(token.text + suffix, token.pos)
  }

  /** Throws Go's error text with the line Go names; `pos` is what is shown to people. */
  fail(message: string, pos = this.latest.pos, code: TemplateErrorCode = 'syntax'): never {
    const line = this.source.lineAt(this.latest.pos)
    const place = this.source.placeOf(pos)
    throw new TemplateError(`template: ${this.name}:${line}: ${message}`, {
      phase: 'parse',
      code,
      template: this.name,
      line: place.line,
      column: place.column,
      source: place.source,
    })
  }
}

/** A token as Go prints it in errors. */
export function tokenText(token: Token): string {
  const { kind, text } = token
  if (kind === 'eof') return 'EOF'
  if (kind === 'error') return text
  if (KEYWORDS.has(kind)) return `<${text}>`
  return byteLength(text) > 10 ? `${goQuote(sliceRunes(text, 10))}...` : goQuote(text)
}
