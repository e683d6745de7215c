// The end of a serving process: not ready at once, then served as before for the drain time, then closed with nothing
// lost. A second call ends at once. Phases are asked for by readiness and told to the log; nothing here knows signals.

export type Phase = 'serving' | 'draining' | 'closing' | 'closed'

export interface DrainSteps {
  /** Answers say `Connection: close` from here on. */
  readonly startDrain: () => void
  /** Ends what is left within `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>
}

/** Requests that are under way when the drain time is over get this long to end. */
const GRACE_MS = 5000

export class Drain {
  private current: Phase = 'serving'
  private readonly steps: DrainSteps
  private readonly drainMs: number
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
    const timer = Promise.withResolvers<void>()
    const handle = setTimeout(() => timer.resolve(), this.drainMs)
    await Promise.race([timer.promise, this.hurry.promise])
    clearTimeout(handle)
    this.current = 'closing'
    await this.steps.close(GRACE_MS)
    this.current = 'closed'
    this.done.resolve()
  }
}
