// What commands that change a tag read of the cluster: the objects a plan is made from, and who uses the tag. One-shot
// lists; what the user may not read of the latter is left out and noted.

import { RESOURCE, type Resource } from '../../kube/resource.ts'
import { objectField, textField } from '../../revision/configuration.ts'
import { textsOf } from '../../revision/control-plane.ts'
import { type Dependants, dependantsOf, type PlacedObject } from '../../revision/dependants.ts'
import type { TagCluster } from '../../revision/tag-target.ts'
import type { JsonObject } from '../../std/json.ts'
import { count } from './../table.ts'
import { kubernetesRelease } from './adopt.ts'
import { optional, type Revisions, readNamespaces, readPods, readRevisions } from './read.ts'
import type { Session } from './session.ts'

const GATEWAY: Resource = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'gateways',
  kind: 'Gateway',
  namespaced: true,
}

export interface TagObjects {
  readonly cluster: TagCluster
  readonly revisions: Revisions
}

export async function readTagCluster(session: Session): Promise<TagObjects> {
  const { client, signal, istioNamespace: namespace } = session
  const [revisions, services, validators, kubernetes] = await Promise.all([
    readRevisions(session),
    client.list(RESOURCE.service, { namespace }, { labelSelector: 'app=istiod', signal }),
    client.list(RESOURCE.validatingWebhookConfiguration, {}, { signal }),
    kubernetesRelease(session),
  ])
  const cluster: TagCluster = {
    namespace,
    configurations: revisions.configurations,
    services: services.items.map((item) => ({ kind: 'Service', ...item })),
    validators: validators.items,
    discovery: revisions,
    kubernetes,
  }
  return { cluster, revisions }
}

export async function readDependants(session: Session, tag: string, notes: string[]): Promise<Dependants> {
  const { client, signal } = session
  const [namespaces, pods, gateways] = await Promise.all([
    readNamespaces(session, notes),
    readPods(session, notes),
    optional(notes, GATEWAY, client.list(GATEWAY, {}, { signal })),
  ])
  const running = pods.filter(({ finished }) => !finished)
  return dependantsOf(tag, { namespaces, pods: running, gateways: gateways.items.map(placed) })
}

function placed(raw: JsonObject): PlacedObject {
  const metadata = objectField(raw, 'metadata')
  return {
    namespace: textField(metadata, 'namespace'),
    name: textField(metadata, 'name'),
    labels: textsOf(objectField(metadata, 'labels')),
  }
}

/** So many are named in a line, the rest counted. */
const NAMED = 8

/** A line for each kind that there is; empty when nobody uses the tag. */
export function dependantLines({ namespaces, pods, gateways }: Dependants): string[] {
  const line = (what: string, names: readonly string[]): string[] => {
    if (names.length === 0) return []
    const rest = names.length > NAMED ? [`and ${names.length - NAMED} more`] : []
    return [`  ${count(names.length, what)}: ${[...names.slice(0, NAMED), ...rest].join(', ')}`]
  }
  return [...line('namespace', namespaces), ...line('pod', pods), ...line('Gateway', gateways)]
}
