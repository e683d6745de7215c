// Which webhook entries an API server calls for a pod, in which order, and which of them inject it (contract revisions
// §4, §5). In: all configurations and labels; out: every entry of an injector with its verdict. The injector's own rules
// (second stage) are not looked at here.

import type { LabelSelector, LabelSelectorRequirement } from '../api/mesh.ts'
import { LABEL } from '../api/names.ts'
import { type Labels, matchesSelector } from '../mesh/selector.ts'
import { own } from '../std/json.ts'
import {
  type Configuration,
  type Entry,
  inCallOrder,
  NOT_YET_INJECTED,
  type Registered,
} from './configuration.ts'

export interface RoutedEntry {
  readonly configuration: string
  readonly owner: Configuration['owner']
  readonly entry: string
  readonly of: Registered | undefined
  readonly matches: boolean
  /** Which labels made it match, or what keeps it from matching. */
  readonly because: string
  /** Called for the pod, and nobody before it has injected it as far as its condition asks. */
  readonly injects: boolean
  /** Names of conditions that decide, too, and are not evaluated here. */
  readonly conditions: readonly string[]
}

export interface PodPlace {
  /** With `kubernetes.io/metadata.name`. */
  readonly namespaceLabels: Labels
  readonly podLabels: Labels
  /** The pod comes with a status annotation. */
  readonly injected?: boolean
}

/** An entry of an injector. */
export interface Candidate {
  readonly configuration: Configuration
  readonly entry: Entry
}

interface Call extends Candidate {
  readonly matches: boolean
  readonly injects: boolean
}

/** In the order of calls. Entries that no injector owns are left out. */
function callsOf(configurations: readonly Configuration[], place: PodPlace): Call[] {
  let injected = place.injected === true
  const calls: Call[] = []
  for (const configuration of inCallOrder(configurations)) {
    for (const entry of configuration.entries) {
      if (entry.rule === undefined) continue
      const matches = entry.matches(place.namespaceLabels, place.podLabels)
      const injects = matches && !(entry.guarded && injected)
      injected ||= injects
      calls.push({ configuration, entry, matches, injects })
    }
  }
  return calls
}

function routed({ configuration, entry, matches, injects }: Call, place: PodPlace): RoutedEntry {
  const conditions = entry.conditions.map(({ name }) => name)
  return {
    configuration: configuration.name,
    owner: configuration.owner,
    entry: entry.name,
    of: entry.of,
    matches,
    because: matches ? whyMatches(entry, place) : whyNot(entry, place),
    injects,
    conditions: conditions.filter((name) => name !== NOT_YET_INJECTED.name),
  }
}

/** Every entry of an injector, in the order of calls, with what it does with the pod. */
export function routePod(configurations: readonly Configuration[], place: PodPlace): RoutedEntry[] {
  return callsOf(configurations, place).map((call) => routed(call, place))
}

/** The labels that a selector asks for by value. */
function carrying(selector: LabelSelector | null, labels: Labels): string[] {
  const keys = (selector?.matchExpressions ?? []).filter(({ operator }) => operator === 'In')
  return keys.map(({ key }) => `${key}=${own(labels, key) ?? ''}`)
}

function whyMatches({ namespaceSelector, objectSelector }: Entry, place: PodPlace): string {
  const namespace = carrying(namespaceSelector, place.namespaceLabels)
  const pod = carrying(objectSelector, place.podLabels)
  const parts = [
    ...namespace.map((label) => `namespace label ${label}`),
    ...pod.map((label) => `pod label ${label}`),
  ]
  return parts.length > 0 ? `${parts.join(' and ')} matches` : 'injection is on for all namespaces'
}

function whyNot(entry: Entry, { namespaceLabels, podLabels }: PodPlace): string {
  if (!entry.live) return 'deactivated, never matches'
  const failing = [
    ...failures('namespace', entry.namespaceSelector, namespaceLabels),
    ...failures('pod', entry.objectSelector, podLabels),
  ]
  return failing.join(', ')
}

function failures(what: string, selector: LabelSelector | null, labels: Labels): string[] {
  const equals = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => {
    return { key, operator: 'In', values: [value] }
  })
  return [...equals, ...(selector?.matchExpressions ?? [])]
    .filter((requirement) => !matchesSelector({ matchExpressions: [requirement] }, labels))
    .map((requirement) => `${what} label ${failure(requirement, own(labels, requirement.key))}`)
}

function failure({ key, operator, values }: LabelSelectorRequirement, value: string | undefined): string {
  const wanted = operator === 'In' ? `, not ${(values ?? []).join(' or ')}` : ''
  return value === undefined ? `${key} is absent${wanted}` : `${key} is "${value}"${wanted}`
}

/** The entries that inject the pod: none, one, or, where two installations overlap, more. */
export function injectors(configurations: readonly Configuration[], place: PodPlace): RoutedEntry[] {
  return callsOf(configurations, place)
    .filter(({ injects }) => injects)
    .map((call) => routed(call, place))
}

/** The same of entries that match, in the order of calls. */
export function injectorsAmong(matching: readonly Candidate[], place: PodPlace): RoutedEntry[] {
  let injected = place.injected === true
  return matching.flatMap(({ configuration, entry }) => {
    if (entry.guarded && injected) return []
    injected = true
    return [routed({ configuration, entry, matches: true, injects: true }, place)]
  })
}

/**
 * The revision or tag that the labels ask for, by the rules of precedence: the namespace's label before the pod's, and
 * istio-injection before both. Undefined when they ask for none by name.
 */
export function askedRevision({ namespaceLabels, podLabels }: PodPlace): string | undefined {
  if (own(namespaceLabels, LABEL.injection) !== undefined) return undefined
  if (own(podLabels, LABEL.inject) === 'false') return undefined
  return own(namespaceLabels, LABEL.revision) ?? own(podLabels, LABEL.revision)
}
