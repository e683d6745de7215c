// Addresses and domain names as Istio checks them in mesh and proxy configuration. Every check takes the text and gives
// what is wrong with it in Istio's (or Go's) words, or undefined.

import { goQuote } from '../gotemplate/quote.ts'
import { byteLength } from '../std/bytes.ts'

const DNS_LABEL = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/
const WILDCARD_LABEL = /^(?:\*|(?:\*|\*-)?[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)$/

function isLabel(text: string): boolean {
  return text.length <= 63 && DNS_LABEL.test(text)
}

type Split = { readonly host: string; readonly port: string } | { readonly problem: string }

/** Go's net.SplitHostPort. */
export function splitHostPort(address: string): Split {
  const fail = (problem: string): Split => ({
    problem: address === '' ? problem : `address ${address}: ${problem}`,
  })
  const colon = address.lastIndexOf(':')
  if (colon < 0) return fail('missing port in address')
  let host = address.slice(0, colon)
  let inner = 0
  let outer = 0
  if (address.startsWith('[')) {
    const end = address.indexOf(']')
    if (end < 0) return fail("missing ']' in address")
    if (end + 1 !== colon) {
      return fail(address[end + 1] === ':' ? 'too many colons in address' : 'missing port in address')
    }
    host = address.slice(1, end)
    inner = 1
    outer = end + 1
  } else if (host.includes(':')) return fail('too many colons in address')
  if (address.includes('[', inner)) return fail("unexpected '[' in address")
  if (address.includes(']', outer)) return fail("unexpected ']' in address")
  return { host, port: address.slice(colon + 1) }
}

/** Go's strconv.Atoi: a number, or the error's text. */
export function atoi(text: string): number | string {
  const fail = (problem: string): string => `strconv.Atoi: parsing ${goQuote(text)}: ${problem}`
  if (!/^[+-]?[0-9]+$/.test(text)) return fail('invalid syntax')
  const digits = text.replace(/^[+-]?0*/, '')
  const value = digits.length > 19 ? 1n << 64n : BigInt(digits)
  const limit = text.startsWith('-') ? 1n << 63n : (1n << 63n) - 1n
  return value > limit ? fail('value out of range') : Number(text)
}

/** Ports are 1 to 65535. */
export function portProblem(port: number): string | undefined {
  return port >= 1 && port <= 65535 ? undefined : `port number ${port} must be in the range 1..65535`
}

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return (
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256)
  )
}

function isIpv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1)
  const embedded = last?.includes('.') === true && !text.endsWith(':')
  if (embedded && !isIpv4(last ?? '')) return false
  const plain = embedded ? groups.slice(0, -1) : groups
  if (!plain.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false
  const size = plain.length + (embedded ? 2 : 0)
  return halves.length === 2 ? size < 8 : size === 8
}

/** Whether Go's netip.ParseAddr takes the text: IPv4 in dotted decimal, or IPv6 with an optional zone. */
export function isIpAddress(text: string): boolean {
  const zone = text.indexOf('%')
  if (zone < 0) return text.includes(':') ? isIpv6(text) : isIpv4(text)
  return zone + 1 < text.length && text.includes(':') && isIpv6(text.slice(0, zone))
}

function dnsLabelsProblem(domain: string): string | undefined {
  const labels = domain.split('.')
  const top = labels.at(-1) ?? ''
  if (typeof atoi(top) === 'number') {
    return `domain name ${goQuote(domain)} invalid (top level domain ${goQuote(top)} cannot be all-numeric)`
  }
  const named = top === '' ? labels.slice(0, -1) : labels
  const wrong = named.find((label) => !isLabel(label))
  return wrong === undefined
    ? undefined
    : `domain name ${goQuote(domain)} invalid (label ${goQuote(wrong)} invalid)`
}

function sizeProblem(domain: string): string | undefined {
  if (byteLength(domain) > 255) return `domain name ${goQuote(domain)} too long (max 255)`
  return domain === '' ? 'empty domain name not allowed' : undefined
}

/** A domain name whose first label may be or begin with a `*`. */
export function wildcardDomainProblem(domain: string): string | undefined {
  const size = sizeProblem(domain)
  if (size !== undefined) return size
  const dot = domain.indexOf('.')
  const first = dot < 0 ? domain : domain.slice(0, dot)
  if (first.length > 63 || !WILDCARD_LABEL.test(first)) {
    return `domain name ${goQuote(domain)} invalid (label ${goQuote(first)} invalid)`
  }
  return dot < 0 ? undefined : dnsLabelsProblem(domain.slice(dot + 1))
}

export function trustDomainProblem(domain: string): string | undefined {
  if (domain === '') return 'empty domain name not allowed'
  const labels = domain.split('.')
  const named = labels.at(-1) === '' ? labels.slice(0, -1) : labels
  return named.every(isLabel) ? undefined : `trust domain name ${goQuote(domain)} invalid`
}

/** `host:port`, the host a domain name or an IP address. */
export function proxyAddressProblem(address: string): string | undefined {
  const split = splitHostPort(address)
  if ('problem' in split) return `unable to split ${goQuote(address)}: ${split.problem}`
  const port = atoi(split.port)
  if (typeof port === 'string') return `port (${split.port}) is not a number: ${port}`
  const wrong = portProblem(port)
  if (wrong !== undefined) return wrong
  const named = sizeProblem(split.host) === undefined && dnsLabelsProblem(split.host) === undefined
  if (named || isIpAddress(split.host)) return undefined
  return `${goQuote(split.host)} is not a valid hostname or an IP address`
}
