// The Go types of mesh and proxy configuration, made from the protobuf descriptors when a template first reaches them,
// once a release (fields have come over time). Raw data is a Message: plain values, enums by name, durations as bigint.
// Templates see what protoc-gen-go generates: fields, and getters that work on nil pointers.

import { NEWEST, type Release } from '../../api/release.ts'
import { ANY, BOOL, FLOAT64, INT32, INT64, STRING, UINT32, wrap } from '../../gotemplate/types.ts'
import { type GoField, type GoMethod, type GoType, Typed } from '../../gotemplate/value.ts'
import type { FieldType, ProtoEnum, ProtoField, ProtoMessage, Scalar, WellKnown } from '../../mesh/proto.ts'
import { writeMessage } from '../../mesh/proto-write.ts'
import { goJson } from '../../std/gojson.ts'
import { isObject, own } from '../../std/json.ts'
import { messageText, wellKnownText } from './data-prototext.ts'
import { DURATION, fieldMap, fieldOf, getter } from './data-values.ts'

const SCALARS: Readonly<Record<Scalar, GoType>> = {
  string: STRING,
  bool: BOOL,
  int32: INT32,
  uint32: UINT32,
  int64: INT64,
  double: FLOAT64,
}

/** The pointer types of one release's messages, by full name. */
type Messages = Map<string, GoType>

const byRelease = new Map<number, Messages>()

/** `*v1alpha1.ProxyConfig` and the like: the pointer type that Go code handles a message by. */
export function messageType(message: ProtoMessage, release: Release): GoType {
  const minor = release.major > NEWEST.major ? NEWEST.minor : Math.min(release.minor, NEWEST.minor)
  let messages = byRelease.get(minor)
  if (messages === undefined) {
    messages = new Map()
    byRelease.set(minor, messages)
  }
  return pointerType(message, minor, messages)
}

function pointerType(message: ProtoMessage, minor: number, messages: Messages): GoType {
  const found = messages.get(message.name)
  if (found !== undefined) return found
  let fields: ReadonlyMap<string, GoField> | undefined
  let methods: ReadonlyMap<string, GoMethod> | undefined
  const visible = (): ProtoField[] => message.fields.filter((field) => field.since <= minor)
  const marshal = (raw: unknown): string =>
    isObject(raw) ? writeMessage(message, raw as Parameters<typeof writeMessage>[1]) : 'null'
  const elem: GoType = {
    kind: 'struct',
    name: message.goName,
    fields: () => {
      fields ??= fieldMap(structFields(message, visible(), minor, messages))
      return fields
    },
    marshal,
  }
  const type: GoType = {
    kind: 'pointer',
    name: `*${message.goName}`,
    elem,
    methods: () => {
      methods ??= messageMethods(message, visible(), minor, messages)
      return methods
    },
    marshal,
  }
  messages.set(message.name, type)
  return type
}

/** The value a Message has for a field. Enums are numbers for Go. */
function readField(raw: unknown, field: ProtoField): unknown {
  const value: unknown = isObject(raw) ? own(raw, field.json) : undefined
  if (value === undefined || value === null || field.type.kind !== 'enum') return value ?? undefined
  const { numbers } = field.type.enum
  const number = (item: unknown): unknown => (typeof item === 'string' ? (numbers.get(item) ?? 0) : item)
  if (field.shape === 'list') return (value as unknown[]).map(number)
  return number(value)
}

/** Plain fields by themselves, the members of a oneof as one interface field with the group's name. */
function structFields(
  message: ProtoMessage,
  visible: readonly ProtoField[],
  minor: number,
  messages: Messages,
): GoField[] {
  const fields: GoField[] = []
  const groups = new Set<string>()
  for (const field of visible) {
    if (field.oneof === undefined) {
      fields.push(fieldOf(field.go, fieldType(field, minor, messages), (raw) => readField(raw, field)))
    } else if (!groups.has(field.oneof)) {
      groups.add(field.oneof)
      fields.push(oneofField(message, field.oneof, visible, minor, messages))
    }
  }
  return fields
}

function goGroupName(group: string): string {
  return group.replace(/(^|_)([a-z])/g, (_, _before: string, letter: string) => letter.toUpperCase())
}

/** The interface field of a oneof: nil, or a pointer to a struct around the member that is set. */
function oneofField(
  message: ProtoMessage,
  group: string,
  visible: readonly ProtoField[],
  minor: number,
  messages: Messages,
): GoField {
  const members = visible.filter((field) => field.oneof === group)
  return fieldOf(goGroupName(group), ANY, (raw) => {
    const member = members.find((field) => readField(raw, field) !== undefined)
    if (member === undefined) return undefined
    const name = `${message.goName}_${member.go}`
    const inner = fieldOf(member.go, fieldType(member, minor, messages), (outer) => readField(outer, member))
    const elem: GoType = { kind: 'struct', name, fields: () => fieldMap([inner]) }
    return new Typed({ kind: 'pointer', name: `*${name}`, elem }, raw)
  })
}

function messageMethods(
  message: ProtoMessage,
  visible: readonly ProtoField[],
  minor: number,
  messages: Messages,
): ReadonlyMap<string, GoMethod> {
  const methods = new Map<string, GoMethod>()
  for (const field of visible) {
    const type = fieldType(field, minor, messages)
    methods.set(
      `Get${field.go}`,
      getter(type, (raw) => wrap(type, readField(raw, field))),
    )
  }
  for (const field of structFields(message, visible, minor, messages)) {
    if (methods.has(`Get${field.name}`)) continue
    methods.set(
      `Get${field.name}`,
      getter(ANY, (raw) => wrap(ANY, raw === undefined ? undefined : field.get(raw))),
    )
  }
  methods.set(
    'String',
    getter(STRING, (raw) => (raw === undefined ? '<nil>' : messageText(message, raw))),
  )
  return methods
}

function fieldType(field: ProtoField, minor: number, messages: Messages): GoType {
  const item = itemType(field.type, minor, messages)
  if (field.shape === 'list') return { kind: 'slice', name: `[]${item.name}`, elem: item }
  if (field.shape === 'map') return { kind: 'map', name: `map[string]${item.name}`, elem: item }
  return item
}

function itemType(type: FieldType, minor: number, messages: Messages): GoType {
  switch (type.kind) {
    case 'scalar':
      return SCALARS[type.scalar]
    case 'enum':
      return enumType(type.enum)
    case 'message':
      return pointerType(type.message, minor, messages)
    default:
      return WELL_KNOWN[type.known]
  }
}

const enums = new Map<string, GoType>()

function enumType(declared: ProtoEnum): GoType {
  let type = enums.get(declared.name)
  if (type === undefined) {
    const text = getter(STRING, (raw) => declared.names.get(Number(raw ?? 0)) ?? String(raw))
    type = { kind: 'int32', name: declared.goName, methods: () => new Map([['String', text]]) }
    enums.set(declared.name, type)
  }
  return type
}

const SECOND = 1_000_000_000n

function wellKnown(
  known: WellKnown,
  name: string,
  fields: readonly GoField[],
  methods: readonly (readonly [string, GoMethod])[],
  marshal: (raw: unknown) => string,
): GoType {
  const text = getter(STRING, (raw) => (raw === undefined ? '<nil>' : wellKnownText(known, raw)))
  const table = new Map<string, GoMethod>([...methods, ['String', text]])
  for (const field of fields) {
    table.set(
      `Get${field.name}`,
      getter(field.type, (raw) => wrap(field.type, raw === undefined ? undefined : field.get(raw))),
    )
  }
  const byName = fieldMap(fields)
  const elem: GoType = { kind: 'struct', name, fields: () => byName, marshal }
  return {
    kind: 'pointer',
    name: `*${name}`,
    elem,
    methods: () => table,
    marshal: (raw) => (raw === undefined ? 'null' : marshal(raw)),
  }
}

/** A struct with the members that are not zero, as encoding/json prints `omitempty`. */
function nonZero(members: readonly (readonly [string, unknown])[]): string {
  const shown = members.filter(([, value]) => value !== 0n && value !== 0 && value !== false)
  return `{${shown.map(([name, value]) => `"${name}":${value}`).join(',')}}`
}

function wrapper(known: WellKnown, name: string, type: GoType): GoType {
  return wellKnown(known, name, [fieldOf('Value', type, (raw) => raw)], [], (raw) =>
    nonZero([['value', raw]]),
  )
}

const seconds = (raw: unknown): bigint => BigInt((raw as bigint | undefined) ?? 0n) / SECOND
const nanos = (raw: unknown): bigint => BigInt((raw as bigint | undefined) ?? 0n) % SECOND

const WELL_KNOWN: Readonly<Record<WellKnown, GoType>> = {
  Duration: wellKnown(
    'Duration',
    'durationpb.Duration',
    [fieldOf('Seconds', INT64, seconds), fieldOf('Nanos', INT32, nanos)],
    [
      ['AsDuration', getter(DURATION, (raw) => new Typed(DURATION, (raw as bigint | undefined) ?? 0n))],
      ['IsValid', getter(BOOL, (raw) => raw !== undefined)],
    ],
    (raw) =>
      nonZero([
        ['seconds', seconds(raw)],
        ['nanos', nanos(raw)],
      ]),
  ),
  BoolValue: wrapper('BoolValue', 'wrapperspb.BoolValue', BOOL),
  Int32Value: wrapper('Int32Value', 'wrapperspb.Int32Value', INT32),
  Int64Value: wrapper('Int64Value', 'wrapperspb.Int64Value', INT64),
  Struct: wellKnown(
    'Struct',
    'structpb.Struct',
    [],
    [['AsMap', getter(ANY, (raw) => wrap(ANY, raw ?? {}))]],
    goJson,
  ),
  Value: wellKnown(
    'Value',
    'structpb.Value',
    [],
    [['AsInterface', getter(ANY, (raw) => wrap(ANY, raw))]],
    goJson,
  ),
  IntOrString: wellKnown('IntOrString', 'apis.IntOrString', [], [], goJson),
}
