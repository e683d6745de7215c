// Laying what a template rendered, or a user's container, over a pod (contract §6): strategic merge, then Go's typed
// decode and encode, which is where wrong types are found. Error texts are Istio's.

import type { Pod } from '../api/kube.ts'
import { POD } from '../patch/schema.ts'
import { mergeStrategic } from '../patch/strategic.ts'
import { decodeChanged } from '../patch/typed.ts'
import { isObject, type Json, type JsonObject } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { parseYaml } from '../std/yaml.ts'

/** Reads rendered text. Throws where it is no YAML or no map; undefined when it is empty: nothing to lay over. */
export function readOverlay(text: string): JsonObject | undefined {
  const value = parsed(text)
  if (value === null) return undefined
  if (isObject(value)) return value
  throw new ProblemError('merge-failed', 'strategic merge: invalid JSON document')
}

function parsed(text: string): Json {
  try {
    return parseYaml(text)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    throw new ProblemError(
      'merge-failed',
      `strategic merge: invalid JSON document`,
      error.where,
      error.message,
    )
  }
}

/** `pod` with `overlay` merged onto it; both canonical afterwards. Throws a ProblemError with Istio's text. */
export function mergePod(pod: Pod, overlay: JsonObject): Pod {
  let merged: JsonObject
  try {
    merged = mergeStrategic(pod as unknown as JsonObject, overlay, POD)
  } catch (error) {
    throw prefixed('strategic merge', error)
  }
  try {
    return decodeChanged(POD, merged, pod as unknown as Json) as unknown as Pod
  } catch (error) {
    throw prefixed('unmarshal patched pod', error)
  }
}

function prefixed(prefix: string, error: unknown): unknown {
  if (!(error instanceof ProblemError)) return error
  return new ProblemError(error.code, `${prefix}: ${error.message}`, error.where, error.hint)
}
