// Text for new parts of a document: a JSON value as block YAML at a column, or as JSON inside a flow collection.
// What is written reads back as the same value under Go's YAML rules; long lines are never folded.

import { isObject, type Json, type JsonObject, own } from '../../std/json.ts'
import { parseYaml } from '../../std/yaml.ts'

/** How a document is written, so that new parts look like its old ones. */
export interface Style {
  readonly eol: string
  /** Columns a nested mapping is set in. */
  readonly step: number
  /** Whether the dashes of a list stand deeper than the key they belong to. */
  readonly dashesIndented: boolean
  /** Whether the document is JSON: flow collections then hold nothing unquoted. */
  readonly json: boolean
  /** Whether JSON on one line has no blanks after `:` and `,`. */
  readonly compact: boolean
}

/** What may stand unquoted: a careful subset; whether it also reads back as the same text is asked of the reader. */
const PLAIN =
  /^(?:--?(?=[A-Za-z]))?[A-Za-z0-9_./$(][A-Za-z0-9_./$()@%+=,~^*?!&<>;|:-]*(?: [A-Za-z0-9_./$()@%+=,~^*?!&<>;|:-]+)*$/
/** Text that may stand between quotes as it is: no control characters, no line breaks of YAML 1.1, no byte order mark. */
const PRINTABLE = /^[\x20-\x7e\u00a0-\u2027\u202a-\ufefe\uff00-\uffff]*$/

function readsBack(text: string, value: string): boolean {
  try {
    return parseYaml(text) === value
  } catch {
    return false
  }
}

/** A string in double quotes, for YAML and for JSON alike. */
export function doubleQuoted(value: string): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A scalar, or an empty collection, on one line of block YAML. */
export function scalarText(value: Json): string {
  if (Array.isArray(value)) return '[]'
  if (typeof value === 'object' && value !== null) return '{}'
  if (typeof value !== 'string') return String(value)
  const plain = PLAIN.test(value) && !/:(?: |$)/.test(value)
  if (plain && readsBack(value, value)) return value
  if (!PRINTABLE.test(value)) return doubleQuoted(value)
  const quoted = `'${value.replaceAll("'", "''")}'`
  return value.includes("'") && !/["\\]/.test(value) ? `"${value}"` : quoted
}

function isLeaf(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0
  return !isObject(value) || Object.keys(value).length === 0
}

/** `|`, `|-` or `|+` with the lines set in, or undefined when the text cannot stand as a literal block. */
function literal(value: string, column: number, style: Style): string | undefined {
  if (!value.includes('\n') || /^[\s]/.test(value)) return undefined
  if (!value.split('\n').every((line) => PRINTABLE.test(line))) return undefined
  const end = /\n*$/.exec(value)?.[0].length ?? 0
  const header = end === 0 ? '|-' : end === 1 ? '|' : '|+'
  const lines = value.slice(0, value.length - Math.min(end, 1)).split('\n')
  const pad = ' '.repeat(column + 2)
  return `${header}${style.eol}${lines.map((line) => (line === '' ? '' : pad + line)).join(style.eol)}`
}

function inline(value: Json, column: number, style: Style): string {
  const block = typeof value === 'string' ? literal(value, column, style) : undefined
  return block ?? scalarText(value)
}

/** What follows `key:` at `column`: a blank and a scalar, or a line end and a block. No line end at the end. */
export function afterColon(value: Json, column: number, style: Style): string {
  if (isLeaf(value)) return ` ${inline(value, column, style)}`
  if (Array.isArray(value)) {
    return style.eol + listLines(value, column + (style.dashesIndented ? style.step : 0), style)
  }
  return style.eol + mapLines(value as JsonObject, column + style.step, style)
}

/** What follows a dash at `column`. */
export function afterDash(value: Json, column: number, style: Style): string {
  if (isLeaf(value)) return ` ${inline(value, column, style)}`
  const inner = Array.isArray(value)
    ? listLines(value, column + 2, style)
    : mapLines(value as JsonObject, column + 2, style)
  return ` ${inner.slice(column + 2)}`
}

export function pairLine(key: string, value: Json, column: number, style: Style): string {
  return `${' '.repeat(column)}${scalarText(key)}:${afterColon(value, column, style)}`
}

export function itemLine(value: Json, column: number, style: Style): string {
  return `${' '.repeat(column)}-${afterDash(value, column, style)}`
}

/** Keys in the order of the data, `name` first, as people write containers and volumes. */
function keysOf(value: JsonObject): string[] {
  const keys = Object.keys(value)
  return typeof own(value, 'name') === 'string' ? ['name', ...keys.filter((key) => key !== 'name')] : keys
}

function mapLines(value: JsonObject, column: number, style: Style): string {
  return keysOf(value)
    .map((key) => pairLine(key, own(value, key) ?? null, column, style))
    .join(style.eol)
}

function listLines(value: readonly Json[], column: number, style: Style): string {
  return value.map((item) => itemLine(item, column, style)).join(style.eol)
}

/** A whole document in block form, without a line end at its end. */
export function documentText(value: Json, style: Style): string {
  if (isLeaf(value)) return inline(value, 0, style)
  return Array.isArray(value) ? listLines(value, 0, style) : mapLines(value as JsonObject, 0, style)
}

/** JSON text; on lines of its own with `indent` columns in front where `indent` is given, else on one line. */
export function flowText(value: Json, indent: number | undefined, style: Style): string {
  if (typeof value === 'string') return flowString(value, style)
  if (isLeaf(value)) return scalarText(value)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  const inner = indent === undefined ? undefined : indent + style.step
  const parts = Array.isArray(value)
    ? value.map((item) => flowText(item, inner, style))
    : keysOf(value as JsonObject).map((key) =>
        flowPair(key, own(value as JsonObject, key) ?? null, inner, style),
      )
  if (inner === undefined) return `${open}${parts.join(style.compact ? ',' : ', ')}${close}`
  const pad = ' '.repeat(inner)
  const lines = parts.map((part) => pad + part).join(`,${style.eol}`)
  return `${open}${style.eol}${lines}${style.eol}${' '.repeat(indent ?? 0)}${close}`
}

export function flowPair(key: string, value: Json, indent: number | undefined, style: Style): string {
  const blank = style.compact && indent === undefined ? '' : ' '
  return `${flowString(key, style)}:${blank}${flowText(value, indent, style)}`
}

/** In YAML, words without `:` and `?` may stand unquoted inside brackets, too. */
function flowString(value: string, style: Style): string {
  const plain = !style.json && !/[:?,[\]{}]/.test(value) && scalarText(value) === value
  return plain ? value : doubleQuoted(value)
}
