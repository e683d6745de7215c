// Reads settings from a live cluster with the user's kubeconfig: the ConfigMaps of one revision, its release and
// environment, and what the injector knows of the cluster. One-shot reads, nothing is written, nothing is watched.

import type { ClusterView, NamespaceInfo } from '../api/mesh.ts'
import type { Release } from '../api/release.ts'
import { loadAccess } from '../kube/access.ts'
import { ApiError, type Client, createClient, type Selection } from '../kube/client.ts'
import { type AccessOptions, kubeconfigFiles } from '../kube/kubeconfig.ts'
import { RESOURCE, type Resource } from '../kube/resource.ts'
import { namespaceInfo, nodeVersion } from '../mesh/cluster-objects.ts'
import { readProxyConfigResource } from '../mesh/proxyconfig-resource.ts'
import { PROXY_CONFIG } from '../reconcile/watches.ts'
import { type ControlPlane, readControlPlane } from '../revision/control-plane.ts'
import { isObject, type JsonObject, own, setOwn } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import type { SettingsFlags } from './flags.ts'
import type { Io } from './io.ts'

export interface ClusterSettings {
  /** Keys `config` and `values` of the injector's ConfigMap; undefined when it was not asked for. */
  readonly config?: string
  readonly values?: string
  /** Key `mesh`, the shared one first. */
  readonly mesh?: readonly string[]
  readonly release?: Release
  readonly env: Readonly<Record<string, string>>
  readonly view: ClusterView
  /** What could not be read, for people. */
  readonly notes: readonly string[]
}

export interface Wanted {
  readonly injector: boolean
  readonly mesh: boolean
}

function accessOptions(io: Io, { kubeconfig, context }: SettingsFlags): AccessOptions {
  return { kubeconfig, context, env: io.env, cwd: io.cwd }
}

/** Whether settings may come from a cluster: the user named one, or has a kubeconfig. */
export function clusterUsable(io: Io, flags: SettingsFlags): boolean {
  if (flags.offline === true) return false
  return flags.context !== undefined || kubeconfigFiles(accessOptions(io, flags)).length > 0
}

export async function readCluster(io: Io, flags: SettingsFlags, wanted: Wanted): Promise<ClusterSettings> {
  const access = await loadAccess(accessOptions(io, flags)).catch((error: unknown) => {
    if (!(error instanceof ProblemError) || error.code === 'usage') throw error
    const hint = error.hint ?? 'to do without a cluster, give --offline'
    throw new ProblemError(error.code, error.message, error.where, hint)
  })
  return new ClusterReader(createClient(access), flags).read(wanted)
}

/** The name with the revision behind it, where the name is the default one. */
function revisioned(name: string, base: string, revision: string): string {
  return name === base && revision !== '' ? `${base}-${revision}` : name
}

class ClusterReader {
  private readonly client: Client
  private readonly flags: SettingsFlags
  private readonly revision: string
  private readonly notes: string[] = []

  constructor(client: Client, flags: SettingsFlags) {
    this.client = client
    this.flags = flags
    this.revision = flags.revision === 'default' ? '' : (flags.revision ?? '')
  }

  async read(wanted: Wanted): Promise<ClusterSettings> {
    const { flags, revision } = this
    const plane = await this.controlPlane()
    const { env = {}, release } = plane ?? {}
    const injector = wanted.injector
      ? await this.configMap(revisioned(flags.injectConfigMapName, 'istio-sidecar-injector', revision), [
          'config',
          'values',
        ])
      : {}
    const mesh = wanted.mesh ? await this.mesh(env) : undefined
    return {
      ...injector,
      ...(mesh === undefined ? {} : { mesh }),
      ...(release === undefined ? {} : { release }),
      env,
      view: await this.view(),
      notes: this.notes,
    }
  }

  private async mesh(env: Readonly<Record<string, string>>): Promise<string[]> {
    const shared = own(env, 'SHARED_MESH_CONFIG') ?? ''
    const texts = shared === '' ? [] : [(await this.configMap(shared, ['mesh']))['mesh'] ?? '']
    const name = revisioned(this.flags.meshConfigMapName, 'istio', this.revision)
    return [...texts, (await this.configMap(name, ['mesh']))['mesh'] ?? '']
  }

  private async configMap(name: string, keys: readonly string[]): Promise<Record<string, string>> {
    const namespace = this.flags.istioNamespace
    const object = `ConfigMap ${namespace}/${name}`
    const hint =
      'give files (--injectConfigFile, --valuesFile, --meshConfigFile), or --offline for built-in settings'
    const map = await this.client.get(RESOURCE.configMap, { namespace, name }).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error
      const code = error.kind === 'not-found' ? 'not-found' : 'io'
      throw new ProblemError(code, `cannot read it from the cluster: ${error.message}`, { object }, hint)
    })
    const data = own(map, 'data')
    const texts: Record<string, string> = {}
    for (const key of keys) {
      const text = isObject(data) ? own(data, key) : undefined
      if (typeof text !== 'string') {
        throw new ProblemError('not-found', `key "${key}" is missing`, { object }, hint)
      }
      setOwn(texts, key, text)
    }
    return texts
  }

  /** The Deployment of istiod: its image names the release, its environment is the injector's. */
  private async controlPlane(): Promise<ControlPlane | undefined> {
    const labelSelector = `app=istiod,istio.io/rev=${this.revision || 'default'}`
    const at = { namespace: this.flags.istioNamespace }
    const found = await this.optional('the Deployment of istiod', RESOURCE.deployment, at, { labelSelector })
    return found?.map(readControlPlane)[0]
  }

  private async view(): Promise<ClusterView> {
    const nodes = await this.optional('nodes', RESOURCE.node)
    const namespaces = await this.optional('namespaces', RESOURCE.namespace)
    const proxyConfigs = await this.optional('ProxyConfigs', PROXY_CONFIG)
    const byName: Record<string, NamespaceInfo> = {}
    for (const info of present((namespaces ?? []).map(namespaceInfo))) setOwn(byName, info.name, info)
    return {
      access: nodes !== undefined,
      id: 'Kubernetes',
      nodes: present((nodes ?? []).map(nodeVersion)),
      namespaces: byName,
      proxyConfigs: present(
        // Items of a list come without their kind.
        (proxyConfigs ?? []).map((raw) => readProxyConfigResource({ ...raw, kind: PROXY_CONFIG.kind })),
      ),
    }
  }

  /** A list that the result can do without; a resource that does not exist counts as empty. */
  private async optional(
    what: string,
    resource: Resource,
    at: { readonly namespace?: string } = {},
    selection: Selection = {},
  ): Promise<readonly JsonObject[] | undefined> {
    try {
      return (await this.client.list(resource, at, selection)).items
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.kind !== 'not-found') this.notes.push(`cannot read ${what}: ${error.message}`)
      return undefined
    }
  }
}

const present = <T>(items: readonly (T | undefined)[]): T[] => items.filter((item) => item !== undefined)
