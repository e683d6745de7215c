// What went wrong in a call to the API server, as a kind that callers decide by. The message is the server's own where
// it gave one; nobody decides by message text.

import { isObject, type Json } from '../std/json.ts'

export type ApiErrorKind =
  | 'not-found'
  | 'conflict'
  | 'already-exists'
  | 'forbidden'
  | 'unauthorized'
  | 'invalid'
  | 'gone'
  | 'throttled'
  /** No answer, or one that another try may change. */
  | 'transient'

export interface ApiErrorFacts {
  /** 0: there was no answer. */
  readonly status: number
  readonly reason?: string
  readonly kind?: ApiErrorKind
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

export class ApiError extends Error {
  readonly status: number
  /** `reason` of the Status object, as `NotFound`; empty when there was none. */
  readonly reason: string
  readonly kind: ApiErrorKind
  readonly retryAfterMs: number | undefined

  constructor(message: string, facts: ApiErrorFacts) {
    super(message, { cause: facts.cause })
    this.name = 'ApiError'
    this.status = facts.status
    this.reason = facts.reason ?? ''
    this.kind = facts.kind ?? kindOf(facts.status, this.reason)
    this.retryAfterMs = facts.retryAfterMs
  }

  /** Whether the API server itself gave no answer: it is away, or the way to it (502, 504: what a gateway says then). */
  get unreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504
  }
}

const KINDS: ReadonlyMap<number, ApiErrorKind> = new Map([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [408, 'transient'],
  [409, 'conflict'],
  [410, 'gone'],
  [429, 'throttled'],
])

function kindOf(status: number, reason: string): ApiErrorKind {
  if (reason === 'AlreadyExists') return 'already-exists'
  if (reason === 'Expired' || reason === 'Gone') return 'gone'
  return KINDS.get(status) ?? (status >= 400 && status < 500 ? 'invalid' : 'transient')
}

/** The error of an answer, or of a Status object in a watch (its `code` is the status). */
export function statusError(
  body: Json,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): ApiError {
  const told = isObject(body) ? body : {}
  const text = typeof body === 'string' ? (body.trim().split('\n')[0] ?? '') : told['message']
  const message = typeof text === 'string' && text !== '' ? text : `the API server answered ${status}`
  const reason = typeof told['reason'] === 'string' ? told['reason'] : ''
  const details = isObject(told['details']) ? told['details']['retryAfterSeconds'] : undefined
  const seconds = Number(headers['retry-after'] ?? details)
  const wait = Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}
  return new ApiError(message, { status, reason, ...wait })
}

/** No answer, or only a part of one. */
export function connectionError(server: string, error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const words = message === '' ? code : message
  return new ApiError(`cannot reach ${server}: ${words}`, { status: 0, kind: 'transient', cause: error })
}
