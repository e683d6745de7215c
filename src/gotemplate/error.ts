// The one error that parsing and executing a template throw, and the arithmetic of its position.
// The message is Go's text; line and column are for people, counted from 1.

import { byteLength } from '../std/bytes.ts'

export type TemplatePhase = 'parse' | 'exec'

/**
 * `syntax` and `undefined-function` come from parsing; `refused-function` too: a function that exists and is not allowed
 * here. `exec` is Go's error of an execution, `limit` one of ours: too many steps, too much output, too deep, too late.
 */
export type TemplateErrorCode = 'syntax' | 'undefined-function' | 'refused-function' | 'exec' | 'limit'

export interface TemplateErrorDetails {
  readonly phase: TemplatePhase
  readonly code: TemplateErrorCode
  /** Name of the template text. */
  readonly template: string
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
  /** The expression at fault, as Go prints it. */
  readonly expression?: string
  /** The lines of the template around the fault. */
  readonly source: string
}

export class TemplateError extends Error {
  readonly phase: TemplatePhase
  readonly code: TemplateErrorCode
  readonly template: string
  readonly line: number
  readonly column: number
  readonly expression: string | undefined
  private readonly source: string

  constructor(message: string, details: TemplateErrorDetails) {
    super(message)
    this.name = 'TemplateError'
    this.phase = details.phase
    this.code = details.code
    this.template = details.template
    this.line = details.line
    this.column = details.column
    this.expression = details.expression
    this.source = details.source
  }

  /** The line at fault with its number, the two lines before it, and a caret under the column. */
  frame(): string {
    const width = String(this.line).length
    const first = this.line - this.source.split('\n').length + 1
    const lines = this.source.split('\n').map((text, i) => `${String(first + i).padStart(width)} | ${text}`)
    const last = this.source.slice(this.source.lastIndexOf('\n') + 1)
    // Tabs stay tabs, so that the caret stands under its character.
    const indent = last.slice(0, this.column - 1).replace(/[^\t]/g, ' ')
    return [...lines, `${' '.repeat(width)} | ${indent}^`].join('\n')
  }
}

/** A longer line is cut in frames. */
const LONGEST_LINE = 400

export interface Place {
  readonly line: number
  readonly column: number
  /** Bytes before the position in its line: the column that Go prints. */
  readonly bytes: number
  readonly source: string
}

/** Template text whose places are asked for; the lines are counted once, when the first is. */
export class Source {
  readonly text: string
  private starts: number[] | undefined

  constructor(text: string) {
    this.text = text
  }

  /** From 1. */
  lineAt(pos: number): number {
    this.starts ??= lineStarts(this.text)
    const { starts } = this
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= pos) low = middle
      else high = middle
    }
    return low + 1
  }

  /** Where an offset is. */
  placeOf(pos: number): Place {
    const { text } = this
    const line = this.lineAt(pos)
    const start = this.starts?.[line - 1] ?? 0
    const first = this.starts?.[Math.max(line - 3, 0)] ?? 0
    const end = text.indexOf('\n', pos)
    const source = text
      .slice(first, end < 0 ? text.length : end)
      .split('\n')
      .map((shown) => shown.slice(0, LONGEST_LINE))
      .join('\n')
    return { line, column: pos - start + 1, bytes: byteLength(text.slice(start, pos)), source }
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
