// Decoded YAML as plain data. Mappings are plain objects whose keys are text; parts may be shared through aliases, so
// nobody may change them.

import { isObject } from '../json.ts'
import { GoFloat, type Scalar } from './resolve.ts'
import { type Mark, YamlFault } from './token.ts'

/** A decoded node. GoFloat and bigint appear only where the caller asked for exact numbers. */
export type YamlValue = Scalar | GoFloat | YamlValue[] | YamlObject
export interface YamlObject {
  [key: string]: YamlValue
}

export function isMap(value: YamlValue): value is YamlObject {
  return isObject(value) && !((value as unknown) instanceof GoFloat)
}

/** Throws when infinities or NaN, for which JSON has no word, have stayed anywhere in the data. */
export function refuseInfinite(value: YamlValue, at: Mark): void {
  const number = value instanceof GoFloat ? value.value : value
  if (typeof number === 'number' && !Number.isFinite(number)) {
    const name = Number.isNaN(number) ? 'NaN' : number > 0 ? '+Inf' : '-Inf'
    throw new YamlFault(`json: unsupported value: ${name}`, at)
  }
  if (Array.isArray(value)) for (const item of value) refuseInfinite(item, at)
  else if (isMap(value)) for (const key of Object.keys(value)) refuseInfinite(value[key] ?? null, at)
}
