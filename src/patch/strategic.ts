// Strategic merge patch (contract §6.2; behaviour of apimachinery's strategicpatch with its merge options of a patch
// applied to an object): an untyped patch laid over an untyped object, lists merged by key where the type says so.
// All directives: $patch, $retainKeys, $setElementOrder/…, $deleteFromPrimitiveList/…. Errors carry Kubernetes' texts.
// Inputs may be frozen: nothing is mutated, unchanged parts of the original are shared with the result.

import { isObject, type Json, type JsonArray, type JsonObject, own, without } from '../std/json.ts'
import { Draft } from './draft.ts'
import { findField } from './field-names.ts'
import { badArgument, badPatchType, goTypeName, mergeError, noMergeKey } from './go-text.ts'
import { type JsonField, POD, resolve, type SchemaType } from './schema.ts'
import {
  arrange,
  holdsMaps,
  ItemIndex,
  identityOf,
  sameIdentity,
  scalar,
  validateOrder,
} from './strategic-order.ts'

const PATCH = '$patch'
const RETAIN_KEYS = '$retainKeys'
const ELEMENT_ORDER = '$setElementOrder'
const DELETE_SCALARS = '$deleteFromPrimitiveList'

/**
 * `patch` merged onto `original`, which is of type `type` (a pod unless said). The same reference comes back when the
 * patch changes nothing.
 * @throws ProblemError('merge-failed') with Kubernetes' text
 */
export function mergeStrategic(original: JsonObject, patch: JsonObject, type: SchemaType = POD): JsonObject {
  return mergeMap(original, patch, type)
}

function mergeMap(original: JsonObject, patch: JsonObject, type: SchemaType): JsonObject {
  const directive = own(patch, PATCH)
  if (directive !== undefined) return applyDirective(directive, patch)
  const draft = new Draft(original)
  let rest = patch
  if (Object.hasOwn(rest, RETAIN_KEYS)) {
    rest = without(rest, [RETAIN_KEYS])
    retainKeys(draft, own(patch, RETAIN_KEYS) ?? null, rest)
  }
  for (const key of Object.keys(rest)) {
    if (key.startsWith(ELEMENT_ORDER)) rest = mergeOrdered(draft, rest, key, type)
  }
  for (const key of Object.keys(rest)) {
    const value = own(rest, key)
    if (value === undefined) continue
    const deletes = key.startsWith(DELETE_SCALARS)
    const name = deletes ? targetOf(key, DELETE_SCALARS, 'primitive list') : key
    if (value === null) draft.remove(name)
    else mergeMember(draft, name, value, type, deletes)
  }
  return draft.current
}

function applyDirective(directive: Json, patch: JsonObject): JsonObject {
  if (directive === 'replace') return without(patch, [PATCH])
  if (directive === 'delete') return {}
  throw badPatchType(directive, patch)
}

function targetOf(key: string, prefix: string, what: string): string {
  if (!key.startsWith(`${prefix}/`)) throw mergeError(`invalid patch format of ${what}`)
  return key.slice(prefix.length + 1)
}

/** `$retainKeys`: keys that are not listed leave the original; the patch may set listed keys only. */
function retainKeys(draft: Draft, list: Json, patch: JsonObject): void {
  if (!Array.isArray(list)) throw mergeError('invalid patch format of retainKeys')
  const retained = new Set(list.map(scalar))
  for (const key of Object.keys(patch)) {
    if (own(patch, key) === null || key.startsWith(DELETE_SCALARS) || key.startsWith(ELEMENT_ORDER)) continue
    if (!retained.has(key)) throw mergeError('invalid patch format of retainKeys')
  }
  for (const key of Object.keys(draft.current)) if (!retained.has(key)) draft.remove(key)
}

function mergeMember(draft: Draft, name: string, value: Json, type: SchemaType, deletes: boolean): void {
  const before = own(draft.current, name)
  if (before === undefined || goTypeName(before) !== goTypeName(value)) {
    if (deletes) return
    const kept = strip(value, true)
    if (kept === undefined) draft.remove(name)
    else draft.set(name, kept)
  } else if (isObject(before) && isObject(value)) {
    draft.set(name, mergeMap(before, value, lookUp(type, name).type))
  } else if (Array.isArray(before) && Array.isArray(value)) {
    const list = lookUpList(type, name)
    const merges = deletes || list.field.merge
    draft.set(name, merges ? mergeList(before, value, list, deletes) : value)
  } else {
    draft.set(name, value)
  }
}

/** A patch value where the original has none: no nulls in maps (if asked), no maps that carry a directive. */
function strip(value: Json, nulls: boolean): Json | undefined {
  if (Array.isArray(value)) {
    let copy: JsonArray | undefined
    for (let i = 0; i < value.length; i++) {
      const item = value[i] ?? null
      const kept = strip(item, nulls)
      if (kept !== item) copy ??= value.slice(0, i)
      if (copy !== undefined && kept !== undefined) copy.push(kept)
    }
    return copy ?? value
  }
  if (!isObject(value)) return value
  const directive = own(value, PATCH)
  if (directive !== undefined && !(nulls && directive === null)) return undefined
  const draft = new Draft(value)
  for (const key of Object.keys(value)) {
    const item = own(value, key) ?? null
    const kept = nulls && item === null ? undefined : strip(item, nulls)
    if (kept === undefined) draft.remove(key)
    else draft.set(key, kept)
  }
  return draft.current
}

function goKind(type: SchemaType): string {
  if (type.kind === 'list') return 'slice'
  if (type.kind === 'pointer') return 'ptr'
  if (type.kind === 'int') return `int${type.bits}`
  return type.kind === 'string' || type.kind === 'bool' || type.kind === 'map' ? type.kind : 'struct'
}

function lookUp(type: SchemaType, name: string): JsonField {
  const struct = resolve(type)
  if (goKind(struct) !== 'struct') {
    throw mergeError(`merging an object in json but data type is not struct, instead is: ${goKind(struct)}`)
  }
  const field = findField(struct, name)
  if (field !== undefined) return field
  const typeName = struct.name.slice(struct.name.indexOf('.') + 1)
  throw mergeError(
    `unable to find api field in struct ${typeName} for the json field ${JSON.stringify(name)}`,
  )
}

interface ListField {
  readonly field: JsonField
  readonly element: SchemaType
}

function lookUpList(type: SchemaType, name: string): ListField {
  const field = lookUp(type, name)
  const target = field.type.kind === 'pointer' ? resolve(field.type) : field.type
  if (target.kind === 'list' && target.elem !== undefined) return { field, element: target.elem }
  if (field.type.kind === 'pointer') return { field, element: target }
  throw mergeError(`expected slice or array type, but got: ${goKind(type)}`)
}

/** `$setElementOrder/F` and the patch of list F, which it covers. Returns the patch without both. */
function mergeOrdered(draft: Draft, patch: JsonObject, key: string, type: SchemaType): JsonObject {
  const order = own(patch, key)
  if (!Array.isArray(order)) throw badArgument('[]interface {}', order ?? null)
  const name = targetOf(key, ELEMENT_ORDER, 'setElementOrder list')
  const original = own(draft.current, name)
  const added = own(patch, name)
  for (const list of [original, added]) {
    if (list !== undefined && !Array.isArray(list)) throw badArgument('[]interface {}', list)
  }
  const before = Array.isArray(original) ? original : []
  const changes = Array.isArray(added) ? added : []
  const list = lookUpList(type, name)
  const mergeKey = list.field.mergeKey
  validateOrder(changes, order, mergeKey)
  if (original === undefined && added === undefined) return without(patch, [key])
  let merged: readonly Json[] = before
  let server = before
  if (original === undefined) merged = strip(changes, false) as JsonArray
  else if (added !== undefined) {
    merged = list.field.merge ? mergeList(before, changes, list, false) : changes
    server = serverOrder(before, changes, mergeKey)
  }
  draft.set(name, arrange(merged, order, server, mergeKey, holdsMaps(server, changes)))
  return without(patch, [key, name])
}

/**
 * The original list as its order counts after a merge: upstream deletes in place, so later items move up, and items
 * that the patch appends take the places that became free.
 */
function serverOrder(original: JsonArray, patch: readonly Json[], key: string | undefined): JsonArray {
  if (key === undefined) return original
  const identity = (item: Json): Json => (isObject(item) ? (own(item, key) ?? null) : null)
  const gone = new Set(patch.filter((item) => isObject(item) && own(item, PATCH) === 'delete').map(identity))
  const kept = original.filter((item) => !gone.has(identity(item)))
  if (kept.length === original.length) return original
  const known = new Set(kept.map(identity))
  for (const item of patch) {
    if (kept.length === original.length) return kept
    if ((isObject(item) && Object.hasOwn(item, PATCH)) || known.has(identity(item))) continue
    known.add(identity(item))
    kept.push(item)
  }
  return [...kept, ...original.slice(kept.length)]
}

function mergeList(original: JsonArray, patch: JsonArray, list: ListField, deletes: boolean): JsonArray {
  if (original.length === 0 && patch.length === 0) return original
  const key = list.field.mergeKey
  if (key !== undefined && !deletes && areApart(original, patch, key)) return [...patch, ...original]
  if (!holdsMaps(original, patch)) {
    if (deletes) return deleteScalars(original, patch)
    const union = [...new Set([...original, ...patch])]
    return same(original, arrange(union, patch, original, key, false))
  }
  if (key === undefined) throw mergeError(`cannot merge lists without merge key for ${goKind(list.element)}`)
  const { kept, changes } = applySpecials(original, patch, key)
  const merged = mergeItems(kept, changes, key, list.element)
  return same(original, arrange(merged, changes, kept, key, true))
}

/**
 * Whether each item has a text of its own as its key, and none of the patch is more than a new item. What the patch adds
 * then stands before what was there, each in its order.
 */
function areApart(original: JsonArray, patch: JsonArray, key: string): boolean {
  const names = new Set<Json>()
  for (const item of original) {
    const name = isObject(item) ? own(item, key) : undefined
    if (typeof name !== 'string') return false
    names.add(name)
  }
  for (const item of patch) {
    const name = isObject(item) ? own(item, key) : undefined
    if (typeof name !== 'string' || Object.hasOwn(item as JsonObject, PATCH)) return false
    names.add(name)
  }
  return names.size === original.length + patch.length && patch.length > 0
}

/** The original when the result holds the very same items. */
function same(original: JsonArray, result: JsonArray): JsonArray {
  return original.length === result.length && original.every((item, i) => item === result[i])
    ? original
    : result
}

function deleteScalars(original: JsonArray, scalars: JsonArray): JsonArray {
  const gone = new Set(scalars)
  return same(
    original,
    original.filter((item) => !gone.has(item)),
  )
}

/** Items with `$patch`: deletions leave the original, a replacement leaves nothing of it. */
function applySpecials(
  original: JsonArray,
  patch: JsonArray,
  key: string,
): { kept: JsonArray; changes: JsonArray } {
  const changes: JsonArray = []
  let kept = original
  let replaces = false
  for (const item of patch as JsonObject[]) {
    const directive = own(item, PATCH)
    if (directive === undefined) changes.push(item)
    else if (directive === 'delete') {
      if (!Object.hasOwn(item, key)) throw noMergeKey(item, key)
      const gone = identityOf(item, key)
      kept = kept.filter(
        (other) => !Object.hasOwn(other as JsonObject, key) || !sameIdentity(identityOf(other, key), gone),
      )
    } else if (directive === 'replace') replaces = true
    else if (directive === 'merge') throw mergeError('merging lists cannot yet be specified in the patch')
    else throw badPatchType(directive, item)
  }
  return replaces ? { kept: changes, changes: [] } : { kept, changes }
}

/** Patch items merged into the first item with their key, or appended as they stand. */
function mergeItems(original: JsonArray, patch: JsonArray, key: string, element: SchemaType): JsonArray {
  const merged = [...original]
  const index = new ItemIndex(original, key)
  for (const item of patch as JsonObject[]) {
    if (!Object.hasOwn(item, key)) throw noMergeKey(item, key)
    const at = index.find(identityOf(item, key))
    if (at >= 0) merged[at] = mergeMap(merged[at] as JsonObject, item, element)
    else {
      merged.push(item)
      index.append(item)
    }
  }
  return merged
}
