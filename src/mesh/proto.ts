// Descriptors of protobuf messages, built once from the compact tables: what a field is called in JSON, in protobuf and
// in Go, and what it holds. Readers, the writer and the template types walk these; a Message itself (src/api/mesh.ts) is
// plain data without a descriptor. Field order is declaration order, which is also the order of written JSON.

import { ENUMS, MESSAGES } from './proto-table.ts'
import { VALUES_ENUMS, VALUES_MESSAGES } from './proto-values-table.ts'

export type Scalar = 'string' | 'bool' | 'int32' | 'uint32' | 'int64' | 'double'

/** Messages that JSON and a Message show as a plain value; `Value` is any JSON, `IntOrString` Istio's number or text. */
export type WellKnown =
  | 'Duration'
  | 'BoolValue'
  | 'Int32Value'
  | 'Int64Value'
  | 'Struct'
  | 'Value'
  | 'IntOrString'

export type FieldType =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | { readonly kind: 'known'; readonly known: WellKnown }
  | { readonly kind: 'enum'; readonly enum: ProtoEnum }
  | { readonly kind: 'message'; readonly message: ProtoMessage }

export interface ProtoField {
  /** As declared, `proxy_metadata`; JSON may use it too. It is not unique to one JSON spelling: `json` is what is written. */
  readonly name: string
  /** Key in a Message and in written JSON: `proxyMetadata`. */
  readonly json: string
  /** Go's field name, `ProxyMetadata`; the getter is `Get` + this. */
  readonly go: string
  readonly shape: 'one' | 'list' | 'map'
  /** Of the value, of each list item, of each map value (map keys are strings). */
  readonly type: FieldType
  /** Name of the group of which one member at a time is set. In Go such a field is reached by its getter only. */
  readonly oneof: string | undefined
  /** Minor release that first knew the field; 0 for all supported ones. */
  readonly since: number
}

export interface ProtoMessage {
  /** `istio.mesh.v1alpha1.ProxyConfig`. */
  readonly name: string
  /** Go type as `%T` prints it without the pointer: `v1alpha1.ProxyConfig_ProxyHeaders`. */
  readonly goName: string
  readonly fields: readonly ProtoField[]
  readonly byJson: ReadonlyMap<string, ProtoField>
}

export interface ProtoEnum {
  readonly name: string
  readonly goName: string
  readonly numbers: ReadonlyMap<string, number>
  readonly names: ReadonlyMap<number, string>
  /** Values that came after the enum itself. */
  readonly since: ReadonlyMap<string, number>
}

const SCALARS: ReadonlySet<string> = new Set(['string', 'bool', 'int32', 'uint32', 'int64', 'double'])
const KNOWN: ReadonlySet<string> = new Set([
  'Duration',
  'BoolValue',
  'Int32Value',
  'Int64Value',
  'Struct',
  'Value',
  'IntOrString',
])
const PACKAGES: readonly (readonly [short: string, long: string, go: string])[] = [
  ['mesh.', 'istio.mesh.v1alpha1.', 'v1alpha1.'],
  ['net.', 'istio.networking.v1alpha3.', 'v1alpha3.'],
  ['netbeta.', 'istio.networking.v1beta1.', 'v1beta1.'],
  ['type.', 'istio.type.v1beta1.', 'v1beta1.'],
  ['op.', 'istio.operator.v1alpha1.', 'apis.'],
]

/** protoc-gen-go's name of a declared name: `mesh_mTLS` → `MeshMTLS`, `enable_64bit_trace_id` → `Enable_64BitTraceId`. */
export function goFieldName(name: string): string {
  return name.replace(/(^|_|[0-9.])([a-z])/g, (_, before: string, letter: string) => {
    return (before === '_' ? '' : before) + letter.toUpperCase()
  })
}

function jsonName(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

function longNames(short: string): { name: string; goName: string } {
  const found = PACKAGES.find(([prefix]) => short.startsWith(prefix))
  if (found === undefined) throw new Error(`no package for "${short}"`)
  const local = short.slice(found[0].length)
  return { name: found[1] + local, goName: found[2] + goFieldName(local).replaceAll('.', '_') }
}

/** A descriptor whose fields are read from the table on first use: messages refer to each other. */
class TableMessage implements ProtoMessage {
  readonly name: string
  readonly goName: string
  readonly #row: string
  #fields: readonly ProtoField[] | undefined
  #byJson: ReadonlyMap<string, ProtoField> | undefined

  constructor(short: string, row: string) {
    const names = longNames(short)
    this.name = names.name
    this.goName = names.goName
    this.#row = row
  }

  get fields(): readonly ProtoField[] {
    this.#fields ??= this.#row
      .split(/\s+/)
      .filter((text) => text !== '')
      .map(parseField)
    return this.#fields
  }

  get byJson(): ReadonlyMap<string, ProtoField> {
    this.#byJson ??= new Map(this.fields.map((field) => [field.json, field]))
    return this.#byJson
  }
}

function parseEnum(short: string, row: string): ProtoEnum {
  const numbers = new Map<string, number>()
  const since = new Map<string, number>()
  let next = 0
  for (const text of row.split(' ')) {
    const [, name = '', number, minor] = /^(\w+)(?:=(\d+))?(?:@(\d+))?$/.exec(text) ?? []
    if (number !== undefined) next = Number(number)
    numbers.set(name, next++)
    if (minor !== undefined) since.set(name, Number(minor))
  }
  const names = new Map([...numbers].map(([name, number]) => [number, name] as const))
  return { ...longNames(short), numbers, names, since }
}

const messages: ReadonlyMap<string, ProtoMessage> = new Map(
  Object.entries({ ...MESSAGES, ...VALUES_MESSAGES }).map(([short, row]) => [
    short,
    new TableMessage(short, row),
  ]),
)
const enums: ReadonlyMap<string, ProtoEnum> = new Map(
  Object.entries({ ...ENUMS, ...VALUES_ENUMS }).map(([short, row]) => [short, parseEnum(short, row)]),
)

function fieldType(text: string): FieldType {
  if (SCALARS.has(text)) return { kind: 'scalar', scalar: text as Scalar }
  if (KNOWN.has(text)) return { kind: 'known', known: text as WellKnown }
  const found = enums.get(text)
  if (found !== undefined) return { kind: 'enum', enum: found }
  return { kind: 'message', message: messageType(text) }
}

function parseField(text: string): ProtoField {
  const match = /^(\w+)(?:=([\w-]+))?:(\[\]|\{\})?([\w.]+)(?:\|(\w+))?(?:@(\d+))?$/.exec(text)
  if (match === null) throw new Error(`unreadable field "${text}"`)
  const [, name = '', json, shape, type = '', oneof, since] = match
  return {
    name,
    json: json ?? jsonName(name),
    go: goFieldName(name),
    shape: shape === '[]' ? 'list' : shape === '{}' ? 'map' : 'one',
    type: fieldType(type),
    oneof,
    since: Number(since ?? 0),
  }
}

/** The descriptor of a message by its name in the tables, as `mesh.ProxyConfig`. Throws on other names. */
export function messageType(short: string): ProtoMessage {
  const found = messages.get(short)
  if (found === undefined) throw new Error(`no message "${short}"`)
  return found
}

export const MESH_CONFIG: ProtoMessage = messageType('mesh.MeshConfig')
export const PROXY_CONFIG: ProtoMessage = messageType('mesh.ProxyConfig')
