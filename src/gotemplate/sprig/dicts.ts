// Maps. `set`, `unset` and the merge family change their argument, as Go's maps are references; a map that is frozen is
// input data of the caller and is refused instead. All other functions make new maps.

import { setOwn } from '../../std/json.ts'
import { type CallContext, FuncError, type TemplateFunc } from '../func.ts'
import { DICT, wrap } from '../types.ts'
import { compareBytes } from '../utf8.ts'
import { type GoMap, type GoValue, Typed } from '../value.ts'
import { mapOfValue, typeName } from '../value-ops.ts'
import { strval } from './cast.ts'
import { dictOf, fixed, newDict, strings, text, variadic } from './go.ts'
import { merge } from './merge.ts'

/** The entry `key`; undefined when the map lacks it (a null entry is null). */
function lookup(map: GoMap | undefined, key: string): GoValue {
  if (map === undefined || !Object.hasOwn(map, key)) return undefined
  return (map[key] ?? null) as GoValue
}

/** Steps of looking at an entry of a map. */
const ENTRY = 8

function sortedKeys(map: GoMap | undefined, charge: CallContext['charge']): string[] {
  const keys = Object.keys(map ?? {})
  charge(keys.length * ENTRY)
  return keys.sort(compareBytes)
}

/** The map of the template that `set` and its like may change. */
function writable(value: GoValue, name: string): { [key: string]: unknown } {
  const map = dictOf(value)
  if (map === undefined) throw new FuncError('assignment to entry in nil map')
  if (Object.isFrozen(map)) {
    throw new FuncError(`${name} cannot change a map of the input; change a copy of it (deepCopy)`)
  }
  return map as { [key: string]: unknown }
}

function set([dict, key, value]: readonly GoValue[]): GoValue {
  setOwn(writable(dict, 'set'), text(key), value ?? null)
  return dict ?? null
}

function unset([dict, key]: readonly GoValue[]): GoValue {
  // Deleting what is not there changes nothing, in nil maps and in the input too.
  if (lookup(dictOf(dict), text(key)) !== undefined) delete writable(dict, 'unset')[text(key)]
  return dict ?? null
}

function dict(args: readonly GoValue[], { charge }: CallContext): GoValue {
  const result = newDict()
  for (let i = 0; i < args.length; i += 2) {
    result[strval(args[i], charge)] = i + 1 < args.length ? (args[i + 1] ?? null) : ''
  }
  return result
}

/** A new map of the entries whose key passes. */
function filtered(
  map: GoMap | undefined,
  keep: (key: string) => boolean,
  charge: CallContext['charge'],
): GoMap {
  const result = newDict()
  const keys = Object.keys(map ?? {})
  charge(keys.length * ENTRY)
  for (const key of keys) if (keep(key)) result[key] = lookup(map, key)
  return result
}

function conversion(value: GoValue, wanted: string): FuncError {
  const name = value === null || value === undefined ? 'nil' : typeName(value)
  return new FuncError(`interface conversion: interface {} is ${name}, not ${wanted}`)
}

function dictionary(value: GoValue): GoMap {
  const map = mapOfValue(value)
  if (map === undefined || map.type.name !== 'map[string]interface {}') {
    throw conversion(value, 'map[string]interface {}')
  }
  return map.raw
}

/** `dig key… default dict`: follows the keys; the default where one is absent. */
function dig(args: readonly GoValue[]): GoValue {
  if (args.length < 3) throw new FuncError('dig needs at least three arguments')
  let map = dictionary(args.at(-1))
  const keys = args.slice(0, -2).map((key) => {
    if (typeof key !== 'string') throw conversion(key, 'string')
    return key
  })
  for (const [i, key] of keys.entries()) {
    const step = lookup(map, key)
    if (step === undefined) return args.at(-2) ?? null
    if (i === keys.length - 1) return step
    map = dictionary(step)
  }
  return null
}

/** Copies maps and lists at every depth. Data of typed values is never changed, so only what they hold is copied. */
function deepCopy(value: GoValue, charge: (count: number) => void): GoValue {
  charge(ENTRY)
  if (typeof value !== 'object' || value === null) return value ?? null
  if (Array.isArray(value)) return value.map((item) => deepCopy(item as GoValue, charge))
  if (value instanceof Typed) return copyTyped(value, charge)
  return copyMap(value as GoMap, (item) => deepCopy(item as GoValue, charge))
}

function copyMap(map: GoMap, copy: (item: unknown) => unknown): GoMap {
  const result = newDict()
  for (const key of Object.keys(map)) result[key] = copy(map[key])
  return result
}

function copyTyped(value: Typed, charge: (count: number) => void): GoValue {
  const { type, raw } = value
  if (raw === undefined || type.elem === undefined) return value
  const { elem } = type
  const copy = (item: unknown): unknown => {
    const copied = deepCopy(wrap(elem, item), charge)
    return copied instanceof Typed ? copied.raw : copied
  }
  if (type.kind === 'slice') return new Typed(type, (raw as readonly unknown[]).map(copy))
  return type.kind === 'map' ? new Typed(type, copyMap(raw as GoMap, copy)) : value
}

function copyOf([value]: readonly GoValue[], { charge }: CallContext): GoValue {
  if (value === null || value === undefined) {
    throw new FuncError('reflect: call of reflect.Value.Type on zero Value')
  }
  return deepCopy(value, charge)
}

const CHANGES = { mutates: true }

function merging(name: string, overwrite: boolean): TemplateFunc {
  return variadic(
    ['dict'],
    'dict',
    ([target, ...sources], { charge }) => {
      const given = sources.map(dictOf).filter((source) => source !== undefined)
      // Go's merge makes a map where the target is nil, if there is anything to merge.
      if (dictOf(target) === undefined && given.length === 0) return new Typed(DICT, undefined)
      const result = dictOf(target) === undefined ? newDict() : writable(target, name)
      for (const source of given) merge(result, source, overwrite, charge)
      return result
    },
    CHANGES,
  )
}

export const DICT_FUNCS: Record<string, TemplateFunc> = {
  dict: variadic([], 'any', dict),
  get: fixed(['dict', 'string'], ([map, key]) => lookup(dictOf(map), text(key)) ?? missing(map, key)),
  set: fixed(['dict', 'string', 'any'], set, CHANGES),
  unset: fixed(['dict', 'string'], unset, CHANGES),
  hasKey: fixed(['dict', 'string'], ([map, key]) => lookup(dictOf(map), text(key)) !== undefined),
  pluck: variadic(['string'], 'dict', ([key, ...maps]) =>
    maps.map((map) => lookup(dictOf(map), text(key))).filter((value) => value !== undefined),
  ),
  // Go's order is random; sorted keys are one of its orders.
  keys: variadic([], 'dict', (maps, { charge }) =>
    strings(maps.flatMap((map) => sortedKeys(dictOf(map), charge))),
  ),
  values: fixed(['dict'], ([map], { charge }) =>
    sortedKeys(dictOf(map), charge).map((key) => lookup(dictOf(map), key)),
  ),
  pick: variadic(['dict'], 'string', ([map, ...names], { charge }) => {
    const picked = new Set(names.map(text))
    return filtered(dictOf(map), (key) => picked.has(key), charge)
  }),
  omit: variadic(['dict'], 'string', ([map, ...names], { charge }) => {
    const omitted = new Set(names.map(text))
    return filtered(dictOf(map), (key) => !omitted.has(key), charge)
  }),
  merge: merging('merge', false),
  mustMerge: merging('mustMerge', false),
  mergeOverwrite: merging('mergeOverwrite', true),
  mustMergeOverwrite: merging('mustMergeOverwrite', true),
  deepCopy: fixed(['any'], copyOf),
  mustDeepCopy: fixed(['any'], copyOf),
  dig: variadic([], 'any', dig),
}

/** `get` of an absent key is "", of a null entry nil. */
function missing(map: GoValue, key: GoValue): GoValue {
  return Object.hasOwn(dictOf(map) ?? {}, text(key)) ? null : ''
}
