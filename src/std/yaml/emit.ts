// From data to YAML text as go-yaml's emitter writes it (libyaml's emitterc.go with an indentation of 2 and a width of
// 80): block collections, lists of a mapping at its own indentation, the plainest quoting that reads back, long lines
// folded at spaces. In: text, numbers already in text form, lists, mappings. Out: text that ends with a line break.

import { byteLength } from '../bytes.ts'
import { naturalOrder } from './order.ts'
import { type Analysis, analyse } from './quoting.ts'

/** A scalar whose text is to be written as it is: a number, a boolean or null. */
export class Bare {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type EmitValue = string | Bare | readonly EmitValue[] | ReadonlyMap<string, EmitValue>

const WIDTH = 80
const STEP = 2
/** Longer keys, in bytes, are written after a `?`. */
const KEY_LENGTH = 128

type Style = 'plain' | 'single' | 'double' | 'literal'

const ESCAPES = new Map<string, string>([
  ['\0', '0'],
  ['\x07', 'a'],
  ['\b', 'b'],
  ['\t', 't'],
  ['\n', 'n'],
  ['\v', 'v'],
  ['\f', 'f'],
  ['\r', 'r'],
  ['\x1b', 'e'],
  ['"', '"'],
  ['\\', '\\'],
  ['\u0085', 'N'],
  ['\u00a0', '_'],
  ['\u2028', 'L'],
  ['\u2029', 'P'],
])

/** Text that is written as it is, whatever the style. */
const ONE_WORD = /^[!-&(-~]+$/

function isBreak(char: string): boolean {
  return char === '\n' || char === '\r' || char === '\u0085' || char === '\u2028' || char === '\u2029'
}

function escapeSequence(char: string): string {
  const short = ESCAPES.get(char)
  if (short !== undefined) return `\\${short}`
  const code = char.codePointAt(0) ?? 0
  const hex = code.toString(16).toUpperCase()
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}

export class Emitter {
  private out = ''
  private column = 0
  private indent = -1
  /** The last thing written was white space. */
  private whitespace = true
  /** Nothing but indentation and `-`, `?`, `:` stands on this line. */
  private indention = true

  /** The text of one document. */
  document(value: EmitValue): string {
    this.node(value, false)
    this.writeIndent()
    return this.out
  }

  private node(value: EmitValue, inMapping: boolean): void {
    if (typeof value === 'string' || value instanceof Bare) this.scalar(value, false)
    else if (Array.isArray(value)) this.sequence(value as readonly EmitValue[], inMapping)
    else this.mapping(value as ReadonlyMap<string, EmitValue>)
  }

  private sequence(items: readonly EmitValue[], inMapping: boolean): void {
    if (items.length === 0) {
      this.indicator('[]', true, false)
      return
    }
    const before = this.indent
    this.increaseIndent(inMapping && !this.indention)
    for (const item of items) {
      this.writeIndent()
      this.indicator('-', true, true)
      this.node(item, false)
    }
    this.indent = before
  }

  private mapping(map: ReadonlyMap<string, EmitValue>): void {
    if (map.size === 0) {
      this.indicator('{}', true, false)
      return
    }
    const before = this.indent
    this.increaseIndent(false)
    for (const key of naturalOrder([...map.keys()])) {
      this.writeIndent()
      const isSimple = !/[\n\r\u0085\u2028\u2029]/.test(key) && byteLength(key) <= KEY_LENGTH
      if (isSimple) {
        this.scalar(key, true)
        this.indicator(':', false, false)
      } else {
        this.indicator('?', true, true)
        this.scalar(key, false)
        this.writeIndent()
        this.indicator(':', true, true)
      }
      this.node(map.get(key) ?? new Bare('null'), true)
    }
    this.indent = before
  }

  private increaseIndent(indentless: boolean): void {
    if (this.indent < 0) this.indent = 0
    else if (!indentless) this.indent += STEP
  }

  private scalar(value: string | Bare, isKey: boolean): void {
    const before = this.indent
    this.indent = before < 0 ? STEP : before + STEP
    if (value instanceof Bare) {
      this.plain(value.text, !isKey)
    } else {
      const facts = analyse(value)
      switch (styleOf(value, facts, isKey)) {
        case 'plain':
          this.plain(value, !isKey)
          break
        case 'single':
          this.single(value, !isKey)
          break
        case 'literal':
          this.literal(value)
          break
        default:
          this.double(value, !isKey)
      }
    }
    this.indent = before
  }

  private write(text: string, columns: number): void {
    this.out += text
    this.column += columns
  }

  private writeBreak(char: string): void {
    this.out += char
    this.column = 0
  }

  /** Goes to the indentation, on a new line unless this one is still empty up to there. */
  private writeIndent(): void {
    const indent = Math.max(this.indent, 0)
    if (!this.indention || this.column > indent || (this.column === indent && !this.whitespace)) {
      this.writeBreak('\n')
    }
    if (this.column < indent) this.write(' '.repeat(indent - this.column), indent - this.column)
    this.whitespace = true
    this.indention = true
  }

  private indicator(text: string, needsSpace: boolean, isIndention: boolean): void {
    if (needsSpace && !this.whitespace) this.write(' ', 1)
    this.write(text, text.length)
    this.whitespace = false
    this.indention = this.indention && isIndention
  }

  private plain(text: string, mayBreak: boolean): void {
    if (!this.whitespace) this.write(' ', 1)
    this.words(text, mayBreak, false)
    this.whitespace = false
    this.indention = false
  }

  private single(text: string, mayBreak: boolean): void {
    this.indicator("'", true, false)
    this.words(text, mayBreak, true)
    this.indicator("'", false, false)
    this.whitespace = false
    this.indention = false
  }

  /** Text of a plain or single-quoted scalar: a single space behind the width becomes a line break. */
  private words(text: string, mayBreak: boolean, quoted: boolean): void {
    if (ONE_WORD.test(text)) {
      this.write(text, text.length)
      return
    }
    let spaces = false
    let breaks = false
    for (let i = 0; i < text.length; i++) {
      const char = text.charAt(i)
      if (char === ' ') {
        const inner = !quoted || (i > 0 && i < text.length - 1)
        if (mayBreak && !spaces && this.column > WIDTH && inner && text.charAt(i + 1) !== ' ')
          this.writeIndent()
        else this.write(' ', 1)
        spaces = true
      } else if (isBreak(char)) {
        if (!breaks && char === '\n') this.writeBreak('\n')
        this.writeBreak(char)
        this.indention = true
        breaks = true
      } else {
        if (breaks) this.writeIndent()
        this.write(quoted && char === "'" ? "''" : char, quoted && char === "'" ? 2 : 1)
        this.indention = false
        spaces = false
        breaks = false
      }
    }
  }

  private double(text: string, mayBreak: boolean): void {
    this.indicator('"', true, false)
    let spaces = false
    // libyaml asks whether the text, not the character, begins with a byte order mark.
    const escapeAll = text.charCodeAt(0) === 0xfeff
    const chars = [...text]
    chars.forEach((char, i) => {
      if (escapeAll || char === '"' || char === '\\' || isBreak(char) || !isPrintable(char)) {
        const sequence = escapeSequence(char)
        this.write(sequence, sequence.length)
        spaces = false
      } else if (char === ' ') {
        if (mayBreak && !spaces && this.column > WIDTH && i > 0 && i < chars.length - 1) {
          this.writeIndent()
          if (chars[i + 1] === ' ') this.write('\\', 1)
        } else {
          this.write(' ', 1)
        }
        spaces = true
      } else {
        this.write(char, 1)
        spaces = false
      }
    })
    this.indicator('"', false, false)
    this.whitespace = false
    this.indention = false
  }

  private literal(text: string): void {
    this.indicator('|', true, false)
    if (text.startsWith(' ') || isBreak(text.charAt(0))) this.indicator(String(STEP), false, false)
    const last = text.charAt(text.length - 1)
    const chomping = !isBreak(last)
      ? '-'
      : text.length === 1 || isBreak(text.charAt(text.length - 2))
        ? '+'
        : ''
    if (chomping !== '') this.indicator(chomping, false, false)
    this.writeBreak('\n')
    this.indention = true
    this.whitespace = true
    let breaks = true
    for (const char of text) {
      if (isBreak(char)) {
        this.writeBreak(char)
        this.indention = true
        breaks = true
      } else {
        if (breaks) this.writeIndent()
        this.write(char, 1)
        this.indention = false
        breaks = false
      }
    }
  }
}

function isPrintable(char: string): boolean {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x7f) return code >= 0x20
  return code >= 0xa0 && code <= 0xfffd && code !== 0xfeff
}

function styleOf(text: string, facts: Analysis, isKey: boolean): Style {
  if (text.includes('\n') && !isKey && facts.blockAllowed) return 'literal'
  if (text.includes('\n') || facts.resolves || (isKey && facts.multiline)) return 'double'
  if (facts.plainAllowed && !(text === '' && isKey)) return 'plain'
  return facts.singleAllowed ? 'single' : 'double'
}
