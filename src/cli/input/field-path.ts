// Paths into an object as people write them: `spec.containers[istio-proxy].env[ISTIO_META_CLUSTER_ID].value`,
// `metadata.annotations[prometheus.io/port]`, `spec.volumes[0]`. Items of lists are found by index or by what identifies
// them, so that a path means the same item while containers move.

import { isObject, type Json, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'

/** A key, an index, or the identity of a list item. */
export type FieldStep = string | number

/** Reads a path; text in brackets may be quoted. Throws a ProblemError `usage` on a text that is no path. */
export function parseFieldPath(text: string): FieldStep[] {
  const steps: FieldStep[] = []
  const pattern = /\.?([^.[\]]+)|\[(?:"([^"]*)"|'([^']*)'|([^\]]*))\]/gy
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex
    const match = pattern.exec(text)
    if (match === null) {
      const expected = 'expected keys with dots between them, and [index], [name] or ["key"]'
      throw new ProblemError('usage', `path "${text}" cannot be read at column ${at + 1}: ${expected}`)
    }
    const bracket = match[4]
    if (bracket !== undefined && /^\d+$/.test(bracket)) steps.push(Number(bracket))
    else steps.push(match[1] ?? match[2] ?? match[3] ?? bracket ?? '')
  }
  return steps
}

/** The path as people write it: items of lists in brackets, keys in brackets where they are no plain words. */
export function fieldPathText(value: Json, steps: readonly FieldStep[]): string {
  return steps
    .map((step, i) => {
      const item = typeof step === 'number' || Array.isArray(valueAt(value, steps.slice(0, i)))
      if (item || !/^[A-Za-z]\w*$/.test(step)) return `[${step}]`
      return i === 0 ? step : `.${step}`
    })
    .join('')
}

const IDENTITY = ['name', 'mountPath', 'devicePath', 'containerPort', 'ip', 'key']

function identityOf(item: Json): string | undefined {
  if (!isObject(item)) return typeof item === 'string' ? item : undefined
  for (const field of IDENTITY) {
    const value = own(item, field)
    if (typeof value === 'string' || typeof value === 'number') return String(value)
  }
  return undefined
}

/** Index in `list` of the item that `step` means: its position, or the first item of that identity in any of its fields. */
export function indexOf(list: readonly Json[], step: FieldStep): number {
  if (typeof step === 'number') return step < list.length ? step : -1
  const exact = list.findIndex((item) => identityOf(item) === step)
  if (exact !== -1) return exact
  return list.findIndex(
    (item) => isObject(item) && IDENTITY.some((field) => String(own(item, field) ?? '') === step),
  )
}

/** The value at the path; undefined where nothing is. */
export function valueAt(value: Json | undefined, steps: readonly FieldStep[]): Json | undefined {
  let at = value
  for (const step of steps) {
    if (Array.isArray(at)) at = at[indexOf(at, step)]
    else if (isObject(at)) at = own(at, String(step))
    else return undefined
  }
  return at
}

/** The path with every index replaced by the identity of the item it means in `value`, where it has one. */
export function byIdentity(value: Json, steps: readonly FieldStep[]): FieldStep[] {
  let at: Json | undefined = value
  return steps.map((step) => {
    const list: Json | undefined = at
    if (!Array.isArray(list)) {
      at = isObject(list) ? own(list, String(step)) : undefined
      return step
    }
    at = list[indexOf(list, step)]
    const name = isObject(at) ? identityOf(at) : undefined
    return name !== undefined && list.filter((item) => identityOf(item) === name).length === 1 ? name : step
  })
}

/** What stands at the deepest part of the path that there is: its keys or the identities of its items. */
export function nearest(value: Json, steps: readonly FieldStep[]): { path: FieldStep[]; has: string[] } {
  let at: Json = value
  const path: FieldStep[] = []
  for (const step of steps) {
    const next = valueAt(at, [step])
    if (next === undefined) break
    at = next
    path.push(step)
  }
  const has = Array.isArray(at)
    ? at.map((item, i) => identityOf(item) ?? String(i))
    : isObject(at)
      ? Object.keys(at)
      : []
  return { path, has }
}
