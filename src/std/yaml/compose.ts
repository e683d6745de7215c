// From tokens to data: libyaml's grammar (parserc.go) and go-yaml's decoding into maps and lists (decode.go) in one pass.
// Mappings become plain objects whose keys are text as sigs.k8s.io/yaml makes it; an alias is the very value of its
// anchor, so data may be shared and must not be changed. Throws YamlFault.

import { settle } from '../bytes.ts'
import { isObject, own, setOwn } from '../json.ts'
import { keyText } from './key.ts'
import { GoFloat, type Scalar } from './resolve.ts'
import { Scanner } from './scanner.ts'
import { resolveTagged } from './tags.ts'
import * as T from './token.ts'
import { type Mark, parserFault, type Token, YamlFault } from './token.ts'

/** A decoded node. GoFloat and bigint appear only where the caller asked for exact numbers. */
export type YamlValue = Scalar | GoFloat | YamlValue[] | YamlObject
export interface YamlObject {
  [key: string]: YamlValue
}

export interface ComposeLimits {
  readonly depth: number
  /** Nodes that aliases may add. */
  readonly aliases: number
}

/** The key `<<`, which merges the value into the mapping. */
const MERGE = Symbol('merge')

interface Anchor {
  /** Undefined while the node is being read: an alias in there would contain itself. */
  value: YamlValue | undefined
  /** How many nodes an alias stands for. */
  size: number
}

const DEFAULT_HANDLES: readonly (readonly [string, string])[] = [
  ['!', '!'],
  ['!!', 'tag:yaml.org,2002:'],
]

/** Small and middle-sized documents may come almost wholly from aliases, large ones hardly: go-yaml's limits. */
const RATIO_FROM = 400_000
const RATIO_TO = 4_000_000

function allowedAliasRatio(nodes: number): number {
  if (nodes <= RATIO_FROM) return 0.99
  if (nodes >= RATIO_TO) return 0.1
  return 0.99 - 0.89 * ((nodes - RATIO_FROM) / (RATIO_TO - RATIO_FROM))
}

export class Composer {
  private readonly scanner: Scanner
  private readonly exact: boolean
  private readonly limits: ComposeLimits
  private readonly anchors = new Map<string, Anchor>()
  private handles: (readonly [string, string])[] = []
  private depth = 0
  private hasBinary = false
  private nodes = 0
  private aliased = 0

  constructor(text: string, exact: boolean, limits: ComposeLimits) {
    this.scanner = new Scanner(text, limits.depth)
    this.exact = exact
    this.limits = limits
  }

  /** The first document, null when there is none. Reads no further than the token behind it. */
  document(): YamlValue {
    const { scanner } = this
    let token = scanner.peek()
    if (token.kind === T.STREAM_END) return null
    let content = true
    if (token.kind <= T.DOCUMENT_START) {
      this.directives()
      token = scanner.peek()
      if (token.kind !== T.DOCUMENT_START) throw parserFault('did not find expected <document start>', token)
      scanner.skip()
      content = scanner.peek().kind > T.DOCUMENT_END
    } else {
      this.handles = [...DEFAULT_HANDLES]
    }
    const value = content ? this.node(true, false) : null
    scanner.peek()
    return value
  }

  /** Where reading has come to. */
  get position(): number {
    return this.scanner.pos
  }

  private directives(): void {
    const { scanner } = this
    const seen: (readonly [string, string])[] = []
    let version = false
    for (;;) {
      const token = scanner.peek()
      if (token.kind === T.VERSION_DIRECTIVE) {
        if (version) throw parserFault('found duplicate %YAML directive', token)
        if (token.value !== '1.1') throw parserFault('found incompatible YAML document', token)
        version = true
      } else if (token.kind === T.TAG_DIRECTIVE) {
        if (seen.some(([handle]) => handle === token.value)) {
          throw parserFault('found duplicate %TAG directive', token)
        }
        seen.push([token.value, token.suffix])
      } else {
        break
      }
      scanner.skip()
    }
    this.handles = [...seen, ...DEFAULT_HANDLES]
  }

  /** A value; scalars in the form of data. */
  private node(block: boolean, indentless: boolean): YamlValue {
    const at = this.scanner.peek()
    const value = this.read(block, indentless, false)
    if (value instanceof GoFloat) {
      if (Number.isFinite(value.value)) return this.exact ? value : value.value
      const name = Number.isNaN(value.value) ? 'NaN' : value.value > 0 ? '+Inf' : '-Inf'
      throw new YamlFault(`json: unsupported value: ${name}`, at)
    }
    if (this.exact) return value
    // Only !!binary makes bytes that are no text; JSON has U+FFFD for each.
    if (this.hasBinary && typeof value === 'string') return settle(value, '\ufffd')
    return typeof value === 'bigint' ? Number(value) : value
  }

  /** The text of a mapping's key, or MERGE. */
  private key(block: boolean): string | typeof MERGE {
    const at = this.scanner.peek()
    const value = this.read(block, block, true)
    if (value === MERGE) return MERGE
    const text = keyText(value)
    if (text.problem !== undefined) throw new YamlFault(text.problem, at)
    return text.key
  }

  /** The empty node that stands where a node could. */
  private empty(): null {
    this.nodes++
    return null
  }

  private read(block: boolean, indentless: boolean, isKey: false): YamlValue
  private read(block: boolean, indentless: boolean, isKey: boolean): YamlValue | typeof MERGE
  private read(block: boolean, indentless: boolean, isKey: boolean): YamlValue | typeof MERGE {
    const { scanner } = this
    let token = scanner.peek()
    this.nodes++
    if (token.kind === T.ALIAS) return this.alias(token)
    let tag = ''
    let anchor: Anchor | undefined
    if (token.kind === T.ANCHOR || token.kind === T.TAG) {
      const start = token
      const properties = this.properties(token)
      ;({ tag, anchor } = properties)
      token = scanner.peek()
      if (!startsNode(token.kind, block, indentless)) {
        // Nothing but properties: an empty scalar.
        const value = resolveTagged(tag, '', tag === '', start)
        if (anchor !== undefined) anchor.value = value
        return value
      }
    }
    if (token.kind === T.SCALAR) {
      scanner.skip()
      const implicit = tag === '' ? token.style === T.PLAIN : tag === '!'
      const isMerge = isKey && token.value === '<<' && (implicit || tag === 'tag:yaml.org,2002:merge')
      const value = tag === '' && !implicit ? token.value : resolveTagged(tag, token.value, implicit, token)
      if (anchor !== undefined) anchor.value = value
      return isMerge ? MERGE : value
    }
    return this.collection(token, block, indentless, anchor)
  }

  private collection(
    token: Token,
    block: boolean,
    indentless: boolean,
    anchor: Anchor | undefined,
  ): YamlValue {
    const before = this.nodes
    if (++this.depth > this.limits.depth) {
      throw new YamlFault(`yaml: exceeded max depth of ${this.limits.depth}`, token, true)
    }
    let value: YamlValue
    if (token.kind === T.FLOW_SEQUENCE_START) value = this.flowSequence(token)
    else if (token.kind === T.FLOW_MAPPING_START) value = this.flowMapping(token)
    else if (block && token.kind === T.BLOCK_SEQUENCE_START) value = this.blockSequence(token)
    else if (block && token.kind === T.BLOCK_MAPPING_START) value = this.blockMapping(token)
    else if (indentless && token.kind === T.BLOCK_ENTRY) value = this.indentlessSequence()
    else throw parserFault('did not find expected node content', token, token)
    this.depth--
    if (anchor !== undefined) {
      anchor.value = value
      anchor.size = this.nodes - before + 1
    }
    return value
  }

  private alias(token: Token): YamlValue {
    this.scanner.skip()
    const anchor = this.anchors.get(token.value)
    if (anchor === undefined) throw new YamlFault(`yaml: unknown anchor '${token.value}' referenced`, token)
    if (anchor.value === undefined) {
      throw new YamlFault(`yaml: anchor '${token.value}' value contains itself`, token)
    }
    this.nodes += anchor.size
    this.aliased += anchor.size
    if (
      this.aliased > 100 &&
      this.nodes > 1000 &&
      this.aliased / this.nodes > allowedAliasRatio(this.nodes)
    ) {
      throw new YamlFault('yaml: document contains excessive aliasing', token)
    }
    if (this.aliased > this.limits.aliases) {
      throw new YamlFault(`yaml: aliases add more than ${this.limits.aliases} nodes`, token, true)
    }
    return anchor.value
  }

  /** Anchor and tag, in either order; the token is the first of them. */
  private properties(first: Token): { tag: string; anchor: Anchor | undefined } {
    const { scanner } = this
    let tag = ''
    let anchor: Anchor | undefined
    let token = first
    for (let i = 0; i < 2; i++) {
      if (token.kind === T.ANCHOR && anchor === undefined) {
        anchor = { value: undefined, size: 1 }
        this.anchors.set(token.value, anchor)
      } else if (token.kind === T.TAG && tag === '') {
        tag = this.tag(token, first)
      } else {
        break
      }
      scanner.skip()
      token = scanner.peek()
    }
    return { tag, anchor }
  }

  private tag(token: Token, first: Token): string {
    if (token.suffix.endsWith('binary')) this.hasBinary = true
    if (token.value === '') return token.suffix
    const handle = this.handles.find(([name]) => name === token.value)
    if (handle === undefined) throw parserFault('found undefined tag handle', first, token)
    return handle[1] + token.suffix
  }

  private blockSequence(start: Token): YamlValue[] {
    const { scanner } = this
    const items: YamlValue[] = []
    scanner.skip()
    for (;;) {
      const token = scanner.peek()
      if (token.kind !== T.BLOCK_ENTRY) break
      scanner.skip()
      const next = scanner.peek().kind
      items.push(next === T.BLOCK_ENTRY || next === T.BLOCK_END ? this.empty() : this.node(true, false))
    }
    this.end(T.BLOCK_END, "did not find expected '-' indicator", start)
    return items
  }

  /** A sequence at the indentation of the mapping around it, which no token opens or closes. */
  private indentlessSequence(): YamlValue[] {
    const { scanner } = this
    const items: YamlValue[] = []
    while (scanner.peek().kind === T.BLOCK_ENTRY) {
      scanner.skip()
      const next = scanner.peek().kind
      const isEmpty = next === T.BLOCK_ENTRY || next === T.KEY || next === T.VALUE || next === T.BLOCK_END
      items.push(isEmpty ? this.empty() : this.node(true, false))
    }
    return items
  }

  private end(kind: number, problem: string, start: Token): void {
    const token = this.scanner.peek()
    if (token.kind !== kind) throw parserFault(problem, token, start)
    this.scanner.skip()
  }

  private blockMapping(start: Token): YamlObject {
    const { scanner } = this
    const map: YamlObject = {}
    scanner.skip()
    while (scanner.peek().kind === T.KEY) {
      const at = scanner.peek()
      scanner.skip()
      const key = endsBlockKey(scanner.peek().kind) ? this.noKey(at) : this.key(true)
      let isEmpty = scanner.peek().kind !== T.VALUE
      if (!isEmpty) {
        scanner.skip()
        isEmpty = endsBlockKey(scanner.peek().kind)
      }
      this.member(map, key, isEmpty, true)
    }
    this.end(T.BLOCK_END, 'did not find expected key', start)
    return map
  }

  private noKey(at: Mark): never {
    const { problem = '' } = keyText(null)
    throw new YamlFault(problem, at)
  }

  /** Reads the value of `key`, unless it is empty, into the mapping. */
  private member(map: YamlObject, key: string | typeof MERGE, isEmpty: boolean, block: boolean): void {
    if (key === MERGE) this.merge(map, isEmpty, block)
    else setOwn(map, key, isEmpty ? this.empty() : this.node(block, block))
  }

  private flowSequence(start: Token): YamlValue[] {
    const { scanner } = this
    const items: YamlValue[] = []
    scanner.skip()
    for (let first = true; scanner.peek().kind !== T.FLOW_SEQUENCE_END; first = false) {
      if (!first) {
        this.end(T.FLOW_ENTRY, "did not find expected ',' or ']'", start)
        if (scanner.peek().kind === T.FLOW_SEQUENCE_END) break
      }
      items.push(scanner.peek().kind === T.KEY ? this.flowPair() : this.node(false, false))
    }
    scanner.skip()
    return items
  }

  /** `key: value` inside a flow sequence, which is a mapping of one. */
  private flowPair(): YamlObject {
    const { scanner } = this
    const map: YamlObject = {}
    const at = scanner.peek()
    scanner.skip()
    this.nodes++
    const kind = scanner.peek().kind
    if (kind === T.VALUE || kind === T.FLOW_ENTRY || kind === T.FLOW_SEQUENCE_END) this.noKey(at)
    const key = this.key(false)
    this.flowValue(map, key, T.FLOW_SEQUENCE_END)
    return map
  }

  private flowValue(map: YamlObject, key: string | typeof MERGE, close: number): void {
    const { scanner } = this
    let isEmpty = scanner.peek().kind !== T.VALUE
    if (!isEmpty) {
      scanner.skip()
      const kind = scanner.peek().kind
      isEmpty = kind === T.FLOW_ENTRY || kind === close
    }
    this.member(map, key, isEmpty, false)
  }

  private flowMapping(start: Token): YamlObject {
    const { scanner } = this
    const map: YamlObject = {}
    scanner.skip()
    for (let first = true; scanner.peek().kind !== T.FLOW_MAPPING_END; first = false) {
      if (!first) {
        this.end(T.FLOW_ENTRY, "did not find expected ',' or '}'", start)
        if (scanner.peek().kind === T.FLOW_MAPPING_END) break
      }
      const at = scanner.peek()
      if (at.kind === T.KEY) {
        scanner.skip()
        const kind = scanner.peek().kind
        if (kind === T.VALUE || kind === T.FLOW_ENTRY || kind === T.FLOW_MAPPING_END) this.noKey(at)
        this.flowValue(map, this.key(false), T.FLOW_MAPPING_END)
      } else {
        this.member(map, this.key(false), true, false)
      }
    }
    scanner.skip()
    return map
  }

  /** `<<: value`: a mapping, an alias of one, or a list of those, of which the first wins. */
  private merge(map: YamlObject, isEmpty: boolean, block: boolean): void {
    const at = this.scanner.peek()
    const value = isEmpty ? null : this.node(block, block)
    if (Array.isArray(value) && at.kind !== T.ALIAS) {
      for (const item of value.toReversed()) assignAll(map, item, at)
    } else {
      assignAll(map, value, at)
    }
  }
}

function assignAll(map: YamlObject, from: YamlValue, at: Mark): void {
  if (!isObject(from) || (from as unknown) instanceof GoFloat) {
    throw new YamlFault('yaml: map merge requires map or sequence of maps as the value', at)
  }
  for (const key of Object.keys(from)) setOwn(map, key, own(from as YamlObject, key) ?? null)
}

function startsNode(kind: number, block: boolean, indentless: boolean): boolean {
  if (kind === T.SCALAR || kind === T.FLOW_SEQUENCE_START || kind === T.FLOW_MAPPING_START) return true
  if (block && (kind === T.BLOCK_SEQUENCE_START || kind === T.BLOCK_MAPPING_START)) return true
  return indentless && kind === T.BLOCK_ENTRY
}

function endsBlockKey(kind: number): boolean {
  return kind === T.KEY || kind === T.VALUE || kind === T.BLOCK_END
}
