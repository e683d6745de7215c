// What the webhook port answers (contract §1.1): routing, the checks of a request in Istio's order and words, the
// admission itself, and what is counted and logged about it. Never logs a pod, an env value, or a text that quotes one.

import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { type AdmissionOutcome, type AdmitOptions, admitInSteps } from '../admission/admit.ts'
import { createFastPath } from '../admission/fast-path.ts'
import { encodeReview } from '../admission/respond.ts'
import type { InvalidReason } from '../api/outcome.ts'
import type { MeshSnapshot } from '../mesh/snapshot.ts'
import { fromBytes } from '../std/bytes.ts'
import type { Steps } from '../std/steps.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { BodyReader } from './body.ts'
import { type Target, targetReader } from './route.ts'
import { runningTime } from './running-time.ts'
import { type TakeTurn, turns } from './turn.ts'
import { type Answer, type Endpoint, TEXT } from './webhook.ts'

export interface EndpointOptions {
  readonly snapshot: () => MeshSnapshot
  readonly admission: Omit<AdmitOptions, 'deadline'>
  /** Time one request may be worked on, from its whole body on; while the process stands still, no time passes. */
  readonly deadlineMs: number
  readonly bodies: BodyReader
  readonly bodyLimit: number
  readonly ready: () => boolean
  readonly metrics: Pick<Metrics, 'started' | 'finished'> & Partial<Pick<Metrics, 'rendered'>>
  /** Share of fast answers that are compared with the plain pipeline's, 0 to 1; none unless given. */
  readonly verifyFastPath?: number
  readonly log: Log
}

interface Serving extends EndpointOptions {
  readonly turn: TakeTurn
}

export function createEndpoint(given: EndpointOptions): Endpoint {
  const { metrics, log } = given
  const fast = createFastPath({
    now: () => performance.now(),
    verify: given.verifyFastPath ?? 0,
    random: Math.random,
    count: (result) => metrics.rendered?.(result),
    onMismatch: (remembered) =>
      log.error('the fast path gave another result than the pipeline; the pod got the right one', {
        remembered,
      }),
  })
  const options: Serving = {
    ...given,
    turn: turns(() => performance.now()),
    admission: { ...given.admission, ...fast },
  }
  const targetOf = targetReader()
  return (request) => {
    const target = targetOf(request.url ?? '/')
    return target.kind === 'inject'
      ? inject(options, request, target.path)
      : Promise.resolve(other(options, request, target))
  }
}

function other(
  options: EndpointOptions,
  request: IncomingMessage,
  target: Exclude<Target, { kind: 'inject' }>,
): Answer {
  switch (target.kind) {
    case 'ready':
      return { status: options.ready() ? 200 : 503, body: '' }
    case 'redirect':
      return redirect(request, target.location)
    case 'malformed':
      return { status: 400, type: TEXT, body: '400 Bad Request' }
    case 'not-found':
      return { status: 404, type: TEXT, body: '404 page not found\n' }
  }
}

/** As Go's RedirectHandler: a link for those who look, nothing for other methods. */
function redirect(request: IncomingMessage, location: string): Answer {
  if (request.method !== 'GET') return { status: 301, body: '', location }
  const link = location.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
  const body = `<a href="${link}">Moved Permanently</a>.\n\n`
  return { status: 301, type: 'text/html; charset=utf-8', body, location }
}

async function inject(options: Serving, request: IncomingMessage, path: string): Promise<Answer> {
  const { metrics } = options
  metrics.started()
  const body = await options.bodies.read(request)
  const start = performance.now()
  const invalid = checkRequest(body, request, options.bodyLimit)
  if (invalid !== undefined || 'failed' in body) {
    const { status, text, reason } = invalid ?? UNREADABLE
    const seconds = (performance.now() - start) / 1000
    metrics.finished({ revision: 'unknown', outcome: 'invalid', reason, seconds })
    options.log.warn('refused a request that carries no review', { reason, status })
    return { status, type: TEXT, body: `${text}\n` }
  }
  return options.turn(request.socket, decideOn(options, body.bytes, path, start))
}

/** `start`: when the whole body was there. */
function* decideOn(options: Serving, request: Buffer, path: string, start: number): Steps<Answer> {
  const snapshot = options.snapshot()
  const deadline = { now: runningTime(() => performance.now()), at: options.deadlineMs }
  const outcome = yield* admitInSteps(snapshot, textOf(request), path, { ...options.admission, deadline })
  const { text, bytes } = encodeReview(outcome.response)
  report(options, outcome, snapshot.generation, performance.now() - start)
  return { status: 200, type: TEXT, body: text, bytes }
}

/** The body as text; bytes that are not UTF-8 stay apart, since what is said about them depends on where they are. */
function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : fromBytes(bytes)
}

interface Invalid {
  readonly status: number
  readonly text: string
  readonly reason: InvalidReason
}

const UNREADABLE: Invalid = { status: 400, text: 'unexpected EOF', reason: 'body-unreadable' }

/** Rows 1–3 of the contract's table; undefined when the body may be decoded. */
function checkRequest(
  body: Awaited<ReturnType<BodyReader['read']>>,
  request: IncomingMessage,
  limit: number,
): Invalid | undefined {
  if ('failed' in body) {
    if (body.failed === 'unreadable') return UNREADABLE
    const text = `Request entity too large: limit is ${limit}`
    return { status: 400, text, reason: 'body-too-large' }
  }
  if (body.bytes.length === 0) return { status: 400, text: 'no body found', reason: 'body-empty' }
  if (request.headers['content-type'] === 'application/json') return undefined
  return { status: 415, text: 'invalid Content-Type, want `application/json`', reason: 'content-type' }
}

function report(options: EndpointOptions, outcome: AdmissionOutcome, generation: number, ms: number): void {
  const { revision, reason } = outcome
  options.metrics.finished({ revision, outcome: outcome.outcome, reason, seconds: ms / 1000 })
  const level = outcome.outcome === 'refused' ? 'warn' : 'info'
  options.log[level]('decided on a pod', {
    uid: outcome.uid,
    namespace: outcome.namespace,
    pod: outcome.pod,
    revision,
    outcome: outcome.outcome,
    reason,
    field: outcome.problem?.where.field,
    line: outcome.problem?.where.line,
    ms: Math.round(ms * 1000) / 1000,
    generation,
  })
}
