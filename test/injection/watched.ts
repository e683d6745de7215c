// The data of a template run, watched: what differs between pods is wrapped in proxies that tell of every read, so that a
// recording can be held to account for it.

import type { GoValue } from '../../src/gotemplate/value.ts'
import { Typed } from '../../src/gotemplate/value.ts'

/** Tells of a read, by path. */
export type Tell = (path: string) => void

/** A copy of `value` that tells of every look at its members; scalars are told of by who holds them. */
export function watched(value: unknown, path: string, tell: Tell): unknown {
  if (typeof value !== 'object' || value === null) return value
  // A proxy of a frozen object would have to return the very members.
  return watchedCopy(structuredClone(value), path, tell)
}

function watchedCopy(value: object, path: string, tell: Tell): object {
  const members = new Map<PropertyKey, object>()
  return new Proxy(value, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      if (typeof key === 'symbol' || typeof member === 'function') return member
      tell(`${path}.${key}`)
      if (typeof member !== 'object' || member === null) return member
      const known = members.get(key) ?? watchedCopy(member, `${path}.${key}`, tell)
      members.set(key, known)
      return known
    },
    has(target, key) {
      tell(`${path}.${String(key)}`)
      return Reflect.has(target, key)
    },
    ownKeys(target) {
      tell(`the keys of ${path}`)
      return Reflect.ownKeys(target)
    },
    getOwnPropertyDescriptor(target, key) {
      tell(`${path}.${String(key)}`)
      return Reflect.getOwnPropertyDescriptor(target, key)
    },
  })
}

/** A template's root whose members are watched, but for those named as the same for all pods. */
export function watchedRoot(root: GoValue, constant: ReadonlySet<string>, tell: Tell): GoValue {
  if (root instanceof Typed) return new Typed(root.type, watchedMembers(root.raw as object, constant, tell))
  return watchedMembers(root as object, constant, tell) as GoValue
}

function watchedMembers(holder: object, constant: ReadonlySet<string>, tell: Tell): object {
  const copy: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(holder)) {
    const member = constant.has(key) ? value : watched(value, key, tell)
    const get = (): unknown => {
      if (!constant.has(key)) tell(key)
      return member
    }
    Object.defineProperty(copy, key, { get, enumerable: true })
  }
  return copy
}
