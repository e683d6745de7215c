// A MutatingWebhookConfiguration read for injection: whose it is, and what each entry matches. Istio's own objects and
// ours are told apart here and nowhere else (contract revisions §1.3, §2, §3.1; design §6). Reads; never changes one.

import type { LabelSelector } from '../api/mesh.ts'
import { ANNOTATION } from '../api/names.ts'
import { compileSelector, decodeSelector, type Labels, type Selector } from '../mesh/selector.ts'
import { compareGoStrings } from '../std/gojson.ts'
import { isObject, type Json, type JsonObject, own, setOwn } from '../std/json.ts'
import { RULES, type Rule } from './rules.ts'

export const CONFIGURATION_NAME = 'remora-injector'
export const ENTRY_SUFFIX = '.injector.remora.dev'
const ISTIO_SUFFIX = 'sidecar-injector.istio.io'

/** Annotation of a configuration that `remora adopt` deactivated: the selectors it had, by entry name. */
export const SAVED_SELECTORS = 'remora.dev/adopted-selectors'

/**
 * Label that tells readers of `kubectl get -L remora.dev/state` who injects by a configuration; nothing is decided by it.
 * Istio's: `taken-over` where adopt deactivated its entries. Ours: `injects`, `stands-back` (istiod goes first), `partly`
 * (for some revisions or tags), `empty` (it has no entries).
 */
export const STATE = 'remora.dev/state'
export const TAKEN_OVER_STATE = 'taken-over'

/** Of our configuration, by how many of its entries or registrants let istiod go first. */
export function ownState(all: number, back: number): string {
  if (all === 0) return 'empty'
  return back === 0 ? 'injects' : back === all ? 'stands-back' : 'partly'
}

/** Both selectors of a deactivated entry: no object carries this label (as `istioctl tag set` writes it). */
export const NEVER_MATCH: LabelSelector = { matchLabels: { 'istio.io/deactivated': 'never-match' } }

export interface MatchCondition {
  readonly name: string
  readonly expression: string
}

/**
 * Lets an entry act only on pods that nobody has injected yet. Configurations run in the order of their names and
 * conditions see the pod as it is by then, so of two that match a pod the later one, with this condition, stands back.
 */
export const NOT_YET_INJECTED: MatchCondition = {
  name: 'remora-not-yet-injected',
  expression: `!has(object.metadata.annotations) || !('${ANNOTATION.status}' in object.metadata.annotations)`,
}

export interface Selectors {
  readonly namespaceSelector: LabelSelector | null
  readonly objectSelector: LabelSelector | null
}

/** Whom an entry stands for: a revision, or a tag that is resolved when a pod comes. */
export interface Registered {
  readonly kind: 'revision' | 'tag'
  readonly name: string
}

export interface Entry extends Selectors {
  readonly name: string
  readonly rule: Rule | undefined
  /** Undefined for entries of others. */
  readonly of: Registered | undefined
  /** False when the selectors never match. */
  readonly live: boolean
  /** With the condition that lets others go first. */
  readonly guarded: boolean
  /** Whether both selectors match, conditions aside. Throws as compileSelector. */
  readonly matches: (namespaceLabels: Labels, podLabels: Labels) => boolean
  readonly conditions: readonly MatchCondition[]
  /** Base64 text as the object has it; empty when it has none. */
  readonly caBundle: string
  /** Service as `namespace/name`, or the URL. */
  readonly target: string
  /** It calls a URL: what answers is not of this cluster. */
  readonly outside: boolean
  /** What follows `/inject` in the path: `/net/n1/cluster/c1`, variables for the proxy (contract injection §2.3). */
  readonly pairs: string
  readonly raw: JsonObject
}

/** Selectors as an entry had them, as they came. */
export type SavedSelectors = Readonly<Record<string, JsonObject>>

export interface Configuration {
  readonly name: string
  /** `foreign`: Istio's, of a control plane in another namespace, hence of another mesh. */
  readonly owner: 'istio' | 'remora' | 'foreign' | 'other'
  /** Label `istio.io/rev`. */
  readonly revision: string | undefined
  /** Label `istio.io/tag`. */
  readonly tag: string | undefined
  readonly entries: readonly Entry[]
  /** What adopt saved; undefined when it did not touch this object. */
  readonly saved: SavedSelectors | undefined
  readonly raw: JsonObject
}

/** Reads one object as the API server lists it, entries in their order; `istioNamespace` is the control plane's. */
export function readConfiguration(raw: JsonObject, istioNamespace: string): Configuration {
  const metadata = objectField(raw, 'metadata')
  const labels = objectField(metadata, 'labels')
  const name = textField(metadata, 'name')
  const revision = textField(labels, 'istio.io/rev') || undefined
  const tag = textField(labels, 'istio.io/tag') || undefined
  const webhooks = raw['webhooks']
  const list = (Array.isArray(webhooks) ? webhooks : []).filter(isObject)
  const owner = ownerOf(name, list, istioNamespace)
  const of = owner === 'istio' ? registeredBy(revision, tag) : undefined
  return {
    name,
    owner,
    revision,
    tag,
    entries: list.map((entry) => readEntry(entry, of)),
    saved: readSaved(own(objectField(metadata, 'annotations'), SAVED_SELECTORS)),
    raw,
  }
}

function registeredBy(revision: string | undefined, tag: string | undefined): Registered | undefined {
  if (revision === undefined) return undefined
  return tag === undefined ? { kind: 'revision', name: revision } : { kind: 'tag', name: tag }
}

function ownerOf(name: string, entries: readonly JsonObject[], namespace: string): Configuration['owner'] {
  if (name === CONFIGURATION_NAME) return 'remora'
  const injectors = entries.filter((entry) => textField(entry, 'name').endsWith(ISTIO_SUFFIX))
  if (injectors.length === 0) return 'other'
  const homes = injectors.map((entry) =>
    textField(objectField(objectField(entry, 'clientConfig'), 'service'), 'namespace'),
  )
  return homes.some((home) => home === '' || home === namespace) ? 'istio' : 'foreign'
}

function readEntry(raw: JsonObject, of: Registered | undefined): Entry {
  const name = textField(raw, 'name')
  const client = objectField(raw, 'clientConfig')
  const service = objectField(client, 'service')
  const selectors = decodeSelectors(raw)
  const conditions = readConditions(raw['matchConditions'])
  const ours = ourName(name)
  const isInjector = ours !== undefined || name.endsWith(ISTIO_SUFFIX)
  return {
    name,
    rule: isInjector ? RULES.find((rule) => name.startsWith(`${rule}.`)) : undefined,
    of: ours ?? (isInjector ? of : undefined),
    ...selectors,
    live: !(isNeverMatch(selectors.namespaceSelector) || isNeverMatch(selectors.objectSelector)),
    matches: matcher(selectors),
    guarded: conditions.some((condition) => condition.name === NOT_YET_INJECTED.name),
    conditions,
    caBundle: textField(client, 'caBundle'),
    outside: textField(client, 'url') !== '',
    pairs: pairsOf(textField(service, 'path')),
    target: textField(client, 'url') || `${textField(service, 'namespace')}/${textField(service, 'name')}`,
    raw,
  }
}

function pairsOf(path: string): string {
  const pairs = /^\/inject((?:\/[^/?#]+\/[^/?#]+)+)\/?$/.exec(path)?.[1]
  return pairs ?? ''
}

function matcher({ namespaceSelector, objectSelector }: Selectors): Entry['matches'] {
  let compiled: { readonly namespace: Selector; readonly object: Selector } | undefined
  return (namespaceLabels, podLabels) => {
    compiled ??= { namespace: compileSelector(namespaceSelector), object: compileSelector(objectSelector) }
    return compiled.namespace.matches(namespaceLabels) && compiled.object.matches(podLabels)
  }
}

/** Our entry's name for a rule of a revision or tag. */
export function entryName(rule: Rule, { kind, name }: Registered): string {
  return `${rule}.${kind === 'tag' ? 'tag' : 'rev'}.${name}${ENTRY_SUFFIX}`
}

function ourName(entry: string): Registered | undefined {
  if (!entry.endsWith(ENTRY_SUFFIX)) return undefined
  const rule = RULES.find((each) => entry.startsWith(`${each}.`))
  const middle = entry.slice(rule === undefined ? 0 : rule.length + 1, -ENTRY_SUFFIX.length)
  if (middle.startsWith('tag.')) return { kind: 'tag', name: middle.slice(4) }
  return middle.startsWith('rev.') ? { kind: 'revision', name: middle.slice(4) } : undefined
}

/** The two selectors of an entry, or of what adopt saved of one. Throws as decodeSelector. */
export function decodeSelectors(entry: JsonObject): Selectors {
  return {
    namespaceSelector: decodeSelector(own(entry, 'namespaceSelector') ?? {}),
    objectSelector: decodeSelector(own(entry, 'objectSelector') ?? {}),
  }
}

function isNeverMatch(selector: LabelSelector | null): boolean {
  return own(selector?.matchLabels ?? {}, 'istio.io/deactivated') === 'never-match'
}

function readConditions(value: Json | undefined): MatchCondition[] {
  return (Array.isArray(value) ? value : [])
    .filter(isObject)
    .map((each) => ({ name: textField(each, 'name'), expression: textField(each, 'expression') }))
}

/** Undefined for a text that adopt did not write: nothing can be restored from it. */
function readSaved(annotation: Json | undefined): SavedSelectors | undefined {
  if (typeof annotation !== 'string') return undefined
  try {
    const saved: unknown = JSON.parse(annotation)
    if (!isObject(saved)) return undefined
    const entries: Record<string, JsonObject> = {}
    for (const [name, selectors] of Object.entries(saved)) {
      if (!isObject(selectors)) return undefined
      const { namespaceSelector, objectSelector } = decodeSelectors(selectors)
      compileSelector(namespaceSelector)
      compileSelector(objectSelector)
      setOwn(entries, name, selectors)
    }
    return entries
  } catch {
    return undefined
  }
}

/** By name, as an API server calls them. */
export function inCallOrder(configurations: readonly Configuration[]): Configuration[] {
  return [...configurations].sort((a, b) => compareGoStrings(a.name, b.name))
}

export function objectField(object: JsonObject, name: string): JsonObject {
  const value = own(object, name)
  return isObject(value) ? value : {}
}

export function textField(object: JsonObject, name: string): string {
  const value = own(object, name)
  return typeof value === 'string' ? value : ''
}
