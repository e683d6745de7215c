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
  const called = new Map<string, number>()
  for (const { live, rule, outside, target, raw } of configurations.flatMap(({ entries }) => entries)) {
    if (!live || rule === undefined || outside) continue
    const { port } = objectField(objectField(raw, 'clientConfig'), 'service')
    called.set(target, typeof port === 'number' ? port : HTTPS)
  }
  const found = new Map<string, number | undefined>()
  await Promise.all(
    [...called].map(async ([service, port]) => {
      try {
        const ready = await readyEndpoints(session, service, port)
        if (ready !== 'elsewhere') found.set(service, ready)
      } catch (error) {
        if (!(error instanceof ApiError) || error.kind !== 'forbidden') throw error
        notes.push(`the endpoints of Service ${service} are not checked: ${error.message}`)
      }
    }),
  )
  return found
}

/** What an API server calls where the entry names no port. */
const HTTPS = 443

/** A slice leaves a port of the Service out where its pods have none of that name. One without ports is for all of them. */
function hasPort(slice: JsonObject, name: string): boolean {
  const ports = listField(slice, 'ports')
  return ports.length === 0 || ports.some((port) => textField(port, 'name') === name)
}

/** `elsewhere`: the Service is a name, or its endpoints are nobody's to list. */
async function readyEndpoints(
  { client, signal }: Session,
  service: string,
  port: number,
): Promise<number | undefined | 'elsewhere'> {
  const [namespace = '', name = ''] = service.split('/')
  let spec: JsonObject
  try {
    spec = objectField(await client.get(RESOURCE.service, { namespace, name }, { signal }), 'spec')
    if (spec['type'] === 'ExternalName') return 'elsewhere'
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'not-found') return undefined
    throw error
  }
  const labelSelector = `kubernetes.io/service-name=${name}`
  const { items } = await client.list(RESOURCE.endpointSlice, { namespace }, { labelSelector, signal })
  const wanted = listField(spec, 'ports').find((each) => each['port'] === port)
  const endpoints = items
    .filter((slice) => wanted === undefined || hasPort(slice, textField(wanted, 'name')))
    .flatMap((slice) => listField(slice, 'endpoints'))
  return endpoints.filter((endpoint) => {
    const conditions = own(endpoint, 'conditions')
    return !isObject(conditions) || conditions['ready'] !== false
  }).length
}
