// Names of Istio's and Kubernetes' annotations, labels, containers and namespaces that code reads or writes
// (contract appendix C). Names that only templates use are not here.

export const ANNOTATION = {
  inject: 'sidecar.istio.io/inject',
  status: 'sidecar.istio.io/status',
  templates: 'inject.istio.io/templates',
  overrides: 'proxy.istio.io/overrides',
  proxyConfig: 'proxy.istio.io/config',
  nativeSidecar: 'sidecar.istio.io/nativeSidecar',
  proxyImageType: 'sidecar.istio.io/proxyImageType',
  rewriteProbers: 'sidecar.istio.io/rewriteAppHTTPProbers',
  interceptionMode: 'sidecar.istio.io/interceptionMode',
  statusPort: 'status.sidecar.istio.io/port',
  mergeMetrics: 'prometheus.istio.io/merge-metrics',
  configHash: 'remora.dev/config-hash',
  record: 'remora.dev/record',
  proof: 'remora.dev/proof',
} as const

export const LABEL = {
  inject: 'sidecar.istio.io/inject',
  revision: 'istio.io/rev',
  injection: 'istio-injection',
  network: 'topology.istio.io/network',
  podTemplateHash: 'pod-template-hash',
  rolloutsPodTemplateHash: 'rollouts-pod-template-hash',
  deploymentConfig: 'deploymentconfig',
} as const

export const CONTAINER = {
  proxy: 'istio-proxy',
  init: 'istio-init',
  validation: 'istio-validation',
  coreDump: 'enable-core-dump',
} as const

/** Namespaces whose pods are never injected (contract §2.1 rule 2). */
export const IGNORED_NAMESPACES: readonly string[] = [
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'local-path-storage',
]
