// A user's own settings for containers that the templates bring (contract §7): on the first injection the user's
// containers of the same names win over the template and are recorded in `proxy.istio.io/overrides`; later injections
// find them there. Pods are canonical typed JSON and never changed.

import type { Container, Pod } from '../api/kube.ts'
import { ANNOTATION } from '../api/names.ts'
import { encodeOrdered } from '../patch/encode.ts'
import { POD_TABLE, TypeTable } from '../patch/schema.ts'
import { decode } from '../patch/typed.ts'
import { type Json, own } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { changeAnnotations, withAnnotations } from './annotations.ts'
import { type ContainerList, containersOf, findContainer, withContainers } from './containers.ts'
import { parseJson } from './gotext.ts'
import { mergePod } from './merge.ts'
import { stripPrometheus } from './postprocess/prometheus.ts'
import { type InjectedNames, injectedNames, readStatus, statusOf } from './status.ts'

export interface Overrides {
  readonly containers: readonly Container[]
  readonly initContainers: readonly Container[]
}

const OVERRIDES = new TypeTable(
  'podOverrides: containers:[]Container initContainers:[]Container',
  POD_TABLE,
).type('podOverrides')

/** An image that says: take the template's. */
export const AUTO_IMAGE = 'auto'

/** The overrides that `pod` carries. Throws a ProblemError with Go's text where they are not what they should be. */
export function readOverrides(pod: Pod): Overrides {
  const text = own(pod.metadata.annotations ?? {}, ANNOTATION.overrides)
  if (text === undefined) return { containers: [], initContainers: [] }
  const value = (decode(OVERRIDES, parseJson(text)) ?? {}) as unknown as Partial<Overrides>
  return { containers: value.containers ?? [], initContainers: value.initContainers ?? [] }
}

/**
 * The pod that templates see: without what an earlier injection added, with recorded overrides put back.
 * `statusPort` is that of the mesh default config.
 */
export function strippedPod(pod: Pod, statusPort: number): Pod {
  const overrides = readOverrides(pod)
  let result = withoutInjected(pod, statusPort)
  for (const list of ['containers', 'initContainers'] as const) {
    for (const container of overrides[list]) {
      const present = containersOf(result, list)
      if (findContainer(present, container.name) !== undefined) continue
      result = withContainers(result, list, [...present, container])
    }
  }
  return result
}

function withoutInjected(pod: Pod, statusPort: number): Pod {
  const text = statusOf(pod)
  const status = text === undefined ? undefined : readStatus(text)
  if (status === undefined) return pod
  const { [ANNOTATION.status]: _, ...annotations } = stripPrometheus(
    pod.metadata.annotations ?? {},
    statusPort,
  )
  let result = withAnnotations(pod, annotations)
  for (const list of ['containers', 'initContainers'] as const) {
    const kept = containersOf(pod, list).filter((container) => !status[list].includes(container.name))
    if (kept.length < containersOf(pod, list).length) result = withContainers(result, list, kept)
  }
  return result
}

export interface ReapplyInput {
  /** The pod before injection. */
  readonly incoming: Pod
  /** What the templates made, by themselves. */
  readonly template: Pod
  /** The pod with the templates merged. */
  readonly merged: Pod
}

/** Merges the user's own containers onto `merged` again and records them, if the pod was never injected before. */
export function reapplyContainers(input: ReapplyInput): Pod {
  const { incoming, template } = input
  const recorded = readOverrides(incoming)
  const status = statusOf(incoming)
  const injected = status === undefined ? { containers: [], initContainers: [] } : injectedNames(status)
  const found: { containers: Container[]; initContainers: Container[] } = {
    containers: [],
    initContainers: [],
  }
  let pod = input.merged
  for (const list of ['containers', 'initContainers'] as const) {
    for (const { name } of containersOf(template, list)) {
      const own = ownContainer(incoming, list, name, recorded, injected)
      if (own === undefined) continue
      const container = own.image === AUTO_IMAGE ? withoutImage(own) : own
      found[list].push(container)
      pod = apply(pod, list, container)
    }
  }
  if (status !== undefined || found.containers.length + found.initContainers.length === 0) return pod
  const text = encodeOrdered(OVERRIDES, found as unknown as Json)
  return changeAnnotations(pod, { removed: [], set: { [ANNOTATION.overrides]: text } })
}

/** The user's container `name` for that list of the template; undefined when there is none or it is not the user's. */
function ownContainer(
  incoming: Pod,
  list: ContainerList,
  name: string,
  recorded: Overrides,
  injected: InjectedNames,
): Container | undefined {
  const override = findContainer(recorded[list], name)
  if (injected[list].includes(name)) return undefined
  return (
    override ??
    findContainer(containersOf(incoming, 'containers'), name) ??
    (list === 'initContainers' ? findContainer(containersOf(incoming, 'initContainers'), name) : undefined)
  )
}

function withoutImage(container: Container): Container {
  const { image: _, ...rest } = container
  return rest as Container
}

function apply(pod: Pod, list: ContainerList, container: Container): Pod {
  try {
    return mergePod(pod, { spec: { [list]: [container as unknown as Json] } })
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const what = list === 'containers' ? 'sidecar container' : 'sidecar init container'
    throw new ProblemError(error.code, `failed to apply ${what}: ${error.message}`, error.where)
  }
}
