// How long to wait before the next try. Two ladders: a server that is away is asked again soon, so that a repair is
// noticed within seconds; a server that answers with errors is left in peace. Changing from one to the other begins anew.

import type { Random } from './clock.ts'

export interface BackoffOptions {
  readonly firstMs: number
  /** While the server answers. */
  readonly maxMs: number
  /** While there is no answer. */
  readonly awayMaxMs: number
}

export const BACKOFF: BackoffOptions = { firstMs: 800, maxMs: 30_000, awayMaxMs: 3_000 }

export class Backoff {
  private readonly options: BackoffOptions
  private readonly random: Random
  private steps = 0
  private away = false

  constructor(options: BackoffOptions, random: Random) {
    this.options = options
    this.random = random
  }

  reset(): void {
    this.steps = 0
  }

  /** Milliseconds: half of the step up to all of it, by chance, so that many clients do not come together. */
  next(away: boolean): number {
    if (away !== this.away) this.steps = 0
    this.away = away
    const { firstMs, maxMs, awayMaxMs } = this.options
    const step = Math.min(firstMs * 2 ** Math.min(this.steps, 30), away ? awayMaxMs : maxMs)
    this.steps += 1
    return step * (0.5 + this.random() / 2)
  }
}
