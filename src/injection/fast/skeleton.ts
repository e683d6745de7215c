// What a template renders for all pods that take the same way through it: the parsed overlay, with a slot at every scalar
// that has printed text in it. In comes a recording with the texts of one pod; out a skeleton, whose slots other texts
// fill without rendering or parsing anything. Slots are found by rendering once with markers.
//
// Text that is no part of a value (of a key, a comment, a tree that `toYaml` printed) has no slot: it is kept, and a pod
// must print exactly the same there.

import type { Pod } from '../../api/kube.ts'
import type { Recording } from '../../gotemplate/record.ts'
import { fieldType, POD, resolve, type SchemaType } from '../../patch/schema.ts'
import { decode, rememberDecoded } from '../../patch/typed.ts'
import { deepFreeze, isObject, type Json, type JsonObject, setOwn } from '../../std/json.ts'
import { narrowAll } from '../../std/narrow.ts'
import { parseYaml } from '../../std/yaml.ts'
import { mergePod } from '../merge.ts'
import { isHarmless } from '../structure.ts'
import { type Printed, placeHoles } from './place.ts'
import { type Slot, scalarValue } from './scalar.ts'

/** Changes inside one object or list. */
export interface Change {
  readonly at: string | number
  /** What replaces the value there: a scalar, or changes inside it. */
  readonly slot: Slot | undefined
  readonly inside: readonly Change[]
}

export interface Skeleton {
  readonly tree: JsonObject
  readonly changes: readonly Change[]
  /** The containers, volumes and pull secrets that the overlay makes by itself, names only; undefined where texts may change them. */
  readonly names: Pod | undefined
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
  const tree = narrowAll(placed.tree)
  const changes = changesIn(tree, placed.slots)
  if (changes === undefined || !isObject(tree)) return undefined
  const exact = new Map(placed.exact.map((i) => [recording.holes[i] ?? 0, printed[i]?.text ?? '']))
  const bare = {
    tree: deepFreeze(tree),
    changes,
    exact: [...exact],
    size: 4 * whole.length + 200 * recording.steps.length,
  }
  rememberParts(POD, tree, changes)
  // Whatever the placing missed, the run at hand must come out as it is.
  const filled = fillSkeleton(bare, texts)
  if (filled === undefined || JSON.stringify(filled) !== JSON.stringify(parseYaml(whole))) return undefined
  return { ...bare, names: namesOf(filled, changes) }
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

/**
 * The names of what an overlay makes by itself, where they are those of every overlay of a skeleton with these changes:
 * no slot is a name or directs the merge.
 */
function namesOf(overlay: JsonObject, changes: readonly Change[]): Pod | undefined {
  if (hasUnder(changes, (key) => key.startsWith('$'))) return undefined
  const spec = changes.find(({ at }) => at === 'spec')
  if (hasUnder(spec?.inside ?? [], (key) => key === 'name')) return undefined
  if (changes.some(({ slot }) => slot !== undefined)) return undefined
  if (
    spec?.inside.some(({ slot, inside }) => slot !== undefined || inside.some((item) => item.slot)) === true
  ) {
    return undefined
  }
  try {
    return deepFreeze(namesOnly(mergePod(decode(POD, {}) as unknown as Pod, overlay)))
  } catch {
    return undefined
  }
}

function namesOnly({ spec }: Pod): Pod {
  const names = (list: readonly { readonly name?: string }[] | undefined) =>
    (list ?? []).map(({ name = '' }) => ({ name }))
  return {
    metadata: {},
    spec: {
      containers: names(spec.containers),
      initContainers: names(spec.initContainers),
      volumes: names(spec.volumes),
      imagePullSecrets: names(spec.imagePullSecrets),
    },
  }
}

function hasUnder(changes: readonly Change[], found: (key: string) => boolean): boolean {
  return changes.some(({ at, inside }) => (typeof at === 'string' && found(at)) || hasUnder(inside, found))
}

/** Has the parts that no slot is in decoded for good. */
function rememberParts(type: SchemaType, value: Json, changes: readonly Change[]): void {
  if (changes.length === 0) {
    rememberDecoded(type, value)
    return
  }
  const { kind, elem } = resolve(type)
  const at = new Map(changes.map((change) => [change.at, change]))
  const visit = (key: string | number, member: Json, memberType: SchemaType | undefined): void => {
    const change = at.get(key)
    if (memberType === undefined || change?.slot !== undefined) return
    rememberParts(memberType, member, change?.inside ?? [])
  }
  if (Array.isArray(value)) for (const [i, item] of value.entries()) visit(i, item, elem)
  else if (isObject(value) && kind === 'struct') {
    for (const [key, member] of Object.entries(value)) visit(key, member, fieldType(resolve(type), key))
  }
}

/** Those of `changes` whose slots have holes that are `wanted`. */
export function changesOf(
  changes: readonly Change[],
  wanted: (holes: readonly number[]) => boolean,
): Change[] {
  return changes.flatMap((change): Change[] => {
    if (change.slot !== undefined) return wanted(change.slot.holes) ? [change] : []
    const inside = changesOf(change.inside, wanted)
    return inside.length === 0 ? [] : [{ ...change, inside }]
  })
}

/** The overlay for other texts, sharing what no slot is in; undefined where they do not fit the skeleton. */
export function fillSkeleton(
  skeleton: Omit<Skeleton, 'names'>,
  texts: readonly string[],
): JsonObject | undefined {
  for (const [register, text] of skeleton.exact) if (texts[register] !== text) return undefined
  return fill(skeleton.tree, skeleton.changes, texts) as JsonObject | undefined
}

/** `value` with the slots of `changes` filled, sharing the rest; undefined where a text does not fit. */
export function fill(value: Json, changes: readonly Change[], texts: readonly string[]): Json | undefined {
  if (changes.length === 0) return value
  if (Array.isArray(value)) {
    // Not `slice`: of a frozen list, as these are, that costs many times as much.
    const items = [...value]
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
