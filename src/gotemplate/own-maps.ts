// Maps that a template may change. Functions such as sprig's `set` change their argument in place; the data of a run
// belongs to the caller and is not changed, so a template that calls such a function works on copies of the untyped maps
// and lists of its root. What it changes is seen by the rest of that run, and by nothing else.

import type { FuncMap } from './func.ts'
import type { Trees } from './parse.ts'
import { DICT, LIST } from './types.ts'
import { type GoField, type GoMap, type GoType, type GoValue, Typed } from './value.ts'

/** Whether some call in the trees may change a map. */
export function changesMaps(trees: Trees, funcs: FuncMap): boolean {
  const changing = new Set<string>()
  for (const [name, func] of funcs) if ('mutates' in func && func.mutates === true) changing.add(name)
  return changing.size > 0 && [...trees.values()].some((list) => mentions(list, changing))
}

/** Looks through any part of a syntax tree for identifiers. */
function mentions(node: unknown, names: ReadonlySet<string>): boolean {
  if (typeof node !== 'object' || node === null) return false
  if ('type' in node && node.type === 'identifier' && 'name' in node) return names.has(String(node.name))
  return Object.values(node).some((child) => mentions(child, names))
}

/** The root with maps and lists of its own; typed data, which no function changes, stays shared. */
export function withOwnMaps(root: GoValue): GoValue {
  if (!(root instanceof Typed)) return copied(root) as GoValue
  const { type, raw } = root
  if (type.kind === 'struct') return new Typed(withOwnFields(type), raw)
  if (type.kind !== 'pointer' || type.elem?.kind !== 'struct') return root
  return new Typed({ ...type, elem: withOwnFields(type.elem) }, raw)
}

/** The same struct type, whose untyped fields give copies, each always the same one. */
function withOwnFields(type: GoType): GoType {
  const fields = new Map<string, GoField>()
  for (const [name, field] of type.fields?.() ?? [])
    fields.set(name, isUntyped(field.type) ? owned(field) : field)
  return { ...type, fields: () => fields }
}

function isUntyped({ kind, name }: GoType): boolean {
  return kind === 'interface' || name === DICT.name || name === LIST.name
}

function owned(field: GoField): GoField {
  const copies = new WeakMap<object, unknown>()
  const get = (raw: unknown): unknown => {
    const value = field.get(raw)
    if (typeof value !== 'object' || value === null) return value
    if (!copies.has(value)) copies.set(value, copied(value))
    return copies.get(value)
  }
  return { ...field, get }
}

function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied)
  if (typeof value !== 'object' || value === null || value instanceof Typed) return value
  const copy = Object.create(null) as { [key: string]: unknown }
  for (const key of Object.keys(value)) copy[key] = copied((value as GoMap)[key])
  return copy
}
