// Regular expressions in RE2 syntax and linear time, with the results of Go's regexp package.
// The only file that knows re2js. Positions are UTF-16 units; no function lets them out.

import { type Matcher, RE2JS, RE2JSSyntaxException } from 're2js'
import { settle } from '../../std/bytes.ts'
import type { Charge } from '../format.ts'
import { type CallContext, FuncError, type TemplateFunc } from '../func.ts'
import { canBackquote, goQuote } from '../quote.ts'
import { STRINGS } from '../types.ts'
import { type GoValue, Typed } from '../value.ts'
import { fixed, int, ofText, type Run, strings, text } from './go.ts'
import { expressionSize } from './regex-size.ts'

/** [start, end] of the match and of each group; -1 for a group that took no part. */
export type Match = readonly (readonly [start: number, end: number])[]

// Quoted text, escapes and classes, in which nothing opens a group; then named groups.
const GROUP_NAME = /\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|(\(\?P?<)(\w+)>/gs

/** Go lets groups share a name, re2js does not: later ones get a name of their own, and `renamed` knows the first. */
function uniqueNames(source: string): { unique: string; renamed: ReadonlyMap<string, string> } {
  const renamed = new Map<string, string>()
  const seen = new Set<string>()
  const unique = source.replace(GROUP_NAME, (whole, open: string | undefined, name: string | undefined) => {
    if (open === undefined || name === undefined) return whole
    if (!seen.has(name)) {
      seen.add(name)
      return whole
    }
    const fresh = `${name}_${source.length}_${renamed.size}`
    renamed.set(fresh, name)
    return `${open}${fresh}>`
  })
  return { unique, renamed }
}

export class Pattern {
  readonly #program: RE2JS
  /** Names of the groups, by number; "" for one without. */
  readonly names: readonly string[]
  /** Relative cost of matching a character: the size of the compiled program. */
  readonly cost: number

  /** Throws FuncError with Go's text (`error parsing regexp: …`). */
  constructor(source: string) {
    if (!source.isWellFormed()) {
      throw new FuncError(`error parsing regexp: invalid UTF-8: \`${settle(source, '\ufffd')}\``)
    }
    try {
      const { unique, renamed } = uniqueNames(source)
      this.#program = RE2JS.compile(unique)
      const names = Array<string>(this.#program.groupCount() + 1).fill('')
      for (const [name, index] of Object.entries(this.#program.namedGroups())) {
        names[index] = renamed.get(name) ?? name
      }
      this.names = names
    } catch (error) {
      if (error instanceof RE2JSSyntaxException) throw new FuncError(error.message)
      throw error
    }
    this.cost = this.#program.programSize()
  }

  /** A search through one text; every character read is charged, so that no search outlasts the budget of the run. */
  search(input: string, charge: Charge): Search {
    return new Search(this.#program, new MeteredText(input, charge, 1 + this.cost / 16), charge)
  }

  /** The texts of the leftmost match and of its groups, "" for groups that took no part. */
  groupsOf(input: string, charge: Charge): string[] | undefined {
    const match = this.search(input, charge).find(0)
    return match?.map(([start, end]) => (start < 0 ? '' : input.slice(start, end)))
  }
}

/** Steps to begin the search for one match, and to take it. */
const FIND_COST = 24

/** How many characters are read between two charges. */
const READS = 256

/**
 * A text that counts how often it is read. A single match takes linear time, but finding all of them may look at the
 * rest of the text for each (`a.*z|b`); only the reads themselves tell. re2js reads texts by these methods alone.
 */
class MeteredText extends String {
  readonly #text: string
  readonly #charge: Charge
  readonly #weight: number
  #left = 0

  constructor(text: string, charge: Charge, weight: number) {
    super(text)
    this.#text = text
    this.#charge = charge
    this.#weight = weight
  }

  override charCodeAt(at: number): number {
    if (this.#left-- === 0) {
      this.#charge(Math.ceil(READS * this.#weight))
      this.#left = READS
    }
    return this.#text.charCodeAt(at)
  }

  override indexOf(part: string, from = 0): number {
    const at = this.#text.indexOf(part, from)
    this.#charge(Math.ceil(((at < 0 ? this.#text.length : at) - from) / 16))
    return at
  }
}

export class Search {
  readonly #matcher: Matcher
  readonly #charge: Charge
  readonly #text: string
  readonly #groups: number

  constructor(program: RE2JS, text: MeteredText, charge: Charge) {
    this.#charge = charge
    // re2js takes String objects as texts, but its types do not say so.
    this.#matcher = program.matcher(text as unknown as string)
    this.#text = text.toString()
    this.#groups = program.groupCount() + 1
  }

  /** The leftmost match at or after `from`. */
  find(from: number): Match | undefined {
    this.#charge(FIND_COST)
    if (!this.#matcher.find(from)) return undefined
    return Array.from(
      { length: this.#groups },
      (_, i) => [this.#matcher.start(i), this.#matcher.end(i)] as const,
    )
  }

  /** Go's FindAll: matches that do not overlap, no empty match right after another; at most `limit` unless negative. */
  *findAll(limit = -1): Generator<Match> {
    let at = 0
    let previousEnd = -1
    let found = 0
    while (at <= this.#text.length && (limit < 0 || found < limit)) {
      const match = this.find(at)
      const [start, end] = match?.[0] ?? [0, 0]
      if (match === undefined) return
      // An empty match at `at` moves on by a character, and counts only if no match ended there.
      const accepted = end !== at || start !== previousEnd
      at = end > at ? end : nextCharacter(this.#text, at)
      previousEnd = end
      if (accepted) {
        found++
        yield match
      }
    }
  }
}

function nextCharacter(input: string, at: number): number {
  return at + ((input.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
}

/** Go's Expand: `$name`, `$1`, `${name}`, `$$`; names are as long as possible, unknown ones are empty. */
function expand(replacement: string, match: Match, input: string, pattern: Pattern): string {
  return replacement.replace(/\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu, (whole, bare, braced) => {
    if (whole === '$$') return '$'
    const name = (bare ?? braced) as string
    const numbered = /^(?:0|[1-9][0-9]{0,8})$/.test(name)
    const takesPart = (group: string, i: number): boolean => group === name && (match[i]?.[0] ?? -1) >= 0
    const index = numbered ? Number(name) : pattern.names.findIndex(takesPart)
    const [start, end] = match[index] ?? [-1, -1]
    return start < 0 ? '' : input.slice(start, end)
  })
}

/** Go's ReplaceAll: every match but an empty one right after another. */
function replaceAll(
  pattern: Pattern,
  input: string,
  { charge }: CallContext,
  replacement: (match: Match) => string,
): string {
  const search = pattern.search(input, charge)
  let result = ''
  let copied = 0
  let at = 0
  while (at <= input.length) {
    const match = search.find(at)
    if (match === undefined) break
    const [start, end] = match[0] ?? [0, 0]
    result += input.slice(copied, start)
    if (end > copied || start === 0) {
      const inserted = replacement(match)
      charge(inserted.length + 1)
      result += inserted
    }
    copied = end
    at = Math.max(end, nextCharacter(input, at))
  }
  return result + input.slice(copied)
}

/** Go's Split: at most `limit` parts, the last one the rest; nil for limit 0. */
function split(search: Search, source: string, input: string, limit: number): string[] | undefined {
  if (limit === 0) return undefined
  if (source !== '' && input === '') return ['']
  const parts: string[] = []
  let begin = 0
  let end = 0
  for (const match of search.findAll(limit)) {
    if (limit > 0 && parts.length === limit - 1) break
    const [start, stop] = match[0] ?? [0, 0]
    end = start
    if (stop !== 0) parts.push(input.slice(begin, start))
    begin = stop
  }
  if (end !== input.length) parts.push(input.slice(begin))
  return parts
}

/** A nil []string where there is nothing: it prints as an empty list, its JSON is null. */
function list(texts: string[] | undefined): GoValue {
  return texts === undefined || texts.length === 0 ? new Typed(STRINGS, undefined) : strings(texts)
}

type Operation = (pattern: Pattern, args: readonly GoValue[], context: CallContext) => GoValue

const match: Operation = (pattern, [, input], { charge }) =>
  pattern.search(text(input), charge).find(0) !== undefined

const find: Operation = (pattern, [, input], { charge }) => pattern.groupsOf(text(input), charge)?.[0] ?? ''

const findAll: Operation = (pattern, [, input, limit], { charge }) => {
  const found = [...pattern.search(text(input), charge).findAll(int(limit))]
  return list(found.map(([whole]) => text(input).slice(...(whole ?? [0, 0]))))
}

const replace: Operation = (pattern, [, input, replacement], context) =>
  replaceAll(pattern, text(input), context, (found) => expand(text(replacement), found, text(input), pattern))

const replaceLiteral: Operation = (pattern, [, input, replacement], context) =>
  replaceAll(pattern, text(input), context, () => text(replacement))

const splitAt: Operation = (pattern, [source, input, limit], { charge }) => {
  const parts = split(pattern.search(text(input), charge), text(source), text(input), int(limit))
  return parts === undefined ? list(undefined) : strings(parts)
}

/** Steps to compile an expression, and for each character of its written-out form. */
const COMPILE_COST = 320
const COMPILE_CHARACTER = 16
/** Steps to begin a search. */
const SEARCH_COST = 24

/** The expressions of a run, compiled: a loop asks for the same ones again and again. */
const compiled = new WeakMap<CallContext, Map<string, Pattern>>()
const MOST_COMPILED = 32

/** Throws FuncError for a faulty expression. */
function compile(source: string, context: CallContext): Pattern {
  let known = compiled.get(context)
  if (known === undefined) {
    known = new Map()
    compiled.set(context, known)
  }
  const found = known.get(source)
  if (found !== undefined) {
    context.charge(source.length)
    return found
  }
  context.charge(COMPILE_COST + expressionSize(source) * COMPILE_CHARACTER)
  const pattern = new Pattern(source)
  if (known.size >= MOST_COMPILED) known.clear()
  known.set(source, pattern)
  return pattern
}

/** Runs `operation` with the pattern that is the first argument; `bad` decides what a faulty pattern gives. */
function searching(operation: Operation, bad: (error: FuncError, source: string) => GoValue): Run {
  return (args, context) => {
    const source = text(args[0])
    let pattern: Pattern
    try {
      pattern = compile(source, context)
    } catch (error) {
      if (error instanceof FuncError) return bad(error, source)
      throw error
    }
    context.charge(SEARCH_COST)
    return operation(pattern, args, context)
  }
}

const fail = (error: FuncError): never => {
  throw error
}

/** What regexp.MustCompile panics with. */
const panic = (error: FuncError, source: string): never => {
  const quoted = canBackquote(source) ? `\`${source}\`` : goQuote(source)
  throw new FuncError(`regexp: Compile(${quoted}): ${error.message}`)
}

export const REGEX_FUNCS: Record<string, TemplateFunc> = {
  regexMatch: fixed(
    ['string', 'string'],
    searching(match, () => false),
  ),
  mustRegexMatch: fixed(['string', 'string'], searching(match, fail)),
  regexFind: fixed(['string', 'string'], searching(find, panic)),
  mustRegexFind: fixed(['string', 'string'], searching(find, fail)),
  regexFindAll: fixed(['string', 'string', 'int'], searching(findAll, panic)),
  mustRegexFindAll: fixed(['string', 'string', 'int'], searching(findAll, fail)),
  regexReplaceAll: fixed(['string', 'string', 'string'], searching(replace, panic)),
  mustRegexReplaceAll: fixed(['string', 'string', 'string'], searching(replace, fail)),
  regexReplaceAllLiteral: fixed(['string', 'string', 'string'], searching(replaceLiteral, panic)),
  mustRegexReplaceAllLiteral: fixed(['string', 'string', 'string'], searching(replaceLiteral, fail)),
  regexSplit: fixed(['string', 'string', 'int'], searching(splitAt, panic)),
  mustRegexSplit: fixed(['string', 'string', 'int'], searching(splitAt, fail)),
  regexQuoteMeta: ofText(1, (value) => value.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')),
}
