// What the editors of YAML text share: replacements of text, how they are put together, lines and columns.

import type { Json } from '../../std/json.ts'
import type { Entry } from './tree.ts'
import type { Style } from './write.ts'

export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

export interface EditContext {
  readonly text: string
  readonly style: Style
  /** Second attempt: aliases and maps with `<<` are replaced by what they stand for. */
  readonly expand: boolean
}

/** Where a value stands: after a key or a dash at `column`, or inside a flow collection. */
export interface Slot {
  readonly entry: Entry
  readonly column: number
  readonly flow: boolean
  /** The document itself: it cannot be replaced whole. */
  readonly root?: boolean
}

/** Adds the edits that make the value in `slot` become `to`. */
export type EditValue = (context: EditContext, slot: Slot, from: Json, to: Json, edits: Edit[]) => void

/** This part cannot be edited piece by piece; the part around it has to be replaced. */
export class TooCoarse extends Error {}

/** `text` from `start` to `end` with the edits made. At one place insertions come in the order given, before deletions. */
export function spliced(text: string, edits: readonly Edit[], start: number, end: number): string {
  const order = (edit: Edit): number => (edit.end === edit.start ? 0 : 1)
  const sorted = edits.toSorted((a, b) => a.start - b.start || order(a) - order(b))
  let result = ''
  let at = start
  for (const edit of sorted) {
    if (edit.start < at || edit.end > end) throw new TooCoarse()
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at, end)
}

export const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1

export function lineEnd(text: string, at: number): number {
  const newline = text.indexOf('\n', at)
  return newline === -1 ? text.length : newline + 1
}

export const columnOf = (text: string, at: number): number => at - lineStart(text, at)
export const ownLine = (text: string, at: number): boolean => /^ *$/.test(text.slice(lineStart(text, at), at))
