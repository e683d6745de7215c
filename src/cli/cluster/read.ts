// What commands read of a live cluster: the objects that name revisions and tags, namespaces, pods. One-shot lists.
// What the user may not read is left out and noted; only the webhook configurations are needed by everyone.

import type { NamespaceInfo } from '../../api/mesh.ts'
import { ApiError, type ObjectList, type Selection } from '../../kube/client.ts'
import { RESOURCE, type Resource } from '../../kube/resource.ts'
import { namespaceInfo } from '../../mesh/cluster-objects.ts'
import { type Configuration, inCallOrder, readConfiguration } from '../../revision/configuration.ts'
import { readControlPlane, readLabelled } from '../../revision/control-plane.ts'
import { type ClusterObjects, type Discovery, discoverRevisions } from '../../revision/discover.ts'
import { type JsonObject, own } from '../../std/json.ts'
import { type PodFacts, podFacts } from './pods.ts'
import type { Session } from './session.ts'

/** Revisions and tags, with the objects they were found in. */
export interface Revisions extends Discovery {
  readonly objects: ClusterObjects
  /** In the order in which the API server calls them. */
  readonly configurations: readonly Configuration[]
  /** What could not be read, for people. */
  readonly notes: readonly string[]
}

const VALIDATOR = 'istiod-default-validator'
const ISTIOD = { labelSelector: 'app=istiod' }

export async function readRevisions(session: Session): Promise<Revisions> {
  const { client, istioNamespace: namespace, signal } = session
  const notes: string[] = []
  const list = (resource: Resource, selection: Selection): Promise<ObjectList> =>
    optional(notes, resource, client.list(resource, { namespace }, { ...selection, signal }))
  const [configurations, services, deployments, configMaps, validator] = await session.step(
    'reading webhook configurations and control planes',
    Promise.all([
      client.list(RESOURCE.mutatingWebhookConfiguration, {}, { signal }),
      list(RESOURCE.service, ISTIOD),
      list(RESOURCE.deployment, ISTIOD),
      list(RESOURCE.configMap, { labelSelector: 'istio.io/rev' }),
      client
        .get(RESOURCE.validatingWebhookConfiguration, { name: VALIDATOR }, { signal })
        .then((object) => ({ items: [object] }))
        .catch((error) => missing(notes, RESOURCE.validatingWebhookConfiguration, error)),
    ]),
  )
  const objects: ClusterObjects = {
    configurations: inCallOrder(configurations.items.map((raw) => readConfiguration(raw, namespace))),
    services: services.items.map(readLabelled),
    deployments: deployments.items.map(readControlPlane),
    configMaps: configMaps.items
      .map(readLabelled)
      .filter(({ name }) => name.startsWith('istio-sidecar-injector')),
    defaultValidator: validator.items.map((raw) => own(readLabelled(raw).labels, 'istio.io/rev'))[0],
  }
  return { ...discoverRevisions(objects), objects, configurations: objects.configurations, notes }
}

/** By name. Without leave to read them: empty, and noted. */
export async function readNamespaces(session: Session, notes: string[]): Promise<NamespaceInfo[]> {
  const { client, signal } = session
  const namespaces = client.select(RESOURCE.namespace, {}, { signal }, namespaceInfo)
  return session.step('reading namespaces', readable(notes, RESOURCE.namespace, namespaces))
}

export async function readPods(session: Session, notes: string[]): Promise<PodFacts[]> {
  const { client, signal } = session
  const pods = client.select(RESOURCE.pod, {}, { signal }, podFacts)
  return session.step('reading pods', readable(notes, RESOURCE.pod, pods))
}

/** A list that the command can do without: what the user may not read is noted, a kind that is not there is empty. */
export function optional(
  notes: string[],
  resource: Resource,
  list: Promise<ObjectList>,
): Promise<ObjectList> {
  return list.catch((error) => ({ ...missing(notes, resource, error), resourceVersion: '' }))
}

/** The same of what is picked of a list. */
export function readable<T>(notes: string[], resource: Resource, found: Promise<T[]>): Promise<T[]> {
  return found.catch((error) => {
    missing(notes, resource, error)
    return []
  })
}

/** Nothing, where the kind does not exist or the user may not read it; anything else is an error. */
function missing(notes: string[], { kind }: Resource, error: unknown): { items: JsonObject[] } {
  const kinds = ['not-found', 'forbidden']
  if (!(error instanceof ApiError) || !kinds.includes(error.kind)) throw error
  if (error.kind === 'forbidden') notes.push(`cannot read objects of kind ${kind}: ${error.message}`)
  return { items: [] }
}
