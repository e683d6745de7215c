// Pods as an API server sends them for admission, made by fast-check: owners, labels, annotations that injection reads
// with good and odd values, probes of every kind, env of every kind, volumes, and containers with the names that
// injection uses. Every pod decodes as a Pod; whether it is injected or refused is up to its annotations.

import fc from 'fast-check'
import type { JsonObject } from '../../src/std/json.ts'

const NAME = fc.constantFrom('app', 'web', 'api', 'worker', 'main', 'sidecar', 'log-agent')
const IMAGE = fc.constantFrom('nginx:1.25', 'app', 'ghcr.io/team/app@sha256:0123', 'registry:5000/a/b:v1', '')
const TEXT = fc.oneof(
  fc.constantFrom(
    '',
    'value',
    'a: b',
    '# no comment',
    '- item',
    '*alias',
    '"quoted"',
    'yes',
    '010',
    '1e3',
    '{',
    ' x ',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }).map((text) => text.toWellFormed()),
)
const PORT_NUMBER = fc.constantFrom(80, 443, 8080, 9090, 15020, 15021, 15090)
const PORT = fc.oneof(PORT_NUMBER, fc.constantFrom('http', 'admin', '8080'))

/** An object of some of the given members. */
function some(members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonObject> {
  return fc.record(members, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>
}

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

/** Annotations that injection reads, with values that are good for most. */
const ANNOTATIONS: Record<string, fc.Arbitrary<string>> = {
  'sidecar.istio.io/proxyCPU': fc.constantFrom('100m', '1', '0.5'),
  'sidecar.istio.io/proxyMemoryLimit': fc.constantFrom('1Gi', '128Mi'),
  'sidecar.istio.io/interceptionMode': fc.constantFrom('REDIRECT', 'TPROXY', 'NONE'),
  'sidecar.istio.io/nativeSidecar': fc.constantFrom('true', 'false', 'maybe'),
  'sidecar.istio.io/rewriteAppHTTPProbers': fc.constantFrom('true', 'false', 'x'),
  'sidecar.istio.io/proxyImageType': fc.constantFrom('distroless', 'debug', ''),
  'sidecar.istio.io/proxyImage': fc.constantFrom('example.com/proxy:1', 'proxy'),
  'sidecar.istio.io/logLevel': fc.constantFrom('debug', 'warning'),
  'sidecar.istio.io/bootstrapOverride': fc.constantFrom('my-bootstrap', ''),
  'sidecar.istio.io/userVolume': fc.constant('{"extra":{"emptyDir":{}}}'),
  'sidecar.istio.io/userVolumeMount': fc.constant('{"extra":{"mountPath":"/extra"}}'),
  'status.sidecar.istio.io/port': fc.constantFrom('15020', '15555', '0'),
  'readiness.status.sidecar.istio.io/periodSeconds': fc.constantFrom('5', '0'),
  'traffic.sidecar.istio.io/includeInboundPorts': fc.constantFrom('*', '80,443', ''),
  'traffic.sidecar.istio.io/excludeOutboundPorts': fc.constantFrom('9000', ''),
  'traffic.sidecar.istio.io/excludeOutboundIPRanges': fc.constantFrom('10.0.0.0/8', ''),
  'prometheus.io/scrape': fc.constantFrom('true', 'false', 'x'),
  'prometheus.io/port': fc.constantFrom('9090', '15020'),
  'prometheus.io/path': fc.constantFrom('/metrics', '/stats/prometheus'),
  'prometheus.istio.io/merge-metrics': fc.constantFrom('true', 'false'),
  'proxy.istio.io/config': fc.constantFrom(
    '{"holdApplicationUntilProxyStarts": true}',
    'proxyMetadata:\n  A: "1"',
    'concurrency: 0',
    'terminationDrainDuration: 23s',
  ),
  'k8s.v1.cni.cncf.io/networks': fc.constantFrom('net-a', '[{"name":"net-a"}]'),
  'example.com/anything': TEXT,
}

/** Values that validation, typing or YAML takes offence at. */
const ODD_ANNOTATIONS: Record<string, fc.Arbitrary<string>> = {
  'sidecar.istio.io/proxyCPU': TEXT,
  'sidecar.istio.io/logLevel': TEXT,
  'sidecar.istio.io/proxyImage': TEXT.map((text) => `a/${text}`),
  'sidecar.istio.io/bootstrapOverride': TEXT,
  'sidecar.istio.io/userVolume': TEXT,
  'traffic.sidecar.istio.io/excludeInboundPorts': TEXT,
  'inject.istio.io/templates': fc.constantFrom(
    'sidecar',
    'gateway',
    'grpc-agent',
    'none',
    '',
    'sidecar, sidecar',
  ),
  'proxy.istio.io/config': TEXT,
  'proxy.istio.io/overrides': TEXT,
  'sidecar.istio.io/status': fc.constantFrom(
    '',
    '{}',
    '{"containers":["istio-proxy"]}',
    '{"containers":"a"}',
    'null',
  ),
}

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
  /** Also the user's own containers with the names that injection uses. */
  readonly overrides?: boolean
}

/** Pods that are asked to be injected in namespace `default`. */
export function pods(options: PodOptions = {}): fc.Arbitrary<JsonObject> {
  const annotations = both(some(ANNOTATIONS), options.odd === true ? some(ODD_ANNOTATIONS) : fc.constant({}))
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
