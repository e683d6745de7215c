// Untyped JSON as Go's fmt prints it (`map[a:1 b:[x <nil>]]`) and the error texts of strategic merge that quote it.
// Numbers are float64, which is what they are in everything that injection merges; a bigint is an int64, for callers
// that keep the two apart, as Kubernetes' own JSON reader does.

import { compareGoStrings } from '../std/gojson.ts'
import { isObject, type Json, type JsonObject } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'

export function mergeError(text: string): ProblemError {
  return new ProblemError('merge-failed', text)
}

/** `%v` of a float64: with an exponent, of two digits or more, below 1e-4 and from 1e6 on. */
function printNumber(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const text = value.toExponential()
  const exponent = Number(text.slice(text.indexOf('e') + 1))
  if (exponent >= -4 && exponent < 6) return String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

function print(value: Json, scalar: (value: null | boolean | number) => string): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return `[${value.map((item) => print(item, scalar)).join(' ')}]`
  if (!isObject(value)) return scalar(value)
  const members = Object.keys(value).sort(compareGoStrings)
  return `map[${members.map((key) => `${key}:${print(value[key] ?? null, scalar)}`).join(' ')}]`
}

/** `%v`. */
export function goValue(value: Json): string {
  return print(value, (scalar) => {
    if (scalar === null) return '<nil>'
    return typeof scalar === 'number' ? printNumber(scalar) : String(scalar)
  })
}

/** `%s`, with fmt's complaint about what is not text. */
function goText(value: Json): string {
  return print(value, (scalar) => {
    if (scalar === null) return '%!s(<nil>)'
    return typeof scalar === 'number'
      ? `%!s(float64=${printNumber(scalar)})`
      : `%!s(${goTypeName(scalar)}=${scalar})`
  })
}

/** Type of an untyped value, as reflect names it. */
export function goTypeName(value: Json): string {
  if (value === null) return '%!s(<nil>)'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  switch (typeof value as string) {
    case 'number':
      return 'float64'
    case 'bigint':
      return 'int64'
    case 'boolean':
      return 'bool'
    default:
      return 'string'
  }
}

export function noMergeKey(item: JsonObject, key: string): ProblemError {
  return mergeError(`map: ${goValue(item)} does not contain declared merge key: ${key}`)
}

export function badArgument(
  expected: 'map[string]interface {}' | '[]interface {}',
  actual: Json,
): ProblemError {
  return mergeError(`expected a ${expected}, but received a ${goTypeName(actual)}`)
}

export function badPatchType(directive: Json, patch: JsonObject): ProblemError {
  return mergeError(`unknown patch type: ${goText(directive)} in map: ${goValue(patch)}`)
}
