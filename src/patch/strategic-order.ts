// Order of merged lists, as strategic merge patch defines it (contract §6.2, mergeList step 3; apimachinery
// strategicpatch/patch.go): items that the patch names follow the patch (or $setElementOrder), the others keep the order
// they have in the original, and the two runs are interleaved. Items are found by key through an index, so that long
// lists cost linear time. Inputs are never mutated.

import { isObject, type Json, type JsonArray, own } from '../std/json.ts'
import { badArgument, goTypeName, goValue, mergeError, noMergeKey } from './go-text.ts'

/** What lists are compared by: the value of a key for objects, the item itself for scalars. */
export type ItemKey = string | undefined

export function identityOf(item: Json, key: ItemKey): Json {
  if (key === undefined) return item
  return isObject(item) ? (own(item, key) ?? null) : null
}

/** A value that is used as a set member; maps and lists cannot be (Go panics). */
export function scalar(value: Json): Json {
  if (typeof value === 'object' && value !== null) throw incomparable(value)
  return value
}

function incomparable(value: Json): Error {
  return mergeError(`items are matched by scalars, and this is none: ${goValue(value)}`)
}

/** Go's `==`: maps and lists differ from everything else, and cannot be compared with their like. */
export function sameIdentity(a: Json, b: Json): boolean {
  if (typeof a === 'object' && a !== null && goTypeName(a) === goTypeName(b)) throw incomparable(a)
  return a === b
}

/** First positions by identity, with Go's `==`. */
class Positions {
  private readonly first = new Map<Json, number>()
  private readonly composite = new Set<string>()

  add(identity: Json, at: number): void {
    if (typeof identity === 'object' && identity !== null) this.composite.add(goTypeName(identity))
    else if (!this.first.has(identity)) this.first.set(identity, at)
  }

  get(identity: Json): number | undefined {
    if (typeof identity !== 'object' || identity === null) return this.first.get(identity)
    if (this.composite.has(goTypeName(identity))) throw incomparable(identity)
    return undefined
  }
}

/** Positions of the first item of each identity. An item that is no map is only an error for a search that meets it. */
export class ItemIndex {
  private readonly positions = new Positions()
  private readonly key: string
  private notMap = -1
  private size = 0

  constructor(items: readonly Json[], key: string) {
    this.key = key
    for (const item of items) this.append(item)
  }

  append(item: Json): void {
    const at = this.size++
    if (this.notMap >= 0) return
    if (!isObject(item)) this.notMap = at
    else if (Object.hasOwn(item, this.key)) this.positions.add(identityOf(item, this.key), at)
  }

  find(identity: Json): number {
    const at = this.positions.get(identity)
    if (at !== undefined) return at
    if (this.notMap >= 0) throw mergeError(`value for key ${this.notMap} is not a map`)
    return -1
  }
}

/** The value of `key` in an item of a merged list. Throws when the item is no map or lacks it. */
export function requireKey(item: Json, key: string): Json {
  if (!isObject(item)) throw badArgument('map[string]interface {}', item)
  const value = own(item, key)
  if (value === undefined) throw noMergeKey(item, key)
  return value
}

/** Whether the lists hold maps. Throws when they hold nothing, lists, or values of different types. */
export function holdsMaps(original: readonly Json[], patch: readonly Json[]): boolean {
  let type: string | undefined
  for (const item of [...original, ...patch]) {
    const name = goTypeName(item)
    if (type === undefined) {
      if (Array.isArray(item)) throw mergeError('lists of lists are not supported')
      type = name
    }
    if (item === null || type !== name) {
      throw mergeError(
        `list element types are not identical: [${goValue([...original])} ${goValue([...patch])}]`,
      )
    }
  }
  if (type === undefined) throw mergeError('no elements in any of the given slices')
  return type === 'map[string]interface {}'
}

/** Items whose identity occurs in `by`, and the others, each in their order. */
function partition(
  items: readonly Json[],
  by: readonly Json[],
  key: ItemKey,
): [present: Json[], absent: Json[]] {
  const present: Json[] = []
  const absent: Json[] = []
  if (key === undefined) {
    const known = new Set(by.map(scalar))
    for (const item of items) (known.has(scalar(item)) ? present : absent).push(item)
  } else {
    const index = new ItemIndex(by, key)
    for (const item of items) (index.find(requireKey(item, key)) >= 0 ? present : absent).push(item)
  }
  return [present, absent]
}

type Position = (item: Json) => number

function positions(order: readonly Json[], key: ItemKey): Position {
  const known = new Positions()
  order.forEach((item, i) => {
    known.add(identityOf(item, key), i)
  })
  return (item) => known.get(identityOf(item, key)) ?? -1
}

/**
 * Items in the order of `order`. Upstream's comparison calls any two items in order of which one is not in `order`;
 * its stable sort then is an insertion sort (exactly so up to 20 items), and so is this.
 */
function sorted(items: readonly Json[], order: readonly Json[], key: ItemKey, maps: boolean): Json[] {
  let rows = items
  let deleted: readonly Json[] = []
  if (maps && key !== undefined) {
    for (const item of items) requireKey(item, key)
    for (const item of order) requireKey(item, key)
    deleted = items.filter(isDeletion)
    if (deleted.length > 0) rows = items.filter((item) => !isDeletion(item))
  }
  if (rows.length < 2) return [...rows, ...deleted]
  const position = positions(order, maps ? key : undefined)
  const placed = rows.map((item) => ({ item, at: position(item) }))
  if (placed.every(({ at }) => at >= 0)) placed.sort((a, b) => a.at - b.at)
  else insertionSort(placed)
  return [...placed.map(({ item }) => item), ...deleted]
}

function insertionSort(rows: { item: Json; at: number }[]): void {
  for (let i = 1; i < rows.length; i++) {
    for (let j = i; j > 0; j--) {
      const right = rows[j]
      const left = rows[j - 1]
      if (left === undefined || right === undefined) break
      if (left.at >= 0 && right.at >= 0 && right.at >= left.at) break
      rows[j] = left
      rows[j - 1] = right
    }
  }
}

export function isDeletion(item: Json): boolean {
  return isObject(item) && own(item, '$patch') === 'delete'
}

/** Interleaves: the next of `others` goes first only if both heads stand in `server`, and it stands in front there. */
function interleave(others: readonly Json[], named: readonly Json[], server: Position): Json[] {
  const result: Json[] = []
  let i = 0
  let j = 0
  while (i < others.length && j < named.length) {
    const other = others[i] ?? null
    const name = named[j] ?? null
    const left = server(other)
    const right = server(name)
    if (left >= 0 && right >= 0 && left < right) {
      result.push(other)
      i++
    } else {
      result.push(name)
      j++
    }
  }
  return [...result, ...others.slice(i), ...named.slice(j)]
}

/** Final order of `merged`: items named in `order` follow it, the others follow `server`. */
export function arrange(
  merged: readonly Json[],
  order: readonly Json[],
  server: readonly Json[],
  key: ItemKey,
  maps: boolean,
): JsonArray {
  const [present, absent] = partition(merged, order, key)
  const named = sorted(present, order, key, maps)
  const others = sorted(absent, server, key, maps)
  return interleave(others, named, positions(server, maps ? key : undefined))
}

/** Throws unless the patch items (deletions aside) occur in the $setElementOrder list in the same relative order. */
export function validateOrder(patch: readonly Json[], order: readonly Json[], key: ItemKey): void {
  if (order.length === 0 || patch.length === 0) return
  const kept: Json[] = []
  for (const item of patch) {
    if (key === undefined) kept.push(item)
    else if (!isObject(item)) throw badArgument('map[string]interface {}', item)
    else if (!isDeletion(item)) kept.push(item)
  }
  let at = 0
  let seen = 0
  while (at < kept.length && seen < order.length) {
    const item = kept[at] ?? null
    if (isObject(item) && Object.hasOwn(item, '$patch')) at++
    else if (sameItem(item, order[seen++] ?? null, key)) at++
  }
  if (at < kept.length && seen >= order.length) {
    const lists = `${goValue([...patch])}\n doesn't match $setElementOrder list:\n${goValue([...order])}\n`
    throw mergeError(`The order in patch list:\n${lists}`)
  }
}

function sameItem(a: Json, b: Json, key: ItemKey): boolean {
  if (key === undefined) return sameIdentity(a, b)
  if (!isObject(a)) throw badArgument('map[string]interface {}', a)
  return sameIdentity(requireKey(a, key), requireKey(b, key))
}
