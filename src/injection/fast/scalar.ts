// The value that YAML reads from a scalar of known style, some of whose text was printed from the pod. The whole scalar is
// judged, not its parts: two harmless parts can form `: `. What is not plainly harmless is refused, and the caller renders
// and parses as usual; a text refused too often costs time, one accepted wrongly costs the promise.
//
// Each rule is narrower than what the structure guard lets pass without scanning (structure.ts, isHarmless).

import type { Json } from '../../std/json.ts'
import { GoFloat, resolvePlain } from '../../std/yaml/resolve.ts'

/** `quoted`: the printed text is the whole scalar, quotes included. */
export type Style = 'plain' | 'plain-in-flow' | 'quoted' | 'double' | 'single' | 'literal'

/** A scalar: constant parts around printed ones, which are named by text register. `parts` has one more item. */
export interface Slot {
  readonly style: Style
  readonly parts: readonly string[]
  readonly holes: readonly number[]
}

/** Printed text inside a plain or single-quoted scalar. */
const WORD = /^(?:[A-Za-z0-9_/](?:[A-Za-z0-9._/-]|[:=,@][A-Za-z0-9_/])*)?$/
const WORD_IN_FLOW = /^(?:[A-Za-z0-9_/](?:[A-Za-z0-9._/-]|[:=@][A-Za-z0-9_/])*)?$/

/** A whole plain scalar without blanks: nothing in it can be a comment, and `:` only ends it at its end. */
const PLAIN = /^(?:-(?=[!-~])|[A-Za-z0-9_/.$(+~=<;^\\])(?:[!-~]*[!-9;-~])?$/
const PLAIN_IN_FLOW =
  /^(?:-(?=[A-Za-z0-9._/$()+~=@-])|[A-Za-z0-9_/.$(+~=])(?:[A-Za-z0-9._/$()+~=@:-]*[A-Za-z0-9._/$()+~=@-])?$/

// The characters that need no escape: no control character, no line break, no byte order mark, no surrogate.
const TEXT = ' !#-[\\]-~\\u00a0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd'
const DOUBLE = new RegExp(`^[${TEXT}]*$`)
const QUOTED = new RegExp(`^"[${TEXT}]*"$`)
/** Part of a line of a literal scalar that begins with no blank, so that indentation stays as it is. */
const LITERAL = new RegExp(
  `^[!-~\\u00a1-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd][${TEXT}"\\\\]*$`,
)

const HOLE: Readonly<Record<Style, RegExp>> = {
  plain: WORD,
  'plain-in-flow': WORD_IN_FLOW,
  quoted: QUOTED,
  double: DOUBLE,
  single: WORD,
  literal: LITERAL,
}

/** The value of the scalar with these printed texts, by register; undefined when they could be more than part of it. */
export function scalarValue(slot: Slot, texts: readonly string[]): Json | undefined {
  const { style, parts, holes } = slot
  const rule = HOLE[style]
  let text = parts[0] ?? ''
  for (let i = 0; i < holes.length; i++) {
    const printed = texts[holes[i] as number] ?? ''
    if (!rule.test(printed)) return undefined
    text += printed + (parts[i + 1] ?? '')
  }
  if (style === 'quoted') return text.slice(1, -1)
  if (style === 'plain') return PLAIN.test(text) ? plainValue(text) : undefined
  if (style === 'plain-in-flow') return PLAIN_IN_FLOW.test(text) ? plainValue(text) : undefined
  return text
}

/** As the parser takes a plain scalar where a value stands. */
function plainValue(text: string): Json | undefined {
  const value = resolvePlain(text)
  if (value instanceof GoFloat) return Number.isFinite(value.value) ? value.value : undefined
  return typeof value === 'bigint' ? Number(value) : value
}
