// The key pair of a webhook in a cluster: from the Secret that all replicas share, or from files that somebody else
// keeps right (cert-manager, an own authority), whose caBundle then is theirs to write, or in ca.crt beside them.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ClusterConfig } from '../config/cluster.ts'
import type { WebhookConfig } from '../config/webhook.ts'
import type { Client } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import { RESOURCE } from '../kube/resource.ts'
import { readSecret, SharedCertificates } from '../reconcile/certs.ts'
import type { LeaderKeys } from '../reconcile/leader.ts'
import type { WatchSet } from '../reconcile/watches.ts'
import { type KeyPair, KeyPairHolder, type ProvenPair, provePair } from '../server/tls.ts'
import type { Webhook } from '../server/webhook.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { openKeys } from './webhook-keys.ts'

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

/** Throws a ProblemError when files are to be used and are not usable. */
export async function clusterKeys(options: ClusterKeysOptions): Promise<ClusterKeys> {
  return options.cluster.certSource === 'self' ? fromSecret(options) : fromFiles(options)
}

function reporter({ metrics, log, onChange }: ClusterKeysOptions) {
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

function fromSecret(options: ClusterKeysOptions): ClusterKeys {
  const { cluster, client, watches, clock, log, onChange, onWritten } = options
  const { namespace, certSecret: secretName, names, leafMs, authorityMs, settleMs } = cluster
  const report = reporter(options)
  const first = Promise.withResolvers<ProvenPair>()
  let holder: KeyPairHolder | undefined
  let webhook: Webhook | undefined
  const use = (pair: KeyPair): void => {
    try {
      if (holder === undefined) holder = new KeyPairHolder(provePair(pair, clock.wall()))
      else if (!holder.replace(() => pair, clock.wall())) return
      webhook?.setPair(holder.pair)
      first.resolve(holder.pair)
      report.replaced(holder.pair)
    } catch (error) {
      report.refused(error instanceof Error ? error.message : String(error))
    }
  }
  const settings = { namespace, secretName, names, lifetimes: { leafMs, authorityMs }, settleMs }
  const shared = new SharedCertificates(client, clock, settings, {
    usable: use,
    refused: report.refused,
    written: (reason) => {
      onWritten()
      log.info('the Secret of the certificates was written', { reason })
    },
  })
  const reflector = watches.start(RESOURCE.secret, {
    namespace,
    fieldSelector: `metadata.name=${secretName}`,
    select: readSecret,
    onChange: () => {
      shared.take([...reflector.items.values()][0])
      onChange()
    },
  })
  return {
    get pair() {
      return holder?.pair
    },
    get problem() {
      return shared.problem ?? holder?.problem
    },
    get caBundle() {
      return shared.caBundle
    },
    managed: shared,
    whenPair: first.promise,
    serveOn: (running) => {
      webhook = running
      if (holder !== undefined) webhook.setPair(holder.pair)
    },
    close: () => undefined,
  }
}

async function fromFiles(options: ClusterKeysOptions): Promise<ClusterKeys> {
  const { config, cluster } = options
  const keys = await openKeys(config)
  const caFile = config.files === undefined ? '' : join(dirname(config.files.cert), 'ca.crt')
  return {
    get pair() {
      return keys.holder.pair
    },
    get problem() {
      return keys.holder.problem
    },
    get caBundle() {
      const ours = cluster.certSource === 'files' && existsSync(caFile)
      return ours ? readFileSync(caFile, 'utf8') : undefined
    },
    managed: undefined,
    whenPair: Promise.resolve(keys.holder.pair),
    serveOn: (webhook) => {
      const report = reporter(options)
      const replaced = (pair: ProvenPair): void => {
        webhook.setPair(pair)
        report.replaced(pair)
      }
      keys.watch({ replaced, refused: report.refused })
    },
    close: keys.close,
  }
}
