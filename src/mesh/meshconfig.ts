// Mesh configuration: Istio's built-in defaults, and how the text of a `mesh` key is laid over them and validated
// (contract §3.3, §3.4). A text that does not pass is refused whole; nothing is changed in place.

import type { Message } from '../api/mesh.ts'
import { atLeast, NEWEST, type Release } from '../api/release.ts'
import { compareGoStrings } from '../std/gojson.ts'
import { own } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import type { YamlValue } from '../std/yaml/tree.ts'
import { meshConfigError } from './meshconfig-validate.ts'
import { MESH_CONFIG, messageType } from './proto.ts'
import { isMap, JsonError, readMessage } from './proto-read.ts'
import { applyProxyConfigData, defaultProxyConfig } from './proxyconfig.ts'
import { yamlData } from './yaml-text.ts'

const SECOND = 1_000_000_000n
const DEFAULT_PROVIDERS = messageType('mesh.MeshConfig.DefaultProviders')

const DEFAULT: Message = {
  proxyListenPort: 15001,
  proxyInboundListenPort: 15006,
  connectTimeout: 10n * SECOND,
  protocolDetectionTimeout: 0n,
  ingressClass: 'istio',
  ingressService: 'istio-ingressgateway',
  ingressControllerMode: 'STRICT',
  enableTracing: true,
  outboundTrafficPolicy: { mode: 'ALLOW_ANY' },
  enableAutoMtls: true,
  trustDomain: 'cluster.local',
  defaultServiceExportTo: ['*'],
  defaultVirtualServiceExportTo: ['*'],
  defaultDestinationRuleExportTo: ['*'],
  rootNamespace: 'istio-system',
  localityLbSetting: { enabled: true },
  dnsRefreshRate: 60n * SECOND,
  enablePrometheusMerge: true,
  extensionProviders: [
    { name: 'prometheus', prometheus: {} },
    { name: 'stackdriver', stackdriver: {} },
    { name: 'envoy', envoyFileAccessLog: { path: '/dev/stdout' } },
  ],
  defaultProviders: {},
}

/** The mesh config of a release before any text is applied. */
export function defaultMeshConfig(release: Release = NEWEST): Message {
  return {
    ...DEFAULT,
    defaultConfig: defaultProxyConfig(release),
    ...(atLeast(release, 22) && { inboundTrafficPolicy: {} }),
  }
}

function optional<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]?: V })
}

/** Providers of the same name are replaced in place, others come after: later ones of the text win. */
function mergeProviders(old: readonly Message[], added: readonly Message[]): Message[] {
  const merged = [...old]
  for (const provider of added) {
    const at = merged.findIndex((other) => (other['name'] ?? '') === (provider['name'] ?? ''))
    if (at < 0) merged.push(provider)
    else merged[at] = provider
  }
  return merged
}

/** The fields of a text that are combined with what was there instead of replacing it. */
function combined(base: Message, read: Message, data: YamlValue, release: Release): Message {
  // Only the JSON names take part: `default_config` is read, checked, and then forgotten.
  const member = (name: string): YamlValue => (isMap(data) ? (own(data, name) ?? null) : null)
  const proxy = (base['defaultConfig'] ?? {}) as Message
  const providers = (base['extensionProviders'] ?? []) as readonly Message[]
  const added = read['extensionProviders'] as readonly Message[] | undefined
  const aliases = [base['trustDomainAliases'], read['trustDomainAliases']] as (
    | readonly string[]
    | undefined
  )[]
  const extension = mergeProviders(providers, added ?? [])
  const alias = [...new Set(aliases.flatMap((list) => list ?? []))].sort(compareGoStrings)
  return {
    defaultConfig: applyProxyConfigData(proxy, member('defaultConfig'), release),
    ...optional(
      'defaultProviders',
      readMessage(
        DEFAULT_PROVIDERS,
        member('defaultProviders'),
        release,
        (base['defaultProviders'] ?? {}) as Message,
      ),
    ),
    ...optional('extensionProviders', extension.length === 0 ? undefined : extension),
    ...optional('trustDomainAliases', alias.length === 0 ? undefined : alias),
  }
}

/**
 * `base` with the YAML text of a `mesh` key applied. Throws ProblemError `invalid-mesh` with Istio's text when it cannot
 * be read or the result is not valid.
 */
export function applyMeshConfig(base: Message, text: string, release: Release = NEWEST): Message {
  let merged: Message
  try {
    const data = yamlData(text)
    const read = readMessage(MESH_CONFIG, data, release, base)
    const { extensionProviders: _e, trustDomainAliases: _t, ...rest } = read
    merged = { ...rest, ...combined(base, read, data, release) }
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new ProblemError('invalid-mesh', `failed to convert to proto. ${error.message}`)
  }
  const problem = meshConfigError(merged)
  if (problem !== undefined) throw new ProblemError('invalid-mesh', problem)
  return merged
}
