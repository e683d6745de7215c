// What was changed between two versions of a pod, written down so that it can be undone later, when others may have
// changed the pod again: each change has a path whose list items are named by their merge key, and is undone only where
// the pod still has the value it led to. Probes and handlers are one value each. Nothing is mutated.

import { POD, resolve, type SchemaType } from '../patch/schema.ts'
import { goJson } from '../std/gojson.ts'
import { equalJson, isObject, type Json, type JsonObject, own, setOwn } from '../std/json.ts'

/** An object member, or a list item by the value of its merge key. */
export type Step = string | readonly [key: Json]

/** How to undo one change. */
export interface Undo {
  readonly path: readonly Step[]
  /** Value before; absent when there was none. For `order` the items in their former order. */
  readonly was?: Json
  /** Checksum of the value after; absent when there is none. */
  readonly is?: string
  /** Of a list item that is gone: the item behind it, or, where it was the last, the item it stood behind. */
  readonly before?: Step
  readonly after?: Step | null
  /** The items of the list at `path` have another order, nothing else. */
  readonly order?: true
}

/** Types that are replaced whole: parts of two handlers make none. */
const WHOLE: readonly string[] = ['v1.Probe', 'v1.LifecycleHandler']

/** How to get from `after` back to `before`. */
export function undoOf(after: Json, before: Json): Undo[] {
  const undo: Undo[] = []
  compare(after, before, POD, undefined, [], undo)
  return undo
}

function compare(
  after: Json,
  before: Json,
  type: SchemaType | undefined,
  mergeKey: string | undefined,
  path: readonly Step[],
  out: Undo[],
): void {
  if (after === before || equalJson(after, before)) return
  if (isObject(after) && isObject(before) && !WHOLE.includes(type?.name ?? '')) {
    compareObjects(after, before, type, path, out)
  } else if (mergeKey !== undefined && isKeyed(after, mergeKey) && isKeyed(before, mergeKey)) {
    compareItems(after, before, type, mergeKey, path, out)
  } else {
    out.push({ path, was: before, is: checksum(after) })
  }
}

function compareObjects(
  after: JsonObject,
  before: JsonObject,
  type: SchemaType | undefined,
  path: readonly Step[],
  out: Undo[],
): void {
  const keys = new Set([...Object.keys(after), ...Object.keys(before)])
  // Sorted: a pod has one record, however it came by its members.
  for (const key of [...keys].sort()) {
    const { child, mergeKey, empty } = memberOf(type, key)
    const value = own(after, key) ?? empty
    const former = own(before, key) ?? empty
    const there = [...path, key]
    if (value === undefined) out.push({ path: there, was: former ?? null })
    else if (former === undefined) out.push({ path: there, is: checksum(value) })
    else compare(value, former, child, mergeKey, there, out)
  }
}

interface Member {
  readonly child: SchemaType | undefined
  readonly mergeKey: string | undefined
  /** What stands for an absent member that changes part by part. */
  readonly empty: Json | undefined
}

function memberOf(type: SchemaType | undefined, key: string): Member {
  const field = type?.json.find((candidate) => candidate.json === key)
  const declared = type?.kind === 'map' ? type.elem : field?.type
  const child = declared === undefined ? undefined : resolve(declared)
  const mergeKey = field?.mergeKey
  const empty = child?.kind === 'map' ? {} : mergeKey === undefined ? undefined : []
  return { child, mergeKey, empty }
}

interface Item {
  readonly step: readonly [key: Json]
  readonly value: Json
}

/** Items of a list in its order, by the JSON text of their key. */
function itemsOf(list: readonly Json[], mergeKey: string): Map<string, Item> {
  return new Map(
    list.map((value) => {
      const key = keyOf(value, mergeKey)
      return [goJson(key), { step: [key], value }]
    }),
  )
}

function keyOf(item: Json, mergeKey: string): Json {
  return (isObject(item) ? own(item, mergeKey) : undefined) ?? null
}

/** Whether items of a list can be told apart by its merge key; a list with duplicates is one value. */
function isKeyed(list: Json, mergeKey: string): list is Json[] {
  if (!Array.isArray(list)) return false
  return new Set(list.map((item) => goJson(keyOf(item, mergeKey)))).size === list.length
}

function compareItems(
  after: readonly Json[],
  before: readonly Json[],
  type: SchemaType | undefined,
  mergeKey: string,
  path: readonly Step[],
  out: Undo[],
): void {
  const [now, former] = [itemsOf(after, mergeKey), itemsOf(before, mergeKey)]
  const elem = type?.elem === undefined ? undefined : resolve(type.elem)
  for (const [name, { step, value }] of now) {
    const found = former.get(name)
    if (found === undefined) out.push({ path: [...path, step], is: checksum(value) })
    else compare(value, found.value, elem, undefined, [...path, step], out)
  }
  const order = [...former].flatMap(([name, item]) => (now.has(name) ? [item.step] : []))
  const current = [...now].flatMap(([name, item]) => (former.has(name) ? [item.step] : []))
  if (!equalJson(order, current)) {
    out.push({ path, was: order as unknown as Json, is: checksum(current as unknown as Json), order: true })
  }
  returning([...former.values()], (item) => now.has(goJson(item.step[0])), path, out)
}

/** Items that are gone, from the last on, so that the item behind each is there when it returns. */
function returning(
  former: readonly Item[],
  isThere: (item: Item) => boolean,
  path: readonly Step[],
  out: Undo[],
): void {
  for (let index = former.length - 1; index >= 0; index--) {
    const item = former[index]
    if (item === undefined || isThere(item)) continue
    const next = former[index + 1]
    const place =
      next === undefined ? { after: former.findLast(isThere)?.step ?? null } : { before: next.step }
    out.push({ path: [...path, item.step], was: item.value, ...place })
  }
}

/** Whether JSON from outside has the shape of an Undo. */
export function isUndo(value: unknown): value is Undo {
  if (!isObject(value)) return false
  const { path, is, before, after = null } = value
  const isStep = (step: Json): boolean =>
    typeof step === 'string' || (Array.isArray(step) && step.length === 1)
  if (!Array.isArray(path) || path.length === 0 || !path.every(isStep)) return false
  return (
    (is === undefined || typeof is === 'string') &&
    (after === null || isStep(after)) &&
    (before === undefined || isStep(before))
  )
}

/** `pod` with each change undone that is still there to be undone. */
export function applyUndo(pod: Json, undo: readonly Undo[]): Json {
  return undo.reduce((value, step) => undoAt(value, step.path, POD, undefined, step), pod)
}

function undoAt(
  value: Json,
  path: readonly Step[],
  type: SchemaType | undefined,
  mergeKey: string | undefined,
  undo: Undo,
): Json {
  const [step, ...rest] = path
  if (step === undefined) return undo.order === true ? reorder(value, mergeKey, undo) : value
  if (typeof step === 'string') {
    if (!isObject(value)) return value
    if (rest.length === 0 && undo.order !== true) return undoMember(value, step, undo)
    const { child, mergeKey: key, empty } = memberOf(type, step)
    const found = own(value, step) ?? empty
    if (found === undefined) return value
    const next = undoAt(found, rest, child, key, undo)
    return next === found ? value : withMember(value, step, next)
  }
  if (mergeKey === undefined || !isKeyed(value, mergeKey)) return value
  const index = indexOf(value, mergeKey, step)
  if (rest.length === 0) return undoItem(value, mergeKey, index, undo)
  const found = value[index]
  if (found === undefined) return value
  const next = undoAt(found, rest, type?.elem && resolve(type.elem), undefined, undo)
  return next === found ? value : value.with(index, next)
}

/** Where the item is that `step` names, -1 when it is nowhere. */
function indexOf(list: readonly Json[], mergeKey: string, step: Step | null | undefined): number {
  if (!Array.isArray(step)) return -1
  return list.findIndex((item) => equalJson(keyOf(item, mergeKey), step[0]))
}

function withMember(object: JsonObject, key: string, value: Json): JsonObject {
  const copy = { ...object }
  setOwn(copy, key, value)
  return copy
}

function stillIs(value: Json | undefined, undo: Undo): boolean {
  return undo.is === (value === undefined ? undefined : checksum(value))
}

function undoMember(object: JsonObject, key: string, undo: Undo): JsonObject {
  if (!stillIs(own(object, key), undo)) return object
  if (undo.was !== undefined) return withMember(object, key, undo.was)
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key))
}

function undoItem(list: readonly Json[], mergeKey: string, index: number, undo: Undo): Json {
  if (!stillIs(list[index], undo)) return list as Json
  if (undo.was === undefined) return list.toSpliced(index, 1)
  if (index !== -1) return list.with(index, undo.was)
  return list.toSpliced(placeOf(list, mergeKey, undo), 0, undo.was)
}

/** Where a list item returns to: before its former successor, else behind its predecessor, else at the end. */
function placeOf(list: readonly Json[], mergeKey: string, undo: Undo): number {
  const successor = indexOf(list, mergeKey, undo.before)
  if (successor !== -1) return successor
  const predecessor = indexOf(list, mergeKey, undo.after)
  if (predecessor !== -1) return predecessor + 1
  return undo.after === null ? 0 : list.length
}

/** Puts the listed items in their former order, in the places they have among the others. */
function reorder(value: Json, mergeKey: string | undefined, undo: Undo): Json {
  if (mergeKey === undefined || !isKeyed(value, mergeKey) || !Array.isArray(undo.was)) return value
  const items = itemsOf(value, mergeKey)
  const wanted = undo.was.flatMap(
    (step) => items.get(goJson(Array.isArray(step) ? (step[0] ?? null) : step)) ?? [],
  )
  const listed = [...items.values()].filter((item) => wanted.includes(item))
  if (!stillIs(listed.map((item) => item.step) as unknown as Json, undo)) return value
  const queue = [...wanted]
  return [...items.values()].map((item) => (listed.includes(item) ? queue.shift() : item)?.value ?? null)
}

const FNV_PRIME = 0x01000193

/** FNV-1a over the UTF-16 units of the JSON text, keys sorted: tells whether a value is the one that was written. */
export function checksum(value: Json): string {
  const text = goJson(value)
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
