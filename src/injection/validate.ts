// Annotations that Istio checks before it renders anything (contract §11.1), as one table: name → check and the release
// that brought it. In go the annotations of the incoming pod, out comes Istio's text, or undefined. Annotations that
// are not listed are never looked at, wrong as they may be, nor are those of a pod that is not injected.

import type { Message } from '../api/mesh.ts'
import { atLeast, type Release } from '../api/release.ts'
import { goQuote } from '../gotemplate/quote.ts'
import { errorList } from '../mesh/multierror.ts'
import { JsonError } from '../mesh/proto-read.ts'
import { applyProxyConfig, defaultProxyConfig } from '../mesh/proxyconfig.ts'
import { validateProxyConfig } from '../mesh/proxyconfig-validate.ts'
import { byteLength } from '../std/bytes.ts'
import { own } from '../std/json.ts'
import { parseQuantity } from '../std/quantity.ts'
import { boolError, trimSpace, uintError } from './gotext.ts'
import { prefixError } from './netip.ts'

/** Says what is wrong with a value; undefined when nothing is. */
type Check = (value: string, release: Release) => string | undefined

interface Rule {
  readonly check: Check
  /** Minor release with which the check came. */
  readonly from?: number
  /** Last minor release that has the check. */
  readonly until?: number
}

const readiness: Rule = { check: (value) => uintError(value, 32) }
const interfaces: Rule = { check: interfaceList, from: 30 }
const quantity: Rule = { check: quantityError, from: 29 }

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['istio.io/reroute-virtual-interfaces', interfaces],
  ['prometheus.istio.io/merge-metrics', { check: boolError }],
  ['proxy.istio.io/config', { check: proxyConfig }],
  ['readiness.status.sidecar.istio.io/failureThreshold', readiness],
  ['readiness.status.sidecar.istio.io/initialDelaySeconds', readiness],
  ['readiness.status.sidecar.istio.io/periodSeconds', readiness],
  ['sidecar.istio.io/enableCoreDump', { check: boolError, until: 24 }],
  ['sidecar.istio.io/interceptionMode', { check: interceptionMode }],
  ['sidecar.istio.io/proxyCPU', quantity],
  ['sidecar.istio.io/proxyCPULimit', quantity],
  ['sidecar.istio.io/proxyMemory', quantity],
  ['sidecar.istio.io/proxyMemoryLimit', quantity],
  ['status.sidecar.istio.io/port', { check: named('excludeInboundPorts', portError) }],
  ['traffic.sidecar.istio.io/excludeInboundPorts', { check: named('excludeInboundPorts', portList) }],
  ['traffic.sidecar.istio.io/excludeInterfaces', interfaces],
  ['traffic.sidecar.istio.io/excludeOutboundIPRanges', { check: named('excludeIPRanges', cidrList) }],
  ['traffic.sidecar.istio.io/excludeOutboundPorts', { check: named('excludeOutboundPorts', portList) }],
  ['traffic.sidecar.istio.io/includeInboundPorts', { check: named('includeInboundPorts', orAll(portList)) }],
  ['traffic.sidecar.istio.io/includeOutboundIPRanges', { check: named('includeIPRanges', orAll(cidrList)) }],
  ['traffic.sidecar.istio.io/kubevirtInterfaces', interfaces],
])

/** Looked for one by one: a pod may have thousands of annotations. */
const CHECKED: readonly string[] = [...RULES.keys()].sort()

/** What is wrong with one annotation, without its name and value; undefined for a good value or an unchecked name. */
export function annotationError(name: string, value: string, release: Release): string | undefined {
  const rule = RULES.get(name)
  if (rule === undefined) return undefined
  if (rule.from !== undefined && !atLeast(release, rule.from)) return undefined
  if (rule.until !== undefined && atLeast(release, rule.until + 1)) return undefined
  return rule.check(value, release)
}

/**
 * What is wrong with `annotations`, as Istio lists it: `1 error occurred:` or `n errors occurred:` and a line each.
 * Istio's order is random; here it is that of the annotation names.
 */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>>,
  release: Release,
): string | undefined {
  const errors: string[] = []
  for (const name of CHECKED) {
    const value = own(annotations, name)
    const error = value === undefined ? undefined : annotationError(name, value, release)
    if (error !== undefined) errors.push(`invalid value '${value}' for annotation '${name}': ${error}`)
  }
  return errors.length === 0 ? undefined : errorList(errors)
}

function named(what: string, check: (value: string) => string | undefined): Check {
  return (value) => {
    const error = check(value)
    return error === undefined ? undefined : `${what} invalid: ${error}`
  }
}

function orAll(check: (value: string) => string | undefined): (value: string) => string | undefined {
  return (value) => (value === '*' ? undefined : check(value))
}

function interceptionMode(value: string): string | undefined {
  if (['REDIRECT', 'TPROXY', 'NONE'].includes(value)) return undefined
  return `interceptionMode invalid, use REDIRECT,TPROXY,NONE: ${value}`
}

function cidrList(value: string): string | undefined {
  if (value === '') return undefined
  for (const range of value.split(',')) {
    const error = prefixError(range)
    if (error !== undefined) return `failed parsing cidr '${range}': ${error}`
  }
  return undefined
}

/** Each item of a bad list is named twice, by the list and by the port. */
function portList(value: string): string | undefined {
  const ports = trimSpace(value)
  if (ports === '') return undefined
  for (const port of ports.split(',')) {
    const error = portError(port)
    if (error !== undefined) return `failed parsing port '${port}': ${error}`
  }
  return undefined
}

function portError(value: string): string | undefined {
  const error = uintError(trimSpace(value), 16)
  return error === undefined ? undefined : `failed parsing port '${value}': ${error}`
}

function interfaceList(value: string): string | undefined {
  if (value === '') return undefined
  for (const item of value.split(',')) {
    const name = trimSpace(item)
    if (name === '') return 'empty interface name'
    if (byteLength(name) > 15) return `interface name ${goQuote(name)} too long (max 15 chars)`
    if (!/^[a-zA-Z][a-zA-Z0-9_.-]*$/.test(name)) {
      return `interface name ${goQuote(name)} contains invalid characters`
    }
  }
  return undefined
}

function quantityError(value: string): string | undefined {
  if (/[\u0000-\u001f\u007f-\u009f]/.test(value)) return 'value contains control characters'
  try {
    parseQuantity(value)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function proxyConfig(value: string, release: Release): string | undefined {
  let config: Message
  try {
    config = applyProxyConfig(defaultProxyConfig(release), value, release)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    return `failed to convert to apply proxy config: ${error.message}`
  }
  const errors = validateProxyConfig(config)
  return errors.length === 0 ? undefined : errorList(errors)
}
