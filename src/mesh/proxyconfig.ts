// Proxy configuration: Istio's default, how texts and layers are put on top of each other, and what the webhook finds
// effective for a pod (contract §3.4, §3.5). Everything here takes and gives Messages and changes none of them.

import type { Message, ProxyConfigResource } from '../api/mesh.ts'
import { ANNOTATION } from '../api/names.ts'
import { atLeast, NEWEST, type Release } from '../api/release.ts'
import { own } from '../std/json.ts'
import type { YamlValue } from '../std/yaml/tree.ts'
import { PROXY_CONFIG } from './proto.ts'
import { type Draft, JsonError, readMessage, setField } from './proto-read.ts'
import { equalMessages } from './proto-write.ts'
import { yamlData } from './yaml-text.ts'

const SECOND = 1_000_000_000n

const DEFAULT: Message = {
  configPath: './etc/istio/proxy',
  binaryPath: '/usr/local/bin/envoy',
  serviceCluster: 'istio-proxy',
  drainDuration: 45n * SECOND,
  discoveryAddress: 'istiod.istio-system.svc:15012',
  proxyAdminPort: 15000,
  controlPlaneAuthPolicy: 'MUTUAL_TLS',
  statNameLength: 189,
  statusPort: 15020,
  terminationDrainDuration: 5n * SECOND,
}
/** Up to 1.21 tracing to Zipkin was on by default. */
const TRACING_DEFAULT: Message = {
  ...DEFAULT,
  tracing: { zipkin: { address: 'zipkin.istio-system:9411' } },
}

/** The built-in default ProxyConfig of a release. */
export function defaultProxyConfig(release: Release = NEWEST): Message {
  return atLeast(release, 22) ? DEFAULT : TRACING_DEFAULT
}

const KEPT_HEADERS = ['forwardedClientCert', 'requestId', 'attemptCount', 'server', 'envoyDebugHeaders']

/** The two fields that do not simply replace: metadata is merged by key, some headers keep what was set below. */
function keepLower(lower: Message, merged: Message): Message {
  const metadata = merged['proxyMetadata']
  const below = lower['proxyMetadata']
  let result = merged
  if (below !== undefined && metadata !== below) {
    result = { ...result, proxyMetadata: { ...(below as object), ...(metadata as object | undefined) } }
  }
  const headers = merged['proxyHeaders'] as Message | undefined
  const headersBelow = lower['proxyHeaders'] as Message | undefined
  if (headers !== undefined && headersBelow !== undefined && headers !== headersBelow) {
    const kept = KEPT_HEADERS.filter(
      (name) => headers[name] === undefined && headersBelow[name] !== undefined,
    )
    const values = Object.fromEntries(kept.map((name) => [name, headersBelow[name]]))
    if (kept.length > 0) result = { ...result, proxyHeaders: { ...headers, ...values } }
  }
  return result
}

/**
 * `base` with the YAML text of annotation `proxy.istio.io/config` (or of `defaultConfig`) applied to it.
 * Throws JsonError with Go's text alone; Istio's callers prefix it differently.
 */
export function applyProxyConfig(base: Message, text: string, release: Release = NEWEST): Message {
  return applyProxyConfigData(base, yamlData(text), release)
}

/** As applyProxyConfig, for a text that is parsed already. */
export function applyProxyConfigData(base: Message, data: YamlValue, release: Release = NEWEST): Message {
  return keepLower(base, readMessage(PROXY_CONFIG, data, release, base))
}

/** `lower` with every field that `upper` sets. Fields set to zero do not show in a Message, hence do not override. */
export function mergeProxyConfig(lower: Message, upper: Message): Message {
  const names = Object.keys(upper)
  if (names.length === 0) return lower
  const draft: Draft = { ...lower }
  for (const name of names) {
    const field = PROXY_CONFIG.byJson.get(name)
    if (field !== undefined) setField(PROXY_CONFIG, draft, field, upper[name])
  }
  return keepLower(lower, draft)
}

/** Oldest first, then by name and namespace: the order in which Istio looks for the first that applies. */
function byAge(a: ProxyConfigResource, b: ProxyConfigResource): number {
  const order = (x: string, y: string): number => (x < y ? -1 : x > y ? 1 : 0)
  return (
    order(a.creationTimestamp, b.creationTimestamp) ||
    order(a.name, b.name) ||
    order(a.namespace, b.namespace)
  )
}

function resourceConfig(resource: ProxyConfigResource | undefined): Message {
  if (resource === undefined) return {}
  const { concurrency, environmentVariables, imageType } = resource
  const metadata = environmentVariables ?? {}
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(Object.keys(metadata).length > 0 && { proxyMetadata: metadata }),
    ...(imageType !== undefined && { image: imageType === '' ? {} : { imageType } }),
  }
}

function selects(resource: ProxyConfigResource, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(resource.matchLabels ?? {}).every(([key, value]) => own(labels, key) === value)
}

/** The resources of one namespace that can apply to its pods. */
interface NamespaceConfigs {
  /** The oldest without a selector: for the whole namespace, and in the root namespace for the whole mesh. */
  general: ProxyConfigResource | undefined
  /** Those with a selector that selects anything, oldest first. */
  readonly selecting: ProxyConfigResource[]
}

// A snapshot keeps its list of resources, so the list is sorted once and not for every pod.
const indexes = new WeakMap<readonly ProxyConfigResource[], ReadonlyMap<string, NamespaceConfigs>>()

function indexOf(resources: readonly ProxyConfigResource[]): ReadonlyMap<string, NamespaceConfigs> {
  const known = indexes.get(resources)
  if (known !== undefined) return known
  const index = new Map<string, NamespaceConfigs>()
  for (const resource of [...resources].sort(byAge)) {
    const configs = index.get(resource.namespace) ?? { general: undefined, selecting: [] }
    if (resource.matchLabels === undefined) configs.general ??= resource
    else if (Object.keys(resource.matchLabels).length > 0) configs.selecting.push(resource)
    index.set(resource.namespace, configs)
  }
  indexes.set(resources, index)
  return index
}

export interface EffectiveInput {
  readonly mesh: Message
  readonly annotations: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Of the pod. */
  readonly namespace: string
  readonly resources: readonly ProxyConfigResource[]
  readonly release: Release
}

/** The annotation's config; an unreadable one counts as empty here and is refused by annotation validation. */
function annotationConfig(text: string | undefined, release: Release): Message {
  if (text === undefined) return {}
  try {
    return readMessage(PROXY_CONFIG, yamlData(text), release)
  } catch (error) {
    if (error instanceof JsonError) return {}
    throw error
  }
}

/** The ProxyConfig the webhook gives to templates (contract §3.5). */
export function effectiveProxyConfig(input: EffectiveInput): Message {
  const { namespace, release } = input
  const index = indexOf(input.resources)
  const config = sharedConfig(input, index)
  const selecting = index.get(namespace)?.selecting.find((each) => selects(each, input.labels))
  const annotation = annotationConfig(own(input.annotations, ANNOTATION.proxyConfig), release)
  return mergeProxyConfig(config, mergeProxyConfig(annotation, resourceConfig(selecting)))
}

const shared = new WeakMap<Message, WeakMap<readonly ProxyConfigResource[], Map<string, Message>>>()

/**
 * What all pods of a namespace have in common; the very same message for all of them, and for all namespaces without
 * resources of their own.
 */
function sharedConfig(input: EffectiveInput, index: ReturnType<typeof indexOf>): Message {
  const { mesh, resources, namespace, release } = input
  const root = typeof mesh['rootNamespace'] === 'string' ? mesh['rootNamespace'] : ''
  const special = namespace === root || index.has(namespace) ? namespace : ''
  const key = `${release.major}.${release.minor} ${special}`
  const byResources = shared.get(mesh) ?? new WeakMap<readonly ProxyConfigResource[], Map<string, Message>>()
  shared.set(mesh, byResources)
  const known = byResources.get(resources) ?? new Map<string, Message>()
  byResources.set(resources, known)
  let config = known.get(key)
  if (config === undefined) {
    config = mergeProxyConfig(defaultProxyConfig(release), (mesh['defaultConfig'] ?? {}) as Message)
    if (root !== '') config = mergeProxyConfig(config, resourceConfig(index.get(root)?.general))
    if (namespace !== root) config = mergeProxyConfig(config, resourceConfig(index.get(namespace)?.general))
    known.set(key, config)
  }
  return config
}

/**
 * The mesh config kube-inject works with for one pod: the annotation is applied to `defaultConfig`, explicit zeros
 * included. Throws JsonError with Istio's text `could not parse proxy config: …`.
 */
export function kubeInjectMesh(
  mesh: Message,
  annotations: Readonly<Record<string, string>>,
  release: Release,
): Message {
  const text = own(annotations, ANNOTATION.proxyConfig)
  if (text === undefined) return mesh
  try {
    return {
      ...mesh,
      defaultConfig: applyProxyConfig((mesh['defaultConfig'] ?? {}) as Message, text, release),
    }
  } catch (error) {
    if (error instanceof JsonError) throw new JsonError(`could not parse proxy config: ${error.message}`)
    throw error
  }
}

/** Fields that PROXY_CONFIG leaves out where they have the built-in default. */
const CLEANED = [
  'configPath',
  'binaryPath',
  'controlPlaneAuthPolicy',
  'serviceCluster',
  'drainDuration',
  'terminationDrainDuration',
  'discoveryAddress',
  'envoyMetricsService',
  'envoyAccessLogService',
  'proxyAdminPort',
  'statNameLength',
  'statusPort',
  'tracing',
]

/** What template function `protoToJSON` prints of a ProxyConfig: the message without built-in defaults. */
export function cleanProxyConfig(config: Message, release: Release = NEWEST): Message {
  const defaults = defaultProxyConfig(release)
  const same = CLEANED.filter(
    (name) => config[name] !== undefined && equalMessages(config[name], defaults[name]),
  )
  if (same.length === 0) return config
  const cleaned: { [field: string]: unknown } = { ...config }
  for (const name of same) delete cleaned[name]
  return cleaned
}
