// Which item of one list is which item of another. Lists of objects are matched by a key field where one identifies every
// item of both (containers by name, mounts by mountPath, …), other lists by equal items. It decides how small a patch is
// and whose unknown fields stay with whom, never whether the patch is right.

import { equalJson, isObject, type Json, own } from '../std/json.ts'

/** Fields that identify items in Kubernetes' lists, the ones of strategic merge among them. */
const KEYS = [
  'name',
  'mountPath',
  'containerPort',
  'devicePath',
  'ip',
  'uid',
  'topologyKey',
  'type',
  'path',
  'key',
]

/** Beyond so many comparisons equal items are no longer looked for. */
const MAX_COMPARISONS = 250_000

/** The field whose value is there, scalar and different in every item of each list; undefined when there is none. */
export function keyOf(a: readonly Json[], b: readonly Json[]): string | undefined {
  const first = a[0] ?? b[0]
  if (!isObject(first)) return undefined
  for (const key of KEYS) {
    if (Object.hasOwn(first, key) && identifies(a, key) && identifies(b, key)) return key
  }
  return undefined
}

function identifies(items: readonly Json[], key: string): boolean {
  const seen = new Set<Json>()
  for (const item of items) {
    const value = isObject(item) ? own(item, key) : undefined
    if (typeof value !== 'string' && typeof value !== 'number') return false
    seen.add(value)
  }
  return seen.size === items.length
}

/** For each item of `to` the position of the item of `from` with the same key, -1 when there is none. */
export function matchByKey(from: readonly Json[], to: readonly Json[], key: string): number[] {
  const positions = new Map<Json | undefined, number>()
  for (let i = 0; i < from.length; i++) positions.set(memberOf(from[i], key), i)
  const matches: number[] = []
  for (const item of to) matches.push(positions.get(memberOf(item, key)) ?? -1)
  return matches
}

function memberOf(item: Json | undefined, key: string): Json | undefined {
  return isObject(item) ? own(item, key) : undefined
}

/** `matches` with as few of them dropped (set to -1) as makes the rest ascend: items that need not move. */
export function ascending(matches: readonly number[]): number[] {
  if (ascends(matches)) return [...matches]
  const tails: number[] = []
  const previous: number[] = []
  matches.forEach((position, i) => {
    if (position < 0) return
    let low = 0
    let high = tails.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((matches[tails[middle] ?? 0] ?? 0) < position) low = middle + 1
      else high = middle
    }
    previous[i] = tails[low - 1] ?? -1
    tails[low] = i
  })
  const kept = matches.map(() => -1)
  for (let i = tails.at(-1) ?? -1; i >= 0; i = previous[i] ?? -1) kept[i] = matches[i] ?? -1
  return kept
}

/** Whether the positions ascend as they are, as they nearly always do. */
function ascends(matches: readonly number[]): boolean {
  let last = -1
  for (const position of matches) {
    if (position < 0) continue
    if (position <= last) return false
    last = position
  }
  return true
}

/** For each item of `to` the position of an equal item of `from`, -1 for none; positions ascend. */
export function matchEqual(from: readonly Json[], to: readonly Json[]): number[] {
  const matches = to.map(() => -1)
  const shorter = Math.min(from.length, to.length)
  let head = 0
  while (head < shorter && equalJson(from[head], to[head])) matches[head] = head++
  let tail = 0
  while (tail < shorter - head && equalJson(from.at(-1 - tail), to.at(-1 - tail))) {
    tail++
    matches[to.length - tail] = from.length - tail
  }
  const left = from.slice(head, from.length - tail)
  const right = to.slice(head, to.length - tail)
  if (left.length * right.length > MAX_COMPARISONS) return matches
  longestCommon(left, right).forEach((position, i) => {
    if (position >= 0) matches[head + i] = head + position
  })
  return matches
}

/** Longest common subsequence, as positions in `from`. */
function longestCommon(from: readonly Json[], to: readonly Json[]): number[] {
  const width = to.length + 1
  const equal = new Uint8Array(from.length * width)
  const lengths = new Uint32Array((from.length + 1) * width)
  for (let i = from.length - 1; i >= 0; i--) {
    for (let j = to.length - 1; j >= 0; j--) {
      const here = i * width + j
      const matching = equalJson(from[i], to[j])
      if (matching) equal[here] = 1
      const skip = Math.max(lengths[here + width] ?? 0, lengths[here + 1] ?? 0)
      lengths[here] = matching ? (lengths[here + width + 1] ?? 0) + 1 : skip
    }
  }
  const matches = to.map(() => -1)
  let i = 0
  let j = 0
  while (i < from.length && j < to.length) {
    const here = i * width + j
    if (equal[here] === 1) matches[j++] = i++
    else if ((lengths[here + width] ?? 0) >= (lengths[here + 1] ?? 0)) i++
    else j++
  }
  return matches
}
