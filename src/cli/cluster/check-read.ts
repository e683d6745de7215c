// What `check` reads of the cluster beside the settings of its mesh: pods and the templates that make them, and whether the
// Services that webhook entries call have ready endpoints. One-shot lists
// in pages, of which only what is judged is kept; what the user may not read is left out and noted.

import { ApiError } from '../../kube/client.ts'
import { RESOURCE, type Resource } from '../../kube/resource.ts'
import { type CheckedPod, readCheckedPod } from '../../revision/check-pod.ts'
import { type Configuration, objectField, textField } from '../../revision/configuration.ts'
import { isObject, type JsonObject, own } from '../../std/json.ts'
import { listField } from './pods.ts'
import { readable } from './read.ts'
import type { Session } from './session.ts'

/** Kinds that make pods. ReplicaSets and Jobs of other objects are left out: those are reported themselves. */
const WORKLOADS: readonly Resource[] = [
  RESOURCE.deployment,
  RESOURCE.statefulSet,
  RESOURCE.daemonSet,
  RESOURCE.replicaSet,
  RESOURCE.cronJob,
  RESOURCE.job,
]

export async function readCheckedPods(session: Session, notes: string[]): Promise<CheckedPod[]> {
  const { client, signal } = session
  const all = Promise.all(
    [RESOURCE.pod, ...WORKLOADS].map(async (resource) => {
      const pick = (raw: JsonObject): CheckedPod | undefined => {
        if (resource === RESOURCE.pod) return readCheckedPod(raw)
        return isOnItsOwn(raw) ? templateOf(raw, resource.kind) : undefined
      }
      return readable(notes, resource, client.select(resource, {}, { signal }, pick))
    }),
  )
  return (await session.step('reading pods and workloads', all)).flat()
}

function isOnItsOwn(raw: JsonObject): boolean {
  return listField(objectField(raw, 'metadata'), 'ownerReferences').length === 0
}

function templateOf(raw: JsonObject, kind: string): CheckedPod {
  const metadata = objectField(raw, 'metadata')
  const spec = objectField(raw, 'spec')
  const jobSpec = objectField(objectField(spec, 'jobTemplate'), 'spec')
  const template = objectField(kind === 'CronJob' ? jobSpec : spec, 'template')
  return readCheckedPod(template, kind, textField(metadata, 'name'), textField(metadata, 'namespace'))
}

/** Ready endpoints of every Service that a live entry calls, by `namespace/name`; undefined for one that is not there. */
export async function readEndpoints(
  session: Session,
  configurations: readonly Configuration[],
  notes: string[],
): Promise<Map<string, number | undefined>> {
  const targets = configurations.flatMap(({ entries }) =>
    entries.filter(({ live, rule }) => live && rule !== undefined).map(({ target }) => target),
  )
  const services = [...new Set(targets)].filter((target) => /^[^/:]+\/[^/:]+$/.test(target))
  const found = new Map<string, number | undefined>()
  await Promise.all(
    services.map(async (service) => {
      try {
        const ready = await readyEndpoints(session, service)
        if (ready !== 'elsewhere') found.set(service, ready)
      } catch (error) {
        if (!(error instanceof ApiError) || error.kind !== 'forbidden') throw error
        notes.push(`the endpoints of Service ${service} are not checked: ${error.message}`)
      }
    }),
  )
  return found
}

/** `elsewhere`: the Service is a name, or its endpoints are nobody's to list. */
async function readyEndpoints(
  { client, signal }: Session,
  service: string,
): Promise<number | undefined | 'elsewhere'> {
  const [namespace = '', name = ''] = service.split('/')
  try {
    const spec = objectField(await client.get(RESOURCE.service, { namespace, name }, { signal }), 'spec')
    if (spec['type'] === 'ExternalName') return 'elsewhere'
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'not-found') return undefined
    throw error
  }
  const labelSelector = `kubernetes.io/service-name=${name}`
  const { items } = await client.list(RESOURCE.endpointSlice, { namespace }, { labelSelector, signal })
  const endpoints = items.flatMap((slice) => listField(slice, 'endpoints'))
  return endpoints.filter((endpoint) => {
    const conditions = own(endpoint, 'conditions')
    return !isObject(conditions) || conditions['ready'] !== false
  }).length
}
