// Keeps the selected part of all objects of one resource in memory: lists in pages, then watches, for ever. Whatever the
// server, the network or a handler does, it goes on with what it has and tries again; only stop() ends it.
// A resource that does not exist (404: no such CRD) counts as empty.

import { isObject, type Json, type JsonObject, own } from '../std/json.ts'
import type { ApiAccess } from './access.ts'
import { BACKOFF, Backoff, type BackoffOptions } from './backoff.ts'
import { listPages, objectOf } from './client.ts'
import { type Clock, type Random, sleep } from './clock.ts'
import { ApiError, statusError } from './error.ts'
import { pathOf, type Resource } from './resource.ts'
import { Store } from './store.ts'
import { type WatchEvent, watchEvents } from './watch.ts'

/**
 * Why a list or watch had to begin again: `closed` early by the server, `silent` for too long, `expired` (410),
 * `absent` (404), `refused` (another answer), `away` (no answer, or the connection broke).
 */
export type Restart = 'closed' | 'silent' | 'expired' | 'absent' | 'refused' | 'away'

export interface ReflectorMetrics {
  restart?(why: Restart): void
  /** The server sent something; `at` is a time of the clock. */
  contact?(at: number): void
  /** What went wrong, for the log: an ApiError, or what a handler threw. */
  problem?(error: unknown): void
}

export interface ReflectorOptions<T> {
  readonly access: ApiAccess
  readonly resource: Resource
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** The part to keep, as plain data; undefined leaves the object out. */
  readonly select: (raw: JsonObject) => T | undefined
  /** After every change of `items`, once for all events that came together; also when first synced. */
  readonly onChange: () => void
  readonly clock: Clock
  readonly random: Random
  readonly metrics?: ReflectorMetrics
  readonly pageSize?: number
  /** How long a watch is asked to last, give or take a tenth. */
  readonly watchSeconds?: number
  /** A watch without a byte for so long is taken for dead; well above `watchSeconds`. */
  readonly inactivityMs?: number
  /** Until a resource that does not exist is asked for again. */
  readonly absentMs?: number
  readonly backoff?: BackoffOptions
}

export interface Reflector<T> {
  /** By `namespace/name`, or `name`; changes in place. */
  readonly items: ReadonlyMap<string, T>
  /** Whether the whole list was heard once. */
  readonly synced: boolean
  readonly whenSynced: Promise<void>
  /** Time of the clock when the server was last heard; undefined before. */
  readonly lastContact: number | undefined
  stop(): void
}

const PAGE_SIZE = 500
const INACTIVITY_MS = 60_000
const ABSENT_MS = 30_000
/**
 * A planned end proves that a quiet watch lives. Bookmarks do not: the API server sends none while nothing of the resource
 * has changed and etcd does not report progress (its default is every 10 minutes). Before the end it sends one if it can.
 */
const WATCH_SECONDS = 45
/** An end that much before the time asked for is the planned one. */
const PLANNED_SECONDS = 2
/** A watch that lived this long was a good one. */
const GOOD_MS = 5_000
const THROTTLED_MAX_MS = 60_000

export function startReflector<T>(options: ReflectorOptions<T>): Reflector<T> {
  const loop = new ReflectorLoop(options)
  void loop.run()
  return loop
}

class ReflectorLoop<T> implements Reflector<T> {
  lastContact: number | undefined
  synced = false
  readonly whenSynced: Promise<void>
  private readonly options: ReflectorOptions<T>
  private readonly store: Store<T>
  private readonly backoff: Backoff
  private readonly stopped = new AbortController()
  private readonly tellSynced: () => void
  /** Where the next watch begins; undefined: a list is needed. */
  private version: string | undefined
  /** The next list comes in one piece: its pages expired while they were read. */
  private whole = false
  private absent = false

  constructor(options: ReflectorOptions<T>) {
    this.options = options
    this.store = new Store(options.select, (error) => this.tell((metrics) => metrics.problem?.(error)))
    this.backoff = new Backoff(options.backoff ?? BACKOFF, options.random)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.whenSynced = promise
    this.tellSynced = resolve
  }

  get items(): ReadonlyMap<string, T> {
    return this.store.items
  }

  stop(): void {
    this.stopped.abort()
  }

  async run(): Promise<void> {
    const { signal } = this.stopped
    while (!signal.aborted) {
      let wait: number
      try {
        if (this.version === undefined) await this.list()
        wait = await this.watch(this.version ?? '')
      } catch (error) {
        if (signal.aborted) return
        wait = this.afterFailure(error)
      }
      if (wait > 0) await sleep(this.options.clock, wait, signal)
    }
  }

  private async list(): Promise<void> {
    const { access, resource, namespace, pageSize = PAGE_SIZE } = this.options
    const at = namespace === undefined ? {} : { namespace }
    const selection = { ...this.selection(), pageSize: this.whole ? 0 : pageSize }
    const next = this.store.begin()
    let version = ''
    try {
      const pages = listPages(resource, at, selection, async (call) => {
        const answer = await access.send(call, this.stopped.signal)
        this.heard()
        return objectOf(answer)
      })
      for await (const page of pages) {
        next.add(page.items)
        version = page.resourceVersion
      }
    } catch (error) {
      if (error instanceof ApiError && error.kind === 'gone') this.whole = true
      throw error
    }
    this.whole = false
    this.absent = false
    this.version = version
    this.listed(next.swap())
  }

  /** Runs one watch to its end; milliseconds to wait before the next. */
  private async watch(from: string): Promise<number> {
    const { clock, random, access, resource, namespace } = this.options
    const { inactivityMs = INACTIVITY_MS, watchSeconds = WATCH_SECONDS } = this.options
    const seconds = Math.ceil(watchSeconds * (0.9 + random() * 0.2))
    const query = {
      ...this.selection(),
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(seconds),
      resourceVersion: from,
    }
    const started = clock.now()
    const ended = new AbortController()
    const end = (): void => ended.abort()
    this.stopped.signal.addEventListener('abort', end, { once: true })
    let cancel = clock.after(inactivityMs, end)
    try {
      const call = { method: 'GET', path: pathOf(resource, namespace), query }
      for await (const events of watchEvents(access.openStream(call, ended.signal))) {
        cancel()
        cancel = clock.after(inactivityMs, end)
        this.heard()
        this.takeAll(events)
      }
    } catch (error) {
      if (ended.signal.aborted && !this.stopped.signal.aborted) return this.restart('silent', 0)
      throw error
    } finally {
      cancel()
      if (clock.now() - started >= GOOD_MS) this.backoff.reset()
      ended.abort()
      this.stopped.signal.removeEventListener('abort', end)
    }
    this.heard()
    const lived = clock.now() - started
    if (lived >= (seconds - PLANNED_SECONDS) * 1000) return 0
    return this.restart('closed', lived < GOOD_MS ? this.backoff.next(false) : 0)
  }

  /** Throws ApiError for an event of type ERROR. */
  private takeAll(events: readonly WatchEvent[]): void {
    let changed = false
    try {
      for (const { type, object } of events) {
        if (type === 'ERROR') throw statusError(object, statusOf(object))
        if (type !== 'BOOKMARK') changed = this.store.take(type, object) || changed
        this.version = newer(this.version, versionOf(object))
        this.backoff.reset()
      }
    } finally {
      if (changed) this.changed()
    }
  }

  private afterFailure(error: unknown): number {
    if (error instanceof ApiError && error.kind === 'not-found') return this.afterAbsence(error)
    this.tell((metrics) => metrics.problem?.(error))
    if (!(error instanceof ApiError)) return this.restart('refused', this.backoff.next(false))
    if (error.kind === 'gone') {
      this.version = undefined
      return this.restart('expired', this.backoff.next(false))
    }
    const wait = this.backoff.next(error.unreachable)
    const asked = Math.min(error.retryAfterMs ?? 0, THROTTLED_MAX_MS)
    return this.restart(error.unreachable ? 'away' : 'refused', Math.max(wait, asked))
  }

  /** Told once: that a resource does not exist may hold for ever. */
  private afterAbsence(error: ApiError): number {
    const { absentMs = ABSENT_MS, random } = this.options
    const wait = absentMs * (0.8 + random() * 0.4)
    const known = this.absent
    this.absent = true
    this.version = undefined
    this.listed(this.store.begin().swap())
    if (known) return wait
    this.tell((metrics) => metrics.problem?.(error))
    return this.restart('absent', wait)
  }

  private restart(why: Restart, wait: number): number {
    this.tell((metrics) => metrics.restart?.(why))
    return wait
  }

  private listed(changed: boolean): void {
    const first = !this.synced
    this.synced = true
    this.tellSynced()
    if (changed || first) this.changed()
  }

  private heard(): void {
    const at = this.options.clock.now()
    this.lastContact = at
    this.tell((metrics) => metrics.contact?.(at))
  }

  private changed(): void {
    const failed = (error: unknown): void => this.tell((metrics) => metrics.problem?.(error))
    try {
      const result: unknown = this.options.onChange()
      // An async handler fits the type, and its rejection would end the process.
      if (result instanceof Promise) result.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  /** Who listens must not end the loop. */
  private tell(say: (metrics: ReflectorMetrics) => void): void {
    try {
      if (this.options.metrics !== undefined) say(this.options.metrics)
    } catch {
      // A listener that throws is told nobody: there is nobody else to tell.
    }
  }

  private selection(): { labelSelector?: string; fieldSelector?: string } {
    const { labelSelector, fieldSelector } = this.options
    return {
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    }
  }
}

function versionOf(object: JsonObject): string | undefined {
  const metadata: Json | undefined = own(object, 'metadata')
  const version = isObject(metadata) ? own(metadata, 'resourceVersion') : undefined
  return typeof version === 'string' && version !== '' ? version : undefined
}

/** An event that comes late must not take the watch back. */
function newer(known: string | undefined, seen: string | undefined): string | undefined {
  if (seen === undefined) return known
  return Number(seen) < Number(known) ? known : seen
}

function statusOf(status: JsonObject): number {
  const code = own(status, 'code')
  return typeof code === 'number' ? code : 500
}
