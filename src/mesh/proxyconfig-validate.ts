// Validation of a ProxyConfig as Istio does it for annotation `proxy.istio.io/config` and for the mesh default
// (contract §11.2). Out comes a list of Istio's error texts, in Istio's order; empty for a good config.

import type { Message } from '../api/mesh.ts'
import { goQuote } from '../gotemplate/quote.ts'
import { durationText } from '../std/duration.ts'
import { portProblem, proxyAddressProblem } from './hostport.ts'

const SECOND = 1_000_000_000n
const MILLISECOND = 1_000_000n

function text(message: Message | undefined, field: string): string {
  const value = message?.[field]
  return typeof value === 'string' ? value : ''
}

function part(message: Message | undefined, field: string): Message | undefined {
  return message?.[field] as Message | undefined
}

/** At least 1 ms, in whole milliseconds; an unset duration counts as 0. */
export function durationProblem(nanoseconds: unknown): string | undefined {
  const value = typeof nanoseconds === 'bigint' ? nanoseconds : 0n
  if (value < MILLISECOND) return 'duration must be greater than 1ms'
  return value % MILLISECOND === 0n ? undefined : 'only durations to ms precision are supported'
}

/** Additionally between `low` and `high`, both in nanoseconds. */
export function durationRangeProblem(nanoseconds: unknown, low: bigint, high: bigint): string | undefined {
  const problem = durationProblem(nanoseconds)
  const value = nanoseconds as bigint
  if (problem !== undefined || (value >= low && value <= high)) return problem
  return `time ${durationText(value)} must be >${durationText(low)} and <${durationText(high)}`
}

function drainErrors(duration: unknown): string[] {
  const problem = durationProblem(duration)
  if (problem !== undefined) return [`invalid drain duration: ${problem}`]
  const whole = (duration as bigint) % SECOND === 0n
  return whole ? [] : ['drain time only supports durations to seconds precision']
}

function clusterNameErrors(config: Message): string[] {
  if (config['tracingServiceName'] !== undefined) return []
  if (config['serviceCluster'] === undefined) {
    return ['oneof service cluster or tracing service name must be specified']
  }
  return config['serviceCluster'] === '' ? ['service cluster must be specified'] : []
}

function lightstepErrors(lightstep: Message): string[] {
  const errors: string[] = []
  const address = text(lightstep, 'address')
  if (address === '') errors.push('address is required')
  const problem = proxyAddressProblem(address)
  if (problem !== undefined) errors.push(`invalid lightstep address: ${problem}`)
  if (text(lightstep, 'accessToken') === '') errors.push('access token is required')
  return errors.map((error) => `invalid lightstep config: ${error}`)
}

function agentErrors(tracing: Message | undefined, tracer: string): string[] {
  const settings = part(tracing, tracer)
  if (settings === undefined) return []
  // Only the first $(HOST_IP) is known to be an address at this point.
  const problem = proxyAddressProblem(text(settings, 'address').replace('$(HOST_IP)', '127.0.0.1'))
  return problem === undefined ? [] : [`invalid ${tracer} config: ${problem}`]
}

/** Rules for TLS settings of a client (`ClientTLSSettings`). */
export function clientTlsErrors(settings: Message): string[] {
  const errors: string[] = []
  const mode = settings['mode']
  const has = (field: string): boolean => settings[field] !== undefined
  if (settings['insecureSkipVerify'] === true) {
    if (mode === 'SIMPLE' && (has('caCertificates') || has('credentialName') || has('subjectAltNames'))) {
      errors.push(
        'cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true',
      )
    }
    if (mode === 'MUTUAL' && (has('caCertificates') || has('subjectAltNames'))) {
      errors.push('cannot specify CaCertificates or SubjectAltNames when InsecureSkipVerify is set true')
    }
  }
  if ((mode === 'SIMPLE' || mode === 'MUTUAL') && has('credentialName')) {
    if (has('clientCertificate') || has('caCertificates') || has('privateKey') || has('caCrl')) {
      errors.push('cannot specify client certificates or CA certificate or CA CRL If credentialName is set')
    }
    return errors
  }
  if (mode === 'MUTUAL') {
    if (!has('clientCertificate')) errors.push('client certificate required for mutual tls')
    if (!has('privateKey')) errors.push('private key required for mutual tls')
  }
  return errors
}

function tracingErrors(tracing: Message | undefined): string[] {
  const lightstep = part(tracing, 'lightstep')
  const tls = part(tracing, 'tlsSettings')
  return [
    ...(lightstep === undefined ? [] : lightstepErrors(lightstep)),
    ...agentErrors(tracing, 'zipkin'),
    ...agentErrors(tracing, 'datadog'),
    ...(tls === undefined ? [] : clientTlsErrors(tls).map((error) => `invalid tracing TLS config: ${error}`)),
  ]
}

function addressErrors(name: string, address: string): string[] {
  const problem = address === '' ? undefined : proxyAddressProblem(address)
  return problem === undefined ? [] : [`invalid ${name} address ${goQuote(address)}: ${problem}`]
}

function serviceErrors(config: Message): string[] {
  const metrics =
    text(config, 'envoyMetricsServiceAddress') || text(part(config, 'envoyMetricsService'), 'address')
  return [
    ...addressErrors('statsd udp', text(config, 'statsdUdpAddress')),
    ...addressErrors('envoy metrics service', metrics),
    ...addressErrors('envoy access log service', text(part(config, 'envoyAccessLogService'), 'address')),
  ]
}

function portErrors(name: string, port: unknown): string[] {
  const problem = portProblem(typeof port === 'number' ? port : 0)
  return problem === undefined ? [] : [`invalid ${name} port: ${problem}`]
}

function authPolicyErrors(policy: unknown): string[] {
  if (policy === undefined || policy === 'MUTUAL_TLS') return []
  return [`invalid authentication policy: unrecognized control plane auth policy ${goQuote(String(policy))}`]
}

function privateKeyErrors(provider: Message | undefined): string[] {
  if (provider === undefined) return []
  const settings = part(provider, 'cryptomb') ?? part(provider, 'qat')
  const errors: string[] = []
  if (settings === undefined) {
    errors.push('private key provider configuration is required', 'unknown private key provider')
  } else if (settings['pollDelay'] === undefined) errors.push('pollDelay is required')
  else if (settings['pollDelay'] === 0n) errors.push('pollDelay must be non zero')
  return errors.map((error) => `invalid private key provider configuration: ${error}`)
}

function discoveryErrors(address: string): string[] {
  if (address === '') return ['discovery address must be set to the proxy discovery service']
  const problem = proxyAddressProblem(address)
  return problem === undefined ? [] : [`invalid discovery address: ${problem}`]
}

/** Everything that is wrong with `config`. */
export function validateProxyConfig(config: Message): string[] {
  return [
    ...(text(config, 'configPath') === '' ? ['config path must be set'] : []),
    ...(text(config, 'binaryPath') === '' ? ['binary path must be set'] : []),
    ...clusterNameErrors(config),
    ...drainErrors(config['drainDuration']),
    ...discoveryErrors(text(config, 'discoveryAddress')),
    ...tracingErrors(part(config, 'tracing')),
    ...serviceErrors(config),
    ...portErrors('proxy admin', config['proxyAdminPort']),
    ...authPolicyErrors(config['controlPlaneAuthPolicy']),
    ...portErrors('status', config['statusPort']),
    ...privateKeyErrors(part(config, 'privateKeyProvider')),
  ]
}
