// The definition of Istio's ProxyConfig resources, as much of it as a watch needs.

import type { Resource } from '../../../src/kube/resource.ts'
import { PROXY_CONFIG } from '../../../src/reconcile/watches.ts'
import type { JsonObject } from '../../../src/std/json.ts'

export const DEFINITION: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}

export function proxyConfigDefinition(): JsonObject {
  const { group, version, plural, kind } = PROXY_CONFIG
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  const names = { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` }
  const versions = [{ name: version, served: true, storage: true, schema }]
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: DEFINITION.kind,
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Namespaced', names, versions },
  }
}
