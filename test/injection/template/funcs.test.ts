// Istio's template functions, on the data that templates get.

import { describe, expect, it } from 'vitest'
import type { Pod } from '../../../src/api/kube.ts'
import type { Message } from '../../../src/api/mesh.ts'
import { NEWEST, type Release } from '../../../src/api/release.ts'
import { parseTemplate, TemplateError } from '../../../src/gotemplate/template.ts'
import { templateData } from '../../../src/injection/template/data.ts'
import { templateFuncs } from '../../../src/injection/template/funcs.ts'
import { applyMeshConfig, defaultMeshConfig } from '../../../src/mesh/meshconfig.ts'
import { applyProxyConfig } from '../../../src/mesh/proxyconfig.ts'
import { deepFreeze, type JsonObject } from '../../../src/std/json.ts'

const POD: Pod = {
  metadata: {
    name: 'web-0',
    annotations: { color: 'blue', blank: '', 'resource.opentelemetry.io/service.namespace': 'shop' },
    labels: { app: 'web' },
  },
  spec: {
    containers: [
      {
        name: 'app',
        image: 'reg.example:5000/team/web:2.1@sha256:abc',
        ports: [
          { containerPort: 80 },
          { containerPort: 53, protocol: 'UDP' },
          { containerPort: 443, protocol: 'TCP' },
        ],
      },
      { name: 'istio-proxy', ports: [{ containerPort: 15090 }, { containerPort: 9, protocol: 'SCTP' }] },
    ],
  },
}

interface Setting {
  pod?: Pod
  mesh?: string
  proxy?: string
  values?: JsonObject
  release?: Release
  env?: Record<string, string>
}

function render(template: string, setting: Setting = {}): string {
  const { pod = POD, mesh: meshText, proxy, values = {}, release = NEWEST, env = {} } = setting
  const mesh = applyMeshConfig(defaultMeshConfig(release), meshText ?? '{}')
  const base = mesh['defaultConfig'] as Message
  const data = templateData({
    pod: deepFreeze(structuredClone(pod)),
    typeMeta: { kind: 'Pod', apiVersion: 'v1' },
    deploymentMeta: { name: 'web', namespace: 'shop' },
    values: deepFreeze(structuredClone(values)),
    mesh,
    proxyConfig: proxy === undefined ? base : applyProxyConfig(base, proxy),
    revision: 'default',
    nativeSidecars: false,
    proxyImage: 'proxy',
    proxyUID: 1337,
    proxyGID: 1337,
    inboundTrafficPolicyMode: 'passthrough',
    compliancePolicy: '',
    release,
  })
  return parseTemplate('inject', template, templateFuncs(env, release)).execute(data).text
}

function table(rows: readonly (readonly [template: string, output: string])[], setting: Setting = {}): void {
  for (const [template, output] of rows) it(template, () => expect(render(template, setting)).toBe(output))
}

describe('the pod', () => {
  table([
    [
      '{{annotation .ObjectMeta "color" 1}} {{annotation .ObjectMeta "blank" 1}}| {{annotation .ObjectMeta "no" 15021}} {{annotation .ObjectMeta "no" nil}}',
      'blue | 15021 <nil>',
    ],
    [
      '{{isset .ObjectMeta.Annotations "blank"}} {{isset .ObjectMeta.Annotations "toString"}} {{isset nil "a"}}',
      'true false false',
    ],
    [
      '{{includeInboundPorts .Spec.Containers}} {{applicationPorts .Spec.Containers}} {{includeInboundPorts nil}}|',
      '80,443,15090 80,443 |',
    ],
    [
      '{{structToJSON (index .Spec.Containers 1)}} {{structToJSON nil}} {{structToJSON .Spec.HostNetwork}}',
      '{"name":"istio-proxy","ports":[{"containerPort":15090},{"containerPort":9,"protocol":"SCTP"}],"resources":{}} {} false',
    ],
    [
      '{{toJSON .ObjectMeta.Labels}} {{toJSON nil}} {{toYaml .ObjectMeta.Labels}}',
      '{"app":"web"} {} app: web\n',
    ],
  ])
})

describe('ports and networks', () => {
  table([
    [
      '{{excludeInboundPort 15020 "80, 90,"}} {{excludeInboundPort "90" "80,90"}} {{excludeInboundPort 90 "80, 90"}} {{excludeInboundPort "0" "80"}} {{excludeInboundPort "" ""}}|',
      '80,90,15020 80,90 80,90,90 80 |',
    ],
    [
      '{{appendMultusNetwork "" "n/cni"}} {{appendMultusNetwork "a, n/cni" "n/cni"}} {{appendMultusNetwork "a" "n/cni"}}',
      'n/cni a, n/cni a, n/cni',
    ],
    [
      '{{appendMultusNetwork `[{"name":"a"} ]` "n/cni"}}',
      '[{"name":"a"} , {"name": "cni", "namespace": "n"}]',
    ],
    [
      '{{appendMultusNetwork `[{"name":"cni","namespace":"n"}]` "n/cni"}} {{appendMultusNetwork `[{"name":"cni"}]` "cni"}}',
      '[{"name":"cni","namespace":"n"}] [{"name":"cni"}]',
    ],
    [
      '{{appendMultusNetwork `[{"name":"a"},]` "cni"}} {{appendMultusNetwork `[1]` "cni"}} {{appendMultusNetwork `{"a":[]}` "cni"}}',
      '[{"name":"a"},] [1] {"a":[]}',
    ],
  ])

  it('before 1.26 a namespace was part of the name', () => {
    expect(
      render('{{appendMultusNetwork `[{"name":"a"}]` "n/cni"}}', { release: { major: 1, minor: 25 } }),
    ).toBe('[{"name":"a"}, {"name": "n/cni"}]')
  })
})

describe('texts', () => {
  table([
    [
      '{{indent 2 "a\\nb\\n"}}| {{directory "/etc/certs/x"}} {{directory "x"}}| {{contains "a" "ab"}} {{toLower "ÀB"}}',
      'a\n  b\n  | /etc/certs/ | true àb',
    ],
    [
      '{{valueOrDefault "" 1}} {{valueOrDefault nil 1}} {{valueOrDefault 0 1}} {{valueOrDefault false 1}} {{valueOrDefault (list) 1}}',
      '1 1 0 false []',
    ],
    ['{{kubevirtInterfaces "net1"}}{{excludeInterfaces "net2"}}', 'net1net2'],
  ])

  it('env reads the environment of the injector, never that of the process', () => {
    const template = '{{env "A" "d"}} {{env "EMPTY" "d"}} {{env "PATH" "d"}} {{env "constructor" "d"}}'
    expect(render(template, { env: { A: 'set', EMPTY: '' } })).toBe('set d d d')
  })
})

describe('string maps', () => {
  table([
    [
      '{{strdict "a" "1" "b"}} {{omit (strdict "a" "1" "b" "2") "a" "x"}} {{omit nil "a"}} {{typeOf (strdict)}}',
      'map[a:1 b:] map[b:2] map[] map[string]string',
    ],
    [
      '{{mergeMaps (strdict "a" "1" "b" "1") nil (strdict "b" "2")}} {{toJsonMap (strdict "b" "<") (strdict "a" "1")}} {{toJsonMap}} {{toJsonMap nil}}',
      'map[a:1 b:2] {"a":"1","b":"\\u003c"} null {}',
    ],
    ['{{toJsonMap .ObjectMeta.Labels (strdict "__proto__" "x")}}', '{"__proto__":"x","app":"web"}'],
  ])
})

describe('JSON and YAML', () => {
  table(
    [
      [
        '{{fromJSON "{bad"}} {{fromJSON "[1e999]"}} {{(fromJSON "{\\"a\\":{\\"b\\":1}}").a.b}} {{fromJSON "null" | default "d"}}',
        '{} {} 1 d',
      ],
      ['{{omitNil .Values | structToJSON}}', '{"keep":{"list":[],"map":{},"text":""},"part":{"b":[1]}}'],
      [
        '{{omitNil (fromJSON "{\\"a\\":[null]}") | structToJSON}} {{omitNil (list) | structToJSON}} {{omitNil nil | structToJSON}}',
        '{} [] {}',
      ],
      [
        '{{toYaml .Values.part}}{{toYaml nil}}{{toYaml (list 1 "1" 1e21)}}',
        'a:\n- null\nb:\n- 1\n- null\nnull\n- 1\n- "1"\n- 1e+21\n',
      ],
      [
        '{{toYaml .Spec | contains "image"}} {{toYaml (float64 "inf")}}|{{structToJSON (float64 "inf")}}',
        'true |{}',
      ],
    ],
    {
      values: { keep: { list: [], map: {}, text: '' }, part: { a: [null], b: [1, null] }, gone: { x: null } },
    },
  )

  it('integers beyond 2^53 keep their digits', () => {
    const pod: Pod = { metadata: { name: 'x', generation: 1 }, spec: { containers: [] } }
    expect(render('{{toYaml (list (add 9007199254740993))}}', { pod })).toBe('- 9007199254740993\n')
  })
})

it('values that a template changes are its own', () => {
  const template = '{{$_ := set .Values.global "hub" "mine"}}{{.Values.global.hub}}'
  const values = deepFreeze({ global: { hub: 'theirs' } })
  expect(render(template, { values })).toBe('mine')
  expect(values.global.hub).toBe('theirs')
})

describe('messages', () => {
  table(
    [
      [
        '{{protoToJSON .ProxyConfig}}',
        '{"drainDuration":"7.500s","proxyMetadata":{"A":"b"},"holdApplicationUntilProxyStarts":true}',
      ],
      [
        '{{protoToJSON .ProxyConfig.DrainDuration}} {{protoToJSON .ProxyConfig.HoldApplicationUntilProxyStarts}} {{protoToJSON nil}} {{protoToJSON .ProxyConfig.Concurrency}}',
        '"7.500s" true {} {}',
      ],
      [
        '{{formatDuration .ProxyConfig.DrainDuration}} {{formatDuration nil}} {{structToJSON .ProxyConfig.DrainDuration}}',
        '7.5s 0s {"seconds":7,"nanos":500000000}',
      ],
    ],
    { proxy: '{drainDuration: 7.5s, proxyMetadata: {A: b}, holdApplicationUntilProxyStarts: true}' },
  )

  it('a ProxyConfig of built-in values prints as nothing', () => {
    expect(render('{{protoToJSON .ProxyConfig}}')).toBe('{}')
  })

  it('what is no message is refused', () => {
    expect(() => render('{{protoToJSON .Spec}}')).toThrow(
      'expected protoreflect.ProtoMessage; got v1.PodSpec',
    )
  })
})

describe('OpenTelemetry attributes', () => {
  const CALL =
    '{{otelResourceAttributes .MeshConfig .ObjectMeta.Annotations .ObjectMeta.Labels "ns" .Spec.Containers}}'
  const mesh = `extensionProviders: [{name: o, opentelemetry: {service: s, port: 4317, serviceAttributeEnrichment: OTEL_SEMANTIC_CONVENTIONS}}]`

  it('nothing without a provider that asks for them', () => {
    expect(render(CALL)).toBe('')
    expect(render(CALL.replace('.MeshConfig', 'nil'))).toBe('')
  })

  it('annotations, then the pod; no version of several containers', () => {
    expect(render(CALL, { mesh })).toBe('service.namespace=shop,service.instance.id=ns.$(POD_NAME).app')
  })

  it.each([
    ['r:5000/a:1.2', '1.2'],
    ['r:5000/a', ''],
    ['a@sha256:ff', 'sha256:ff'],
    ['a:1@sha256:ff', '1@sha256:ff'],
  ])('the version of image %s is "%s"', (image, version) => {
    const pod: Pod = { metadata: { name: 'x' }, spec: { containers: [{ name: 'c', image }] } }
    const middle = version === '' ? '' : `service.version=${version},`
    expect(render(CALL, { mesh, pod })).toBe(
      `service.namespace=ns,${middle}service.instance.id=ns.$(POD_NAME).c`,
    )
  })

  it('label and annotation name the version before the image', () => {
    const labels = { 'app.kubernetes.io/version': '3' }
    const spec = { containers: [{ name: 'c', image: 'a:1' }] }
    expect(render(CALL, { mesh, pod: { metadata: { name: 'x', labels }, spec } })).toContain(
      'service.version=3,',
    )
    const annotations = { 'resource.opentelemetry.io/service.version': '4' }
    expect(render(CALL, { mesh, pod: { metadata: { name: 'x', labels, annotations }, spec } })).toContain(
      'version=4,',
    )
  })
})

describe('releases', () => {
  it.each([
    ['{{mergeMaps}}', 20],
    ['{{omitNil 1}}', 29],
    ['{{otelResourceAttributes nil nil nil "" nil}}', 29],
  ])('%s is unknown to 1.%d', (template, minor) => {
    expect(() => render(template, { release: { major: 1, minor } })).toThrow(TemplateError)
    expect(() => render(template, { release: { major: 1, minor: minor + 1 } })).not.toThrow()
  })
})
