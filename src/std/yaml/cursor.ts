// Where a scanner stands in its text, and what the reading of scalars and properties needs to know and to move.
// Lines and columns count from 0, columns in UTF-16 units.

import { unitsOf } from './chars.ts'
import type { Mark } from './token.ts'

export class Cursor {
  readonly text: string
  /** The units of the text, NULs behind. */
  readonly units: Uint16Array
  pos = 0
  line = 0
  lineStart = 0
  /** Column of the innermost block collection, -1 outside of all. */
  indent = -1
  flowLevel = 0
  /** Whether a key may begin here: at the start of a line and after some indicators. */
  keyAllowed = true

  constructor(text: string) {
    this.text = text
    this.units = unitsOf(text)
  }

  /** The unit at the place, or so far ahead of it; 0 at the end of the text. */
  unit(ahead = 0): number {
    return this.units[this.pos + ahead] as number
  }

  get column(): number {
    return this.pos - this.lineStart
  }

  mark(): Mark {
    return { line: this.line, column: this.column }
  }

  /** Passes a line break and tells what it stands for: U+2028 and U+2029 for themselves, all others for `\n`. */
  readBreak(): string {
    const code = this.unit()
    this.pos += code === 13 && this.unit(1) === 10 ? 2 : 1
    this.line++
    this.lineStart = this.pos
    return code === 0x2028 ? '\u2028' : code === 0x2029 ? '\u2029' : '\n'
  }
}
