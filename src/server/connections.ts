// The open connections of the webhook port: how many there are, which one gives way when there are too many,
// and which are idle when the server drains. Slow or silent clients must never keep out an API server.

import type { Socket } from 'node:net'

interface Connection {
  readonly socket: Socket
  /** Requests begun and not yet answered. */
  active: number
  /** When the connection last began or finished something. */
  touched: number
}

export class Connections {
  /** Connections that never finished a request, oldest first: handshakes, and clients that trickle bytes. */
  private readonly newcomers = new Map<string, Connection>()
  /** Connections that did, the one that has been idle longest first. */
  private readonly known = new Map<string, Connection>()
  private readonly limit: number
  private readonly now: () => number
  private readonly onDropped: () => void
  private active = 0
  private lastRequest = Number.NEGATIVE_INFINITY

  /** `now` is monotonic, in milliseconds; `onDropped` is called for each connection that had to give way. */
  constructor(limit: number, now: () => number, onDropped: () => void) {
    this.limit = limit
    this.now = now
    this.onDropped = onDropped
  }

  get count(): number {
    return this.newcomers.size + this.known.size
  }

  /** Milliseconds in which there was no request; 0 while there is one. */
  get quietMs(): number {
    return this.active > 0 ? 0 : this.now() - this.lastRequest
  }

  /** A TCP connection was accepted. */
  opened(socket: Socket): void {
    const key = keyOf(socket)
    if (key === undefined) return
    this.newcomers.set(key, { socket, active: 0, touched: this.now() })
    socket.once('close', () => {
      this.newcomers.delete(key)
      this.known.delete(key)
    })
    if (this.count > this.limit) this.dropOne(key)
  }

  /** A request began on `socket` (the TLS socket of the connection). */
  began(socket: Socket): void {
    this.active++
    const key = keyOf(socket) ?? ''
    const connection = this.newcomers.get(key) ?? this.known.get(key)
    if (connection === undefined) return
    connection.active++
    connection.touched = this.now()
  }

  /** The answer was written, or the request broke off (`answered` false). */
  ended(socket: Socket, answered: boolean): void {
    this.active--
    this.lastRequest = this.now()
    const key = keyOf(socket) ?? ''
    const connection = this.newcomers.get(key) ?? this.known.get(key)
    if (connection === undefined) return
    connection.active--
    connection.touched = this.now()
    if (!answered) return
    this.newcomers.delete(key)
    // Set anew, so that the order is that of last use.
    this.known.delete(key)
    this.known.set(key, connection)
  }

  /**
   * Ends the connections that had an answer, and no request since for `idleMs`. Those that never sent a request yet may
   * be about to: they are ended only once they were silent for `silentMs`.
   */
  endIdle(idleMs: number, silentMs: number): void {
    const now = this.now()
    const end = (group: Iterable<Connection>, ms: number): void => {
      for (const connection of group) {
        if (connection.active === 0 && connection.touched <= now - ms) connection.socket.destroySoon()
      }
    }
    end(this.known.values(), idleMs)
    end(this.newcomers.values(), silentMs)
  }

  /** Ends the connections whose request began more than `ms` ago and is not answered yet. */
  endStuck(ms: number): void {
    const since = this.now() - ms
    for (const { active, touched, socket } of this.all()) if (active > 0 && touched <= since) socket.destroy()
  }

  /** Ends all connections, whatever they do. */
  destroyAll(): void {
    for (const connection of this.all()) connection.socket.destroy()
  }

  private all(): Connection[] {
    return [...this.newcomers.values(), ...this.known.values()]
  }

  private dropOne(except: string): void {
    for (const group of [this.newcomers, this.known]) {
      for (const [key, connection] of group) {
        if (key === except) continue
        this.onDropped()
        connection.socket.destroy()
        // `close` comes later; the place is free now.
        group.delete(key)
        return
      }
    }
  }
}

const keys = new WeakMap<Socket, string>()

/** The same for the TCP socket and the TLS socket on top of it; undefined when the peer was gone before it was asked for. */
function keyOf(socket: Socket): string | undefined {
  const known = keys.get(socket)
  if (known !== undefined) return known
  const { remoteAddress, remotePort, localPort } = socket
  if (remoteAddress === undefined) return undefined
  const key = `${remoteAddress} ${remotePort} ${localPort}`
  keys.set(socket, key)
  return key
}
