// Clusters that tests of revision tags start from: revisions of Istio as its installer leaves them, the steps of a plan
// carried out on them, and who injects a pod then.

import { planAdopt } from '../../src/revision/adopt.ts'
import { readLabelled } from '../../src/revision/control-plane.ts'
import { discoverRevisions } from '../../src/revision/discover.ts'
import { injectors, type PodPlace } from '../../src/revision/route.ts'
import type { TagStep } from '../../src/revision/tag-steps.ts'
import type { TagCluster, TagRequest } from '../../src/revision/tag-target.ts'
import type { JsonObject } from '../../src/std/json.ts'
import type { FakeCluster } from './fake-cluster.ts'
import { clusterObjects, ofKind } from './reference-objects.ts'

export const DEFAULT = { name: 'istio-sidecar-injector', revision: 'default', isDefault: true }
export const CANARY = { name: 'istio-sidecar-injector-canary', revision: 'canary' }

export const DEPLOYMENT = (revision: string, available = 1): JsonObject => ({
  kind: 'Deployment',
  metadata: { name: `istiod-${revision}`, labels: { app: 'istiod', 'istio.io/rev': revision } },
  spec: { template: { spec: { containers: [{ name: 'discovery', image: 'pilot:1.30.3' }] } } },
  status: { availableReplicas: available },
})

export const SERVICE = (revision: string): JsonObject => ({
  kind: 'Service',
  metadata: {
    name: `istiod-${revision}`,
    namespace: 'istio-system',
    labels: { app: 'istiod', 'istio.io/rev': revision, 'helm.sh/chart': 'istiod-1.30.3' },
  },
  spec: {
    clusterIP: '10.0.0.1',
    ports: [{ name: 'https-webhook', port: 443, targetPort: 15017, nodePort: 30000 }],
    selector: { app: 'istiod', 'istio.io/rev': revision },
  },
})

export function tagCluster(
  cluster: FakeCluster,
  others: readonly JsonObject[] = [
    DEPLOYMENT('default'),
    DEPLOYMENT('canary'),
    SERVICE('default'),
    SERVICE('canary'),
  ],
  change: Partial<TagCluster> = {},
): TagCluster {
  const configurations = cluster.configurations()
  return {
    namespace: 'istio-system',
    configurations,
    services: ofKind(others, 'Service').filter((each) => readLabelled(each).labels['app'] === 'istiod'),
    validators: ofKind(others, 'ValidatingWebhookConfiguration'),
    discovery: discoverRevisions({ ...clusterObjects(others), configurations }),
    kubernetes: { major: 1, minor: 35 },
    ...change,
  }
}

export const REQUEST: TagRequest = {
  tag: 'prod',
  revision: 'canary',
  overwrite: false,
  generate: false,
  webhookName: undefined,
  autoInjectNamespaces: false,
}

export const ENABLED: PodPlace = { namespaceLabels: { 'istio-injection': 'enabled' }, podLabels: {} }
export const IN_PROD: PodPlace = { namespaceLabels: { 'istio.io/rev': 'prod' }, podLabels: {} }
export const ASKING: PodPlace = { namespaceLabels: {}, podLabels: { 'sidecar.istio.io/inject': 'true' } }

export function who(cluster: FakeCluster, place: PodPlace): string {
  return injectors(cluster.configurations(), place)
    .map(({ owner, of }) => `${owner} ${of?.kind} ${of?.name}`)
    .join(' + ')
}

export function run(
  cluster: FakeCluster,
  steps: readonly TagStep[],
  after: (step: TagStep) => void = () => {},
): void {
  for (const step of steps) {
    if (step.kind === 'apply') {
      if (step.object['kind'] === 'MutatingWebhookConfiguration') cluster.put(step.object)
    } else if (step.kind === 'remove') cluster.delete(step.object.name)
    else cluster.execute(step)
    after(step)
  }
}

export function adopt(cluster: FakeCluster): void {
  const known = new Set(['default', 'canary'])
  const plan = planAdopt(cluster.configurations(), { revision: undefined, kubernetes: undefined, known })
  for (const step of plan.steps) cluster.execute(step)
}
