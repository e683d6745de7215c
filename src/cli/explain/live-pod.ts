// A running pod beside the one that would be made of it now: whether it has a sidecar, of which revision and version,
// and what is different. In: the pod and what the cluster holds; out: facts. A pod cannot say what it was before it was
// injected but by what injection left in it, so it is taken out first (as `uninject` does) and injected again.

import { ANNOTATION } from '../../api/names.ts'
import { type Configuration, objectField } from '../../revision/configuration.ts'
import { type JsonObject, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { type ProxyFacts, podFacts } from '../cluster/pods.ts'
import { uninjected } from '../inject/uninject-template.ts'
import { type PodPlace, titleOf } from '../input/workloads.ts'
import { type Difference, differencesOf } from './compare.ts'
import { type Examined, type Examining, examine } from './examine.ts'
import { madeBefore } from './made-before.ts'

/** What a running pod is, compared to a new one. */
export type PodState =
  /** Its sidecar is what would be made now. */
  | 'current'
  /** It has a sidecar of the same revision that differs. */
  | 'outdated'
  | 'other-revision'
  /** It has no sidecar, and would get one now. */
  | 'missing'
  /** It has a sidecar, and would get none now. */
  | 'unwanted'
  /** It has none, and would get none. */
  | 'none'
  /** It has a proxy that no injector put there. */
  | 'manual'
  /** It would be refused now. */
  | 'refused'
  | 'unknown'

export interface LivePod {
  readonly name: string
  readonly state: PodState
  readonly sidecar?: { readonly revision: string; readonly version: string; readonly native: boolean }
  /** Revision of the sidecar that it would get now. */
  readonly now?: string
  readonly differences: readonly Difference[]
  /** What came after the pod, as far as that is the reason. */
  readonly madeBefore: readonly string[]
  /** It will not run again. */
  readonly finished: boolean
}

/** The place of a running pod as it was before its injection. Throws ProblemError for a status that is none. */
export function placeOfPod(raw: JsonObject): PodPlace {
  const metadata = objectField(raw, 'metadata')
  const generated = own(metadata, 'generateName') !== undefined
  const kept = ['namespace', generated ? 'generateName' : 'name', 'labels', 'annotations', 'ownerReferences']
  const fields = kept.flatMap((key) => {
    const value = own(metadata, key)
    return value === undefined ? [] : [[key, value] as const]
  })
  const pod: JsonObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: Object.fromEntries(fields),
    spec: own(raw, 'spec') ?? {},
  }
  const { template } = uninjected(pod)
  const title = titleOf({ ...raw, kind: 'Pod' })
  return { path: [], objectPath: [], object: template, kind: 'Pod', apiVersion: 'v1', title, template }
}

/** `namespace`: the object, which tells when its labels were written. */
export function livePod(run: Examining, raw: JsonObject, namespace: JsonObject): LivePod {
  const { name, proxy, finished } = podFacts(raw)
  const examined = examinedPod(run, raw)
  const made = examined?.made
  const differences = isInjected(raw) && made !== undefined ? differencesOf(raw, made) : []
  const now = made === undefined ? undefined : examined?.judgement.settings?.revision
  const state = stateOf(raw, proxy, examined, differences)
  return {
    name,
    state,
    ...(proxy === undefined ? {} : { sidecar: sidecarOf(proxy) }),
    ...(now === undefined ? {} : { now }),
    differences,
    madeBefore: LATE.includes(state) ? madeBefore(raw, namespace, calledOf(run, examined)) : [],
    finished,
  }
}

/** States that may come of a pod being older than what decides. */
const LATE: readonly PodState[] = ['missing', 'other-revision', 'unwanted']

const sidecarOf = ({ revision, version, native }: ProxyFacts): NonNullable<LivePod['sidecar']> => ({
  revision,
  version,
  native,
})

/** Undefined for a pod that nothing can be told of: what was written into its status is no status. */
function examinedPod(run: Examining, raw: JsonObject): Examined | undefined {
  try {
    return examine(run, placeOfPod(raw))
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

function stateOf(
  raw: JsonObject,
  proxy: ProxyFacts | undefined,
  examined: Examined | undefined,
  differences: readonly Difference[],
): PodState {
  const injected = isInjected(raw)
  if (!injected && proxy !== undefined) return 'manual'
  switch (examined?.result) {
    case 'injected': {
      if (!injected) return 'missing'
      if (proxy !== undefined && proxy.revision !== examined.judgement.settings?.revision)
        return 'other-revision'
      return differences.length > 0 ? 'outdated' : 'current'
    }
    case 'skipped':
      return injected ? 'unwanted' : 'none'
    case 'refused':
      return 'refused'
    default:
      return 'unknown'
  }
}

function calledOf({ context }: Examining, examined: Examined | undefined): Configuration | undefined {
  const name = examined?.judgement.answer?.entry.configuration
  return context.configurations.find((each) => each.name === name)
}

function isInjected(raw: JsonObject): boolean {
  const annotations = objectField(objectField(raw, 'metadata'), 'annotations')
  return own(annotations, ANNOTATION.status) !== undefined
}
