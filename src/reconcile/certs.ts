// The key pair that all replicas share, in a Secret of our own namespace: every replica serves what it holds as soon as
// it is proven, and the leader takes the steps of certs/policy.ts. What was good last goes on whatever happens to the
// Secret, and is what the leader writes back when the Secret was deleted or destroyed.

import {
  type CertificateSecret,
  caBundleOf,
  flawOfServing,
  type Lifetimes,
  planCertificates,
  SECRET_KEYS,
  settlingOf,
  takeStep,
} from '../certs/policy.ts'
import { ApiError, type Client } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import { RESOURCE } from '../kube/resource.ts'
import { isObject, type JsonObject, own } from '../std/json.ts'
import { FIELD_MANAGER } from './registration.ts'

export interface CertificateSettings {
  readonly namespace: string
  readonly secretName: string
  readonly names: readonly string[]
  readonly lifetimes: Lifetimes
  /** How long a bundle has to be everywhere before a leaf of its new root is served. */
  readonly settleMs: number
}

export interface CertificateEvents {
  /** A pair that is good to serve. */
  readonly usable: (pair: { readonly cert: string; readonly key: string }) => void
  /** There is no Secret and never was a good one: the leader is about to make it. */
  readonly awaited: () => void
  readonly refused: (reason: string) => void
  readonly written: (reason: string) => void
}

/** Between this clock and the API server's; a certificate made by a wrong clock is not valid for others. */
const CLOCK_SKEW_MS = 5 * 60_000
const CLOCK_LOOK_MS = 60_000
/** How long the first Secret may take: an election after a leader that was killed, and some more. */
const FIRST_MS = 30_000
/** Until a Secret that was refused is judged again: it may have been the clock. */
const AGAIN_MS = 60_000
const NOT_YET = 'there is no Secret yet'

/** The PEM texts of a Secret. */
export function readSecret(raw: JsonObject): CertificateSecret {
  const data = own(raw, 'data')
  const entries = Object.values(SECRET_KEYS).flatMap((key) => {
    const text = isObject(data) ? own(data, key) : undefined
    return typeof text === 'string' ? [[key, Buffer.from(text, 'base64').toString('utf8')]] : []
  })
  return Object.fromEntries(entries)
}

export class SharedCertificates {
  private readonly client: Client
  private readonly clock: Clock
  private readonly settings: CertificateSettings
  private readonly events: CertificateEvents
  /** The last Secret that was good to serve. */
  private good: CertificateSecret | undefined
  private refusal: string | undefined
  /** Ends the wait for the first Secret. */
  private endWait: (() => void) | undefined
  /** Takes back that the newest Secret is judged again. */
  private endAgain: (() => void) | undefined
  private settling = ''
  private settledFrom = Number.POSITIVE_INFINITY

  constructor(client: Client, clock: Clock, settings: CertificateSettings, events: CertificateEvents) {
    this.client = client
    this.clock = clock
    this.settings = settings
    this.events = events
  }

  /** What callers have to trust, PEM; undefined before there is a good Secret. */
  get caBundle(): string | undefined {
    return this.good === undefined ? undefined : caBundleOf(this.good)
  }

  /** Why the newest Secret is not in use; undefined while it is. */
  get problem(): string | undefined {
    return this.refusal
  }

  /** The Secret as the watch shows it; undefined when there is none. */
  take(secret: CertificateSecret | undefined): void {
    if (secret === undefined && this.good === undefined) this.waitForFirst()
    else this.judge(secret)
  }

  /** Nothing is told after this. */
  close(): void {
    this.endWait?.()
    this.endAgain?.()
  }

  /** Nothing is wrong before the leader had time to make the Secret. */
  private waitForFirst(): void {
    if (this.endWait !== undefined) return
    this.events.awaited()
    this.refusal = NOT_YET
    this.endWait = this.clock.after(FIRST_MS, () => {
      if (this.good === undefined && this.refusal === NOT_YET) this.judge(undefined)
    })
  }

  private judge(secret: CertificateSecret | undefined): void {
    const flaw =
      secret === undefined
        ? 'there is no Secret'
        : flawOfServing(secret, this.settings.names, this.clock.wall())
    if (flaw !== this.refusal && flaw !== undefined) this.events.refused(flaw)
    this.refusal = flaw
    this.endAgain?.()
    if (secret === undefined) return
    if (flaw !== undefined) {
      this.endAgain = this.clock.after(AGAIN_MS, () => this.judge(secret))
      return
    }
    this.good = secret
    this.close()
    this.events.usable({ cert: secret[SECRET_KEYS.cert] ?? '', key: secret[SECRET_KEYS.key] ?? '' })
  }

  /**
   * The leader's part: one look, at most one write. `isPublished` tells whether API servers have a bundle. Resolves to
   * the time of the clock to look again at.
   */
  async run(isPublished: (caBundle: string) => boolean, signal: AbortSignal): Promise<number> {
    const { settleMs, names, lifetimes } = this.settings
    const { clock } = this
    const object = await this.read(signal)
    const secret = object === undefined ? undefined : readSecret(object)
    const restored = this.restored(secret)
    if (restored !== undefined) {
      await this.write(object, restored, signal)
      this.events.written('the Secret was lost, and is as it was before')
      return clock.now() + settleMs
    }
    const settledAt = this.settledAt(secret, isPublished)
    const situation = { secret, names, now: clock.wall(), settled: clock.now() >= settledAt }
    const step = planCertificates(situation)
    if (step.kind === 'rest') {
      const due = clock.now() + (step.until - situation.now)
      return situation.settled ? due : Math.min(due, settledAt)
    }
    if (await this.isClockWrong(signal)) return clock.now() + CLOCK_LOOK_MS
    await this.write(object, await takeStep(step, situation, lifetimes), signal)
    this.events.written(`${step.kind}: ${step.reason}`)
    return clock.now() + settleMs
  }

  /** The last good Secret, where the present one is of no use and the last one still is. */
  private restored(secret: CertificateSecret | undefined): CertificateSecret | undefined {
    const { good } = this
    const now = this.clock.wall()
    const { names } = this.settings
    if (good === undefined || flawOfServing(good, names, now) !== undefined) return undefined
    const step = planCertificates({ secret, names, now, settled: false })
    return step.kind === 'begin' ? good : undefined
  }

  /** When the bundle, and the issuer of the leaf, will have been everywhere for long enough. */
  private settledAt(
    secret: CertificateSecret | undefined,
    isPublished: (caBundle: string) => boolean,
  ): number {
    const settling = secret === undefined ? '' : settlingOf(secret)
    const published = secret !== undefined && flawless(() => isPublished(caBundleOf(secret)))
    if (settling !== this.settling || !published) {
      this.settling = settling
      this.settledFrom = Number.POSITIVE_INFINITY
    }
    if (published && this.settledFrom === Number.POSITIVE_INFINITY) this.settledFrom = this.clock.now()
    return this.settledFrom + this.settings.settleMs
  }

  private async isClockWrong(signal: AbortSignal): Promise<boolean> {
    const { headers } = await this.client.access.send({ method: 'GET', path: '/version' }, signal)
    const skew = Date.parse(headers['date'] ?? '') - this.clock.wall()
    if (!(Math.abs(skew) > CLOCK_SKEW_MS)) return false
    const seconds = Math.round(skew / 1000)
    this.events.refused(`no certificate is made: the clock is ${seconds} s off the API server's`)
    return true
  }

  private async read(signal: AbortSignal): Promise<JsonObject | undefined> {
    const { namespace, secretName: name } = this.settings
    try {
      return await this.client.get(RESOURCE.secret, { namespace, name }, { signal })
    } catch (error) {
      if (error instanceof ApiError && error.kind === 'not-found') return undefined
      throw error
    }
  }

  /** Fails with a conflict when somebody else has written meanwhile. */
  private async write(
    before: JsonObject | undefined,
    secret: CertificateSecret,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace, secretName: name } = this.settings
    const data = Object.fromEntries(
      Object.entries(secret).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]),
    )
    const options = { signal, fieldManager: FIELD_MANAGER }
    if (before !== undefined) {
      await this.client.update(RESOURCE.secret, { namespace, name }, { ...before, data }, options)
      return
    }
    // By server-side apply, because a right to create cannot be limited to one name otherwise.
    const labels = { 'app.kubernetes.io/managed-by': 'remora', 'app.kubernetes.io/name': 'remora' }
    const metadata = { name, namespace, labels }
    const object = { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata, data }
    await this.client.apply(RESOURCE.secret, { namespace, name }, object, options)
  }
}

function flawless(look: () => boolean): boolean {
  try {
    return look()
  } catch {
    return false // a bundle without a readable certificate is published nowhere
  }
}
