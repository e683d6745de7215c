// YAML text read into a Kubernetes type as sigs.k8s.io/yaml.Unmarshal does: numbers and booleans that stand unquoted in
// a field of text become text there, which JSON alone would refuse. Used for what users write, not for templates.

import { findField } from '../patch/field-names.ts'
import { resolve, type SchemaType } from '../patch/schema.ts'
import { decode } from '../patch/typed.ts'
import { isObject, type Json, type JsonObject, setOwn } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import type { YamlValue } from '../std/yaml/compose.ts'
import { floatText } from '../std/yaml/key.ts'
import { GoFloat } from '../std/yaml/resolve.ts'
import { readExact } from '../std/yaml.ts'

/** The first document of `text`, numbers and floats told apart. Throws a ProblemError with Go's text. */
export function readDocument(text: string): YamlValue {
  try {
    return readExact(text)
  } catch (error) {
    throw prefixed('error converting YAML to JSON', error)
  }
}

/** A document decoded into `type`. Throws a ProblemError with Go's text. */
export function decodeDocument(type: SchemaType, document: YamlValue): Json {
  const json = toJson(document, type)
  try {
    return decode(type, json)
  } catch (error) {
    throw prefixed('error unmarshaling JSON: while decoding JSON', error)
  }
}

/** `value` as JSON, on its way into `type`; types that read JSON by themselves are left to do so. */
function toJson(value: YamlValue, type: SchemaType | undefined): Json {
  const target = type === undefined ? undefined : resolve(type)
  if (Array.isArray(value)) {
    const elem = target?.kind === 'list' ? target.elem : undefined
    return value.map((item) => toJson(item, elem))
  }
  if (target?.kind === 'string') {
    const text = scalarText(value)
    if (text !== undefined) return text
  }
  if (value instanceof GoFloat) return value.value
  if (typeof value === 'bigint') return Number(value)
  if (!isObject(value)) return value as Json
  const object: JsonObject = {}
  for (const key of Object.keys(value)) {
    setOwn(object, key, toJson(value[key] as YamlValue, memberType(target, key)))
  }
  return object
}

function memberType(target: SchemaType | undefined, key: string): SchemaType | undefined {
  if (target?.kind === 'map') return target.elem
  return target?.kind === 'struct' ? findField(target, key)?.type : undefined
}

function scalarText(value: YamlValue): string | undefined {
  if (value instanceof GoFloat) return floatText(value.value, 64)
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? String(value)
    : undefined
}

function prefixed(prefix: string, error: unknown): unknown {
  if (!(error instanceof ProblemError)) return error
  return new ProblemError(error.code, `${prefix}: ${error.message}`, error.where, error.hint)
}
