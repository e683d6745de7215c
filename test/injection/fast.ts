// What tests of the fast path share: a cache that counts what comes of renderings, and the answer to a pod as the bytes
// that are sent.

import { admit, admitText } from '../../src/admission/admit.ts'
import { createKnownReviews } from '../../src/admission/known-reviews.ts'
import { encodeReview } from '../../src/admission/respond.ts'
import { FastPathCache, type FastPathLimits, type FastResult } from '../../src/injection/fast/cache.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import type { Forms } from '../../src/std/forms/forms.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { CLUSTER } from './settings.ts'

export interface Bench {
  readonly cache: FastPathCache
  readonly counts: Record<FastResult, number>
}

/** A cache with room for all that a test builds, unless `limits` says otherwise. */
export function bench(limits: Partial<FastPathLimits> = {}, now = (): number => 0, verifies = false): Bench {
  const counts = { hit: 0, build: 0, fallback: 0, mismatch: 0 }
  const count = (result: FastResult): void => {
    counts[result]++
  }
  const all = { entries: 2000, bytes: 1 << 30, buildsPerSecond: 1_000_000, ...limits }
  return { cache: new FastPathCache({ now, count, verifies: () => verifies, limits: all }), counts }
}

const reviews = new WeakMap<FastPathCache, Forms>()

/** What is known of the reviews that were answered with `cache`; all are learnt from. */
function reviewsOf(cache: FastPathCache): Forms {
  const known = reviews.get(cache) ?? createKnownReviews({ limits: { readPerLearnt: 1 } })
  reviews.set(cache, known)
  return known
}

/** The text of the answer; by the plain pipeline without a cache. */
export function answer(
  settings: RevisionSettings,
  pod: Json,
  cache?: FastPathCache,
  namespace = 'default',
): string {
  const review = {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: { uid: 'u', namespace, object: pod },
  }
  const snapshot = {
    generation: 1,
    defaultRevision: 'default',
    revisions: { default: { settings } },
    tags: {},
    cluster: CLUSTER,
  }
  const options = { compat: 'istio', structure: 'refuse' } as const
  const outcome =
    cache === undefined
      ? admit(snapshot, review, '/inject', options)
      : admitText(snapshot, JSON.stringify(review), '/inject', {
          ...options,
          fastPath: cache,
          knownReviews: reviewsOf(cache),
        })
  return encodeReview(outcome.response).text
}

/** A pod whose first container is `app`. */
export function podOf(
  annotations: JsonObject = {},
  labels: JsonObject = {},
  containers: readonly Json[] = [],
): JsonObject {
  const first = { name: 'app', image: 'i', ports: [{ containerPort: 80 }] }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', labels: { app: 'web', ...labels }, annotations },
    spec: { containers: [first, ...containers], serviceAccountName: 'account' },
  }
}
