// Validation of a whole mesh config as istiod does it on loading (contract §3.4). Out comes Istio's text, or undefined.
// Invalid extension providers are only a warning there, so they are not looked at.

import type { Message } from '../api/mesh.ts'
import { portProblem, trustDomainProblem, wildcardDomainProblem } from './hostport.ts'
import { errorList } from './multierror.ts'
import { durationRangeProblem, validateProxyConfig } from './proxyconfig-validate.ts'

const MILLISECOND = 1_000_000n
const HOUR = 3_600_000_000_000n

/** Errors found by one validator; `listed` ones print with a heading even if there is only one. */
interface Found {
  readonly errors: readonly string[]
  readonly listed: boolean
}

const plain = (problem: string | undefined, prefix = ''): Found => ({
  errors: problem === undefined ? [] : [prefix + problem],
  listed: false,
})
const listed = (errors: readonly string[]): Found => ({ errors, listed: true })

function detectionTimeout(nanoseconds: unknown): string | undefined {
  const whole = typeof nanoseconds !== 'bigint' || nanoseconds % MILLISECOND === 0n
  return whole ? undefined : 'only durations to ms precision are supported'
}

type Zones = Map<string, Set<string>>

/** Whether a locality lies within an earlier one; otherwise it is remembered. */
function overlaps(seen: Map<string, Zones>, region: string, zone?: string, subZone?: string): boolean {
  const zones = seen.get(region)
  if (zones !== undefined && zone === undefined) return true
  if (zones === undefined) {
    seen.set(region, new Map([[zone ?? '*', new Set([subZone ?? '*'])]]))
    return false
  }
  const subZones = zones.get(zone ?? '*')
  if (zones.has('*') || (subZones !== undefined && subZone === undefined)) return true
  if (subZones === undefined) {
    zones.set(zone ?? '*', new Set([subZone ?? '*']))
    return false
  }
  if (subZones.has('*') || subZones.has(subZone ?? '*')) return true
  subZones.add(subZone ?? '*')
  return false
}

/** Each locality is `region[/zone[/subzone]]`, `*` at the end only. */
function localitiesProblem(localities: readonly string[]): string | undefined {
  const seen = new Map<string, Zones>()
  for (const locality of localities) {
    const star = locality.indexOf('*')
    if (star >= 0 && star < locality.length - 1) {
      return `locality ${locality} wildcard '*' number can not exceed 1 and must be in the end`
    }
    if (seen.has('*')) return `locality ${locality} overlap with previous specified ones`
    const [, region = '', zone, subZone] = /^([^/]*)(?:\/([^/]*))?(?:\/(.*))?$/s.exec(locality) ?? []
    if (region === '' || zone === '' || subZone === '') {
      return `locality ${locality} must not contain empty region/zone/subzone info`
    }
    if (overlaps(seen, region, zone, subZone)) {
      return `locality ${locality} overlap with previous specified ones`
    }
  }
  return undefined
}

function distributeFound(distribute: readonly Message[]): Found[] {
  const found: Found[] = []
  for (const rule of distribute) {
    const to = Object.entries((rule['to'] ?? {}) as Record<string, number>)
    if (to.some(([, weight]) => weight <= 0 || weight > 100)) {
      return [...found, plain('locality weight must be in range [1, 100]')]
    }
    const total = to.reduce((sum, [, weight]) => sum + weight, 0)
    if (total !== 100) return [...found, plain(`total locality weight ${total} != 100`)]
    found.push(plain(localitiesProblem(to.map(([locality]) => locality).sort())))
  }
  return [...found, plain(localitiesProblem(distribute.map((rule) => String(rule['from'] ?? ''))))]
}

const TOPOLOGY = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone']

function localityFound(setting: Message | undefined): Found[] {
  if (setting === undefined) return []
  const distribute = (setting['distribute'] ?? []) as readonly Message[]
  const failover = (setting['failover'] ?? []) as readonly Message[]
  const priority = (setting['failoverPriority'] ?? []) as readonly string[]
  if (distribute.length > 0 && failover.length > 0) {
    return [plain("can not simultaneously specify 'distribute' and 'failover'")]
  }
  const topology = failover.length > 0 ? priority.find((label) => TOPOLOGY.includes(label)) : undefined
  if (topology !== undefined) {
    return [
      plain(`can not simultaneously set 'failover' and topology label '${topology}' in 'failover_priority'`),
    ]
  }
  const found = distributeFound(distribute)
  for (const rule of failover) {
    const from = String(rule['from'] ?? '')
    const to = String(rule['to'] ?? '')
    if (from === to) found.push(plain('locality lb failover settings must specify different regions'))
    if (`${from}${to}`.includes('/')) found.push(plain('locality lb failover only specify region'))
    if (`${from}${to}`.includes('*')) {
      found.push(plain("locality lb failover region should not contain '*' wildcard"))
    }
  }
  return found
}

function serviceErrors(settings: readonly Message[]): string[] {
  return settings.flatMap((setting, i) =>
    ((setting['hosts'] ?? []) as readonly string[]).flatMap((host) => {
      const problem = wildcardDomainProblem(host)
      return problem === undefined ? [] : [`serviceSettings[${i}], host \`${host}\`: ${problem}`]
    }),
  )
}

function trustDomainErrors(mesh: Message): string[] {
  const problem = trustDomainProblem(String(mesh['trustDomain'] ?? ''))
  const aliases = ((mesh['trustDomainAliases'] ?? []) as readonly string[]).flatMap((alias, i) => {
    const wrong = trustDomainProblem(alias)
    return wrong === undefined ? [] : [`trustDomainAliases[${i}], domain \`${alias}\` : ${wrong}`]
  })
  return [...(problem === undefined ? [] : [`trustDomain: ${problem}`]), ...aliases]
}

function meshTlsErrors(settings: Message | undefined): string[] {
  return settings?.['ecdhCurves'] === undefined ? [] : ['mesh TLS does not support ECDH curves configuration']
}

/** What is wrong with `mesh`: one plain error alone, otherwise a list with a heading. */
export function meshConfigError(mesh: Message): string | undefined {
  const found = [
    plain(portProblem(Number(mesh['proxyListenPort'] ?? 0)), 'invalid proxy listen port: '),
    plain(durationRangeProblem(mesh['connectTimeout'], MILLISECOND, HOUR), 'invalid connect timeout: '),
    plain(detectionTimeout(mesh['protocolDetectionTimeout']), 'invalid protocol detection timeout: '),
    listed(validateProxyConfig((mesh['defaultConfig'] ?? {}) as Message)),
    ...localityFound(mesh['localityLbSetting'] as Message | undefined),
    listed(serviceErrors((mesh['serviceSettings'] ?? []) as readonly Message[])),
    listed(trustDomainErrors(mesh)),
    listed(meshTlsErrors(mesh['meshMTLS'] as Message | undefined)),
  ].filter((each) => each.errors.length > 0)
  const errors = found.flatMap((each) => each.errors)
  if (errors.length === 0) return undefined
  return errors.length === 1 && found[0]?.listed === false ? errors[0] : errorList(errors)
}
