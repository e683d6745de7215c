// What Istio's second injection may make different (contract §7.2), as rules: in goes an injected pod, out comes the pod
// without what a rule excepts, such that the first and the second injection of a pod give the same.

import type { Container, Pod } from '../../src/api/kube.ts'
import { ANNOTATION, CONTAINER } from '../../src/api/names.ts'
import { containersOf, findSidecar } from '../../src/injection/containers.ts'
import { PROBERS_ENV } from '../../src/injection/postprocess/probes.ts'
import { readStatus, statusOf } from '../../src/injection/status.ts'
import { goJson } from '../../src/std/gojson.ts'
import { type JsonObject, own } from '../../src/std/json.ts'

const LISTS = ['initContainers', 'containers'] as const

const STOCK = ['istio-proxy', 'istio-init', 'istio-validation', 'enable-core-dump']

/** Names of the containers that injection brings to `pod`, which became `injected`, and no user does. */
export function broughtNames(injected: Pod, pod: Pod): string[] {
  const before = namesOf(pod)
  return [...STOCK, ...namesOf(injected).filter((name) => !before.includes(name))]
}

/** These, and the pod's own containers that templates write to. */
function injectedNames(injected: Pod, pod: Pod): string[] {
  const status = readStatus(statusOf(injected) ?? '')
  return [...broughtNames(injected, pod), ...(status?.initContainers ?? []), ...(status?.containers ?? [])]
}

const namesOf = (pod: Pod): string[] =>
  LISTS.flatMap((list) => containersOf(pod, list).map((container) => container.name))

/** Whether `pod` came with containers of its own under names of injected ones, which injection may move. */
export function bringsInjected(pod: Pod): boolean {
  return namesOf(pod).some((name) => STOCK.includes(name))
}

/**
 * Whether `pod`, which became `injected`, has items that cannot be told from each other where injection writes: containers
 * of one name (which no API server takes), or items that share a key in a container that templates write to.
 */
export function hasTwins(pod: Pod, injected: Pod): boolean {
  const names = injectedNames(injected, pod)
  // Where settings write something else over the status, it names nothing: any container may have been written to.
  const unknown = readStatus(statusOf(injected) ?? '') === undefined
  const all = LISTS.flatMap((list) => containersOf(pod, list))
  const written = all.filter(({ name }) => unknown || names.includes(name))
  const lists = written.flatMap((container) =>
    Object.entries(MERGED).map(([field, key]) =>
      ((container[field] ?? []) as JsonObject[]).map((item) => item[key]),
    ),
  )
  return [namesOf(pod), ...lists].some((keys) => new Set(keys).size < keys.length)
}

/** Lists of a container that the template is merged into, and what names an item. */
const MERGED: Readonly<Record<string, string>> = {
  env: 'name',
  ports: 'containerPort',
  volumeMounts: 'mountPath',
}

export interface Again {
  /** The pod before. */
  readonly incoming: Pod
  /** The pod as it was injected first, before anything was added. */
  readonly once: Pod
  /** Whether something was added between two injections. */
  readonly added: boolean
  /** That of the mesh default config. */
  readonly statusPort: number
}

/**
 * `injected` as far as Istio's second injection leaves it:
 * - The user's overrides are lost: where the pod came with containers that templates write to, no injected container
 *   counts (others follow the user's settings, as the uid in the arguments of istio-init does).
 * - Where templates bring a container of one name to both lists, the second injection makes one of them, or two (§7.4):
 *   those do not count.
 * - The template is laid over what the first injection left, its items in front: in injected containers the order of
 *   lists with a merge key does not count, and items that share a key do not count; nor does it count where injected
 *   containers stand among the others, and in which order the status names them.
 * - Under TPROXY the user of istio-proxy becomes root, as it has one that somebody set (§7.3): it does not count.
 * - Annotations that the first injection wrote are the pod's own for the second one, so that they stay: where something
 *   was added, they do not count.
 * - What the agent was told of a probe stays, and up to 1.26 it is told of none where it knew none: where something
 *   was added, what it is told does not count. Nor where the pod has a status port of its own, as the agent's pages are
 *   taken for new probes then.
 */
export function untouchedAgain(injected: Pod, again: Again): Pod {
  const { incoming, once, added, statusPort } = again
  const names = injectedNames(injected, incoming)
  const lost = namesOf(incoming).some((name) => names.includes(name))
  const port = own(incoming.metadata.annotations ?? {}, ANNOTATION.statusPort) ?? String(statusPort)
  const status = readStatus(statusOf(once) ?? '')
  const twice = [namesOf(once), [...(status?.initContainers ?? []), ...(status?.containers ?? [])]]
  const twins = twice.flatMap((list) => list.filter((name, index) => list.indexOf(name) !== index))
  const uncounted = added || port !== String(statusPort) ? [PROBERS_ENV] : []
  const tproxy = mayBeTproxy(injected)
  const spec = { ...injected.spec }
  for (const list of LISTS) {
    const all = containersOf(injected, list)
    const ours = lost ? [] : all.filter(({ name }) => names.includes(name) && !twins.includes(name))
    const sorted = ours.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    spec[list] = [
      ...sorted.map((container) =>
        unordered(container, uncounted, tproxy && container.name === CONTAINER.proxy),
      ),
      ...all.filter(({ name }) => !names.includes(name)),
    ]
  }
  return { ...injected, metadata: withoutWritten(injected.metadata, again), spec }
}

/** Whether the pod may have been injected for TPROXY: its own proxy config speaks of the mode, or it says so itself. */
function mayBeTproxy(pod: Pod): boolean {
  const annotations = pod.metadata.annotations ?? {}
  const told = findSidecar(pod)?.env?.find((variable) => variable.name === 'ISTIO_META_INTERCEPTION_MODE')
  const mode = own(annotations, ANNOTATION.interceptionMode) ?? told?.value
  return mode === 'TPROXY' || (own(annotations, ANNOTATION.proxyConfig) ?? '').includes('interceptionMode')
}

function withoutWritten(metadata: Pod['metadata'], { incoming, once, added }: Again): Pod['metadata'] {
  const before = incoming.metadata.annotations ?? {}
  const first = added ? Object.keys(once.metadata.annotations ?? {}) : []
  const written = [ANNOTATION.status, ...first.filter((name) => !Object.hasOwn(before, name))]
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => !written.includes(name))
  const text = own(metadata.annotations ?? {}, ANNOTATION.status) ?? ''
  const lists = Object.entries(readStatus(text) ?? { text })
  const status = lists.map(([name, list]) => [name, typeof list === 'string' ? list : list.toSorted()])
  return {
    ...metadata,
    annotations: {
      ...Object.fromEntries(annotations),
      [ANNOTATION.status]: goJson(Object.fromEntries(status)),
    },
  }
}

/** Lists with a merge key as sorted texts, without items that share a key and env variables `uncounted`. */
function unordered(container: Container, uncounted: readonly string[], tproxy: boolean): Container {
  const { runAsUser: _, ...securityContext } = container.securityContext ?? {}
  const result = { ...container, ...(tproxy ? { securityContext } : {}) }
  for (const [field, key] of Object.entries(MERGED)) {
    const items = (container[field] ?? []) as JsonObject[]
    const groups = [...Map.groupBy(items, (item) => goJson(item[key] ?? null)).values()]
    const single = groups.flatMap((group) => (group.length === 1 ? group : []))
    const counted = field === 'env' ? single.filter(({ name }) => !uncounted.includes(String(name))) : single
    Object.assign(result, { [field]: counted.map((item) => goJson(item)).sort() })
  }
  return result
}
