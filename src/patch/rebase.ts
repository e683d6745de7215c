// Three-way: the changes that turned `base` into `final`, carried over to `raw`, of which `base` is the typed form.
// What the API server sent and Go's types do not know (new fields, spellings of quantities, zero values) stays as it was,
// since a patch must give the right pod when it is applied to the request's own object (contract §12).
// Result and inputs share what did not change; nothing is mutated.

import { equalJson, isObject, type Json, type JsonArray, type JsonObject, own, setOwn } from '../std/json.ts'
import { keyOf, matchByKey, matchEqual } from './align.ts'
import { findField } from './field-names.ts'
import { resolve, type SchemaType } from './schema.ts'

/**
 * `raw` with exactly the changes from `base` to `final`; `raw` itself when these are one object. With `type`, the type of
 * all three, members of `raw` that spell a field in another case are known as that field.
 */
export function rebase(raw: Json, base: Json, final: Json, type?: SchemaType): Json {
  if (base === final) return raw
  if (raw === base) return final
  if (isObject(raw) && isObject(base) && isObject(final)) return rebaseObject(raw, base, final, type)
  if (Array.isArray(raw) && Array.isArray(base) && Array.isArray(final) && raw.length === base.length) {
    return rebaseList(raw, base, final, type)
  }
  return equalJson(base, final) ? raw : final
}

function rebaseObject(raw: JsonObject, base: JsonObject, final: JsonObject, type?: SchemaType): JsonObject {
  let result = raw
  const owned = (): JsonObject => {
    if (result === raw) result = { ...raw }
    return result
  }
  const struct = type === undefined ? undefined : resolve(type)
  const replace = (key: string, value: Json | undefined): void => {
    for (const other of spellings(raw, key, struct)) delete owned()[other]
    if (value !== undefined) setOwn(owned(), key, value)
  }
  for (const key of Object.keys(base)) {
    const before = own(base, key)
    const after = own(final, key)
    if (before === after || before === undefined) continue
    const there = own(raw, key)
    if (after === undefined) replace(key, undefined)
    else if (there === undefined || there === null) {
      if (!equalJson(before, after)) replace(key, after)
    } else {
      const child = rebase(there, before, after, memberType(struct, key))
      if (child !== there) setOwn(owned(), key, child)
    }
  }
  for (const key of Object.keys(final)) {
    const value = own(final, key)
    if (value !== undefined && own(base, key) === undefined) replace(key, value)
  }
  return result
}

/** The keys of `raw` that mean the member `key`: itself and, in a struct, names that differ from it in case only. */
function spellings(raw: JsonObject, key: string, struct: SchemaType | undefined): string[] {
  if (struct?.kind !== 'struct') return Object.hasOwn(raw, key) ? [key] : []
  return Object.keys(raw).filter((other) => other === key || findField(struct, other)?.json === key)
}

function memberType(struct: SchemaType | undefined, key: string): SchemaType | undefined {
  if (struct?.kind === 'struct') return findField(struct, key)?.type
  return struct?.kind === 'map' ? struct.elem : undefined
}

function rebaseList(raw: JsonArray, base: JsonArray, final: JsonArray, type?: SchemaType): JsonArray {
  const key = keyOf(base, final)
  const matches =
    key === undefined ? pairGaps(matchEqual(base, final), base.length) : matchByKey(base, final, key)
  const element = type === undefined ? undefined : resolve(type).elem
  const items = final.map((item, i) => {
    const position = matches[i] ?? -1
    return position < 0 ? item : rebase(raw[position] ?? null, base[position] ?? null, item, element)
  })
  return items.length === raw.length && items.every((item, i) => item === raw[i]) ? raw : items
}

/** Between equal items, as many items on either side are taken for changed ones and matched one by one. */
function pairGaps(matches: readonly number[], fromLength: number): number[] {
  const paired = [...matches]
  let from = 0
  let to = 0
  for (let end = 0; end <= matches.length; end++) {
    const position = end === matches.length ? fromLength : (matches[end] ?? -1)
    if (position < 0) continue
    if (position - from === end - to) for (; to < end; to++) paired[to] = from++
    from = position + 1
    to = end + 1
  }
  return paired
}
