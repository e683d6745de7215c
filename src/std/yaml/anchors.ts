// Anchors of a document and what aliases cost: go-yaml's limit on the share of nodes that come from aliases, and our own
// on their number. An alias shares the value of its anchor, but whoever walks the data meets it again.

import { type Mark, YamlFault } from './token.ts'

export interface Anchor<V> {
  /** Undefined while the node is being read: an alias in there would contain itself. */
  value: V | undefined
  /** How many nodes an alias stands for. */
  size: number
}

/** Small and middle-sized documents may come almost wholly from aliases, large ones hardly. */
const RATIO_FROM = 400_000
const RATIO_TO = 4_000_000

function allowedRatio(nodes: number): number {
  if (nodes <= RATIO_FROM) return 0.99
  if (nodes >= RATIO_TO) return 0.1
  return 0.99 - 0.89 * ((nodes - RATIO_FROM) / (RATIO_TO - RATIO_FROM))
}

export class Anchors<V> {
  private readonly known = new Map<string, Anchor<V>>()
  private readonly limit: number
  /** Nodes read so far, those behind aliases counted each time. */
  nodes = 0
  private aliased = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** Begins the node of an anchor; a later one of the same name takes its place. */
  open(name: string): Anchor<V> {
    const anchor: Anchor<V> = { value: undefined, size: 1 }
    this.known.set(name, anchor)
    return anchor
  }

  /** The value an alias stands for; undefined inside the very node of the anchor. Throws YamlFault. */
  alias(name: string, at: Mark): V | undefined {
    const anchor = this.known.get(name)
    if (anchor === undefined) throw new YamlFault(`yaml: unknown anchor '${name}' referenced`, at)
    this.nodes += anchor.size
    this.aliased += anchor.size
    if (this.aliased > 100 && this.nodes > 1000 && this.aliased / this.nodes > allowedRatio(this.nodes)) {
      throw new YamlFault('yaml: document contains excessive aliasing', at)
    }
    if (this.aliased > this.limit) {
      throw new YamlFault(`yaml: aliases add more than ${this.limit} nodes`, at, true)
    }
    return anchor.value
  }
}
