// What is counted of each request, remora's own metrics and istiod's. Requests wait to be counted, some hundred at most:
// many at once cost less than each in the middle of something else. Whoever reads the registry settles first.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
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

const RESULTS = ['hit', 'build', 'fallback', 'mismatch'] as const

export interface RequestMetrics {
  /** At the start of every request to an injection path. */
  readonly started: () => void
  /** When the request is answered. */
  readonly finished: (request: Finished) => void
  /** A template was rendered, or a skeleton of it filled. */
  readonly rendered: (result: (typeof RESULTS)[number]) => void
  /** Counts what waits. */
  readonly settle: () => void
}

/** So many finished requests do not wait. */
const MOST = 256

export function requestMetrics(registry: Registry): RequestMetrics {
  const own = ownMetrics(registry)
  const istiod = istiodMetrics(registry)
  const rendered = { hit: 0, build: 0, fallback: 0, mismatch: 0 }
  let started = 0
  let finished: Finished[] = []

  const count = ({ revision, outcome, reason, seconds }: Finished): void => {
    own.total.inc({ revision, outcome, reason })
    own.duration.observe({ outcome }, seconds)
    istiod.seconds.observe(seconds)
    if (outcome === 'skipped') istiod.skipped.inc()
    if (outcome === 'refused' || outcome === 'invalid') istiod.failed.inc()
    // istiod counts a success for every review it wrote, refusals included (contract §14).
    if (outcome !== 'invalid') istiod.succeeded.inc()
  }
  const settle = (): void => {
    istiod.requests.inc(started)
    own.inFlight.inc(started - finished.length)
    started = 0
    finished.forEach(count)
    finished = []
    for (const result of RESULTS) {
      own.renderings.inc({ result }, rendered[result])
      rendered[result] = 0
    }
  }
  // From 0 on, so that the first of a kind is an increase.
  settle()
  return {
    started: () => {
      started++
    },
    finished: (request) => {
      finished.push(request)
      if (finished.length >= MOST) settle()
    },
    rendered: (result) => {
      rendered[result]++
    },
    settle,
  }
}

function ownMetrics(registry: Registry) {
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
    renderings: new Counter({
      name: 'remora_fast_path_total',
      help: 'Renderings of templates by how they were done; mismatch: verification found a defect and served the plain answer.',
      labelNames: ['result'],
      registers: [registry],
    }),
  }
}

/** istiod's metrics: names and help texts are its interface (contract §14). */
function istiodMetrics(registry: Registry) {
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
