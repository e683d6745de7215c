// The user and group of the proxy on OpenShift, from the id blocks that the platform writes onto a namespace
// (contract §10). A missing or unreadable block gives Istio's usual 1337.

import { own } from '../std/json.ts'

const UID_RANGE = 'openshift.io/sa.scc.uid-range'
const GROUPS = 'openshift.io/sa.scc.supplemental-groups'
/** All annotations of a namespace that injection reads. */
export const NAMESPACE_ANNOTATIONS: readonly string[] = [UID_RANGE, GROUPS]
const PROXY_ID = 1337
const MAX_UINT32 = 0xffffffff

/** `start/size` or `start-end`, read as Go's Sscanf does: blanks before a number, anything after the second. */
const BLOCK = /^[ \t]*(\d+)([/-])[ \t]*(\d+)/

/** Last id of a block. `start/0` wraps around, as unsigned 32-bit arithmetic does. */
function blockEnd(text: string): number | undefined {
  const match = BLOCK.exec(text)
  const first = Number(match?.[1])
  const second = Number(match?.[3])
  if (match === null || first > MAX_UINT32 || second > MAX_UINT32) return undefined
  // A text with a slash anywhere must have it between the numbers.
  if (text.includes('/') !== (match[2] === '/')) return undefined
  return match[2] === '/' ? (first + second - 1) >>> 0 : second
}

export interface ProxyUser {
  readonly uid: number
  readonly gid: number
}

/** Ids for pods of a namespace with these annotations. */
export function uidRanges(annotations: Readonly<Record<string, string>>): ProxyUser {
  const range = own(annotations, UID_RANGE)
  const groups = (own(annotations, GROUPS) ?? range ?? '').split(',').map(blockEnd)
  const uid = range === undefined ? undefined : blockEnd(range)
  const gid = groups.includes(undefined) ? undefined : groups[0]
  return { uid: uid ?? PROXY_ID, gid: gid ?? PROXY_ID }
}
