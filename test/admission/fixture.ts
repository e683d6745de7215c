// Snapshots and reviews for tests of admission and server: one revision whose template adds a sidecar with a name to see.

import type { ClusterView } from '../../src/api/mesh.ts'
import { NEWEST } from '../../src/api/release.ts'
import { templateCompiler } from '../../src/injection/compile.ts'
import {
  changeSnapshot,
  EMPTY_SNAPSHOT,
  type MeshSnapshot,
  replaceRevision,
} from '../../src/mesh/snapshot.ts'

export const TEMPLATE = `spec:
  containers:
  - name: istio-proxy
    image: proxy:1
    env:
    - name: REVISION
      value: {{ .Revision }}
`

const CLUSTER: ClusterView = {
  access: true,
  id: 'Kubernetes',
  nodes: [],
  namespaces: {},
  proxyConfigs: [],
}

export interface FixtureOptions {
  readonly template?: string
  readonly policy?: string
  /** Revisions besides `default`; one named `broken` never had usable settings. */
  readonly revisions?: readonly string[]
  readonly tags?: Readonly<Record<string, string>>
}

export function snapshotOf(options: FixtureOptions = {}): MeshSnapshot {
  const { template = TEMPLATE, policy = 'enabled', revisions = [], tags = {} } = options
  let snapshot = changeSnapshot(EMPTY_SNAPSHOT, { defaultRevision: 'default', tags, cluster: CLUSTER })
  for (const revision of ['default', ...revisions]) {
    const config =
      revision === 'broken' ? 'a: b: c' : JSON.stringify({ policy, templates: { sidecar: template } })
    const inputs = { revision, release: NEWEST, env: {}, config, values: '{}', mesh: ['{}'] }
    snapshot = replaceRevision(snapshot, inputs, templateCompiler({}, NEWEST))
  }
  return snapshot
}

export function reviewOf(object: unknown, request: object = {}): Record<string, unknown> {
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: { uid: 'u-1', namespace: 'ns', object, ...request },
  }
}

export const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image: 'app:1' }] },
}
