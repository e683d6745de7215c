// Typed decode and encode: what changes, what does not, and the words in which Go refuses.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { POD, POD_TABLE } from '../../src/patch/schema.ts'
import { workloadType } from '../../src/patch/schema-workload.ts'
import { decode } from '../../src/patch/typed.ts'
import { deepFreeze, equalJson, type Json } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { json, jsonObject, pod } from './arbitrary.ts'

function decoded(type: string, value: unknown): Json {
  return decode(POD_TABLE.type(type), deepFreeze(value) as Json)
}

function refusal(type: string, value: unknown, order?: 'given'): string {
  try {
    decode(POD_TABLE.type(type), value as Json, order)
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'merge-failed') return error.message
    throw error
  }
  return 'no error'
}

const CHANGES: { name: string; type: string; value: unknown; want: unknown }[] = [
  {
    name: 'an empty pod gets what is always there',
    type: 'Pod',
    value: {},
    want: { metadata: {}, spec: { containers: null }, status: {} },
  },
  {
    name: 'a container gets name and resources',
    type: 'Container',
    value: {},
    want: { name: '', resources: {} },
  },
  {
    name: 'unknown fields go',
    type: 'EnvVar',
    value: { name: 'a', other: 1, __proto__x: 1 },
    want: { name: 'a' },
  },
  {
    name: 'zero values of optional fields go',
    type: 'Probe',
    value: { initialDelaySeconds: 0, exec: { command: [] } },
    want: { exec: {} },
  },
  {
    name: 'pointers to zero values stay',
    type: 'SecurityContext',
    value: { runAsUser: 0, privileged: false },
    want: { runAsUser: 0, privileged: false },
  },
  {
    name: 'null pointers, lists and maps go',
    type: 'SecurityContext',
    value: { runAsUser: null, capabilities: null },
    want: {},
  },
  {
    name: 'a required pointer stays null',
    type: 'GRPCAction',
    value: { port: 1 },
    want: { port: 1, service: null },
  },
  {
    name: 'a required list stays empty',
    type: 'PodSpec',
    value: { containers: [] },
    want: { containers: [] },
  },
  {
    name: 'null for a required scalar is its zero value',
    type: 'HTTPGetAction',
    value: { port: null },
    want: { port: 0 },
  },
  {
    name: 'null items of a list are zero values',
    type: 'PodSpec',
    value: { containers: [null] },
    want: { containers: [{ name: '', resources: {} }] },
  },
  {
    name: 'names match whatever their case',
    type: 'EnvVar',
    value: { NAME: 'a', Value: 'b' },
    want: { name: 'a', value: 'b' },
  },
  {
    name: 'the Kelvin sign folds too',
    type: 'KeyToPath',
    value: { '\u212aey': 'a', path: 'p' },
    want: { key: 'a', path: 'p' },
  },
  {
    name: 'the long s folds too',
    type: 'Pod',
    value: { '\u017fpec': { hostname: 'h' } },
    want: { metadata: {}, spec: { containers: null, hostname: 'h' }, status: {} },
  },
  {
    name: 'label keys keep their case',
    type: 'ObjectMeta',
    value: { labels: { A: '1', a: '2' } },
    want: { labels: { A: '1', a: '2' } },
  },
  {
    name: 'two spellings of a struct are laid over each other',
    type: 'Pod',
    value: { Spec: { hostname: 'a', nodeName: 'n' }, spec: { hostname: 'b' } },
    want: { metadata: {}, spec: { containers: null, hostname: 'b', nodeName: 'n' }, status: {} },
  },
  {
    name: 'a null spelled later empties a list, not a scalar',
    type: 'Container',
    value: { ARGS: ['x'], IMAGE: 'i', args: null, image: null },
    want: { name: '', image: 'i', resources: {} },
  },
  {
    name: 'lists of two spellings are laid over each other item by item',
    type: 'PodSpec',
    value: { Containers: [{ name: 'a', image: 'i' }, { name: 'b' }], containers: [{ name: 'c' }] },
    want: { containers: [{ name: 'c', image: 'i', resources: {} }] },
  },
  {
    name: 'maps of two spellings are joined',
    type: 'ObjectMeta',
    value: { Labels: { a: '1' }, labels: { b: '2' } },
    want: { labels: { a: '1', b: '2' } },
  },
  {
    name: 'quantities become canonical',
    type: 'ResourceRequirements',
    value: { limits: { cpu: '2000m', memory: '1024Mi', x: 1.5 } },
    want: { limits: { cpu: '2', memory: '1Gi', x: '1500m' } },
  },
  {
    name: 'a divisor is there always',
    type: 'ResourceFieldSelector',
    value: { resource: 'limits.cpu' },
    want: { resource: 'limits.cpu', divisor: '0' },
  },
  { name: 'a sizeLimit is not', type: 'EmptyDirVolumeSource', value: { sizeLimit: null }, want: {} },
  {
    name: 'times become UTC and whole seconds',
    type: 'ObjectMeta',
    value: { creationTimestamp: '2024-01-02T03:04:05.9+01:00' },
    want: { creationTimestamp: '2024-01-02T02:04:05Z' },
  },
  {
    name: 'a zero time is omitted with omitzero',
    type: 'ObjectMeta',
    value: { creationTimestamp: null },
    want: {},
  },
  {
    name: 'and null where the field has omitempty only',
    type: 'ContainerStateRunning',
    value: {},
    want: { startedAt: null },
  },
  { name: 'ports may be text', type: 'TCPSocketAction', value: { port: 'http' }, want: { port: 'http' } },
  {
    name: 'half a surrogate pair becomes a replacement character',
    type: 'ObjectMeta',
    value: { labels: { '\ud800': 'x\udc80' } },
    want: { labels: { '\ufffd': 'x\ufffd' } },
  },
  {
    name: 'and so it does in a key alone',
    type: 'ObjectMeta',
    value: { labels: { '\ud800': 'x' } },
    want: { labels: { '\ufffd': 'x' } },
  },
  {
    name: 'undefined members do not exist',
    type: 'EnvVar',
    value: { name: 'a', value: undefined },
    want: { name: 'a' },
  },
  {
    name: 'raw fields are not looked into',
    type: 'ManagedFieldsEntry',
    value: { fieldsV1: { 'f:x': { A: null } } },
    want: { fieldsV1: { 'f:x': { A: null } } },
  },
]

const REFUSALS: [type: string, value: unknown, text: string][] = [
  ['Pod', 5, 'json: cannot unmarshal number into Go value of type v1.Pod'],
  ['Pod', { spec: [] }, 'json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec'],
  ['Pod', { kind: 1 }, 'json: cannot unmarshal number into Go struct field Pod.TypeMeta.kind of type string'],
  [
    'Pod',
    { metadata: { labels: { a: true } } },
    'json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string',
  ],
  [
    'Pod',
    { metadata: { labels: 'a' } },
    'json: cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string',
  ],
  [
    'Pod',
    { spec: { containers: [{ env: [{ name: 'a', value: 5 }] }] } },
    'json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string',
  ],
  [
    'Pod',
    { spec: { containers: [{ imagePullPolicy: {} }] } },
    'json: cannot unmarshal object into Go struct field Container.spec.containers.imagePullPolicy of type v1.PullPolicy',
  ],
  [
    'Pod',
    { spec: { containers: [{ readinessProbe: { httpGet: { port: 1.5 } } }] } },
    'json: cannot unmarshal number 1.5 into Go struct field HTTPGetAction.spec.containers.readinessProbe.ProbeHandler.httpGet.port of type int32',
  ],
  [
    'Pod',
    { spec: { containers: [{ ports: [{ containerPort: 2147483648 }] }] } },
    'json: cannot unmarshal number 2147483648 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
  ],
  [
    'Pod',
    { spec: { priority: 1e21 } },
    'json: cannot unmarshal number 1e+21 into Go struct field PodSpec.spec.priority of type int32',
  ],
  [
    'Pod',
    { spec: { terminationGracePeriodSeconds: 2 ** 63 } },
    'json: cannot unmarshal number 9223372036854776000 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64',
  ],
  [
    'Pod',
    { metadata: { creationTimestamp: 5 } },
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
  ],
  [
    'HTTPGetAction',
    { port: true },
    'json: cannot unmarshal bool into Go struct field HTTPGetAction.port of type int32',
  ],
]

describe('decode', () => {
  it.each(CHANGES)('$name', ({ type, value, want }) => {
    expect(decoded(type, value)).toEqual(want)
  })

  it.each(REFUSALS)('refuses a %s that is %j', (type, value, text) => {
    expect(refusal(type, value)).toBe(text)
  })

  it('names the first misfit in the order of the text, and a failed parser before any', () => {
    const spec = { nodeName: 1, hostname: true }
    expect(refusal('PodSpec', spec)).toContain('cannot unmarshal bool')
    expect(refusal('PodSpec', spec, 'given')).toContain('cannot unmarshal number')
    expect(refusal('PodSpec', { ...spec, overhead: { cpu: 'bad' } })).toContain('quantities must match')
    expect(refusal('Pod', { Spec: 1, spec: {} })).toContain('Pod.spec of type v1.PodSpec')
  })

  it('returns the same reference, and the same parts, when nothing changes', () => {
    const container = {
      name: 'a',
      image: 'i',
      env: [{ name: 'A', value: '1' }],
      resources: { limits: { cpu: '2' } },
    }
    const value = { metadata: { labels: { a: 'b' } }, spec: { containers: [container] }, status: {} }
    deepFreeze(value)
    expect(decode(POD, value)).toBe(value)
    const changed = decode(POD, { ...value, unknown: 1 }) as typeof value
    expect(changed).toEqual(value)
    expect(changed.spec).toBe(value.spec)
    const other = decode(POD, { ...value, spec: { containers: [{ name: 'b' }, container] } }) as typeof value
    expect(other.spec.containers[1]).toBe(container)
  })

  it('leaves out maps and lists without members, also when others follow', () => {
    const bare = { name: 'a', resources: {} }
    const container = { ...bare, env: [], resources: { limits: {}, requests: { cpu: '1' } }, image: 'i' }
    const [first, second] = [decoded('Container', bare), decoded('Container', container)]
    expect(first).toEqual(bare)
    expect(second).toEqual({ name: 'a', resources: { requests: { cpu: '1' } }, image: 'i' })
    expect(decoded('ObjectMeta', { annotations: {}, labels: {}, name: 'a' })).toEqual({ name: 'a' })
    expect(decoded('map[string]string', {})).toEqual({})
  })

  it('keeps a label named __proto__', () => {
    const value = JSON.parse('{"labels":{"__proto__":"x","a":null}}') as Json
    const labels = (decoded('ObjectMeta', value) as { labels: Record<string, string> }).labels
    expect(Object.entries(labels)).toEqual([
      ['__proto__', 'x'],
      ['a', ''],
    ])
  })

  it('gives workloads the empties that Go always writes', () => {
    const type = workloadType('apps/v1', 'Deployment')
    if (type === undefined) throw new Error('no type')
    expect(decode(type, { spec: { template: {} } })).toEqual({
      metadata: {},
      spec: { selector: null, strategy: {}, template: { metadata: {}, spec: { containers: null } } },
      status: {},
    })
  })

  it('is idempotent and does not mutate', () => {
    fc.assert(
      fc.property(pod, (value) => {
        const once = decode(POD, deepFreeze(value))
        expect(decode(POD, deepFreeze(once))).toBe(once)
      }),
    )
  })

  it('refuses with a reason of Go whatever it refuses', () => {
    const values = fc.oneof(json, fc.record({ spec: jsonObject, metadata: jsonObject }))
    fc.assert(
      fc.property(values, (value) => {
        const reason = refusal('Pod', value)
        expect(reason === 'no error' || reason.startsWith('json: cannot unmarshal')).toBe(true)
        if (reason === 'no error')
          expect(equalJson(decode(POD, decode(POD, value)), decode(POD, value))).toBe(true)
      }),
    )
  })
})
