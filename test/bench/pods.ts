// The pods that the benchmark sends, as an API server passes them on: defaults filled in, owners and managed fields set, a
// token volume with a random suffix. UNIQUE stands where texts differ from request to request.

import type { Json, JsonObject } from '../../src/std/json.ts'

/** Stands for the text that is different in every request; five characters in its place, valid in every name. */
export const UNIQUE = '\u0001'

function probe(path: string, port: number): JsonObject {
  return {
    httpGet: { path, port, scheme: 'HTTP' },
    initialDelaySeconds: 5,
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  }
}

interface ContainerOptions {
  name: string
  image: string
  port: number
  env: number
  probes: boolean
  /** Put into env values; UNIQUE makes them differ in every request. */
  value: string
}

function container(options: ContainerOptions): JsonObject {
  const { name, image, port, env, probes, value } = options
  return {
    name,
    image,
    ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
    env: Array.from({ length: env }, (_, i) => ({ name: `SETTING_${i}`, value: `${value}-${i}` })),
    resources: { limits: { cpu: '500m', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
    volumeMounts: [
      { name: 'config', mountPath: '/etc/app' },
      {
        name: `kube-api-access-${UNIQUE}`,
        readOnly: true,
        mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
      },
    ],
    ...(probes ? { livenessProbe: probe('/healthz', port), readinessProbe: probe('/ready', port) } : {}),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  }
}

/** Who set which fields, as the API server tracks it for the pods of a ReplicaSet. */
function managedFields(containers: readonly Json[]): Json {
  const fields = (names: readonly string[]): JsonObject =>
    Object.fromEntries(names.map((name) => [`f:${name}`, {}]))
  const members = containers
    .slice(0, 3)
    .map((item): [string, Json] => [
      `k:{"name":"${String((item as JsonObject)['name'])}"}`,
      { '.': {}, ...fields(Object.keys(item as JsonObject)) },
    ])
  const metadata = { 'f:generateName': {}, 'f:labels': { '.': {}, ...fields(['app', 'pod-template-hash']) } }
  const spec = {
    'f:containers': Object.fromEntries(members),
    ...fields(['dnsPolicy', 'enableServiceLinks', 'restartPolicy', 'schedulerName', 'securityContext']),
    'f:terminationGracePeriodSeconds': {},
    'f:volumes': { '.': {}, 'k:{"name":"config"}': { '.': {}, ...fields(['configMap', 'name']) } },
  }
  return [
    {
      manager: 'kube-controller-manager',
      operation: 'Update',
      apiVersion: 'v1',
      time: '2026-01-02T03:04:05Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:metadata': metadata, 'f:spec': spec },
    },
  ]
}

interface PodOptions {
  app: string
  labels?: JsonObject
  annotations?: JsonObject
  containers: Json[]
  owner?: JsonObject
  extra?: JsonObject
}

function tokenVolume(): JsonObject {
  return {
    name: `kube-api-access-${UNIQUE}`,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 420,
    },
  }
}

function pod(options: PodOptions): JsonObject {
  const { app, labels = {}, annotations = {}, containers, owner, extra = {} } = options
  const replicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: `${app}-6d4cf56db6`,
    uid: 'b6a1b7e2-5d0a-4a49-9c36-6f7f3a1e2d10',
    controller: true,
    blockOwnerDeletion: true,
  }
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      generateName: `${app}-6d4cf56db6-`,
      creationTimestamp: null,
      labels: { app, 'pod-template-hash': '6d4cf56db6', ...labels },
      annotations,
      ownerReferences: [owner ?? replicaSet],
      managedFields: managedFields(containers),
    },
    spec: {
      volumes: [{ name: 'config', configMap: { name: `${app}-config`, defaultMode: 420 } }, tokenVolume()],
      containers,
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      serviceAccount: 'default',
      securityContext: {},
      schedulerName: 'default-scheduler',
      tolerations: [
        {
          key: 'node.kubernetes.io/not-ready',
          operator: 'Exists',
          effect: 'NoExecute',
          tolerationSeconds: 300,
        },
        {
          key: 'node.kubernetes.io/unreachable',
          operator: 'Exists',
          effect: 'NoExecute',
          tolerationSeconds: 300,
        },
      ],
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
      ...extra,
    },
    status: {},
  }
}

/** Two containers with two probes each: the pod that the published figures of istiod are about. */
export function typicalPod(): JsonObject {
  const containers = ['web', 'worker'].map((name, i) =>
    container({
      name,
      image: `registry.example/shop/${name}:1.4.2`,
      port: 8080 + i,
      env: 12,
      probes: true,
      value: 'v',
    }),
  )
  return pod({ app: 'shop', labels: { version: 'v1' }, containers })
}

export function manyContainers(count: number): JsonObject {
  const containers = Array.from({ length: count }, (_, i) =>
    container({
      name: `c${i}`,
      image: 'registry.example/shop/part:1',
      port: 8000 + i,
      env: 4,
      probes: true,
      value: 'v',
    }),
  )
  return pod({ app: 'many', containers })
}

export function manyEnv(count: number): JsonObject {
  const web = container({
    name: 'web',
    image: 'registry.example/shop/web:1',
    port: 8080,
    env: count,
    probes: true,
    value: 'some value',
  })
  return pod({ app: 'env', containers: [web] })
}

export function gatewayPod(): JsonObject {
  const proxy = { name: 'istio-proxy', image: 'auto', ports: [{ containerPort: 8443, protocol: 'TCP' }] }
  return pod({ app: 'gateway', annotations: { 'inject.istio.io/templates': 'gateway' }, containers: [proxy] })
}

export function skippedPod(): JsonObject {
  const typical = typicalPod()
  const metadata = typical['metadata'] as JsonObject
  return {
    ...typical,
    metadata: {
      ...metadata,
      labels: { ...(metadata['labels'] as JsonObject), 'sidecar.istio.io/inject': 'false' },
    },
  }
}

/** A structure of its own; requests of it differ in names, images, labels, annotations, env and owners. */
export interface Variant {
  readonly count: number
  readonly env: number
  readonly probes: boolean
  readonly labelled: boolean
  readonly annotated: boolean
  /** Makes ports and kinds of owners differ. */
  readonly index: number
}

const OWNERS = [
  ['apps/v1', 'ReplicaSet'],
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'DaemonSet'],
  ['batch/v1', 'Job'],
] as const

export function neverSeenPod({ count, env, probes, labelled, annotated, index }: Variant): JsonObject {
  const app = `app-${UNIQUE}`
  const containers = Array.from({ length: count }, (_, i) =>
    container({
      name: `c${i}-${UNIQUE}`,
      image: `registry.example/team-${UNIQUE}/service:${UNIQUE}`,
      port: 8000 + 10 * index + i,
      env,
      probes,
      value: `value ${UNIQUE}`,
    }),
  )
  const [apiVersion, kind] = OWNERS[index % OWNERS.length] ?? OWNERS[0]
  const uid = 'b6a1b7e2-5d0a-4a49-9c36-6f7f3a1e2d10'
  return pod({
    app,
    labels: labelled ? { version: `v${UNIQUE}`, 'app.kubernetes.io/name': app, team: `team-${UNIQUE}` } : {},
    annotations: annotated
      ? {
          'example.com/build': `build ${UNIQUE}`,
          'prometheus.io/port': String(9000 + index),
          'traffic.sidecar.istio.io/excludeOutboundPorts': String(7000 + index),
        }
      : {},
    containers,
    owner: { apiVersion, kind, name: app, uid, controller: true },
  })
}

/** A pod whose environment makes its review about so many bytes long. */
export function longPod(bytes: number): JsonObject {
  const typical = typicalPod()
  const spec = typical['spec'] as JsonObject
  const [first, ...others] = spec['containers'] as JsonObject[]
  const env = Array.from({ length: Math.floor(bytes / 1000) }, (_, i) => ({
    name: `LONG_${i}`.padEnd(16, '_'),
    value: 'some words '.repeat(88).slice(0, 956),
  }))
  return { ...typical, spec: { ...spec, containers: [{ ...first, env }, ...others] } }
}

/** One of many pods of which no two go the same way through a template: lists of all lengths, names of all sorts. */
export function oddPod(n: number): JsonObject {
  const ports = (count: number): Json[] =>
    Array.from({ length: count }, (_, i) => ({ containerPort: 1000 + i, protocol: 'TCP' }))
  const lengths = [n % 7, Math.floor(n / 7) % 7, Math.floor(n / 49) % 7, Math.floor(n / 343) % 7]
  const containers = lengths.map((length, i) => ({
    name: `odd-${i}`,
    image: 'registry.example/odd:1',
    ports: ports(length),
  }))
  const annotations = {
    [`example.com/odd-${n}`]: 'x',
    ...(n % 2 === 0 ? { 'sidecar.istio.io/proxyCPU': `${(n % 9) + 1}00m` } : {}),
    ...(n % 3 === 0 ? { 'traffic.sidecar.istio.io/excludeInboundPorts': `${n}` } : {}),
    ...(n % 5 === 0 ? { 'sidecar.istio.io/userVolume': `{"odd-${n}":{"emptyDir":{}}}` } : {}),
  }
  return pod({ app: `odd-${n}`, annotations, containers })
}

/** The typical pod with `count` annotations more. */
export function manyAnnotations(count: number): JsonObject {
  const typical = typicalPod()
  const annotations = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`example.com/note-${i}`, `text ${i}`]),
  )
  return { ...typical, metadata: { ...(typical['metadata'] as JsonObject), annotations } }
}

/** The typical pod with `count` volumes more. */
export function manyVolumes(count: number): JsonObject {
  const typical = typicalPod()
  const spec = typical['spec'] as JsonObject
  const volumes = Array.from({ length: count }, (_, i) => ({ name: `v${i}`, emptyDir: {} }))
  return { ...typical, spec: { ...spec, volumes: [...(spec['volumes'] as Json[]), ...volumes] } }
}
