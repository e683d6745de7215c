// The shape of Kubernetes objects as Go sees them: from the table text of schema-pod.ts to linked types, once, at load.
// Templates get their Go types from here, typed decoding its rules, strategic merge its lists and keys.
// Types are immutable and shared; nothing here looks at objects.
//
// Notation. An entry starts in the first column and goes on in indented lines:
//   Name: field field …       a struct; `os.Name` is a type of OpenShift's package, whose Go name is `v1.Name` too
//   =type: Name Name …        named types over that type
// and a field is
//   json[/GoName][:type][!|^][@[key]][&]     or     [json]+Type   (embedded; without `json` its fields are inlined)
//   GoName   json with a capital first letter unless said          type   string unless said, in Go's notation
//   !        always present in JSON                                ^      omitted when zero (omitzero)
//   @key     list merged by that key; `@` alone: a merged set      &      retainKeys
// Without ! and ^ a field is omitted when empty (omitempty).

import { POD_TYPES } from './schema-pod.ts'

export type SchemaKind =
  | 'string'
  | 'bool'
  | 'int'
  | 'struct'
  | 'pointer'
  | 'list'
  | 'map'
  | 'quantity'
  | 'intOrString'
  | 'time'
  | 'raw'

export interface SchemaType {
  readonly kind: SchemaKind
  /** As `%T` and Go's error texts print it: `v1.PullPolicy`, `*int64`, `[]v1.Container`, `map[string]string`. */
  readonly name: string
  /** Of an int. */
  readonly bits?: 32 | 64
  /** What a pointer points to, what a list or a map holds. */
  readonly elem?: SchemaType
  /** Key type of a map: always a kind of string. */
  readonly key?: SchemaType
  /** Of a struct: its Go fields in order, embedded ones as one field. */
  readonly fields: readonly SchemaField[]
  /** Of a struct: its fields as JSON sees them, in the order Go writes them, inlined structs flattened. */
  readonly json: readonly JsonField[]
}

/** When a field is left out of JSON: never, if empty (omitempty), if zero (omitzero). */
export type Omit = 'never' | 'empty' | 'zero'

export interface SchemaField {
  /** Name in JSON; empty for an inlined struct. */
  readonly json: string
  readonly go: string
  readonly type: SchemaType
  /** Embedded in Go: its own fields are promoted. `ObjectMeta` is embedded and has a JSON name, too. */
  readonly embedded: boolean
  readonly omit: Omit
  /** List that strategic merge merges instead of replacing. */
  readonly merge: boolean
  /** Key that items of a merged list are matched by; undefined for a list of scalars. */
  readonly mergeKey?: string
  readonly retainKeys: boolean
}

export interface JsonField extends SchemaField {
  /** Go names of the inlined structs that lead to the field, outermost first. */
  readonly through: readonly string[]
}

const NO_FIELDS: readonly never[] = []

function leaf(kind: SchemaKind, name: string, bits?: 32 | 64): SchemaType {
  const base = { kind, name, fields: NO_FIELDS, json: NO_FIELDS }
  return bits === undefined ? base : { ...base, bits }
}

const BUILTIN: readonly (readonly [string, SchemaType])[] = [
  ['string', leaf('string', 'string')],
  ['bool', leaf('bool', 'bool')],
  ['int32', leaf('int', 'int32', 32)],
  ['int64', leaf('int', 'int64', 64)],
  ['Quantity', leaf('quantity', 'resource.Quantity')],
  ['IntOrString', leaf('intOrString', 'intstr.IntOrString')],
  ['Time', leaf('time', 'v1.Time')],
  ['FieldsV1', leaf('raw', 'v1.FieldsV1')],
  ['RawExtension', leaf('raw', 'runtime.RawExtension')],
]

const FIELD = /^(\w*)(?:\/(\w+))?(?:([:+])([\w.*[\]]+))?([!^]?)(@(\w*))?(&?)$/

/** A set of types by name. Reading a table links every type in it; names may stand for types further down. */
export class TypeTable {
  private readonly known: Map<string, SchemaType>
  private readonly pending = new Map<string, string>()

  constructor(text: string, base?: TypeTable) {
    this.known = new Map(base === undefined ? BUILTIN : base.known)
    const structs: string[] = []
    for (const entry of text.trim().split(/\n(?=\S)/)) {
      const colon = entry.indexOf(':')
      const head = entry.slice(0, colon)
      const words = entry.slice(colon + 1)
      if (head.startsWith('=')) {
        for (const name of words.trim().split(/\s+/)) this.pending.set(name, head)
      } else {
        this.pending.set(head, words.trim())
        structs.push(head)
      }
    }
    for (const name of structs) this.type(name)
  }

  /** The type that `name` stands for, in Go's notation (`[]Container`). Throws when there is none: a slip in a table. */
  type(name: string): SchemaType {
    const found = this.known.get(name)
    if (found !== undefined) return found
    const made = this.composite(name) ?? this.declared(name)
    this.known.set(name, made)
    return made
  }

  private composite(name: string): SchemaType | undefined {
    if (name.startsWith('*')) {
      const elem = this.type(name.slice(1))
      return { ...leaf('pointer', `*${elem.name}`), elem }
    }
    if (name.startsWith('[]')) {
      const elem = this.type(name.slice(2))
      return { ...leaf('list', `[]${elem.name}`), elem }
    }
    const map = /^map\[(\w+)\](.+)$/.exec(name)
    if (map === null) return undefined
    const key = this.type(map[1] ?? '')
    const elem = this.type(map[2] ?? '')
    return { ...leaf('map', `map[${key.name}]${elem.name}`), elem, key }
  }

  private declared(name: string): SchemaType {
    const text = this.pending.get(name)
    if (text === undefined) throw new Error(`schema table: no type ${name}`)
    const goName = name === 'UID' ? 'types.UID' : `v1.${name.replace('os.', '')}`
    if (text.startsWith('=')) return { ...this.type(text.slice(1)), name: goName }
    const fields = text.split(/\s+/).map((word) => this.field(word))
    return { ...leaf('struct', goName), fields, json: flatten(fields, []) }
  }

  private field(word: string): SchemaField {
    const match = FIELD.exec(word)
    if (match === null) throw new Error(`schema table: cannot read field ${word}`)
    const [, json = '', go, mark, type = 'string', flag, merge, key = '', retain] = match
    const embedded = mark === '+'
    return {
      json,
      go: go ?? (embedded ? type : json.charAt(0).toUpperCase() + json.slice(1)),
      type: this.type(type),
      embedded,
      omit: flag === '!' ? 'never' : flag === '^' ? 'zero' : 'empty',
      merge: merge !== undefined,
      ...(key === '' ? {} : { mergeKey: key }),
      retainKeys: retain === '&',
    }
  }
}

function flatten(fields: readonly SchemaField[], through: readonly string[]): JsonField[] {
  return fields.flatMap((field) =>
    field.json === '' ? flatten(field.type.fields, [...through, field.go]) : [{ ...field, through }],
  )
}

/** All types of the pod graph, by name: `POD_TABLE.type('Container')`. */
export const POD_TABLE = new TypeTable(POD_TYPES)

/** core/v1 Pod. */
export const POD: SchemaType = POD_TABLE.type('Pod')

/** The type of the JSON field `name` of a struct, pointers resolved; undefined when the struct has no such field. */
export function fieldType(type: SchemaType, name: string): SchemaType | undefined {
  const field = type.json.find((candidate) => candidate.json === name)
  return field === undefined ? undefined : resolve(field.type)
}

/** What a pointer points to; any other type itself. */
export function resolve(type: SchemaType): SchemaType {
  return type.kind === 'pointer' && type.elem !== undefined ? resolve(type.elem) : type
}
