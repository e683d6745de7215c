// How encoding/json finds the field of a struct: by its exact name, else by a name that differs in case only.
// Several members may name one field; they are decoded one after the other into it, in the order of the text.

import { compareGoStrings } from '../std/gojson.ts'
import { isObject, type Json, type JsonObject, own, setOwn } from '../std/json.ts'
import { type JsonField, resolve, type SchemaType } from './schema.ts'

/** Case folding for field names: ASCII letters, and the two other characters that fold to one (`ſ` and the Kelvin sign). */
export function foldName(name: string): string {
  return name
    .replaceAll('\u017f', 's')
    .replaceAll('\u212a', 'k')
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

interface Names {
  readonly exact: ReadonlyMap<string, JsonField>
  readonly folded: ReadonlyMap<string, JsonField>
}

const indexed = new WeakMap<SchemaType, Names>()

function namesOf(type: SchemaType): Names {
  const known = indexed.get(type)
  if (known !== undefined) return known
  const exact = new Map(type.json.map((field) => [field.json, field]))
  const folded = new Map(type.json.toReversed().map((field) => [foldName(field.json), field]))
  const names = { exact, folded }
  indexed.set(type, names)
  return names
}

/** The field of a struct that JSON name `name` means; undefined when there is none. */
export function findField(type: SchemaType, name: string): JsonField | undefined {
  const names = namesOf(type)
  return names.exact.get(name) ?? names.folded.get(foldName(name))
}

/** The field of a struct whose JSON name is `name`, letter by letter. */
export function exactField(type: SchemaType, name: string): JsonField | undefined {
  return namesOf(type).exact.get(name)
}

/** Order of members in the text that Go reads: sorted in a text that was written from a map, else as given. */
export type MemberOrder = 'sorted' | 'given'

export function memberNames(value: JsonObject, order: MemberOrder): string[] {
  const names = Object.keys(value)
  return order === 'sorted' ? names.sort(compareGoStrings) : names
}

/** The members of a struct as pairs of field and value, in the order Go meets them; unknown members are left out. */
export function membersOf(
  type: SchemaType,
  value: JsonObject,
  order: MemberOrder = 'sorted',
): [field: JsonField, value: Json][] {
  const members: [JsonField, Json][] = []
  for (const key of memberNames(value, order)) {
    const child = value[key]
    const field = findField(type, key)
    if (field !== undefined && child !== undefined) members.push([field, child])
  }
  return members
}

/** `value` with each field once, under its exact name. */
export function settleNames(type: SchemaType, value: JsonObject): JsonObject {
  const settled: JsonObject = {}
  for (const [field, child] of membersOf(type, value)) {
    const earlier = own(settled, field.json)
    setOwn(settled, field.json, earlier === undefined ? child : over(field.type, earlier, child))
  }
  return settled
}

/** What is in a field after `later` was decoded into what `earlier` left there. */
function over(type: SchemaType, earlier: Json, later: Json): Json {
  const target = resolve(type)
  const nullable =
    type.kind === 'pointer' || type.kind === 'list' || type.kind === 'map' || type.kind === 'raw'
  if (later === null) return nullable ? null : earlier
  if (target.kind === 'struct' && isObject(earlier) && isObject(later)) {
    const first = settleNames(target, earlier)
    for (const [field, child] of membersOf(target, later)) {
      const there = own(first, field.json)
      setOwn(first, field.json, there === undefined ? child : over(field.type, there, child))
    }
    return first
  }
  if (target.kind === 'map' && isObject(earlier) && isObject(later)) return { ...earlier, ...later }
  const elem = target.elem
  if (target.kind === 'list' && elem !== undefined && Array.isArray(earlier) && Array.isArray(later)) {
    return later.map((item, i) => (i < earlier.length ? over(elem, earlier[i] ?? null, item) : item))
  }
  return later
}
