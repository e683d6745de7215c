// A piece of network between a client and a server that tests can take away: refused, or silent with connections open.

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'

export class Relay {
  private readonly target: number
  private readonly server: Server
  private readonly pairs = new Set<readonly [Socket, Socket]>()
  private frozen = false
  port = 0

  /** To a port on loopback. */
  constructor(target: number) {
    this.target = target
    this.server = createServer((inside) => this.join(inside))
  }

  /** Listens, on the same port after `cut`. */
  async heal(): Promise<this> {
    await new Promise<void>((done) => this.server.listen(this.port, '127.0.0.1', done))
    this.port = (this.server.address() as AddressInfo).port
    return this
  }

  /** All connections end, new ones are refused. */
  async cut(): Promise<void> {
    const closed = new Promise((done) => this.server.close(done))
    for (const pair of this.pairs) for (const socket of pair) socket.destroy()
    await closed
  }

  /** Connections stay and can be made, but no byte comes through any more on those that there are; new ones too until `thaw`. */
  freeze(): void {
    this.frozen = true
    for (const pair of this.pairs) for (const socket of pair) socket.unpipe().pause()
  }

  /** New connections work again; the frozen ones stay dead, as after a lost network address. */
  thaw(): void {
    this.frozen = false
  }

  private join(inside: Socket): void {
    const outside = connect(this.target, '127.0.0.1')
    const pair = [inside, outside] as const
    this.pairs.add(pair)
    for (const [socket, other] of [pair, pair.toReversed() as [Socket, Socket]]) {
      socket.on('error', () => undefined)
      socket.on('close', () => {
        other.destroy()
        this.pairs.delete(pair)
      })
      if (!this.frozen) socket.pipe(other)
    }
  }
}
