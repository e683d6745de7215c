// The way back on the pods of the reference data: what `inject` puts into a manifest, `uninject` takes out again, in
// both compat modes and for every kind of workload; and a pod that Istio injected, which has no record of ours, loses
// nothing that matters: taken out and injected again it is the same pod.

import type { Pod } from '../../src/api/kube.ts'
import { ANNOTATION } from '../../src/api/names.ts'
import { type InjectContext, injectPlace } from '../../src/cli/inject/place.ts'
import { uninjected } from '../../src/cli/inject/uninject-template.ts'
import { podPlaces } from '../../src/cli/input/workloads.ts'
import { injectPod } from '../../src/injection/inject.ts'
import { readStatus } from '../../src/injection/status.ts'
import { POD } from '../../src/patch/schema.ts'
import { decode } from '../../src/patch/typed.ts'
import { deepFreeze, equalJson, isObject, type Json, type JsonObject } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { jsonDiff } from './compare.ts'
import type { Outcome } from './outcome.ts'
import { type CasePlace, isMarked, type RequestSubject, type Subject } from './subjects.ts'

const COMPATS = ['istio', 'improved'] as const

/** A pod of a request as a manifest. */
export function placesOfRequests(subjects: readonly RequestSubject[]): CasePlace[] {
  return subjects.flatMap(({ object, pod, ...rest }) => {
    const manifest = isObject(object) ? { ...object, apiVersion: 'v1', kind: 'Pod' } : {}
    const namespace = pod.metadata.namespace ?? ''
    return podPlaces(manifest).map((place) => ({ ...rest, place, namespace }))
  })
}

/** uninject(inject(x)) is uninject(x), which is x where it was never injected. */
export function wayBack(subject: CasePlace): Outcome[] {
  return COMPATS.flatMap((compat) => {
    const injected = injectedTemplate(subject, compat)
    const before = former(subject.place.template)
    if (injected === undefined || before === undefined) return []
    return [outcome(`${subject.id} ${compat}: uninject`, before, former(injected))]
  })
}

/** The injected template; undefined when it is refused, or has no status, without which there is no way back. */
function injectedTemplate(subject: CasePlace, compat: InjectContext['compat']): JsonObject | undefined {
  const { place, namespace, ...rest } = subject
  try {
    const context: InjectContext = { ...rest, envPairs: { ...rest.envPairs }, compat, structure: 'refuse' }
    const { template } = injectPlace(deepFreeze(place), namespace, context)
    return hasStatus(template) ? template : undefined
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

/** Settings may ask for an annotation of their own in place of the status. */
function hasStatus(template: JsonObject): boolean {
  const { metadata } = template as unknown as Pod
  return readStatus(metadata.annotations?.[ANNOTATION.status] ?? '') !== undefined
}

function former(template: JsonObject): JsonObject | undefined {
  try {
    return uninjected(deepFreeze(template)).template
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

/** A pod that Istio injected is the same when it is taken out and injected once more. */
export function istioAndBack(subject: Subject): Outcome[] {
  if (isMarked(subject.pod)) return []
  const inject = (pod: Pod): Pod =>
    injectPod({ ...subject, pod: deepFreeze(pod), mode: 'webhook', compat: 'istio', structure: 'refuse' }).pod
  try {
    const once = inject(subject.pod)
    const plain = decode(POD, uninjected(once as unknown as JsonObject).template) as unknown as Pod
    return [
      outcome(`${subject.id} istio: out and in`, once as unknown as Json, inject(plain) as unknown as Json),
    ]
  } catch (error) {
    if (error instanceof ProblemError) return []
    throw error
  }
}

function outcome(id: string, want: Json, got: Json | undefined): Outcome {
  if (got !== undefined && equalJson(want, got)) return { id, ok: true }
  return { id, ok: false, detail: got === undefined ? 'it cannot be taken out' : jsonDiff(want, got) }
}
