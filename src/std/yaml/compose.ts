// From tokens to data: libyaml's grammar (parserc.go) and go-yaml's decoding into maps and lists (decode.go) in one pass.
// Mappings become plain objects whose keys are text as sigs.k8s.io/yaml makes it; an alias is the very value of its
// anchor, so data may be shared and must not be changed. Throws YamlFault.

import { settle } from '../bytes.ts'
import { own, setOwn } from '../json.ts'
import { type Anchor, Anchors } from './anchors.ts'
import { DECODING, Faults, KEYS } from './faults.ts'
import { TagHandles } from './handles.ts'
import { type KeyProblem, keySentence, keyText } from './key.ts'
import { GoFloat, resolvePlain, type Scalar } from './resolve.ts'
import { Scanner } from './scanner.ts'
import { resolveTagged } from './tags.ts'
import * as T from './token.ts'
import { type Mark, parserFault, type Token, YamlFault } from './token.ts'
import { isMap, refuseInfinite, type YamlObject, type YamlValue } from './tree.ts'

export type { YamlObject, YamlValue } from './tree.ts'

export interface ComposeLimits {
  readonly depth: number
  /** Nodes that aliases may add. */
  readonly aliases: number
}

/** The key `<<`, which merges the value into the mapping. */
const MERGE = Symbol('merge')

/** What cannot be a key; the sentence about it needs the value. */
interface BadKey {
  readonly problem: KeyProblem
  readonly value: YamlValue
  readonly at: Mark
}

type Key = string | typeof MERGE | BadKey

export class Composer {
  private readonly scanner: Scanner
  private readonly exact: boolean
  private readonly limits: ComposeLimits
  private readonly anchors: Anchors<YamlValue>
  private readonly handles = new TagHandles()
  private readonly faults = new Faults()
  private depth = 0
  private hasBinary = false
  private hasInfinite = false

  constructor(text: string, exact: boolean, limits: ComposeLimits) {
    this.scanner = new Scanner(text)
    this.exact = exact
    this.limits = limits
    this.anchors = new Anchors(limits.aliases)
  }

  /** The first document, null when there is none. Reads no further than the token behind it. */
  document(): YamlValue {
    const { scanner } = this
    let token = scanner.peek()
    if (token.kind === T.STREAM_END) return null
    let content = true
    if (token.kind <= T.DOCUMENT_START) {
      this.handles.read(scanner)
      token = scanner.peek()
      if (token.kind !== T.DOCUMENT_START) throw parserFault('did not find expected <document start>', token)
      scanner.skip()
      content = scanner.peek().kind > T.DOCUMENT_END
    }
    const value = content ? this.node(true, false) : null
    scanner.peek()
    this.faults.throwFirst()
    if (this.hasInfinite) refuseInfinite(value, token)
    return value
  }

  /** Where reading has come to. */
  get position(): number {
    return this.scanner.pos
  }

  /** A value; scalars in the form of data. */
  private node(block: boolean, indentless: boolean): YamlValue {
    const value = this.read(block, indentless, false)
    if (value instanceof GoFloat) {
      if (!Number.isFinite(value.value)) this.hasInfinite = true
      return this.exact ? value : value.value
    }
    if (this.exact) return value
    if (typeof value === 'string') return this.text(value)
    return typeof value === 'bigint' ? Number(value) : value
  }

  /** Only !!binary makes bytes that are no text; JSON has U+FFFD for each. */
  private text(value: string): string {
    return this.hasBinary && !this.exact ? settle(value, '\ufffd') : value
  }

  private key(block: boolean): Key {
    const at = this.scanner.peek()
    const value = this.read(block, block, true)
    if (typeof value === 'string') return this.text(value)
    if (value === MERGE) return MERGE
    const text = keyText(value)
    return text.problem === undefined ? text.key : { problem: text.problem, value, at }
  }

  /** The empty node that stands where a node could. */
  private empty(): null {
    this.anchors.nodes++
    return null
  }

  private read(block: boolean, indentless: boolean, isKey: false): YamlValue
  private read(block: boolean, indentless: boolean, isKey: boolean): YamlValue | typeof MERGE
  private read(block: boolean, indentless: boolean, isKey: boolean): YamlValue | typeof MERGE {
    const { scanner } = this
    let token = scanner.peek()
    this.anchors.nodes++
    if (token.kind === T.ALIAS) return this.alias(token)
    let tag = ''
    let anchor: Anchor<YamlValue> | undefined
    if (token.kind === T.ANCHOR || token.kind === T.TAG) {
      const start = token
      const properties = this.properties(token)
      ;({ tag, anchor } = properties)
      token = scanner.peek()
      if (!startsNode(token.kind, block, indentless)) {
        // Nothing but properties: an empty scalar.
        const value = tag === '' ? null : this.tagged(tag, '', start)
        if (anchor !== undefined) anchor.value = value
        return value
      }
    }
    if (token.kind === T.SCALAR) {
      scanner.skip()
      const implicit = tag === '' ? token.style === T.PLAIN : tag === '!'
      const isMerge = isKey && token.value === '<<' && (implicit || tag === 'tag:yaml.org,2002:merge')
      const plain = implicit && tag === ''
      const value = plain ? resolvePlain(token.value) : this.tagged(tag, token.value, token)
      if (anchor !== undefined) anchor.value = value
      return isMerge ? MERGE : value
    }
    return this.collection(token, block, indentless, anchor)
  }

  private collection(
    token: Token,
    block: boolean,
    indentless: boolean,
    anchor: Anchor<YamlValue> | undefined,
  ): YamlValue {
    const before = this.anchors.nodes
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
      anchor.size = this.anchors.nodes - before + 1
    }
    return value
  }

  /** The value of a scalar under a tag; its text when there is none. */
  private tagged(tag: string, text: string, at: Mark): Scalar | GoFloat {
    if (tag === '') return text
    try {
      return resolveTagged(tag, text, at)
    } catch (error) {
      if (!(error instanceof YamlFault)) throw error
      this.faults.note(DECODING, error)
      return text
    }
  }

  private alias(token: Token): YamlValue {
    this.scanner.skip()
    const value = this.anchors.alias(token.value, token)
    if (value !== undefined) return value
    this.faults.note(DECODING, new YamlFault(`yaml: anchor '${token.value}' value contains itself`, token))
    return null
  }

  /** Anchor and tag, in either order; the token is the first of them. */
  private properties(first: Token): { tag: string; anchor: Anchor<YamlValue> | undefined } {
    const { scanner } = this
    let tag = ''
    let anchor: Anchor<YamlValue> | undefined
    let token = first
    for (let i = 0; i < 2; i++) {
      if (token.kind === T.ANCHOR && anchor === undefined) {
        anchor = this.anchors.open(token.value)
      } else if (token.kind === T.TAG && tag === '') {
        tag = this.handles.resolve(token, first)
        if (tag.endsWith('binary')) this.hasBinary = true
      } else {
        break
      }
      scanner.skip()
      token = scanner.peek()
    }
    return { tag, anchor }
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

  private noKey(at: Mark): BadKey {
    return { problem: 'null', value: this.empty(), at }
  }

  /** Reads the value of `key`, unless it is empty, into the mapping. */
  private member(map: YamlObject, key: Key, isEmpty: boolean, block: boolean): void {
    if (key === MERGE) {
      this.merge(map, isEmpty, block)
      return
    }
    const value = isEmpty ? this.empty() : this.node(block, block)
    if (typeof key === 'string') {
      setOwn(map, key, value)
    } else {
      const round = key.problem === 'collection' ? DECODING : KEYS
      this.faults.note(round, new YamlFault(keySentence(key.problem, key.value, value), key.at))
    }
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
    this.anchors.nodes++
    const kind = scanner.peek().kind
    const none = kind === T.VALUE || kind === T.FLOW_ENTRY || kind === T.FLOW_SEQUENCE_END
    // go-yaml takes the token behind an empty key away, whatever it is.
    if (none) scanner.skip()
    this.flowValue(map, none ? this.noKey(at) : this.key(false), T.FLOW_SEQUENCE_END)
    return map
  }

  private flowValue(map: YamlObject, key: Key, close: number): void {
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
        const none = kind === T.VALUE || kind === T.FLOW_ENTRY || kind === T.FLOW_MAPPING_END
        this.flowValue(map, none ? this.noKey(at) : this.key(false), T.FLOW_MAPPING_END)
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
      for (const item of value.toReversed()) this.assignAll(map, item, at)
    } else {
      this.assignAll(map, value, at)
    }
  }

  private assignAll(map: YamlObject, from: YamlValue, at: Mark): void {
    if (isMap(from)) {
      for (const key of Object.keys(from)) setOwn(map, key, own(from, key) ?? null)
    } else {
      const problem = 'yaml: map merge requires map or sequence of maps as the value'
      this.faults.note(DECODING, new YamlFault(problem, at))
    }
  }
}

function startsNode(kind: number, block: boolean, indentless: boolean): boolean {
  if (kind === T.SCALAR || kind === T.FLOW_SEQUENCE_START || kind === T.FLOW_MAPPING_START) return true
  if (block && (kind === T.BLOCK_SEQUENCE_START || kind === T.BLOCK_MAPPING_START)) return true
  return indentless && kind === T.BLOCK_ENTRY
}

function endsBlockKey(kind: number): boolean {
  return kind === T.KEY || kind === T.VALUE || kind === T.BLOCK_END
}
