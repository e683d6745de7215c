// Texts in one byte a character where they can be. Engines keep a text cut from a longer one as the longer one was: a single
// character beyond U+00FF in a template (a dash in a comment) makes everything that comes from it twice as large, and
// every text it is joined into, too. Worth it for texts that are kept and used again and again. The value never changes.

import { isObject, type Json, type JsonObject, setOwn } from './json.ts'

const BEYOND_ONE_BYTE = /[^\u0000-\u00ff]/

/** `text`, laid out anew. */
export function narrow(text: string): string {
  // Reading JSON makes a new text, of as many bytes a character as it needs; there is no other way to ask for that.
  return BEYOND_ONE_BYTE.test(text) ? text : (JSON.parse(JSON.stringify(text)) as string)
}

/** A copy of `value` with its texts and keys laid out anew. */
export function narrowAll(value: Json): Json {
  if (typeof value === 'string') return narrow(value)
  if (Array.isArray(value)) return value.map(narrowAll)
  if (!isObject(value)) return value
  const copy: JsonObject = {}
  for (const key of Object.keys(value)) setOwn(copy, narrow(key), narrowAll(value[key] ?? null))
  return copy
}
