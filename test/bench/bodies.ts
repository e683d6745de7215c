// The reviews that the benchmark sends. Each row is a list of shapes: request bodies as text, cut at the places that
// differ from request to request, so that a client makes a body that was never sent before by joining strings.
// What an API server varies always varies: the request uid, and the random suffix of the token volume.

import type { JsonObject } from '../../src/std/json.ts'
import { gatewayPod, manyContainers, manyEnv, neverSeenPod, skippedPod, typicalPod, UNIQUE } from './pods.ts'

export const ROW_NAMES = ['repeated', 'never-seen', 'containers', 'env', 'gateway', 'skipped'] as const
export type RowName = (typeof ROW_NAMES)[number]

/** A request body cut into pieces; body n is the pieces joined by `uniqueText(n)`. */
export interface Shape {
  readonly pieces: readonly string[]
}

export interface Row {
  readonly name: RowName
  readonly title: string
  readonly shapes: readonly Shape[]
}

/** Five letters or digits, as an API server suffixes names; distinct for 36^5 numbers. */
export function uniqueText(n: number): string {
  return (n % 60_466_176).toString(36).padStart(5, '0')
}

export function bodyOf(shape: Shape, n: number): string {
  return shape.pieces.join(uniqueText(n))
}

function toShape(review: JsonObject): Shape {
  return { pieces: JSON.stringify(review).split(JSON.stringify(UNIQUE).slice(1, -1)) }
}

function review(pod: JsonObject, namespace: string): JsonObject {
  const kind = { group: '', version: 'v1', kind: 'Pod' }
  const resource = { group: '', version: 'v1', resource: 'pods' }
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: `705ab4f5-6393-11e8-b7cc-42010a8${UNIQUE}`,
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      namespace,
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        uid: '8a1c6b5e-40e3-4f0c-9f3e-0a4f4b8f1b11',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
      },
      object: pod,
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  }
}

/** Shapes of never-seen workloads: every combination differs in structure, and every request in its names and values. */
function neverSeenShapes(): Shape[] {
  const shapes: Shape[] = []
  for (const count of [1, 2, 3]) {
    for (const env of [0, 3, 8]) {
      for (const probes of [true, false]) {
        for (const labelled of [true, false]) {
          for (const annotated of [true, false]) {
            const index = shapes.length
            shapes.push(
              toShape(review(neverSeenPod({ count, env, probes, labelled, annotated, index }), 'shop')),
            )
          }
        }
      }
    }
  }
  return shapes
}

/** All rows of the benchmark, in the order of their letters. */
export function benchmarkRows(): Row[] {
  const one = (made: JsonObject): Shape[] => [toShape(review(made, 'shop'))]
  return [
    { name: 'repeated', title: '(a) repeated workload', shapes: one(typicalPod()) },
    { name: 'never-seen', title: '(b) never-seen workloads', shapes: neverSeenShapes() },
    { name: 'containers', title: '(c) 30 containers', shapes: one(manyContainers(30)) },
    { name: 'env', title: '(d) 2,000 env variables', shapes: one(manyEnv(2000)) },
    { name: 'gateway', title: '(e) gateway pod', shapes: one(gatewayPod()) },
    { name: 'skipped', title: '(f) skipped pod', shapes: one(skippedPod()) },
  ]
}

/** The review of a pod as text; `n` tells its unique texts. */
export function reviewText(pod: JsonObject, namespace: string, n: number): string {
  return bodyOf(toShape(review(pod, namespace)), n)
}
