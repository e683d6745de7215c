import { describe, expect, test } from 'vitest'
import { NEWEST } from '../../src/api/release.ts'
import { proxyImage } from '../../src/mesh/image.ts'
import { readValues } from '../../src/mesh/values.ts'

describe('readValues', () => {
  test('gives templates the whole text and code the typed fields', () => {
    const values = readValues(
      'mine: {a: 1}\nglobal: {hub: h, tag: 1.10, network: net, multiCluster: {clusterName: c}, proxy: {image: i, holdApplicationUntilProxyStarts: yes}}\n' +
        'sidecarInjectorWebhook: {rewriteAppHTTPProbe: true}',
    )
    expect(values.raw['mine']).toStrictEqual({ a: 1 })
    expect(values).toMatchObject({
      hub: 'h',
      tag: '1.1',
      variant: '',
      proxyImage: 'i',
      clusterName: 'c',
      network: 'net',
      holdApplicationUntilProxyStarts: true,
      rewriteAppHTTPProbe: true,
    })
  })

  test.each([
    ['', ''],
    ['null', ''],
    ['global: null', ''],
    ['global: {tag: null}', '<nil>'],
    ['global: {tag: [1, {b: null, a: x}]}', '[1 map[a:x b:<nil>]]'],
    ['global: {tag: 1e21}', '1e+21'],
  ])('prints the tag of %j as Go does', (text, tag) => {
    expect(readValues(text).tag).toBe(tag)
  })

  test.each([
    [
      'global: {proxy: {tracer: jaeger}}',
      'unknown value "\\"jaeger\\"" for enum istio.operator.v1alpha1.tracer',
    ],
    ['global: {logAsJson: "true"}', 'json: cannot unmarshal string into Go value of type bool'],
    ['global: {sts: {servicePort: -1}}', 'json: cannot unmarshal number -1 into Go value of type uint32'],
    [
      'global: {meshNetworks: [a]}',
      'bad StructValue: json: cannot unmarshal array into Go value of type map[string]json.RawMessage',
    ],
    [
      'gateways: {istio-ingressgateway: {rollingMaxSurge: true}}',
      'json: cannot unmarshal bool into Go value of type int32',
    ],
    ['[', 'yaml: line 1: did not find expected node content'],
  ])('refuses %s', (text, problem) => {
    expect(() => readValues(text)).toThrow(`could not parse configuration values: ${problem}`)
  })

  test('takes percentages and numbers of replicas, and any JSON where any is allowed', () => {
    const text =
      'pilot: {rollingMaxSurge: 25%, rollingMaxUnavailable: 1}\nmeshConfig: [1]\ngateways: {securityContext: x}'
    expect(() => readValues(text)).not.toThrow()
  })
})

describe('proxyImage', () => {
  const values = (variant: string, tag: string) =>
    readValues(`global: {hub: r.io/p, tag: "${tag}", variant: "${variant}"}`)
  const image = (variant: string, tag: string, type?: string, annotation?: string, minor = 30): string =>
    proxyImage(
      values(variant, tag),
      type === undefined ? {} : { image: type === '' ? {} : { imageType: type } },
      annotation === undefined ? {} : { 'sidecar.istio.io/proxyImageType': annotation },
      { major: 1, minor },
    )

  test.each<[string, string, string | undefined, string | undefined, string]>([
    ['', '9', undefined, undefined, '9'],
    ['debug', '9', undefined, undefined, '9-debug'],
    ['debug', '9', '', undefined, '9'],
    ['debug', '9', 'distroless', '', '9'],
    ['', '9-debug-distroless', 'own', undefined, '9-debug-own'],
    ['', '9-distroless', undefined, 'default', '9'],
    ['', '9-debugger', undefined, 'debug', '9-debugger-debug'],
    ['', '', undefined, 'debug', '-debug'],
  ])('variant %j, tag %j, ProxyConfig %j, annotation %j', (variant, tag, type, annotation, expected) => {
    expect(image(variant, tag, type, annotation)).toBe(`r.io/p/proxyv2:${expected}`)
  })

  test('the variant counts from 1.22 on', () => {
    expect(image('debug', '9', undefined, undefined, 21)).toBe('r.io/p/proxyv2:9')
    expect(image('debug', '9', undefined, undefined, NEWEST.minor)).toBe('r.io/p/proxyv2:9-debug')
  })
})
