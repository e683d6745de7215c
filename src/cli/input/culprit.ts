// The smallest part of a value that is at fault: found by trying parts of it alone, so that it works for every reader.
// In: data and a test that fails on it; out: the path to the part that fails by itself.

import { isObject, type Json } from '../../std/json.ts'
import { type FieldStep, fieldPathText, valueAt } from './field-path.ts'

/** The path to the deepest part of `data` that fails when it stands alone in its place; empty when only the whole does. */
export function culprit(data: Json, fails: (candidate: Json) => boolean): FieldStep[] {
  const path: FieldStep[] = []
  if (fails(Array.isArray(data) ? [] : {})) return path // a part alone cannot tell anything
  let at: Json = data
  for (;;) {
    const next: FieldStep | undefined = stepsOf(at).find((step) =>
      fails(alone([...path, step], valueAt(at, [step]) ?? null, data)),
    )
    if (next === undefined) return path
    path.push(next)
    at = valueAt(at, [next]) ?? null
  }
}

function stepsOf(value: Json): FieldStep[] {
  if (Array.isArray(value)) return value.map((_, i) => i)
  return isObject(value) ? Object.keys(value) : []
}

/** A value that holds nothing but `value` at `path`; lists keep one item. */
function alone(path: readonly FieldStep[], value: Json, like: Json): Json {
  const [step, ...rest] = path
  if (step === undefined) return value
  const inner = alone(rest, value, valueAt(like, [step]) ?? null)
  if (Array.isArray(like)) return [inner]
  return Object.fromEntries([[String(step), inner]])
}

/** Whether `run` throws. */
export function throws(run: () => unknown): boolean {
  try {
    run()
    return false
  } catch {
    return true
  }
}

const GO_TYPING = /cannot unmarshal \S+ into Go (?:struct field \S+|value) of type (\S+)/

/** `field is VALUE, expected …`: what was found at the culprit, and what the Go type in the message asks for. */
export function foundText(message: string, data: Json, path: readonly FieldStep[]): string | undefined {
  const value = valueAt(data, path)
  if (path.length === 0 || value === undefined) return undefined
  const shown = JSON.stringify(value)
  const found = `${fieldPathText(data, path)} is ${shown.length > 60 ? `${shown.slice(0, 59)}…` : shown}`
  const type = GO_TYPING.exec(message)?.[1]
  if (type === undefined) return found
  const quotes = typeof value === 'number' || typeof value === 'boolean'
  const expected = type === 'string' && quotes ? 'a string: put it in quotes' : expectedText(type)
  return `${found}, expected ${expected}`
}

function expectedText(type: string): string {
  if (type === 'string' || type.endsWith('.Protocol')) return 'a string'
  if (/^u?int\d*$/.test(type)) return 'a whole number'
  if (type === 'bool') return 'true or false'
  if (type.startsWith('[]')) return 'a list'
  if (type.startsWith('map[') || /^\*?v\d/.test(type)) return 'a mapping'
  return `a value of type ${type}`
}
