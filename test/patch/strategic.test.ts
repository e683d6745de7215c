// Strategic merge: directives, orders, errors, and the laws that templates rely on.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { POD } from '../../src/patch/schema.ts'
import { mergeStrategic } from '../../src/patch/strategic.ts'
import { decode } from '../../src/patch/typed.ts'
import { cloneJson, deepFreeze, equalJson, type Json, type JsonObject, own } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { jsonObject, pod } from './arbitrary.ts'

function merged(original: unknown, patch: unknown): JsonObject {
  return mergeStrategic(deepFreeze(original) as JsonObject, deepFreeze(patch) as JsonObject)
}

function refusal(original: unknown, patch: unknown): string {
  try {
    merged(original, patch)
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'merge-failed') return error.message
    throw error
  }
  return 'no error'
}

const named = (...names: string[]): JsonObject[] => names.map((name) => ({ name }))
const containers = (...names: string[]): JsonObject => ({ spec: { containers: named(...names) } })

function namesOf(value: JsonObject, field = 'containers'): Json[] {
  const list = (value['spec'] as JsonObject)[field] as JsonObject[]
  return list.map((item) => item['name'] ?? null)
}

const MAPS: { name: string; original: unknown; patch: unknown; want: unknown }[] = [
  {
    name: 'maps merge key by key',
    original: { metadata: { labels: { a: '1', b: '2' } } },
    patch: { metadata: { labels: { a: '9', c: '3' } } },
    want: { metadata: { labels: { a: '9', b: '2', c: '3' } } },
  },
  {
    name: 'null deletes',
    original: { metadata: { labels: { a: '1' }, name: 'p' } },
    patch: { metadata: { labels: null } },
    want: { metadata: { name: 'p' } },
  },
  {
    name: 'new subtrees lose nulls and maps with a directive',
    original: {},
    patch: {
      spec: { a: null, b: { $patch: 'delete' }, c: [{ d: null, e: 1 }, { $patch: 'replace' }, null] },
    },
    want: { spec: { c: [{ e: 1 }, null] } },
  },
  {
    name: 'another kind replaces',
    original: { metadata: { labels: 'x' } },
    patch: { metadata: { labels: { a: null, b: '1' } } },
    want: { metadata: { labels: { b: '1' } } },
  },
  {
    name: '$patch replace on a map',
    original: { spec: { securityContext: { runAsUser: 1, fsGroup: 2 } } },
    patch: { spec: { securityContext: { $patch: 'replace', runAsUser: 3 } } },
    want: { spec: { securityContext: { runAsUser: 3 } } },
  },
  {
    name: '$patch delete on a map',
    original: { spec: { securityContext: { runAsUser: 1 } } },
    patch: { spec: { securityContext: { $patch: 'delete' } } },
    want: { spec: { securityContext: {} } },
  },
  {
    name: '$retainKeys drops the other keys',
    original: { spec: { volumes: [{ name: 'v', emptyDir: {}, unknown: 1 }] } },
    patch: {
      spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] },
    },
    want: { spec: { volumes: [{ name: 'v', configMap: { name: 'c' } }] } },
  },
  {
    name: 'a null source takes the place of another source',
    original: { spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
    patch: { spec: { volumes: [{ name: 'v', emptyDir: null, csi: { driver: 'd' } }] } },
    want: { spec: { volumes: [{ name: 'v', csi: { driver: 'd' } }] } },
  },
  {
    name: 'an appended item keeps its nulls',
    original: { spec: { volumes: [{ name: 'v' }] } },
    patch: { spec: { volumes: [{ name: 'w', emptyDir: null }] } },
    want: { spec: { volumes: [{ name: 'w', emptyDir: null }, { name: 'v' }] } },
  },
  {
    name: 'atomic lists are replaced',
    original: { spec: { tolerations: [{ key: 'a' }], containers: [{ name: 'a', args: ['1', '2'] }] } },
    patch: { spec: { tolerations: [{ key: 'b' }], containers: [{ name: 'a', args: ['3'] }] } },
    want: { spec: { tolerations: [{ key: 'b' }], containers: [{ name: 'a', args: ['3'] }] } },
  },
  {
    name: 'ports are the same when containerPort is, whatever the protocol',
    original: { spec: { containers: [{ name: 'a', ports: [{ containerPort: 53, protocol: 'TCP' }] }] } },
    patch: { spec: { containers: [{ name: 'a', ports: [{ containerPort: 53, protocol: 'UDP' }] }] } },
    want: { spec: { containers: [{ name: 'a', ports: [{ containerPort: 53, protocol: 'UDP' }] }] } },
  },
  {
    name: 'sets of scalars are united, the new ones first',
    original: { metadata: { finalizers: ['a', 'b'] } },
    patch: { metadata: { finalizers: ['c', 'b'] } },
    want: { metadata: { finalizers: ['c', 'a', 'b'] } },
  },
  {
    name: '$deleteFromPrimitiveList removes scalars',
    original: { metadata: { finalizers: ['a', 'b', 'c'] } },
    patch: { metadata: { '$deleteFromPrimitiveList/finalizers': ['a', 'zz'] } },
    want: { metadata: { finalizers: ['b', 'c'] } },
  },
  {
    name: '$deleteFromPrimitiveList makes no list',
    original: { metadata: {} },
    patch: { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
    want: { metadata: {} },
  },
  {
    name: 'in a new subtree a null directive is a null like any other',
    original: {},
    patch: { spec: { a: { $patch: null, b: 1 } } },
    want: { spec: { a: { b: 1 } } },
  },
  {
    name: 'items of a replacement keep their nulls',
    original: { spec: { volumes: [{ name: 'v' }] } },
    patch: { spec: { volumes: [{ $patch: 'replace' }, { name: 'n', emptyDir: null }] } },
    want: { spec: { volumes: [{ name: 'n', emptyDir: null }] } },
  },
  {
    name: '$setElementOrder on scalars',
    original: { metadata: { finalizers: ['a', 'b', 'c'] } },
    patch: { metadata: { '$setElementOrder/finalizers': ['c', 'x', 'a'], finalizers: ['x'] } },
    want: { metadata: { finalizers: ['b', 'c', 'x', 'a'] } },
  },
]

const ORDERS: { name: string; original: string[]; patch: JsonObject[]; order?: string[]; want: string[] }[] =
  [
    { name: 'new items come first', original: ['a'], patch: named('n'), want: ['n', 'a'] },
    {
      name: 'the patch interleaves at its anchors',
      original: ['a', 'x', 'b'],
      patch: named('n1', 'x', 'n2'),
      want: ['n1', 'a', 'x', 'n2', 'b'],
    },
    {
      name: 'items follow the patch where it disagrees',
      original: ['a', 'b'],
      patch: named('b', 'a'),
      want: ['b', 'a'],
    },
    {
      name: 'a deletion leaves the rest in order',
      original: ['a', 'x', 'b'],
      patch: [{ name: 'x', $patch: 'delete' }],
      want: ['a', 'b'],
    },
    {
      name: 'a replacement leaves nothing',
      original: ['a', 'b'],
      patch: [{ $patch: 'replace' }, ...named('n')],
      want: ['n'],
    },
    { name: 'a replacement alone empties', original: ['a', 'b'], patch: [{ $patch: 'replace' }], want: [] },
    {
      name: 'only the first of two originals is merged',
      original: ['a', 'a'],
      patch: named('a'),
      want: ['a', 'a'],
    },
    {
      name: 'with $setElementOrder a new item takes the place of a deleted one',
      original: ['a', 'x', 'b'],
      patch: [{ name: 'x', $patch: 'delete' }, ...named('n')],
      order: ['n'],
      want: ['a', 'b', 'n'],
    },
    {
      name: 'items that an empty $setElementOrder lacks are turned round',
      original: ['a'],
      patch: named('n1', 'n2'),
      order: [],
      want: ['a', 'n2', 'n1'],
    },
    {
      name: '$setElementOrder orders all it names',
      original: ['a', 'x', 'b'],
      patch: named('n'),
      order: ['b', 'n', 'a'],
      want: ['x', 'b', 'n', 'a'],
    },
  ]

const A = containers('a', 'b')
const REFUSALS: [name: string, original: unknown, patch: unknown, text: string][] = [
  [
    'no key in the patch',
    A,
    { spec: { containers: [{ image: 'i' }] } },
    'map: map[image:i] does not contain declared merge key: name',
  ],
  [
    'no key in the original',
    { spec: { imagePullSecrets: [{}] } },
    { spec: { imagePullSecrets: named('s') } },
    'map: map[] does not contain declared merge key: name',
  ],
  [
    'items of different types',
    A,
    { spec: { containers: ['a', 1] } },
    'list element types are not identical: [[map[name:a] map[name:b]] [a 1]]',
  ],
  [
    'lists of lists',
    { metadata: { finalizers: [['a']] } },
    { metadata: { finalizers: [] } },
    'lists of lists are not supported',
  ],
  [
    'scalars in a keyed list',
    { spec: { containers: ['a'] } },
    { spec: { containers: ['b'] } },
    'expected a map[string]interface {}, but received a string',
  ],
  ['an unknown directive', A, { spec: { $patch: 'x' } }, 'unknown patch type: x in map: map[$patch:x]'],
  [
    'a directive that is no text',
    A,
    { spec: { $patch: 1e9, a: null } },
    'unknown patch type: %!s(float64=1e+09) in map: map[$patch:1e+09 a:<nil>]',
  ],
  [
    'merge on an item',
    A,
    { spec: { containers: [{ name: 'a', $patch: 'merge' }] } },
    'merging lists cannot yet be specified in the patch',
  ],
  [
    'a deletion without key',
    A,
    { spec: { containers: [{ $patch: 'delete' }] } },
    'map: map[$patch:delete] does not contain declared merge key: name',
  ],
  ['$retainKeys that is no list', A, { spec: { $retainKeys: 'x' } }, 'invalid patch format of retainKeys'],
  [
    'a key that $retainKeys lacks',
    A,
    { spec: { $retainKeys: ['a'], b: 1 } },
    'invalid patch format of retainKeys',
  ],
  [
    'a $setElementOrder without field',
    A,
    { spec: { $setElementOrder: [] } },
    'invalid patch format of setElementOrder list',
  ],
  [
    'a $setElementOrder that is no list',
    A,
    { spec: { '$setElementOrder/containers': 1 } },
    'expected a []interface {}, but received a float64',
  ],
  [
    'a $deleteFromPrimitiveList without field',
    A,
    { spec: { $deleteFromPrimitiveList: [] } },
    'invalid patch format of primitive list',
  ],
  [
    'a patch against its own order',
    A,
    { spec: { '$setElementOrder/containers': named('a', 'n'), containers: named('n', 'a') } },
    "The order in patch list:\n[map[name:n] map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:a] map[name:n]]\n",
  ],
  [
    'a $setElementOrder of scalars for maps',
    A,
    { spec: { '$setElementOrder/containers': ['a'] } },
    'value for key 0 is not a map',
  ],
  [
    'keys that cannot be compared',
    { spec: { containers: [{ name: { a: 1 } }, { name: {} }] } },
    { spec: { containers: named('a') } },
    'items are matched by scalars, and this is none: map[a:1]',
  ],
  [
    'maps in an unknown field',
    { a: {} },
    { a: {} },
    'unable to find api field in struct Pod for the json field "a"',
  ],
  [
    'maps below a map',
    { metadata: { labels: { a: {} } } },
    { metadata: { labels: { a: {} } } },
    'merging an object in json but data type is not struct, instead is: map',
  ],
  [
    'lists in a map field',
    { metadata: { labels: [] } },
    { metadata: { labels: [] } },
    'expected slice or array type, but got: struct',
  ],
  [
    'maps in a set',
    { metadata: { finalizers: [{}] } },
    { metadata: { finalizers: [{}] } },
    'cannot merge lists without merge key for string',
  ],
]

describe('mergeStrategic', () => {
  it.each(MAPS)('$name', ({ original, patch, want }) => {
    expect(merged(original, patch)).toEqual(want)
  })

  it.each(ORDERS)('order: $name', ({ original, patch, order, want }) => {
    const spec: JsonObject = { containers: patch }
    if (order !== undefined) spec['$setElementOrder/containers'] = named(...order)
    expect(namesOf(merged(containers(...original), { spec }))).toEqual(want)
  })

  it.each(REFUSALS)('refuses %s', (_name, original, patch, text) => {
    expect(refusal(original, patch)).toBe(text)
  })

  it('treats __proto__ as a label like any other', () => {
    const result = merged(
      JSON.parse('{"metadata":{"labels":{"a":"1"}}}'),
      JSON.parse('{"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}'),
    )
    const labels = (result['metadata'] as JsonObject)['labels'] as JsonObject
    expect(Object.keys(labels)).toEqual(['a', '__proto__', 'constructor'])
    expect(own(labels, '__proto__')).toBe('x')
  })

  it('shares what the patch does not touch', () => {
    const original = { metadata: { labels: { a: '1' } }, spec: { containers: named('a', 'b') } }
    const result = merged(original, { spec: { containers: [{ name: 'b', image: 'i' }] } }) as typeof original
    expect(result.metadata).toBe(original.metadata)
    expect(result.spec.containers[0]).toBe(original.spec.containers[0])
    expect(result.spec.containers[1]).toEqual({ name: 'b', image: 'i' })
  })

  it('merges long lists in linear time', () => {
    const env = Array.from({ length: 20_000 }, (_, i) => ({ name: `E${i}`, value: String(i) }))
    const original = { spec: { containers: [{ name: 'a', env }] } }
    const patch = {
      spec: { containers: [{ name: 'a', env: env.map(({ name }) => ({ name, value: 'x' })).reverse() }] },
    }
    const started = performance.now()
    merged(original, patch)
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it('law: an empty patch gives the very same object', () => {
    fc.assert(
      fc.property(jsonObject, (original) => {
        expect(mergeStrategic(original, {})).toBe(original)
      }),
    )
  })

  it('law: nulls delete, and only what they name', () => {
    fc.assert(
      fc.property(jsonObject, fc.constantFrom('a', '__proto__', 'constructor'), (original, key) => {
        const result = mergeStrategic(original, JSON.parse(`{${JSON.stringify(key)}:null}`) as JsonObject)
        const rest = Object.keys(original).filter((other) => other !== key)
        expect(Object.keys(result)).toEqual(rest)
        expect(rest.every((other) => own(result, other) === own(original, other))).toBe(true)
      }),
    )
  })

  it('law: onto an empty pod a patch gives itself, nulls aside; merging it again changes nothing', () => {
    const unique = pod.map((value) => decode(POD, value) as JsonObject).filter(hasUniqueKeys)
    fc.assert(
      fc.property(unique, unique, (original, patch) => {
        expect(equalJson(decode(POD, mergeStrategic({}, patch)), decode(POD, patch))).toBe(true)
        const copies = [cloneJson(original), cloneJson(patch)]
        const once = mergeStrategic(deepFreeze(original), deepFreeze(patch))
        const twice = mergeStrategic(deepFreeze(once), patch)
        expect(equalJson(decode(POD, twice), decode(POD, once))).toBe(true)
        expect(equalJson([original, patch], copies)).toBe(true)
      }),
    )
  })
})

/** Whether no merged list of the pod names an item twice: such a list is not merged the same way a second time. */
function hasUniqueKeys(value: Json): boolean {
  if (Array.isArray(value)) {
    const keys = ['name', 'mountPath', 'containerPort', 'devicePath', 'uid', 'ip']
    const unique = keys.every((key) => {
      const seen = value.map((item) =>
        typeof item === 'object' && item !== null ? (item as JsonObject)[key] : undefined,
      )
      const present = seen.filter((item) => item !== undefined)
      return new Set(present).size === present.length
    })
    const scalars = value.filter((item) => typeof item !== 'object')
    return unique && new Set(scalars).size === scalars.length && value.every(hasUniqueKeys)
  }
  if (typeof value !== 'object' || value === null) return true
  return Object.values(value).every(hasUniqueKeys)
}
