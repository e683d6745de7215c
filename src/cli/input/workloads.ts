// Where the pod is in a manifest: the table of kinds that are a pod or carry a pod template, Lists taken apart.
// In: a document's data. Out: the places of pods in it, each with the pod as its controller would create it.

import type { OwnerReference, Pod } from '../../api/kube.ts'
import { LABEL } from '../../api/names.ts'
import type { Release } from '../../api/release.ts'
import { type Workload, workloadOf } from '../../injection/workload.ts'
import { isObject, type Json, type JsonObject, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'

export interface PodPlace {
  /** Keys and indexes from the document's root to the object that has the pod's `metadata` and `spec`. */
  readonly path: readonly (string | number)[]
  /** The same for the object itself. */
  readonly objectPath: readonly (string | number)[]
  /** The object in the document that a person would name: a workload, or the pod. */
  readonly object: JsonObject
  readonly kind: string
  readonly apiVersion: string
  /** `kind namespace/name`. */
  readonly title: string
  /** The pod or template as written. */
  readonly template: JsonObject
}

interface KindRow {
  readonly groups: readonly string[]
  readonly path: readonly string[]
}

/** Kinds by name, their API groups (any version), and the way to the template. */
const KINDS: Readonly<Record<string, KindRow>> = {
  Pod: { groups: [''], path: [] },
  PodTemplate: { groups: [''], path: ['template'] },
  ReplicationController: { groups: [''], path: ['spec', 'template'] },
  Deployment: { groups: ['apps', 'extensions'], path: ['spec', 'template'] },
  DaemonSet: { groups: ['apps', 'extensions'], path: ['spec', 'template'] },
  ReplicaSet: { groups: ['apps', 'extensions'], path: ['spec', 'template'] },
  StatefulSet: { groups: ['apps'], path: ['spec', 'template'] },
  Job: { groups: ['batch'], path: ['spec', 'template'] },
  CronJob: { groups: ['batch'], path: ['spec', 'jobTemplate', 'spec', 'template'] },
  DeploymentConfig: { groups: ['apps.openshift.io', ''], path: ['spec', 'template'] },
  Rollout: { groups: ['argoproj.io'], path: ['spec', 'template'] },
}

export const WORKLOAD_KINDS: readonly string[] = Object.keys(KINDS)

const textOf = (object: unknown, key: string): string => {
  const value = isObject(object) ? own(object, key) : undefined
  return typeof value === 'string' ? value : ''
}

/** `kind namespace/name` of any object; `generateName` stands in for a missing name. */
export function titleOf(object: JsonObject): string {
  const kind = textOf(object, 'kind') || 'object'
  const metadata = own(object, 'metadata')
  const name = textOf(metadata, 'name') || textOf(metadata, 'generateName')
  const namespace = textOf(metadata, 'namespace')
  return name === '' ? kind : `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}

/** The pods of a document, in its order; none for kinds that carry no pod. Throws where a workload has no template. */
export function podPlaces(data: Json): PodPlace[] {
  return placesBelow(data, [])
}

/** `kindOf` says the kind where the object leaves it to its list. */
function placesBelow(raw: Json, path: readonly (string | number)[], kindOf = noKind): PodPlace[] {
  if (!isObject(raw)) return []
  const data = kindOf(raw)
  const kind = textOf(data, 'kind')
  const apiVersion = textOf(data, 'apiVersion')
  const items = own(data, 'items')
  if (kind.endsWith('List') && Array.isArray(items)) {
    const implied = (item: JsonObject): JsonObject => withKind(item, kind, apiVersion)
    return items.flatMap((item, i) => placesBelow(item, [...path, 'items', i], implied))
  }
  const row = own(KINDS as Record<string, KindRow>, kind)
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  if (row === undefined || !row.groups.includes(group)) return []
  let template: Json | undefined = raw
  for (const key of row.path) template = isObject(template) ? own(template, key) : undefined
  const place = {
    object: data,
    kind,
    apiVersion,
    title: titleOf(data),
    path: [...path, ...row.path],
    objectPath: path,
  }
  if (isObject(template)) return [{ ...place, template }]
  const spec = own(raw, 'spec')
  if (kind === 'Rollout' && isObject(spec) && own(spec, 'workloadRef') !== undefined) return []
  const field = row.path.join('.')
  throw new ProblemError('invalid-object', `${field} is missing, expected a pod template`, {
    object: place.title,
  })
}

const noKind = (data: JsonObject): JsonObject => data

/** Items of a typed list (PodList, DeploymentList) need not say their kind. */
function withKind(item: JsonObject, listKind: string, apiVersion: string): JsonObject {
  const kind = listKind.slice(0, -'List'.length)
  return kind === '' || own(item, 'kind') !== undefined ? item : { apiVersion, kind, ...item }
}

/** Namespace that the object names, else the one given. */
export function namespaceOf(place: PodPlace, fallback: string): string {
  return textOf(own(place.object, 'metadata'), 'namespace') || fallback
}

/** A hash that stands for the one the controller will choose; it never gets into the result. */
const HASH = 'template'

/**
 * The pod as the API server would send it to the webhook: metadata and spec of the template, the owner and the
 * generated name that its controller gives. Names the controller makes up are left out where nothing depends on them.
 */
export function podAsCreated(place: PodPlace, namespace: string): Pod {
  const { template, kind } = place
  const metadata = own(template, 'metadata')
  const base = isObject(metadata) ? metadata : {}
  if (kind === 'Pod') {
    return {
      ...template,
      metadata: { ...base, namespace: textOf(base, 'namespace') || namespace },
    } as unknown as Pod
  }
  const name = textOf(own(place.object, 'metadata'), 'name')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...base, generateName: `${name}-`, namespace, ownerReferences: [ownerOf(place, name)] },
    spec: own(template, 'spec') ?? {},
  } as unknown as Pod
}

function ownerOf(place: PodPlace, name: string): OwnerReference {
  const base = { uid: '', controller: true }
  switch (place.kind) {
    case 'Deployment':
      return { ...base, apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-${HASH}` }
    case 'Rollout':
      return { ...base, apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-${HASH}` }
    case 'DeploymentConfig':
      return { ...base, apiVersion: 'v1', kind: 'ReplicationController', name: `${name}-1` }
    case 'CronJob':
      return { ...base, apiVersion: 'batch/v1', kind: 'Job', name: `${name}-12345678` }
    default:
      return { ...base, apiVersion: place.apiVersion, kind: place.kind, name }
  }
}

/** The workload that the injector would find behind the pod: labels that only its controller sets are seen here alone. */
export function workloadBehind(place: PodPlace, pod: Pod, release: Release): Workload {
  const extra: Record<string, Record<string, string>> = {
    Deployment: { [LABEL.podTemplateHash]: HASH },
    Rollout: { [LABEL.rolloutsPodTemplateHash]: HASH },
    DeploymentConfig: { [LABEL.deploymentConfig]: textOf(own(place.object, 'metadata'), 'name') },
  }
  const labels = { ...pod.metadata.labels, ...own(extra, place.kind) }
  return workloadOf({ ...pod, metadata: { ...pod.metadata, labels } }, release)
}

/** `data` with the value at `path` replaced; everything off the path is shared. */
export function replaceAt(data: Json, path: readonly (string | number)[], value: Json): Json {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (Array.isArray(data)) {
    return data.map((item, i) => (i === step ? replaceAt(item, rest, value) : item))
  }
  if (!isObject(data)) return data
  return { ...data, [step]: replaceAt(own(data, String(step)) ?? null, rest, value) }
}
