// YAML text as a tree of parts with their places in the text: what an editor needs, and nothing of the values.
// The only file that reads the yaml package's nodes and tokens. Keys are named as Go's YAML reader names them.

import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument } from 'yaml'
import { isObject } from '../../std/json.ts'
import { parseYaml } from '../../std/yaml.ts'

export interface Part {
  readonly kind: 'map' | 'list' | 'scalar' | 'alias'
  /** Written in brackets or braces. */
  readonly flow: boolean
  /** A literal or folded block scalar. */
  readonly block: boolean
  readonly start: number
  /** Behind the last character of the content: no comment, no line end. */
  readonly end: number
  /** Of a map, in the order of the text (a key may occur twice: the last one counts); of a list, its items. */
  readonly entries: readonly Entry[]
  /** Holds an alias or a `<<` key, itself or further below. */
  readonly shared: boolean
  /** A shape that is not edited part by part: explicit keys, keys that are no scalars, pairs in a flow list. */
  readonly odd: boolean
}

export interface Entry {
  /** Undefined for list items. */
  readonly key: string | undefined
  /** Where the key or the dash begins; for items of a flow list, the item. */
  readonly start: number
  /** Behind the colon or the dash. */
  readonly valueFrom: number
  readonly end: number
  readonly value: Part
  /** An anchor or a tag stands before the value. */
  readonly props: boolean
}

interface Token {
  readonly type: string
  readonly offset: number
  readonly source: string
}

/**
 * The parts of a document, or undefined when it is empty. Faults that the yaml package finds are passed over: it is
 * stricter than Go in places (a comment right behind a quoted scalar), and what is made of the parts is checked.
 */
export function readParts(text: string): Part | undefined {
  const options = { version: '1.1', uniqueKeys: false, keepSourceTokens: true, logLevel: 'silent' } as const
  const document = parseDocument(text, options)
  if (document.contents === null) return undefined
  return partOf(document.contents, document.contents.range?.[0] ?? 0)
}

/** 1-based line of the header of the block scalar at `path`: its text begins on the next line. */
export function blockLine(text: string, path: readonly string[]): number | undefined {
  let part = readParts(text)
  for (const step of path) part = part?.entries.findLast((entry) => entry.key === step)?.value
  return part?.block === true ? text.slice(0, part.start).split('\n').length : undefined
}

/** 1-based line and column of what stands at `path`, or of the nearest thing around it. */
export function positionOf(
  text: string,
  path: readonly (string | number)[],
): { line: number; column: number } {
  let part = readParts(text)
  let at = part?.start ?? 0
  for (const step of path) {
    const list: boolean = part?.kind === 'list'
    const entry: Entry | undefined = part?.entries.findLast((each, i) =>
      list ? i === step : each.key === step,
    )
    if (entry === undefined) break
    at = entry.start
    part = entry.value
  }
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - (before.lastIndexOf('\n') + 1) + 1 }
}

const FLAT = { flow: false, block: false, entries: [], shared: false, odd: false } as const

function partOf(node: Node | null, at: number): Part {
  if (node === null || node.range === null || node.range === undefined) {
    return { ...FLAT, kind: 'scalar', start: at, end: at }
  }
  const [start, end] = node.range
  if (isAlias(node)) return { ...FLAT, kind: 'alias', start, end, shared: true }
  if (isMap(node)) return collection('map', node.srcToken, start, end, mapEntries(node.items as Pair[]))
  if (isSeq(node))
    return collection('list', node.srcToken, start, end, listEntries(node.items, node.srcToken))
  const type = isScalar(node) ? node.type : undefined
  const block = type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED'
  const source = (node.srcToken as { source?: string } | undefined)?.source ?? ''
  const newlines = block ? (/[\r\n]*$/.exec(source)?.[0].length ?? 0) : 0
  return { ...FLAT, kind: 'scalar', block, start, end: end - newlines }
}

function collection(
  kind: 'map' | 'list',
  token: { type: string } | undefined,
  start: number,
  end: number,
  entries: readonly (Entry | undefined)[],
): Part {
  const flow = token?.type === 'flow-collection'
  const known = entries.filter((entry) => entry !== undefined)
  return {
    kind,
    flow,
    block: false,
    start,
    end: flow ? end : (known.at(-1)?.end ?? end),
    entries: known,
    shared: known.some((entry) => entry.key === '<<' || entry.value.shared),
    odd: token === undefined || known.length < entries.length,
  }
}

function mapEntries(items: readonly Pair[]): (Entry | undefined)[] {
  return items.map((pair) => {
    const token = pair.srcToken as { start: Token[]; sep?: Token[] } | undefined
    const colon = token?.sep?.find((part) => part.type === 'map-value-ind')
    const key = pair.key as Node | null
    const odd =
      token?.start.some((part) => ['explicit-key-ind', 'anchor', 'tag'].includes(part.type)) !== false
    if (odd || colon === undefined || key === null || !isScalar(key) || !key.range) return undefined
    const valueFrom = colon.offset + 1
    const props = token?.sep?.filter((part) => part.type === 'anchor' || part.type === 'tag') ?? []
    const value = partOf(pair.value as Node | null, valueFrom)
    const lastProp = props.at(-1)
    const propsEnd = lastProp === undefined ? valueFrom : lastProp.offset + lastProp.source.length
    return {
      key: keyText(key.source ?? String(key.value), key.type === 'PLAIN', key.value),
      start: key.range[0],
      valueFrom,
      end: Math.max(value.end, propsEnd),
      value,
      props: props.length > 0,
    }
  })
}

function listEntries(items: readonly unknown[], token: { type: string } | undefined): (Entry | undefined)[] {
  const tokens = (token as { items?: { start: Token[]; sep?: Token[] }[] } | undefined)?.items ?? []
  const flow = token?.type === 'flow-collection'
  // A trailing comma leaves a token item without a node.
  return items.map((item, i) => {
    const source = tokens[i]
    const dash = source?.start.find((part) => part.type === 'seq-item-ind')
    if (source === undefined || source.sep !== undefined || (dash === undefined) !== flow) return undefined
    const node = item as Node
    const props = source.start.filter((part) => part.type === 'anchor' || part.type === 'tag')
    const valueFrom = dash === undefined ? (node.range?.[0] ?? 0) : dash.offset + 1
    const value = partOf(node, valueFrom)
    const lastProp = props.at(-1)
    const propsEnd = lastProp === undefined ? valueFrom : lastProp.offset + lastProp.source.length
    const start = dash?.offset ?? Math.min(value.start, props[0]?.offset ?? value.start)
    const end = Math.max(value.end, propsEnd)
    return { key: undefined, start, valueFrom, end, value, props: props.length > 0 }
  })
}

/** A key as JSON has it: words and numbers are resolved by Go's rules first (`y` becomes `true`, `010` becomes `8`). */
function keyText(source: string, plain: boolean, value: unknown): string {
  if (!plain || /^[A-Za-z_][\w./-]{5,}$/.test(source) || source === '<<')
    return String(plain ? source : value)
  const data = parseYaml(`? ${source}\n: 0\n`)
  return isObject(data) ? (Object.keys(data)[0] ?? source) : source
}
