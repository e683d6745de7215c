// What a webhook in a cluster serves with, wherever its key pair comes from (webhook-cluster-secret.ts,
// webhook-cluster-files.ts), and how people hear of new pairs and refused ones.

import type { ClusterConfig } from '../config/cluster.ts'
import type { WebhookConfig } from '../config/webhook.ts'
import type { Client } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import type { LeaderKeys } from '../reconcile/leader.ts'
import type { WatchSet } from '../reconcile/watches.ts'
import type { ProvenPair } from '../server/tls.ts'
import type { Webhook } from '../server/webhook.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'

export interface ClusterKeys extends LeaderKeys {
  readonly pair: ProvenPair | undefined
  readonly problem: string | undefined
  readonly whenPair: Promise<ProvenPair>
  /** New pairs are served by `webhook` from now on. */
  readonly serveOn: (webhook: Webhook) => void
  readonly close: () => void
}

export interface ClusterKeysOptions {
  readonly config: WebhookConfig
  readonly cluster: ClusterConfig
  readonly client: Client
  readonly watches: WatchSet
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'reloaded'>
  readonly log: Log
  readonly onChange: () => void
  /** The leader wrote the Secret. */
  readonly onWritten: () => void
}

export interface KeysReporter {
  readonly replaced: (pair: ProvenPair) => void
  readonly refused: (problem: string) => void
}

export function keysReporter({ metrics, log, onChange }: ClusterKeysOptions): KeysReporter {
  return {
    replaced: (pair: ProvenPair): void => {
      metrics.reloaded('certificate', true)
      const notAfter = new Date(pair.notAfter).toISOString()
      log.info('a new certificate is in use', { notAfter, fingerprint: pair.fingerprint })
      onChange()
    },
    refused: (problem: string): void => {
      metrics.reloaded('certificate', false)
      log.error('the newest certificate is refused, the one before stays in use', { problem })
      onChange()
    },
  }
}
