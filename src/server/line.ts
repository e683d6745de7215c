// Connections in line: while requests arrive faster than they are answered, a connection that had its answer is not read
// again before those in front of it had theirs. Without a line the kernel names all connections that are ready at once, and
// who sends its next request a moment after that waits until all others were served, round after round.

/** What can be kept from reading, such as a socket. */
export interface Readable {
  readonly pause: () => unknown
  readonly resume: () => unknown
}

/** Less than the time after which a drain takes a connection for idle: a request may be waiting on it unread. */
const LONGEST_MS = 250

interface Place {
  readonly connection: Readable
  readonly since: number
}

export class Line {
  private places: Place[] = []
  private readonly now: () => number

  /** `now` is monotonic, in milliseconds. */
  constructor(now: () => number) {
    this.now = now
  }

  get isEmpty(): boolean {
    return this.places.length === 0
  }

  /** `connection` is not read until it is let through. */
  join(connection: Readable): void {
    connection.pause()
    this.places.push({ connection, since: this.now() })
  }

  /** The first `count` are read again, and all that have been in line for 250 ms. */
  letThrough(count: number): void {
    const before = this.now() - LONGEST_MS
    let through = 0
    for (const { connection, since } of this.places) {
      if (through >= count && since > before) break
      connection.resume()
      through++
    }
    this.places = this.places.slice(through)
  }
}
