// What one Istio revision tells its injector, as data: the parsed keys of its ConfigMaps and the facts around them.

import type { JsonObject } from '../std/json.ts'
import type { Release } from './release.ts'

export interface LabelSelectorRequirement {
  key: string
  operator: string
  values?: string[]
}

export interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: LabelSelectorRequirement[]
}

/** Key `config` of ConfigMap istio-sidecar-injector (contract §3.1), missing fields filled in. */
export interface InjectConfig {
  readonly policy: string
  readonly defaultTemplates: readonly string[]
  readonly templates: Readonly<Record<string, string>>
  readonly aliases: Readonly<Record<string, readonly string[]>>
  readonly neverInjectSelector: readonly LabelSelector[]
  readonly alwaysInjectSelector: readonly LabelSelector[]
  readonly injectedAnnotations: Readonly<Record<string, string>>
}

/** Key `values` (contract §3.2): the untyped map for templates, and the typed fields that code reads. */
export interface InjectValues {
  readonly raw: JsonObject
  readonly hub: string
  /** As Go's `%v` prints it: `<nil>` for null, `1.1` for the number 1.10. */
  readonly tag: string
  readonly variant: string
  readonly proxyImage: string
  readonly clusterName: string
  readonly network: string
  readonly holdApplicationUntilProxyStarts: boolean
  readonly rewriteAppHTTPProbe: boolean
}

/**
 * A protobuf message as plain data: JSON names, a key is present exactly when the field is set. Enums are names (unknown
 * numbers stay numbers), durations are nanoseconds as bigint, wrappers are their plain value, oneofs hold one member.
 */
export interface Message {
  readonly [field: string]: unknown
}

export interface NodeVersion {
  readonly name: string
  readonly kubeletVersion: string
}

export interface NamespaceInfo {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** A networking.istio.io/v1beta1 ProxyConfig resource, reduced to what injection reads (contract §3.5). */
export interface ProxyConfigResource {
  readonly name: string
  readonly namespace: string
  readonly creationTimestamp: string
  /** undefined: no selector; an empty record: `selector: {}`, which matches nothing. */
  readonly matchLabels: Readonly<Record<string, string>> | undefined
  readonly concurrency?: number
  readonly environmentVariables?: Readonly<Record<string, string>>
  readonly imageType?: string
}

/** The cluster as the injector of one revision sees it. */
export interface ClusterView {
  /** False when the injector has no client for the cluster (offline use): no nodes, no namespaces are known. */
  readonly access: boolean
  /** Cluster id of the local cluster, `Kubernetes` by default. */
  readonly id: string
  readonly nodes: readonly NodeVersion[]
  readonly namespaces: Readonly<Record<string, NamespaceInfo>>
  readonly proxyConfigs: readonly ProxyConfigResource[]
}

/** Environment of the injector process that injection depends on, and that templates may read with `env`. */
export type InjectorEnv = Readonly<Record<string, string>>

/** The texts of one revision before they are parsed and proven. */
export interface RevisionInputs {
  /** Revision name; `default` for the empty revision. */
  readonly revision: string
  readonly release: Release
  readonly env: InjectorEnv
  /** Key `config`. */
  readonly config: string
  /** Key `values`. */
  readonly values: string
  /** Key `mesh` texts, applied in order onto the built-in defaults (shared mesh config first). */
  readonly mesh: readonly string[]
}
