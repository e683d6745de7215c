// Of many annotations injection reads and changes a few. Once the templates have seen all, the others are left out, so that
// they need not be copied, decoded again and compared; a patch that lacks them on both of its sides is the same patch.

import type { Pod } from '../../api/kube.ts'
import { ANNOTATION } from '../../api/names.ts'
import { isObject, type Json, type JsonObject, setOwn } from '../../std/json.ts'
import { withAnnotations } from '../annotations.ts'
import { isScraping } from '../postprocess/prometheus.ts'

/** Fewer annotations are not worth it. */
const MANY = 64

/** All that code reads or writes, but for those of Prometheus. */
const KNOWN: readonly string[] = Object.values(ANNOTATION)

/**
 * `pod` with those of its many annotations that injection reads, that `overlay` sets, or that are `injected`, in their
 * order; `pod` itself where there are few, or where the overlay takes annotations away.
 */
export function sparsePod(pod: Pod, overlay: JsonObject, injected: Readonly<Record<string, string>>): Pod {
  const annotations = pod.metadata.annotations ?? {}
  const names = Object.keys(annotations)
  const laid = names.length < MANY ? undefined : laidAnnotations(overlay)
  if (laid === undefined) return pod
  const wanted = new Set([...KNOWN, ...Object.keys(laid), ...Object.keys(injected)])
  const few: Record<string, string> = {}
  for (const name of names) {
    if (wanted.has(name) || isScraping(name)) setOwn(few, name, annotations[name] ?? '')
  }
  return withAnnotations(pod, few)
}

/** The annotations that `overlay` sets; undefined where it may do something else with annotations. */
function laidAnnotations(overlay: JsonObject): JsonObject | undefined {
  const { metadata = {} } = overlay
  if (!isObject(metadata) || !hasOnly(overlay, OVERLAY) || !hasOnly(metadata, METADATA)) return undefined
  const { annotations = {} } = metadata
  const isSet = ([name, value]: [string, Json]): boolean => typeof value === 'string' && !name.startsWith('$')
  return isObject(annotations) && Object.entries(annotations).every(isSet) ? annotations : undefined
}

/** What templates say of a pod: no directives of a merge, and no field in another case. */
const OVERLAY = ['apiVersion', 'kind', 'metadata', 'spec']
const METADATA = ['annotations', 'labels']

const hasOnly = (object: JsonObject, names: readonly string[]): boolean =>
  Object.keys(object).every((name) => names.includes(name))
