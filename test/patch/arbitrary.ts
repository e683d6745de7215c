// Random JSON whose keys are as nasty as users' keys may be, and random objects of a schema type.

import fc from 'fast-check'
import { POD_TABLE, type SchemaField, type SchemaType } from '../../src/patch/schema.ts'
import { type Json, type JsonObject, setOwn } from '../../src/std/json.ts'

const KEYS = [
  'a',
  'b',
  'name',
  'mountPath',
  '__proto__',
  'constructor',
  'toString',
  'a/b',
  '~1',
  '~',
  '',
  '-',
  '0',
]

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, 1, -1, 1.5, '', 'x', 'y', 'a/b'),
  fc.string({ maxLength: 4 }),
)

function objectOf(entries: readonly (readonly [string, Json])[]): JsonObject {
  const object: JsonObject = {}
  for (const [key, value] of entries) setOwn(object, key, value)
  return object
}

export const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('value')), { maxLength: 5 }).map(objectOf),
  ),
})).value

export const jsonObject: fc.Arbitrary<JsonObject> = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), json), { maxLength: 5 })
  .map(objectOf)

/** One in so many optional fields is there. */
const PRESENCE = 5

function leafOf(type: SchemaType): fc.Arbitrary<Json> {
  switch (type.kind) {
    case 'bool':
      return fc.boolean()
    case 'int':
      return fc.constantFrom(0, 1, 53, 80, 2147483647, -1)
    case 'quantity':
      return fc.constantFrom('0', '1', '100m', '2000m', '1024Mi', '0.5', 1, 1.5)
    case 'time':
      return fc.constantFrom('2024-01-02T03:04:05Z', '2024-01-02T03:04:05.5+01:00')
    case 'intOrString':
      return fc.constantFrom<Json>(80, 'http', 0, '')
    case 'raw':
      return fc.constant({})
    default:
      return fc.constantFrom('', 'a', 'b', 'c', '__proto__')
  }
}

function fieldOf(field: SchemaField, depth: number): fc.Arbitrary<Json | undefined> {
  const value = typed(field.type, depth - 1)
  return field.omit === 'never'
    ? value
    : fc.oneof({ weight: PRESENCE - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })
}

/** Values of a type, with all that decoding changes: zero values, nulls in lists, other spellings, unknown fields. */
export function typed(type: SchemaType, depth: number): fc.Arbitrary<Json> {
  const elem = type.elem
  if (elem === undefined && type.kind !== 'struct') return leafOf(type)
  if (depth <= 0) return fc.constant(type.kind === 'list' ? [] : type.kind === 'pointer' ? null : {})
  if (elem !== undefined) {
    const item = typed(elem, type.kind === 'pointer' ? depth : depth - 1)
    if (type.kind === 'pointer') return item
    if (type.kind === 'list') return fc.array(item, { maxLength: 3 })
    return fc
      .array(fc.tuple(fc.constantFrom('a', 'b', '__proto__', 'cpu'), item), { maxLength: 3 })
      .map(objectOf)
  }
  const unknown = fc.oneof(
    { weight: 4, arbitrary: fc.constant<readonly [string, Json][]>([]) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<readonly [string, Json][]>([['newField', { a: 1 }]], [['__proto__', 1]]),
    },
  )
  const values = fc.tuple(...type.json.map((field) => fieldOf(field, depth)))
  return fc.tuple(values, unknown).map(([fields, extra]) => {
    const entries: [string, Json][] = []
    type.json.forEach((field, i) => {
      const value = fields[i]
      if (value !== undefined) entries.push([field.json, value])
    })
    return objectOf([...entries, ...extra])
  })
}

const container = typed(POD_TABLE.type('Container'), 3) as fc.Arbitrary<JsonObject>
const volume = typed(POD_TABLE.type('Volume'), 3) as fc.Arbitrary<JsonObject>
const meta = typed(POD_TABLE.type('ObjectMeta'), 3) as fc.Arbitrary<JsonObject>

/** Pods as far as injection changes them: metadata, containers, volumes, and a few scalars. */
export const pod: fc.Arbitrary<JsonObject> = fc.record({
  metadata: meta,
  spec: fc.record(
    {
      containers: fc.array(container, { maxLength: 3 }),
      initContainers: fc.array(container, { maxLength: 2 }),
      volumes: fc.array(volume, { maxLength: 3 }),
      hostNetwork: fc.boolean(),
      unknown: json,
    },
    { requiredKeys: ['containers'] },
  ),
})
