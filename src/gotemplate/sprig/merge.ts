// Merging maps as dario.cat/mergo 1.0.1 does behind sprig's merge and mergeOverwrite.
// The target changes in place; nested maps that only a source has are shared with it, not copied.

import { setOwn } from '../../std/json.ts'
import { FuncError } from '../func.ts'
import type { GoMap, GoValue } from '../value.ts'
import { mapOfValue } from '../value-ops.ts'
import { empty } from './reflect.ts'

/**
 * Fills what the target lacks or holds empty; with `overwrite`, what the source has wins, empty scalars included.
 * Maps on both sides are merged entry by entry; lists are taken whole.
 */
export function merge(
  target: GoMap,
  source: GoMap,
  overwrite: boolean,
  charge: (count: number) => void,
): void {
  for (const key of Object.keys(source)) {
    charge(8)
    const theirs = (source[key] ?? null) as GoValue
    const ours = (Object.hasOwn(target, key) ? (target[key] ?? null) : undefined) as GoValue
    if (theirs === null) {
      if (overwrite) put(target, key, null)
      continue
    }
    const theirMap = mapOfValue(theirs)
    const ourMap = mapOfValue(ours)
    if (theirMap !== undefined && ourMap !== undefined) {
      if (ourMap.type.name !== theirMap.type.name)
        throw new FuncError(mismatch(ourMap.elem.name, theirMap.elem.name))
      // Whether the target's map counts as empty is asked after the merge.
      merge(ourMap.raw, theirMap.raw, overwrite, charge)
      if (!empty(ours)) continue
    }
    if (overwrite || empty(ours)) put(target, key, theirs)
  }
}

function put(target: GoMap, key: string, value: GoValue): void {
  if (Object.isFrozen(target)) {
    throw new FuncError('merge cannot change a map of the input; merge into a copy of it (deepCopy)')
  }
  setOwn(target as { [key: string]: unknown }, key, value)
}

function mismatch(target: string, source: string): string {
  return `reflect.Value.SetMapIndex: value of type ${source} is not assignable to type ${target}`
}
