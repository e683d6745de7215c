// Which revision's injector takes a pod, over all webhook configurations of the cluster, Istio's and ours alike (contract
// revisions §4; design §6). In: configurations, tags and labels; out: revisions, and words for people.

import type { NamespaceInfo } from '../../api/mesh.ts'
import type { Labels } from '../../mesh/selector.ts'
import type { Registered } from '../../revision/configuration.ts'
import type { TagFacts } from '../../revision/discover.ts'
import type { Router } from '../../revision/router.ts'
import { own } from '../../std/json.ts'

/** A revision, or the one that a tag means; empty for a tag that is not known. */
export function revisionNamed(of: Registered | undefined, tags: readonly TagFacts[]): string {
  if (of === undefined || of.kind === 'revision') return of?.name ?? ''
  return tags.find(({ name }) => name === of.name)?.revision ?? ''
}

/** Revisions that inject a pod of these labels; more than one is a conflict. */
export function takersOf(
  router: Router,
  tags: readonly TagFacts[],
  namespace: NamespaceInfo,
  podLabels: Labels = {},
): string[] {
  const found = router.injectors({ namespaceLabels: labelsOf(namespace), podLabels })
  return [...new Set(found.map(({ of }) => revisionNamed(of, tags)))]
}

/** The labels that the API server sees on a namespace. */
export function labelsOf(namespace: Pick<NamespaceInfo, 'name' | 'labels'>): Labels {
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
