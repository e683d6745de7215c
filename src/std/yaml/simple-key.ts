// The place on one flow level where a key without `?` may have begun. libyaml looks back to it when a `:` comes: until
// then nobody knows whether the text before is a key. Such a key ends on its line and within 1024 characters.

export interface SimpleKey {
  possible: boolean
  /** The key stands at the indentation of its block mapping: if it is no key, the text is wrong. */
  required: boolean
  /** Its token stays in the queue until it is known whether it is a key. */
  waits: boolean
  token: number
  start: number
  line: number
  column: number
}

/** Characters (not units) that a key without `?` may have before its `:`. */
const KEY_LENGTH = 1024

export function noKey(): SimpleKey {
  return { possible: false, required: false, waits: false, token: 0, start: 0, line: 0, column: 0 }
}

/** Whether more than 1024 characters lie between `start` and `end`. */
export function isTooLong(units: Uint16Array, start: number, end: number): boolean {
  if (end - start <= KEY_LENGTH) return false
  let count = 0
  for (let i = start; i < end && count <= KEY_LENGTH; i++) {
    if (((units[i] ?? 0) & 0xfc00) !== 0xdc00) count++
  }
  return count > KEY_LENGTH
}
