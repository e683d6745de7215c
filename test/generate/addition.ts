// What another mutating webhook does to a pod between two injections: each addition is a function that does the same to
// a pod with and without a sidecar, told which containers are injected ones. Annotations that injection writes for
// itself are left alone. Fixed ones, and some at a time made by fast-check.

import fc from 'fast-check'
import type { Container, Pod } from '../../src/api/kube.ts'

export interface Addition {
  readonly name: string
  /** `injected`: names of the containers that injection brings, by default those of the stock templates. */
  readonly apply: (pod: Pod, injected?: readonly string[]) => Pod
}

const INJECTED = ['istio-proxy', 'istio-init', 'istio-validation', 'enable-core-dump']

const newContainer = (name: string): Container => ({
  name,
  image: 'added:1',
  resources: {},
  ports: [{ name: 'metrics', containerPort: 9999 }],
  livenessProbe: { httpGet: { path: '/live', port: 'metrics' }, timeoutSeconds: 2 },
})

function withSpec(pod: Pod, spec: Partial<Pod['spec']>): Pod {
  return { ...pod, spec: { ...pod.spec, ...spec } }
}

function mapOwn(
  list: readonly Container[],
  injected: readonly string[],
  change: (own: Container[]) => Container[],
): Container[] {
  const isOwn = (container: Container): boolean => !injected.includes(container.name)
  const changed = change(list.filter(isOwn))
  return list.map((container) => (isOwn(container) ? (changed.shift() ?? container) : container))
}

/** Additions that leave the containers where they are. */
export const FIXED: readonly Addition[] = [
  {
    name: 'a container at the end',
    apply: (pod) => withSpec(pod, { containers: [...pod.spec.containers, newContainer('last')] }),
  },
  {
    name: 'an init container at the end',
    apply: (pod) =>
      withSpec(pod, { initContainers: [...(pod.spec.initContainers ?? []), newContainer('last-init')] }),
  },
  {
    name: 'a volume with a mount',
    apply: (pod, injected = INJECTED) =>
      withSpec(pod, {
        volumes: [...(pod.spec.volumes ?? []), { name: 'added', emptyDir: {} }],
        containers: mapOwn(pod.spec.containers, injected, (own) =>
          own.map((container) => ({
            ...container,
            volumeMounts: [
              ...((container['volumeMounts'] as []) ?? []),
              { name: 'added', mountPath: '/added' },
            ],
          })),
        ),
      }),
  },
  {
    name: 'a probe',
    apply: (pod, injected = INJECTED) =>
      withSpec(pod, {
        containers: mapOwn(pod.spec.containers, injected, (own) =>
          own.map((container) => ({
            ...container,
            readinessProbe: { tcpSocket: { port: 7777 }, periodSeconds: 7 },
          })),
        ),
      }),
  },
  {
    name: 'a probe where there is none',
    apply: (pod, injected = INJECTED) =>
      withSpec(pod, {
        containers: mapOwn(pod.spec.containers, injected, (own) =>
          own.map((container) => ({ startupProbe: { grpc: { port: 6666, service: '' } }, ...container })),
        ),
      }),
  },
  {
    name: 'an environment variable in the own containers',
    apply: (pod, injected = INJECTED) =>
      withSpec(pod, {
        containers: mapOwn(pod.spec.containers, injected, (own) =>
          own.map((container) => ({
            ...container,
            env: [...(container.env ?? []), { name: 'ADDED', value: '1' }],
          })),
        ),
      }),
  },
  {
    name: 'a label',
    apply: (pod) => ({
      ...pod,
      metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, 'example.com/added': 'x' } },
    }),
  },
]

/**
 * Additions that move containers about. Not for pods with containers of their own that injection takes elsewhere: where
 * those stood among the others cannot be told any more.
 */
export const MOVING: readonly Addition[] = [
  {
    name: 'a container at the beginning',
    apply: (pod) => withSpec(pod, { containers: [newContainer('first'), ...pod.spec.containers] }),
  },
  {
    name: 'an init container at the beginning',
    apply: (pod) =>
      withSpec(pod, { initContainers: [newContainer('first-init'), ...(pod.spec.initContainers ?? [])] }),
  },
  {
    name: 'the own containers in another order',
    apply: (pod, injected = INJECTED) =>
      withSpec(pod, { containers: mapOwn(pod.spec.containers, injected, (own) => own.toReversed()) }),
  },
]

export const withoutAnnotation = (removed: string): Addition => ({
  name: `annotation ${removed} removed`,
  apply: (pod) => {
    const { [removed]: _, ...annotations } = pod.metadata.annotations ?? {}
    return { ...pod, metadata: { ...pod.metadata, annotations } }
  },
})

export interface AdditionOptions {
  /** Names of annotations that may be removed. */
  readonly annotations: readonly string[]
  /** Also those that move containers about. */
  readonly moving: boolean
}

/** One to three additions. */
export function additions(options: AdditionOptions): fc.Arbitrary<Addition[]> {
  const candidates = options.moving ? [...FIXED, ...MOVING] : FIXED
  const one = fc.constantFrom(...candidates, ...options.annotations.map(withoutAnnotation))
  return fc.uniqueArray(one, { minLength: 1, maxLength: 3, selector: (addition) => addition.name })
}
