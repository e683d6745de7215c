// From what the watches hold to what each revision injects with (contract injection §3.0): texts of its ConfigMaps,
// release and environment of its Deployment, tags, the default, and the cluster. Pure: objects in, data out. A revision
// whose texts are missing is a problem of that revision, never of the others.

import type {
  ClusterView,
  NamespaceInfo,
  NodeVersion,
  ProxyConfigResource,
  RevisionInputs,
} from '../api/mesh.ts'
import { type Configuration, readConfiguration } from '../revision/configuration.ts'
import { type ControlPlane, configMapNames, type LabelledObject, textsOf } from '../revision/control-plane.ts'
import {
  type Discovery,
  defaultRevision,
  discoverRevisions,
  type RevisionFacts,
  tagTargets,
} from '../revision/discover.ts'
import { isObject, type JsonObject, own, setOwn } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'

/** A ConfigMap of the control plane's namespace: the keys that injection reads, of those that have any. */
export interface ConfigTexts extends LabelledObject {
  readonly texts: Readonly<Record<string, string>>
}

/** What the watches hold, by name. */
export interface Watched {
  readonly configMaps: ReadonlyMap<string, ConfigTexts>
  readonly deployments: ReadonlyMap<string, ControlPlane>
  readonly services: ReadonlyMap<string, LabelledObject>
  readonly namespaces: ReadonlyMap<string, NamespaceInfo>
  readonly proxyConfigs: ReadonlyMap<string, ProxyConfigResource>
  readonly nodes: ReadonlyMap<string, NodeVersion>
  readonly configurations: ReadonlyMap<string, JsonObject>
  readonly validators: ReadonlyMap<string, LabelledObject>
}

export interface Gathered {
  readonly configurations: readonly Configuration[]
  readonly discovery: Discovery
  /** By revision: its texts, or why there are none. Revisions whose control plane is elsewhere are left out. */
  readonly revisions: ReadonlyMap<string, RevisionInputs | ProblemError>
  readonly tags: Readonly<Record<string, string>>
  readonly defaultRevision: string
}

const INJECTOR_NAME = 'istio-sidecar-injector'

/** The part of a ConfigMap that is kept; undefined for one that no revision can use. */
export function readConfigTexts(raw: JsonObject): ConfigTexts | undefined {
  const metadata = own(raw, 'metadata')
  const data = own(raw, 'data')
  if (!isObject(metadata)) return undefined
  const name = own(metadata, 'name')
  const labels = own(metadata, 'labels')
  if (typeof name !== 'string') return undefined
  const isInjector = name.startsWith(INJECTOR_NAME)
  const texts: Record<string, string> = {}
  for (const key of isInjector ? ['config', 'values'] : ['mesh']) {
    const text = isObject(data) ? own(data, key) : undefined
    if (typeof text === 'string') setOwn(texts, key, text)
  }
  if (!isInjector && Object.keys(texts).length === 0) return undefined
  return { name, labels: isObject(labels) ? textsOf(labels) : {}, texts }
}

/**
 * `previous`: the texts that were gathered before. When a revision's Deployment goes away while its ConfigMap stays,
 * release and environment stay as they were.
 */
export function gather(
  watched: Watched,
  istioNamespace: string,
  previous: ReadonlyMap<string, RevisionInputs>,
): Gathered {
  const configMaps = new Map([...watched.configMaps.values()].map((each) => [each.name, each]))
  const configurations = [...watched.configurations.values()].map((raw) =>
    readConfiguration(raw, istioNamespace),
  )
  const validator = [...watched.validators.values()].find(({ name }) => name === 'istiod-default-validator')
  const discovery = discoverRevisions({
    configurations,
    services: [...watched.services.values()],
    deployments: [...watched.deployments.values()],
    configMaps: [...configMaps.values()].filter(({ name }) => name.startsWith(INJECTOR_NAME)),
    defaultValidator: own(validator?.labels ?? {}, 'istio.io/rev'),
  })
  const revisions = new Map<string, RevisionInputs | ProblemError>()
  for (const facts of discovery.revisions) {
    const before = previous.get(facts.name)
    if (!facts.here && before === undefined) continue
    revisions.set(facts.name, inputsOf(facts, configMaps, istioNamespace, before))
  }
  return {
    configurations,
    discovery,
    revisions,
    tags: tagTargets(discovery.tags),
    defaultRevision: defaultRevision(discovery),
  }
}

function inputsOf(
  facts: RevisionFacts,
  configMaps: ReadonlyMap<string, ConfigTexts>,
  namespace: string,
  before: RevisionInputs | undefined,
): RevisionInputs | ProblemError {
  const names = configMapNames(facts.name)
  const object = `ConfigMap ${namespace}/${names.injector}`
  const injector = configMaps.get(names.injector)?.texts
  if (injector === undefined) return new ProblemError('not-found', `${object} does not exist`, { object })
  const config = own(injector, 'config')
  const values = own(injector, 'values')
  // Istio's words.
  if (config === undefined) {
    return new ProblemError('invalid-config', 'missing ConfigMap config key "config"', { object })
  }
  if (values === undefined) {
    return new ProblemError('invalid-values', 'missing ConfigMap values key "values"', { object })
  }
  const { env, release } = facts.deployment || before === undefined ? facts : before
  const shared = own(env, 'SHARED_MESH_CONFIG') ?? ''
  // A ConfigMap that is missing counts as an empty one: the defaults.
  const mesh = [...(shared === '' ? [] : [shared]), names.mesh]
    .map((name) => own(configMaps.get(name)?.texts ?? {}, 'mesh'))
    .filter((text) => text !== undefined)
  return { revision: facts.name, release, env, config, values, mesh }
}

/** The cluster as all revisions see it. ProxyConfigs keep the order of their names. */
export function clusterView(
  watched: Pick<Watched, 'namespaces' | 'proxyConfigs' | 'nodes'>,
  id: string,
): ClusterView {
  const namespaces: Record<string, NamespaceInfo> = {}
  for (const info of watched.namespaces.values()) setOwn(namespaces, info.name, info)
  const byKey = [...watched.proxyConfigs].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    access: true,
    id,
    nodes: [...watched.nodes.values()],
    namespaces,
    proxyConfigs: byKey.map(([, resource]) => resource),
  }
}
