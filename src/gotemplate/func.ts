// How functions are offered to templates. The engine checks and converts arguments by `params` as Go's reflection
// would (with Go's error classes), charges the budget, and calls `run`.
// A string that holds bytes outside UTF-8 is encoded as std/bytes.ts says; results may hold such strings too.

import type { GoType, GoValue } from './value.ts'

/**
 * What a parameter of a named type accepts. `any` takes everything (no value becomes nil); the others take values of exactly that Go type:
 * `list` []interface{} (typed slices are converted where sprig uses reflection, so most list functions take `any`),
 * `dict` map[string]interface{}, `stringMap` map[string]string, `strings` []string. `value` is for Go's builtins: as `any`,
 * but no value stays undefined.
 */
export type ParamName =
  | 'any'
  | 'string'
  | 'bool'
  | 'int'
  | 'int64'
  | 'float64'
  | 'list'
  | 'dict'
  | 'stringMap'
  | 'strings'
  | 'bytes'
  | 'value'

/** A parameter: one of the named types, or a type of the host (`v1.ObjectMeta`); an interface type takes everything. */
export type ParamType = ParamName | GoType

export interface CallContext {
  /** Charges `count` steps or bytes before they are spent; throws when the budget of the run is exceeded. */
  readonly charge: (count: number) => void
}

export interface TemplateFunc {
  readonly params: readonly ParamType[]
  /** Type of any further arguments. */
  readonly variadic?: ParamType
  /** Steps of a call beside those of every call and those that `run` charges; in proportion to its time with short arguments. */
  readonly cost?: number
  /** Throws FuncError for an error result; everything else thrown is a defect. */
  readonly run: (args: readonly GoValue[], context: CallContext) => GoValue
  /** True when the printed result is a serialised form of the last argument (toJSON, toYaml): the structure guard trusts it. */
  readonly serialiser?: boolean
  /** True when the result is the last argument but for blanks (indent, nindent, trim): what it prints is as safe as its argument. */
  readonly passthrough?: boolean
  /** True when an argument map is changed in place (set, unset, merge); it refuses frozen maps. Templates that call one get copies of their root's maps. */
  readonly mutates?: boolean
}

/** Functions by name. A value of `refused` is a function that exists in Istio and is refused here, with the reason. */
export type FuncMap = ReadonlyMap<string, TemplateFunc | { readonly refused: string }>

/** The error result of a template function. */
export class FuncError extends Error {}
