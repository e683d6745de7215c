// Editing flow collections, `{…}` and `[…]`: JSON documents, and flow YAML inside block YAML.
// New entries take the separators of their neighbours: one a line where the collection has it so.

import { isObject, type Json, type JsonObject, own } from '../../std/json.ts'
import { matchLists, staying } from './match.ts'
import { type Edit, type EditContext, type EditValue, type Slot, spliced, TooCoarse } from './splice.ts'
import type { Entry, Part } from './tree.ts'
import { flowPair, flowText } from './write.ts'

interface Layout {
  /** What stands between a comma and the next entry. */
  readonly gap: string
  /** Column of the entries where each has a line of its own. */
  readonly column: number | undefined
}

/** The text of a new value in a flow slot. A map's value needs a blank after the colon. */
export function flowValue(context: EditContext, slot: Slot, to: Json): string {
  const multiline = slot.column >= 0
  const value = flowText(to, multiline ? slot.column : undefined, context.style)
  if (slot.entry.key === undefined) return value
  return context.style.compact && !multiline ? value : ` ${value}`
}

export function editFlow(
  context: EditContext,
  part: Part,
  from: Json[] | JsonObject,
  to: Json[] | JsonObject,
  edits: Edit[],
  editValue: EditValue,
): void {
  if (Array.isArray(from) && Array.isArray(to)) editFlowList(context, part, from, to, edits, editValue)
  else if (isObject(from) && isObject(to)) editFlowMap(context, part, from, to, edits, editValue)
}

function layoutOf(context: EditContext, part: Part): Layout {
  const { text, style } = context
  const [first, second] = part.entries
  const lead = first === undefined ? '' : text.slice(part.start + 1, first.start)
  if (/^\s*\n *$/.test(lead)) return { gap: lead, column: lead.length - lead.lastIndexOf('\n') - 1 }
  const between =
    first === undefined || second === undefined ? undefined : text.slice(first.end, second.start)
  const gap = between === undefined ? undefined : /^\s*,(\s*)$/.exec(between)?.[1]
  return { gap: gap ?? (style.compact ? '' : ' '), column: undefined }
}

function slotOf(entry: Entry, layout: Layout): Slot {
  return { entry, column: layout.column ?? -1, flow: true }
}

/** Takes entries out with one comma each; at least one entry has to stay. */
function remove(part: Part, gone: ReadonlySet<Entry>, edits: Edit[]): void {
  const { entries } = part
  const firstKept = entries.findIndex((entry) => !gone.has(entry))
  const head = entries[0]
  const kept = entries[firstKept]
  if (head === undefined || kept === undefined) throw new TooCoarse()
  if (firstKept > 0) edits.push({ start: head.start, end: kept.start, text: '' })
  for (let i = firstKept + 1; i < entries.length; i++) {
    const [before, entry] = [entries[i - 1], entries[i]]
    if (before === undefined || entry === undefined || !gone.has(entry)) continue
    edits.push({ start: before.end, end: entry.end, text: '' })
  }
}

/** Puts `text` behind `anchor`, or before all entries without one. */
function insert(part: Part, anchor: Entry | undefined, text: string, layout: Layout, edits: Edit[]): void {
  const first = part.entries[0]
  if (anchor !== undefined) {
    edits.push({ start: anchor.end, end: anchor.end, text: `,${layout.gap}${text}` })
  } else if (first !== undefined) {
    edits.push({ start: first.start, end: first.start, text: `${text},${layout.gap}` })
  }
}

function editFlowMap(
  context: EditContext,
  part: Part,
  from: JsonObject,
  to: JsonObject,
  edits: Edit[],
  editValue: EditValue,
): void {
  const layout = layoutOf(context, part)
  const last = new Map<string, Entry>()
  for (const entry of part.entries) last.set(entry.key ?? '', entry)
  const gone = part.entries.filter((entry) => entry.key !== '<<' && !Object.hasOwn(to, entry.key ?? ''))
  for (const [key, entry] of last) {
    if (!Object.hasOwn(to, key) || !Object.hasOwn(from, key)) continue
    editValue(context, slotOf(entry, layout), own(from, key) ?? null, own(to, key) ?? null, edits)
  }
  const kept = part.entries.filter((entry) => !gone.includes(entry))
  let anchor: Entry | undefined
  for (const key of Object.keys(to)) {
    const existing = last.get(key)
    if (existing !== undefined) {
      anchor = existing
      continue
    }
    const text = flowPair(key, own(to, key) ?? null, layout.column, context.style)
    insert(part, anchor ?? kept.at(-1), text, layout, edits)
  }
  remove(part, new Set(gone), edits)
}

function editFlowList(
  context: EditContext,
  part: Part,
  from: Json[],
  to: Json[],
  edits: Edit[],
  editValue: EditValue,
): void {
  if (part.entries.length !== from.length) throw new TooCoarse()
  const layout = layoutOf(context, part)
  const matched = matchLists(from, to)
  const stay = staying(matched)
  if (stay.size === 0) throw new TooCoarse()
  const texts = new Map<number, string>()
  const gone = new Set<Entry>()
  for (const [index, entry] of part.entries.entries()) {
    const target = matched.indexOf(index)
    const inside: Edit[] = []
    if (target !== -1) {
      editValue(context, slotOf(entry, layout), from[index] ?? null, to[target] ?? null, inside)
    }
    if (stay.has(index)) {
      edits.push(...inside)
    } else {
      gone.add(entry)
      if (target !== -1) texts.set(index, spliced(context.text, inside, entry.start, entry.end))
    }
  }
  let anchor: Entry | undefined
  for (const [target, index] of matched.entries()) {
    if (index !== undefined && stay.has(index)) {
      anchor = part.entries[index]
      continue
    }
    const moved = index === undefined ? undefined : texts.get(index)
    const text = moved ?? flowText(to[target] ?? null, layout.column, context.style)
    insert(part, anchor, text, layout, edits)
  }
  remove(part, gone, edits)
}
