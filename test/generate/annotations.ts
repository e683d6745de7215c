// Annotations of generated pods: the ones that injection reads, with good values and with values that validation, typing
// or YAML takes offence at, and a few of them at once for pods that are to be injected most of the time.

import fc from 'fast-check'
import type { JsonObject } from '../../src/std/json.ts'
import { setOwn } from '../../src/std/json.ts'

/** Texts that mean something else where YAML reads them, and any others. */
export const TEXT = fc.oneof(
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
  fc
    .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 6 })
    .map((points) => String.fromCodePoint(...points).toWellFormed()),
)
/** An object of some of the given members. */
export function some(members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonObject> {
  return fc.record(members, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>
}

/** Annotations that injection reads, with values that are good for most. */
export const ANNOTATIONS: Record<string, fc.Arbitrary<string>> = {
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
export const ODD_ANNOTATIONS: Record<string, fc.Arbitrary<string>> = {
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

/** Up to `most` annotations, one in six of them odd; `names` are other names that templates read. */
export function fewAnnotations(names: Iterable<string>, most: number): fc.Arbitrary<JsonObject> {
  const entry = ([name, value]: [string, fc.Arbitrary<string>]): fc.Arbitrary<[string, string]> =>
    fc.tuple(fc.constant(name), value)
  const good = Object.entries(ANNOTATIONS).map(entry)
  const odd = Object.entries(ODD_ANNOTATIONS).map(entry)
  const read = fc.tuple(fc.constantFrom(...names), TEXT)
  const one = fc.oneof({ weight: 5, arbitrary: fc.oneof(...good) }, fc.oneof(...odd, read))
  return fc.array(one, { maxLength: most }).map((entries) => {
    const annotations: JsonObject = {}
    for (const [name, value] of entries) setOwn(annotations, name, value)
    return annotations
  })
}

/** `few` among so many others that they are left out on the fast path. */
export function amongMany(few: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> {
  const notes = (count: number, name: string): JsonObject =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`example.com/${name}-${i}`, `text ${i}`]))
  return few.map((annotations) => {
    const all = notes(40, 'before')
    for (const name of Object.keys(annotations)) setOwn(all, name, annotations[name] ?? '')
    return { ...all, ...notes(40, 'after') }
  })
}
