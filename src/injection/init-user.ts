// A user who runs istio-proxy as another user (contract §7.3): istio-init and istio-validation must know that user, or
// the proxy's own traffic would be sent back to it. Looks at the incoming pod, changes the merged one.

import type { Container, Pod } from '../api/kube.ts'
import type { Message } from '../api/mesh.ts'
import { ANNOTATION, CONTAINER } from '../api/names.ts'
import { atLeast, type Release } from '../api/release.ts'
import { type JsonObject, own } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { changeContainer, changeSidecar, containersOf, findContainer, findSidecar } from './containers.ts'

/** Releases up to 1.22 do nothing. Throws a ProblemError where Istio dies: no user to overwrite in istio-proxy, or no argument after the first `-u`. */
export function adjustInitUser(merged: Pod, incoming: Pod, proxyConfig: Message, release: Release): Pod {
  if (!atLeast(release, 23)) return merged
  const wanted = findSidecar(incoming)?.securityContext ?? {}
  const user = wanted['runAsUser']
  const group = wanted['runAsGroup']
  if (typeof user !== 'number' && typeof group !== 'number') return merged
  const target = initContainer(merged)
  if (target === undefined) return merged

  const tproxy =
    proxyConfig['interceptionMode'] === 'TPROXY' ||
    own(merged.metadata.annotations ?? {}, ANNOTATION.interceptionMode) === 'TPROXY'
  let pod = merged
  if (tproxy && typeof user === 'number') {
    if (findSidecar(pod) === undefined) return pod
    pod = changeSidecar(pod, asRoot)
  }
  if (!tproxy && target.name === CONTAINER.validation) {
    const set: JsonObject = {}
    if (typeof user === 'number') set['runAsUser'] = user
    if (typeof group === 'number') set['runAsGroup'] = group
    pod = changeContainer(pod, 'initContainers', target.name, (container) => ({
      ...container,
      securityContext: { ...container.securityContext, ...set },
    }))
  }
  if (typeof user === 'number' && user !== 0) {
    pod = changeContainer(pod, 'initContainers', target.name, (container) =>
      withUserArgument(container, user),
    )
  }
  return pod
}

function initContainer(pod: Pod): Container | undefined {
  const list = containersOf(pod, 'initContainers')
  return findContainer(list, CONTAINER.init) ?? findContainer(list, CONTAINER.validation)
}

/** With TPROXY the proxy opens transparent sockets, which only root may. */
function asRoot(container: Container): Container {
  if (typeof container.securityContext?.['runAsUser'] !== 'number') {
    throw new ProblemError(
      'merge-failed',
      `container "${container.name}" has no securityContext.runAsUser to set to 0 for interception mode TPROXY`,
    )
  }
  return { ...container, securityContext: { ...container.securityContext, runAsUser: 0 } }
}

function withUserArgument(container: Container, user: number): Container {
  const args = container.args ?? []
  const at = args.indexOf('-u')
  if (at === -1) return container
  if (at + 1 === args.length) {
    throw new ProblemError(
      'merge-failed',
      `container "${container.name}" has argument "-u" without a user after it`,
    )
  }
  return { ...container, args: args.with(at + 1, String(user)) }
}
