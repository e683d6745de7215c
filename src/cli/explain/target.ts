// The live object that an explanation is about: `NAME` is a pod, `KIND/NAME` any kind that has pods, with kubectl's short
// names. In: the text and the cluster; out: the object with the pod it asks for, and the pods that came of it. What does
// not exist is told apart: the kind, the namespace, or the object.

import { ApiError } from '../../kube/client.ts'
import { RESOURCE, type Resource } from '../../kube/resource.ts'
import { compileSelector, decodeSelector } from '../../mesh/selector.ts'
import { objectField, textField } from '../../revision/configuration.ts'
import { isObject, type JsonObject, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { listField } from '../cluster/pods.ts'
import { clusterProblem, type Session } from '../cluster/session.ts'

const ROLLOUT: Resource = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  plural: 'rollouts',
  kind: 'Rollout',
  namespaced: true,
}
const DEPLOYMENT_CONFIG: Resource = {
  group: 'apps.openshift.io',
  version: 'v1',
  plural: 'deploymentconfigs',
  kind: 'DeploymentConfig',
  namespaced: true,
}
const CONTROLLER: Resource = {
  group: '',
  version: 'v1',
  plural: 'replicationcontrollers',
  kind: 'ReplicationController',
  namespaced: true,
}

/** Kinds with their short names; the plural and the kind itself go without saying. */
const KINDS: readonly (readonly [Resource, readonly string[]])[] = [
  [RESOURCE.pod, ['po']],
  [RESOURCE.deployment, ['deploy']],
  [RESOURCE.statefulSet, ['sts']],
  [RESOURCE.daemonSet, ['ds']],
  [RESOURCE.replicaSet, ['rs']],
  [RESOURCE.job, []],
  [RESOURCE.cronJob, ['cj']],
  [ROLLOUT, ['ro']],
  [CONTROLLER, ['rc']],
  [DEPLOYMENT_CONFIG, ['dc']],
]

export interface Target {
  readonly resource: Resource
  readonly name: string
}

/** Throws ProblemError `usage` for a kind without pods, and for a text that is no name. */
export function parseTarget(text: string): Target {
  const parts = text.split('/')
  const [kind, name] = parts.length === 1 ? ['pod', text] : parts
  if (parts.length > 2 || !kind || !name) {
    throw new ProblemError('usage', `"${text}" names no object, expected NAME of a pod, or KIND/NAME`)
  }
  const wanted = kind.toLowerCase()
  const found = KINDS.find(([resource, short]) => namesOf(resource, short).includes(wanted))
  if (found !== undefined) return { resource: found[0], name }
  const known = KINDS.map(([resource]) => resource.kind.toLowerCase()).join(', ')
  throw new ProblemError('usage', `kind "${kind}" has no pods to explain, expected one of ${known}`)
}

/** `deploy`, `deployment`, `deployments`, and each with its group, as kubectl prints it: `deployment.apps`. */
function namesOf({ kind, plural, group }: Resource, short: readonly string[]): string[] {
  const plain = [kind.toLowerCase(), plural, ...short]
  return group === '' ? plain : [...plain, ...plain.map((name) => `${name}.${group}`)]
}

/**
 * The object as the API server has it; a Rollout that refers to another workload has that one's template. Throws
 * ProblemError that says which of kind, namespace and object does not exist, or what may not be read.
 */
export async function readTarget(
  session: Session,
  { resource, name }: Target,
  namespace: string,
): Promise<JsonObject> {
  const object = await getObject(session, resource, namespace, name)
  const reference = resource === ROLLOUT ? own(objectField(object, 'spec'), 'workloadRef') : undefined
  if (!isObject(reference)) return object
  const behind = KINDS.find(([each]) => each.kind === textField(reference, 'kind'))?.[0]
  if (behind === undefined) return object
  const workload = await getObject(session, behind, namespace, textField(reference, 'name'))
  const template = own(objectField(workload, 'spec'), 'template') ?? {}
  return { ...object, spec: { ...objectField(object, 'spec'), template } }
}

async function getObject(
  session: Session,
  resource: Resource,
  namespace: string,
  name: string,
): Promise<JsonObject> {
  const { client, signal } = session
  try {
    const found = client.get(resource, { namespace, name }, { signal })
    return await session.step(`reading ${resource.kind} ${namespace}/${name}`, found)
  } catch (error) {
    if (!(error instanceof ApiError) || error.kind !== 'not-found') throw error
    throw await missingObject(session, resource, namespace, name)
  }
}

async function missingObject(
  session: Session,
  resource: Resource,
  namespace: string,
  name: string,
): Promise<ProblemError> {
  const { client, signal } = session
  const { kind, group, plural } = resource
  const absent = async (call: Promise<unknown>): Promise<boolean> => {
    try {
      await call
      return false
    } catch (error) {
      if (!(error instanceof ApiError) || error.unreachable) throw error
      return error.kind === 'not-found'
    }
  }
  const fieldSelector = `metadata.name=${name}`
  if (await absent(client.list(resource, { namespace }, { fieldSelector, signal }))) {
    return new ProblemError('not-found', `the cluster has no kind ${kind} of group "${group}"`)
  }
  if (await absent(client.get(RESOURCE.namespace, { name: namespace }, { signal }))) {
    const hint = 'name another one with -n'
    return new ProblemError('not-found', `namespace "${namespace}" does not exist`, {}, hint)
  }
  const message = `${kind} "${name}" does not exist in namespace "${namespace}"`
  return new ProblemError('not-found', message, {}, `see kubectl get ${plural} -n ${namespace}`)
}

export async function readNamespace(session: Session, name: string): Promise<JsonObject> {
  const { client, signal } = session
  try {
    return await client.get(RESOURCE.namespace, { name }, { signal })
  } catch (error) {
    throw clusterProblem(error, { object: `Namespace ${name}` })
  }
}

/** The pods that came of an object, by name; of a pod itself. Undefined where they may not be read. */
export async function podsOf(
  session: Session,
  object: JsonObject,
  namespace: string,
): Promise<JsonObject[] | undefined> {
  if (object['kind'] === 'Pod') return [object]
  try {
    return await session.step('reading its pods', ownedPods(session, object, namespace))
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'forbidden') return undefined
    throw error
  }
}

async function ownedPods(session: Session, object: JsonObject, namespace: string): Promise<JsonObject[]> {
  const list = async (resource: Resource, labelSelector = ''): Promise<JsonObject[]> => {
    const selection = labelSelector === '' ? {} : { labelSelector }
    const { items } = await session.client.list(
      resource,
      { namespace },
      { ...selection, signal: session.signal },
    )
    return [...items]
  }
  const labels = selectorOf(object)
  const between = BETWEEN[String(object['kind'])]
  const owners = between === undefined ? [object] : await list(between, labels)
  const uids = new Set(
    between === undefined ? [uidOf(object)] : ownedBy(owners, new Set([uidOf(object)])).map(uidOf),
  )
  return ownedBy(await list(RESOURCE.pod, labels), uids)
}

/** What stands between a workload and its pods. */
const BETWEEN: Readonly<Record<string, Resource>> = {
  Deployment: RESOURCE.replicaSet,
  Rollout: RESOURCE.replicaSet,
  DeploymentConfig: CONTROLLER,
  CronJob: RESOURCE.job,
}

/** As a query has it; empty where the object has none of its own. */
function selectorOf(object: JsonObject): string {
  const selector = own(objectField(object, 'spec'), 'selector')
  if (!isObject(selector)) return ''
  const isPlain = ['ReplicationController', 'DeploymentConfig'].includes(String(object['kind']))
  return compileSelector(decodeSelector(isPlain ? { matchLabels: selector } : selector)).text
}

const uidOf = (object: JsonObject): string => textField(objectField(object, 'metadata'), 'uid')

function ownedBy(objects: readonly JsonObject[], uids: ReadonlySet<string>): JsonObject[] {
  return objects.filter((object) =>
    listField(objectField(object, 'metadata'), 'ownerReferences').some((owner) =>
      uids.has(textField(owner, 'uid')),
    ),
  )
}
