// The metrics of the webhook: remora's own (prefix remora_) and istiod's names for injection, so that dashboards go on.
// Labels come from closed lists and from revision names of the settings; nothing a caller sends may become a label.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Outcome } from '../api/outcome.ts'

const DECISION_BUCKETS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
/** istiod's buckets (contract §14). */
const INJECTION_BUCKETS = [0.1, 1, 3, 5, 10, 20, 30, 60]

/** One finished request. */
export interface Finished {
  /** A revision of the snapshot, or `unknown`. */
  readonly revision: string
  readonly outcome: Outcome
  readonly reason: string
  readonly seconds: number
}

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

export interface Metrics {
  /** At the start of every request to an injection path. */
  readonly started: () => void
  /** When the request is answered. */
  readonly finished: (request: Finished) => void
  /** A connection was closed to make room. */
  readonly connectionDropped: (reason: DropReason) => void
  /** Settings or certificate files were read again. */
  readonly reloaded: (what: 'settings' | 'certificate', good: boolean) => void
  /** A template was rendered, or a skeleton of it filled. */
  readonly rendered: (result: 'hit' | 'build' | 'fallback' | 'mismatch') => void
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
  const injection = injectionMetrics(registry)
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
  const renderings = new Counter({
    name: 'remora_fast_path_total',
    help: 'Renderings of templates by how they were done; mismatch: verification found a defect and served the plain answer.',
    labelNames: ['result'],
    registers: [registry],
  })
  // From 0 on, so that the first mismatch is an increase.
  for (const result of ['hit', 'build', 'fallback', 'mismatch']) renderings.inc({ result }, 0)
  return {
    rendered: (result) => renderings.inc({ result }),
    started: () => {
      requests.inFlight.inc()
      injection.requests.inc()
    },
    finished: (request) => {
      requests.inFlight.dec()
      requests.total.inc({ revision: request.revision, outcome: request.outcome, reason: request.reason })
      requests.duration.observe({ outcome: request.outcome }, request.seconds)
      injection.seconds.observe(request.seconds)
      if (request.outcome === 'skipped') injection.skipped.inc()
      if (request.outcome === 'refused' || request.outcome === 'invalid') injection.failed.inc()
      // istiod counts a success for every review it wrote, refusals included (contract §14).
      if (request.outcome !== 'invalid') injection.succeeded.inc()
    },
    connectionDropped: (reason) => dropped.inc({ reason }),
    reloaded: (what, good) => reloads.inc({ what, result: good ? 'good' : 'refused' }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
    registry,
    close: closeObserved,
  }
}

function requestMetrics(registry: Registry) {
  return {
    total: new Counter({
      name: 'remora_admission_requests_total',
      help: 'Answered requests by revision, outcome and the rule or problem that decided.',
      labelNames: ['revision', 'outcome', 'reason'],
      registers: [registry],
    }),
    duration: new Histogram({
      name: 'remora_admission_duration_seconds',
      help: 'Time from the whole body to the answer.',
      labelNames: ['outcome'],
      buckets: DECISION_BUCKETS,
      registers: [registry],
    }),
    inFlight: new Gauge({
      name: 'remora_in_flight',
      help: 'Requests that are being read or answered.',
      registers: [registry],
    }),
  }
}

/** istiod's metrics: names and help texts are its interface (contract §14). */
function injectionMetrics(registry: Registry) {
  const counter = (name: string, help: string): Counter =>
    new Counter({ name: `sidecar_injection_${name}_total`, help, registers: [registry] })
  return {
    requests: counter('requests', 'Total number of sidecar injection requests.'),
    succeeded: counter('success', 'Total number of successful sidecar injection requests.'),
    failed: counter('failure', 'Total number of failed sidecar injection requests.'),
    skipped: counter('skip', 'Total number of skipped sidecar injection requests.'),
    seconds: new Histogram({
      name: 'sidecar_injection_time_seconds',
      help: 'Total time taken for injection in seconds.',
      buckets: INJECTION_BUCKETS,
      registers: [registry],
    }),
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
