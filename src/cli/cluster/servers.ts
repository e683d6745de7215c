// The API servers of a cluster, each by its own address: a webhook that one can call, another may not reach. Those that
// cannot be reached from here are named, and left out.

import { loadAccess } from '../../kube/access.ts'
import { ApiError, type Client, createClient } from '../../kube/client.ts'
import { RESOURCE } from '../../kube/resource.ts'
import { objectField, textField } from '../../revision/configuration.ts'
import { isObject, type JsonObject, own } from '../../std/json.ts'
import type { Io } from '../io.ts'
import { warn } from '../print.ts'
import type { ClusterFlags } from './flags.ts'
import { listField } from './pods.ts'
import type { Session } from './session.ts'

/** The session's own client alone where there is one API server, or none can be reached by its address. */
export async function apiServers(session: Session, flags: ClusterFlags): Promise<Client[]> {
  const addresses = await serverAddresses(session)
  if (addresses.length < 2) return [session.client]
  const found = await session.step(
    'looking for the API servers',
    Promise.all(addresses.map((server) => reach(session.io, flags, server, session.signal))),
  )
  const clients = found.filter((client) => client !== undefined)
  return clients.length === 0 ? [session.client] : clients
}

/** Endpoints of Service default/kubernetes. */
async function serverAddresses({ client, signal }: Session): Promise<string[]> {
  const labelSelector = 'kubernetes.io/service-name=kubernetes'
  try {
    const at = { namespace: 'default' }
    const { items } = await client.list(RESOURCE.endpointSlice, at, { labelSelector, signal })
    const { protocol } = new URL(client.access.server)
    return [...new Set(items.flatMap(addressesOf))].sort().map((address) => `${protocol}//${address}`)
  } catch (error) {
    if (error instanceof ApiError && ['forbidden', 'not-found'].includes(error.kind)) return []
    throw error
  }
}

function addressesOf(slice: JsonObject): string[] {
  const port = listField(slice, 'ports').find((each) => ['https', ''].includes(textField(each, 'name')))
  const number = port === undefined ? undefined : own(port, 'port')
  const ready = listField(slice, 'endpoints').filter(
    (endpoint) => objectField(endpoint, 'conditions')['ready'] !== false,
  )
  const hosts = ready.flatMap((endpoint) => {
    const addresses = own(endpoint, 'addresses')
    return (Array.isArray(addresses) ? addresses : []).filter((each) => typeof each === 'string')
  })
  const shown = (host: string): string => (host.includes(':') ? `[${host}]` : host)
  return typeof number === 'number' ? hosts.map((host) => `${shown(host)}:${number}`) : []
}

async function reach(
  io: Io,
  { kubeconfig, context }: ClusterFlags,
  server: string,
  signal: AbortSignal,
): Promise<Client | undefined> {
  try {
    const client = createClient(await loadAccess({ kubeconfig, context, env: io.env, cwd: io.cwd, server }))
    const version = await client.version({ signal, timeoutMs: 5_000 })
    return isObject(version) ? client : undefined
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    warn(io, `API server ${server} cannot be reached from here, and is not asked: ${error.message}`)
    return undefined
  }
}
