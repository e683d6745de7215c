// What another mutating webhook does to a pod between two injections, made by fast-check: each addition is a function
// that does the same to a pod with and without a sidecar. Annotations that injection writes for itself are left alone.

import fc from 'fast-check'
import type { Container, Pod } from '../../src/api/kube.ts'

export interface Addition {
  readonly name: string
  readonly apply: (pod: Pod) => Pod
}

const INJECTED = ['istio-proxy', 'istio-init', 'istio-validation', 'enable-core-dump']
const isOwn = (container: Container): boolean => !INJECTED.includes(container.name)

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

function mapOwn(list: readonly Container[], change: (own: Container[]) => Container[]): Container[] {
  const changed = change(list.filter(isOwn))
  return list.map((container) => (isOwn(container) ? (changed.shift() ?? container) : container))
}

const fixed: readonly Addition[] = [
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
    apply: (pod) =>
      withSpec(pod, {
        volumes: [...(pod.spec.volumes ?? []), { name: 'added', emptyDir: {} }],
        containers: mapOwn(pod.spec.containers, (own) =>
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
    apply: (pod) =>
      withSpec(pod, {
        containers: mapOwn(pod.spec.containers, (own) =>
          own.map((container) => ({
            ...container,
            readinessProbe: { tcpSocket: { port: 7777 }, periodSeconds: 7 },
          })),
        ),
      }),
  },
  {
    name: 'an environment variable in the own containers',
    apply: (pod) =>
      withSpec(pod, {
        containers: mapOwn(pod.spec.containers, (own) =>
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

const moving: readonly Addition[] = [
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
    apply: (pod) => withSpec(pod, { containers: mapOwn(pod.spec.containers, (own) => own.toReversed()) }),
  },
]

const withoutAnnotation = (removed: string): Addition => ({
  name: `annotation ${removed} removed`,
  apply: (pod) => {
    const { [removed]: _, ...annotations } = pod.metadata.annotations ?? {}
    return { ...pod, metadata: { ...pod.metadata, annotations } }
  },
})

export interface AdditionOptions {
  /** Names of annotations that may be removed. */
  readonly annotations: readonly string[]
  /**
   * Also additions that move containers about. Not for pods with containers of their own that injection takes elsewhere:
   * where those stood among the others cannot be told any more.
   */
  readonly moving: boolean
}

/** One to three additions. */
export function additions(options: AdditionOptions): fc.Arbitrary<Addition[]> {
  const candidates = options.moving ? [...fixed, ...moving] : fixed
  const one = fc.constantFrom(...candidates, ...options.annotations.map(withoutAnnotation))
  return fc.uniqueArray(one, { minLength: 1, maxLength: 3, selector: (addition) => addition.name })
}
