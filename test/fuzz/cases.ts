// Hostile requests: bytes, broken and reshaped reviews, and pods with odd values in every place that injection reads.
// Everything comes from a Random, so that a seed gives the same cases again.

import fc from 'fast-check'
import { setOwn } from '../../src/std/json.ts'
import { pods } from '../generate/pod.ts'
import type { Random } from './random.ts'

const PODS = pods()

export interface FuzzCase {
  readonly method: string
  readonly path: string
  readonly contentType: string | undefined
  readonly body: Buffer
}

const PATHS = [
  '/inject',
  '/inject/',
  '/inject/cluster/c1/net/n1',
  '/inject/:ENV:cluster=c1:ENV:=:ENV:a',
  '/inject/%00/%ff/a--slash--b/__proto__/constructor/x',
  '/revisions/default/inject',
  '/revisions/__proto__/inject',
  '/tags/constructor/inject',
  '/tags/none/inject/k/v',
]

export function fuzzCase(random: Random): FuzzCase {
  return {
    method: random.chance(0.95) ? 'POST' : random.pick(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']),
    path: random.chance(0.7) ? '/inject' : random.pick(PATHS),
    contentType: random.chance(0.97)
      ? 'application/json'
      : random.pick([undefined, 'text/plain', 'application/json;x']),
    body: body(random),
  }
}

function body(random: Random): Buffer {
  const kind = random.next()
  if (kind < 0.05) return Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)))
  if (kind < 0.1) return Buffer.from(random.list(30, () => random.pick(TOKENS)).join(''))
  const text = Buffer.from(JSON.stringify(review(random)))
  if (kind < 0.2) return mutated(random, text)
  return text
}

const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"',
  '\\',
  ' ',
  '\n',
  '\t',
  '- ',
  '? ',
  '& ',
  '*a',
  '&a ',
  '!!binary ',
  '<<: ',
  '| ',
  '> ',
  '"kind":"AdmissionReview"',
  '"apiVersion":"admission.k8s.io/v1"',
  '"request":',
  '"uid":"u"',
  'kind: Pod',
  '---\n',
  'null',
  'true',
  '1e999',
  '-0',
  '9007199254740993',
  '"__proto__":',
  '\u0000',
  '\ufeff',
  '\u2028',
  '{{',
  '%',
  "'",
  '#',
]

/** Bytes flipped, cut out, doubled, swapped for tokens. */
function mutated(random: Random, original: Buffer): Buffer {
  let bytes = original
  for (let i = random.below(4); i >= 0; i--) {
    const at = random.below(bytes.length + 1)
    const end = Math.min(bytes.length, at + random.below(random.chance(0.5) ? 4 : 400))
    const token = Buffer.from(random.pick(TOKENS))
    const middle = random.pick([
      Buffer.alloc(0),
      token,
      Buffer.concat([bytes.subarray(at, end), bytes.subarray(at, end)]),
      Buffer.from([random.below(256)]),
    ])
    bytes = Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(end)])
    if (random.chance(0.1)) bytes = bytes.subarray(0, at)
  }
  return bytes
}

function review(random: Random): unknown {
  const request = {
    uid: random.chance(0.99) ? `uid-${random.below(1e9)}` : odd(random),
    kind: random.chance(0.99) ? { group: '', version: 'v1', kind: 'Pod' } : odd(random),
    namespace: random.chance(0.99) ? random.pick(['default', 'kube-system', '', 'ns-1']) : odd(random),
    operation: random.chance(0.99) ? 'CREATE' : odd(random),
    ...(random.chance(0.02) ? { userInfo: odd(random), dryRun: odd(random), options: odd(random) } : {}),
    object: random.chance(0.99) ? pod(random) : odd(random),
  }
  return {
    kind: random.chance(0.99) ? 'AdmissionReview' : odd(random),
    apiVersion: random.chance(0.99)
      ? 'admission.k8s.io/v1'
      : random.pick(['admission.k8s.io/v1beta1', 'v1', '/', odd(random)]),
    request: random.chance(0.99) ? request : odd(random),
  }
}

const STRINGS = [
  '',
  ' ',
  'a',
  'true',
  'false',
  'null',
  '~',
  '010',
  '0x1F',
  '1e3',
  '1_000',
  'yes',
  '15020',
  '-1',
  '2147483648',
  '9007199254740993',
  'a: b',
  'a:\n  b: c',
  '- a',
  '\n- name: evil\n  image: x',
  '"',
  "'",
  '`',
  '{{',
  '}}',
  '{{ .Values }}',
  '#',
  ' #x',
  '\u0000',
  '\u007f',
  '\u2028',
  '\u0085',
  '\ufeff',
  '\ud800',
  '\udfff',
  '😀',
  '%s%d',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '{"a":1}',
  '[1,2]',
  '{"__proto__":{"x":1}}',
  '*',
  '&a',
  '*a',
  '!!js/function',
  '<<',
  '..',
  '../../etc',
  'a,b,,c',
  '10.0.0.0/8',
  '100m',
  '1Gi',
  '1e',
  '+1',
  '.',
  'istio-proxy',
  'auto',
  '${A}',
  '$(A)',
  '\\',
  '\t',
  '\r\n',
  'x'.repeat(300),
  'ü'.repeat(70),
]

const KEYS = [
  'sidecar.istio.io/inject',
  'sidecar.istio.io/status',
  'sidecar.istio.io/interceptionMode',
  'sidecar.istio.io/proxyImage',
  'sidecar.istio.io/proxyCPU',
  'sidecar.istio.io/proxyMemoryLimit',
  'sidecar.istio.io/userVolume',
  'sidecar.istio.io/userVolumeMount',
  'sidecar.istio.io/nativeSidecar',
  'sidecar.istio.io/rewriteAppHTTPProbers',
  'sidecar.istio.io/logLevel',
  'sidecar.istio.io/bootstrapOverride',
  'sidecar.istio.io/componentLogLevel',
  'inject.istio.io/templates',
  'proxy.istio.io/config',
  'proxy.istio.io/overrides',
  'prometheus.io/port',
  'prometheus.io/scrape',
  'prometheus.istio.io/merge-metrics',
  'traffic.sidecar.istio.io/includeInboundPorts',
  'traffic.sidecar.istio.io/excludeOutboundIPRanges',
  'traffic.sidecar.istio.io/kubevirtInterfaces',
  'status.sidecar.istio.io/port',
  'readiness.status.sidecar.istio.io/failureThreshold',
  'k8s.v1.cni.cncf.io/networks',
  'istio.io/rev',
  'topology.istio.io/network',
  'service.istio.io/canonical-name',
  'app',
  'version',
  '__proto__',
  'constructor',
  'toString',
  'a/b',
  '',
  '\u2028',
]

const ANNOTATION_TEXTS = [
  '{"containers":["istio-proxy"],"initContainers":["istio-init"],"volumes":null,"imagePullSecrets":null,"revision":"default"}',
  '{"containers":"a"}',
  '[]',
  '{"containers":[{"name":"istio-proxy","image":"x"}]}',
  '{"containers":[{}],"initContainers":[null]}',
  'concurrency: 2\nproxyMetadata:\n  A: b',
  'concurrency: "x"',
  'interceptionMode: TPROXY',
  '{"holdApplicationUntilProxyStarts":true}',
  'sidecar,gateway',
  'gateway',
  'grpc-agent',
  'none',
  '&a [*a]',
  '{a: &x {b: *x}}',
  '80,443',
  '*',
  '15020',
  '{"v":{"emptyDir":{}}}',
]

function text(random: Random): string {
  return random.chance(0.8) ? random.pick(STRINGS) : random.pick(ANNOTATION_TEXTS)
}

/** Any JSON value, small. */
function odd(random: Random, depth = 0): unknown {
  const kind = random.below(depth > 3 ? 6 : 9)
  if (kind < 3) return text(random)
  if (kind === 3) return random.pick([0, -1, 1.5, 1e21, 2 ** 31, 2 ** 53 + 2, -0, 80])
  if (kind === 4) return random.chance(0.5)
  if (kind === 5) return null
  if (kind === 6) return random.list(4, () => odd(random, depth + 1))
  return map(random, () => odd(random, depth + 1))
}

function map(random: Random, value: () => unknown, keys: readonly string[] = KEYS): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (let i = random.below(4); i > 0; i--) setOwn(result, random.pick(keys), value())
  return result
}

/** Mostly `value`, sometimes anything. */
function mostly(random: Random, value: unknown): unknown {
  return random.chance(0.998) ? value : odd(random)
}

/** Pods that make sense, so that the whole pipeline runs; and pods with odd values everywhere. */
function pod(random: Random): unknown {
  if (random.chance(0.3)) return fc.sample(PODS, { seed: random.below(2 ** 31), numRuns: 1 })[0]
  const annotations = map(random, () =>
    random.chance(0.6) ? random.pick(ANNOTATION_TEXTS) : mostly(random, text(random)),
  )
  const labels = map(random, () => mostly(random, text(random)))
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: mostly(random, {
      ...(random.chance(0.5)
        ? { name: mostly(random, 'p') }
        : { generateName: mostly(random, 'web-5d8c9f7b6-') }),
      ...(random.chance(0.3) ? { namespace: mostly(random, 'ns-1') } : {}),
      ...(random.chance(0.3)
        ? { managedFields: mostly(random, [{ manager: 'kubectl', fieldsV1: odd(random) }]) }
        : {}),
      ...(random.chance(0.3)
        ? {
            ownerReferences: mostly(
              random,
              random.list(2, () => owner(random)),
            ),
          }
        : {}),
      labels: mostly(random, labels),
      ...(random.chance(0.5) ? { annotations: mostly(random, annotations) } : {}),
    }),
    spec: mostly(random, {
      containers: mostly(
        random,
        random.list(3, () => container(random)),
      ),
      ...(random.chance(0.3)
        ? {
            initContainers: mostly(
              random,
              random.list(2, () => container(random)),
            ),
          }
        : {}),
      ...(random.chance(0.3)
        ? {
            volumes: mostly(
              random,
              random.list(3, () => volume(random)),
            ),
          }
        : {}),
      ...(random.chance(0.2)
        ? { securityContext: mostly(random, { runAsUser: mostly(random, 1000), fsGroup: 5 }) }
        : {}),
      ...(random.chance(0.1)
        ? { imagePullSecrets: random.list(2, () => mostly(random, { name: text(random) })) }
        : {}),
      ...(random.chance(0.1) ? { hostNetwork: mostly(random, random.chance(0.5)) } : {}),
      ...(random.chance(0.1)
        ? { terminationGracePeriodSeconds: mostly(random, random.pick([0, 30, -1])) }
        : {}),
      ...(random.chance(0.1) ? map(random, () => odd(random)) : {}),
    }),
    ...(random.chance(0.02) ? { status: odd(random) } : {}),
  }
}

function owner(random: Random): unknown {
  const kind = random.pick(['ReplicaSet', 'Job', 'StatefulSet', 'Rollout', '__proto__'])
  return mostly(random, {
    apiVersion: 'apps/v1',
    kind,
    name: `${kind}-5d8c9f7b6`,
    uid: text(random),
    controller: true,
  })
}

const NAMES = ['app', 'istio-proxy', 'istio-init', 'istio-validation', '', '__proto__', 'a', 'b']

function container(random: Random): unknown {
  const probe = (): unknown =>
    mostly(random, {
      ...random.pick<Record<string, unknown>>([
        { httpGet: { path: text(random), port: mostly(random, random.pick([8080, 'http', '8080', -1])) } },
        { tcpSocket: { port: mostly(random, random.pick([8080, 'http'])) } },
        { grpc: { port: mostly(random, 9090), service: mostly(random, text(random)) } },
        { exec: { command: [text(random)] } },
        {},
      ]),
      periodSeconds: mostly(random, 10),
    })
  return mostly(random, {
    name: mostly(random, random.pick(NAMES)),
    image: mostly(random, random.pick(['app:1', 'auto', text(random)])),
    ...(random.chance(0.4)
      ? {
          ports: mostly(
            random,
            random.list(3, () => port(random)),
          ),
        }
      : {}),
    ...(random.chance(0.4)
      ? {
          env: mostly(
            random,
            random.list(4, () => mostly(random, { name: text(random), value: text(random) })),
          ),
        }
      : {}),
    ...(random.chance(0.3)
      ? {
          resources: mostly(random, {
            limits: map(random, () => quantity(random), ['cpu', 'memory', '__proto__']),
          }),
        }
      : {}),
    ...(random.chance(0.3) ? { readinessProbe: probe(), livenessProbe: probe() } : {}),
    ...(random.chance(0.2) ? { lifecycle: mostly(random, { preStop: probe() }) } : {}),
    ...(random.chance(0.3)
      ? {
          args: mostly(
            random,
            random.list(4, () => random.pick(['-u', text(random)])),
          ),
        }
      : {}),
    ...(random.chance(0.3)
      ? {
          volumeMounts: mostly(
            random,
            random.list(3, () => mostly(random, { name: text(random), mountPath: text(random) })),
          ),
        }
      : {}),
    ...(random.chance(0.3)
      ? { securityContext: mostly(random, { runAsUser: mostly(random, random.pick([0, 1337, 1000])) }) }
      : {}),
  })
}

function quantity(random: Random): string {
  return random.chance(0.95) ? random.pick(['100m', '1Gi', '0.5', '1e3', '2000m', '0']) : text(random)
}

function port(random: Random): unknown {
  return mostly(random, {
    containerPort: mostly(random, random.pick([80, 15090, 0, -1, 70_000])),
    name: mostly(random, random.pick(['http', 'grpc', text(random)])),
    protocol: mostly(random, random.pick(['TCP', 'UDP', 'x'])),
  })
}

function volume(random: Random): unknown {
  const source = random.pick<Record<string, unknown>>([
    { emptyDir: { sizeLimit: quantity(random) } },
    { configMap: { name: text(random) } },
    { projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3607 } }] } },
    {},
  ])
  return mostly(random, {
    name: mostly(random, random.pick(['data', 'istio-envoy', text(random)])),
    ...source,
  })
}
