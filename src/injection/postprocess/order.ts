// Order of the containers (contract §8.5): istio-proxy last, or first where applications wait for it; as a native
// sidecar before the user's init containers, behind what sets up its traffic.

import type { Pod } from '../../api/kube.ts'
import { CONTAINER } from '../../api/names.ts'
import { arrange, containersOf, findContainer, withContainers } from '../containers.ts'

/** `hold`: istio-proxy starts before the other containers. */
export function orderContainers(pod: Pod, hold: boolean): Pod {
  const containers = arrange(containersOf(pod, 'containers'), CONTAINER.proxy, hold ? 'first' : 'last')
  const ordered = withContainers(pod, 'containers', containers)
  let init = containersOf(pod, 'initContainers')
  if (findContainer(init, CONTAINER.proxy) !== undefined) {
    for (const name of [CONTAINER.coreDump, CONTAINER.proxy, CONTAINER.validation, CONTAINER.init]) {
      init = arrange(init, name, 'first')
    }
  } else {
    init = arrange(init, CONTAINER.validation, 'first')
    init = arrange(init, CONTAINER.init, 'last')
    init = arrange(init, CONTAINER.coreDump, 'last')
  }
  return withContainers(ordered, 'initContainers', init)
}
