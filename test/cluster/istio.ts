// Istio played: its objects in the cluster, and for each pod of istiod a stand-alone webhook with the settings of its
// revision's ConfigMaps. What istiod does to webhook configurations is done here too: the caBundle rule of contract
// revisions §3.1, by label istio.io/rev and entry name, with a full update and a retry.

import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiAccess } from '../../src/kube/access.ts'
import { ApiError, type Client, createClient } from '../../src/kube/client.ts'
import { systemClock } from '../../src/kube/clock.ts'
import { type Reflector, startReflector } from '../../src/kube/reflector.ts'
import { RESOURCE, type Resource } from '../../src/kube/resource.ts'
import { configMapNames, imageTag } from '../../src/revision/control-plane.ts'
import type { JsonObject } from '../../src/std/json.ts'
import type { PlayedPod } from './kubelet.ts'
import { type Installation, istioObjects } from './objects.ts'
import { type Program, startProgram } from './program.ts'
import { until } from './wait.ts'

const NAMESPACE = 'istio-system'
const BY_KIND = new Map<string, Resource>(
  Object.values(RESOURCE).map((resource) => [resource.kind, resource]),
)

/** Creates the objects of an installation. */
export async function installIstio(access: ApiAccess, installation: Installation): Promise<void> {
  const client = createClient(access)
  await ensureNamespace(client, NAMESPACE)
  for (const object of istioObjects(installation)) await createObject(client, object)
}

async function ensureNamespace(client: Client, name: string): Promise<void> {
  try {
    await client.create(RESOURCE.namespace, {}, { metadata: { name } })
  } catch (error) {
    if (!(error instanceof ApiError && error.kind === 'already-exists')) throw error
  }
}

/** Creates an object of a known kind at the place that it names. */
export async function createObject(client: Client, object: JsonObject): Promise<JsonObject> {
  const resource = BY_KIND.get(String(object['kind']))
  if (resource === undefined) throw new Error(`kind ${String(object['kind'])} is not known here`)
  const { namespace } = object['metadata'] as { namespace?: string }
  return client.create(resource, namespace === undefined ? {} : { namespace }, object)
}

/** The nodes of the test cluster, as far as native sidecars depend on them. */
const NODES =
  'apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\nstatus: {nodeInfo: {kubeletVersion: v1.35.4}}\n'

export class Istio {
  private readonly folder: string
  private readonly client: Client
  private readonly configurations: Reflector<JsonObject>
  private readonly configMaps: Reflector<JsonObject>
  /** Authority of each revision, as its process told it. */
  private readonly bundles = new Map<string, string>()
  private readonly pending = new Set<string>()
  private stopped = false
  /** How often a caBundle was written. */
  patches = 0

  constructor(access: ApiAccess, folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'nodes.yaml'), NODES)
    this.client = createClient(access)
    const common = { access, clock: systemClock, random: Math.random, select: (raw: JsonObject) => raw }
    this.configurations = startReflector({
      ...common,
      resource: RESOURCE.mutatingWebhookConfiguration,
      onChange: () => this.patchAll(),
    })
    this.configMaps = startReflector({
      ...common,
      resource: RESOURCE.configMap,
      namespace: NAMESPACE,
      onChange: () => this.writeSettings(),
    })
  }

  stop(): void {
    this.stopped = true
    this.configurations.stop()
    this.configMaps.stop()
  }

  /** For the kubelet: the process that plays a pod of istiod. */
  async start(pod: PlayedPod): Promise<Program | undefined> {
    if (pod.labels['app'] !== 'istiod') return undefined
    const revision = pod.labels['istio.io/rev'] ?? 'default'
    await this.configMaps.whenSynced
    this.writeSettings()
    const suffix = revision === 'default' ? '' : `-${revision}`
    const files = this.filesOf(revision)
    const args = [
      [
        'webhook',
        '--standalone',
        '--host',
        '127.0.0.1',
        '--port',
        '0',
        '--health-port',
        '0',
        '--drain',
        '1s',
      ],
      ['--state-dir', join(this.folder, `state${suffix}`)],
      ['--dns-names', `istiod${suffix}.${NAMESPACE}.svc`],
      ['--injectConfigFile', files.config, '--valuesFile', files.values, '--meshConfigFile', files.mesh],
      [
        '--istio-version',
        imageTag(pod.containers[0]?.image ?? ''),
        '--nodes',
        join(this.folder, 'nodes.yaml'),
      ],
      revision === 'default' ? [] : ['--revision', revision],
      Object.entries(pod.env).flatMap(([name, value]) => ['--injector-env', `${name}=${value}`]),
    ].flat()
    const program = startProgram({ args, env: {}, log: join(this.folder, `${pod.name}.log`) })
    void this.learnBundle(revision, program)
    return program
  }

  private async learnBundle(revision: string, program: Program): Promise<void> {
    await until(
      'istiod to tell its authority',
      () => program.told?.caBundle !== undefined || !program.running,
    )
    const bundle = program.told?.caBundle
    if (bundle === undefined || this.stopped) return
    this.bundles.set(revision, bundle)
    this.patchAll()
  }

  private filesOf(revision: string): Record<'config' | 'values' | 'mesh', string> {
    const file = (key: string): string => join(this.folder, `${revision}.${key}`)
    return { config: file('config'), values: file('values'), mesh: file('mesh') }
  }

  /** What the ConfigMaps hold, where the processes look for it; they read it again when it changes. */
  private writeSettings(): void {
    for (const raw of this.configMaps.items.values()) {
      const { name, labels } = raw['metadata'] as { name: string; labels?: Record<string, string> }
      const revision = labels?.['istio.io/rev']
      if (revision === undefined) continue
      const names = configMapNames(revision)
      const data = (raw['data'] ?? {}) as Record<string, string>
      const files = this.filesOf(revision)
      const keys = name === names.injector ? (['config', 'values'] as const) : (['mesh'] as const)
      if (name !== names.injector && name !== names.mesh) continue
      for (const key of keys) {
        writeFileSync(`${files[key]}.new`, data[key] ?? '')
        renameSync(`${files[key]}.new`, files[key])
      }
    }
  }

  private patchAll(): void {
    for (const name of this.configurations.items.keys()) void this.patch(name)
  }

  /** One write at a time for each object; what changes meanwhile comes by the watch. */
  private async patch(name: string): Promise<void> {
    if (this.pending.has(name)) return
    this.pending.add(name)
    try {
      const wanted = this.patched(name)
      if (wanted === undefined) return
      this.patches++
      await this.client.update(RESOURCE.mutatingWebhookConfiguration, { name }, wanted)
    } catch {
      setTimeout(() => (this.stopped ? undefined : void this.patch(name)), 100)
    } finally {
      this.pending.delete(name)
    }
  }

  /** The configuration with the bundle of its revision; undefined where there is nothing to do. */
  private patched(name: string): JsonObject | undefined {
    const raw = this.configurations.items.get(name)
    const labels = (raw?.['metadata'] as { labels?: Record<string, string> } | undefined)?.labels
    const bundle = this.bundles.get(labels?.['istio.io/rev'] ?? '')
    if (raw === undefined || bundle === undefined) return undefined
    let changed = false
    const webhooks = ((raw['webhooks'] ?? []) as JsonObject[]).map((entry) => {
      const client = entry['clientConfig'] as JsonObject
      if (!String(entry['name']).endsWith('sidecar-injector.istio.io') || client['caBundle'] === bundle) {
        return entry
      }
      changed = true
      return { ...entry, clientConfig: { ...client, caBundle: bundle } }
    })
    return changed ? { ...raw, webhooks } : undefined
  }
}
