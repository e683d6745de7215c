// Finds the scalars that printed texts are in. Every text is replaced by a marker, the result is scanned and parsed as
// YAML, and the markers are looked for: a marker in a scalar that is a value stands for a slot, any other for a text that
// must stay as it was. Texts that do not fit the rules of their scalar stay as they were, too.

import { isObject, type Json } from '../../std/json.ts'
import { narrow } from '../../std/narrow.ts'
import { ProblemError } from '../../std/problem.ts'
import { Scanner } from '../../std/yaml/scanner.ts'
import {
  ANCHOR,
  DOUBLE_QUOTED,
  FLOW_MAPPING_END,
  FLOW_MAPPING_START,
  FLOW_SEQUENCE_END,
  FLOW_SEQUENCE_START,
  KEY,
  LITERAL,
  PLAIN,
  SCALAR,
  SINGLE_QUOTED,
  STREAM_END,
  TAG,
  type Token,
  YamlFault,
} from '../../std/yaml/token.ts'
import { parseYaml } from '../../std/yaml.ts'
import { type Slot, type Style, scalarValue } from './scalar.ts'

/** The text of one hole. */
export interface Printed {
  readonly register: number
  readonly text: string
  readonly serialised: boolean
}

export interface Placed {
  /** The overlay, with markers in it. */
  readonly tree: Json
  /** Slots by the text with markers that stands in their place. */
  readonly slots: ReadonlyMap<string, Slot>
  /** Holes whose text must stay as it was. */
  readonly exact: readonly number[]
}

/** Letters, digits and nothing else, so that a marker is harmless in every kind of scalar. */
const MARKER = /rEmOrA([0-9]+)hOlE/g

function markerOf(i: number): string {
  return `rEmOrA${i}hOlE`
}

/** `parts` are the constant texts around the holes; only holes that are `harmless` get slots. Undefined: no skeleton. */
export function placeHoles(
  parts: readonly string[],
  printed: readonly Printed[],
  harmless: readonly boolean[],
): Placed | undefined {
  if ([...parts, ...printed.map(({ text }) => text)].some((text) => text.includes('rEmOrA'))) return undefined
  const exact = new Set(harmless.flatMap((fine, i) => (fine ? [] : [i])))
  // Each round takes some holes out; a hole that is taken out may take others in its scalar with it.
  for (;;) {
    const before = exact.size
    const marked = markedText(parts, printed, exact)
    const tokens = scan(marked.text)
    if (tokens === undefined) return undefined
    const slots = findSlots(marked, tokens, printed, exact)
    if (exact.size === before) {
      const tree = parsed(marked.text)
      return tree === undefined || hasMarkedKey(tree) ? undefined : { tree, slots, exact: [...exact] }
    }
  }
}

interface Marked {
  readonly text: string
  /** Where the texts of exact holes are. */
  readonly kept: readonly { readonly hole: number; readonly start: number; readonly end: number }[]
}

function markedText(
  parts: readonly string[],
  printed: readonly Printed[],
  exact: ReadonlySet<number>,
): Marked {
  let text = parts[0] ?? ''
  const kept: { hole: number; start: number; end: number }[] = []
  for (const [hole, { text: actual }] of printed.entries()) {
    const start = text.length
    text += exact.has(hole) ? actual : markerOf(hole)
    if (exact.has(hole)) kept.push({ hole, start, end: text.length })
    text += parts[hole + 1] ?? ''
  }
  return { text, kept }
}

function scan(text: string): Token[] | undefined {
  const scanner = new Scanner(text)
  const tokens: Token[] = []
  try {
    for (let token = scanner.peek(); token.kind !== STREAM_END; token = scanner.peek()) {
      tokens.push(token)
      scanner.skip()
    }
    return tokens
  } catch (error) {
    if (error instanceof YamlFault) return undefined
    throw error
  }
}

function parsed(text: string): Json | undefined {
  try {
    return parseYaml(text)
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

function hasMarkedKey(value: Json): boolean {
  if (Array.isArray(value)) return value.some(hasMarkedKey)
  if (!isObject(value)) return false
  return Object.entries(value).some(([key, member]) => key.includes('rEmOrA') || hasMarkedKey(member))
}

/** The slots of this round. Adds to `exact` what can have none. */
function findSlots(
  marked: Marked,
  tokens: readonly Token[],
  printed: readonly Printed[],
  exact: Set<number>,
): Map<string, Slot> {
  const slots = new Map<string, Slot>()
  const found = new Set<number>()
  let flow = 0
  for (const [i, token] of tokens.entries()) {
    if (token.kind === FLOW_SEQUENCE_START || token.kind === FLOW_MAPPING_START) flow++
    else if (token.kind === FLOW_SEQUENCE_END || token.kind === FLOW_MAPPING_END) flow--
    if (token.kind !== SCALAR) continue
    const holes = [...token.value.matchAll(MARKER)].map((match) => Number(match[1]))
    if (holes.length === 0) continue
    for (const hole of holes) found.add(hole)
    const before = tokens[i - 1]?.kind
    const isValue = before !== KEY && before !== TAG && before !== ANCHOR && token.column > 0
    const slot = isValue ? slotOf(marked, token, tokens[i + 1], printed, holes, flow > 0) : undefined
    const texts = slot === undefined ? [] : textsOf(printed)
    if (slot === undefined || scalarValue(slot, texts) === undefined)
      for (const hole of holes) exact.add(hole)
    else slots.set(token.value, slot)
  }
  for (const hole of printed.keys()) if (!found.has(hole)) exact.add(hole)
  return slots
}

function textsOf(printed: readonly Printed[]): string[] {
  const texts: string[] = []
  for (const { register, text } of printed) texts[register] = text
  return texts
}

function slotOf(
  { text, kept }: Marked,
  token: Token,
  next: Token | undefined,
  printed: readonly Printed[],
  markers: readonly number[],
  inFlow: boolean,
): Slot | undefined {
  const end = endOf(text, token, next)
  if (end === undefined) return undefined
  // What must stay as it was next to what may change could form something else together.
  if (kept.some((region) => region.start < end && region.end > token.start)) return undefined
  const only = printed[markers[0] ?? 0]
  const isWhole = token.style === PLAIN && token.value === markerOf(markers[0] ?? 0)
  const style = isWhole && only?.text.startsWith('"') === true ? 'quoted' : styleOf(token, inFlow)
  if (style === undefined) return undefined
  if (style !== 'literal' && markers.some((hole) => printed[hole]?.serialised === true)) return undefined
  const parts = token.value.split(/rEmOrA[0-9]+hOlE/).map(narrow)
  return { style, parts, holes: markers.map((hole) => printed[hole]?.register ?? 0) }
}

function styleOf(token: Token, inFlow: boolean): Style | undefined {
  if (token.style === PLAIN) return inFlow ? 'plain-in-flow' : 'plain'
  if (token.style === DOUBLE_QUOTED) return 'double'
  if (token.style === SINGLE_QUOTED) return 'single'
  return token.style === LITERAL ? 'literal' : undefined
}

const DOUBLE_ON_A_LINE = /"(?:[^"\\\n\r\u0085\u2028\u2029]|\\[^\n\r\u0085\u2028\u2029])*"/y
const SINGLE_ON_A_LINE = /'(?:[^'\n\r\u0085\u2028\u2029]|'')*'/y

/** Where a scalar ends; undefined when it is folded, or goes over several lines other than a literal. */
function endOf(text: string, token: Token, next: Token | undefined): number | undefined {
  const { start, style, value } = token
  if (style === PLAIN) return text.startsWith(value, start) ? start + value.length : undefined
  if (style === LITERAL) return next?.start ?? text.length
  const pattern =
    style === DOUBLE_QUOTED ? DOUBLE_ON_A_LINE : style === SINGLE_QUOTED ? SINGLE_ON_A_LINE : undefined
  if (pattern === undefined) return undefined
  pattern.lastIndex = start
  return pattern.test(text) ? pattern.lastIndex : undefined
}
