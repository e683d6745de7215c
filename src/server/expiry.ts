// Whether a served pair has expired, by a date that may jump: somebody set it, or a machine began with a wrong one. A pair
// that is good expires when its time is over by the date and by a clock that only grows; API servers go by theirs anyway.

import type { ProvenPair } from './tls.ts'

export class Expiry {
  private readonly wall: () => number
  private readonly steady: () => number
  /** By pair, when it ends by the steady clock: as the date was when it was first seen. */
  private readonly ends = new WeakMap<ProvenPair, number>()

  /** Both give milliseconds, `wall` since 1970. */
  constructor(wall: () => number = Date.now, steady: () => number = () => performance.now()) {
    this.wall = wall
    this.steady = steady
  }

  hasExpired(pair: ProvenPair): boolean {
    const left = pair.notAfter - this.wall()
    const known = this.ends.get(pair)
    if (known === undefined) this.ends.set(pair, this.steady() + left)
    return left <= 0 && (known === undefined || this.steady() >= known)
  }
}
