// Metrics and log lines: which counters a request moves, and what a line looks like.

import { afterEach, describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/api/outcome.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { createMetrics, type Metrics, type Observed } from '../../src/telemetry/metrics.ts'

const OBSERVED: Observed = {
  generation: 7,
  snapshotAgeSeconds: 12,
  configGood: { default: true, canary: false },
  certificateSeconds: 3600,
  certificateGood: false,
  connections: 3,
}

const opened: Metrics[] = []
afterEach(() => {
  for (const metrics of opened.splice(0)) metrics.close()
})

function create(observed: () => Observed = () => OBSERVED): Metrics {
  const metrics = createMetrics(observed)
  opened.push(metrics)
  return metrics
}

/** Samples of the Prometheus text by name and labels. */
async function samples(metrics: Metrics): Promise<Record<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))]
    }),
  )
}

describe('metrics', () => {
  const cases: { outcome: Outcome; success: number; failure: number; skip: number }[] = [
    { outcome: 'patched', success: 1, failure: 0, skip: 0 },
    { outcome: 'skipped', success: 1, failure: 0, skip: 1 },
    { outcome: 'refused', success: 1, failure: 1, skip: 0 },
    { outcome: 'invalid', success: 0, failure: 1, skip: 0 },
  ]
  for (const { outcome, success, failure, skip } of cases) {
    it(`a request that ends ${outcome} moves istiod's counters as istiod does`, async () => {
      const metrics = create()
      metrics.started()
      expect((await samples(metrics))['remora_in_flight']).toBe(1)
      metrics.finished({ revision: 'default', outcome, reason: 'x', seconds: 0.002 })
      const got = await samples(metrics)
      expect(got['sidecar_injection_requests_total']).toBe(1)
      expect(got['sidecar_injection_success_total']).toBe(success)
      expect(got['sidecar_injection_failure_total']).toBe(failure)
      expect(got['sidecar_injection_skip_total']).toBe(skip)
      expect(got['sidecar_injection_time_seconds_count']).toBe(1)
      expect(got[`remora_admission_requests_total{revision="default",outcome="${outcome}",reason="x"}`]).toBe(
        1,
      )
      expect(got[`remora_admission_duration_seconds_bucket{le="0.0025",outcome="${outcome}"}`]).toBe(1)
      expect(got['remora_in_flight']).toBe(0)
    })
  }

  it('counts every request once, however many there are between two scrapes', async () => {
    const metrics = create()
    const request = { revision: 'default', outcome: 'patched', reason: 'x', seconds: 0.002 } as const
    for (const [round, requests] of [255, 1, 300].entries()) {
      const before = (await samples(metrics))['sidecar_injection_success_total'] ?? 0
      for (let i = 0; i < requests; i++) {
        metrics.started()
        metrics.rendered('hit')
        metrics.finished(request)
      }
      metrics.started()
      const got = await samples(metrics)
      expect(got['sidecar_injection_success_total']).toBe(before + requests)
      expect(got['remora_fast_path_total{result="hit"}']).toBe(before + requests)
      expect(got['remora_in_flight']).toBe(round + 1)
    }
    expect((await samples(metrics))['sidecar_injection_requests_total']).toBe(559)
  })

  it('shows what is observed at the scrape, and forgets revisions that went away', async () => {
    let observed = OBSERVED
    const metrics = create(() => observed)
    const got = await samples(metrics)
    expect(got['remora_snapshot_generation']).toBe(7)
    expect(got['remora_snapshot_age_seconds']).toBe(12)
    expect(got['remora_config_good{revision="canary"}']).toBe(0)
    expect(got['remora_certificate_expiry_seconds']).toBe(3600)
    expect(got['remora_certificate_good']).toBe(0)
    expect(got['remora_connections']).toBe(3)
    expect(got['remora_event_loop_lag_seconds{quantile="0.99"}']).toBeGreaterThanOrEqual(0)
    observed = { ...OBSERVED, configGood: { default: true } }
    expect(await samples(metrics)).not.toHaveProperty('remora_config_good{revision="canary"}')
  })
})

describe('log', () => {
  it('writes one JSON line with time, level and message first, and leaves undefined fields out', () => {
    const lines: string[] = []
    const log = createLog(
      (line) => lines.push(line()),
      'info',
      () => 0,
    )
    log.info('said\nthis', { pod: 'p', line: undefined, n: 1 })
    expect(lines).toEqual([
      '{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"said\\nthis","pod":"p","n":1}\n',
    ])
  })

  it('writes fields of every kind as JSON, whatever is in them', () => {
    const lines: string[] = []
    const fields = {
      text: 'a"b\n\u2028\ud800',
      none: '',
      n: -1.5,
      nan: Number.NaN,
      yes: true,
      list: ['p', 'q"'],
    }
    const log = createLog(
      (line) => lines.push(line()),
      'info',
      () => 1e12,
    )
    log.error('m', fields)
    const head = { time: '2001-09-09T01:46:40.000Z', level: 'error', message: 'm' }
    expect(lines[0]).toBe(`${JSON.stringify({ ...head, ...fields })}\n`)
  })

  it('keeps quiet below its level', () => {
    const lines: string[] = []
    const log = createLog(
      (line) => lines.push(line()),
      'warn',
      () => 0,
    )
    log.debug('a')
    log.info('b')
    log.warn('c')
    log.error('d')
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(['c', 'd'])
    createLog(
      (line) => lines.push(line()),
      'off',
      () => 0,
    ).error('e')
    expect(lines).toHaveLength(2)
  })

  it('cuts a field that no API server would send', () => {
    const lines: string[] = []
    createLog(
      (line) => lines.push(line()),
      'info',
      () => 0,
    ).info('x', { uid: 'u'.repeat(5000) })
    expect(lines[0]?.length).toBeLessThan(1200)
  })
})
