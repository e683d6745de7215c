// The facts that hold for one pod of a revision (contract, pipeline step 3): effective ProxyConfig, workload, env pairs,
// native sidecars, the proxy's user. Gathered once, before anything is rendered; nothing of it changes on the way.

import type { Pod } from '../api/kube.ts'
import type { ClusterView, Message } from '../api/mesh.ts'
import { detectNativeSidecars } from '../mesh/native.ts'
import { uidRanges } from '../mesh/openshift.ts'
import { effectiveProxyConfig } from '../mesh/proxyconfig.ts'
import type { RevisionSettings } from '../mesh/snapshot.ts'
import { own } from '../std/json.ts'
import { clusterOf, completePairs, type EnvPairs } from './postprocess/cluster.ts'
import { type Workload, workloadOf } from './workload.ts'

export interface ContextInput {
  readonly settings: RevisionSettings
  readonly cluster: ClusterView
  /** Env pairs of the request path. */
  readonly envPairs: EnvPairs
  /** kube-inject takes the mesh default config as it stands (its caller has applied the annotation) and no OpenShift. */
  readonly mode: 'webhook' | 'kube-inject'
  /** The workload, where it is not to be derived from the pod. */
  readonly workload?: Workload
}

export interface Context {
  readonly incoming: Pod
  readonly mesh: Message
  readonly proxyConfig: Message
  /** Status port of the mesh default config. */
  readonly statusPort: number
  readonly workload: Workload
  readonly pairs: EnvPairs
  readonly nativeSidecars: boolean
  readonly proxyUser: { readonly uid: number; readonly gid: number }
}

export function contextOf(input: ContextInput, incoming: Pod): Context {
  const { settings, envPairs } = input
  const { release, env, values, mesh } = settings
  const { metadata } = incoming
  const meshDefault = mesh['defaultConfig'] as Message
  const webhook = input.mode === 'webhook'
  const cluster = clusterSeen(input)
  const openshift = webhook && own(env, 'PLATFORM') === 'openshift'
  const namespace =
    openshift && cluster.access ? own(cluster.namespaces, metadata.namespace ?? '') : undefined
  const statusPort = meshDefault['statusPort']
  return {
    incoming,
    mesh,
    proxyConfig: webhook
      ? effectiveProxyConfig({
          mesh,
          annotations: metadata.annotations ?? {},
          labels: metadata.labels ?? {},
          namespace: metadata.namespace ?? '',
          resources: input.cluster.proxyConfigs,
          release,
        })
      : meshDefault,
    statusPort: typeof statusPort === 'number' ? statusPort : 0,
    workload: input.workload ?? workloadOf(incoming, release),
    pairs: completePairs(incoming, envPairs, values),
    nativeSidecars: detectNativeSidecars({ env, release, cluster, nodeName: incoming.spec.nodeName ?? '' }),
    proxyUser: uidRanges(namespace?.annotations ?? {}),
  }
}

const LOCAL_CLUSTER = 'Kubernetes'

/** The cluster that the pod's nodes and namespace are looked up in; we have no client for any but our own. */
function clusterSeen(input: ContextInput): ClusterView {
  const { cluster, settings, envPairs } = input
  const wanted = clusterOf(envPairs, settings.values) || LOCAL_CLUSTER
  return wanted === cluster.id ? cluster : { ...cluster, access: false }
}
