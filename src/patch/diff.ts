// The JSON patch (RFC 6902) that turns one JSON value into another, with add, remove and replace only. Operations are meant
// to be applied in order. Shared parts (identical references) are not looked into, so the cost follows the change.
// Law: apply(diff(a, b), a) = b, for any JSON; how short the patch is, align.ts decides.

import { isObject, type Json, type JsonArray, type JsonObject, own } from '../std/json.ts'
import { ascending, keyOf, matchByKey, matchEqual } from './align.ts'
import { escapeToken } from './pointer.ts'

export interface Operation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test'
  readonly path: string
  readonly from?: string
  readonly value?: Json
}

/** Operations from `from` to `to`; values in them are parts of `to`, not copies. Members that are undefined do not exist. */
export function diff(from: Json, to: Json): Operation[] {
  const operations: Operation[] = []
  diffValue(from, to, '', operations)
  return operations
}

function diffValue(from: Json, to: Json, path: string, out: Operation[]): void {
  if (from === to) return
  if (Array.isArray(from) && Array.isArray(to)) diffList(from, to, path, out)
  else if (isObject(from) && isObject(to)) diffObject(from, to, path, out)
  else out.push({ op: 'replace', path, value: to })
}

function diffObject(from: JsonObject, to: JsonObject, path: string, out: Operation[]): void {
  /** How many members of `to` are not new. */
  let kept = 0
  for (const key of Object.keys(from)) {
    const before = from[key]
    if (before === undefined) continue
    // An inherited member is no JSON value, so that it equals none.
    const isSame = before === to[key]
    const after = isSame ? before : own(to, key)
    if (after === undefined) {
      out.push({ op: 'remove', path: `${path}/${escapeToken(key)}` })
      continue
    }
    kept++
    if (!isSame) diffValue(before, after, `${path}/${escapeToken(key)}`, out)
  }
  const names = Object.keys(to)
  const isNew = (key: string): boolean => from[key] === undefined || !Object.hasOwn(from, key)
  // New members are mostly the last ones: from the end, until all are found.
  let at = names.length
  for (let left = names.length - kept; left > 0; ) {
    const key = names[--at] ?? ''
    if (to[key] === undefined || isNew(key)) left--
  }
  for (; at < names.length; at++) {
    const key = names[at] ?? ''
    const value = to[key]
    if (value !== undefined && isNew(key)) out.push({ op: 'add', path: `${path}/${escapeToken(key)}`, value })
  }
}

function diffList(from: JsonArray, to: JsonArray, path: string, out: Operation[]): void {
  const key = keyOf(from, to)
  const matches = key === undefined ? matchEqual(from, to) : ascending(matchByKey(from, to, key))
  /** Index in `from` of the next item that was not looked at. */
  let next = 0
  /** Index of the next item in the list as it is after the operations so far: equal to the index in `to`. */
  let at = 0
  let gap = 0
  const close = (end: number): void => {
    if (key === undefined) {
      while (next < end && at < gap) diffValue(from[next++] ?? null, to[at] ?? null, `${path}/${at++}`, out)
    }
    for (; next < end; next++) out.push({ op: 'remove', path: `${path}/${at}` })
    for (; at < gap; at++) out.push({ op: 'add', path: `${path}/${at}`, value: to[at] ?? null })
  }
  for (let i = 0; i < matches.length; i++) {
    const position = matches[i] ?? -1
    if (position < 0) continue
    gap = i
    close(position)
    const before = from[next++] ?? null
    const after = to[at] ?? null
    if (before !== after) diffValue(before, after, `${path}/${at}`, out)
    at++
  }
  gap = to.length
  close(from.length)
}
