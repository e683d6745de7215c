// The proof of new settings before they are used (design §5): a few pods that every mesh has are injected with them.
// Settings that fail all of them would refuse every pod of the revision, so they are refused instead.
// Pods that fail one by one may be asked for by the templates on purpose (`required`, `fail`), and prove nothing.

import type { Pod } from '../api/kube.ts'
import type { ClusterView } from '../api/mesh.ts'
import { decodePod, type InjectionParams, injectPod } from '../injection/inject.ts'
import type { RevisionSettings } from '../mesh/snapshot.ts'
import { deepFreeze } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'

const CONTAINER = { name: 'app', image: 'app:1' }

/** A bare pod, one of a Deployment with ports, probes and volumes, and one with an own proxy container. */
const PROBES: readonly Pod[] = deepFreeze([
  { metadata: { name: 'probe', labels: { app: 'probe' } }, spec: { containers: [CONTAINER] } },
  {
    metadata: {
      generateName: 'probe-5d8c9f7b6-',
      labels: { app: 'probe', version: 'v1', 'pod-template-hash': '5d8c9f7b6' },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: 'probe-5d8c9f7b6',
          uid: 'probe',
          controller: true,
        },
      ],
    },
    spec: {
      containers: [
        {
          ...CONTAINER,
          ports: [{ name: 'http', containerPort: 8080 }],
          readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
          livenessProbe: { tcpSocket: { port: 8080 } },
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', emptyDir: {} }],
    },
  },
  {
    metadata: { name: 'gateway', labels: { istio: 'ingressgateway' } },
    spec: { containers: [{ name: 'istio-proxy', image: 'auto' }] },
  },
]) as unknown as readonly Pod[]

const NAMESPACE = 'default'

/** What the probe pods of one revision may take, in milliseconds: a few are usual, and nobody is answered meanwhile. */
export const PROOF_MS = 5_000

/** Until when the probe pods may take, all together. */
export type ProofDeadline = NonNullable<InjectionParams['deadline']>

/**
 * Throws the problem of the first probe pod when `settings` can inject none of them into `cluster`; one of code `limit`
 * when time ran out, which another try may mend.
 */
export function proveRevision(
  settings: RevisionSettings,
  cluster: ClusterView,
  deadline: ProofDeadline,
): void {
  let first: ProblemError | undefined
  for (const probe of PROBES) {
    try {
      const pod = decodePod(probe as never, NAMESPACE)
      injectPod({
        pod,
        settings,
        cluster,
        envPairs: {},
        mode: 'webhook',
        compat: 'istio',
        structure: 'istio',
        deadline,
      })
      return
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      first ??= error
    }
  }
  if (first === undefined) return
  if (deadline.now() > deadline.at) {
    const object = `revision ${settings.revision}`
    throw new ProblemError('limit', `the probe pods took too long with these settings: ${first.message}`, {
      object,
      ...first.where,
    })
  }
  const message = `no pod could be injected with these settings: ${first.message}`
  throw new ProblemError(
    'invalid-config',
    message,
    { object: `revision ${settings.revision}`, ...first.where },
    first.hint,
  )
}
