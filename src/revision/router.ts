// Which entries inject a pod, for many pods: entries are found by the labels that their selectors ask for, and places that
// no selector can tell apart are judged once. In: all configurations, then places; out: what route.ts says of each, in time
// that does not grow with the number of revisions and tags. Never judges otherwise than route.ts.

import type { LabelSelector } from '../api/mesh.ts'
import { compileSelector, type Labels } from '../mesh/selector.ts'
import { own } from '../std/json.ts'
import { type Configuration, inCallOrder } from './configuration.ts'
import { type Candidate, injectorsAmong, type PodPlace, type RoutedEntry } from './route.ts'

/** Throws as compileSelector, for selectors that no API server lets in. */
export class Router {
  private readonly classes: LabelClasses
  private readonly entries: SelectorIndex
  private readonly byNamespace = new Map<string, Around>()

  constructor(configurations: readonly Configuration[]) {
    const all = inCallOrder(configurations).flatMap((configuration) =>
      configuration.entries
        .filter(({ rule }) => rule !== undefined)
        .map((entry): Candidate => ({ configuration, entry })),
    )
    this.classes = new LabelClasses(all.map(({ entry }) => entry.namespaceSelector))
    this.entries = new SelectorIndex(all, 'namespaceSelector')
  }

  /** The entries that inject the pod, as injectors() of route.ts. */
  injectors(place: PodPlace): readonly RoutedEntry[] {
    return this.around(place.namespaceLabels).injectors(place)
  }

  /** Values of a pod's label that make a difference in a namespace of these labels. */
  valuesOf(key: string, namespaceLabels: Labels): ReadonlySet<string> {
    return this.around(namespaceLabels).classes.valuesOf(key)
  }

  private around(labels: Labels): Around {
    const key = this.classes.keyOf(labels)
    const known = this.byNamespace.get(key)
    if (known !== undefined) return known
    const around = new Around(this.entries.matching(labels))
    this.byNamespace.set(key, around)
    return around
  }
}

/** The entries whose namespace selector matches, for the pods of such namespaces. */
class Around {
  readonly classes: LabelClasses
  private readonly entries: SelectorIndex
  private readonly byPod = new Map<string, readonly RoutedEntry[]>()

  constructor(entries: readonly Candidate[]) {
    this.classes = new LabelClasses(entries.map(({ entry }) => entry.objectSelector))
    this.entries = new SelectorIndex(entries, 'objectSelector')
  }

  injectors(place: PodPlace): readonly RoutedEntry[] {
    const key = `${place.injected === true} ${this.classes.keyOf(place.podLabels)}`
    const known = this.byPod.get(key)
    if (known !== undefined) return known
    const found = injectorsAmong(this.entries.matching(place.podLabels), place)
    this.byPod.set(key, found)
    return found
  }
}

/** Candidates by a label that their selector asks for by value; in the order of calls. */
class SelectorIndex {
  private readonly items: {
    readonly order: number
    readonly item: Candidate
    matches(labels: Labels): boolean
  }[]
  /** Places in `items` of selectors that ask for no value. */
  private readonly always: number[] = []
  private readonly byLabel = new Map<string, number[]>()

  constructor(candidates: readonly Candidate[], field: 'namespaceSelector' | 'objectSelector') {
    this.items = candidates.map((item, order) => {
      const selector = item.entry[field]
      const asked = askedLabels(selector)
      if (asked === undefined) this.always.push(order)
      for (const label of asked ?? []) {
        const list = this.byLabel.get(label)
        if (list === undefined) this.byLabel.set(label, [order])
        else list.push(order)
      }
      const compiled = compileSelector(selector)
      return { order, item, matches: (labels) => compiled.matches(labels) }
    })
  }

  matching(labels: Labels): Candidate[] {
    const orders = [...this.always]
    for (const [key, value] of Object.entries(labels)) {
      for (const order of this.byLabel.get(`${key}=${value}`) ?? []) orders.push(order)
    }
    return orders
      .sort((a, b) => a - b)
      .flatMap((order) => {
        const found = this.items[order]
        return found?.matches(labels) === true ? [found.item] : []
      })
  }
}

/** `key=value` for each value of one label without which the selector cannot match; undefined where it asks for none. */
function askedLabels(selector: LabelSelector | null): string[] | undefined {
  const [pair] = Object.entries(selector?.matchLabels ?? {})
  if (pair !== undefined) return [pair.join('=')]
  const requirement = selector?.matchExpressions?.find(({ operator }) => operator === 'In')
  return requirement && [...new Set(requirement.values ?? [])].map((value) => `${requirement.key}=${value}`)
}

/** Label sets that a list of selectors can tell apart: by the labels that they name, absent, of a value that they name, or other. */
class LabelClasses {
  private readonly keys = new Map<string, Map<string, number>>()

  constructor(selectors: readonly (LabelSelector | null)[]) {
    for (const selector of selectors) {
      for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) this.name(key, [value])
      for (const { key, values } of selector?.matchExpressions ?? []) this.name(key, values ?? [])
    }
  }

  valuesOf(key: string): ReadonlySet<string> {
    return new Set(this.keys.get(key)?.keys())
  }

  keyOf(labels: Labels): string {
    let text = ''
    for (const [key, values] of this.keys) {
      const value = own(labels, key)
      text += value === undefined ? '-' : `${values.get(value) ?? '*'},`
    }
    return text
  }

  private name(key: string, names: readonly string[]): void {
    const values = this.keys.get(key) ?? new Map<string, number>()
    for (const value of names) if (!values.has(value)) values.set(value, values.size)
    this.keys.set(key, values)
  }
}
