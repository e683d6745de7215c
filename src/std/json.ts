// JSON values as plain data, and the few operations every layer needs on them.
// Objects come from JSON.parse or from a YAML document: any own key may be any text, `__proto__` included,
// so keys that users choose are read with `own` and written with `setOwn`, never with `[]`.

export type Json = null | boolean | number | string | JsonArray | JsonObject
export type JsonArray = Json[]
export interface JsonObject {
  [key: string]: Json
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The own property `key` of `object`, or undefined: inherited names (`constructor`, `toString`) are not data. */
export function own<T>(object: { readonly [key: string]: T }, key: string): T | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Sets an own property whatever its name; plain assignment to `__proto__` would change the prototype instead. */
export function setOwn<T>(object: { [key: string]: T }, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    object[key] = value
  }
}

/** A copy of `object` that lacks `names`. */
export function without<T>(
  object: { readonly [key: string]: T },
  names: readonly string[],
): { [key: string]: T } {
  if (names.length === 0) return { ...object }
  const copy: { [key: string]: T } = {}
  for (const name of Object.keys(object)) if (!names.includes(name)) setOwn(copy, name, object[name] as T)
  return copy
}

/** Deep equality of JSON values: list order counts, key order does not. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equalJson(item, b[i]))
  }
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]))
}

export function cloneJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map(cloneJson) as T
  if (!isObject(value)) return value
  const copy: JsonObject = {}
  for (const key of Object.keys(value)) setOwn(copy, key, cloneJson(value[key] as Json))
  return copy as T
}

/** Freezes a tree of plain objects and arrays, and returns it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const child of Object.values(value)) deepFreeze(child)
  }
  return value
}
