// One admission request from its body to its answer: decode → route → decide → inject → patch → response.
// The only place that builds a response and that chooses between allowing and refusing: a pod that cannot be injected
// as asked is refused (Istio's failurePolicy: Fail), never let through bare. Pure; throws nothing, whatever comes in.

import type { Pod } from '../api/kube.ts'
import type { Outcome } from '../api/outcome.ts'
import { type Decision, decide } from '../injection/decide.ts'
import type { FastPathCache } from '../injection/fast/cache.ts'
import { decodePod, injectInSteps } from '../injection/inject.ts'
import { type MeshSnapshot, type RevisionSettings, resolveRevision } from '../mesh/snapshot.ts'
import type { Operation } from '../patch/diff.ts'
import { settleNumbers } from '../patch/numbers.ts'
import { POD } from '../patch/schema.ts'
import { jsonText } from '../patch/text.ts'
import { toBase64 } from '../std/base64.ts'
import type { Forms } from '../std/forms/forms.ts'
import { ProblemError } from '../std/problem.ts'
import { finished, type Steps } from '../std/steps.ts'
import { patchOf } from './patch.ts'
import { parseRoute, type Route } from './path.ts'
import { nonceOf, proofText } from './proof.ts'
import { patched, type ResponseDetails, type ReviewResponse, refused, skipped, undecoded } from './respond.ts'
import {
  type Decoded,
  decodeParsedReview,
  decodeReview,
  depthProblem,
  type ReviewMeta,
  type ReviewRequest,
} from './review.ts'

export interface AdmitOptions {
  readonly compat: 'istio' | 'improved'
  readonly structure: 'refuse' | 'istio'
  /** Templates that run past it are refused. Times are those of `now`. */
  readonly deadline?: { readonly now: () => number; readonly at: number }
  /** What templates rendered before; answers are the same without it. */
  readonly fastPath?: FastPathCache
  /** What is known of the reviews before; answers are the same without it. */
  readonly knownReviews?: Forms
  /** Adds audit annotations and warnings to the response (design §8); Istio never does. */
  readonly details?: boolean
  /** False: a pod that asks who answers is not told (proof.ts). */
  readonly proofs?: boolean
}

export interface AdmissionOutcome {
  readonly response: ReviewResponse
  readonly outcome: Outcome
  /** The rule that decided, or the code of the problem; from a closed list. */
  readonly reason: string
  readonly uid: string
  readonly namespace: string
  /** Name or generateName of the pod, as far as it could be read. */
  readonly pod: string
  /** The revision that answered; `unknown` when the path names none that is known. */
  readonly revision: string
  readonly hash?: string
  readonly decision?: Decision
  readonly operations?: readonly Operation[]
  readonly templates?: readonly string[]
  readonly problem?: ProblemError
}

/** Answers the text of a request body that came to the percent-decoded `path`. */
export function admitText(
  snapshot: MeshSnapshot,
  text: string,
  path: string,
  options: AdmitOptions,
): AdmissionOutcome {
  return finished(admitInSteps(snapshot, text, path, options))
}

/** As `admitText`, in steps. The deadline's clock is looked at within one of them only. */
export function* admitInSteps(
  snapshot: MeshSnapshot,
  text: string,
  path: string,
  options: AdmitOptions,
): Steps<AdmissionOutcome> {
  const decoded = decodeReview(text, options.knownReviews)
  yield
  return yield* answer(snapshot, decoded, path, options)
}

/** Answers a review that is JSON data already. */
export function admit(
  snapshot: MeshSnapshot,
  review: unknown,
  path: string,
  options: AdmitOptions,
): AdmissionOutcome {
  return finished(answer(snapshot, decodeParsedReview(review), path, options))
}

/** What is known about a request while it is worked on. */
interface Known {
  readonly meta: ReviewMeta
  readonly uid: string
  readonly namespace: string
  readonly revision: string
  readonly settings?: RevisionSettings
  readonly pod?: Pod
  readonly decision?: Decision
}

type Decided = Known & Required<Pick<Known, 'settings' | 'pod' | 'decision'>>

function* answer(
  snapshot: MeshSnapshot,
  decoded: Decoded,
  path: string,
  options: AdmitOptions,
): Steps<AdmissionOutcome> {
  if (!decoded.ok) return answerUndecoded(decoded)
  const { meta, request } = decoded
  let known: Known = { meta, uid: request.uid, namespace: request.namespace, revision: UNKNOWN }
  try {
    const route = parseRoute(path)
    if (route === undefined) throw new ProblemError('not-found', `path "${path}" is no injection path`)
    if (isWithoutRevisions(snapshot)) return skipAll(known, options)
    const settings = resolveRevision(snapshot, route)
    known = { ...known, revision: settings.revision, settings }
    const pod = podOf(request)
    known = { ...known, pod }
    const { config, release } = settings
    const decision = decide({ pod, namespace: request.namespace, config, release })
    const decided: Decided = { ...known, settings, pod, decision }
    known = decided
    if (!decision.inject) return skip(decided, options)
    yield
    return yield* inject(decided, request, route, snapshot, options)
  } catch (error) {
    return refuse(known, problemOf(error), options)
  }
}

/** What stands for the revision where none is known: names that callers make up never become labels. */
const UNKNOWN = 'unknown'

/** The typed pod. Go's decoder meets no text at all where the object is absent or null. */
function podOf(request: ReviewRequest): Pod {
  if (request.object === undefined) throw new ProblemError('invalid-object', 'unexpected end of JSON input')
  try {
    const object =
      request.spelled === undefined ? request.object : settleNumbers(POD, request.spelled, 'given')
    return decodePod(object, request.namespace, 'given', request.isShared)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    throw new ProblemError('invalid-object', error.message, error.where, error.hint)
  }
}

function* inject(
  decided: Decided,
  request: ReviewRequest,
  route: Route,
  snapshot: MeshSnapshot,
  options: AdmitOptions,
): Steps<AdmissionOutcome> {
  const { pod, settings, decision, meta, uid } = decided
  const isShallow = request.isShared === true || request.isShallow === true
  const tooDeep = isShallow ? undefined : depthProblem(request.object)
  if (tooDeep !== undefined) throw new ProblemError('invalid-object', tooDeep)
  const result = yield* injectInSteps({
    pod,
    settings,
    cluster: snapshot.cluster,
    envPairs: route.envPairs,
    mode: 'webhook',
    compat: options.compat,
    structure: options.structure,
    ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
    ...(options.fastPath === undefined ? {} : { fastPath: options.fastPath }),
  })
  yield
  const operations = patchOf(request.object ?? {}, pod, result)
  yield
  const details = detailsOf(decided, decision.reason, options, result.warnings)
  return {
    ...summary(decided),
    response: patched(meta, uid, toBase64(jsonText(operations)), details),
    outcome: 'patched',
    reason: decision.reason,
    operations,
    templates: result.templates,
  }
}

function skip(decided: Decided, options: AdmitOptions): AdmissionOutcome {
  const { meta, uid, decision } = decided
  const { reason } = decision
  const details = detailsOf(decided, reason, options, [])
  return { ...summary(decided), response: skipped(meta, uid, details), outcome: 'skipped', reason }
}

/** The cluster was looked at, and has no control plane; before the first look nothing may pass. */
function isWithoutRevisions({ generation, revisions }: MeshSnapshot): boolean {
  return generation > 0 && Object.keys(revisions).length === 0
}

/** Nobody can inject in a cluster without a revision: pods go on as they are, and are told why. */
function skipAll(known: Known, options: AdmitOptions): AdmissionOutcome {
  const reason = 'no-revision'
  const warning = 'the cluster has no revision of Istio, so that no sidecar is injected'
  const response = skipped(known.meta, known.uid, detailsOf(known, reason, options, [warning]))
  return { ...summary(known), response, outcome: 'skipped', reason }
}

function refuse(known: Known, problem: ProblemError, options: AdmitOptions): AdmissionOutcome {
  const { meta, uid } = known
  const details = detailsOf(known, problem.code, options, problem.hint === undefined ? [] : [problem.hint])
  return {
    ...summary(known),
    response: refused(meta, uid, problem.message, details),
    outcome: 'refused',
    reason: problem.code,
    problem,
  }
}

function answerUndecoded(decoded: Decoded & { ok: false }): AdmissionOutcome {
  const { meta, uid = '', message } = decoded
  return {
    response: meta === undefined ? undecoded(message) : refused(meta, uid, message),
    outcome: 'refused',
    reason: 'invalid-review',
    uid,
    namespace: '',
    pod: '',
    revision: UNKNOWN,
    problem: new ProblemError('invalid-review', message),
  }
}

function summary(known: Known) {
  const { uid, pod, settings, revision, decision } = known
  const metadata = pod?.metadata
  return {
    uid,
    namespace: metadata?.namespace ?? known.namespace,
    pod: metadata?.name || metadata?.generateName || '',
    revision,
    ...(settings === undefined ? {} : { hash: settings.hash }),
    ...(decision === undefined ? {} : { decision }),
  }
}

function detailsOf(
  known: Known,
  reason: string,
  options: AdmitOptions,
  warnings: readonly string[],
): ResponseDetails {
  const proof = options.proofs === false ? [] : proofOf(known)
  if (options.details !== true) return { warnings: proof }
  const { revision, settings } = known
  const auditAnnotations = {
    revision,
    reason,
    ...(settings === undefined ? {} : { 'config-hash': settings.hash }),
  }
  const told = [...decisionWarnings(known.decision), ...warnings].map(oneWarning)
  return { auditAnnotations, warnings: [...proof, ...told] }
}

/** Only for a pod that asks who answers; no other answer depends on it. */
function proofOf({ pod, settings }: Known): string[] {
  const nonce = pod === undefined ? undefined : nonceOf(pod)
  if (nonce === undefined || settings === undefined) return []
  return [proofText({ nonce, revision: settings.revision, hash: settings.hash })]
}

function decisionWarnings(decision: Decision | undefined): string[] {
  return (decision?.trace ?? []).filter((step) => step.warning === true).map((step) => step.detail)
}

/** API servers cut warnings at 256 bytes, and warn about those with line breaks. */
const LONGEST_WARNING = 240

function oneWarning(text: string): string {
  const line = `remora: ${text.replaceAll(/\s+/g, ' ')}`
  return line.length > LONGEST_WARNING ? `${line.slice(0, LONGEST_WARNING - 1)}…` : line
}

/** A defect of ours refuses the pod, too; its text stays short, and says that it is not the user's fault. */
function problemOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new ProblemError('defect', `internal error of the injector: ${reason}`)
}
