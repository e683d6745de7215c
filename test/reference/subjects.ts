// Pods of the reference data with the settings they are injected with: those of the golden cases of every release, as
// their controllers would create them, and those of the differential requests. In: folders; out: what `injectPod` wants.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseRoute } from '../../src/admission/path.ts'
import type { Pod } from '../../src/api/kube.ts'
import type { ClusterView } from '../../src/api/mesh.ts'
import { ANNOTATION } from '../../src/api/names.ts'
import { incomingPod } from '../../src/cli/inject/place.ts'
import { type PodPlace, podPlaces, workloadBehind } from '../../src/cli/input/workloads.ts'
import { decodePod } from '../../src/injection/inject.ts'
import type { EnvPairs } from '../../src/injection/postprocess/cluster.ts'
import type { Workload } from '../../src/injection/workload.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import { routeTarget } from '../../src/server/route.ts'
import type { Json } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { splitDocuments } from '../../src/std/yaml-split.ts'
import { caseNames, clusterOf, readCase, settingsOf } from './conformance.ts'
import { type Request, readSetup, type Setup } from './differential.ts'
import { readLines } from './outcome.ts'

/** A pod that is to be injected, whatever its labels and annotations say about that. */
export interface Subject {
  readonly id: string
  readonly pod: Pod
  readonly settings: RevisionSettings
  readonly cluster: ClusterView
  readonly envPairs: EnvPairs
  readonly workload?: Workload
}

/** A pod of a golden case in its manifest. */
export interface CasePlace extends Omit<Subject, 'pod'> {
  readonly place: PodPlace
  readonly namespace: string
}

/** Every pod and pod template in the inputs of the golden cases of a corpus. */
export function placesOfCases(dir: string): CasePlace[] {
  return caseNames(dir).flatMap((name) => {
    const setup = readCase(dir, name)
    const { file, folder } = setup
    const settings = settingsOf(setup, file.webhook?.revision ?? file.kubeInject?.revision ?? 'default')
    const { envPairs = {} } = parseRoute(`/inject${file.webhook?.urlPath ?? ''}`) ?? {}
    const namespace = file.webhook?.documents[0]?.requestNamespace || 'default'
    const places = splitDocuments(readFileSync(join(folder, 'input.yaml'), 'utf8')).flatMap((text) =>
      podPlaces(parseYaml(text)),
    )
    return places.map((place, index) => ({
      id: `${name}[${index}] ${place.kind}`,
      place,
      namespace,
      settings,
      cluster: clusterOf(file),
      envPairs,
    }))
  })
}

/** The pods of the golden cases of a corpus. */
export function podsOfCases(dir: string): Subject[] {
  return placesOfCases(dir).map(({ place, namespace, ...rest }) => {
    const { pod } = incomingPod(place, namespace)
    const { release } = rest.settings
    return {
      ...rest,
      pod,
      ...(place.kind === 'Pod' ? {} : { workload: workloadBehind(place, pod, release) }),
    }
  })
}

/** Which of the requests: every `of`th. */
export interface Share {
  readonly part: number
  readonly of: number
}

export interface RequestSubject extends Subject {
  /** The pod as the API server sent it. */
  readonly object: Json
}

/** The pods of the differential requests, without those that are none. */
export function podsOfRequests(dir: string, share: Share): RequestSubject[] {
  const setups = new Map<string, Setup>()
  return readLines<Request>(join(dir, 'requests.jsonl')).flatMap((request, index) => {
    if (index % share.of !== share.part) return []
    const setup = setups.get(request.settings) ?? readSetup(join(dir, 'settings', request.settings))
    setups.set(request.settings, setup)
    const target = routeTarget(request.path)
    const { envPairs = {} } = parseRoute(target.kind === 'inject' ? target.path : request.path) ?? {}
    const pod = podOf(request)
    const { object } = request.review.request
    const id = `${request.id} ${request.settings}`
    return pod === undefined ? [] : [{ id, pod, object, envPairs, ...setup }]
  })
}

function podOf(request: Request): Pod | undefined {
  const { object, namespace } = request.review.request
  try {
    return decodePod(object, namespace)
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

/** Annotations by which an injection finds its way back. */
const MARKS = [ANNOTATION.status, ANNOTATION.overrides, ANNOTATION.record, ANNOTATION.configHash] as const

/** Whether somebody else injected the pod, or it says so: what of it is the user's own, nobody knows. */
export function isMarked({ metadata }: Pod): boolean {
  return MARKS.some((name) => metadata.annotations?.[name] !== undefined)
}

/** Folders of releases in the reference data. */
export function corporaIn(reference: string): string[] {
  const names = readdirSync(reference).filter((name) => name.startsWith('istio-'))
  return names.map((name) => join(reference, name))
}
