// Values that people put into annotations and labels to see whether text becomes structure, and the places of a pod
// that templates read. Fixed lists, no randomness: a finding has a name.

import type { JsonObject } from '../../src/std/json.ts'

const LONG = 'a'.repeat(256 * 1024)

/** Indentations of text below a key in the templates that are tried. */
const INDENTS = [0, 2, 4, 6, 8, 10]

const BREAKOUTS = INDENTS.flatMap((columns) => {
  const pad = ' '.repeat(columns)
  return [
    `x\n${pad}- name: evil\n${pad}  image: evil`,
    `x"\n${pad}- name: evil`,
    `x'\n${pad}- name: evil`,
    `x\n${pad}privileged: true`,
    `x"\n${pad}hostNetwork: true #"`,
    `x\r${pad}hostPID: true`,
    `x\u0085${pad}- evil`,
    `x\u2028${pad}- evil`,
  ]
})

/** What a value may be made of, harmless by itself or not. */
export const HOSTILE: readonly string[] = [
  ...['a\nb', 'a\n', '\n', '\n\n', 'a\r\nb', 'a\rb', 'a\tb', '\ta', '\t', ' ', ' a', 'a ', 'a b'],
  ...['a: b', 'a:', ': ', ':', 'a:\n  b: c', '- a', '-', '- name: evil', '? a', '?', 'a, b', ',', 'a,b=c'],
  ...['"', '"a"', 'a"b', '""', "'", "it's", "''", "'a'", '`', '"\n  - name: x', "'\n  - name: x", '", "evil'],
  ...['{{', '}}', '{{ .Values }}', '{{ env "HOME" }}', '{', '}', '[', ']', '{a: b}', '[a, b]', '], [', '{}'],
  ...['#', ' # a', 'a # b', 'a#b', '\\', 'a\\', '\\n', '\\"', '\\u0022', '\\x22 evil', '$(HOME)', '$a', '%a'],
  ...[
    '&a b',
    '*a',
    '!!binary YQ==',
    '!a',
    '|',
    '>',
    '|-\n  a',
    '@a',
    '---',
    '\n---\na: b',
    '...',
    '%YAML 1.2',
  ],
  ...['~', 'null', 'true', 'yes', '0644', '1e3', '0x1f', '.inf', '1:30', '2020-01-01', '<<', '='],
  ...[
    'a\u0000b',
    '\u0000',
    'a\u0085b',
    '\u0085',
    'a\u2028b',
    '\u2028- evil',
    'a\u2029b',
    '\uFEFFa',
    'a\u007fb',
  ],
  ...['\u00a0', '\u001b[31m', 'é', '日本語', '😀', '\u202e', 'e\u0301', '\ufffd', '\uffff', '\u{10ffff}'],
  ...['__proto__', 'constructor', 'toString', '$patch', '$patch: delete', '$retainKeys'],
  ...[LONG, `${LONG}\n  - name: evil`, `"${LONG}`],
  ...BREAKOUTS,
]

/** Values of which at least one is good for every annotation that is read, and changes nothing but itself. */
export const HARMLESS: readonly string[] = [
  ...[
    'n',
    'm',
    '1',
    '80',
    '8080',
    '0',
    'true',
    'false',
    '',
    '10.0.0.0/8',
    '10.1.0.0/16',
    '100m',
    '200m',
    '1Gi',
  ],
  ...[
    'eth0',
    'eth1',
    'REDIRECT',
    'TPROXY',
    'NONE',
    '*',
    'istio',
    'distroless',
    'debug',
    'n/m:1',
    '{}',
    '1s',
    '2s',
  ],
]

/** A place in a pod that takes a value. */
export interface Slot {
  /** What a message must say: the name of the annotation or label; absent where the value is neither. */
  readonly named?: string
  readonly title: string
  readonly put: (value: string) => JsonObject
}

const BASE_CONTAINER = { name: 'app', image: 'app:1', ports: [{ containerPort: 8080 }] }

function pod(metadata: JsonObject, spec: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec: { containers: [BASE_CONTAINER], ...spec },
  }
}

/** The pod that every slot changes in one place. */
export const PLAIN: JsonObject = pod({})

const single = (name: string, value: string): JsonObject => {
  // A key such as __proto__ is a key like any other.
  return Object.fromEntries([[name, value]])
}

const annotation = (name: string, title: string, text: (value: string) => string): Slot => ({
  named: name,
  title: `annotation ${title}`,
  put: (value) => pod({ annotations: single(name, text(value)) }),
})

const PROXY_CONFIG = 'proxy.istio.io/config'
const PROXY_CONFIG_FIELDS: Readonly<Record<string, (value: string) => JsonObject>> = {
  'proxyMetadata value': (value) => ({ proxyMetadata: { A: value } }),
  'proxyMetadata key': (value) => ({ proxyMetadata: single(value, '1') }),
  serviceCluster: (value) => ({ serviceCluster: value }),
  discoveryAddress: (value) => ({ discoveryAddress: value }),
  configPath: (value) => ({ configPath: value }),
  binaryPath: (value) => ({ binaryPath: value }),
  statsdUdpAddress: (value) => ({ statsdUdpAddress: value }),
  meshId: (value) => ({ meshId: value }),
  'image.imageType': (value) => ({ image: { imageType: value } }),
  caCertificatesPem: (value) => ({ caCertificatesPem: [value] }),
  'tracing.zipkin.address': (value) => ({ tracing: { zipkin: { address: value } } }),
  'tracing.customTags key': (value) => ({
    tracing: { customTags: Object.fromEntries([[value, { literal: { value: 'a' } }]]) },
  }),
  availabilityZone: (value) => ({ availabilityZone: value }),
}

/** Annotations with a structure of their own, with a value inside of it. */
const NESTED: readonly Slot[] = [
  ...Object.entries(PROXY_CONFIG_FIELDS).map(([field, make]) =>
    annotation(PROXY_CONFIG, `${PROXY_CONFIG} ${field}`, (value) => JSON.stringify(make(value))),
  ),
  annotation('sidecar.istio.io/userVolume', 'userVolume name', (value) =>
    JSON.stringify(Object.fromEntries([[value, { emptyDir: {} }]])),
  ),
  annotation('sidecar.istio.io/userVolume', 'userVolume content', (value) =>
    JSON.stringify({ extra: { configMap: { name: value } } }),
  ),
  annotation('sidecar.istio.io/userVolumeMount', 'userVolumeMount name', (value) =>
    JSON.stringify(Object.fromEntries([[value, { mountPath: '/extra' }]])),
  ),
  annotation('sidecar.istio.io/userVolumeMount', 'userVolumeMount content', (value) =>
    JSON.stringify({ extra: { mountPath: `/${value}` } }),
  ),
]

/**
 * Places that are no annotation and no label: no message has to name them, but structure they make none either. Names of
 * containers are left out: templates that print them merge into those very containers.
 */
const OTHER: readonly Slot[] = [
  { title: 'annotation key', put: (value) => pod({ annotations: single(value, 'x') }) },
  { title: 'label key', put: (value) => pod({ labels: single(value, 'x') }) },
  { title: 'name', put: (value) => pod({ name: value }) },
  { title: 'generateName', put: (value) => pod({ name: '', generateName: value }) },
  {
    title: 'owner',
    put: (value) =>
      pod({
        name: '',
        generateName: `${value}-`,
        ownerReferences: [{ apiVersion: 'apps/v1', kind: value, name: value, uid: 'u', controller: true }],
      }),
  },
  { title: 'serviceAccountName', put: (value) => pod({}, { serviceAccountName: value }) },
  {
    title: 'port name',
    put: (value) =>
      pod({}, { containers: [{ ...BASE_CONTAINER, ports: [{ name: value, containerPort: 1 }] }] }),
  },
  {
    title: 'port protocol',
    put: (value) =>
      pod({}, { containers: [{ ...BASE_CONTAINER, ports: [{ protocol: value, containerPort: 1 }] }] }),
  },
]

/** Every string in a template that may be the name of an annotation or label. */
export function namesIn(template: string): {
  readonly annotations: Set<string>
  readonly labels: Set<string>
} {
  const annotations = new Set<string>()
  const labels = new Set(['app', 'version'])
  for (const [, before = '', name = ''] of template.matchAll(/(\S*)\s*\(?[`"]([\w.-]+(?:\/[\w.-]+)?)[`"]/g)) {
    if (before.endsWith('.Labels')) labels.add(name)
    if (before.endsWith('.Annotations') || name.includes('/')) annotations.add(name)
    if (name.includes('/')) labels.add(name)
  }
  return { annotations, labels }
}

/** Annotations that code reads, whatever the template, and that choose no template themselves. */
const READ_BY_CODE = [
  PROXY_CONFIG,
  'sidecar.istio.io/proxyImageType',
  'sidecar.istio.io/nativeSidecar',
  'sidecar.istio.io/rewriteAppHTTPProbers',
  'prometheus.istio.io/merge-metrics',
  'prometheus.io/scrape',
  'prometheus.io/port',
  'prometheus.io/path',
  'proxy.istio.io/overrides',
  'resource.opentelemetry.io/service.name',
  'example.com/unknown',
]

/** Every place of a pod that may reach `template`. */
export function slotsOf(template: string): readonly Slot[] {
  const { annotations, labels } = namesIn(template)
  const plain = [...new Set([...annotations, ...READ_BY_CODE])].map((name) =>
    annotation(name, name, (value) => value),
  )
  const byLabel = [...labels].map((name) => ({
    named: name,
    title: `label ${name}`,
    put: (value: string) => pod({ labels: single(name, value) }),
  }))
  return [...plain, ...byLabel, ...NESTED, ...OTHER]
}
