// The container lists of a pod: finding, reordering, replacing. Pods are canonical typed JSON (a list may be null or
// absent) and never changed: every function returns the pod it got when there is nothing to do.

import type { Container, Pod } from '../api/kube.ts'
import { CONTAINER } from '../api/names.ts'

export type ContainerList = 'containers' | 'initContainers'
export const CONTAINER_LISTS: readonly ContainerList[] = ['containers', 'initContainers']

export function containersOf(pod: Pod, list: ContainerList): readonly Container[] {
  return pod.spec[list] ?? []
}

/** The first container of that name. */
export function findContainer(list: readonly Container[], name: string): Container | undefined {
  return list.find((container) => container.name === name)
}

/** Container istio-proxy: that among the containers before that among the init containers. */
export function findSidecar(pod: Pod): Container | undefined {
  return (
    findContainer(containersOf(pod, 'containers'), CONTAINER.proxy) ??
    findContainer(containersOf(pod, 'initContainers'), CONTAINER.proxy)
  )
}

/** `pod` with that list; an empty list of init containers is left out, as Go's omitempty does. */
export function withContainers(pod: Pod, list: ContainerList, containers: readonly Container[]): Pod {
  if (containers === pod.spec[list]) return pod
  if (list === 'initContainers' && containers.length === 0) {
    if (pod.spec.initContainers === undefined) return pod
    const { initContainers: _, ...spec } = pod.spec
    return { ...pod, spec }
  }
  return { ...pod, spec: { ...pod.spec, [list]: containers } }
}

/** Replaces the first container `name` of that list by what `change` makes of it. */
export function changeContainer(
  pod: Pod,
  list: ContainerList,
  name: string,
  change: (container: Container) => Container,
): Pod {
  const containers = containersOf(pod, list)
  const index = containers.findIndex((container) => container.name === name)
  const found = containers[index]
  if (found === undefined) return pod
  const changed = change(found)
  return changed === found ? pod : withContainers(pod, list, containers.with(index, changed))
}

/** Replaces the container that `findSidecar` finds. */
export function changeSidecar(pod: Pod, change: (container: Container) => Container): Pod {
  const inContainers = findContainer(containersOf(pod, 'containers'), CONTAINER.proxy) !== undefined
  return changeContainer(pod, inContainers ? 'containers' : 'initContainers', CONTAINER.proxy, change)
}

/** Replaces every container of both lists by what `change` makes of it. */
export function changeAll(pod: Pod, change: (container: Container) => Container): Pod {
  let result = pod
  for (const list of ['containers', 'initContainers'] as const) {
    const containers = containersOf(pod, list)
    const changed = containers.map(change)
    if (changed.some((container, i) => container !== containers[i]))
      result = withContainers(result, list, changed)
  }
  return result
}

/**
 * Takes the containers `name` out of the list, and puts the last of them first, last, or nowhere. Of two containers with
 * one name only one is left, as in Istio.
 */
export function arrange(
  list: readonly Container[],
  name: string,
  place: 'first' | 'last' | 'nowhere',
): readonly Container[] {
  const at = list.findLastIndex((container) => container.name === name)
  const found = list[at]
  if (found === undefined) return list
  const others = list.filter((container) => container.name !== name)
  const isAlone = others.length === list.length - 1
  if (isAlone && at === (place === 'first' ? 0 : place === 'last' ? others.length : -1)) return list
  return place === 'first' ? [found, ...others] : place === 'last' ? [...others, found] : others
}

/** `container` with `env`, left out when it is empty. */
export function withEnv(container: Container, env: NonNullable<Container['env']>): Container {
  if (env.length > 0) return { ...container, env }
  const { env: _, ...rest } = container
  return rest as Container
}
