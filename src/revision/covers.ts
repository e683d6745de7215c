// Whether an object of the API server has all that a server-side apply would write: what others added to it, and what the
// server fills in, does not count. Data in, a verdict out.

import { equalJson, isObject, type Json, own } from '../std/json.ts'

/** Selectors and lists without names are whole values to the API server: what others add to them is a difference. */
const WHOLE: ReadonlySet<string> = new Set(['namespaceSelector', 'objectSelector', 'rules'])

/** Whether `live` has all that `wish` has; lists of named items are compared by name. */
export function covers(live: Json | undefined, wish: Json): boolean {
  if (Array.isArray(wish)) {
    if (!Array.isArray(live)) return false
    if (!wish.every((item) => isObject(item) && typeof item['name'] === 'string'))
      return equalJson(live, wish)
    const named = new Map(live.filter(isObject).map((item) => [item['name'], item]))
    return wish.every((item) => isObject(item) && covers(named.get(item['name'] ?? null), item))
  }
  if (!isObject(wish)) return live === wish
  if (!isObject(live)) return false
  return Object.entries(wish).every(([key, value]) => {
    if (key === 'apiVersion' || key === 'kind') return true // lists leave them out of their items
    return WHOLE.has(key) ? equalJson(own(live, key), value) : covers(own(live, key), value)
  })
}
