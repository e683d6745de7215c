// Objects that are changed without being mutated: a draft shares its original until its first change, then copies it.
// Keys are data, `__proto__` included.

import { type Json, type JsonObject, own, setOwn } from '../std/json.ts'

/** An object that is copied at its first change. */
export class Draft {
  /** The original until something changed, then a copy with the changes. */
  current: JsonObject
  private owned = false

  constructor(original: JsonObject) {
    this.current = original
  }

  set(key: string, value: Json): void {
    if (own(this.current, key) === value) return
    this.copy()
    setOwn(this.current, key, value)
  }

  remove(key: string): void {
    if (!Object.hasOwn(this.current, key)) return
    this.copy()
    delete this.current[key]
  }

  private copy(): void {
    if (!this.owned) this.current = { ...this.current }
    this.owned = true
  }
}
