// The annotation `sidecar.istio.io/status`: what an earlier injection put into a pod (contract §7, §8.4). Istio reads it
// in two ways, one lenient and one that dies on wrong types, and writes it in one.

import type { Pod } from '../api/kube.ts'
import { ANNOTATION } from '../api/names.ts'
import { goJson } from '../std/gojson.ts'
import { isObject, type Json, type JsonObject, own } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { containersOf } from './containers.ts'
import { parseJson } from './gotext.ts'

export interface InjectedNames {
  readonly containers: readonly string[]
  readonly initContainers: readonly string[]
}

export interface Status extends InjectedNames {
  readonly volumes: readonly string[]
  readonly imagePullSecrets: readonly string[]
}

const NOTHING: Status = { containers: [], initContainers: [], volumes: [], imagePullSecrets: [] }

const LISTS = ['initcontainers', 'containers', 'volumes', 'imagepullsecrets']

/** The annotation of `pod`; undefined when there is none. */
export function statusOf(pod: Pod): string | undefined {
  return own(pod.metadata.annotations ?? {}, ANNOTATION.status)
}

/**
 * The status as Go's typed decoding reads it, names in any case. Undefined when the text is none: for the pod that
 * templates see, such a pod was never injected.
 */
export function readStatus(text: string): Status | undefined {
  const value = parsed(text)
  if (value === null) return NOTHING
  if (!isObject(value)) return undefined
  const lists: Record<string, readonly string[]> = {}
  for (const [name, item] of Object.entries(value)) {
    const key = name.toLowerCase()
    if (key === 'revision' && item !== null && typeof item !== 'string') return undefined
    if (!LISTS.includes(key)) continue
    const list = names(item)
    if (list === undefined) return undefined
    if (item !== null || lists[key] === undefined) lists[key] = list
    if (item === null) lists[key] = []
  }
  return {
    containers: lists['containers'] ?? [],
    initContainers: lists['initcontainers'] ?? [],
    volumes: lists['volumes'] ?? [],
    imagePullSecrets: lists['imagepullsecrets'] ?? [],
  }
}

/** A list of strings as Go decodes it: null is an empty list, and a null in it an empty name. */
function names(value: Json): string[] | undefined {
  if (value === null) return []
  if (!Array.isArray(value)) return undefined
  const list: string[] = []
  for (const item of value) {
    if (item !== null && typeof item !== 'string') return undefined
    list.push(item ?? '')
  }
  return list
}

/**
 * Names whose containers are not taken for the user's own (contract §7.1). A text that is no JSON object names nothing;
 * wrong types inside one make Istio die, and throw a ProblemError here.
 */
export function injectedNames(text: string): InjectedNames {
  const value = parsed(text)
  if (!isObject(value)) return { containers: [], initContainers: [] }
  return {
    containers: strictNames(value, 'containers'),
    initContainers: strictNames(value, 'initContainers'),
  }
}

function strictNames(status: JsonObject, key: string): readonly string[] {
  const list = own(status, key) ?? null
  if (list === null) return []
  if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list
  throw new ProblemError(
    'invalid-annotation',
    `annotation "${ANNOTATION.status}" has ${goJson(list)} under "${key}", expected a list of container names`,
  )
}

function parsed(text: string): Json | undefined {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

/** Texts by what the templates made: of the pods of one shape that is the very same. */
const texts = new WeakMap<Pod, string>()

/** The annotation's new text: what the templates made, in their order; `null` stands for an empty list. */
export function statusText(template: Pod, revision: string): string {
  let lists = texts.get(template)
  if (lists === undefined) {
    lists = listsText(template)
    texts.set(template, lists)
  }
  return `{${lists},"revision":${goJson(revision === '' ? 'default' : revision)}}`
}

function listsText(template: Pod): string {
  const { spec } = template
  const lists: readonly (readonly [string, readonly { name?: string }[]])[] = [
    ['initContainers', containersOf(template, 'initContainers')],
    ['containers', containersOf(template, 'containers')],
    ['volumes', spec.volumes ?? []],
    ['imagePullSecrets', spec.imagePullSecrets ?? []],
  ]
  const parts = lists.map(([name, items]) => {
    const value = items.length === 0 ? 'null' : goJson(items.map((item) => item.name ?? ''))
    return `"${name}":${value}`
  })
  return parts.join(',')
}
