// Which item of a new list is which item of the old one: by name where items have one, else by value, else by place.
// Says also which of them may stay where they are when the others move.

import { equalJson, isObject, type Json, own } from '../../std/json.ts'

/** Fields that identify the items of Kubernetes' lists, the more telling ones first. */
const IDENTITY = [
  'mountPath',
  'devicePath',
  'name',
  'containerPort',
  'topologyKey',
  'ip',
  'uid',
  'key',
  'type',
]

/** For each item of `to` the index of its item in `from`, or undefined for a new one; no index twice. */
export function matchLists(from: readonly Json[], to: readonly Json[]): (number | undefined)[] {
  for (const field of IDENTITY) {
    const old = identities(from, field)
    const next = identities(to, field)
    if (old !== undefined && next !== undefined) {
      const index = new Map(old.map((id, i) => [id, i]))
      return next.map((id) => index.get(id))
    }
  }
  return matchByValue(from, to)
}

function identities(list: readonly Json[], field: string): unknown[] | undefined {
  const ids = list.map((item) => (isObject(item) ? own(item, field) : undefined))
  const usable = ids.every((id) => typeof id === 'string' || typeof id === 'number')
  return usable && new Set(ids).size === ids.length ? ids : undefined
}

/** Equal items at both ends stay; between them equal items are matched in order, then collections by place. */
function matchByValue(from: readonly Json[], to: readonly Json[]): (number | undefined)[] {
  const matched: (number | undefined)[] = to.map(() => undefined)
  let head = 0
  while (head < from.length && head < to.length && equalJson(from[head], to[head])) matched[head] = head++
  let tail = 0
  while (
    tail < Math.min(from.length, to.length) - head &&
    equalJson(from[from.length - 1 - tail], to[to.length - 1 - tail])
  ) {
    tail++
    matched[to.length - tail] = from.length - tail
  }
  let next = head
  for (let i = head; i < to.length - tail; i++) {
    for (let j = next; j < from.length - tail; j++) {
      if (!equalJson(from[j], to[i])) continue
      matched[i] = j
      next = j + 1
      break
    }
  }
  const free = from.map((_, j) => j).filter((j) => !matched.includes(j))
  for (let i = head; i < to.length - tail; i++) {
    if (matched[i] === undefined && free.length > 0) matched[i] = free.shift()
  }
  return matched
}

/** The longest rising run among the matched indexes: these items keep their places, other matched items move. */
export function staying(matched: readonly (number | undefined)[]): Set<number> {
  const tails: number[] = []
  const previous = new Map<number, number | undefined>()
  for (const index of matched) {
    if (index === undefined) continue
    let low = 0
    let high = tails.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((tails[middle] ?? 0) < index) low = middle + 1
      else high = middle
    }
    previous.set(index, low === 0 ? undefined : tails[low - 1])
    tails[low] = index
  }
  const stay = new Set<number>()
  for (let at: number | undefined = tails.at(-1); at !== undefined; at = previous.get(at)) stay.add(at)
  return stay
}
