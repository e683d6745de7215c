// One AdmissionReview answered with given settings, through the same function as the webhook, and its patch applied:
// what the runners over reference data share.

import { type AdmissionOutcome, admit, admitText } from '../../src/admission/admit.ts'
import type { ClusterView } from '../../src/api/mesh.ts'
import type { FastPathCache } from '../../src/injection/fast/cache.ts'
import type { MeshSnapshot, RevisionSettings } from '../../src/mesh/snapshot.ts'
import { applyPatch } from '../../src/patch/apply.ts'
import type { Forms } from '../../src/std/forms/forms.ts'
import { deepFreeze, type Json } from '../../src/std/json.ts'

/** A snapshot in which `settings` is the default revision. */
export function snapshotOf(settings: RevisionSettings, cluster: ClusterView): MeshSnapshot {
  // Tests of Istio have injectors with an empty revision, which a snapshot knows as `default`.
  const name = settings.revision === '' ? 'default' : settings.revision
  return {
    generation: 1,
    defaultRevision: name,
    revisions: { [name]: { settings } },
    tags: {},
    cluster,
  }
}

export interface Question {
  readonly settings: RevisionSettings
  readonly cluster: ClusterView
  readonly review: { readonly request: { readonly object: Json } }
  /** Path of the request, `/inject…`. */
  readonly path: string
  readonly compat: 'istio' | 'improved'
  readonly structure: 'refuse' | 'istio'
  /** As a server answers, with what it knows; both or none. */
  readonly fast?: { readonly fastPath: FastPathCache; readonly knownReviews: Forms }
}

export interface Answer {
  readonly allowed: boolean
  readonly injected: boolean
  readonly message: string
  readonly uid: string
  /** The request's object with the patch applied. */
  readonly final: Json
  readonly outcome: AdmissionOutcome
}

export function answer(question: Question): Answer {
  const { settings, cluster, review, path, compat, structure, fast } = question
  const snapshot = snapshotOf(settings, cluster)
  const outcome =
    fast === undefined
      ? admit(snapshot, deepFreeze(review), path, { compat, structure })
      : admitText(snapshot, JSON.stringify(review), path, { compat, structure, ...fast })
  const { operations } = outcome
  const { object } = review.request
  return {
    allowed: outcome.response.response.allowed,
    injected: operations !== undefined,
    message: outcome.problem?.message ?? '',
    uid: outcome.uid,
    final: operations === undefined ? object : applyPatch(object, [...operations]),
    outcome,
  }
}
