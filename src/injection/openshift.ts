// What OpenShift's admission does to pods before us, undone (contract §10): it gives every container of the pod the same
// user, istio-proxy of an injected pod included, which the template could then not set any more.

import type { Container, Pod } from '../api/kube.ts'
import { CONTAINER } from '../api/names.ts'
import { atLeast, type Release } from '../api/release.ts'
import { isObject } from '../std/json.ts'
import { changeContainer, containersOf, findContainer, findSidecar } from './containers.ts'

const OURS: readonly string[] = [CONTAINER.proxy, CONTAINER.init, CONTAINER.validation]

/**
 * Removes runAsUser and runAsGroup of istio-proxy when its user is that of the application: of the last container that
 * names one, two unset users being equal. Before 1.24 nothing is done; init containers are looked at from 1.27 on.
 */
export function resetProxyUser(pod: Pod, release: Release): Pod {
  if (!atLeast(release, 24)) return pod
  const withInit = atLeast(release, 27)
  const proxy = withInit ? findSidecar(pod) : findContainer(containersOf(pod, 'containers'), CONTAINER.proxy)
  if (proxy === undefined || !isObject(proxy.securityContext)) return pod
  if (userOf(proxy) !== applicationUser(pod, withInit)) return pod
  const list = containersOf(pod, 'containers').includes(proxy) ? 'containers' : 'initContainers'
  return changeContainer(pod, list, CONTAINER.proxy, withoutUser)
}

function applicationUser(pod: Pod, withInit: boolean): number {
  const all = [...containersOf(pod, 'containers'), ...(withInit ? containersOf(pod, 'initContainers') : [])]
  const last = all.findLast(
    (container) =>
      !OURS.includes(container.name) && typeof container.securityContext?.['runAsUser'] === 'number',
  )
  return last === undefined ? 0 : userOf(last)
}

function userOf(container: Container): number {
  const user = container.securityContext?.['runAsUser']
  return typeof user === 'number' ? user : 0
}

function withoutUser(container: Container): Container {
  const { runAsUser, runAsGroup, ...securityContext } = container.securityContext ?? {}
  if (runAsUser === undefined && runAsGroup === undefined) return container
  return { ...container, securityContext }
}
