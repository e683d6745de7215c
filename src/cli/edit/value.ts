// Editing one value of a document: looks into collections that stay collections, replaces everything else.
// A part that cannot be edited piece by piece is replaced whole, and if even that fails the part around it.

import { equalJson, isObject, type Json } from '../../std/json.ts'
import { editBlockList, editBlockMap } from './block.ts'
import { editFlow, flowValue } from './flow.ts'
import { type Edit, type EditContext, type Slot, TooCoarse } from './splice.ts'
import { afterColon, afterDash, doubleQuoted, scalarText } from './write.ts'

const isEmpty = (value: Json): boolean =>
  Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0

/** Adds the edits that make the value in `slot` become `to`: inside it where that is possible, else as a whole. */
export function editValue(context: EditContext, slot: Slot, from: Json, to: Json, edits: Edit[]): void {
  const part = slot.entry.value
  const expand = context.expand && part.shared
  if (!expand && (from === to || equalJson(from, to))) return
  const inside: Edit[] = []
  try {
    if (part.odd || isEmpty(to) || part.entries.length === 0) throw new TooCoarse()
    if (expand && part.entries.some((entry) => entry.key === '<<')) throw new TooCoarse()
    if (part.kind === 'map' && isObject(from) && isObject(to)) {
      if (part.flow) editFlow(context, part, from, to, inside, editValue)
      else editBlockMap(context, part, from, to, inside, editValue)
    } else if (part.kind === 'list' && Array.isArray(from) && Array.isArray(to)) {
      if (part.flow) editFlow(context, part, from, to, inside, editValue)
      else editBlockList(context, part, from, to, inside, editValue)
    } else {
      throw new TooCoarse()
    }
    edits.push(...inside)
  } catch (error) {
    if (!(error instanceof TooCoarse) || slot.root === true) throw error
    replaceValue(context, slot, to, edits)
  }
}

function replaceValue(context: EditContext, slot: Slot, to: Json, edits: Edit[]): void {
  const { text, style } = context
  const { entry, column } = slot
  const { value } = entry
  if (slot.flow) {
    edits.push({ start: entry.valueFrom, end: entry.end, text: flowValue(context, slot, to) })
    return
  }
  const leaf = typeof to !== 'object' || to === null || isEmpty(to)
  if (value.kind === 'scalar' && !value.block && !entry.props && value.end > value.start && leaf) {
    const plain = typeof to !== 'string' || !to.includes('\n')
    if (plain) {
      const quoted = typeof to === 'string' && text[value.start] === '"'
      edits.push({ start: value.start, end: value.end, text: quoted ? doubleQuoted(to) : scalarText(to) })
      return
    }
  }
  const after = entry.key === undefined ? afterDash(to, column, style) : afterColon(to, column, style)
  edits.push({ start: entry.valueFrom, end: entry.end, text: after })
}
