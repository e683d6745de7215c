// Injecting a pod again as if it were for the first time (compat `improved`; design §1). Istio merges the templates onto
// what an earlier injection left, and loses the user's overrides on the way. Here the pod is first brought back to what
// it was: injected parts go, moved parts return, and a record in the pod says what else was changed. What others did to
// the pod since then stays, also what they added to injected containers. Law: inject(inject(p)) = inject(p).

import type { Container, Pod } from '../api/kube.ts'
import { ANNOTATION, CONTAINER } from '../api/names.ts'
import { POD } from '../patch/schema.ts'
import { decode } from '../patch/typed.ts'
import { goJson } from '../std/gojson.ts'
import { type Json, without } from '../std/json.ts'
import { changeAnnotations, withAnnotations } from './annotations.ts'
import { applyUndo, undoOf } from './change.ts'
import {
  CONTAINER_LISTS,
  type ContainerList,
  changeAll,
  containersOf,
  findContainer,
  findSidecar,
  withContainers,
} from './containers.ts'
import { type Carried, writtenParts } from './foreign.ts'
import { AUTO_IMAGE, readOverrides } from './overrides.ts'
import { PROBERS_ENV, readProbers, restoreProbes } from './postprocess/probes.ts'
import { restoreScraping, SCRAPING_ENV } from './postprocess/prometheus.ts'
import { partsKey, recordOf } from './record.ts'
import { readStatus, statusOf } from './status.ts'

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
    for (const list of CONTAINER_LISTS) {
      const kept = containersOf(pod, list).filter(
        ({ name }) => !status[list].includes(name) || own.includes(partsKey(list, name)),
      )
      if (kept.length < containersOf(pod, list).length) result = withContainers(result, list, kept)
    }
    result = withoutNamed(result, 'volumes', status.volumes)
    result = withoutNamed(result, 'imagePullSecrets', status.imagePullSecrets)
  }
  const probers = readProbers(sidecarEnv(pod, PROBERS_ENV) ?? 'null') ?? new Map()
  result = changeAll(result, (container) => restoreProbes(container, probers))
  return withAllAnnotations(result, without(pod.metadata.annotations ?? {}, OURS))
}

/** Puts the application's scrape annotations back into `plain`, as far as the sidecar of `injected` tells them. */
function withScraping(plain: Pod, injected: Pod): Pod {
  const annotations = plain.metadata.annotations ?? {}
  return withAllAnnotations(plain, restoreScraping(annotations, sidecarEnv(injected, SCRAPING_ENV)))
}

function withAllAnnotations(pod: Pod, all: Readonly<Record<string, string>>): Pod {
  if (Object.keys(all).length > 0) return withAnnotations(pod, all)
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
  for (const list of CONTAINER_LISTS) {
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
  for (const list of CONTAINER_LISTS) {
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
  const set = { [ANNOTATION.configHash]: input.hash, [ANNOTATION.record]: goJson(record) }
  return changeAnnotations(pod, { removed: [], set })
}

const isSingle = (pod: Pod, list: ContainerList, name: string): boolean =>
  containersOf(pod, list).filter((container) => container.name === name).length === 1
