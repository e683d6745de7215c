// From text to tokens, by the rules of libyaml's scanner (go-yaml v2, scannerc.go): indentation becomes block tokens,
// and what precedes a `:` on its line becomes a key, which is why tokens wait in a queue until that is known.
// Throws YamlFault. Never looks at what scalars mean, never holds more than one line of tokens back.

import { BLANK, BLANKZ, BREAK, BREAKZ, charClass, INDICATOR, isDocumentMarker } from './chars.ts'
import { Cursor } from './cursor.ts'
import { scanAnchor, scanDirective, scanTag } from './properties.ts'
import { scanBlockScalar, scanPlain, scanQuoted } from './scalars.ts'
import { isTooLong, noKey, type SimpleKey } from './simple-key.ts'
import * as T from './token.ts'
import { scannerFault, Token } from './token.ts'

export class Scanner extends Cursor {
  private readonly indents: number[] = []
  /** One entry a flow level; those above the level are kept for reuse. */
  private readonly keys: SimpleKey[] = [noKey()]
  /** Tokens from `head` to `tail` wait; the list itself only grows, since to empty it costs more than a token. */
  private readonly queue: Token[] = []
  private head = 0
  private tail = 0
  /** How many tokens were taken: the number of the token at the head. */
  private taken = 0
  private ended = false
  /** The token at the head, once it is known that nothing will come before it. */
  private next: Token | undefined

  /** The next token, left in place. */
  peek(): Token {
    if (this.next !== undefined) return this.next
    while (this.head === this.tail || this.headMayBeKey()) this.fetch()
    const token = this.queue[this.head] as Token
    this.next = token
    return token
  }

  /** Takes the token that was peeked at. */
  skip(): void {
    this.next = undefined
    this.head++
    this.taken++
    if (this.head === this.tail) {
      this.head = 0
      this.tail = 0
    }
  }

  /** Whether the token at the head may turn out to be a key, so that more must be read before it is given away. */
  private headMayBeKey(): boolean {
    for (let level = 0; level <= this.flowLevel; level++) {
      const key = this.keys[level] as SimpleKey
      if (key.possible && key.waits) return key.token === this.taken && this.stillKey(key)
    }
    return false
  }

  /** False when the key that began at `key` can no longer be one; throws when it had to be. */
  private stillKey(key: SimpleKey): boolean {
    if (!key.possible) return false
    if (key.line === this.line && !isTooLong(this.units, key.start, this.pos)) return true
    this.dropKey(key)
    return false
  }

  private dropKey(key: SimpleKey): void {
    if (key.possible && key.required) throw scannerFault("could not find expected ':'", this.mark(), key)
    key.possible = false
  }

  private saveKey(): void {
    if (!this.keyAllowed) return
    this.dropKey(this.keys[this.flowLevel] as SimpleKey)
    this.saveKeyAt(this.pos, this.line, this.column)
  }

  private saveKeyAt(start: number, line: number, column: number): void {
    const key = this.keys[this.flowLevel] as SimpleKey
    key.possible = true
    key.required = this.flowLevel === 0 && this.indent === column
    key.waits = true
    key.token = this.taken + this.tail - this.head
    key.start = start
    key.line = line
    key.column = column
  }

  private push(kind: number, length: number): void {
    this.append(new Token(kind, this.pos, this.line, this.column))
    this.pos += length
  }

  private append(token: Token): void {
    this.queue[this.tail++] = token
  }

  /** Puts a token before those that stand at `at` and behind. */
  private insert(at: number, token: Token): void {
    const { queue } = this
    for (let i = this.tail++; i > at; i--) queue[i] = queue[i - 1] as Token
    queue[at] = token
  }

  /** Opens a block collection when the column lies deeper than the one around; `at` is its place in the queue. */
  private roll(column: number, kind: number, at: number, start: number, line: number): void {
    if (this.flowLevel > 0 || this.indent >= column) return
    this.indents.push(this.indent)
    this.indent = column
    this.insert(at, new Token(kind, start, line, column))
  }

  private unroll(column: number): void {
    if (this.flowLevel > 0) return
    while (this.indent > column) {
      this.push(T.BLOCK_END, 0)
      this.indent = this.indents.pop() ?? -1
    }
  }

  /** Reads on until at least one more token is in the queue. */
  private fetch(): void {
    if (this.ended) {
      this.push(T.STREAM_END, 0)
      return
    }
    this.skipToToken()
    this.unroll(this.column)
    const code = this.unit()
    if (this.pos === this.lineStart && this.fetchAtLineStart(code)) return
    if (!this.fetchIndicator(code)) this.fetchPlain(code)
  }

  /** Reads the token that `code` begins, unless it begins a plain scalar or nothing. */
  private fetchIndicator(code: number): boolean {
    const nextBlankz = (charClass(this.unit(1)) & BLANKZ) !== 0
    switch (code) {
      case 0:
        this.fetchStreamEnd()
        break
      case 91:
        this.fetchFlowStart(T.FLOW_SEQUENCE_START)
        break
      case 123:
        this.fetchFlowStart(T.FLOW_MAPPING_START)
        break
      case 93:
        this.fetchFlowEnd(T.FLOW_SEQUENCE_END)
        break
      case 125:
        this.fetchFlowEnd(T.FLOW_MAPPING_END)
        break
      case 44:
        this.fetchFlowEntry()
        break
      case 45:
        if (!nextBlankz) return false
        this.fetchBlockEntry()
        break
      case 63:
        if (!nextBlankz && this.flowLevel === 0) return false
        this.fetchKey()
        break
      case 58:
        if (!nextBlankz && this.flowLevel === 0) return false
        this.fetchValue()
        break
      case 42:
        this.fetchScanned(scanAnchor, T.ALIAS)
        break
      case 38:
        this.fetchScanned(scanAnchor, T.ANCHOR)
        break
      case 33:
        this.fetchScanned(scanTag, T.TAG)
        break
      case 124:
      case 62:
        if (this.flowLevel > 0) return false
        this.fetchBlockScalar(code === 124 ? T.LITERAL : T.FOLDED)
        break
      case 39:
        this.fetchText(scanQuoted, T.SINGLE_QUOTED)
        break
      case 34:
        this.fetchText(scanQuoted, T.DOUBLE_QUOTED)
        break
      default:
        return false
    }
    return true
  }

  /** Directives and document markers, which exist only in the first column. */
  private fetchAtLineStart(code: number): boolean {
    if (code === 37) {
      this.leaveDocument()
      this.append(scanDirective(this))
      return true
    }
    if (!isDocumentMarker(this.units, this.pos)) return false
    this.leaveDocument()
    this.push(code === 45 ? T.DOCUMENT_START : T.DOCUMENT_END, 3)
    return true
  }

  private leaveDocument(): void {
    this.unroll(-1)
    this.dropKey(this.keys[this.flowLevel] as SimpleKey)
    this.keyAllowed = false
  }

  private fetchStreamEnd(): void {
    if (this.column !== 0) {
      this.line++
      this.lineStart = this.pos
    }
    this.leaveDocument()
    this.push(T.STREAM_END, 0)
    this.ended = true
  }

  private fetchFlowStart(kind: number): void {
    this.saveKey()
    this.flowLevel++
    if (this.keys.length === this.flowLevel) this.keys.push(noKey())
    const key = this.keys[this.flowLevel] as SimpleKey
    key.possible = false
    key.token = this.taken + this.tail - this.head
    this.keyAllowed = true
    this.push(kind, 1)
  }

  private fetchFlowEnd(kind: number): void {
    this.dropKey(this.keys[this.flowLevel] as SimpleKey)
    if (this.flowLevel > 0) this.leaveFlow()
    this.keyAllowed = false
    this.push(kind, 1)
  }

  /** go-yaml forgets that `{}` and `[]` may be keys: with nothing inside, they share a token number with the level. */
  private leaveFlow(): void {
    const inner = this.keys[this.flowLevel] as SimpleKey
    const outer = this.keys[--this.flowLevel] as SimpleKey
    if (inner.token === outer.token) outer.waits = false
  }

  private fetchFlowEntry(): void {
    this.dropKey(this.keys[this.flowLevel] as SimpleKey)
    this.keyAllowed = true
    this.push(T.FLOW_ENTRY, 1)
  }

  private fetchBlockEntry(): void {
    if (this.flowLevel === 0) this.rollHere(T.BLOCK_SEQUENCE_START, 'block sequence entries')
    this.dropKey(this.keys[this.flowLevel] as SimpleKey)
    this.keyAllowed = true
    this.push(T.BLOCK_ENTRY, 1)
  }

  private fetchKey(): void {
    if (this.flowLevel === 0) this.rollHere(T.BLOCK_MAPPING_START, 'mapping keys')
    this.dropKey(this.keys[this.flowLevel] as SimpleKey)
    this.keyAllowed = this.flowLevel === 0
    this.push(T.KEY, 1)
  }

  private rollHere(kind: number, what: string): void {
    if (!this.keyAllowed)
      throw scannerFault(`${what} are not allowed in this context`, this.mark(), this.mark())
    this.roll(this.column, kind, this.tail, this.pos, this.line)
  }

  private fetchValue(): void {
    const key = this.keys[this.flowLevel] as SimpleKey
    if (this.stillKey(key)) {
      const at = key.token < this.taken ? this.tail : key.token - this.taken + this.head
      this.insert(at, new Token(T.KEY, key.start, key.line, key.column))
      this.roll(key.column, T.BLOCK_MAPPING_START, key.token < this.taken ? at + 1 : at, key.start, key.line)
      key.possible = false
      this.keyAllowed = false
    } else {
      if (this.flowLevel === 0) this.rollHere(T.BLOCK_MAPPING_START, 'mapping values')
      this.keyAllowed = this.flowLevel === 0
    }
    this.push(T.VALUE, 1)
  }

  /** A token that may begin a key and that no key follows. */
  private fetchScanned(scan: (cursor: Cursor, kind: number) => Token, kind: number): void {
    this.saveKey()
    this.keyAllowed = false
    this.append(scan(this, kind))
  }

  private fetchBlockScalar(style: number): void {
    this.dropKey(this.keys[this.flowLevel] as SimpleKey)
    this.keyAllowed = true
    this.append(scanBlockScalar(this, style))
  }

  private fetchPlain(code: number): void {
    if ((charClass(code) & (INDICATOR | BLANKZ)) !== 0) {
      const next = charClass(this.unit(1))
      const plain =
        (code === 45 && (next & BLANK) === 0) ||
        (this.flowLevel === 0 && (code === 63 || code === 58) && (next & BLANKZ) === 0)
      if (!plain) throw scannerFault('found character that cannot start any token', this.mark(), this.mark())
    }
    this.fetchText(scanPlain, T.PLAIN)
  }

  /** A plain or quoted scalar. In a block, one that its `:` follows at once is queued as a key without waiting. */
  private fetchText(scan: (cursor: Cursor, style: number) => Token, style: number): void {
    if (!this.keyAllowed || this.flowLevel > 0) {
      this.fetchScanned(scan, style)
      return
    }
    this.dropKey(this.keys[0] as SimpleKey)
    this.keyAllowed = false
    const token = scan(this, style)
    if (!this.isKey(token)) {
      this.saveKeyAt(token.start, token.line, token.column)
      this.append(token)
      return
    }
    const { start, line, column } = token
    this.roll(column, T.BLOCK_MAPPING_START, this.tail, start, line)
    this.append(new Token(T.KEY, start, line, column))
    this.append(token)
    this.push(T.VALUE, 1)
  }

  private isKey({ start, line }: Token): boolean {
    if (this.unit() !== 58 || line !== this.line) return false
    return (charClass(this.unit(1)) & BLANKZ) !== 0 && !isTooLong(this.units, start, this.pos)
  }

  private skipToToken(): void {
    const { units } = this
    for (;;) {
      if (this.pos === this.lineStart && units[0] === 0xfeff) this.skipMark()
      let code = this.unit()
      while (code === 32 || (code === 9 && (this.flowLevel > 0 || !this.keyAllowed))) {
        code = units[++this.pos] as number
      }
      if (code === 35) {
        while ((charClass(code) & BREAKZ) === 0) code = units[++this.pos] as number
      }
      if ((charClass(code) & BREAK) === 0) return
      this.readBreak()
      if (this.flowLevel === 0) this.keyAllowed = true
    }
  }

  /**
   * libyaml lets a byte order mark start any line. go-yaml asks whether the text, not the line, begins with one (behind
   * the one that tells the encoding), and passes whatever character the line begins with.
   */
  private skipMark(): void {
    const code = this.text.codePointAt(this.pos) ?? 0
    if (code !== 0) this.pos += code > 0xffff ? 2 : 1
  }
}
