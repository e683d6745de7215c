// Key `config` of the injector's ConfigMap (contract §3.1), decoded as Go decodes YAML into typed structs: names match in
// any case, unquoted numbers and booleans become text where text is wanted, null is the zero value, unknown fields are
// ignored. Missing parts are filled in. Templates are texts here; snapshot.ts has them parsed.

import type { InjectConfig, LabelSelector, LabelSelectorRequirement } from '../api/mesh.ts'
import { formatFloat } from '../gotemplate/format-float.ts'
import { compareGoStrings } from '../std/gojson.ts'
import { setOwn } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { GoFloat } from '../std/yaml/resolve.ts'
import type { YamlValue } from '../std/yaml/tree.ts'
import { isMap, JsonError, mismatch } from './proto-read.ts'
import { yamlData } from './yaml-text.ts'

/** Where a value stands, for Go's error text: the innermost struct type and the JSON path. */
interface Place {
  readonly struct: string
  readonly path: string
}

type Reader<T> = (value: YamlValue, place: Place) => T

/** Go reports the first mismatch and goes on; the text of later ones is never seen. */
function wrong(value: YamlValue, place: Place, type: string): JsonError {
  const text = mismatch(value, type).message
  return new JsonError(text.replace('into Go value', `into Go struct field ${place.struct}.${place.path}`))
}

function textOf(type: string): Reader<string> {
  return (value, place) => {
    if (value === null) return ''
    if (typeof value === 'string') return value
    if (value instanceof GoFloat) return formatFloat(value.value, 'g', -1, 64)
    if (typeof value === 'object') throw wrong(value, place, type)
    return String(value)
  }
}

function listOf<T>(type: string, item: Reader<T>): Reader<T[]> {
  return (value, place) => {
    if (value === null) return []
    if (!Array.isArray(value)) throw wrong(value, place, type)
    return value.map((each) => item(each, place))
  }
}

function mapOf<T>(type: string, item: Reader<T>): Reader<Record<string, T>> {
  return (value, place) => {
    if (value === null) return {}
    if (!isMap(value)) throw wrong(value, place, type)
    const map: Record<string, T> = {}
    for (const key of Object.keys(value).sort(compareGoStrings)) {
      setOwn(map, key, item(value[key] ?? null, place))
    }
    return map
  }
}

type Readers<T> = { readonly [K in keyof T]-?: Reader<NonNullable<T[K]>> }

/** Reads the fields of a struct in the order of their bytes; of two spellings of one name the later counts. */
function readStruct<T>(struct: string, type: string, readers: Readers<T>): Reader<Partial<T>> {
  const names = new Map(Object.keys(readers).map((name) => [name.toLowerCase(), name as keyof T & string]))
  return (value, place) => {
    const result: Partial<T> = {}
    if (value === null) return result
    if (!isMap(value)) throw wrong(value, place, type)
    for (const key of Object.keys(value).sort(compareGoStrings)) {
      const name = names.get(key.toLowerCase())
      const member = value[key] ?? null
      if (name === undefined || member === null) continue
      const path = place.path === '' ? name : `${place.path}.${name}`
      result[name] = readers[name](member, { struct, path })
    }
    return result
  }
}

const text = textOf('string')
const texts = listOf('[]string', text)
const textMap = mapOf('map[string]string', text)

const requirement = readStruct<LabelSelectorRequirement>(
  'LabelSelectorRequirement',
  'v1.LabelSelectorRequirement',
  { key: text, operator: textOf('v1.LabelSelectorOperator'), values: texts },
)
const selector = readStruct<LabelSelector>('LabelSelector', 'v1.LabelSelector', {
  matchLabels: textMap,
  matchExpressions: listOf('[]v1.LabelSelectorRequirement', (value, place) => ({
    key: '',
    operator: '',
    ...requirement(value, place),
  })),
})
const selectors = listOf('[]v1.LabelSelector', selector)

const config = readStruct<InjectConfig>('Config', 'inject.Config', {
  policy: textOf('inject.InjectionPolicy'),
  defaultTemplates: texts,
  templates: mapOf('inject.RawTemplates', text),
  aliases: mapOf('map[string][]string', texts),
  neverInjectSelector: selectors,
  alwaysInjectSelector: selectors,
  injectedAnnotations: textMap,
})

const NO_CONFIG: InjectConfig = {
  policy: '',
  defaultTemplates: [],
  templates: {},
  aliases: {},
  neverInjectSelector: [],
  alwaysInjectSelector: [],
  injectedAnnotations: {},
}
const DEFAULT_TEMPLATES = ['sidecar']

/** Reads the text. Throws ProblemError `invalid-config` with Istio's text `failed to unmarshal injection template: …`. */
export function readInjectConfig(source: string): InjectConfig {
  const fail = (problem: string): ProblemError =>
    new ProblemError('invalid-config', `failed to unmarshal injection template: ${problem}`)
  try {
    const data = yamlData(source)
    if (data !== null && !isMap(data)) {
      throw fail(`error unmarshaling JSON: while decoding JSON: ${mismatch(data, 'inject.Config').message}`)
    }
    const read = { ...NO_CONFIG, ...decode(data, fail) }
    return read.defaultTemplates.length === 0 ? { ...read, defaultTemplates: DEFAULT_TEMPLATES } : read
  } catch (error) {
    if (error instanceof JsonError) throw fail(`error converting YAML to JSON: ${error.message}`)
    throw error
  }
}

function decode(data: YamlValue, fail: (problem: string) => ProblemError): Partial<InjectConfig> {
  try {
    return config(data, { struct: 'Config', path: '' })
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw fail(`error unmarshaling JSON: while decoding JSON: ${error.message}`)
  }
}
