// A small cluster that adoption starts from: a revision without a name and a tag of it, each with a namespace that uses it,
// and an elected replica of remora.

import { RESOURCE } from '../../src/kube/resource.ts'
import type { PodPlace } from '../../src/revision/route.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { istioObject } from '../revision/objects.ts'
import { LedCluster } from './led-cluster.ts'
import { runRemora, type Said } from './memory-io.ts'

const OBJECTS = `
kind: Namespace
metadata: {name: default}
---
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
kind: Namespace
metadata: {name: bank, labels: {istio.io/rev: prod}}
---
kind: ConfigMap
metadata: {name: istio-sidecar-injector, namespace: istio-system, labels: {istio.io/rev: default}}
---
kind: Service
metadata: {name: istiod, namespace: istio-system, labels: {app: istiod, istio.io/rev: default}}
`

/** Istio's configurations, in the order of their names. */
export const ISTIO = ['istio-revision-tag-prod', 'istio-sidecar-injector']

const placeWith = (labels: Readonly<Record<string, string>>): PodPlace => ({
  namespaceLabels: { ...labels, 'kubernetes.io/metadata.name': 'any' },
  podLabels: {},
})
export const ENABLED = placeWith({ 'istio-injection': 'enabled' })

export const defaultObject = (): JsonObject =>
  istioObject({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true })
export const tagObject = (): JsonObject =>
  istioObject({ name: 'istio-revision-tag-prod', revision: 'default', tag: 'prod' })

/** Pods of both namespaces are watched: `met` holds how many injectors they met. */
export async function startAdoptable(home: string): Promise<LedCluster> {
  const remora = await LedCluster.start(OBJECTS, home)
  for (const object of [defaultObject(), tagObject()]) {
    remora.api.put(RESOURCE.mutatingWebhookConfiguration, object)
  }
  remora.places = [ENABLED, placeWith({ 'istio.io/rev': 'prod' })]
  return remora
}

/** Webhook configurations without what the API server counts, and without empty annotations, which it leaves out. */
export function configurationsOf({ api }: LedCluster): JsonObject[] {
  return api.all(RESOURCE.mutatingWebhookConfiguration).map((object) => {
    const { resourceVersion: _, uid: __, annotations = {}, ...metadata } = object['metadata'] as JsonObject
    const some = Object.keys(annotations ?? {}).length > 0 ? { annotations } : {}
    return { ...object, metadata: { ...metadata, ...some } }
  })
}

/** Remora with little patience, unless told otherwise. */
export function runAt(home: string, ...argv: string[]): Promise<Said> {
  const patience = argv.includes('--timeout') ? [] : ['--timeout', '2']
  return runRemora([...argv, ...patience], { cwd: home, env: { HOME: home } })
}
