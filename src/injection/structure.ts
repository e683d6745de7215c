// The structure guard (design §5): pods choose values, templates choose structure. In goes rendered text with the regions
// that were printed from the pod; it passes when the nodes of the text are those that harmless text in these regions
// would give. What a serialiser printed may bring nodes of its own, if they read back as it wrote them.
//
// Nodes are compared as YAML tokens: mappings, keys and entries of lists, without the words in them. Most regions are
// seen to be harmless by a look at the text around them, and then nothing is scanned at all.

import type { Mark, Rendered } from '../gotemplate/template.ts'
import { ProblemError } from '../std/problem.ts'
import { Scanner } from '../std/yaml/scanner.ts'
import {
  ALIAS,
  ANCHOR,
  BLOCK_END,
  BLOCK_ENTRY,
  BLOCK_MAPPING_START,
  BLOCK_SEQUENCE_START,
  FLOW_MAPPING_START,
  FLOW_SEQUENCE_START,
  KEY,
  SCALAR,
  STREAM_END,
  TAG,
  type Token,
  VALUE,
  YamlFault,
} from '../std/yaml/token.ts'

/** Text that is one plain scalar, or part of one, wherever it stands. */
const SAFE = /^[A-Za-z0-9_/](?:[A-Za-z0-9._/-]|[:=,@][A-Za-z0-9_/])*$/
/** As above, but a comma would part items of a flow collection. */
const SAFE_IN_FLOW = /^[A-Za-z0-9_/](?:[A-Za-z0-9._/-]|[:=@][A-Za-z0-9_/])*$/
/** A line up to a place inside a double-quoted scalar that begins on it. */
const INSIDE_QUOTES = /^[ ]*(?:- +)*(?:[\w./-]+: +)?"[^"\\]*$/
const QUOTED_TEXT = /^[^"\\\u0000-\u001f\u0085\u2028\u2029]*$/
/** A whole double-quoted scalar, as template function `quote` prints it. */
const QUOTED = /^"(?:[^"\\\u0000-\u001f\u0085\u2028\u2029]|\\[^\n\r])*"$/
const BLOCK_SCALAR_HEADER = /[:-] +[|>][0-9+-]{0,2} *$/
const NEUTRAL = 'n'

/** Throws a ProblemError that names the place in template `name`. */
export function checkStructure(rendered: Rendered, name: string): void {
  const { text } = rendered
  const lost = rendered.marks.find((mark) => mark.serialised && isBlank(text, mark))
  if (lost !== undefined) throw refusal(text, lost, name)
  const doubtful = rendered.marks.filter((mark) => mark.end > mark.start && !isHarmless(text, mark))
  if (doubtful.length === 0) return
  const tokens = scan(text)
  if (tokens === undefined) {
    checkUnreadable(text, doubtful, name)
    return
  }
  const misread = doubtful.find((mark) => mark.serialised && !readsBack(text, mark, tokens))
  if (misread !== undefined) throw refusal(text, misread, name)
  const printed = doubtful.filter((mark) => !mark.serialised)
  if (printed.length === 0) return
  const neutral = scan(neutralised(text, printed))
  if (neutral !== undefined && sameNodes(tokens, neutral)) return
  throw refusal(text, culprit(text, printed, neutral), name)
}

/** Serialisers print nothing only for what they cannot print, and drop it that way. */
function isBlank(text: string, mark: Mark): boolean {
  return text.slice(mark.start, mark.end).trim() === ''
}

/**
 * Text that is no YAML because of what the pod put into it. A reader might stop before the place (at the end of a first
 * document) and find something else than the template says; where the template itself is wrong, the parser has the word.
 */
function checkUnreadable(text: string, doubtful: readonly Mark[], name: string): void {
  if (scan(neutralised(text, doubtful)) === undefined) return
  throw refusal(
    text,
    firstNeeded(doubtful, (marks) => scan(neutralised(text, marks)) !== undefined),
    name,
  )
}

/** Whether the look of its line already says that a printed region is part of one scalar. */
export function isHarmless(text: string, mark: Pick<Mark, 'start' | 'end' | 'serialised'>): boolean {
  const region = text.slice(mark.start, mark.end)
  const lineStart = text.lastIndexOf('\n', mark.start - 1) + 1
  const before = text.slice(lineStart, mark.start)
  if (!mark.serialised && (before.includes('[') || before.includes('{') ? SAFE_IN_FLOW : SAFE).test(region)) {
    return true
  }
  if (!mark.serialised && QUOTED.test(region) && /(?:^|[ :-] )[ ]*$/.test(before)) return true
  if (!mark.serialised && INSIDE_QUOTES.test(before) && QUOTED_TEXT.test(region)) return true
  return !/[\n\r\u0085\u2028\u2029]/.test(region) && inBlockScalar(text, lineStart)
}

/** Whether the line that starts at `lineStart` belongs to a literal or folded scalar, where only line breaks count. */
function inBlockScalar(text: string, lineStart: number): boolean {
  let indent = indentOf(text, lineStart)
  let start = lineStart
  while (start > 0 && indent > 0) {
    const end = start - 1
    start = text.lastIndexOf('\n', end - 1) + 1
    const line = text.slice(start, end)
    if (line.trim() === '') continue
    const outer = indentOf(text, start)
    if (outer >= indent) continue
    if (BLOCK_SCALAR_HEADER.test(line)) return true
    indent = outer
  }
  return false
}

function indentOf(text: string, lineStart: number): number {
  let at = lineStart
  while (text[at] === ' ') at++
  return at - lineStart
}

/** The tokens of `text`; undefined when it is no YAML. */
function scan(text: string): Token[] | undefined {
  const scanner = new Scanner(text)
  const tokens: Token[] = []
  try {
    for (;;) {
      const token = scanner.peek()
      if (token.kind === STREAM_END) return tokens
      tokens.push(token)
      scanner.skip()
    }
  } catch (error) {
    if (error instanceof YamlFault) return undefined
    throw error
  }
}

/** `text` with harmless text in the regions, nothing in those that serialisers printed. */
function neutralised(text: string, marks: readonly Mark[]): string {
  let result = ''
  let from = 0
  for (const mark of marks) {
    result += text.slice(from, mark.start) + (mark.serialised ? '' : NEUTRAL)
    from = mark.end
  }
  return result + text.slice(from)
}

const NEEDS_NODE = new Set([KEY, VALUE, BLOCK_ENTRY])
const BEGINS_NODE = new Set([
  ALIAS,
  ANCHOR,
  TAG,
  SCALAR,
  BLOCK_SEQUENCE_START,
  BLOCK_MAPPING_START,
  FLOW_SEQUENCE_START,
  FLOW_MAPPING_START,
])

/** Kinds of the nodes, an empty node counting as a scalar. A list may begin behind a value without a token of its own. */
function nodeKinds(tokens: readonly Token[]): number[] {
  const kinds: number[] = []
  for (const [index, { kind }] of tokens.entries()) {
    kinds.push(kind)
    const next = tokens[index + 1]?.kind ?? STREAM_END
    const listFollows = kind === VALUE && next === BLOCK_ENTRY
    if (NEEDS_NODE.has(kind) && !BEGINS_NODE.has(next) && !listFollows) kinds.push(SCALAR)
  }
  return kinds
}

function sameNodes(a: readonly Token[], b: readonly Token[]): boolean {
  const left = nodeKinds(a)
  const right = nodeKinds(b)
  return left.length === right.length && left.every((kind, i) => kind === right[i])
}

/** The region that brings other nodes. */
function culprit(text: string, marks: readonly Mark[], neutral: readonly Token[] | undefined): Mark {
  return firstNeeded(marks, (some) => {
    const tokens = scan(neutralised(text, some))
    return tokens !== undefined && neutral !== undefined && sameNodes(tokens, neutral)
  })
}

/** The first mark up to which all must be neutral for the text to be `good`; a few scans, however many marks. */
function firstNeeded(marks: readonly Mark[], good: (some: readonly Mark[]) => boolean): Mark {
  let fails = 0
  let enough = marks.length
  while (enough - fails > 1) {
    const middle = Math.floor((fails + enough) / 2)
    if (good(marks.slice(0, middle))) enough = middle
    else fails = middle
  }
  const found = marks[enough - 1]
  if (found === undefined) throw new RangeError('no region to blame')
  return found
}

/** Whether what a serialiser printed is read as it was written: as part of one scalar, or as nodes of its own. */
function readsBack(text: string, mark: Mark, tokens: readonly Token[]): boolean {
  const region = text.slice(mark.start, mark.end)
  const inside = tokens.filter((token) => token.start >= mark.start && token.start < mark.end)
  const holder = tokens.findLast((token) => token.start <= mark.start)
  if (holder?.kind === SCALAR && inside.every((token) => token === holder) && !beginsAt(holder, text, mark)) {
    return folded(holder.value).includes(folded(region))
  }
  const column = mark.start - (text.lastIndexOf('\n', mark.start - 1) + 1)
  const alone = scan(' '.repeat(column) + region)
  if (alone === undefined) return false
  const want = alone.filter(isContent)
  const got = inside.filter(isContent)
  return got.length === want.length && got.every((token, i) => sameToken(token, want[i]))
}

/** A scalar that begins with the region and is no quoted or block text around it. */
function beginsAt(token: Token, text: string, mark: Mark): boolean {
  const first = mark.start + (/\S/.exec(text.slice(mark.start, mark.end))?.index ?? 0)
  return token.start === first
}

function folded(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

/** Block collections begin and end by indentation, which differs between a text alone and a text in its place. */
function isContent(token: Token): boolean {
  return ![BLOCK_MAPPING_START, BLOCK_SEQUENCE_START, BLOCK_END].includes(token.kind)
}

function sameToken(a: Token, b: Token | undefined): boolean {
  return b !== undefined && a.kind === b.kind && a.value === b.value
}

const SHOWN = 80

function refusal(text: string, mark: Mark, name: string): ProblemError {
  const region = text.slice(mark.start, mark.end)
  const shown = region.length > SHOWN ? `${region.slice(0, SHOWN)}…` : region
  return new ProblemError(
    'structure',
    `template "${name}" line ${mark.line}: value ${JSON.stringify(shown)} would change the structure of the pod`,
    { line: mark.line, column: mark.column },
    `{{ ${mark.expression} }} is printed as it is; quote it in the template, or change the value`,
  )
}
