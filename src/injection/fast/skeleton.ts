// What a template renders for all pods that take the same way through it: the parsed overlay, with a slot at every scalar
// that has printed text in it. In comes a recording with the texts of one pod; out a skeleton, whose slots other texts
// fill without rendering or parsing anything. Slots are found by rendering once with markers.
//
// Text that is no part of a value (of a key, a comment, a tree that `toYaml` printed) has no slot: it is kept, and a pod
// must print exactly the same there.

import type { Recording } from '../../gotemplate/record.ts'
import { deepFreeze, isObject, type Json, type JsonObject, setOwn } from '../../std/json.ts'
import { parseYaml } from '../../std/yaml.ts'
import { isHarmless } from '../structure.ts'
import { type Printed, placeHoles } from './place.ts'
import { type Slot, scalarValue } from './scalar.ts'

/** Changes inside one object or list. */
interface Change {
  readonly at: string | number
  /** What replaces the value there: a scalar, or changes inside it. */
  readonly slot: Slot | undefined
  readonly inside: readonly Change[]
}

export interface Skeleton {
  readonly tree: JsonObject
  readonly changes: readonly Change[]
  /** Text registers whose text is as it was, with that text. */
  readonly exact: readonly (readonly [register: number, text: string])[]
  /** About as many bytes as it holds. */
  readonly size: number
}

/** The skeleton of a recorded run whose holes had `texts` (by register); undefined when there is none. */
export function buildSkeleton(recording: Recording, texts: readonly string[]): Skeleton | undefined {
  const printed = printedTexts(recording, texts)
  const whole = joined(recording.texts, printed)
  const harmless = harmlessHoles(recording, printed, whole)
  const placed = placeHoles(recording.texts, printed, harmless)
  if (placed === undefined) return undefined
  const changes = changesIn(placed.tree, placed.slots)
  if (changes === undefined || !isObject(placed.tree)) return undefined
  const exact = new Map(placed.exact.map((i) => [recording.holes[i] ?? 0, printed[i]?.text ?? '']))
  const skeleton: Skeleton = {
    tree: deepFreeze(placed.tree),
    changes,
    exact: [...exact],
    size: 4 * whole.length + 200 * recording.steps.length,
  }
  // Whatever the placing missed, the run at hand must come out as it is.
  const filled = fillSkeleton(skeleton, texts)
  return JSON.stringify(filled) === JSON.stringify(parseYaml(whole)) ? skeleton : undefined
}

function printedTexts(recording: Recording, texts: readonly string[]): Printed[] {
  return recording.holes.map((register, i) => ({
    register,
    text: texts[register] ?? '',
    serialised: recording.serialised[i] ?? true,
  }))
}

function joined(parts: readonly string[], printed: readonly Printed[]): string {
  return parts.map((part, i) => part + (printed[i]?.text ?? '')).join('')
}

/** Of each hole: whether the structure guard lets it pass by the look of its line. */
function harmlessHoles(recording: Recording, printed: readonly Printed[], whole: string): boolean[] {
  let at = 0
  return printed.map(({ text, serialised }, i) => {
    const start = at + (recording.texts[i] ?? '').length
    at = start + text.length
    return text === '' || isHarmless(whole, { start, end: at, serialised })
  })
}

/** Slots by path as nested changes; undefined when a slot has no place of its own. */
function changesIn(tree: Json, slots: ReadonlyMap<string, Slot>): Change[] | undefined {
  const used = new Set<string>()
  const visit = (value: Json): Change[] => {
    const members: [string | number, Json][] = Array.isArray(value)
      ? [...value.entries()]
      : isObject(value)
        ? Object.entries(value)
        : []
    return members.flatMap(([at, member]): Change[] => {
      const slot = typeof member === 'string' ? slots.get(member) : undefined
      if (slot !== undefined) {
        // An alias or a merge key brings a value to several places: each is changed.
        used.add(member as string)
        return [{ at, slot, inside: [] }]
      }
      const inside = visit(member)
      return inside.length === 0 ? [] : [{ at, slot, inside }]
    })
  }
  const changes = visit(tree)
  return used.size === slots.size ? changes : undefined
}

/** The overlay for other texts, sharing what no slot is in; undefined where they do not fit the skeleton. */
export function fillSkeleton(skeleton: Skeleton, texts: readonly string[]): JsonObject | undefined {
  for (const [register, text] of skeleton.exact) if (texts[register] !== text) return undefined
  return fill(skeleton.tree, skeleton.changes, texts) as JsonObject | undefined
}

function fill(value: Json, changes: readonly Change[], texts: readonly string[]): Json | undefined {
  if (changes.length === 0) return value
  if (Array.isArray(value)) {
    const items = value.slice()
    for (const change of changes) {
      const item = changed(value[change.at as number] ?? null, change, texts)
      if (item === undefined) return undefined
      items[change.at as number] = item
    }
    return items
  }
  const object: JsonObject = { ...(value as JsonObject) }
  for (const change of changes) {
    const member = changed((value as JsonObject)[change.at] ?? null, change, texts)
    if (member === undefined) return undefined
    setOwn(object, change.at as string, member)
  }
  return object
}

function changed(value: Json, { slot, inside }: Change, texts: readonly string[]): Json | undefined {
  return slot === undefined ? fill(value, inside, texts) : scalarValue(slot, texts)
}
