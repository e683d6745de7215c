// Injecting a pod again as if it were for the first time (compat `improved`; design §1). Istio merges the templates onto
// what an earlier injection left, and loses the user's overrides on the way. Here the pod is first brought back to what
// it was: injected parts go, moved parts return, and a record in the pod says what else was changed. What others did to
// the pod since then stays, also what they added to injected containers. Law: inject(inject(p)) = inject(p).

import type { Container, Pod } from '../api/kube.ts'
import { ANNOTATION, CONTAINER } from '../api/names.ts'
import { POD } from '../patch/schema.ts'
import { decode } from '../patch/typed.ts'
import { goJson } from '../std/gojson.ts'
import { isObject, type Json, type JsonObject, own } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { applyUndo, checksum, isUndo, type Undo, undoOf } from './change.ts'
import {
  type ContainerList,
  changeAll,
  changeContainer,
  containersOf,
  findContainer,
  findSidecar,
  withAnnotations,
  withContainers,
} from './containers.ts'
import { parseJson } from './gotext.ts'
import { AUTO_IMAGE, readOverrides } from './overrides.ts'
import { PROBERS_ENV, readProbers, restoreProbes } from './postprocess/probes.ts'
import { restoreScraping, SCRAPING_ENV } from './postprocess/prometheus.ts'
import { readStatus, statusOf } from './status.ts'

/** What an injection writes down about itself in annotation `remora.dev/record`. */
interface InjectionRecord {
  readonly undo: readonly Undo[]
  /** Containers of the pod that templates wrote to as well, as `list/name`: `undo` says what. */
  readonly own: readonly string[]
  /** By container that injection brought: checksums of the parts that it wrote, run together. */
  readonly parts: Readonly<Record<string, string>>
}

const LISTS: readonly ContainerList[] = ['containers', 'initContainers']

/** Written by post-processing, and never by others. */
const OWN_ENV: readonly string[] = [PROBERS_ENV, SCRAPING_ENV]

/** Injections change about ten places; a record with very many was not made by one, and would take long to follow. */
const MOST_CHANGES = 2000

function recordOf(pod: Pod): InjectionRecord | undefined {
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

/**
 * `pod` as it was before an earlier injection, with what others changed since; `pod` itself when there was none.
 * Throws a ProblemError where the record makes no pod of it.
 */
export function restorePod(pod: Pod): Pod {
  if (statusOf(pod) === undefined) return pod
  const record = recordOf(pod)
  const plain = withoutInjected(pod, record?.own ?? [])
  if (record !== undefined)
    return decode(POD, applyUndo(plain as unknown as Json, record.undo)) as unknown as Pod
  return withOverrides(withScraping(plain, pod), pod)
}

/** Takes out what the status names, but for `own` containers, and the annotations that only we write; puts back the probes. */
function withoutInjected(pod: Pod, own: readonly string[]): Pod {
  const status = readStatus(statusOf(pod) ?? '')
  let result = pod
  if (status !== undefined) {
    for (const list of LISTS) {
      const kept = containersOf(pod, list).filter(
        ({ name }) => !status[list].includes(name) || own.includes(partsKey(list, name)),
      )
      if (kept.length < containersOf(pod, list).length) result = withContainers(result, list, kept)
    }
    result = withoutNamed(result, 'volumes', status.volumes)
    result = withoutNamed(result, 'imagePullSecrets', status.imagePullSecrets)
  }
  const probers = readProbers(sidecarEnv(pod, PROBERS_ENV) ?? 'null') ?? {}
  result = changeAll(result, (container) => restoreProbes(container, probers))
  const annotations = Object.entries(pod.metadata.annotations ?? {}).filter(([name]) => !OURS.includes(name))
  return withAllAnnotations(result, Object.fromEntries(annotations))
}

/** Puts the application's scrape annotations back into `plain`, as far as the sidecar of `injected` tells them. */
function withScraping(plain: Pod, injected: Pod): Pod {
  const annotations = plain.metadata.annotations ?? {}
  return withAllAnnotations(plain, restoreScraping(annotations, sidecarEnv(injected, SCRAPING_ENV)))
}

function withAllAnnotations(pod: Pod, all: Readonly<Record<string, string>>): Pod {
  if (Object.keys(all).length > 0) return withAnnotations(pod, { ...all })
  const { annotations: _, ...metadata } = pod.metadata
  return { ...pod, metadata }
}

const OURS: readonly string[] = [
  ANNOTATION.status,
  ANNOTATION.overrides,
  ANNOTATION.configHash,
  ANNOTATION.record,
]

function sidecarEnv(pod: Pod, name: string): string | undefined {
  return findSidecar(pod)?.env?.findLast((variable) => variable.name === name)?.value
}

function withoutNamed(pod: Pod, field: 'volumes' | 'imagePullSecrets', names: readonly string[]): Pod {
  const list: readonly { name?: string }[] = pod.spec[field] ?? []
  const kept = list.filter((item) => !names.includes(item.name ?? ''))
  if (kept.length === list.length) return pod
  if (kept.length > 0) return { ...pod, spec: { ...pod.spec, [field]: kept } }
  const { [field]: _, ...spec } = pod.spec
  return { ...pod, spec: spec as Pod['spec'] }
}

/**
 * Puts recorded overrides of a pod that Istio injected where the injected containers stood; istio-proxy among the
 * containers, where users write it. One without an image had `auto` for the template's.
 */
function withOverrides(plain: Pod, injected: Pod): Pod {
  const { containers, initContainers } = readOverrides(injected)
  const isProxy = ({ name }: Container): boolean => name === CONTAINER.proxy
  const overrides = {
    containers: [...containers, ...initContainers.filter(isProxy)],
    initContainers: initContainers.filter((container) => !isProxy(container)),
  }
  let result = plain
  for (const list of LISTS) {
    const kept = containersOf(plain, list)
    const missing = overrides[list]
      .filter(({ name }) => findContainer(kept, name) === undefined)
      .map((container) => ((container.image ?? '') === '' ? { ...container, image: AUTO_IMAGE } : container))
    if (missing.length === 0) continue
    const placed = containersOf(injected, list).flatMap(
      ({ name }) => findContainer(kept, name) ?? findContainer(missing, name) ?? [],
    )
    const rest = missing.filter((container) => !placed.includes(container))
    result = withContainers(result, list, [...placed, ...rest])
  }
  return result
}

/** Lists in a container whose items others add to, and what names an item. */
const PART_LISTS: Readonly<Record<string, string>> = {
  env: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  ports: 'containerPort',
}

function itemsOf(container: Container, field: string): readonly JsonObject[] {
  const list = container[field]
  return Array.isArray(list) ? (list as JsonObject[]) : []
}

const partOfField = (field: string): string => checksum(field)
const partOfItem = (field: string, key: string, item: JsonObject): string =>
  checksum([field, item[key] ?? null])

/** Checksums of the fields and list items of a container. */
function partsOf(container: Container): string[] {
  const fields = Object.keys(container).map(partOfField)
  const items = Object.entries(PART_LISTS).flatMap(([field, key]) =>
    itemsOf(container, field).map((item) => partOfItem(field, key, item)),
  )
  return [...fields, ...items]
}

export interface Carried {
  readonly pod: Pod
  /** By container: the parts that were carried over. */
  readonly parts: ReadonlyMap<string, readonly string[]>
}

/**
 * `fresh` with what others added to injected containers of `incoming` since the last injection: fields, env variables,
 * mounts, devices and ports that neither we wrote then nor the templates write now.
 */
export function carryForeign(fresh: Pod, incoming: Pod | undefined, envNames: readonly string[]): Carried {
  const parts = new Map<string, readonly string[]>()
  const status = incoming === undefined ? undefined : readStatus(statusOf(incoming) ?? '')
  if (incoming === undefined || status === undefined) return { pod: fresh, parts }
  const record = recordOf(incoming)
  let pod = fresh
  for (const list of LISTS) {
    for (const name of status[list]) {
      const before = findContainer(containersOf(incoming, list), name)
      const key = partsKey(list, name)
      if (before === undefined || record?.own.includes(key)) continue
      const known = knownParts(own(record?.parts ?? {}, key))
      pod = changeContainer(pod, list, name, (container) => {
        const carried = carry(container, before, known, envNames, pod)
        const added = partsOf(carried).filter((part) => !partsOf(container).includes(part))
        parts.set(key, added)
        return carried
      })
    }
  }
  return { pod, parts }
}

const CHECKSUM_LENGTH = 8

function knownParts(text: unknown): ReadonlySet<string> {
  const parts = new Set<string>()
  if (typeof text !== 'string') return parts
  for (let at = 0; at < text.length; at += CHECKSUM_LENGTH) parts.add(text.slice(at, at + CHECKSUM_LENGTH))
  return parts
}

function carry(
  fresh: Container,
  before: Container,
  known: ReadonlySet<string>,
  envNames: readonly string[],
  pod: Pod,
): Container {
  let result = fresh
  for (const [field, value] of Object.entries(before)) {
    const key = own(PART_LISTS, field)
    if (key !== undefined) {
      const items = itemsOf(before, field).filter((item) => !known.has(partOfItem(field, key, item)))
      const foreign = items.filter((item) => isForeign(item, field, key, result, envNames, pod))
      if (foreign.length > 0) result = { ...result, [field]: [...itemsOf(result, field), ...foreign] }
    } else if (!Object.hasOwn(fresh, field) && !known.has(partOfField(field))) {
      result = { ...result, [field]: value }
    }
  }
  return result
}

function isForeign(
  item: JsonObject,
  field: string,
  key: string,
  container: Container,
  envNames: readonly string[],
  pod: Pod,
): boolean {
  const name = item[key]
  if (itemsOf(container, field).some((other) => other[key] === name)) return false
  if (field === 'env') return ![...OWN_ENV, ...envNames].includes(String(name))
  if (field !== 'volumeMounts') return true
  return (pod.spec.volumes ?? []).some((volume) => volume.name === item['name'])
}

export interface RecordInput {
  /** The injected pod. */
  readonly pod: Pod
  /** The pod as it was restored before. */
  readonly restored: Pod
  readonly carried: Carried
  readonly hash: string
}

/** The injected pod with the record of its injection and the hash of the settings. */
export function withRecord(input: RecordInput): Pod {
  const { pod, restored } = input
  const status = readStatus(statusOf(pod) ?? '')
  const shared: string[] = []
  const parts: Record<string, string> = {}
  for (const list of LISTS) {
    for (const name of status?.[list] ?? []) {
      const container = findContainer(containersOf(pod, list), name)
      const key = partsKey(list, name)
      if (container === undefined) continue
      if (isSingle(restored, list, name)) shared.push(key)
      else parts[key] = writtenParts(container, input.carried.parts.get(key) ?? [])
    }
  }
  const undo = undoOf(withoutInjected(pod, shared) as unknown as Json, restored as unknown as Json)
  const record = { undo, parts, ...(shared.length === 0 ? {} : { own: shared }) }
  return withAnnotations(pod, {
    ...pod.metadata.annotations,
    [ANNOTATION.configHash]: input.hash,
    [ANNOTATION.record]: goJson(record),
  })
}

const partsKey = (list: ContainerList, name: string): string => `${list}/${name}`

const isSingle = (pod: Pod, list: ContainerList, name: string): boolean =>
  containersOf(pod, list).filter((container) => container.name === name).length === 1

function writtenParts(container: Container, foreign: readonly string[]): string {
  const written = partsOf(container).filter((part) => !foreign.includes(part))
  return written.sort().join('')
}
