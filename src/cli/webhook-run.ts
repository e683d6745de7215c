// The stand-alone webhook: settings and keys from files, or built in and self-signed, as a backend of the server.

import type { WebhookConfig } from '../config/webhook.ts'
import type { Webhook } from '../server/webhook.ts'
import type { Io } from './io.ts'
import { type Keys, openKeys } from './webhook-keys.ts'
import { announce, type Backend, butRefused, type Ports, WebhookServer } from './webhook-server.ts'
import { SettingsStore, type WebhookFlags } from './webhook-settings.ts'

/** Serves until a signal ends it. Throws a ProblemError when it cannot start. */
export async function serve(io: Io, flags: WebhookFlags, config: WebhookConfig): Promise<void> {
  const store = await SettingsStore.open(io, flags)
  const keys = await openKeys(config)
  const server = new WebhookServer(io, config)
  const details = config.details ?? flags.compat === 'improved'
  await server.run(backendOf(io, server, store, keys), {
    compat: flags.compat,
    structure: flags.structure,
    details,
    // It stands behind entries of somebody else, and must not be taken for the remora that adopts.
    proofs: false,
  })
}

function backendOf(io: Io, server: WebhookServer, store: SettingsStore, keys: Keys): Backend {
  return {
    get snapshot() {
      return store.snapshot
    },
    get ageSeconds() {
      return store.ageSeconds
    },
    get good() {
      return store.good
    },
    get pair() {
      return keys.holder.pair
    },
    get pairProblem() {
      return keys.holder.problem
    },
    get checks() {
      const fine = `generation ${store.snapshot.generation}`
      return [{ name: 'settings', ok: true, detail: butRefused(fine, store.whyNot) }]
    },
    whenPair: Promise.resolve(keys.holder.pair),
    serving: (webhook, ports) => {
      watchFilesOf(server, store, keys, webhook)
      tell(io, server, store, keys, ports)
    },
    close: () => {
      store.close()
      keys.close()
    },
  }
}

function watchFilesOf(
  { metrics, log }: WebhookServer,
  store: SettingsStore,
  keys: Keys,
  webhook: Webhook,
): void {
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

function tell(io: Io, { log }: WebhookServer, store: SettingsStore, keys: Keys, ports: Ports): void {
  for (const made of keys.made) log.info(made)
  const { notAfter, fingerprint } = keys.holder.pair
  log.info('serving', {
    ...ports,
    revision: store.snapshot.defaultRevision,
    generation: store.snapshot.generation,
    certificateUntil: new Date(notAfter).toISOString(),
    fingerprint,
  })
  announce(io, ports, keys.ca)
}
