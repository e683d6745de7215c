// Kubernetes Events: what happened to an object, for people who look at it with kubectl. The same event again raises the
// count of the first; an object that is talked about too much is left in silence. Recording never fails and never waits.

import { randomBytes } from 'node:crypto'
import { isObject, type JsonObject, own } from '../std/json.ts'
import { ApiError, type Client } from './client.ts'
import { type Clock, systemClock } from './clock.ts'
import { apiVersionOf, RESOURCE, type Resource } from './resource.ts'

export interface Regarding {
  readonly resource: Resource
  /** Absent for an object without namespace: its events are in `default`. */
  readonly namespace?: string
  readonly name: string
  readonly uid?: string
}

export interface EventNote {
  readonly regarding: Regarding
  readonly type: 'Normal' | 'Warning'
  /** One word in CamelCase, of a closed list: events are counted by it. */
  readonly reason: string
  readonly message: string
}

export interface RecorderOptions {
  /** The program, as `remora-injector`. */
  readonly component: string
  /** The replica. */
  readonly instance: string
  readonly clock?: Clock
  readonly onProblem?: (error: unknown) => void
}

export interface EventRecorder {
  record(note: EventNote): void
  /** Resolves when all that was recorded is written or given up. */
  settled(): Promise<void>
}

/** Events about one object at once, and the time in which one more is allowed (rules of client-go). */
const BURST = 25
const REFILL_MS = 5 * 60_000
/** The same event within this time raises the count; later it is a new one. */
const SAME_MS = 10 * 60_000
const OBJECTS = 1000
const WAITING = 100
/** What the API server accepts. */
const MESSAGE_LENGTH = 1024

interface Series {
  readonly namespace: string
  readonly name: string
  count: number
  lastAt: number
}

export function createRecorder(client: Client, options: RecorderOptions): EventRecorder {
  return new Recorder(client, options)
}

class Recorder implements EventRecorder {
  private readonly client: Client
  private readonly options: RecorderOptions
  private readonly clock: Clock
  private readonly series = new Map<string, Series>()
  private readonly buckets = new Map<string, { tokens: number; at: number }>()
  private queue: Promise<void> = Promise.resolve()
  private waiting = 0

  constructor(client: Client, options: RecorderOptions) {
    this.client = client
    this.options = options
    this.clock = options.clock ?? systemClock
  }

  record(note: EventNote): void {
    if (this.waiting >= WAITING || !this.allowed(note.regarding)) return
    this.waiting += 1
    this.queue = this.queue.then(async () => {
      try {
        await this.write(note)
      } catch (error) {
        this.options.onProblem?.(error)
      } finally {
        this.waiting -= 1
      }
    })
  }

  settled(): Promise<void> {
    return this.queue
  }

  private allowed(regarding: Regarding): boolean {
    const key = keyOf(regarding)
    const now = this.clock.now()
    const known = this.buckets.get(key) ?? { tokens: BURST, at: now }
    const tokens = Math.min(BURST, known.tokens + (now - known.at) / REFILL_MS)
    // Set anew so that the least recently used comes first.
    this.buckets.delete(key)
    this.buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now })
    trim(this.buckets)
    return tokens >= 1
  }

  private async write(note: EventNote): Promise<void> {
    const key = `${keyOf(note.regarding)}\n${note.type}\n${note.reason}\n${note.message}`
    const now = this.clock.now()
    const known = this.series.get(key)
    if (known !== undefined && now - known.lastAt < SAME_MS && (await this.again(known))) return
    const object = this.eventOf(note)
    const { namespace, name } = object.metadata
    await this.client.create(RESOURCE.event, { namespace }, object)
    this.series.delete(key)
    this.series.set(key, { namespace, name, count: 1, lastAt: now })
    trim(this.series)
  }

  /** False when the event of before is gone: events live for an hour. */
  private async again(series: Series): Promise<boolean> {
    const { namespace, name } = series
    const lastTimestamp = timeOf(this.clock)
    try {
      const patch = { count: series.count + 1, lastTimestamp }
      const answer = await this.client.patch(RESOURCE.event, { namespace, name }, patch)
      series.count = countOf(answer) ?? series.count + 1
      series.lastAt = this.clock.now()
      return true
    } catch (error) {
      if (error instanceof ApiError && error.kind === 'not-found') return false
      throw error
    }
  }

  private eventOf({
    regarding,
    type,
    reason,
    message,
  }: EventNote): JsonObject & { metadata: { namespace: string; name: string } } {
    const { resource, namespace, name, uid } = regarding
    const { component, instance } = this.options
    const at = timeOf(this.clock)
    const place = namespace ?? 'default'
    // The object and the time, as client-go names them; chance parts events of one millisecond.
    const suffix = `${this.clock.wall().toString(16)}${randomBytes(3).toString('hex')}`
    return {
      apiVersion: apiVersionOf(RESOURCE.event),
      kind: RESOURCE.event.kind,
      metadata: { name: `${name.slice(0, 200)}.${suffix}`, namespace: place },
      involvedObject: {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
      },
      type,
      reason,
      message: message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH - 1)}…` : message,
      count: 1,
      firstTimestamp: at,
      lastTimestamp: at,
      source: { component, host: instance },
      reportingComponent: component,
      reportingInstance: instance,
    }
  }
}

function keyOf({ resource, namespace, name, uid }: Regarding): string {
  return [resource.group, resource.kind, namespace ?? '', name, uid ?? ''].join('/')
}

function trim(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= OBJECTS) return
    map.delete(key)
  }
}

function countOf(object: JsonObject): number | undefined {
  const count = isObject(object) ? own(object, 'count') : undefined
  return typeof count === 'number' ? count : undefined
}

/** metav1.Time: whole seconds. */
function timeOf(clock: Clock): string {
  return new Date(clock.wall()).toISOString().replace(/\.\d+Z$/, 'Z')
}
