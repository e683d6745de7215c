// Editing block YAML: finds the smallest replacements of text that turn one map or list into another.
// Entries are taken out, put in and moved as whole lines; what stays is looked into by `editValue`.

import { equalJson, type Json, type JsonObject, own } from '../../std/json.ts'
import { matchLists, staying } from './match.ts'
import {
  columnOf,
  type Edit,
  type EditContext,
  type EditValue,
  lineEnd,
  lineStart,
  ownLine,
  spliced,
  TooCoarse,
} from './splice.ts'
import type { Entry, Part } from './tree.ts'
import { itemLine, pairLine } from './write.ts'

export function editBlockMap(
  context: EditContext,
  part: Part,
  from: JsonObject,
  to: JsonObject,
  edits: Edit[],
  editValue: EditValue,
): void {
  const { text, style } = context
  const column = columnOf(text, part.entries[0]?.start ?? 0)
  const last = new Map<string, Entry>()
  for (const entry of part.entries) last.set(entry.key ?? '', entry)
  const gone = part.entries.filter((entry) => entry.key !== '<<' && !Object.hasOwn(to, entry.key ?? ''))
  const kept = part.entries.filter((entry) => !gone.includes(entry))
  if (kept.length === 0) throw new TooCoarse()
  removeLines(context, part, gone, edits)
  for (const [key, entry] of last) {
    if (!Object.hasOwn(to, key) || !Object.hasOwn(from, key)) continue
    editValue(context, { entry, column, flow: false }, own(from, key) ?? null, own(to, key) ?? null, edits)
  }
  let anchor: Entry | undefined
  for (const key of Object.keys(to)) {
    const existing = last.get(key)
    if (existing !== undefined) {
      anchor = existing
      continue
    }
    const inherited = own(from, key)
    const value = own(to, key) ?? null
    if (inherited !== undefined && equalJson(inherited, value)) continue // comes from a `<<` and may stay there
    const at = anchor === undefined ? beforeAll(text, part, kept) : lineEnd(text, anchor.end)
    edits.push({ start: at, end: at, text: pairLine(key, value, column, style) + style.eol })
  }
}

/** The place of a key that comes before all others: behind them where the first shares its line with a dash. */
function beforeAll(text: string, part: Part, kept: readonly Entry[]): number {
  const first = part.entries[0]
  // What comes before a `<<` is overridden by it, and what comes before all of a document parts it from its head.
  const merges = part.entries.some((entry) => entry.key === '<<')
  const free = first !== undefined && first === kept[0] && !merges && columnOf(text, first.start) > 0
  if (free && ownLine(text, first.start)) return aboveComments(text, first.start)
  return lineEnd(text, (kept.at(-1) ?? part).end)
}

/** Takes whole lines out. The first key of a list item shares its line with the dash: the next key takes its place. */
function removeLines(context: EditContext, part: Part, gone: readonly Entry[], edits: Edit[]): void {
  const { text } = context
  const first = part.entries[0]
  let rest = gone
  if (first !== undefined && gone[0] === first && !ownLine(text, first.start)) {
    const next = part.entries.findIndex((entry) => !gone.includes(entry))
    const nextEntry = part.entries[next]
    const lastGone = part.entries[next - 1]
    if (nextEntry === undefined || lastGone === undefined) throw new TooCoarse()
    const behind = lineEnd(text, lastGone.end)
    const comment = text.slice(behind, nextEntry.start).trim() !== ''
    edits.push({ start: first.start, end: comment ? behind : nextEntry.start, text: '' })
    rest = gone.filter((entry) => part.entries.indexOf(entry) > next)
  }
  for (const entry of rest) {
    if (!ownLine(text, entry.start)) throw new TooCoarse()
    edits.push({ start: lineStart(text, entry.start), end: lineEnd(text, entry.end), text: '' })
  }
}

export function editBlockList(
  context: EditContext,
  part: Part,
  from: Json[],
  to: Json[],
  edits: Edit[],
  editValue: EditValue,
): void {
  const { text, style } = context
  const first = part.entries[0]
  if (first === undefined || part.entries.length !== from.length) throw new TooCoarse()
  const column = columnOf(text, first.start)
  const matched = matchLists(from, to)
  const stay = staying(matched)
  const lines = new Map<number, string>()
  for (const [index, entry] of part.entries.entries()) {
    const target = matched.indexOf(index)
    const slot = { entry, column, flow: false }
    if (target !== -1 && stay.has(index)) {
      editValue(context, slot, from[index] ?? null, to[target] ?? null, edits)
      continue
    }
    if (!ownLine(text, entry.start)) throw new TooCoarse()
    const [start, end] = [lineStart(text, entry.start), lineEnd(text, entry.end)]
    if (target !== -1) {
      const inside: Edit[] = []
      editValue(context, slot, from[index] ?? null, to[target] ?? null, inside)
      lines.set(index, spliced(text, inside, start, end))
    }
    edits.push({ start, end, text: '' })
  }
  let anchor: Entry | undefined
  for (const [target, index] of matched.entries()) {
    if (index !== undefined && stay.has(index)) {
      anchor = part.entries[index]
      continue
    }
    const moved = index === undefined ? undefined : lines.get(index)
    const line = moved ?? itemLine(to[target] ?? null, column, style) + style.eol
    const at = anchor === undefined ? aboveComments(text, first.start) : lineEnd(text, anchor.end)
    edits.push({ start: at, end: at, text: line })
  }
}

/** The place before an item and the comment lines that stand directly above it. */
function aboveComments(text: string, at: number): number {
  if (!ownLine(text, at)) throw new TooCoarse()
  let start = lineStart(text, at)
  while (start > 0) {
    const above = lineStart(text, start - 1)
    if (!/^[ \t]*#/.test(text.slice(above, start))) break
    start = above
  }
  return start
}
