// Which proxy leads to an API server: the one of the kubeconfig, else the one of the environment by the rules of Go's
// http.ProxyFromEnvironment, which kubectl follows.

import { BlockList, isIP } from 'node:net'

type Env = Readonly<Record<string, string | undefined>>

/** The proxy's address for `server` (a URL), or undefined for a direct connection. */
export function proxyOf(server: string, configured: string | undefined, env: Env): string | undefined {
  if (configured !== undefined && configured !== '') return configured
  const url = new URL(server)
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const proxy = env[name] || env[name.toLowerCase()]
  if (proxy === undefined || proxy === '' || bypassed(url, env['NO_PROXY'] || env['no_proxy'] || '')) {
    return undefined
  }
  return proxy.includes('://') ? proxy : `http://${proxy}`
}

function bypassed(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const family = isIP(host)
  if (host === 'localhost' || (family === 4 && host.startsWith('127.')) || host === '::1') return true
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && (entry === '*' || matches(entry, host, port, family)))
}

/** An entry is an address, a network, a domain (itself and below) or `.domain` / `*.domain` (below only); a port may follow. */
function matches(entry: string, host: string, port: string, family: number): boolean {
  if (entry.includes('/')) return family !== 0 && inNetwork(entry, host, family)
  const [, name = '', wantedPort] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [undefined, entry]
  if (wantedPort !== undefined && wantedPort !== port) return false
  const bare = name.replace(/^\[|\]$/g, '')
  if (family !== 0 || isIP(bare) !== 0) return bare === host
  const suffix = bare.startsWith('*.') ? bare.slice(1) : bare
  if (suffix.startsWith('.')) return host.endsWith(suffix)
  return host === suffix || host.endsWith(`.${suffix}`)
}

function inNetwork(entry: string, host: string, family: number): boolean {
  const [network = '', bits = ''] = entry.split('/')
  const type = isIP(network)
  if (type !== family || !/^\d+$/.test(bits) || Number(bits) > (type === 4 ? 32 : 128)) return false
  const list = new BlockList()
  const words = type === 4 ? 'ipv4' : 'ipv6'
  list.addSubnet(network, Number(bits), words)
  return list.check(host, words)
}
