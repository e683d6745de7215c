// Metrics that only a webhook in a cluster has: its watches, its registration, and whether it leads. Label values are
// resources of a fixed list, reasons of a closed list, and names of our own webhook entries.

import { Counter, Gauge, type Registry } from 'prom-client'

/** What is read anew at each scrape. */
export interface ClusterObserved {
  readonly leading: boolean
  readonly watches: readonly { readonly resource: string; readonly silentMs: number | undefined }[]
  readonly bundles: readonly { readonly entry: string; readonly ok: boolean }[]
  /** What about the registration needs a person now, as the leader sees it; empty on the others. */
  readonly conditions: readonly string[]
}

/** Types of the conditions of the registration. */
const CONDITIONS = ['deleted', 'contested', 'newer-writer', 'conflict']

export interface ClusterMetrics {
  readonly watchRestarted: (resource: string, reason: string) => void
  /** The webhook configuration was written. */
  readonly registered: () => void
  readonly certificateWritten: () => void
}

/** `observe` is called at each scrape. */
export function addClusterMetrics(registry: Registry, observe: () => ClusterObserved): ClusterMetrics {
  const registers = [registry]
  const restarts = new Counter({
    name: 'remora_watch_restarts_total',
    help: 'Times that a watch ended before its time or failed.',
    labelNames: ['resource', 'reason'],
    registers,
  })
  const writes = new Counter({
    name: 'remora_registration_writes_total',
    help: 'Writes to the webhook configuration by this replica.',
    registers,
  })
  const certificates = new Counter({
    name: 'remora_certificate_writes_total',
    help: 'Writes to the Secret of the certificates by this replica.',
    registers,
  })
  addGauges(registry, observe)
  return {
    watchRestarted: (resource, reason) => restarts.inc({ resource, reason }),
    registered: () => writes.inc(),
    certificateWritten: () => certificates.inc(),
  }
}

function addGauges(registry: Registry, observe: () => ClusterObserved): void {
  const registers = [registry]
  new Gauge({
    name: 'remora_leader',
    help: '1 while this replica is the one that writes.',
    registers,
    collect() {
      this.set(observe().leading ? 1 : 0)
    },
  })
  new Gauge({
    name: 'remora_watch_staleness_seconds',
    help: 'Time since the API server was last heard on a watch.',
    labelNames: ['resource'],
    registers,
    collect() {
      this.reset()
      for (const { resource, silentMs } of observe().watches) {
        if (silentMs !== undefined) this.set({ resource }, silentMs / 1000)
      }
    },
  })
  new Gauge({
    name: 'remora_webhook_ca_bundle_match',
    help: '1 while the caBundle of the entry of the webhook configuration trusts the certificate that is served.',
    labelNames: ['configuration', 'entry'],
    registers,
    collect() {
      this.reset()
      for (const { entry, ok } of observe().bundles) {
        this.set({ configuration: 'remora-injector', entry }, ok ? 1 : 0)
      }
    },
  })
  new Gauge({
    name: 'remora_registration_condition',
    help: '1 on the leader while the webhook configuration is in a state that needs a person.',
    labelNames: ['type'],
    registers,
    collect() {
      const { conditions } = observe()
      for (const type of CONDITIONS) this.set({ type }, conditions.includes(type) ? 1 : 0)
    },
  })
}
