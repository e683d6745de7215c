// The four answers there are, in Istio's shape and key order (contract §1.3), and their text on the wire.
// Nothing else makes a response; `code`, `reason` and an echo of the request are never part of one.

import { byteLength } from '../std/bytes.ts'
import { goJsonString } from '../std/gojson.ts'
import type { ReviewMeta } from './review.ts'

export interface AdmissionResponse {
  readonly uid: string
  readonly allowed: boolean
  readonly status?: { readonly metadata: Readonly<Record<string, never>>; readonly message?: string }
  /** Base64 of a JSON patch. */
  readonly patch?: string
  readonly patchType?: 'JSONPatch'
  readonly auditAnnotations?: Readonly<Record<string, string>>
  readonly warnings?: readonly string[]
}

/** `kind` and `apiVersion` are those of the request, and absent when it could not be read. */
export interface ReviewResponse {
  readonly kind?: string
  readonly apiVersion?: string
  readonly response: AdmissionResponse
}

/** What may be told besides the answer; Istio never sends it, so it is left out unless asked for. */
export interface ResponseDetails {
  readonly auditAnnotations?: Readonly<Record<string, string>>
  readonly warnings?: readonly string[]
}

/** Allowed, nothing to do. */
export function skipped(meta: ReviewMeta, uid: string, details: ResponseDetails = {}): ReviewResponse {
  return review(meta, { uid, allowed: true, ...present(details) })
}

/** Allowed with a patch, given in base64; an empty list of operations is sent, too. */
export function patched(
  meta: ReviewMeta,
  uid: string,
  patch: string,
  details: ResponseDetails = {},
): ReviewResponse {
  return review(meta, { uid, allowed: true, patch, patchType: 'JSONPatch', ...present(details) })
}

/** Not allowed, with the reason for the person who made the pod. */
export function refused(
  meta: ReviewMeta,
  uid: string,
  message: string,
  details: ResponseDetails = {},
): ReviewResponse {
  return review(meta, { uid, allowed: false, status: status(message), ...present(details) })
}

/** Not allowed, because the body is no AdmissionReview: there is no uid and no kind to give back. */
export function undecoded(message: string): ReviewResponse {
  return { response: { uid: '', allowed: false, status: status(message) } }
}

function review(meta: ReviewMeta, response: AdmissionResponse): ReviewResponse {
  return {
    ...(meta.kind === '' ? {} : { kind: meta.kind }),
    ...(meta.apiVersion === '' ? {} : { apiVersion: meta.apiVersion }),
    response,
  }
}

function status(message: string): { metadata: Record<string, never>; message?: string } {
  return message === '' ? { metadata: {} } : { metadata: {}, message }
}

const NO_DETAILS: ResponseDetails = {}

function present(details: ResponseDetails): ResponseDetails {
  const { auditAnnotations, warnings } = details
  if (auditAnnotations === undefined && warnings?.length === 0) return NO_DETAILS
  return {
    ...(auditAnnotations === undefined || Object.keys(auditAnnotations).length === 0
      ? {}
      : { auditAnnotations }),
    ...(warnings === undefined || warnings.length === 0 ? {} : { warnings }),
  }
}

/** A text, and the length of its UTF-8. */
export interface Encoded {
  readonly text: string
  readonly bytes: number
}

/** The text of a response: members in the order of the types above, strings escaped as Go does. */
export function encodeReview({ kind, apiVersion, response }: ReviewResponse): Encoded {
  const head = kind === undefined ? '' : `"kind":${goJsonString(kind)},`
  const version = apiVersion === undefined ? '' : `"apiVersion":${goJsonString(apiVersion)},`
  const before = `{${head}${version}"response":${encodeBeforePatch(response)}`
  const { patch } = response
  const after = `${encodeAfterPatch(response)}}`
  if (patch === undefined) return { text: before + after, bytes: byteLength(before) + byteLength(after) }
  // Base64 holds nothing to escape, a character is a byte, and it is nearly all there is: it is not looked through.
  const text = `${before},"patch":"${patch}"${after}`
  return { text, bytes: byteLength(before) + ',"patch":""'.length + patch.length + byteLength(after) }
}

function encodeBeforePatch({ uid, allowed, status }: AdmissionResponse): string {
  const text = `{"uid":${goJsonString(uid)},"allowed":${allowed}`
  if (status === undefined) return text
  const message = status.message === undefined ? '' : `,"message":${goJsonString(status.message)}`
  return `${text},"status":{"metadata":{}${message}}`
}

function encodeAfterPatch({ patchType, auditAnnotations, warnings }: AdmissionResponse): string {
  let text = ''
  if (patchType !== undefined) text += `,"patchType":"${patchType}"`
  if (auditAnnotations !== undefined) {
    const members = Object.entries(auditAnnotations).map(
      ([key, value]) => `${goJsonString(key)}:${goJsonString(value)}`,
    )
    text += `,"auditAnnotations":{${members.join(',')}}`
  }
  if (warnings !== undefined) text += `,"warnings":[${warnings.map(goJsonString).join(',')}]`
  return `${text}}`
}
