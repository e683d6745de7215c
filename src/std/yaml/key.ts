// Keys of mappings as text: sigs.k8s.io/yaml turns numbers and booleans into text and refuses everything else.
// In goes a decoded node, out comes its text or go-yaml's sentence why there is none.

import { compareGoStrings } from '../gojson.ts'
import { isObject } from '../json.ts'
import { GoFloat } from './resolve.ts'

/** A float as strconv.FormatFloat(f, 'g', -1, bits): the shortest digits that tell it from its neighbours of that size. */
export function floatText(value: number, bits: 32 | 64): string {
  const number = bits === 32 ? Math.fround(value) : value
  if (Number.isNaN(number)) return '.nan'
  if (!Number.isFinite(number)) return number > 0 ? '.inf' : '-.inf'
  if (number === 0) return Object.is(number, -0) ? '-0' : '0'
  const [mantissa = '', exponent = ''] = shortest(number, bits).split('e')
  const power = Number(exponent)
  // For the shortest digits, 'g' decides as if for precision 6.
  if (power >= -4 && power < 6) return fixed(mantissa, power)
  const size = Math.abs(power)
  return `${mantissa}e${power < 0 ? '-' : '+'}${size < 10 ? '0' : ''}${size}`
}

function shortest(number: number, bits: 32 | 64): string {
  if (bits === 64) return number.toExponential()
  let digits = 1
  while (digits < 9 && Math.fround(Number(number.toExponential(digits - 1))) !== number) digits++
  return number.toExponential(digits - 1)
}

function fixed(mantissa: string, power: number): string {
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '')
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`
  if (digits.length <= power + 1) return sign + digits.padEnd(power + 1, '0')
  return `${sign}${digits.slice(0, power + 1)}.${digits.slice(power + 1)}`
}

/** A key that is no text and cannot be made one, or a merge key's problem. */
export type KeyProblem = 'collection' | 'null' | 'uint64'

/** The text of a key, or why it cannot be one. */
export function keyText(value: unknown): { key: string; problem?: undefined } | { problem: KeyProblem } {
  if (typeof value === 'string') return { key: value }
  if (typeof value === 'number' || typeof value === 'boolean') return { key: String(value) }
  if (value instanceof GoFloat) return { key: floatText(value.value, 32) }
  if (typeof value === 'bigint') return value < 2n ** 63n ? { key: String(value) } : { problem: 'uint64' }
  return { problem: value === null ? 'null' : 'collection' }
}

/** go-yaml's sentence about such a key; `value` is what the key stands for. */
export function keySentence(problem: KeyProblem, key: unknown, value: unknown): string {
  if (problem === 'collection') return `yaml: invalid map key: ${goSyntax(key)}`
  const type = problem === 'null' ? '%!s(<nil>)' : 'uint64'
  const shown = problem === 'null' ? '<nil>' : `0x${(key as bigint).toString(16)}`
  return `unsupported map key of type: ${type}, key: ${shown}, value: ${value === null ? '<nil>' : goSyntax(value)}`
}

/** A decoded node as Go's `%#v` prints it. */
function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)'
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof GoFloat) return floatText(value.value, 64)
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (!isObject(value)) return String(value)
  const members = Object.keys(value).sort(compareGoStrings)
  return `map[interface {}]interface {}{${members.map((key) => `${JSON.stringify(key)}:${goSyntax(value[key])}`).join(', ')}}`
}
