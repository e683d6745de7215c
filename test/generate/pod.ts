// Pods as an API server sends them for admission, made by fast-check: owners, labels, annotations that injection reads
// with good and odd values, probes of every kind, env of every kind, volumes, and containers with the names that
// injection uses. Every pod decodes as a Pod; whether it is injected or refused is up to its annotations.

import fc from 'fast-check'
import type { JsonObject } from '../../src/std/json.ts'
import { ANNOTATIONS, ODD_ANNOTATIONS, some, TEXT } from './annotations.ts'

const NAME = fc.constantFrom('app', 'web', 'api', 'worker', 'main', 'sidecar', 'log-agent')
const IMAGE = fc.constantFrom('nginx:1.25', 'app', 'ghcr.io/team/app@sha256:0123', 'registry:5000/a/b:v1', '')
const PORT_NUMBER = fc.constantFrom(80, 443, 8080, 9090, 15020, 15021, 15090)
const PORT = fc.oneof(PORT_NUMBER, fc.constantFrom('http', 'admin', '8080'))

function record(members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonObject> {
  return fc.record(members) as fc.Arbitrary<JsonObject>
}

const both = (...parts: fc.Arbitrary<JsonObject>[]): fc.Arbitrary<JsonObject> =>
  fc.tuple(...parts).map((objects) => Object.assign({}, ...objects) as JsonObject)

const httpGet = both(
  record({ port: PORT }),
  some({
    path: fc.constantFrom('/', '/healthz', '/a b', '/é?x=<y>'),
    scheme: fc.constantFrom('HTTP', 'HTTPS'),
    host: fc.constant('localhost'),
    httpHeaders: fc.constant([{ name: 'X-Probe', value: '<1>' }]),
  }),
)
const tcpSocket = both(record({ port: PORT }), some({ host: fc.constant('127.0.0.1') }))
const grpc = record({ port: PORT_NUMBER, service: fc.constantFrom(null, '', 'ready') })
const exec = fc.constant({ command: ['sh', '-c', 'true'] })

const probe = both(
  fc.oneof(record({ httpGet }), record({ tcpSocket }), record({ grpc }), record({ exec }), fc.constant({})),
  some({
    initialDelaySeconds: fc.nat(10),
    timeoutSeconds: fc.constantFrom(1, 3),
    periodSeconds: fc.constantFrom(1, 10),
    failureThreshold: fc.constantFrom(3, 30),
  }),
)
const handler = fc.oneof(
  record({ httpGet }),
  record({ tcpSocket }),
  record({ exec }),
  fc.constant({ sleep: { seconds: 5 } }),
)

const variable = both(
  record({ name: fc.constantFrom('A', 'B', 'ISTIO_META_CLUSTER_ID', 'ISTIO_KUBE_APP_PROBERS', 'POD_NAME') }),
  fc.oneof(
    record({ value: TEXT }),
    fc.constant({ valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }),
    fc.constant({ valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '0' } } }),
    fc.constant({ valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }),
  ),
)
const containerPort = both(
  record({ containerPort: PORT_NUMBER, protocol: fc.constantFrom('TCP', 'UDP', 'SCTP') }),
  some({ name: fc.constantFrom('http', 'admin', 'grpc') }),
)
const quantity = fc.constantFrom('100m', '1', '512Mi', '1500m', '2Gi')
const resources = some({
  limits: some({ cpu: quantity, memory: quantity }),
  requests: some({ cpu: quantity, memory: quantity }),
})
const securityContext = some({
  runAsUser: fc.constantFrom(0, 1000, 1337, 1000629999),
  runAsGroup: fc.constantFrom(0, 1000),
  runAsNonRoot: fc.boolean(),
  privileged: fc.boolean(),
  capabilities: fc.constant({ add: ['NET_ADMIN'], drop: ['ALL'] }),
})
const mount = both(
  record({
    name: fc.constantFrom('config', 'istio-envoy', 'tmp'),
    mountPath: fc.constantFrom('/etc/config', '/tmp', '/etc/istio/proxy'),
  }),
  some({ readOnly: fc.constant(true) }),
)

const uniqueBy = (
  key: string,
  items: fc.Arbitrary<JsonObject>,
  maxLength: number,
): fc.Arbitrary<JsonObject[]> => fc.uniqueArray(items, { selector: (item) => item[key], maxLength })

/** A container without a name. */
const containerBody = both(
  record({ image: IMAGE, resources }),
  some({
    command: fc.constant(['/bin/run']),
    args: fc.array(TEXT, { maxLength: 3 }),
    env: uniqueBy('name', variable, 3),
    ports: uniqueBy('containerPort', containerPort, 3),
    volumeMounts: uniqueBy('mountPath', mount, 2),
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
    lifecycle: some({ preStop: handler, postStart: handler }),
    securityContext,
    imagePullPolicy: fc.constantFrom('IfNotPresent', 'Always'),
  }),
).map((container) => ({
  ...container,
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
}))

const named = (names: fc.Arbitrary<string>): fc.Arbitrary<JsonObject> =>
  both(record({ name: names }), containerBody)

/** A user's own settings for the containers that injection brings. */
const overrideBody = both(
  record({ resources }),
  some({
    image: fc.constantFrom('auto', 'my/proxy:1'),
    args: fc.constant(['proxy', 'sidecar', '--mine']),
    env: uniqueBy('name', variable, 2),
    ports: uniqueBy('containerPort', containerPort, 2),
    volumeMounts: uniqueBy('mountPath', mount, 1),
    lifecycle: some({ preStop: handler }),
    securityContext,
  }),
)

const volume = fc.oneof(
  fc.constant({ name: 'config', configMap: { name: 'cm', defaultMode: 420 } }),
  fc.constant({ name: 'tmp', emptyDir: { sizeLimit: '1Gi' } }),
  fc.constant({ name: 'istio-envoy', secret: { secretName: 's' } }),
  fc.stringMatching(/^[a-z0-9]{5}$/).map((suffix) => ({
    name: `kube-api-access-${suffix}`,
    projected: {
      sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }],
      defaultMode: 420,
    },
  })),
) as fc.Arbitrary<JsonObject>

const labels = some({
  app: fc.constantFrom('web', 'api'),
  version: fc.constantFrom('v1', 'v2'),
  'app.kubernetes.io/name': fc.constant('web'),
  'pod-template-hash': fc.constant('5d4f8b'),
  'topology.istio.io/network': fc.constantFrom('net-1', ''),
  'service.istio.io/canonical-name': fc.constant('mine'),
  'security.istio.io/tlsMode': fc.constant('disabled'),
})

const owner = fc.oneof(
  fc.constant({}),
  fc
    .constantFrom(
      ['apps/v1', 'ReplicaSet', 'web-5d4f8b'],
      ['apps/v1', 'StatefulSet', 'web'],
      ['batch/v1', 'Job', 'nightly-28123456'],
      ['v1', 'ReplicationController', 'web-1'],
    )
    .map(([apiVersion, kind, name]) => ({
      generateName: `${name}-`,
      ownerReferences: [{ apiVersion, kind, name, uid: 'u-1', controller: true }],
    })),
) as fc.Arbitrary<JsonObject>

export interface PodOptions {
  /** Also annotations that are refused or break templates. */
  readonly odd?: boolean
  /** In place of the annotations that half of all pods have each. */
  readonly annotations?: fc.Arbitrary<JsonObject>
  /** Also the user's own containers with the names that injection uses. */
  readonly overrides?: boolean
}

/** Pods that are asked to be injected in namespace `default`. */
export function pods(options: PodOptions = {}): fc.Arbitrary<JsonObject> {
  const annotations =
    options.annotations ??
    both(some(ANNOTATIONS), options.odd === true ? some(ODD_ANNOTATIONS) : fc.constant({}))
  const overrides =
    options.overrides === false
      ? fc.constant([])
      : fc.array(both(record({ name: fc.constantFrom('istio-proxy', 'istio-init') }), overrideBody), {
          maxLength: 1,
        })
  return fc
    .record({
      annotations: some({ on: fc.boolean() }).chain(({ on }) =>
        on === false ? fc.constant({}) : annotations,
      ),
      labels,
      owner,
      containers: uniqueBy('name', named(NAME), 3).filter((list) => list.length > 0),
      overrides,
      overrideFirst: fc.boolean(),
      init: uniqueBy('name', named(fc.constantFrom('setup', 'migrate')), 2),
      volumes: uniqueBy('name', volume, 3),
      rest: some({
        dnsPolicy: fc.constantFrom('ClusterFirst', 'Default'),
        nodeName: fc.constant('node-1'),
        imagePullSecrets: fc.constant([{ name: 'pull' }]),
        tolerations: fc.constant([{ key: 'a', operator: 'Exists' }]),
        shareProcessNamespace: fc.boolean(),
        priorityClassName: fc.constant('high'),
        hostAliases: fc.constant([{ ip: '127.0.0.2', hostnames: ['here'] }]),
      }),
      securityContext: some({ fsGroup: fc.constant(2000), sysctls: fc.constant([]) }),
    })
    .map((parts) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...(Object.hasOwn(parts.owner, 'generateName') ? {} : { name: 'web-0' }),
        ...parts.owner,
        namespace: 'default',
        labels: parts.labels,
        annotations: parts.annotations,
      },
      spec: {
        ...parts.rest,
        ...(parts.init.length > 0 ? { initContainers: parts.init } : {}),
        containers: parts.overrideFirst
          ? [...parts.overrides, ...parts.containers]
          : [...parts.containers, ...parts.overrides],
        volumes: parts.volumes,
        restartPolicy: 'Always',
        serviceAccountName: 'default',
        securityContext: parts.securityContext,
        schedulerName: 'default-scheduler',
      },
      status: {},
    })) as unknown as fc.Arbitrary<JsonObject>
}
