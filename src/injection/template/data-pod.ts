// The Go types of a pod, made from Kubernetes' schema when a template first reaches them, once for all pods.
// Raw data is the pod's plain JSON; every struct field reads its own key of it. Nothing is copied.

import { goString } from '../../gotemplate/format.ts'
import { BOOL, INT32, INT64, STRING, wrap } from '../../gotemplate/types.ts'
import { type GoField, type GoMethod, type GoType, Typed } from '../../gotemplate/value.ts'
import { encodeOrdered } from '../../patch/encode.ts'
import { POD_TABLE, type SchemaType } from '../../patch/schema.ts'
import { isObject, type Json, own } from '../../std/json.ts'
import { structText } from './data-text.ts'
import {
  fieldMap,
  fieldOf,
  getter,
  INT_OR_STRING,
  QUANTITY,
  QUANTITY_COPY,
  QUANTITY_POINTER,
  rawJsonType,
  V1_TIME,
} from './data-values.ts'

const known = new Map<SchemaType, GoType>()

/** The Go type of a schema type, as it is in a struct field or a list: methods of its pointer can be called. */
export function podType(schema: SchemaType): GoType {
  let type = known.get(schema)
  if (type === undefined) {
    type = build(schema)
    known.set(schema, type)
  }
  return type
}

/** The Go type with a name of the Kubernetes API, as `PodSpec`. */
export function podTypeNamed(name: string): GoType {
  return podType(POD_TABLE.type(name))
}

function build(schema: SchemaType): GoType {
  switch (schema.kind) {
    case 'string':
      return stringType(schema.name)
    case 'bool':
      return BOOL
    case 'int':
      return schema.bits === 32 ? INT32 : INT64
    case 'quantity':
      return QUANTITY
    case 'intOrString':
      return INT_OR_STRING
    case 'time':
      return V1_TIME
    case 'raw':
      return rawJsonType(schema.name)
    case 'list':
      return { kind: 'slice', name: schema.name, elem: podType(schema.elem ?? schema) }
    case 'map':
      return mapType(schema)
    case 'pointer':
      return pointerType(schema)
    default:
      return structType(schema)
  }
}

function stringType(name: string): GoType {
  if (name === 'string') return STRING
  const type: GoType = { kind: 'string', name }
  if (name !== 'v1.ResourceName') return type
  return { ...type, methods: () => new Map([['String', getter(STRING, (raw) => String(raw ?? ''))]]) }
}

function mapType(schema: SchemaType): GoType {
  const elem = schema.elem ?? schema
  const type: GoType = {
    kind: 'map',
    name: schema.name,
    // Entries of a map are copies: what needs a pointer cannot be called on them.
    elem: elem.kind === 'quantity' ? QUANTITY_COPY : podType(elem),
    ...(schema.key === undefined || schema.key.name === 'string' ? {} : { key: podType(schema.key) }),
  }
  return schema.name === 'v1.ResourceList' ? { ...type, methods: () => RESOURCE_METHODS } : type
}

/** ResourceList's shorthands: a pointer to the named quantity, to a zero one when there is none. */
const RESOURCE_METHODS: ReadonlyMap<string, GoMethod> = new Map(
  [
    ['Cpu', 'cpu'],
    ['Memory', 'memory'],
    ['Storage', 'storage'],
    ['Pods', 'pods'],
    ['StorageEphemeral', 'ephemeral-storage'],
  ].map(([method = '', resource = '']) => [
    method,
    getter(QUANTITY_POINTER, (raw) =>
      wrap(QUANTITY_POINTER, (isObject(raw) ? own(raw, resource) : undefined) ?? '0'),
    ),
  ]),
)

function pointerType(schema: SchemaType): GoType {
  const elem = schema.elem ?? schema
  if (elem.kind === 'quantity') return QUANTITY_POINTER
  const type: GoType = { kind: 'pointer', name: schema.name, elem: podType(elem) }
  if (elem.kind !== 'struct') return type
  const text = getter(STRING, (raw) => (raw === undefined ? 'nil' : structText(elem, raw, plainText)))
  return { ...type, methods: () => new Map([['String', text]]) }
}

function plainText(schema: SchemaType, raw: unknown): string {
  return goString(new Typed(podType(schema), raw))
}

function structType(schema: SchemaType): GoType {
  let fields: ReadonlyMap<string, GoField> | undefined
  const methods = new Map([['String', getter(STRING, (raw) => structText(schema, raw, plainText))]])
  if (schema.name === 'v1.ObjectMeta') addGetters(methods, schema)
  return {
    kind: 'struct',
    name: schema.name,
    byPointer: true,
    fields: () => {
      fields ??= fieldMap(
        schema.fields.map((field) => structField(field.json, field.go, field.type, field.embedded)),
      )
      return fields
    },
    methods: () => methods,
    marshal: (raw) => encodeOrdered(schema, (raw ?? {}) as Json),
  }
}

function structField(json: string, go: string, type: SchemaType, embedded: boolean): GoField {
  const get = json === '' ? (raw: unknown) => raw : (raw: unknown) => readOwn(raw, json)
  return fieldOf(go, podType(type), get, embedded)
}

function readOwn(raw: unknown, key: string): unknown {
  return (isObject(raw) ? own(raw, key) : undefined) ?? undefined
}

/** metav1.Object: a getter for every field of an object's metadata. */
function addGetters(methods: Map<string, GoMethod>, schema: SchemaType): void {
  for (const field of schema.fields) {
    const type = podType(field.type)
    methods.set(
      `Get${field.go}`,
      getter(type, (raw) => wrap(type, readOwn(raw, field.json))),
    )
  }
}
