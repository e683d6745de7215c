// The end of a serving process: not ready at once, then served as before for the drain time, and on while requests still
// come, then closed with nothing lost. A second call ends at once. Phases are asked for by readiness and told to the log; nothing here knows signals.

export type Phase = 'serving' | 'draining' | 'closing' | 'closed'

export interface DrainSteps {
  /** Answers say `Connection: close` from here on. */
  readonly startDrain: () => void
  /** Milliseconds in which there was no request; 0 while there is one. */
  readonly quietMs: () => number
  /** Ends what is left within `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>
}

/**
 * A request that comes when an idle connection is being closed is lost. Callers that still use connections of before are
 * waited for until they were silent for so long, but no longer than this after the drain time.
 */
const QUIET_MS = 2000
const LONGEST_QUIET_MS = 4000
const LOOK_MS = 50
/** Requests that are under way when the drain time is over get this long to end. */
const GRACE_MS = 5000

export class Drain {
  private current: Phase = 'serving'
  private readonly steps: DrainSteps
  private readonly drainMs: number
  private hurried = false
  private readonly hurry = Promise.withResolvers<void>()
  private readonly done = Promise.withResolvers<void>()

  constructor(steps: DrainSteps, drainMs: number) {
    this.steps = steps
    this.drainMs = drainMs
  }

  get phase(): Phase {
    return this.current
  }

  /** Resolves when everything is closed. */
  get closed(): Promise<void> {
    return this.done.promise
  }

  /** Begins the drain; called again, it ends at once. Returns which of the two it was. */
  stop(): 'drain' | 'at once' {
    if (this.current !== 'serving') {
      this.hurried = true
      this.hurry.resolve()
      void this.steps.close(0)
      return 'at once'
    }
    this.current = 'draining'
    this.steps.startDrain()
    void this.run()
    return 'drain'
  }

  private async run(): Promise<void> {
    await this.pass(this.drainMs)
    const until = performance.now() + LONGEST_QUIET_MS
    while (!this.hurried && this.steps.quietMs() < QUIET_MS && performance.now() < until) {
      await this.pass(LOOK_MS)
    }
    this.current = 'closing'
    await this.steps.close(GRACE_MS)
    this.current = 'closed'
    this.done.resolve()
  }

  /** So long, unless there is a hurry. */
  private async pass(ms: number): Promise<void> {
    const timer = Promise.withResolvers<void>()
    const handle = setTimeout(() => timer.resolve(), ms)
    await Promise.race([timer.promise, this.hurry.promise])
    clearTimeout(handle)
  }
}
