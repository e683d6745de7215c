// Which injectors the API server calls for a pod, over all webhook configurations of the cluster, Istio's and ours alike
// (contract revisions §4; design §6). In: configurations and labels; out: entries in call order, tags resolved.

import { type Labels, matchesEntry } from '../../mesh/selector.ts'
import type { Configuration, Entry } from '../../revision/configuration.ts'
import type { TagFacts } from '../../revision/discover.ts'
import { own } from '../../std/json.ts'

export interface Call {
  readonly configuration: Configuration
  readonly entry: Entry
  /** The entry's revision, its tag resolved; empty for a tag that is not known. */
  readonly revision: string
}

/** `configurations` in call order. An entry that stands back behind an earlier one is not called. */
export function callsFor(
  configurations: readonly Configuration[],
  tags: readonly TagFacts[],
  namespaceLabels: Labels,
  podLabels: Labels,
): Call[] {
  const matching = configurations.flatMap((configuration) =>
    configuration.entries
      .filter((entry) => entry.of !== undefined && matchesEntry(entry, namespaceLabels, podLabels))
      .map((entry) => ({ configuration, entry, revision: revisionOf(entry, tags) })),
  )
  return matching.filter(({ entry }, index) => index === 0 || !entry.guarded)
}

export function revisionOf({ of }: Entry, tags: readonly TagFacts[]): string {
  if (of === undefined || of.kind === 'revision') return of?.name ?? ''
  return tags.find(({ name }) => name === of.name)?.revision ?? ''
}

/** The labels the API server sees on a namespace. */
export function namespaceLabels(namespace: {
  readonly name: string
  readonly labels: Labels
}): Readonly<Record<string, string>> {
  return { ...namespace.labels, 'kubernetes.io/metadata.name': namespace.name }
}

/** What a namespace asks for by its labels, for people; empty for nothing. */
export function askOf(labels: Labels): string {
  const injection = own(labels, 'istio-injection')
  const revision = own(labels, 'istio.io/rev')
  return [
    ...(injection === undefined ? [] : [`istio-injection=${injection}`]),
    ...(revision === undefined ? [] : [`istio.io/rev=${revision}`]),
  ].join(', ')
}
