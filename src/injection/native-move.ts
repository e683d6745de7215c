// A user's own istio-proxy container and native sidecars (contract §7.4): where the template makes istio-proxy an init
// container, the user's container moves there before the template is merged, so that both become one.

import type { Pod } from '../api/kube.ts'
import { ANNOTATION, CONTAINER } from '../api/names.ts'
import { atLeast, type Release } from '../api/release.ts'
import { own } from '../std/json.ts'
import { arrange, containersOf, findContainer, withContainers } from './containers.ts'

/** The native-sidecar flag with the pod's annotation applied; up to 1.23 the annotation means nothing. */
export function nativeFor(pod: Pod, flag: boolean, release: Release): boolean {
  const value = atLeast(release, 24)
    ? own(pod.metadata.annotations ?? {}, ANNOTATION.nativeSidecar)
    : undefined
  if (value === 'true') return true
  return value === 'false' ? false : flag
}

/** Moves istio-proxy of `pod` to the end of its init containers, if `template` has it among its own. */
export function moveForNative(pod: Pod, template: Pod, native: boolean): Pod {
  if (!native) return pod
  if (findContainer(containersOf(template, 'initContainers'), CONTAINER.proxy) === undefined) return pod
  const containers = containersOf(pod, 'containers')
  const proxy = containers.findLast((container) => container.name === CONTAINER.proxy)
  if (proxy === undefined) return pod
  const without = withContainers(pod, 'containers', arrange(containers, CONTAINER.proxy, 'nowhere'))
  return withContainers(without, 'initContainers', [...containersOf(pod, 'initContainers'), proxy])
}
