// Data to YAML text as sigs.k8s.io/yaml writes it: data is printed as JSON, the JSON is read as YAML, and go-yaml writes
// what was read. The detour shows: 1e6 becomes 1000000, and text that JSON holds unescaped is read by YAML's rules.
// In: JSON data. Out: text ending with a line break. Throws ProblemError when the detour fails.

import { compareGoStrings, goJsonNumber, goJsonString } from './gojson.ts'
import { isObject } from './json.ts'
import type { YamlValue } from './yaml/compose.ts'
import { Bare, Emitter, type EmitValue } from './yaml/emit.ts'
import { floatText } from './yaml/key.ts'
import { GoFloat, resolvePlain } from './yaml/resolve.ts'
import { parseYaml, readExact } from './yaml.ts'

/** Text that YAML reads differently than JSON: DEL, C1 controls (NEL folds lines), and what is no character. */
const REREAD =
  /[\u007f-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** Keys of a mapping that is written on one line are keys only up to this length. */
const KEY_LENGTH = 1024

/** yaml.Marshal of JSON data; a bigint is a Go int. Members that are undefined are left out. */
export function writeYaml(value: unknown): string {
  return new Emitter().document(fromData(value))
}

/** JSONToYAML: a JSON text (any YAML will do) as YAML, integers and floats told apart by their spelling. */
export function jsonToYaml(text: string): string {
  return new Emitter().document(fromYaml(readExact(text)))
}

function fromData(value: unknown): EmitValue {
  switch (typeof value) {
    case 'string':
      return reread(value)
    case 'number':
      return new Bare(numberText(resolvePlain(goJsonNumber(value))))
    case 'bigint':
      return new Bare(numberText(resolvePlain(String(value))))
    case 'boolean':
      return new Bare(String(value))
    default:
      break
  }
  if (Array.isArray(value)) return value.map(fromData)
  if (!isObject(value)) return new Bare('null')
  const map = new Map<string, EmitValue>()
  for (const key of Object.keys(value).sort(compareGoStrings)) {
    const member: unknown = value[key]
    if (member !== undefined) map.set(rereadKey(key), fromData(member))
  }
  return map
}

/** What YAML makes of the JSON string. */
function reread(text: string): string {
  if (!REREAD.test(text)) return text
  return String(parseYaml(goJsonString(text)))
}

function rereadKey(key: string): string {
  if (key.length <= KEY_LENGTH / 6 && !REREAD.test(key)) return key
  const map = parseYaml(`{${goJsonString(key)}:0}`)
  return isObject(map) ? (Object.keys(map)[0] ?? '') : ''
}

function fromYaml(value: YamlValue): EmitValue {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(fromYaml)
  if (!isObject(value) || (value as unknown) instanceof GoFloat) return new Bare(numberText(value as GoFloat))
  return new Map(Object.keys(value).map((key) => [key, fromYaml((value[key] ?? null) as YamlValue)]))
}

/** Booleans, null and numbers; floats as strconv's `g` prints them. */
function numberText(value: unknown): string {
  return value instanceof GoFloat ? floatText(value.value, 64) : String(value)
}
