// Injects one pod or pod template of a manifest as the webhook would inject the pod that comes of it, and carries the
// changes back to the template: what the pod only has from its controller (owner, generated name) stays out.

import type { Pod } from '../../api/kube.ts'
import type { ClusterView } from '../../api/mesh.ts'
import { decodePod, injectPod } from '../../injection/inject.ts'
import type { InjectionStage } from '../../injection/stage.ts'
import type { RevisionSettings } from '../../mesh/snapshot.ts'
import { rebase } from '../../patch/rebase.ts'
import { POD } from '../../patch/schema.ts'
import { isObject, type Json, type JsonObject, own, setOwn } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { type PodPlace, podAsCreated, workloadBehind } from '../input/workloads.ts'
import { uninjected, withRestore } from './uninject-template.ts'

export interface InjectContext {
  readonly settings: RevisionSettings
  readonly cluster: ClusterView
  readonly envPairs: Record<string, string>
  readonly compat: 'istio' | 'improved'
  readonly structure: 'refuse' | 'istio'
}

export interface InjectedPlace {
  /** The template as it is to stand in the manifest. */
  readonly template: JsonObject
  readonly templates: readonly string[]
  readonly warnings: readonly string[]
  /** The pod that injection began with. */
  readonly base: Pod
}

/** How long templates of one pod may run, in milliseconds. */
const TIME_LIMIT = 10_000

/** The pod of `place` as the injector gets it: typed. Throws a ProblemError where the template is no pod. */
export function incomingPod(place: PodPlace, namespace: string): { raw: Json; pod: Pod } {
  if (!isObject(own(place.template, 'spec'))) {
    throw new ProblemError('invalid-object', 'the pod has no spec, expected spec.containers', {
      field: 'spec',
    })
  }
  const raw = podAsCreated(place, namespace) as unknown as Json
  return { raw, pod: decodePod(raw, namespace) }
}

/** Injects the pod of `place`; `observe` is told of every stage on the way. */
export function injectPlace(
  place: PodPlace,
  namespace: string,
  context: InjectContext,
  observe?: (stage: InjectionStage) => void,
): InjectedPlace {
  const { raw, pod } = incomingPod(place, namespace)
  const { settings } = context
  const workload = place.kind === 'Pod' ? {} : { workload: workloadBehind(place, pod, settings.release) }
  const now = (): number => performance.now()
  const deadline = { now, at: now() + TIME_LIMIT }
  const result = injectPod({
    ...context,
    pod,
    mode: 'webhook',
    deadline,
    ...workload,
    ...(observe === undefined ? {} : { observe }),
  })
  const changed = rebase(
    raw,
    result.base as unknown as Json,
    result.pod as unknown as Json,
    POD,
  ) as JsonObject
  const template = backInTemplate(changed, place.template)
  const before = uninjected(place.template).template
  const { templates, warnings, base } = result
  return { template: withRestore(template, before), templates, warnings, base }
}

/** Metadata that the pod has from its controller or its request, not from its template. */
const GIVEN = ['namespace', 'generateName', 'ownerReferences']

/** The template with the pod's metadata and spec, keys in the template's order, new ones behind them. */
function backInTemplate(pod: JsonObject, template: JsonObject): JsonObject {
  const before = objectOf(own(template, 'metadata'))
  const after = objectOf(own(pod, 'metadata'))
  const metadata: JsonObject = {}
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const value = own(GIVEN.includes(key) ? before : after, key)
    if (value !== undefined) setOwn(metadata, key, value)
  }
  const first = Object.hasOwn(template, 'metadata') ? {} : { metadata }
  return { ...first, ...template, metadata, spec: own(pod, 'spec') ?? {} }
}

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
