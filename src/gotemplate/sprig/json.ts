// encoding/json for template values: any value to text, and text to values.
// Cyclic data (a map that `set` put into itself) is an error, and every value written is charged.

import { toBytes } from '../../std/bytes.ts'
import { goJsonNumber, goJsonString } from '../../std/gojson.ts'
import { deeperThan, GO_MAX_DEPTH, goSyntaxError } from '../../std/json-syntax.ts'
import { type CallContext, FuncError, type TemplateFunc } from '../func.ts'
import { ANY, wrap } from '../types.ts'
import { type GoMap, type GoType, type GoValue, Typed } from '../value.ts'
import { elements, entries, fieldsOf, isIntegerKind, isNil, typeName } from '../value-ops.ts'
import { encodeBase64 } from './encoding.ts'
import { fixed, newDict, text } from './go.ts'

type Charge = CallContext['charge']

/** Go gives up at pointer depth 1000 when it meets a pointer again; no data of a template nests deeper. */
const MAX_DEPTH = 1000

/** Compact JSON of a template value, as json.Marshal. Throws FuncError for what JSON cannot say. */
export function marshal(value: GoValue, charge: Charge): string {
  return write(value, charge, 0)
}

function write(value: GoValue, charge: Charge, depth: number): string {
  charge(8)
  switch (typeof value) {
    case 'string':
      charge(value.length)
      return goJsonString(value)
    case 'number':
      if (!Number.isFinite(value)) throw new FuncError(`json: unsupported value: ${infinite(value)}`)
      return goJsonNumber(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'undefined':
      return 'null'
    case 'function':
      throw new FuncError('json: unsupported type: func()')
    default:
  }
  if (value === null || isNil(value)) return 'null'
  if (depth > MAX_DEPTH)
    throw new FuncError(`json: unsupported value: encountered a cycle via ${typeName(value)}`)
  if (value instanceof Typed) return writeTyped(value, charge, depth)
  return writeItems(value, charge, depth)
}

function infinite(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

function writeItems(value: GoValue, charge: Charge, depth: number): string {
  const items = elements(value)
  if (items !== undefined) return `[${items.map((item) => write(item, charge, depth + 1)).join(',')}]`
  const members = entries(value) ?? []
  return `{${members.map(([key, item]) => `${goJsonString(key)}:${write(item, charge, depth + 1)}`).join(',')}}`
}

function writeTyped(value: Typed, charge: Charge, depth: number): string {
  const { type, raw } = value
  if (type.marshal !== undefined) {
    const json = type.marshal(raw)
    charge(json.length)
    return json
  }
  if (type.kind === 'pointer') return write(wrap(type.elem ?? ANY, raw), charge, depth + 1)
  if (type.kind === 'slice' && type.elem?.kind === 'uint8') return goJsonString(encodeBase64(rawBytes(raw)))
  if (type.kind === 'slice' || type.kind === 'map') return writeItems(value, charge, depth)
  if (type.kind === 'struct') return writeStruct(type, raw, charge, depth)
  if (type.kind === 'string') return goJsonString(typeof raw === 'string' ? raw : '')
  if (type.kind === 'bool') return String(raw === true)
  if (isIntegerKind(type.kind)) return String(raw ?? 0)
  return write(Number(raw ?? 0), charge, depth)
}

/** Structs without a marshaller of their own: exported fields under their Go names. */
function writeStruct(type: GoType, raw: unknown, charge: Charge, depth: number): string {
  const members: string[] = []
  for (const [name, path] of fieldsOf(type)) {
    const field = path[path.length - 1]
    if (field === undefined || field.embedded === true) continue
    let at = raw
    for (const step of path) at = at === undefined || at === null ? undefined : step.get(at)
    members.push(`${goJsonString(name)}:${write(wrap(field.type, at), charge, depth + 1)}`)
  }
  return `{${members.join(',')}}`
}

function rawBytes(raw: unknown): Uint8Array {
  return typeof raw === 'string' ? toBytes(raw) : Uint8Array.from(raw as ArrayLike<number>)
}

/** json.Indent with two spaces: compact JSON, one member a line; empty lists and maps stay closed. */
function indented(json: string): string {
  let result = ''
  let depth = 0
  const newline = (): string => `\n${'  '.repeat(depth)}`
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^"{}[\],:]+/gs
  let previous = ''
  for (const [part] of json.matchAll(token)) {
    if (part === '}' || part === ']') {
      depth--
      if (previous !== '{' && previous !== '[') result += newline()
    } else if (previous === '{' || previous === '[' || previous === ',') result += newline()
    result += part === ':' ? ': ' : part
    if (part === '{' || part === '[') depth++
    previous = part
  }
  return result
}

const UNESCAPED: Readonly<Record<string, string>> = { '\\u003c': '<', '\\u003e': '>', '\\u0026': '&' }

/** Compact JSON with `<`, `>` and `&` as they are (SetEscapeHTML false). */
function raw(json: string): string {
  // A backslash escape is taken as a pair, so that a written-out backslash before `u003c` stays text.
  return json.replace(/\\(?:u003c|u003e|u0026|.)/g, (pair) => UNESCAPED[pair] ?? pair)
}

/**
 * json.Unmarshal into `any`: floats, strings, lists, maps; later duplicates win.
 * Throws FuncError with Go's text.
 */
export function unmarshal(json: string): GoValue {
  const { value, problem } = decode(json)
  if (problem !== undefined) throw new FuncError(problem)
  return value
}

/** As Go decodes: numbers beyond a float64 are a problem, but the rest is read, with null in their place. */
function decode(json: string): { readonly value: GoValue; readonly problem?: string } {
  const syntax = deeperThan(json, GO_MAX_DEPTH) ? (goSyntaxError(json) ?? 'exceeded max depth') : undefined
  if (syntax !== undefined) return { value: null, problem: syntax }
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return { value: null, problem: goSyntaxError(json) ?? 'invalid JSON' }
  }
  const huge = HUGE.test(json) ? firstHuge(json) : undefined
  // Half surrogate pairs become U+FFFD.
  const halves = /\\u[dD][89a-fA-F]/.test(json) || !json.isWellFormed()
  const clean = (huge !== undefined || halves ? cleaned(value) : value) as GoValue
  if (huge === undefined) return { value: clean }
  return { value: clean, problem: `json: cannot unmarshal number ${huge} into Go value of type float64` }
}

const HUGE = /[eE]\+?[0-9]{3}|[0-9]{300}/

/** The first number literal that no float64 can hold. */
function firstHuge(json: string): string | undefined {
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|-?[0-9][-+.0-9eE]*/gs)) {
    if (!token.startsWith('"') && !Number.isFinite(Number(token))) return token
  }
  return undefined
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null) return value
  const copy = newDict()
  for (const key of Object.keys(value)) copy[key.toWellFormed()] = cleaned((value as GoMap)[key])
  return copy
}

const SERIALISER = { serialiser: true }

/** `must` functions fail; their twins give "" instead, but a budget that ends always fails. */
function orElse(fallback: string, run: () => string): string {
  try {
    return run()
  } catch (error) {
    if (error instanceof FuncError) return fallback
    throw error
  }
}

function writer(finish: (json: string) => string): TemplateFunc {
  return fixed(['any'], ([value], { charge }) => finish(marshal(value, charge)), SERIALISER)
}

function quietWriter(finish: (json: string) => string): TemplateFunc {
  return fixed(['any'], ([value], { charge }) => orElse('', () => finish(marshal(value, charge))), SERIALISER)
}

const compact = (json: string): string => json

export const JSON_FUNCS: Record<string, TemplateFunc> = {
  toJson: quietWriter(compact),
  mustToJson: writer(compact),
  toPrettyJson: quietWriter(indented),
  mustToPrettyJson: writer(indented),
  toRawJson: writer(raw),
  mustToRawJson: writer(raw),
  fromJson: fixed(['string'], ([json], { charge }) => {
    charge(text(json).length)
    return decode(text(json)).value
  }),
  mustFromJson: fixed(['string'], ([json], { charge }) => {
    charge(text(json).length)
    return unmarshal(text(json))
  }),
}
