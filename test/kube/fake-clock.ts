// A clock that stands until the test moves it, and waiting for what real sockets do meanwhile.

import type { Clock } from '../../src/kube/clock.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

export class FakeClock implements Clock {
  private time = 1_000_000
  private timers: Timer[] = []
  /** Added to the date, as when somebody sets it. */
  wallShift = Date.UTC(2026, 0, 1)

  now(): number {
    return this.time
  }

  wall(): number {
    return this.wallShift + this.time
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.time + ms, run }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  /** Milliseconds until each timer that is set, the next one first. */
  get waits(): number[] {
    return this.timers.map((timer) => timer.at - this.time).sort((a, b) => a - b)
  }

  /** Time passes and no timer runs, as for a process that is stopped. */
  jump(ms: number): void {
    this.time += ms
  }

  /** Runs every timer that comes due, in order. */
  advance(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.timers = this.timers.filter((other) => other !== next)
      this.time = Math.max(this.time, next.at)
      next.run()
    }
    this.time = end
  }
}

/** Waits, in real time, until `condition` holds: for what comes through a socket. */
export async function eventually(what: string, condition: () => boolean, ms = 10_000): Promise<void> {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${ms / 1000} s for ${what}`)
    await new Promise((done) => setTimeout(done, 2))
  }
}

/** Moves `clock` in steps until `condition` holds, with time for the sockets in between; the milliseconds it took. */
export async function advanceUntil(
  clock: FakeClock,
  what: string,
  condition: () => boolean,
  stepMs = 100,
): Promise<number> {
  const start = clock.now()
  const end = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited for ${what}, ${clock.now() - start} ms of the clock`)
    clock.advance(stepMs)
    await new Promise((done) => setTimeout(done, 2))
  }
  return clock.now() - start
}
