import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/api/mesh.ts'
import { applyMeshConfig, defaultMeshConfig } from '../../src/mesh/meshconfig.ts'
import { deepFreeze } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'

const base = deepFreeze(defaultMeshConfig())
const apply = (text: string): Message => applyMeshConfig(base, text)

describe('defaultMeshConfig', () => {
  test('differs by release', () => {
    const old = defaultMeshConfig({ major: 1, minor: 21 })
    expect(old).not.toHaveProperty('inboundTrafficPolicy')
    expect(old).toHaveProperty('defaultConfig.tracing.zipkin')
    expect(base).toHaveProperty('inboundTrafficPolicy')
    expect(base).not.toHaveProperty('defaultConfig.tracing')
  })

  test('is valid by itself', () => {
    expect(apply('')).toStrictEqual(base)
    expect(applyMeshConfig(apply('trustDomain: a.b'), 'rootNamespace: r')['trustDomain']).toBe('a.b')
  })
})

describe('applyMeshConfig', () => {
  test('merges the default proxy config field by field', () => {
    const once = apply('defaultConfig: {proxyMetadata: {A: "1"}, tracing: {sampling: 1}}')
    const twice = applyMeshConfig(
      once,
      'defaultConfig: {proxyMetadata: {B: "2"}, tracing: {zipkin: {address: "z:1"}}}',
    )
    expect(twice['defaultConfig']).toMatchObject({
      discoveryAddress: 'istiod.istio-system.svc:15012',
      proxyMetadata: { A: '1', B: '2' },
      tracing: { zipkin: { address: 'z:1' } },
    })
    expect(twice).not.toHaveProperty('defaultConfig.tracing.sampling')
  })

  test('forgets declared names of the merged fields, but still reads them', () => {
    const changed = apply('default_config: {concurrency: 7}\ndefault_providers: {metrics: [m]}')
    expect(changed['defaultConfig']).not.toHaveProperty('concurrency')
    expect(changed['defaultProviders']).toStrictEqual({})
    expect(() => apply('default_config: {concurrency: x}')).toThrow('failed to convert to proto. ')
  })

  test('replaces providers of the same name where they stand, and appends others', () => {
    const text =
      'extensionProviders: [{name: mine, prometheus: {}}, {name: stackdriver, zipkin: {service: z, port: 1}}, {name: mine, datadog: {}}]'
    expect(apply(text)['extensionProviders']).toStrictEqual([
      { name: 'prometheus', prometheus: {} },
      { name: 'stackdriver', zipkin: { service: 'z', port: 1 } },
      { name: 'envoy', envoyFileAccessLog: { path: '/dev/stdout' } },
      { name: 'mine', datadog: {} },
    ])
  })

  test('joins and sorts trust domain aliases', () => {
    const once = apply('trustDomainAliases: [c, a]')
    expect(applyMeshConfig(once, 'trustDomainAliases: [b, a]')['trustDomainAliases']).toStrictEqual([
      'a',
      'b',
      'c',
    ])
    expect(applyMeshConfig(once, 'trustDomainAliases: []')['trustDomainAliases']).toStrictEqual(['a', 'c'])
  })

  test.each([
    ['proxyListenPort: 0', 'invalid proxy listen port: port number 0 must be in the range 1..65535'],
    ['connectTimeout: 61m', 'invalid connect timeout: time 1h1m0s must be >1ms and <1h0m0s'],
    [
      'protocolDetectionTimeout: 1us',
      'invalid protocol detection timeout: only durations to ms precision are supported',
    ],
    [
      'meshMTLS: {ecdhCurves: [P-256]}',
      '1 error occurred:\n\t* mesh TLS does not support ECDH curves configuration\n\n',
    ],
    [
      'serviceSettings: [{hosts: ["a.*"]}]',
      '1 error occurred:\n\t* serviceSettings[0], host `a.*`: domain name "*" invalid (label "*" invalid)\n\n',
    ],
    [
      'proxyListenPort: 0\ntrustDomain: ""',
      '2 errors occurred:\n\t* invalid proxy listen port: port number 0 must be in the range 1..65535' +
        '\n\t* trustDomain: empty domain name not allowed\n\n',
    ],
    ['localityLbSetting: {distribute: [{from: r, to: {x: 0}}]}', 'locality weight must be in range [1, 100]'],
    ['localityLbSetting: {distribute: [{from: r, to: {x: 99}}]}', 'total locality weight 99 != 100'],
    [
      'localityLbSetting: {distribute: [{from: r, to: {"r/*": 50, r/z: 50}}]}',
      'locality r/z overlap with previous specified ones',
    ],
    [
      'localityLbSetting: {distribute: [{from: "*", to: {r: 100}}, {from: s, to: {r: 100}}]}',
      'locality s overlap with previous specified ones',
    ],
    [
      'localityLbSetting: {distribute: [{from: "*/z", to: {r: 100}}]}',
      "locality */z wildcard '*' number can not exceed 1 and must be in the end",
    ],
    [
      'localityLbSetting: {distribute: [{from: r//s, to: {r: 100}}]}',
      'locality r//s must not contain empty region/zone/subzone info',
    ],
    [
      'localityLbSetting: {failover: [{from: a, to: a}]}',
      'locality lb failover settings must specify different regions',
    ],
    [
      'localityLbSetting: {failover: [{from: a, to: b}], failoverPriority: [topology.istio.io/subzone]}',
      "can not simultaneously set 'failover' and topology label 'topology.istio.io/subzone' in 'failover_priority'",
    ],
    ['a: b: c', 'failed to convert to proto. yaml: mapping values are not allowed in this context'],
  ])('refuses %j', (text, message) => {
    expect(() => apply(text)).toThrow(new ProblemError('invalid-mesh', message))
  })

  test.each([
    'localityLbSetting: {distribute: [{from: r/z/s, to: {"r/z/*": 50, r/y/s: 25, r/y/t: 25}}]}',
    'localityLbSetting: {failover: [{from: a, to: b}]}',
    'localityLbSetting: {failoverPriority: [topology.kubernetes.io/zone]}',
    'serviceSettings: [{hosts: ["*", "*-a.b", "c.d."]}]',
    'meshMTLS: {cipherSuites: [anything]}',
    'trustDomain: Ends.with.dot.',
  ])('takes %s', (text) => {
    expect(() => apply(text)).not.toThrow()
  })
})
