// Reads settings from a live cluster with the user's kubeconfig: the ConfigMaps of one revision, its release and
// environment, and what the injector knows of the cluster. One-shot reads, nothing is written, nothing is watched.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { KubeConfig, V1Container } from '@kubernetes/client-node'
import type { ClusterView, NamespaceInfo, NodeVersion } from '../api/mesh.ts'
import { parseRelease, type Release } from '../api/release.ts'
import { namespaceInfo, nodeVersion } from '../mesh/cluster-objects.ts'
import { readProxyConfigResource } from '../mesh/proxyconfig-resource.ts'
import { isObject, type Json, setOwn } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import type { SettingsFlags } from './flags.ts'
import type { Io } from './io.ts'
import { ioProblem } from './output.ts'

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

/** The kubeconfig files to use, in kubectl's order; empty when the user has none. */
export function kubeconfigFiles(io: Io, flags: SettingsFlags): string[] {
  if (flags.offline === true) return []
  if (flags.kubeconfig !== undefined) return [resolve(io.cwd, flags.kubeconfig)]
  const listed = (io.env['KUBECONFIG'] ?? '').split(':').filter((path) => path !== '')
  const home = io.env['HOME']
  const files = listed.length > 0 ? listed : home === undefined ? [] : [join(home, '.kube', 'config')]
  return files.map((path) => resolve(io.cwd, path)).filter((path) => existsSync(path))
}

/** Whether settings may come from a cluster: the user named one, or has a kubeconfig. */
export function clusterUsable(io: Io, flags: SettingsFlags): boolean {
  return flags.offline !== true && (flags.context !== undefined || kubeconfigFiles(io, flags).length > 0)
}

export async function readCluster(io: Io, flags: SettingsFlags, wanted: Wanted): Promise<ClusterSettings> {
  const client = await import('@kubernetes/client-node')
  const config = loadKubeconfig(new client.KubeConfig(), () => new client.KubeConfig(), io, flags)
  const reader = new ClusterReader(config, client, flags)
  return reader.read(wanted)
}

function loadKubeconfig(
  config: KubeConfig,
  fresh: () => KubeConfig,
  io: Io,
  flags: SettingsFlags,
): KubeConfig {
  const files = kubeconfigFiles(io, flags)
  for (const file of files) {
    try {
      const next = fresh()
      next.loadFromFile(file)
      config.mergeConfig(next)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      const { message } = 'code' in error ? ioProblem('read', file, error) : error
      throw new ProblemError(
        'io',
        message,
        { object: 'kubeconfig' },
        'to do without a cluster, give --offline',
      )
    }
  }
  if (flags.context !== undefined) {
    if (config.getContextObject(flags.context) === null) {
      const known = config.getContexts().map((context) => context.name)
      const message = `context "${flags.context}" is not in the kubeconfig, which has ${known.join(', ') || 'none'}`
      throw new ProblemError('usage', message)
    }
    config.setCurrentContext(flags.context)
  }
  return config
}

/** The name with the revision behind it, where the name is the default one. */
function revisioned(name: string, base: string, revision: string): string {
  return name === base && revision !== '' ? `${base}-${revision}` : name
}

type Client = typeof import('@kubernetes/client-node')

class ClusterReader {
  private readonly core
  private readonly apps
  private readonly custom
  private readonly flags: SettingsFlags
  private readonly revision: string
  private readonly notes: string[] = []

  constructor(config: KubeConfig, client: Client, flags: SettingsFlags) {
    this.core = config.makeApiClient(client.CoreV1Api)
    this.apps = config.makeApiClient(client.AppsV1Api)
    this.custom = config.makeApiClient(client.CustomObjectsApi)
    this.flags = flags
    this.revision = flags.revision === 'default' ? '' : (flags.revision ?? '')
  }

  async read(wanted: Wanted): Promise<ClusterSettings> {
    const { flags, revision } = this
    const discovery = await this.discovery()
    const env = envOf(discovery)
    const release = parseRelease(discovery?.image?.split('@')[0]?.split(':').at(-1) ?? '')
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
    const shared = env['SHARED_MESH_CONFIG'] ?? ''
    const texts = shared === '' ? [] : [(await this.configMap(shared, ['mesh']))['mesh'] ?? '']
    const name = revisioned(this.flags.meshConfigMapName, 'istio', this.revision)
    return [...texts, (await this.configMap(name, ['mesh']))['mesh'] ?? '']
  }

  private async configMap(name: string, keys: readonly string[]): Promise<Record<string, string>> {
    const namespace = this.flags.istioNamespace
    const object = `ConfigMap ${namespace}/${name}`
    const hint =
      'give files (--injectConfigFile, --valuesFile, --meshConfigFile), or --offline for built-in settings'
    const map = await this.call(object, () => this.core.readNamespacedConfigMap({ name, namespace }), hint)
    const texts: Record<string, string> = {}
    for (const key of keys) {
      const text = map.data?.[key]
      if (text === undefined) throw new ProblemError('not-found', `key "${key}" is missing`, { object }, hint)
      texts[key] = text
    }
    return texts
  }

  /** Container `discovery` of the control plane's Deployment: its image names the release, its env is the injector's. */
  private async discovery(): Promise<V1Container | undefined> {
    const labelSelector = `app=istiod,istio.io/rev=${this.revision || 'default'}`
    const list = await this.optional('the Deployment of istiod', () =>
      this.apps.listNamespacedDeployment({ namespace: this.flags.istioNamespace, labelSelector }),
    )
    return list?.items[0]?.spec?.template.spec?.containers.find((container) => container.name === 'discovery')
  }

  private async view(): Promise<ClusterView> {
    const nodes = await this.optional('nodes', () => this.core.listNode())
    const namespaces = await this.optional('namespaces', () => this.core.listNamespace())
    const resources = await this.optional('ProxyConfigs', () =>
      this.custom.listClusterCustomObject({
        group: 'networking.istio.io',
        version: 'v1beta1',
        plural: 'proxyconfigs',
      }),
    )
    const byName: Record<string, NamespaceInfo> = {}
    for (const item of namespaces?.items ?? []) {
      const info = namespaceInfo(item as unknown as Json)
      if (info !== undefined) setOwn(byName, info.name, info)
    }
    return {
      access: nodes !== undefined,
      id: 'Kubernetes',
      nodes: present(
        (nodes?.items ?? []).map((item): NodeVersion | undefined => nodeVersion(item as unknown as Json)),
      ),
      namespaces: byName,
      proxyConfigs: present(itemsOf(resources).map(readProxyConfigResource)),
    }
  }

  /** A read that the result can do without; a resource that does not exist counts as empty. */
  private async optional<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read()
    } catch (error) {
      if (codeOf(error) !== 404) this.notes.push(`cannot read ${what}: ${reasonOf(error)}`)
      return undefined
    }
  }

  private async call<T>(object: string, read: () => Promise<T>, hint: string): Promise<T> {
    try {
      return await read()
    } catch (error) {
      const code = codeOf(error) === 404 ? 'not-found' : 'io'
      throw new ProblemError(code, `cannot read it from the cluster: ${reasonOf(error)}`, { object }, hint)
    }
  }
}

const present = <T>(items: readonly (T | undefined)[]): T[] => items.filter((item) => item !== undefined)

function itemsOf(list: unknown): Json[] {
  const items = isObject(list) ? list['items'] : undefined
  return Array.isArray(items) ? items : []
}

function envOf(container: V1Container | undefined): Record<string, string> {
  const env: Record<string, string> = {}
  for (const { name, value } of container?.env ?? []) {
    if (value !== undefined) setOwn(env, name, value)
  }
  return env
}

function codeOf(error: unknown): number | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'number' ? code : undefined
}

/** The API server's own message where there is one, else what the connection said. */
function reasonOf(error: unknown): string {
  const body = typeof error === 'object' && error !== null && 'body' in error ? error.body : undefined
  const status = typeof body === 'string' ? parsed(body) : body
  if (isObject(status) && typeof status['message'] === 'string') return status['message']
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : ''
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  return cause === '' ? message : `${message}: ${cause}`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
