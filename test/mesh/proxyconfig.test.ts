import { describe, expect, test } from 'vitest'
import type { Message, ProxyConfigResource } from '../../src/api/mesh.ts'
import { NEWEST } from '../../src/api/release.ts'
import { defaultMeshConfig } from '../../src/mesh/meshconfig.ts'
import {
  applyProxyConfig,
  cleanProxyConfig,
  defaultProxyConfig,
  effectiveProxyConfig,
  kubeInjectMesh,
  mergeProxyConfig,
} from '../../src/mesh/proxyconfig.ts'
import { readProxyConfigResource } from '../../src/mesh/proxyconfig-resource.ts'
import { validateProxyConfig } from '../../src/mesh/proxyconfig-validate.ts'
import { deepFreeze, type Json } from '../../src/std/json.ts'

const SECOND = 1_000_000_000n
const OLD = { major: 1, minor: 21 }

describe('applyProxyConfig', () => {
  test('merges metadata by key and replaces other maps', () => {
    const base = deepFreeze({ proxyMetadata: { A: '1', B: '1' }, runtimeValues: { a: '1' } })
    expect(applyProxyConfig(base, 'proxyMetadata: {B: "2"}\nruntimeValues: {b: "2"}')).toStrictEqual({
      proxyMetadata: { A: '1', B: '2' },
      runtimeValues: { b: '2' },
    })
    expect(applyProxyConfig(base, 'proxyMetadata: {}')).toStrictEqual(base)
    expect(applyProxyConfig(base, '')).toBe(base)
  })

  test('keeps the headers that new headers leave unset, but for the later ones', () => {
    const base = deepFreeze({
      proxyHeaders: {
        forwardedClientCert: 'SANITIZE',
        requestId: { disabled: true },
        xForwardedHost: { enabled: true },
      },
    })
    expect(applyProxyConfig(base, 'proxyHeaders: {requestId: {disabled: false}}')).toStrictEqual({
      proxyHeaders: { forwardedClientCert: 'SANITIZE', requestId: { disabled: false } },
    })
  })

  test('an explicit zero counts, unlike in a layer', () => {
    const base: Message = { statusPort: 1, concurrency: 2 }
    expect(applyProxyConfig(base, 'statusPort: 0')).toStrictEqual({ concurrency: 2 })
    expect(mergeProxyConfig(base, applyProxyConfig({}, 'statusPort: 0\nconcurrency: 0'))).toStrictEqual({
      statusPort: 1,
      concurrency: 0,
    })
  })

  test.each([
    ['a: b: c', 'yaml: mapping values are not allowed in this context'],
    ['[x]', 'json: cannot unmarshal array into Go value of type map[string]json.RawMessage'],
  ])('throws the reader text for %j', (text, message) => {
    expect(() => applyProxyConfig({}, text)).toThrow(message)
  })
})

const resource = (name: string, change: Partial<ProxyConfigResource>): ProxyConfigResource => ({
  name,
  namespace: 'apps',
  creationTimestamp: '2025-05-01T00:00:00Z',
  matchLabels: undefined,
  ...change,
})

describe('effectiveProxyConfig', () => {
  const mesh = { ...defaultMeshConfig(), defaultConfig: { proxyMetadata: { L: 'mesh' }, concurrency: 1 } }
  const effective = (resources: ProxyConfigResource[], annotation?: string, namespace = 'apps'): Message =>
    effectiveProxyConfig({
      mesh,
      annotations: annotation === undefined ? {} : { 'proxy.istio.io/config': annotation },
      labels: { app: 'web' },
      namespace,
      resources,
      release: NEWEST,
    })
  const metadata = (L: string) => ({ environmentVariables: { L } })
  const root = resource('root', { namespace: 'istio-system', ...metadata('root'), imageType: '' })
  const general = resource('general', metadata('namespace'))
  const younger = resource('a', { ...metadata('younger'), creationTimestamp: '2025-06-01T00:00:00Z' })
  const selecting = resource('web', { ...metadata('workload'), matchLabels: { app: 'web' } })

  test.each<[string, ProxyConfigResource[], string | undefined, string]>([
    ['mesh', [], undefined, 'mesh'],
    ['root namespace', [root], undefined, 'root'],
    ['namespace, the oldest', [root, younger, general], undefined, 'namespace'],
    ['by name when equally old', [general, resource('early', metadata('early'))], undefined, 'early'],
    ['annotation', [root, general], 'proxyMetadata: {L: pod}', 'pod'],
    ['selected workload', [root, general, selecting], 'proxyMetadata: {L: pod}', 'workload'],
    ['other labels', [resource('x', { ...metadata('x'), matchLabels: { app: 'db' } })], undefined, 'mesh'],
    ['empty selector', [resource('x', { ...metadata('x'), matchLabels: {} })], undefined, 'mesh'],
    ['other namespace', [resource('x', { ...metadata('x'), namespace: 'other' })], undefined, 'mesh'],
    ['unreadable annotation', [], 'proxyMetadata: [', 'mesh'],
  ])('takes metadata from: %s', (_, resources, annotation, layer) => {
    expect(effective(resources, annotation)['proxyMetadata']).toStrictEqual({ L: layer })
  })

  test('an empty image type is an image', () => {
    expect(effective([root])['image']).toStrictEqual({})
    expect(effective([general])['image']).toBeUndefined()
  })

  test('a pod in the root namespace gets its general resource once', () => {
    expect(effective([root, general], undefined, 'istio-system')['proxyMetadata']).toStrictEqual({
      L: 'root',
    })
  })
})

describe('readProxyConfigResource', () => {
  const object = (spec: Json): Json => ({
    kind: 'ProxyConfig',
    metadata: { name: 'n', namespace: 's', creationTimestamp: '2025-01-01T00:00:00Z' },
    spec,
  })

  test('keeps what injection reads', () => {
    const spec = { selector: { matchLabels: { a: 'b' } }, concurrency: 0, image: {}, later: 1 }
    expect(readProxyConfigResource(object(spec))).toStrictEqual({
      name: 'n',
      namespace: 's',
      creationTimestamp: '2025-01-01T00:00:00Z',
      matchLabels: { a: 'b' },
      concurrency: 0,
      imageType: '',
    })
    expect(readProxyConfigResource(object({ selector: {} }))?.matchLabels).toStrictEqual({})
    expect(readProxyConfigResource(object({}))?.matchLabels).toBeUndefined()
  })

  test.each<Json>([null, { kind: 'Pod' }, object({ concurrency: 'many' }), object([])])(
    'refuses %j',
    (value) => {
      expect(readProxyConfigResource(value)).toBeUndefined()
    },
  )
})

describe('kubeInjectMesh', () => {
  const mesh = defaultMeshConfig()
  const inject = (text: string): Message => kubeInjectMesh(mesh, { 'proxy.istio.io/config': text }, NEWEST)

  test('applies the annotation to the mesh default', () => {
    expect(kubeInjectMesh(mesh, {}, NEWEST)).toBe(mesh)
    expect(inject('statusPort: 0')['defaultConfig']).not.toHaveProperty('statusPort')
    expect(() => inject('concurrency: x')).toThrow(
      "could not parse proxy config: invalid character 'x' looking for beginning of value",
    )
  })
})

describe('cleanProxyConfig', () => {
  test('leaves out what is default, and only that', () => {
    const config = { ...defaultProxyConfig(), statusPort: 1, tracing: {}, envoyMetricsService: {} }
    expect(cleanProxyConfig(defaultProxyConfig())).toStrictEqual({})
    expect(cleanProxyConfig(config)).toStrictEqual({ statusPort: 1, tracing: {}, envoyMetricsService: {} })
  })

  test('knows the tracing default of old releases', () => {
    expect(cleanProxyConfig(defaultProxyConfig(OLD), OLD)).toStrictEqual({})
    expect(cleanProxyConfig(defaultProxyConfig(OLD), NEWEST)).toHaveProperty('tracing')
  })
})

describe('validateProxyConfig', () => {
  const errors = (change: Message): string[] => validateProxyConfig({ ...defaultProxyConfig(), ...change })

  test('takes the default, and everything at once', () => {
    expect(errors({})).toStrictEqual([])
    expect(validateProxyConfig({})).toStrictEqual([
      'config path must be set',
      'binary path must be set',
      'oneof service cluster or tracing service name must be specified',
      'invalid drain duration: duration must be greater than 1ms',
      'discovery address must be set to the proxy discovery service',
      'invalid proxy admin port: port number 0 must be in the range 1..65535',
      'invalid status port: port number 0 must be in the range 1..65535',
    ])
  })

  test.each<[Message, string]>([
    [{ drainDuration: 1_500_000n }, 'invalid drain duration: only durations to ms precision are supported'],
    [{ drainDuration: SECOND / 2n }, 'drain time only supports durations to seconds precision'],
    [
      { controlPlaneAuthPolicy: 'INHERIT' },
      'invalid authentication policy: unrecognized control plane auth policy "INHERIT"',
    ],
    [
      { tracing: { datadog: { address: '$(HOST_IP):$(HOST_IP)' } } },
      'invalid datadog config: port ($(HOST_IP)) is not a number: strconv.Atoi: parsing "$(HOST_IP)": invalid syntax',
    ],
    [
      {
        tracing: {
          tlsSettings: { mode: 'MUTUAL', insecureSkipVerify: true, caCertificates: 'c', credentialName: 'n' },
        },
      },
      'invalid tracing TLS config: cannot specify CaCertificates or SubjectAltNames when InsecureSkipVerify is set true',
    ],
    [
      { envoyMetricsServiceAddress: 'a', envoyMetricsService: { address: 'b' } },
      'invalid envoy metrics service address "a": unable to split "a": address a: missing port in address',
    ],
    [
      { privateKeyProvider: { qat: { pollDelay: 0n } } },
      'invalid private key provider configuration: pollDelay must be non zero',
    ],
  ])('refuses %o', (change, message) => {
    expect(errors(change)[0]).toBe(message)
  })

  test('takes tracing names, unset optional parts and agents on the host', () => {
    expect(errors({ serviceCluster: undefined, tracingServiceName: 'CANONICAL_NAME_ONLY' })).toStrictEqual([])
    expect(
      errors({ tracing: { zipkin: { address: '$(HOST_IP):9411' } }, statsdUdpAddress: '' }),
    ).toStrictEqual([])
  })
})
