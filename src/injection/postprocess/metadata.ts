// What injection writes into the metadata of a pod (contract §8.4): the network label, the status annotation and the
// annotations that the injection config asks for, which overwrite all others.

import type { Pod } from '../../api/kube.ts'
import { ANNOTATION, LABEL } from '../../api/names.ts'
import { own } from '../../std/json.ts'
import { type AnnotationChanges, changeAnnotations } from '../annotations.ts'
import { statusText } from '../status.ts'
import { type EnvPairs, NETWORK_ENV } from './cluster.ts'

export interface MetadataInput {
  readonly pairs: EnvPairs
  /** What the templates made: the status names its containers, volumes and pull secrets. */
  readonly template: Pod
  readonly revision: string
  readonly injectedAnnotations: Readonly<Record<string, string>>
  /** Changes that come before all others: copying annotations once is enough. */
  readonly changes: AnnotationChanges
}

export function applyMetadata(pod: Pod, input: MetadataInput): Pod {
  const network = own(input.pairs, NETWORK_ENV)
  const labeled = network === undefined ? pod : withLabel(pod, LABEL.network, network)
  const { removed, set } = input.changes
  const status = { [ANNOTATION.status]: statusText(input.template, input.revision) }
  return changeAnnotations(labeled, { removed, set: { ...set, ...status, ...input.injectedAnnotations } })
}

function withLabel(pod: Pod, name: string, value: string): Pod {
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [name]: value } } }
}
