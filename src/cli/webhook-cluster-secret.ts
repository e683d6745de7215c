// The key pair of a webhook in a cluster from the Secret that all replicas share: what is good in it is served, and what
// the leader does about it is `managed`.

import { RESOURCE } from '../kube/resource.ts'
import { readSecret, SharedCertificates } from '../reconcile/certs.ts'
import { type KeyPair, KeyPairHolder, type ProvenPair, provePair } from '../server/tls.ts'
import type { Webhook } from '../server/webhook.ts'
import type { ClusterKeys, ClusterKeysOptions, KeysReporter } from './webhook-cluster-keys.ts'

export function secretKeys(options: ClusterKeysOptions, report: KeysReporter): ClusterKeys {
  const { cluster, client, watches, clock, log, onChange, onWritten } = options
  const { namespace, certSecret: secretName, names, leafMs, authorityMs, settleMs } = cluster
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
    awaited: () =>
      log.info('waiting for the Secret of the certificates, which the leader makes', { secretName }),
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
    close: () => shared.close(),
  }
}
