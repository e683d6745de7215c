// The running stand-alone webhook: ports, watched files, signals, metrics and log, put together.
// Loaded only when the command runs, so that other commands do not pay for the server.

import { ProblemError } from '../api/problem.ts'
import type { WebhookConfig } from '../config/webhook.ts'
import { FastPathCache } from '../injection/fast/cache.ts'
import { BodyReader } from '../server/body.ts'
import { Drain } from '../server/drain.ts'
import { createEndpoint } from '../server/endpoint.ts'
import { type Check, startHealth } from '../server/health.ts'
import { LIMITS } from '../server/limits.ts'
import { startWebhook, type Webhook, type WebhookOptions } from '../server/webhook.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { createMetrics, type Metrics, type Observed } from '../telemetry/metrics.ts'
import type { Io } from './io.ts'
import { type Keys, openKeys } from './webhook-keys.ts'
import { SettingsStore, type WebhookFlags } from './webhook-settings.ts'

/** Serves until a signal ends it. Throws a ProblemError when it cannot start. */
export async function serve(io: Io, flags: WebhookFlags, config: WebhookConfig): Promise<void> {
  const log = createLog((line) => io.stderr.write(line), config.logLevel, Date.now)
  const store = await SettingsStore.open(io, flags)
  const keys = await openKeys(config)
  // Filled in as the parts start; scrapes and readiness come only after the ports are open.
  const running: { webhook?: Webhook; drain?: Drain } = {}
  const metrics = createMetrics(() => observe(store, keys, running.webhook))
  const limits = { ...LIMITS, connections: config.connections }
  const checks = (): Check[] => readiness(store, keys, running.drain)
  const health = await listening('--health-port', config.healthPort, () =>
    startHealth({ host: config.host, port: config.healthPort, checks, metrics }),
  )
  const options: WebhookOptions = {
    host: config.host,
    port: config.port,
    pair: keys.holder.pair,
    minVersion: config.minVersion,
    limits,
    endpoint: createEndpoint({
      snapshot: () => store.snapshot,
      admission: {
        compat: flags.compat,
        structure: flags.structure,
        details: config.details ?? flags.compat === 'improved',
        fastPath: fastPath(config, metrics, log),
      },
      deadlineMs: config.deadlineMs,
      bodies: new BodyReader(limits.bodyBytes, limits.pendingBytes, () =>
        metrics.connectionDropped('too-many-bytes'),
      ),
      bodyLimit: limits.bodyBytes,
      ready: () => checks().every((check) => check.ok),
      metrics,
      log,
    }),
    log,
    onConnectionDropped: () => metrics.connectionDropped('too-many-connections'),
  }
  const webhook = await listening('--port', config.port, () => startWebhook(options)).catch(async (error) => {
    await health.close()
    throw error
  })
  running.webhook = webhook
  const drain = new Drain(webhook, config.drainMs)
  running.drain = drain
  watchFilesOf(store, keys, webhook, metrics, log)
  const offSignals = listenToSignals(io, drain, config, log)
  announce(io, log, keys, { port: webhook.port, healthPort: health.port }, store)

  await drain.closed
  offSignals()
  store.close()
  keys.close()
  metrics.close()
  await health.close()
  log.info('ended')
}

/** What templates rendered is kept for as long as their settings. */
function fastPath(config: WebhookConfig, metrics: Metrics, log: Log): FastPathCache {
  const { verifyFastPath } = config
  return new FastPathCache({
    now: () => performance.now(),
    count: metrics.rendered,
    verifies: () => verifyFastPath > 0 && Math.random() < verifyFastPath,
    onMismatch: (template) =>
      log.error('the fast path gave another result than the pipeline; the pod got the right one', {
        template,
      }),
  })
}

/** Listening fails for reasons that people can mend: the flag of the port is named. */
async function listening<T>(flag: string, port: number, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason =
      code === 'EADDRINUSE' ? 'the port is in use' : code === 'EACCES' ? 'not permitted' : message
    throw new ProblemError('io', `cannot listen on port ${port} (${flag}): ${reason}`)
  }
}

function observe(store: SettingsStore, keys: Keys, webhook: Webhook | undefined): Observed {
  return {
    generation: store.snapshot.generation,
    snapshotAgeSeconds: store.ageSeconds,
    configGood: store.good,
    certificateSeconds: (keys.holder.pair.notAfter - Date.now()) / 1000,
    certificateGood: keys.holder.problem === undefined,
    connections: webhook?.connections() ?? 0,
  }
}

/** Bad new settings or keys do not end readiness, because the good ones go on; they are told as detail. */
function readiness(store: SettingsStore, keys: Keys, drain: Drain | undefined): Check[] {
  const refused = (problem: string | undefined, fine: string): string =>
    problem === undefined ? fine : `${fine}; the newest files are refused: ${problem}`
  const { notAfter } = keys.holder.pair
  const until = new Date(notAfter).toISOString()
  const phase = drain?.phase ?? 'starting'
  return [
    { name: 'settings', ok: true, detail: refused(store.whyNot, `generation ${store.snapshot.generation}`) },
    {
      name: 'certificate',
      ok: notAfter > Date.now(),
      detail: refused(keys.holder.problem, `good until ${until}`),
    },
    { name: 'serving', ok: phase === 'serving', detail: phase },
  ]
}

function watchFilesOf(store: SettingsStore, keys: Keys, webhook: Webhook, metrics: Metrics, log: Log): void {
  store.watch({
    good: ({ generation }) => {
      metrics.reloaded('settings', true)
      log.info('new settings are in use', { generation })
    },
    bad: (problem) => {
      metrics.reloaded('settings', false)
      log.error('new settings are refused, the ones before stay in use', { problem })
    },
  })
  keys.watch({
    replaced: (pair) => {
      webhook.setPair(pair)
      metrics.reloaded('certificate', true)
      const notAfter = new Date(pair.notAfter).toISOString()
      log.info('a new certificate is in use', { notAfter, fingerprint: pair.fingerprint })
    },
    refused: (problem) => {
      metrics.reloaded('certificate', false)
      log.error('the new certificate is refused, the one before stays in use', { problem })
    },
  })
}

function listenToSignals(io: Io, drain: Drain, config: WebhookConfig, log: Log): () => void {
  const stop = (): void => {
    if (drain.stop() === 'drain') log.info('draining', { seconds: config.drainMs / 1000 })
    else log.warn('ending at once')
  }
  const off = [io.onSignal('SIGTERM', stop), io.onSignal('SIGINT', stop)]
  return () => off.forEach((take) => take())
}

/** Addresses and the authority go to standard output, as YAML: they are what a webhook configuration needs. */
function announce(io: Io, log: Log, keys: Keys, ports: Ports, store: SettingsStore): void {
  for (const made of keys.made) log.info(made)
  const { notAfter, fingerprint } = keys.holder.pair
  log.info('serving', {
    ...ports,
    revision: store.snapshot.defaultRevision,
    generation: store.snapshot.generation,
    certificateUntil: new Date(notAfter).toISOString(),
    fingerprint,
  })
  const bundle = keys.ca === undefined ? '' : `caBundle: ${Buffer.from(keys.ca, 'utf8').toString('base64')}\n`
  io.stdout.write(`port: ${ports.port}\nhealthPort: ${ports.healthPort}\n${bundle}`)
}

interface Ports {
  readonly port: number
  readonly healthPort: number
}
