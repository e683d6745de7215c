// The mesh of a live cluster as a webhook sees it, by one-shot lists instead of watches: the same objects, read and
// proven by the same code. What the user may not read is left out and noted. Nothing is written, nothing is kept.

import type { RevisionInputs } from '../../api/mesh.ts'
import { ApiError, type Selection } from '../../kube/client.ts'
import { systemClock } from '../../kube/clock.ts'
import { RESOURCE, type Resource } from '../../kube/resource.ts'
import { namespaceInfo, nodeVersion } from '../../mesh/cluster-objects.ts'
import { readProxyConfigResource } from '../../mesh/proxyconfig-resource.ts'
import type { MeshSnapshot } from '../../mesh/snapshot.ts'
import { clusterView, type Gathered, gather, readConfigTexts, type Watched } from '../../reconcile/inputs.ts'
import { clusterId } from '../../reconcile/mesh.ts'
import { SnapshotStore } from '../../reconcile/snapshots.ts'
import { PROXY_CONFIG } from '../../reconcile/watches.ts'
import { objectField, textField } from '../../revision/configuration.ts'
import { readControlPlane, readLabelled } from '../../revision/control-plane.ts'
import type { JsonObject } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { clusterProblem, type Session } from './session.ts'

export interface LiveMesh {
  readonly snapshot: MeshSnapshot
  readonly gathered: Gathered
  /** Of revisions whose ConfigMaps are whole. */
  readonly texts: ReadonlyMap<string, RevisionInputs>
  /** What could not be read, for people. */
  readonly notes: readonly string[]
}

const ISTIOD = { labelSelector: 'app=istiod' }
const VALIDATOR = { fieldSelector: 'metadata.name=istiod-default-validator' }

/** Only the webhook configurations are needed: without leave to read them it throws. */
export async function readMesh(session: Session): Promise<LiveMesh> {
  const read = new MeshReader(session)
  const watched = await session.step('reading the settings of the mesh', read.all())
  const forbidden = read.forbidden.get(RESOURCE.configMap.kind)
  const found = gather(watched, session.istioNamespace, new Map())
  const gathered = forbidden === undefined ? found : withoutTexts(found, forbidden)
  const ignore = (): void => undefined
  const now = systemClock.now()
  const store = new SnapshotStore({ good: ignore, bad: ignore, gone: ignore }, now)
  const view = clusterView(watched, clusterId(gathered))
  store.update(gathered, { ...view, access: !read.forbidden.has(RESOURCE.node.kind) }, now)
  const notes = [...read.forbidden].map(([kind, why]) => `cannot read objects of kind ${kind}: ${why}`)
  return { snapshot: store.snapshot, gathered, texts: store.texts, notes }
}

/** ConfigMaps that may not be read are not taken for ConfigMaps that do not exist. */
function withoutTexts(gathered: Gathered, why: string): Gathered {
  const problem = new ProblemError('io', `its ConfigMaps cannot be read: ${why}`)
  return { ...gathered, revisions: new Map([...gathered.revisions.keys()].map((name) => [name, problem])) }
}

class MeshReader {
  /** By kind, in the API server's words. */
  readonly forbidden = new Map<string, string>()
  private readonly session: Session

  constructor(session: Session) {
    this.session = session
  }

  async all(): Promise<Watched> {
    const namespace = this.session.istioNamespace
    const [configMaps, deployments, services, namespaces, nodes, proxyConfigs, configurations, validators] =
      await Promise.all([
        this.list(RESOURCE.configMap, readConfigTexts, { namespace }),
        this.list(RESOURCE.deployment, readControlPlane, { namespace, ...ISTIOD }),
        this.list(RESOURCE.service, readLabelled, { namespace, ...ISTIOD }),
        this.list(RESOURCE.namespace, namespaceInfo),
        this.list(RESOURCE.node, nodeVersion),
        this.list(PROXY_CONFIG, (raw) => readProxyConfigResource({ ...raw, kind: PROXY_CONFIG.kind })),
        this.list(RESOURCE.mutatingWebhookConfiguration, (raw) => raw),
        this.list(RESOURCE.validatingWebhookConfiguration, readLabelled, VALIDATOR),
      ])
    return { configMaps, deployments, services, namespaces, nodes, proxyConfigs, configurations, validators }
  }

  /** By namespace and name. Of a kind that does not exist there is none. */
  private async list<T>(
    resource: Resource,
    select: (raw: JsonObject) => T | undefined,
    options: Selection & { readonly namespace?: string } = {},
  ): Promise<Map<string, T>> {
    const { client, signal } = this.session
    const { namespace, ...selection } = options
    const at = namespace === undefined ? {} : { namespace }
    const pick = (raw: JsonObject): readonly [string, T] | undefined => {
      const metadata = objectField(raw, 'metadata')
      const item = select(raw)
      if (item === undefined) return undefined
      return [`${textField(metadata, 'namespace')}/${textField(metadata, 'name')}`, item]
    }
    try {
      return new Map(await client.select(resource, at, { ...selection, signal }, pick))
    } catch (error) {
      this.leaveOut(resource, error)
      return new Map()
    }
  }

  private leaveOut(resource: Resource, error: unknown): void {
    if (!(error instanceof ApiError)) throw error
    if (error.kind === 'not-found') return
    const needed = resource === RESOURCE.mutatingWebhookConfiguration
    if (error.kind !== 'forbidden' || needed) throw clusterProblem(error)
    this.forbidden.set(resource.kind, error.message)
  }
}
