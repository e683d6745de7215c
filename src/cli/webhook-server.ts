// The running webhook, whatever its settings and keys come from: ports, signals, drain, metrics and readiness put
// together around a backend. Loaded only when the command runs, so that other commands do not pay for the server.

import type { WebhookConfig } from '../config/webhook.ts'
import type { MeshSnapshot } from '../mesh/snapshot.ts'
import { BodyReader } from '../server/body.ts'
import { Drain } from '../server/drain.ts'
import { createEndpoint, type EndpointOptions } from '../server/endpoint.ts'
import { Expiry } from '../server/expiry.ts'
import { type Check, startHealth } from '../server/health.ts'
import { collectForRequests } from '../server/heap.ts'
import { LIMITS } from '../server/limits.ts'
import type { ProvenPair } from '../server/tls.ts'
import { startWebhook, type Webhook, type WebhookOptions } from '../server/webhook.ts'
import { ProblemError } from '../std/problem.ts'
import { Lines } from '../telemetry/lines.ts'
import { createLog, type Log } from '../telemetry/log.ts'
import { createMetrics, type Metrics, type Observed } from '../telemetry/metrics.ts'
import type { Io } from './io.ts'

/** Where settings and keys come from. */
export interface Backend {
  readonly snapshot: MeshSnapshot
  readonly ageSeconds: number
  /** By revision, whether the newest settings are in use. */
  readonly good: Readonly<Record<string, boolean>>
  /** Undefined before there is one. */
  readonly pair: ProvenPair | undefined
  /** Why the newest pair is not in use; undefined while it is. */
  readonly pairProblem: string | undefined
  /** What readiness depends on besides the pair and the port. */
  readonly checks: readonly Check[]
  /** Resolves when there is a pair to serve with. */
  readonly whenPair: Promise<ProvenPair>
  /** The port is open: new pairs go to `webhook` from here on. */
  readonly serving: (webhook: Webhook, ports: Ports) => void
  /** `atOnce`: nothing is waited for. */
  readonly close: (atOnce: boolean) => Promise<void> | void
}

export interface Ports {
  readonly port: number
  readonly healthPort: number
}

export class WebhookServer {
  readonly log: Log
  readonly metrics: Metrics
  private readonly lines: Lines
  private readonly io: Io
  private readonly config: WebhookConfig
  private backend: Backend | undefined
  private webhook: Webhook | undefined
  private drain: Drain | undefined
  private readonly expiry = new Expiry()
  /** A second signal came. */
  private hurry = false

  constructor(io: Io, config: WebhookConfig) {
    this.io = io
    this.config = config
    this.lines = new Lines((text) => io.stderr.write(text))
    this.log = createLog(this.lines.add, config.logLevel, Date.now)
    this.metrics = createMetrics(() => this.observe())
  }

  /** Serves until a signal ends it. Throws a ProblemError when a port cannot be had. */
  async run(backend: Backend, admission: EndpointOptions['admission']): Promise<void> {
    const { config, metrics, log } = this
    this.backend = backend
    const stopped = Promise.withResolvers<undefined>()
    const offSignals = this.listenToSignals(() => stopped.resolve(undefined))
    const health = await listening('--health-port', config.healthPort, () =>
      startHealth({ host: config.host, port: config.healthPort, checks: () => this.checks(), metrics }),
    )
    try {
      const pair = await Promise.race([backend.whenPair, stopped.promise])
      if (pair !== undefined) await this.serve(backend, pair, admission, health.port)
    } finally {
      // From here on another signal ends the process as it ends any.
      offSignals()
      await backend.close(this.hurry)
      metrics.close()
      await health.close()
    }
    log.info('ended')
    this.lines.flush()
  }

  private async serve(
    backend: Backend,
    pair: ProvenPair,
    admission: EndpointOptions['admission'],
    healthPort: number,
  ): Promise<void> {
    const { config } = this
    const options = this.webhookOptions(backend, pair, admission)
    const webhook = await listening('--port', config.port, () => startWebhook(options))
    this.webhook = webhook
    const drain = new Drain(webhook, config.drainMs)
    this.drain = drain
    backend.serving(webhook, { port: webhook.port, healthPort })
    collectForRequests()
    await drain.closed
  }

  private webhookOptions(
    backend: Backend,
    pair: ProvenPair,
    admission: EndpointOptions['admission'],
  ): WebhookOptions {
    const { config, metrics, log } = this
    const limits = { ...LIMITS, connections: config.connections }
    return {
      host: config.host,
      port: config.port,
      pair,
      minVersion: config.minVersion,
      limits,
      endpoint: createEndpoint({
        snapshot: () => backend.snapshot,
        admission,
        deadlineMs: config.deadlineMs,
        bodies: new BodyReader(limits.bodyBytes, limits.pendingBytes, () =>
          metrics.connectionDropped('too-many-bytes'),
        ),
        bodyLimit: limits.bodyBytes,
        verifyFastPath: config.verifyFastPath,
        ready: () => this.checks().every((check) => check.ok),
        metrics,
        log,
      }),
      log,
      onConnectionDropped: () => metrics.connectionDropped('too-many-connections'),
    }
  }

  private observe(): Observed {
    const { backend } = this
    const pair = backend?.pair
    return {
      generation: backend?.snapshot.generation ?? 0,
      snapshotAgeSeconds: backend?.ageSeconds ?? 0,
      configGood: backend?.good ?? {},
      certificateSeconds: pair === undefined ? undefined : (pair.notAfter - Date.now()) / 1000,
      certificateGood: backend?.pairProblem === undefined,
      connections: this.webhook?.connections() ?? 0,
    }
  }

  /** Bad new settings or keys do not end readiness, because the good ones go on; they are told as detail. */
  private checks(): Check[] {
    const { backend } = this
    const pair = backend?.pair
    const phase = this.drain?.phase ?? 'starting'
    const fine =
      pair === undefined ? 'there is none yet' : `good until ${new Date(pair.notAfter).toISOString()}`
    return [
      ...(backend?.checks ?? []),
      {
        name: 'certificate',
        ok: pair !== undefined && !this.expiry.hasExpired(pair),
        detail: butRefused(fine, backend?.pairProblem),
      },
      { name: 'serving', ok: phase === 'serving', detail: phase },
    ]
  }

  private listenToSignals(stopEarly: () => void): () => void {
    const stop = (): void => {
      if (this.drain === undefined) stopEarly()
      else if (this.drain.stop() === 'drain')
        this.log.info('draining', { seconds: this.config.drainMs / 1000 })
      else {
        this.hurry = true
        this.log.warn('ending at once')
      }
    }
    const off = [this.io.onSignal('SIGTERM', stop), this.io.onSignal('SIGINT', stop)]
    return () => off.forEach((take) => take())
  }
}

/** A detail of readiness: what is fine, and what came after it and is not. */
export function butRefused(fine: string, problem: string | undefined): string {
  return problem === undefined ? fine : `${fine}; the newest is refused: ${problem}`
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

/** Addresses and the authority go to standard output, as YAML: they are what a webhook configuration needs. */
export function announce(io: Io, ports: Ports, caBundle: string | undefined): void {
  const bundle =
    caBundle === undefined ? '' : `caBundle: ${Buffer.from(caBundle, 'utf8').toString('base64')}\n`
  io.stdout.write(`port: ${ports.port}\nhealthPort: ${ports.healthPort}\n${bundle}`)
}
