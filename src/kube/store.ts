// What a reflector knows of its objects: the selected part of each, by `namespace/name`. Events that come twice or late
// change nothing. Equal parts keep their identity, so that a reader sees by `===` what changed.

import { equalJson, isObject, type Json, type JsonObject, own } from '../std/json.ts'

/** Deleted objects whose version is remembered, so that a late event does not bring them back. */
const GRAVES = 1000

export class Store<T> {
  private readonly select: (raw: JsonObject) => T | undefined
  private readonly onProblem: (error: unknown) => void
  private map = new Map<string, T>()
  private versions = new Map<string, number>()
  private graves = new Map<string, number>()

  /** `select` returns plain data that holds nothing of the object it does not need, or undefined to leave it out. */
  constructor(select: (raw: JsonObject) => T | undefined, onProblem: (error: unknown) => void) {
    this.select = select
    this.onProblem = onProblem
  }

  get items(): ReadonlyMap<string, T> {
    return this.map
  }

  /** Takes one watch event; whether a selected part changed. */
  take(type: string, object: JsonObject): boolean {
    const key = keyOf(object)
    const version = versionOf(object)
    if (key === undefined) return false
    if (version <= (this.versions.get(key) ?? this.graves.get(key) ?? Number.NEGATIVE_INFINITY)) return false
    if (type === 'DELETED') {
      this.bury(key, version)
      return this.map.delete(key)
    }
    this.graves.delete(key)
    this.versions.set(key, version)
    const old = this.map.get(key)
    const value = this.selected(object, old)
    if (value === old) return false
    if (value === undefined) this.map.delete(key)
    else this.map.set(key, value)
    return true
  }

  /** A list begins: `add` its objects page by page, then `swap` them in at once. */
  begin(): { add(objects: readonly JsonObject[]): void; swap(): boolean } {
    const map = new Map<string, T>()
    const versions = new Map<string, number>()
    const add = (objects: readonly JsonObject[]): void => {
      for (const object of objects) {
        const key = keyOf(object)
        if (key === undefined) continue
        const value = this.selected(object, this.map.get(key))
        versions.set(key, versionOf(object))
        if (value !== undefined) map.set(key, value)
      }
    }
    const swap = (): boolean => {
      const old = this.map
      this.map = map
      this.versions = versions
      this.graves = new Map()
      return old.size !== map.size || [...map].some(([key, value]) => old.get(key) !== value)
    }
    return { add, swap }
  }

  /** The selected part, `old` where it is equal. An object that `select` fails on is left out and told. */
  private selected(object: JsonObject, old: T | undefined): T | undefined {
    try {
      const value = this.select(object)
      return equalJson(value, old) ? old : value
    } catch (error) {
      this.onProblem(error)
      return undefined
    }
  }

  private bury(key: string, version: number): void {
    this.versions.delete(key)
    this.graves.set(key, version)
    if (this.graves.size <= GRAVES) return
    const [oldest] = this.graves.keys()
    if (oldest !== undefined) this.graves.delete(oldest)
  }
}

/** `namespace/name`; of an object without namespace its name alone. */
function keyOf(object: JsonObject): string | undefined {
  const metadata = own(object, 'metadata')
  const name = textAt(metadata, 'name')
  const namespace = textAt(metadata, 'namespace')
  if (name === undefined) return undefined
  return namespace === undefined ? name : `${namespace}/${name}`
}

/** NaN for a version that is no number: it is neither older nor newer than another. */
function versionOf(object: JsonObject): number {
  return Number(textAt(own(object, 'metadata'), 'resourceVersion') ?? Number.NaN)
}

function textAt(value: Json | undefined, key: string): string | undefined {
  const found = isObject(value) ? own(value, key) : undefined
  return typeof found === 'string' && found !== '' ? found : undefined
}
