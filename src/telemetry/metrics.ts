// The metrics of the webhook: remora's own (prefix remora_) and istiod's names for injection, so that dashboards go on.
// Labels come from closed lists and from revision names of the settings; nothing a caller sends may become a label.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { type RequestMetrics, requestMetrics } from './request-metrics.ts'

/** What is read anew at each scrape. */
export interface Observed {
  readonly generation: number
  readonly snapshotAgeSeconds: number
  /** By revision: whether the newest config and values are the ones in use. */
  readonly configGood: Readonly<Record<string, boolean>>
  /** Seconds until the serving certificate expires; undefined before there is one. */
  readonly certificateSeconds: number | undefined
  readonly certificateGood: boolean
  readonly connections: number
}

export interface Metrics extends Omit<RequestMetrics, 'settle'> {
  /** A connection was closed to make room. */
  readonly connectionDropped: (reason: DropReason) => void
  /** Settings or certificate files were read again. */
  readonly reloaded: (what: 'settings' | 'certificate', good: boolean) => void
  /** Prometheus text. */
  readonly text: () => Promise<string>
  readonly contentType: string
  /** For metrics of parts that not every webhook has. */
  readonly registry: Registry
  /** Ends the measuring of the event loop. */
  readonly close: () => void
}

export type DropReason = 'too-many-connections' | 'too-many-bytes'

/** `observe` is called at each scrape. */
export function createMetrics(observe: () => Observed): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = requestMetrics(registry)
  const closeObserved = observedMetrics(registry, observe)
  const dropped = new Counter({
    name: 'remora_connections_dropped_total',
    help: 'Connections closed to make room for others.',
    labelNames: ['reason'],
    registers: [registry],
  })
  const reloads = new Counter({
    name: 'remora_reloads_total',
    help: 'Times that settings or certificate files were read again.',
    labelNames: ['what', 'result'],
    registers: [registry],
  })
  return {
    started: requests.started,
    finished: requests.finished,
    rendered: requests.rendered,
    connectionDropped: (reason) => dropped.inc({ reason }),
    reloaded: (what, good) => reloads.inc({ what, result: good ? 'good' : 'refused' }),
    text: () => {
      requests.settle()
      return registry.metrics()
    },
    contentType: registry.contentType,
    registry,
    close: closeObserved,
  }
}

/** Gauges that are filled while the registry collects. Returns what ends the measuring. */
function observedMetrics(registry: Registry, observe: () => Observed): () => void {
  const gauge = (name: string, help: string, set: (into: Gauge, observed: Observed) => void): Gauge =>
    new Gauge({
      name: `remora_${name}`,
      help,
      registers: [registry],
      collect() {
        set(this, observe())
      },
    })
  gauge('snapshot_generation', 'Generation of the settings in use.', (into, { generation }) =>
    into.set(generation),
  )
  gauge('snapshot_age_seconds', 'Time since the settings in use were built.', (into, observed) =>
    into.set(observed.snapshotAgeSeconds),
  )
  gauge('certificate_expiry_seconds', 'Seconds until the serving certificate expires.', (into, observed) => {
    if (observed.certificateSeconds !== undefined) into.set(observed.certificateSeconds)
  })
  gauge(
    'certificate_good',
    '1 while the newest certificate files are the ones in use, 0 while they are refused.',
    (into, observed) => into.set(observed.certificateGood ? 1 : 0),
  )
  gauge('connections', 'Open connections of the webhook port.', (into, { connections }) =>
    into.set(connections),
  )
  new Gauge({
    name: 'remora_config_good',
    help: '1 while the newest settings of the revision are the ones in use, 0 while they are refused.',
    labelNames: ['revision'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [revision, good] of Object.entries(observe().configGood))
        this.set({ revision }, good ? 1 : 0)
    },
  })
  return eventLoopLag(registry)
}

const QUANTILES = [0.5, 0.99, 1]
const NANOSECONDS = 1e9

/** Lag of the event loop since the last scrape, by quantile. */
function eventLoopLag(registry: Registry): () => void {
  const lag = monitorEventLoopDelay({ resolution: 10 })
  lag.enable()
  new Gauge({
    name: 'remora_event_loop_lag_seconds',
    help: 'How late the event loop was since the last scrape.',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      for (const quantile of QUANTILES) {
        // Without a sample yet the histogram has no number to give.
        const value = lag.count === 0 ? 0 : lag.percentile(quantile * 100)
        this.set({ quantile: String(quantile) }, value / NANOSECONDS)
      }
      lag.reset()
    },
  })
  return () => {
    lag.disable()
    registry.clear()
  }
}
