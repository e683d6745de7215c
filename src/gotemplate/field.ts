// `.name` on a Go value: struct fields, methods without arguments, map entries (Go's exec.go, evalField).
// In: a value and a name. Out: the value read, or FuncError with Go's text. Only own properties are data.

import { FuncError } from './func.ts'
import { goQuote } from './quote.ts'
import { ANY, DICT, typeName, wrap, zeroOf } from './types.ts'
import { type GoField, type GoMap, type GoMethod, type GoType, type GoValue, Typed } from './value.ts'

/** What reading an absent key of a map gives: no value, the zero value of the element type, or an error. */
export type MissingKey = 'default' | 'zero' | 'error'

type Path = readonly GoField[]

/** What a name means on a type. The raw value of a pointer is that of its target, so paths hold for both. */
type Member =
  | { readonly kind: 'method'; readonly method: GoMethod; readonly path: Path; readonly ofPointer: boolean }
  | { readonly kind: 'field'; readonly path: Path; readonly first: GoField }
  | { readonly kind: 'entry'; readonly map: GoType }
  | { readonly kind: 'none'; readonly target: GoType }

/** Remembers at one place of a template what its name meant on the type met last. */
export interface FieldCache {
  type: GoType | undefined
  member: Member | undefined
}

/**
 * The field, method result or map entry `name`, following pointers, as `.name` in a template.
 * Throws FuncError with Go's text. `boxed` says that the value was held by an interface, which the text then names.
 */
export function field(
  value: GoValue,
  name: string,
  missing: MissingKey = 'default',
  boxed = false,
  cache?: FieldCache,
): GoValue {
  if (value === undefined) {
    if (missing === 'error') throw new FuncError(`nil data; no entry for key ${goQuote(name)}`)
    return undefined
  }
  if (value === null) throw new FuncError(`nil pointer evaluating interface {}.${name}`)
  if (typeof value === 'object') {
    if (value instanceof Typed) return typedField(value, name, missing, boxed, cache)
    if (!Array.isArray(value)) return entry(DICT, value as GoMap, name, missing)
  }
  throw new FuncError(`can't evaluate field ${name} in type ${boxed ? ANY.name : typeName(value)}`)
}

function entry(type: GoType, raw: GoMap | undefined, name: string, missing: MissingKey): GoValue {
  if (raw !== undefined && Object.hasOwn(raw, name)) return wrap(type.elem ?? ANY, raw[name])
  if (missing === 'default') return undefined
  if (missing === 'zero') return zeroOf(type.elem ?? ANY)
  throw new FuncError(`map has no entry for key ${goQuote(name)}`)
}

function typedField(
  value: Typed,
  name: string,
  missing: MissingKey,
  boxed: boolean,
  cache: FieldCache | undefined,
): GoValue {
  const { type, raw } = value
  let member: Member | undefined
  if (cache === undefined) member = memberOf(type, name)
  else {
    if (cache.type !== type) {
      cache.type = type
      cache.member = memberOf(type, name)
    }
    member = cache.member
  }
  const isNil = raw === undefined && type.kind === 'pointer'
  switch (member?.kind) {
    case 'field':
      if (isNil) break
      return member.path.length === 1 ? readOne(member.first, raw) : readPath(member.path, raw)
    case 'entry':
      if (isNil) break
      return entry(member.map, raw as GoMap | undefined, name, missing)
    case 'method':
      if (isNil && !member.ofPointer) break
      return callMethod(member, raw, name)
    default:
      if (isNil && member?.target.kind !== 'struct') break
      throw new FuncError(`can't evaluate field ${name} in type ${boxed ? ANY.name : type.name}`)
  }
  throw new FuncError(`nil pointer evaluating ${boxed ? ANY.name : type.name}.${name}`)
}

function callMethod(
  { method, path }: Extract<Member, { kind: 'method' }>,
  raw: unknown,
  name: string,
): GoValue {
  const { params } = method
  if (params.length > 0) {
    throw new FuncError(`wrong number of args for ${name}: want ${params.length} got 0`)
  }
  return method.call(follow(path, raw), [])
}

const members = new WeakMap<GoType, Map<string, Member>>()

function memberOf(type: GoType, name: string): Member {
  let known = members.get(type)
  if (known === undefined) {
    known = new Map()
    members.set(type, known)
  }
  let member = known.get(name)
  if (member === undefined) {
    member = resolve(type, name)
    known.set(name, member)
  }
  return member
}

function resolve(type: GoType, name: string): Member {
  const method = type.methods?.().get(name)
  if (method !== undefined) return { kind: 'method', method, path: [], ofPointer: type.kind === 'pointer' }
  switch (type.kind) {
    case 'pointer': {
      const inner = memberOf(type.elem ?? ANY, name)
      return inner.kind === 'method' ? { ...inner, ofPointer: false } : inner
    }
    case 'struct':
      return resolveInStruct(type, name)
    case 'map':
      // A field name is a plain string: it is no key of a map with keys of a named type.
      if (type.key === undefined || type.key.name === 'string') return { kind: 'entry', map: type }
      return { kind: 'none', target: type }
    default:
      return { kind: 'none', target: type }
  }
}

function resolveInStruct(type: GoType, name: string): Member {
  const path = fieldsOf(type).get(name)
  const [first] = path ?? []
  const promoted = path?.length === 1 ? undefined : promotedMethod(type, name)
  if (promoted !== undefined) return promoted
  return path !== undefined && first !== undefined
    ? { kind: 'field', path, first }
    : { kind: 'none', target: type }
}

/** A method of an embedded field. */
function promotedMethod(type: GoType, name: string): Member | undefined {
  for (const path of fieldsOf(type).values()) {
    const inner = path.at(-1)?.type
    if (inner === undefined || !path.every((step) => step.embedded === true)) continue
    const method = inner.methods?.().get(name) ?? inner.elem?.methods?.().get(name)
    if (method !== undefined) return { kind: 'method', method, path, ofPointer: false }
  }
  return undefined
}

/** A bound method: call it with `method.call(raw, args)`. */
export interface BoundMethod {
  readonly method: GoMethod
  readonly raw: unknown
}

/** The method `name` of a value: of its type, of what it points to, or promoted from an embedded field. */
export function findMethod(value: GoValue, name: string): BoundMethod | undefined {
  if (!(value instanceof Typed)) return undefined
  const member = memberOf(value.type, name)
  if (member.kind !== 'method') return undefined
  if (value.raw === undefined && value.type.kind === 'pointer' && !member.ofPointer) return undefined
  return { method: member.method, raw: follow(member.path, value.raw) }
}

const fieldTables = new WeakMap<GoType, ReadonlyMap<string, Path>>()

/** Own and promoted fields of a struct, by name, each with the way to it; the shallowest wins, as in Go. */
export function fieldsOf(type: GoType): ReadonlyMap<string, Path> {
  const known = fieldTables.get(type)
  if (known !== undefined) return known
  const table = new Map<string, Path>()
  let level: { type: GoType; path: Path }[] = [{ type, path: [] }]
  while (level.length > 0) {
    const next: { type: GoType; path: Path }[] = []
    for (const { type: outer, path } of level) {
      for (const [name, found] of outer.fields?.() ?? []) {
        const inner = [...path, found]
        if (!table.has(name)) table.set(name, inner)
        // Types may embed each other by pointer: no real type does so deeply.
        if (found.embedded === true && inner.length < 8)
          next.push({ type: structOf(found.type), path: inner })
      }
    }
    level = next
  }
  fieldTables.set(type, table)
  return table
}

function structOf(type: GoType): GoType {
  return type.kind === 'pointer' && type.elem !== undefined ? type.elem : type
}

function follow(path: Path, raw: unknown): unknown {
  let at = raw
  for (const step of path) at = at === undefined || at === null ? undefined : step.get(at)
  return at
}

function readOne(step: GoField, raw: unknown): GoValue {
  return wrap(step.type, raw === undefined ? undefined : step.get(raw))
}

function readPath(path: Path, raw: unknown): GoValue {
  let at = raw
  for (const step of path.slice(0, -1)) {
    at = at === undefined || at === null ? undefined : step.get(at)
    if (at === undefined && step.type.kind === 'pointer') {
      throw new FuncError(`reflect: indirection through nil pointer to embedded struct field ${step.name}`)
    }
  }
  const last = path.at(-1)
  return last === undefined ? undefined : readOne(last, at === null ? undefined : at)
}
