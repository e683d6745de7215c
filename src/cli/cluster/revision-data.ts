// What `revision list` and `revision describe` know of the revisions of a cluster: their control planes, tags and
// defaults, the namespaces whose new pods they would inject, and the proxies they have injected. Pure: objects in, data out.

import type { NamespaceInfo } from '../../api/mesh.ts'
import type { Configuration, Registered } from '../../revision/configuration.ts'
import type { Defaults, RevisionFacts, TagFacts } from '../../revision/discover.ts'
import { Router } from '../../revision/router.ts'
import { compareGoStrings } from '../../std/gojson.ts'
import { takersOf } from './calls.ts'
import { countsOf, type PodFacts } from './pods.ts'
import type { Revisions } from './read.ts'

export interface RevisionData {
  readonly name: string
  readonly kind: RevisionFacts['kind'] | 'gone'
  readonly ready: boolean
  readonly versions: readonly string[]
  readonly tags: readonly string[]
  /** The questions to which it is the answer. */
  readonly defaultFor: readonly ('injection' | 'election' | 'gateways')[]
  /** Who is called for its pods: remora, istiod, both during an adoption, or nobody. */
  readonly injectors: readonly ('remora' | 'istiod')[]
  /** Namespaces whose new pods it would inject. */
  readonly namespaces: readonly string[]
  /** Pods that run its sidecar, by version of the proxy. */
  readonly proxies: Readonly<Record<string, number>>
}

export interface Cluster {
  readonly revisions: Revisions
  readonly namespaces: readonly NamespaceInfo[]
  readonly pods: readonly PodFacts[]
}

/** Every revision that exists, then those that are only left in running pods. */
export function revisionData({ revisions, namespaces, pods }: Cluster): RevisionData[] {
  const running = new Map<string, PodFacts[]>()
  for (const pod of pods) {
    if (pod.proxy === undefined || pod.finished || pod.proxy.revision === '') continue
    const mine = running.get(pod.proxy.revision) ?? []
    mine.push(pod)
    running.set(pod.proxy.revision, mine)
  }
  const takers = namespacesByTaker(revisions, namespaces)
  const known = revisions.revisions.map(
    (facts): RevisionData => ({
      name: facts.name,
      kind: facts.kind,
      ready: facts.ready,
      versions: facts.versions,
      tags: revisions.tags.filter(({ revision }) => revision === facts.name).map(({ name }) => name),
      defaultFor: defaultFor(facts.name, revisions.defaults),
      injectors: injectorsOf(facts.name, revisions),
      namespaces: takers.get(facts.name) ?? [],
      proxies: versionsOf(running.get(facts.name) ?? []),
    }),
  )
  const names = new Set(known.map(({ name }) => name))
  const gone = [...running.keys()].filter((name) => !names.has(name)).sort(compareGoStrings)
  return [...known, ...gone.map((name) => goneRevision(name, revisions, versionsOf(running.get(name) ?? [])))]
}

function goneRevision(name: string, revisions: Revisions, proxies: RevisionData['proxies']): RevisionData {
  const tags = revisions.tags.filter(({ revision }) => revision === name).map((tag) => tag.name)
  return {
    name,
    kind: 'gone',
    ready: false,
    versions: [],
    tags,
    defaultFor: defaultFor(name, revisions.defaults),
    injectors: [],
    namespaces: [],
    proxies,
  }
}

function defaultFor(name: string, { injection, election, gateways }: Defaults): RevisionData['defaultFor'] {
  return [
    ...(injection.some(({ revision }) => revision === name) ? (['injection'] as const) : []),
    ...(election === name ? (['election'] as const) : []),
    ...(gateways === name ? (['gateways'] as const) : []),
  ]
}

/** Whether the entry is for the revision, by its name or by a tag. */
export function standsFor(of: Registered | undefined, name: string, tags: readonly TagFacts[]): boolean {
  if (of === undefined) return false
  return of.kind === 'revision'
    ? of.name === name
    : tags.some((tag) => tag.name === of.name && tag.revision === name)
}

export function injectorName({ owner }: Configuration): 'remora' | 'istiod' {
  return owner === 'remora' ? 'remora' : 'istiod'
}

function injectorsOf(name: string, { configurations, tags }: Revisions): RevisionData['injectors'] {
  const found = configurations.filter(({ entries }) =>
    entries.some((entry) => entry.live && standsFor(entry.of, name, tags)),
  )
  return [...new Set(found.map(injectorName))].sort()
}

/** Revision → namespaces whose pods without labels of their own it injects. */
function namespacesByTaker(
  { configurations, tags }: Revisions,
  namespaces: readonly NamespaceInfo[],
): Map<string, string[]> {
  const byTaker = new Map<string, string[]>()
  const router = new Router(configurations)
  for (const namespace of namespaces) {
    for (const name of takersOf(router, tags, namespace)) {
      const mine = byTaker.get(name)
      if (mine === undefined) byTaker.set(name, [namespace.name])
      else mine.push(namespace.name)
    }
  }
  return byTaker
}

function versionsOf(pods: readonly PodFacts[]): Record<string, number> {
  return countsOf(pods.flatMap(({ proxy }) => (proxy === undefined ? [] : [proxy.version])))
}

export function proxyCount({ proxies }: Pick<RevisionData, 'proxies'>): number {
  return Object.values(proxies).reduce((sum, number) => sum + number, 0)
}
