// The annotations of a pod. Their names are what users choose, `__proto__` included. There may be thousands, which to copy
// costs more than all else that is done with them: a copy is made once for several changes.

import type { Pod } from '../api/kube.ts'
import { setOwn, without } from '../std/json.ts'

/** `pod` with annotations `annotations`; the caller sees to it that they are not empty. */
export function withAnnotations(pod: Pod, annotations: Record<string, string>): Pod {
  return { ...pod, metadata: { ...pod.metadata, annotations } }
}

/** What is changed about annotations: first names go, then values are set. */
export interface AnnotationChanges {
  readonly removed: readonly string[]
  readonly set: Readonly<Record<string, string>>
}

/** `pod` with `changes` made in one copy of its annotations; the very same pod where there are none. */
export function changeAnnotations(pod: Pod, changes: AnnotationChanges): Pod {
  const { removed, set } = changes
  if (removed.length === 0 && Object.keys(set).length === 0) return pod
  const annotations = without(pod.metadata.annotations ?? {}, removed)
  for (const name of Object.keys(set)) setOwn(annotations, name, set[name] ?? '')
  return withAnnotations(pod, annotations)
}
