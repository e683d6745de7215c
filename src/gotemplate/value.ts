// The values a template computes with: JavaScript data that stands for Go data.
//
//   undefined   no value: reflect's zero Value (an absent map key); prints `<no value>`
//   null        the nil interface
//   boolean     bool            string   string          number   float64 (what JSON numbers decode to)
//   bigint      int             Typed    every other type: sized integers, typed maps and lists, structs, pointers
//   unknown[]   []interface{}   object   map[string]interface{} (own properties only; null prototype when made here)
//
// Typed wraps raw data with its Go type, so that host data (a pod, a mesh configuration) stays plain JSON and is
// wrapped lazily, field by field, as a template walks into it.

export type GoKind =
  | 'bool'
  | 'int'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float32'
  | 'float64'
  | 'complex128'
  | 'string'
  | 'slice'
  | 'map'
  | 'struct'
  | 'pointer'
  | 'interface'
  | 'func'

export interface GoType {
  readonly kind: GoKind
  /** As `%T` and error texts print it: `*int64`, `v1.PodSpec`, `map[string]string`. */
  readonly name: string
  /** What a pointer points to, what a slice or a map holds. */
  readonly elem?: GoType
  /** Key type of a map; absent means `string`. Keys are texts whatever the type. */
  readonly key?: GoType
  /** Fields of a struct in Go's order. A function, so that types may refer to each other. */
  readonly fields?: () => ReadonlyMap<string, GoField>
  /** Methods by name, callable on a value of this very type (for messages: on the pointer, nil included). */
  readonly methods?: () => ReadonlyMap<string, GoMethod>
  /**
   * Of a struct: its methods are its pointer's. A template can call them on a field or an element, and an action prints
   * by them; the copy that fmt gets as an argument has none.
   */
  readonly byPointer?: boolean
  /** The compact JSON that encoding/json prints for a value of this type; structs need it, other kinds print by kind without. */
  readonly marshal?: (raw: unknown) => string
}

export interface GoField {
  readonly name: string
  readonly type: GoType
  /** Embedded fields promote their own fields to the outer struct. */
  readonly embedded?: boolean
  /** The raw value of the field inside the raw value of the struct; undefined when unset. */
  readonly get: (raw: unknown) => unknown
}

export interface GoMethod {
  readonly params: readonly GoType[]
  readonly result: GoType
  readonly call: (raw: unknown, args: readonly GoValue[]) => GoValue
}

/**
 * A value with a Go type of its own. `raw` is undefined for the zero value of the type: nil pointer, nil map, nil slice,
 * 0, "", or a struct without any field set. Integers are bigint or safe number; list and map elements are raw too.
 * The raw value of a pointer is that of what it points to; that of []uint8 is an array or Uint8Array of numbers.
 */
export class Typed {
  readonly type: GoType
  readonly raw: unknown

  constructor(type: GoType, raw: unknown) {
    this.type = type
    this.raw = raw
  }
}

export type GoValue =
  | undefined
  | null
  | boolean
  | string
  | number
  | bigint
  | Typed
  | GoFunc
  | readonly unknown[]
  | GoMap
export interface GoMap {
  readonly [key: string]: unknown
}
export type GoFunc = (...args: GoValue[]) => GoValue
