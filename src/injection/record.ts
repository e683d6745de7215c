// What an injection under compat `improved` writes down in the pod (annotation `remora.dev/record`): how to undo its
// changes, and which parts of the containers it brought are its own. Others may have changed the text; what is none of
// ours is passed over.

import type { Pod } from '../api/kube.ts'
import { ANNOTATION } from '../api/names.ts'
import { isObject, own } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { isUndo, type Undo } from './change.ts'
import type { ContainerList } from './containers.ts'
import { parseJson } from './gotext.ts'
import { statusOf } from './status.ts'

/** What an injection writes down about itself in annotation `remora.dev/record`. */
export interface InjectionRecord {
  readonly undo: readonly Undo[]
  /** Containers of the pod that templates wrote to as well, as `list/name`: `undo` says what. */
  readonly own: readonly string[]
  /** By container that injection brought: checksums of the parts that it wrote, run together. */
  readonly parts: Readonly<Record<string, string>>
}

/** Injections change about ten places; a record with very many was not made by one, and would take long to follow. */
const MOST_CHANGES = 2000

/** The record in `pod`; undefined where there is none, or a text that is none. */
export function recordOf(pod: Pod): InjectionRecord | undefined {
  const text = own(pod.metadata.annotations ?? {}, ANNOTATION.record)
  if (text === undefined) return undefined
  try {
    const value = parseJson(text)
    const undo: unknown = isObject(value) ? own(value, 'undo') : undefined
    const parts = isObject(value) ? own(value, 'parts') : undefined
    const shared = isObject(value) ? (own(value, 'own') ?? []) : []
    if (!Array.isArray(undo) || undo.length > MOST_CHANGES || !undo.every(isUndo)) return undefined
    if (!isObject(parts) || !Array.isArray(shared)) return undefined
    return {
      undo,
      own: shared.filter((item) => typeof item === 'string'),
      parts: parts as Record<string, string>,
    }
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

/** Whether `pod` carries the record of its injection, which knows all that it changed. */
export function hasRecord(pod: Pod): boolean {
  return statusOf(pod) !== undefined && recordOf(pod) !== undefined
}

/** Name of a container in a record. */
export const partsKey = (list: ContainerList, name: string): string => `${list}/${name}`
