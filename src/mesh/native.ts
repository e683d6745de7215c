// Whether the proxy becomes a native sidecar (an init container that keeps running) unless the pod says otherwise
// (contract §9): the injector's setting, and in mode `auto` the versions of the nodes the pod may land on.

import type { ClusterView, InjectorEnv } from '../api/mesh.ts'
import { atLeast, type Release } from '../api/release.ts'
import { own } from '../std/json.ts'

const VARIABLE = 'ENABLE_NATIVE_SIDECARS'
/** First Kubernetes minor release whose nodes get native sidecars in mode `auto`; the major number is not looked at. */
const NODE_MINOR = 33

const VERSION = /^v?\d+(?:\.(\d+))?(?:\.\d+)?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/
/** What Go's strconv.ParseBool takes for true. */
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])

function nodePasses(kubeletVersion: string): boolean {
  const match = VERSION.exec(kubeletVersion)
  if (match === null) return false
  // Semantic versions know no leading zeros in the numbers of a pre-release.
  const zeros = (match[2] ?? '').split('.').some((part) => /^0\d+$/.test(part))
  return !zeros && Number(match[1] ?? 0) >= NODE_MINOR
}

function nodesPass(cluster: ClusterView, nodeName: string): boolean {
  if (!cluster.access) return false
  const node = nodeName === '' ? undefined : cluster.nodes.find((each) => each.name === nodeName)
  if (node !== undefined) return nodePasses(node.kubeletVersion)
  return cluster.nodes.every((each) => nodePasses(each.kubeletVersion))
}

export interface NativeInput {
  readonly env: InjectorEnv
  readonly release: Release
  /** The cluster the pod belongs to; `access` false where the injector has no client for it. */
  readonly cluster: ClusterView
  /** `spec.nodeName` of the pod, empty before it is scheduled. */
  readonly nodeName: string
}

/** The flag `.NativeSidecars`; up to 1.26 the environment alone decides, as a bool that is false by default. */
export function detectNativeSidecars(input: NativeInput): boolean {
  const mode = own(input.env, VARIABLE)
  if (!atLeast(input.release, 27)) return mode !== undefined && TRUE.has(mode)
  if (mode === undefined || mode === '' || mode === 'auto') return nodesPass(input.cluster, input.nodeName)
  return mode === 'true'
}
