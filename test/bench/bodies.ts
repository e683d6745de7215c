// The reviews that the benchmark sends. Each row is a list of shapes: request bodies as text, cut at the places that
// differ from request to request, so that a client makes a body that was never sent before by joining strings.
// What an API server varies always varies: the request uid, and the random suffix of the token volume.

import type { Json, JsonObject } from '../../src/std/json.ts'

export type RowName = 'repeated' | 'never-seen' | 'containers' | 'env' | 'gateway' | 'skipped'

/** A request body cut into pieces; body n is the pieces joined by `uniqueText(n)`. */
export interface Shape {
  readonly pieces: readonly string[]
}

export interface Row {
  readonly name: RowName
  readonly title: string
  readonly shapes: readonly Shape[]
}

/** Stands in a shape for the text that is different in every request; five characters, valid in every name. */
const UNIQUE = '\u0001'

/** Five letters or digits, as an API server suffixes names; distinct for 36^5 numbers. */
export function uniqueText(n: number): string {
  return (n % 60_466_176).toString(36).padStart(5, '0')
}

export function bodyOf(shape: Shape, n: number): string {
  return shape.pieces.join(uniqueText(n))
}

function toShape(review: JsonObject): Shape {
  return { pieces: JSON.stringify(review).split(JSON.stringify(UNIQUE).slice(1, -1)) }
}

function review(pod: JsonObject, namespace: string): JsonObject {
  const kind = { group: '', version: 'v1', kind: 'Pod' }
  const resource = { group: '', version: 'v1', resource: 'pods' }
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: `705ab4f5-6393-11e8-b7cc-42010a8${UNIQUE}`,
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      namespace,
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        uid: '8a1c6b5e-40e3-4f0c-9f3e-0a4f4b8f1b11',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
      },
      object: pod,
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  }
}

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
function typicalPod(): JsonObject {
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

/** Shapes of never-seen workloads: every combination differs in structure, and every request in its names and values. */
function neverSeenShapes(): Shape[] {
  const shapes: Shape[] = []
  for (const count of [1, 2, 3]) {
    for (const env of [0, 3, 8]) {
      for (const probes of [true, false]) {
        for (const labelled of [true, false]) {
          for (const annotated of [true, false])
            shapes.push(neverSeenShape({ count, env, probes, labelled, annotated }))
        }
      }
    }
  }
  return shapes
}

interface Variant {
  count: number
  env: number
  probes: boolean
  labelled: boolean
  annotated: boolean
}

function neverSeenShape({ count, env, probes, labelled, annotated }: Variant): Shape {
  const app = `app-${UNIQUE}`
  const containers = Array.from({ length: count }, (_, i) =>
    container({
      name: `c${i}-${UNIQUE}`,
      image: `registry.example/team-${UNIQUE}/service:${UNIQUE}`,
      port: 8000 + i,
      env,
      probes,
      value: `value ${UNIQUE}`,
    }),
  )
  const owner = annotated
    ? {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        name: app,
        uid: 'b6a1b7e2-5d0a-4a49-9c36-6f7f3a1e2d10',
        controller: true,
      }
    : undefined
  return toShape(
    review(
      pod({
        app,
        labels: labelled
          ? { version: `v${UNIQUE}`, 'app.kubernetes.io/name': app, team: `team-${UNIQUE}` }
          : {},
        annotations: annotated
          ? { 'example.com/build': `build ${UNIQUE}`, 'prometheus.io/port': '9090' }
          : {},
        containers,
        ...(owner === undefined ? {} : { owner }),
      }),
      'shop',
    ),
  )
}

function manyContainers(count: number): JsonObject {
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

function manyEnv(count: number): JsonObject {
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

function gatewayPod(): JsonObject {
  const proxy = { name: 'istio-proxy', image: 'auto', ports: [{ containerPort: 8443, protocol: 'TCP' }] }
  return pod({ app: 'gateway', annotations: { 'inject.istio.io/templates': 'gateway' }, containers: [proxy] })
}

function skippedPod(): JsonObject {
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

/** All rows of the benchmark; `only` picks some by name. */
export function benchmarkRows(): Row[] {
  const one = (made: JsonObject): Shape[] => [toShape(review(made, 'shop'))]
  return [
    { name: 'repeated', title: '(a) repeated workload', shapes: one(typicalPod()) },
    { name: 'never-seen', title: '(b) never-seen workloads', shapes: neverSeenShapes() },
    { name: 'containers', title: '(c) 30 containers', shapes: one(manyContainers(30)) },
    { name: 'env', title: '(d) 2,000 env variables', shapes: one(manyEnv(2000)) },
    { name: 'gateway', title: '(e) gateway pod', shapes: one(gatewayPod()) },
    { name: 'skipped', title: '(f) skipped pod', shapes: one(skippedPod()) },
  ]
}

/** Reviews of pods that grow in one dimension, for the growth check: time(2n)/time(n). */
export function growthPod(
  dimension: 'env' | 'containers' | 'volumes' | 'annotations',
  n: number,
): JsonObject {
  if (dimension === 'env') return manyEnv(n)
  if (dimension === 'containers') return manyContainers(n)
  const typical = typicalPod()
  const metadata = typical['metadata'] as JsonObject
  const spec = typical['spec'] as JsonObject
  if (dimension === 'annotations') {
    const annotations = Object.fromEntries(
      Array.from({ length: n }, (_, i) => [`example.com/note-${i}`, `text ${i}`]),
    )
    return { ...typical, metadata: { ...metadata, annotations } }
  }
  const volumes = Array.from({ length: n }, (_, i) => ({ name: `v${i}`, emptyDir: {} }))
  return { ...typical, spec: { ...spec, volumes: [...(spec['volumes'] as Json[]), ...volumes] } }
}

export function growthReview(dimension: Parameters<typeof growthPod>[0], n: number): string {
  return bodyOf(toShape(review(growthPod(dimension, n), 'shop')), n)
}
