// kube-proxy played: the API server's way to Services, as an HTTP CONNECT proxy on a Unix socket. A connection to a
// Service goes to one of its ready endpoints, as the EndpointSlices tell (after a delay, if told so), and stays there
// whatever becomes of readiness. It passes bytes on and reads none of them.

import { rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { ApiAccess } from '../../src/kube/access.ts'
import { systemClock } from '../../src/kube/clock.ts'
import { type Reflector, startReflector } from '../../src/kube/reflector.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import type { JsonObject } from '../../src/std/json.ts'

interface ServiceView {
  readonly key: string
  readonly clusterIP: string
  readonly ports: readonly { readonly name?: string; readonly port: number }[]
}

interface SliceView {
  /** `namespace/name` of its Service. */
  readonly service: string
  /** Addresses of ready endpoints. */
  readonly ready: readonly string[]
}

export interface BalancerOptions {
  readonly access: ApiAccess
  readonly socket: string
  /** The local port behind an address of a pod. */
  readonly portOf: (address: string) => number | undefined
}

export class Balancer {
  /** How much later than the API server it learns of endpoints, in milliseconds. */
  delayMs = 0
  private readonly options: BalancerOptions
  private readonly server: Server
  private readonly services: Reflector<ServiceView>
  private readonly slices: Reflector<SliceView>
  private endpoints: ReadonlyMap<string, readonly string[]> = new Map()
  private readonly sockets = new Set<Socket>()
  private turn = 0

  private constructor(options: BalancerOptions) {
    this.options = options
    const { access } = options
    const common = { access, clock: systemClock, random: Math.random }
    const { service, endpointSlice } = RESOURCE
    const select = { services: readService, slices: readSlice }
    const onChange = (): void => this.learn()
    this.services = startReflector({ ...common, resource: service, select: select.services, onChange })
    this.slices = startReflector({ ...common, resource: endpointSlice, select: select.slices, onChange })
    this.server = createServer((_, response) => response.writeHead(405).end())
    this.server.on('connect', (request: IncomingMessage, socket: Socket) => this.join(request, socket))
  }

  static async start(options: BalancerOptions): Promise<Balancer> {
    const balancer = new Balancer(options)
    rmSync(options.socket, { force: true })
    await new Promise<void>((done) => balancer.server.listen(options.socket, done))
    await Promise.all([balancer.services.whenSynced, balancer.slices.whenSynced])
    return balancer
  }

  /** Addresses that new connections to a Service go to. */
  readyOf(namespace: string, service: string): readonly string[] {
    return this.endpoints.get(`${namespace}/${service}`) ?? []
  }

  async stop(): Promise<void> {
    this.services.stop()
    this.slices.stop()
    const closed = new Promise((done) => this.server.close(done))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }

  private learn(): void {
    const next = new Map<string, string[]>()
    for (const { service, ready } of this.slices.items.values()) {
      next.set(service, [...(next.get(service) ?? []), ...ready])
    }
    if (this.delayMs === 0) this.endpoints = next
    else setTimeout(() => (this.endpoints = next), this.delayMs)
  }

  private join(request: IncomingMessage, inside: Socket): void {
    const port = this.target(request.url ?? '')
    this.sockets.add(inside)
    inside.on('error', () => undefined)
    inside.on('close', () => this.sockets.delete(inside))
    if (port === undefined) {
      inside.end('HTTP/1.1 502 no endpoints available for service\r\n\r\n')
      return
    }
    const outside = connect(port, '127.0.0.1')
    outside.setNoDelay(true)
    inside.setNoDelay(true)
    let joined = false
    outside.on('connect', () => {
      joined = true
      inside.write('HTTP/1.1 200 OK\r\n\r\n')
      inside.pipe(outside).pipe(inside)
    })
    outside.on('error', () => undefined)
    outside.on('close', () => {
      if (joined) inside.destroy()
      else inside.end('HTTP/1.1 502 connection refused\r\n\r\n')
    })
    inside.on('close', () => outside.destroy())
  }

  /** `10.0.0.7:443` → the local port of one of the Service's ready endpoints, in turn; of a pod itself, its own. */
  private target(address: string): number | undefined {
    const [host = '', port = ''] = address.split(':')
    const service = [...this.services.items.values()].find(
      ({ clusterIP, ports }) => clusterIP === host && ports.some((each) => each.port === Number(port)),
    )
    if (service === undefined) return this.options.portOf(host)
    const ready = this.endpoints.get(service.key) ?? []
    const pod = ready[this.turn++ % Math.max(1, ready.length)]
    return pod === undefined ? undefined : this.options.portOf(pod)
  }
}

function readService(raw: JsonObject): ServiceView | undefined {
  const { namespace, name } = raw['metadata'] as { namespace: string; name: string }
  const spec = raw['spec'] as { clusterIP?: string; ports?: { name?: string; port: number }[] }
  if (spec.clusterIP === undefined) return undefined
  const ports = (spec.ports ?? []).map(({ port }) => ({ port }))
  return { key: `${namespace}/${name}`, clusterIP: spec.clusterIP, ports }
}

function readSlice(raw: JsonObject): SliceView {
  const { namespace, labels } = raw['metadata'] as { namespace: string; labels?: Record<string, string> }
  const endpoints = (raw['endpoints'] ?? []) as { addresses: string[]; conditions?: { ready?: boolean } }[]
  return {
    service: `${namespace}/${labels?.['kubernetes.io/service-name'] ?? ''}`,
    ready: endpoints
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap((each) => each.addresses),
  }
}
