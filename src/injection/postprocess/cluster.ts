// Cluster, network and the other env pairs of the request (contract §8.1): which pairs hold for a pod, and how they get
// into istio-proxy. The pairs win over what the template wrote under the same names.

import type { EnvVar, Pod } from '../../api/kube.ts'
import type { InjectValues } from '../../api/mesh.ts'
import { LABEL } from '../../api/names.ts'
import { compareBytes } from '../../gotemplate/utf8.ts'
import { own } from '../../std/json.ts'
import { changeSidecar, withEnv } from '../containers.ts'

export const CLUSTER_ENV = 'ISTIO_META_CLUSTER_ID'
export const NETWORK_ENV = 'ISTIO_META_NETWORK'

export type EnvPairs = Readonly<Record<string, string>>

/** Id of the pod's cluster: from the request path, else from values; empty when neither knows. */
export function clusterOf(pairs: EnvPairs, values: InjectValues): string {
  return own(pairs, CLUSTER_ENV) || values.clusterName
}

/** Network of the pod: its label (even empty), else the request path, else values. */
export function networkOf(pod: Pod, pairs: EnvPairs, values: InjectValues): string {
  return own(pod.metadata.labels ?? {}, LABEL.network) ?? (own(pairs, NETWORK_ENV) || values.network)
}

/** The pairs of the request with cluster and network filled in; an empty one leaves the request's pair as it is. */
export function completePairs(pod: Pod, pairs: EnvPairs, values: InjectValues): EnvPairs {
  const cluster = clusterOf(pairs, values)
  const network = networkOf(pod, pairs, values)
  return {
    ...pairs,
    ...(cluster === '' ? {} : { [CLUSTER_ENV]: cluster }),
    ...(network === '' ? {} : { [NETWORK_ENV]: network }),
  }
}

/** Sets the pairs in istio-proxy: what had their names goes, they follow in the order of their names. */
export function applyClusterEnv(pod: Pod, pairs: EnvPairs): Pod {
  if (Object.keys(pairs).length === 0) return pod
  return changeSidecar(pod, (sidecar) => withEnv(sidecar, updateEnv(sidecar.env ?? [], pairs)))
}

export function updateEnv(env: readonly EnvVar[], pairs: EnvPairs): EnvVar[] {
  const kept = env.filter((variable) => !Object.hasOwn(pairs, variable.name))
  const names = Object.keys(pairs).sort(compareBytes)
  return [...kept, ...names.map((name) => envVar(name, own(pairs, name) ?? ''))]
}

/** An env variable in canonical form: an empty value is left out. */
export function envVar(name: string, value: string): EnvVar {
  return value === '' ? { name } : { name, value }
}
