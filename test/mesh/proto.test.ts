import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/api/mesh.ts'
import {
  type FieldType,
  goFieldName,
  MESH_CONFIG,
  messageType,
  PROXY_CONFIG,
  type ProtoField,
  type ProtoMessage,
} from '../../src/mesh/proto.ts'
import { readMessage } from '../../src/mesh/proto-read.ts'
import { equalMessages, messageJson, writeMessage } from '../../src/mesh/proto-write.ts'
import { equalJson, type Json } from '../../src/std/json.ts'
import { readExact } from '../../src/std/yaml.ts'
import { runs } from '../runs.ts'

const release = (minor: number) => ({ major: 1, minor })

function field(type: ProtoMessage, json: string): ProtoField {
  const found = type.byJson.get(json)
  if (found === undefined) throw new Error(`no field ${json}`)
  return found
}

describe('descriptors', () => {
  test.each([
    ['proxy_metadata', 'ProxyMetadata'],
    ['mesh_mTLS', 'MeshMTLS'],
    ['enable_64bit_trace_id', 'Enable_64BitTraceId'],
    ['k8s_sa_jwt_path', 'K8SSaJwtPath'],
    ['matchLabels', 'MatchLabels'],
  ])('%s is %s in Go', (name, go) => {
    expect(goFieldName(name)).toBe(go)
  })

  test('name fields and types in protobuf, JSON and Go', () => {
    expect(field(MESH_CONFIG, 'meshMTLS').name).toBe('mesh_mTLS')
    const headers = field(PROXY_CONFIG, 'proxyHeaders')
    expect(headers.type).toMatchObject({
      kind: 'message',
      message: { goName: 'v1alpha1.ProxyConfig_ProxyHeaders' },
    })
    expect(field(PROXY_CONFIG, 'interceptionMode').type).toMatchObject({
      enum: {
        name: 'istio.mesh.v1alpha1.ProxyConfig.InboundInterceptionMode',
        goName: 'v1alpha1.ProxyConfig_InboundInterceptionMode',
      },
    })
    expect(field(messageType('op.GatewaysConfig'), 'istio-ingressgateway').go).toBe('IstioIngressgateway')
  })

  test('hold for every message that can be reached', () => {
    const seen = new Set<ProtoMessage>()
    const walk = (type: ProtoMessage): void => {
      if (seen.has(type)) return
      seen.add(type)
      for (const each of type.fields) if (each.type.kind === 'message') walk(each.type.message)
    }
    for (const root of [MESH_CONFIG, messageType('op.Values'), messageType('netbeta.ProxyConfig')]) walk(root)
    expect(seen.size).toBeGreaterThan(120)
  })
})

describe('readMessage', () => {
  const read = (yaml: string, base?: Message, minor = 30): Message =>
    readMessage(PROXY_CONFIG, readExact(yaml), release(minor), base)

  test.each<[string, Message]>([
    ['status_port: 1', { statusPort: 1 }],
    ['{status_port: 1, statusPort: 2}', { statusPort: 2 }],
    ['statusPort: "15"', { statusPort: 15 }],
    ['statusPort: "null"', {}],
    ['statusPort: 0', {}],
    ['concurrency: 0', { concurrency: 0 }],
    ['holdApplicationUntilProxyStarts: no', { holdApplicationUntilProxyStarts: false }],
    ['drainDuration: 1m0.5s', { drainDuration: 60_500_000_000n }],
    ['interceptionMode: 1', { interceptionMode: 'TPROXY' }],
    ['interceptionMode: 0', {}],
    ['interceptionMode: 77', { interceptionMode: 77 }],
    ['tracingServiceName: 0', { tracingServiceName: 'APP_LABEL_AND_NAMESPACE' }],
    ['serviceCluster: ""', { serviceCluster: '' }],
    ['{serviceCluster: a, tracingServiceName: 1}', { tracingServiceName: 'CANONICAL_NAME_ONLY' }],
    ['tracing: {sampling: "NaN"}', { tracing: { sampling: Number.NaN } }],
    ['tracing: {customTags: {a: null}}', { tracing: { customTags: { a: {} } } }],
    [
      'tracing: {stackdriver: {maxNumberOfAttributes: 9007199254740993}}',
      { tracing: { stackdriver: { maxNumberOfAttributes: 9007199254740993n } } },
    ],
    ['extraStatTags: [null, b]', { extraStatTags: ['', 'b'] }],
    ['extraStatTags: []', {}],
    ['proxyMetadata: {__proto__: x}', { proxyMetadata: JSON.parse('{"__proto__":"x"}') as Message }],
    ['nobody: {knows: this}', {}],
    ['null', {}],
  ])('of %s', (yaml, message) => {
    expect(read(yaml)).toStrictEqual(message)
  })

  test.each([
    ['configPath: 5', 'json: cannot unmarshal number into Go value of type string'],
    ['statusPort: 1.5', 'json: cannot unmarshal number 1.5 into Go value of type int32'],
    [
      'statusPort: 99999999999999999',
      'json: cannot unmarshal number 99999999999999999 into Go value of type int32',
    ],
    ['statusPort: 1e30', 'json: cannot unmarshal number 1e+30 into Go value of type int32'],
    ['statusPort: "1e2"', 'json: cannot unmarshal number 1e2 into Go value of type int32'],
    ['statusPort: true', 'json: cannot unmarshal bool into Go value of type int32'],
    ['statusPort: ""', 'unexpected end of JSON input'],
    ['statusPort: "1 2"', "invalid character '2' after top-level value"],
    ['statusPort: "[1]"', 'json: cannot unmarshal array into Go value of type int32'],
    [
      'gatewayTopology: {numTrustedProxies: -1}',
      'json: cannot unmarshal number -1 into Go value of type uint32',
    ],
    ['interceptionMode: [a]', 'json: cannot unmarshal array into Go value of type protoreflect.EnumNumber'],
    [
      'interceptionMode: "<x>"',
      'unknown value "\\"\\\\u003cx\\\\u003e\\"" for enum istio.mesh.v1alpha1.ProxyConfig.InboundInterceptionMode',
    ],
    ['drainDuration: [1s]', 'json: cannot unmarshal array into Go value of type string'],
    ['drainDuration: soon', 'bad Duration: time: invalid duration "soon"'],
    ['concurrency: "x"', "invalid character 'x' looking for beginning of value"],
    ['tracing: {sampling: []}', 'json: cannot unmarshal array into Go value of type float64'],
    ['proxyMetadata: [a]', 'json: cannot unmarshal array into Go value of type map[string]json.RawMessage'],
    ['extraStatTags: {a: b}', 'json: cannot unmarshal object into Go value of type []json.RawMessage'],
    ['just text', 'json: cannot unmarshal string into Go value of type map[string]json.RawMessage'],
  ])('refuses %s', (yaml, message) => {
    expect(() => read(yaml)).toThrow(message)
  })

  test('replaces a present field whole, and leaves null ones and the base alone', () => {
    const base = read('{statusPort: 1, tracing: {sampling: 5}, serviceCluster: a}')
    const copy = structuredClone(base)
    expect(read('{statusPort: null, tracing: {zipkin: {}}, tracingServiceName: 2}', base)).toStrictEqual({
      statusPort: 1,
      tracing: { zipkin: {} },
      tracingServiceName: 'CANONICAL_NAME_AND_NAMESPACE',
    })
    expect(base).toStrictEqual(copy)
    expect(read('{unknown: 1}', base)).toBe(base)
  })

  test('knows what a release knows', () => {
    expect(read('statsCompression: true', {}, 28)).toStrictEqual({})
    expect(read('statsCompression: true', {}, 29)).toStrictEqual({ statsCompression: true })
    const dynamic = (minor: number): Message =>
      readMessage(MESH_CONFIG, { outboundTrafficPolicy: { mode: 'ALLOW_ANY_DYNAMIC_DNS' } }, release(minor))
    expect(() => dynamic(29)).toThrow('unknown value')
    expect(dynamic(30)).toStrictEqual({ outboundTrafficPolicy: { mode: 'ALLOW_ANY_DYNAMIC_DNS' } })
  })
})

describe('writeMessage', () => {
  test('writes in declaration order, with Go escaping and sorted maps', () => {
    const message: Message = {
      statsCompression: false,
      tracing: {},
      terminationDrainDuration: -1_500_000_000n,
      proxyMetadata: { b: '<&>', a: '\u2028' },
      tracingServiceName: 'CANONICAL_NAME_ONLY',
      configPath: 'p',
      discoveryAddress: 'd',
      interceptionMode: 5,
      drainDuration: 1_000n,
    }
    expect(writeMessage(PROXY_CONFIG, message)).toBe(
      '{"configPath":"p","tracingServiceName":"CANONICAL_NAME_ONLY","drainDuration":"0.000001s",' +
        '"discoveryAddress":"d","interceptionMode":5,"tracing":{},"proxyMetadata":{"a":"\\u2028",' +
        '"b":"\\u003c\\u0026\\u003e"},"terminationDrainDuration":"-1.500s","statsCompression":false}',
    )
  })

  test('quotes 64-bit integers and numbers that JSON lacks', () => {
    const tracing = messageType('mesh.Tracing')
    expect(writeMessage(tracing, { sampling: Number.POSITIVE_INFINITY })).toBe('{"sampling":"Infinity"}')
    expect(writeMessage(tracing, { stackdriver: { maxNumberOfAnnotations: 200n } })).toBe(
      '{"stackdriver":{"maxNumberOfAnnotations":"200"}}',
    )
  })
})

/** A value a field of this type can have in a Message; `depth` more levels of messages. */
function fieldValue(type: FieldType, depth: number): fc.Arbitrary<unknown> {
  if (type.kind === 'message') return messageOf(type.message, depth - 1)
  if (type.kind === 'enum') {
    return fc.oneof(fc.constantFrom(...type.enum.numbers.keys()), fc.integer({ min: 5000, max: 9000 }))
  }
  const name = type.kind === 'known' ? type.known : type.scalar
  const text = fc.string({ unit: 'binary' })
  const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })
  const byName: Record<string, fc.Arbitrary<unknown>> = {
    string: text,
    bool: fc.boolean(),
    BoolValue: fc.boolean(),
    int32: fc.integer(),
    Int32Value: fc.integer(),
    uint32: fc.nat(),
    Int64Value: int64,
    // jsonpb reads text of time.Duration, which has hours at most.
    Duration: fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
    double: fc.double(),
    Struct: fc.dictionary(text, fc.jsonValue() as fc.Arbitrary<Json>),
  }
  const found = byName[name]
  if (found === undefined) throw new Error(`no values for ${name}`)
  return found
}

function messageOf(type: ProtoMessage, depth: number): fc.Arbitrary<Message> {
  if (depth <= 0) return fc.constant({})
  const entries = type.fields.map((each) => {
    const one = fieldValue(each.type, depth)
    if (each.shape === 'list') return [each.json, fc.array(one, { maxLength: 2 })] as const
    if (each.shape === 'map') {
      return [each.json, fc.dictionary(fc.string({ unit: 'binary' }), one, { maxKeys: 2 })] as const
    }
    return [each.json, one] as const
  })
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] })
}

describe('a message', () => {
  test('survives writing and reading, and is written the same again', () => {
    fc.assert(
      fc.property(messageOf(MESH_CONFIG, 3), (raw) => {
        // Reading once settles what a generator cannot know: oneofs, zero values.
        const message = readMessage(MESH_CONFIG, messageJson(MESH_CONFIG, raw))
        const text = writeMessage(MESH_CONFIG, message)
        const again = readMessage(MESH_CONFIG, JSON.parse(text) as Json)
        expect(equalMessages(again, message)).toBe(true)
        expect(writeMessage(MESH_CONFIG, again)).toBe(text)
      }),
      { numRuns: runs(40) },
    )
  })

  test('read from its declared names is the same', () => {
    const rename = (type: ProtoMessage, json: Json): Json => {
      const renamed: Record<string, Json> = {}
      for (const [key, value] of Object.entries(json as Record<string, Json>)) {
        const each = field(type, key)
        const deep = each.type.kind === 'message' && each.shape === 'one'
        renamed[each.name] = deep && each.type.kind === 'message' ? rename(each.type.message, value) : value
      }
      return renamed
    }
    fc.assert(
      fc.property(messageOf(PROXY_CONFIG, 3), (raw) => {
        const json = messageJson(PROXY_CONFIG, readMessage(PROXY_CONFIG, messageJson(PROXY_CONFIG, raw)))
        const renamed = readMessage(PROXY_CONFIG, rename(PROXY_CONFIG, json))
        expect(equalJson(messageJson(PROXY_CONFIG, renamed), json)).toBe(true)
      }),
      { numRuns: runs(40) },
    )
  })
})
