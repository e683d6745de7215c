// What of the pod that a template makes by itself is asked: the names of its containers, volumes and pull secrets. In goes
// its overlay; out come those names without the pod being made, and whether the overlay must still be tried by itself,
// since a merge with the pod at hand could hide that it does not fit. Never guesses: undefined where directives of a merge
// or spellings of names decide.

import type { Pod } from '../api/kube.ts'
import { foldName } from '../patch/field-names.ts'
import { isObject, type Json, type JsonArray, type JsonObject, own } from '../std/json.ts'

const LISTS = ['containers', 'initContainers', 'volumes', 'imagePullSecrets'] as const
const LIST_NAMES: ReadonlySet<string> = new Set(LISTS)
const FOLDED_LISTS: ReadonlySet<string> = new Set(LISTS.map(foldName))
const FOLDED_NAME = foldName('name')
const ROOT_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'spec'])

/** Names only: those of the pod that the overlay makes of an empty one, if it fits. */
export function namesMade(overlay: JsonObject): Pod | undefined {
  const metadata = own(overlay, 'metadata') ?? {}
  const spec = own(overlay, 'spec') ?? {}
  if (!isObject(metadata) || !isObject(spec)) return undefined
  if (Object.keys(overlay).some((key) => !ROOT_FIELDS.has(key))) return undefined
  if (hasDirective(metadata) || hasDirective(spec)) return undefined
  if (Object.keys(spec).some((key) => !LIST_NAMES.has(key) && FOLDED_LISTS.has(foldName(key))))
    return undefined
  const [containers, initContainers, volumes, imagePullSecrets] = LISTS.map((list) =>
    namesIn(own(spec, list) ?? []),
  )
  if (containers === undefined || initContainers === undefined) return undefined
  if (volumes === undefined || imagePullSecrets === undefined) return undefined
  return { metadata: {}, spec: { containers, initContainers, volumes, imagePullSecrets } }
}

function hasDirective(object: JsonObject): boolean {
  return Object.keys(object).some((key) => key.startsWith('$'))
}

function namesIn(list: Json): { name: string }[] | undefined {
  if (!Array.isArray(list)) return undefined
  const names: { name: string }[] = []
  for (const item of list) {
    if (!isObject(item) || hasDirective(item)) return undefined
    const name = own(item, 'name')
    if (typeof name !== 'string' || !name.isWellFormed()) return undefined
    if (Object.keys(item).some((key) => key !== 'name' && isSpelledName(key))) return undefined
    names.push({ name })
  }
  return names
}

/** Go reads `Name` as `name`. */
function isSpelledName(key: string): boolean {
  return key.length === FOLDED_NAME.length && foldName(key) === FOLDED_NAME
}

/**
 * Whether all of an overlay whose names are known gets into the merged pod, so that what does not fit is found there:
 * it adds items and members, and replaces scalars.
 */
export function isAllSeen(pod: Pod, overlay: JsonObject): boolean {
  const { metadata, spec } = pod as unknown as { metadata: JsonObject; spec: JsonObject }
  return (
    Object.entries(membersOf(overlay, 'metadata')).every(
      ([key, value]) => adds(metadata, key, value) || (isObject(value) && isOfScalars(value)),
    ) &&
    Object.entries(membersOf(overlay, 'spec')).every(
      ([key, value]) => adds(spec, key, value) || (LIST_NAMES.has(key) && isApart(own(spec, key), value)),
    )
  )
}

function membersOf(overlay: JsonObject, key: string): JsonObject {
  const value = own(overlay, key)
  return isObject(value) ? value : {}
}

/** Whether the value gets into `object` as it is. */
function adds(object: JsonObject, key: string, value: Json): boolean {
  const before = own(object, key)
  return before === undefined || before === null || typeof value !== 'object' || value === null
}

function isOfScalars(map: JsonObject): boolean {
  return (
    !hasDirective(map) && Object.values(map).every((value) => typeof value !== 'object' || value === null)
  )
}

/** Whether no two items of both lists have one name: none is merged with another. */
function isApart(original: Json | undefined, added: Json): boolean {
  if (!Array.isArray(original) || !Array.isArray(added)) return false
  const names = new Set([...namesOf(original), ...namesOf(added)])
  return names.size === original.length + added.length
}

function namesOf(list: JsonArray): (Json | undefined)[] {
  return list.map((item) => (isObject(item) ? own(item, 'name') : undefined))
}
