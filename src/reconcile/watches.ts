// Everything of the cluster that is watched to inject by it, and how well each watch is doing. Only the parts of objects
// that are used are kept. Knows which resources there are and nothing of what they mean together.

import type { ApiAccess } from '../kube/access.ts'
import { ApiError } from '../kube/client.ts'
import type { Clock, Random } from '../kube/clock.ts'
import { type Reflector, type ReflectorOptions, type Restart, startReflector } from '../kube/reflector.ts'
import { RESOURCE, type Resource } from '../kube/resource.ts'
import { namespaceInfo, nodeVersion } from '../mesh/cluster-objects.ts'
import { readProxyConfigResource } from '../mesh/proxyconfig-resource.ts'
import { readControlPlane, readLabelled } from '../revision/control-plane.ts'
import { isObject, type JsonObject, own } from '../std/json.ts'
import { readConfigTexts, type Watched } from './inputs.ts'

export const PROXY_CONFIG: Resource = {
  group: 'networking.istio.io',
  version: 'v1beta1',
  plural: 'proxyconfigs',
  kind: 'ProxyConfig',
  namespaced: true,
}

export interface WatchOptions {
  readonly access: ApiAccess
  readonly clock: Clock
  readonly random: Random
  readonly onRestart: (resource: string, why: Restart) => void
  readonly onProblem: (resource: string, reason: string) => void
}

/** How one watch is doing. */
export interface WatchState {
  readonly resource: string
  readonly synced: boolean
  /** Milliseconds since the server was last heard; undefined before the first time. */
  readonly silentMs: number | undefined
}

/** The watches that one process keeps, each with its state. */
export class WatchSet {
  private readonly options: WatchOptions
  private readonly all: { readonly resource: string; readonly reflector: Reflector<unknown> }[] = []

  constructor(options: WatchOptions) {
    this.options = options
  }

  get synced(): boolean {
    return this.all.every(({ reflector }) => reflector.synced)
  }

  get states(): WatchState[] {
    const now = this.options.clock.now()
    return this.all.map(({ resource, reflector: { synced, lastContact } }) => ({
      resource,
      synced,
      silentMs: lastContact === undefined ? undefined : now - lastContact,
    }))
  }

  start<T>(
    resource: Resource,
    options: Pick<
      ReflectorOptions<T>,
      'select' | 'onChange' | 'namespace' | 'labelSelector' | 'fieldSelector'
    >,
  ): Reflector<T> {
    const { access, clock, random, onRestart, onProblem } = this.options
    const name = resource.plural
    const reflector = startReflector<T>({
      ...options,
      access,
      resource,
      clock,
      random,
      metrics: {
        restart: (why) => onRestart(name, why),
        problem: (error) => {
          // A resource that does not exist is none; it is counted, not told.
          if (error instanceof ApiError && error.kind === 'not-found') return
          onProblem(name, error instanceof Error ? error.message : String(error))
        },
      },
    })
    this.all.push({ resource: name, reflector })
    return reflector
  }

  stop(): void {
    for (const { reflector } of this.all) reflector.stop()
  }
}

export type WatchedPart = keyof Watched

/** Starts the watches of everything that injection depends on; `onChange` is told which part changed. */
export function watchMesh(
  set: WatchSet,
  istioNamespace: string,
  onChange: (part: WatchedPart) => void,
): {
  readonly [Part in WatchedPart]: Reflector<Watched[Part] extends ReadonlyMap<string, infer T> ? T : never>
} {
  const changed = (part: WatchedPart) => ({ onChange: () => onChange(part) })
  const ofIstiod = { namespace: istioNamespace, labelSelector: 'app=istiod' }
  return {
    configMaps: set.start(RESOURCE.configMap, {
      ...changed('configMaps'),
      namespace: istioNamespace,
      select: readConfigTexts,
    }),
    deployments: set.start(RESOURCE.deployment, {
      ...changed('deployments'),
      ...ofIstiod,
      select: readControlPlane,
    }),
    services: set.start(RESOURCE.service, { ...changed('services'), ...ofIstiod, select: readLabelled }),
    namespaces: set.start(RESOURCE.namespace, { ...changed('namespaces'), select: namespaceInfo }),
    nodes: set.start(RESOURCE.node, { ...changed('nodes'), select: nodeVersion }),
    proxyConfigs: set.start(PROXY_CONFIG, {
      ...changed('proxyConfigs'),
      // Items of a list come without their kind.
      select: (raw) => readProxyConfigResource({ ...raw, kind: 'ProxyConfig' }),
    }),
    configurations: set.start(RESOURCE.mutatingWebhookConfiguration, {
      ...changed('configurations'),
      select: readRegistration,
    }),
    validators: set.start(RESOURCE.validatingWebhookConfiguration, {
      ...changed('validators'),
      fieldSelector: 'metadata.name=istiod-default-validator',
      select: readLabelled,
    }),
  }
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Without the copies that others keep in it; of who manages it only name and time. Both are as big as the object. */
function readRegistration(raw: JsonObject): JsonObject {
  const metadata = own(raw, 'metadata')
  if (!isObject(metadata)) return raw
  const managed = own(metadata, 'managedFields')
  const managedFields = (Array.isArray(managed) ? managed : [])
    .filter(isObject)
    .map(({ manager = '', time = '' }) => {
      return { manager, time }
    })
  const annotations = own(metadata, 'annotations')
  const { [LAST_APPLIED]: _, ...kept } = isObject(annotations) ? annotations : {}
  return { ...raw, metadata: { ...metadata, annotations: kept, managedFields } }
}
