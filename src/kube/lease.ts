// Leader election by a Lease object, by the rules of client-go (15/10/2 s): a lease counts from the moment when this
// replica saw it change, on its own clock; writes are compare-and-set by resourceVersion; a leader that could not renew
// for 10 s steps down before anybody else may take over. Two leaders at once would need clocks that run 50 % apart.

import { isObject, type Json, type JsonObject, own } from '../std/json.ts'
import { ApiError, type Client } from './client.ts'
import { type Clock, type Random, sleep } from './clock.ts'
import { apiVersionOf, RESOURCE } from './resource.ts'

export interface LeaseTimings {
  /** A lease that was not seen to change for so long is free. */
  readonly durationMs: number
  /** A leader steps down when its last renewal began so long ago. */
  readonly deadlineMs: number
  /** Between two tries. */
  readonly retryMs: number
}

export const LEASE_TIMINGS: LeaseTimings = { durationMs: 15_000, deadlineMs: 10_000, retryMs: 2_000 }

export interface ElectorOptions {
  readonly client: Client
  readonly namespace: string
  readonly name: string
  /** Of this replica; no other has it, nor its own predecessor. */
  readonly identity: string
  readonly clock: Clock
  readonly random: Random
  /**
   * Called when this replica becomes the leader. `signal` aborts when it is no longer; the work has to end then. When it
   * rejects, the lease is given back. It is not called again before the last call has settled.
   */
  readonly onLead: (signal: AbortSignal) => void | Promise<void>
  /** Called each time leadership ends, after the signal has aborted. */
  readonly onLose: () => void
  /** What went wrong, for the log; the elector goes on. */
  readonly onProblem?: (error: unknown) => void
  readonly timings?: LeaseTimings
}

export interface Elector {
  /** Whether this replica leads at this moment, by the clock: false also when a timer is late. */
  readonly leading: boolean
  /** Identity of the leader as last seen; empty when nobody leads. */
  readonly holder: string
  /**
   * Ends leadership and waits for its work (a few seconds at most), gives the lease back, and never takes part again.
   * `withinMs`: gives up on both after that; others then wait until the lease runs out.
   */
  stop(withinMs?: number): Promise<void>
}

export function runElector(options: ElectorOptions): Elector {
  const elector = new LeaseElector(options)
  elector.start()
  return elector
}

/** The lease as last seen. */
interface Seen {
  readonly object: JsonObject
  readonly holder: string
  /** When this state was first seen. */
  readonly at: number
  readonly durationMs: number
}

interface Term {
  readonly ended: AbortController
  readonly work: Promise<void>
}

class LeaseElector implements Elector {
  private readonly options: ElectorOptions
  private readonly timings: LeaseTimings
  private readonly stopping = new AbortController()
  /** Cuts off whatever the stop would wait for. */
  private readonly givingUp = new AbortController()
  private loop: Promise<void> = Promise.resolve()
  private seen: Seen | undefined
  private term: Term | undefined
  /** When the last renewal that succeeded began. */
  private renewedAt = Number.NEGATIVE_INFINITY

  constructor(options: ElectorOptions) {
    this.options = options
    this.timings = options.timings ?? LEASE_TIMINGS
  }

  get leading(): boolean {
    const { clock } = this.options
    return this.term?.ended.signal.aborted === false && clock.now() - this.renewedAt < this.timings.deadlineMs
  }

  get holder(): string {
    return this.seen?.holder ?? ''
  }

  start(): void {
    this.loop = this.run()
  }

  async stop(withinMs?: number): Promise<void> {
    this.stopping.abort()
    const cancel =
      withinMs === undefined ? undefined : this.options.clock.after(withinMs, () => this.givingUp.abort())
    await this.loop
    cancel?.()
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping
    const { clock } = this.options
    while (!signal.aborted) {
      if (await this.attempt(signal)) await this.lead()
      if (!signal.aborted) await sleep(clock, this.pause(), signal)
    }
  }

  /** 2 to 2.4 s; sooner when the lease runs out before, with a little chance so that not all replicas come at once. */
  private pause(): number {
    const { clock, random, identity } = this.options
    const retry = this.timings.retryMs * (1 + random() * 0.2)
    const { seen } = this
    if (seen === undefined || seen.holder === '' || seen.holder === identity) return retry
    const left = seen.at + seen.durationMs - clock.now()
    return left > 0 ? Math.min(retry, left + random() * 200) : retry
  }

  /** Leads until the lease is lost or the elector stops. */
  private async lead(): Promise<void> {
    const { clock } = this.options
    const ended = new AbortController()
    const term = { ended, work: this.work(ended) }
    this.term = term
    const stop = (): void => ended.abort()
    this.stopping.signal.addEventListener('abort', stop, { once: true })
    if (this.stopping.signal.aborted) stop()
    let cancel = (): void => undefined
    const arm = (): void => {
      cancel()
      cancel = clock.after(Math.max(0, this.renewedAt + this.timings.deadlineMs - clock.now()), stop)
    }
    arm()
    while (!ended.signal.aborted) {
      await sleep(clock, this.timings.retryMs, ended.signal)
      // A timer may be late: after a stopped process the deadline is judged by the clock.
      if (clock.now() - this.renewedAt >= this.timings.deadlineMs) stop()
      if (ended.signal.aborted) break
      if (await this.attempt(ended.signal)) arm()
      else if (this.seen?.holder !== this.options.identity) stop()
    }
    cancel()
    this.stopping.signal.removeEventListener('abort', stop)
    await this.endTerm(term)
  }

  /** The leader's work; when it fails, leadership ends. */
  private async work(ended: AbortController): Promise<void> {
    // Not before the term is known: the work may ask whether it leads.
    await Promise.resolve()
    if (ended.signal.aborted) return
    try {
      await this.options.onLead(ended.signal)
    } catch (error) {
      if (!ended.signal.aborted) this.problem(error)
      ended.abort()
    }
  }

  private async endTerm({ work }: Term): Promise<void> {
    const { clock, onLose } = this.options
    try {
      onLose()
    } catch (error) {
      this.problem(error)
    }
    // The lease is given back only after the work has ended, and only as long as it is surely still ours.
    const left = Math.max(0, this.renewedAt + this.timings.deadlineMs - clock.now())
    const timeout = new AbortController()
    const over = AbortSignal.any([timeout.signal, this.givingUp.signal])
    await Promise.race([work, sleep(clock, left, over)])
    timeout.abort()
    if (clock.now() - this.renewedAt < this.timings.deadlineMs) await this.release()
    if (!this.stopping.signal.aborted) await work
    this.term = undefined
  }

  /** One try to take or renew the lease. */
  private async attempt(signal: AbortSignal): Promise<boolean> {
    try {
      return await this.takeOrRenew(signal)
    } catch (error) {
      if (!signal.aborted) this.problem(error)
      return false
    }
  }

  private async takeOrRenew(signal: AbortSignal): Promise<boolean> {
    const { clock, identity } = this.options
    const started = clock.now()
    if (this.term !== undefined && this.seen?.holder === identity) {
      // The leader's way: nobody else has written, so one call is enough. A conflict or a loss shows in the next lines.
      try {
        return this.took(await this.write(this.seen.object, signal), started)
      } catch (error) {
        if (!(error instanceof ApiError) || (error.kind !== 'conflict' && error.kind !== 'not-found'))
          throw error
      }
    }
    const found = await this.read(signal)
    if (found === undefined) return this.took(await this.create(), started)
    this.observe(found)
    const { seen } = this
    if (seen === undefined) return false
    const valid = seen.holder !== '' && clock.now() < seen.at + seen.durationMs
    if (valid && seen.holder !== identity) return false
    try {
      return this.took(await this.write(seen.object), started)
    } catch (error) {
      // Another replica was faster: nothing is wrong.
      if (error instanceof ApiError && error.kind === 'conflict') return false
      throw error
    }
  }

  private took(object: JsonObject, started: number): boolean {
    this.observe(object)
    this.renewedAt = started
    return true
  }

  /** The local clock starts anew only when the lease has changed. */
  private observe(object: JsonObject): void {
    const version = versionOf(object)
    if (this.seen !== undefined && version !== '' && version === versionOf(this.seen.object)) return
    const spec = specOf(object)
    const holder = own(spec, 'holderIdentity')
    const seconds = own(spec, 'leaseDurationSeconds')
    this.seen = {
      object,
      holder: typeof holder === 'string' ? holder : '',
      at: this.options.clock.now(),
      durationMs: typeof seconds === 'number' ? seconds * 1000 : this.timings.durationMs,
    }
  }

  private async read(signal: AbortSignal = this.givingUp.signal): Promise<JsonObject | undefined> {
    const { client, namespace, name } = this.options
    const timeoutMs = this.callMs()
    try {
      const at = { namespace, name }
      return await client.get(RESOURCE.lease, at, { timeoutMs, signal })
    } catch (error) {
      if (error instanceof ApiError && error.kind === 'not-found') return undefined
      throw error
    }
  }

  private async create(): Promise<JsonObject> {
    const { client, namespace, name } = this.options
    const object = {
      apiVersion: apiVersionOf(RESOURCE.lease),
      kind: RESOURCE.lease.kind,
      metadata: { name, namespace },
      spec: this.spec({}),
    }
    const signal = this.givingUp.signal
    return client.create(RESOURCE.lease, { namespace }, object, { timeoutMs: this.callMs(), signal })
  }

  /**
   * Fields of the lease that are not ours stay. Only a leader's renewal is cut short (by its deadline): a lease that is
   * taken while the elector stops has to be known, to be given back.
   */
  private async write(object: JsonObject, signal: AbortSignal = this.givingUp.signal): Promise<JsonObject> {
    const { client, namespace, name } = this.options
    const timeoutMs = this.callMs()
    const renewed = { ...object, spec: this.spec(specOf(object)) }
    return client.update(RESOURCE.lease, { namespace, name }, renewed, { timeoutMs, signal })
  }

  private spec(old: JsonObject): JsonObject {
    const { clock, identity } = this.options
    const now = microTime(clock.wall())
    const transitions = own(old, 'leaseTransitions')
    const count = typeof transitions === 'number' ? transitions : 0
    const mine = own(old, 'holderIdentity') === identity
    const first = Object.keys(old).length === 0
    return {
      ...old,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.timings.durationMs / 1000),
      acquireTime: mine ? (own(old, 'acquireTime') ?? now) : now,
      renewTime: now,
      leaseTransitions: mine || first ? count : count + 1,
    }
  }

  /** A renewal that was cut short may have been carried out: then the lease has changed and is read once more. */
  private async release(): Promise<void> {
    try {
      for (let tries = 0; tries < 2 && this.seen?.holder === this.options.identity; tries += 1) {
        if (await this.writeReleased(this.seen.object)) return
        const found = await this.read()
        if (found === undefined) return
        this.observe(found)
      }
    } catch (error) {
      this.problem(error)
    }
  }

  private async writeReleased(object: JsonObject): Promise<boolean> {
    const { client, namespace, name, clock } = this.options
    const now = microTime(clock.wall())
    const free = { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now }
    const released = { ...object, spec: { ...specOf(object), ...free } }
    try {
      const options = { timeoutMs: this.callMs(), signal: this.givingUp.signal }
      this.observe(await client.update(RESOURCE.lease, { namespace, name }, released, options))
      return true
    } catch (error) {
      if (error instanceof ApiError && error.kind === 'conflict') return false
      throw error
    }
  }

  private callMs(): number {
    return this.timings.deadlineMs / 2
  }

  private problem(error: unknown): void {
    try {
      this.options.onProblem?.(error)
    } catch {
      // A listener that throws is told nobody: there is nobody else to tell.
    }
  }
}

function specOf(object: JsonObject): JsonObject {
  const spec: Json | undefined = own(object, 'spec')
  return isObject(spec) ? spec : {}
}

function versionOf(object: JsonObject): string {
  const metadata = own(object, 'metadata')
  const version = isObject(metadata) ? own(metadata, 'resourceVersion') : undefined
  return typeof version === 'string' ? version : ''
}

/** metav1.MicroTime: six digits of a second. */
function microTime(wall: number): string {
  return new Date(wall).toISOString().replace('Z', '000Z')
}
