// The proof that remora, and nobody else, answered a call of the API server: a pod asks for it with a nonce in an
// annotation, the answer carries it back as a warning. A sidecar alone would prove nothing: istiod may have made it.

import type { Pod } from '../api/kube.ts'
import { ANNOTATION } from '../api/names.ts'
import { own } from '../std/json.ts'

export interface Proof {
  readonly nonce: string
  /** The revision that answered: a tag is resolved. */
  readonly revision: string
  /** Config hash of its settings. */
  readonly hash: string
}

const NONCE = /^[a-z0-9]{8,64}$/

/** The nonce that a pod asks to be given back; undefined when it asks for nothing, or for more than a nonce. */
export function nonceOf(pod: Pod): string | undefined {
  const nonce = own(pod.metadata.annotations ?? {}, ANNOTATION.proof)
  return nonce !== undefined && NONCE.test(nonce) ? nonce : undefined
}

/** Text of the warning. */
export function proofText({ nonce, revision, hash }: Proof): string {
  return `remora: proof ${nonce} by revision ${revision}, config ${hash}`
}

/** Reads a warning of an API server's answer; undefined when it is another one. */
export function readProof(warning: string): Proof | undefined {
  const match = /^remora: proof ([a-z0-9]+) by revision (\S+), config (\S+)$/.exec(warning)
  if (match === null) return undefined
  const [, nonce = '', revision = '', hash = ''] = match
  return { nonce, revision, hash }
}
