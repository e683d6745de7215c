// YAML text in, JSON data out, by the rules of sigs.k8s.io/yaml (go-yaml v2, then JSON): the first document only,
// YAML 1.1 words and numbers, last duplicate key wins, keys as text (contract §6.4).
// The parser is our own: js-yaml with a schema for Go's scalars still reads other documents than Go does (line breaks,
// document ends, merge order, keys, escapes, block scalars). Data may be shared through aliases; never change it.

import { compareGoStrings, goJsonNumber, goJsonString } from './gojson.ts'
import type { Json } from './json.ts'
import { ProblemError } from './problem.ts'
import { type ComposeLimits, Composer } from './yaml/compose.ts'
import { GoFloat } from './yaml/resolve.ts'
import { YamlFault } from './yaml/token.ts'
import type { YamlObject, YamlValue } from './yaml/tree.ts'

export interface YamlLimits extends ComposeLimits {
  /** Nested collections. */
  readonly depth: number
  /** Nodes that aliases may add to the document, on top of go-yaml's own limit on their share. */
  readonly aliases: number
  /** Length of the text in UTF-16 units. */
  readonly bytes: number
}

export const YAML_LIMITS: YamlLimits = { depth: 256, aliases: 100_000, bytes: 8 << 20 }

/** What no YAML text may hold: control characters but tab, LF, CR and NEL, halves of surrogate pairs, U+FFFE, U+FFFF. */
export const FORBIDDEN = /[^\t\n\r -~\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** A quick look that most texts pass. */
const NOT_PLAIN = /[^\t\n\r -~]/

/** go-yaml reads the text in pieces of this many bytes, and looks at nothing behind the piece a document ends in. */
const PIECE = 512

/**
 * The first document of `text` as JSON data, null when it is empty. Throws ProblemError `invalid-yaml` whose message is
 * go-yaml's and whose `where` has line and column from 1, or ProblemError `limit`.
 */
export function parseYaml(text: string, limits: YamlLimits = YAML_LIMITS): Json {
  return parse(text, false, limits) as Json
}

/** The first document of `text` as YAMLToJSON prints it: exact integers, sorted keys, one line. Throws as parseYaml. */
export function yamlToJson(text: string, limits: YamlLimits = YAML_LIMITS): string {
  return print(parse(text, true, limits))
}

/** The first document of `text` with integers and floats told apart: bigint beyond 2^53, GoFloat for floats. */
export function readExact(text: string, limits: YamlLimits = YAML_LIMITS): YamlValue {
  return parse(text, true, limits)
}

function parse(text: string, exact: boolean, limits: YamlLimits): YamlValue {
  if (text.length > limits.bytes) {
    throw new ProblemError('limit', `the YAML text has ${text.length} characters, more than ${limits.bytes}`)
  }
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  const forbidden = NOT_PLAIN.test(body) ? body.search(FORBIDDEN) : -1
  const composer = new Composer(forbidden < 0 ? body : body.slice(0, forbidden), exact, limits)
  try {
    const value = composer.document()
    if (forbidden < 0 || forbidden > composer.position + PIECE) return value
  } catch (error) {
    if (forbidden < 0 || forbidden > composer.position + PIECE) throw problemOf(error)
  }
  throw problemOf(controlFault(body, forbidden))
}

function controlFault(body: string, at: number): YamlFault {
  const lines = body.slice(0, at).split(/\r\n|[\r\n\u0085\u2028\u2029]/)
  const mark = { line: lines.length - 1, column: lines.at(-1)?.length ?? 0 }
  return new YamlFault('yaml: control characters are not allowed', mark)
}

function problemOf(error: unknown): unknown {
  if (!(error instanceof YamlFault)) return error
  const where = { line: error.mark.line + 1, column: error.mark.column + 1 }
  return new ProblemError(error.limit ? 'limit' : 'invalid-yaml', error.message, where)
}

function print(value: YamlValue): string {
  if (typeof value === 'string') return goJsonString(value)
  if (value instanceof GoFloat) return printFloat(value.value)
  if (Array.isArray(value)) return `[${value.map(print).join(',')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const map: YamlObject = value
  const keys = Object.keys(map).sort(compareGoStrings)
  return `{${keys.map((key) => `${goJsonString(key)}:${print(map[key] ?? null)}`).join(',')}}`
}

function printFloat(value: number): string {
  return goJsonNumber(value)
}
