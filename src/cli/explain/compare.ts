// How a live pod differs from the one that injection would make now. In: both as JSON; out: the fields. What the API
// server fills in by itself (defaults, the token of the service account) is no difference.

import { ANNOTATION } from '../../api/names.ts'
import { objectField } from '../../revision/configuration.ts'
import { equalJson, isObject, type Json, type JsonObject, own } from '../../std/json.ts'
import { type FieldStep, fieldPathText } from '../input/field-path.ts'

export interface Difference {
  readonly path: string
  /** What the live pod has; undefined: nothing. */
  readonly live: Json | undefined
  /** What it would have now; undefined: nothing. */
  readonly now: Json | undefined
}

/** Annotations that repeat what the containers show, or are about the injection itself. */
const REPEATING: readonly string[] = [
  ANNOTATION.status,
  ANNOTATION.overrides,
  ANNOTATION.record,
  ANNOTATION.configHash,
]
/** Where the API server mounts the token, after injection. */
const TOKEN_MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Differences of labels, annotations and spec, in the order of the new pod. */
export function differencesOf(live: JsonObject, now: JsonObject): Difference[] {
  const found: Difference[] = []
  const roots = { live, now }
  for (const field of ['labels', 'annotations']) {
    const [a, b] = [live, now].map((pod) => objectField(objectField(pod, 'metadata'), field))
    for (const key of new Set([...Object.keys(b ?? {}), ...Object.keys(a ?? {})])) {
      if (REPEATING.includes(key)) continue
      note(found, roots, ['metadata', field, key], own(a ?? {}, key), own(b ?? {}, key))
    }
  }
  compare(found, roots, ['spec'], own(live, 'spec'), own(now, 'spec'))
  return found
}

interface Roots {
  readonly live: JsonObject
  readonly now: JsonObject
}

function note(
  found: Difference[],
  roots: Roots,
  steps: readonly FieldStep[],
  live: Json | undefined,
  now: Json | undefined,
): void {
  if (live === undefined ? isEmpty(now) : now !== undefined && equalJson(live, now)) return
  found.push({ path: fieldPathText(now === undefined ? roots.live : roots.now, steps), live, now })
}

/** What Kubernetes leaves out when it prints an object. */
function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function compare(
  found: Difference[],
  roots: Roots,
  steps: readonly FieldStep[],
  live: Json | undefined,
  now: Json | undefined,
): void {
  if (isObject(now) && isObject(live)) {
    for (const [key, value] of Object.entries(now)) {
      compare(found, roots, [...steps, key], own(live, key), value)
    }
  } else if (Array.isArray(now) && Array.isArray(live)) compareLists(found, roots, steps, live, now)
  else note(found, roots, steps, live, now)
}

function compareLists(
  found: Difference[],
  roots: Roots,
  steps: readonly FieldStep[],
  live: readonly Json[],
  now: readonly Json[],
): void {
  const [a, b] = [byName(live), byName(now)]
  if (a === undefined || b === undefined) {
    if (live.length !== now.length) note(found, roots, steps, [...live], [...now])
    else now.forEach((item, i) => compare(found, roots, [...steps, i], live[i], item))
    return
  }
  for (const [name, item] of b) compare(found, roots, [...steps, name], a.get(name), item)
  for (const [name, item] of a) {
    if (!b.has(name) && name !== TOKEN_MOUNT) note(found, roots, [...steps, name], item, undefined)
  }
}

/** Items by what tells them apart; undefined where that is nothing, or not unique. */
function byName(list: readonly Json[]): Map<string, Json> | undefined {
  const items = new Map<string, Json>()
  for (const item of list) {
    const name = isObject(item) ? (own(item, 'mountPath') ?? own(item, 'name')) : undefined
    if (typeof name !== 'string' || items.has(name)) return undefined
    items.set(name, item)
  }
  return items
}
