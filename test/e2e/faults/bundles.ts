// The caBundles of our own webhook configuration: as they stand, and how soon one that is wiped is back.

import { RESOURCE } from '../../../src/kube/resource.ts'
import type { Bed } from '../../cluster/bed.ts'
import { until } from '../../cluster/wait.ts'

const CONFIGURATIONS = RESOURCE.mutatingWebhookConfiguration
export const OURS = { name: 'remora-injector' }

/** Whether every entry has one. */
export async function hasBundles({ client }: Bed): Promise<boolean> {
  const { webhooks } = await client.get(CONFIGURATIONS, OURS)
  return (webhooks as { clientConfig: { caBundle?: string } }[]).every(
    ({ clientConfig }) => clientConfig.caBundle !== undefined,
  )
}

/** Milliseconds from a wipe of a caBundle to its return. */
export async function repaired(bed: Bed): Promise<number> {
  const start = performance.now()
  const wipe = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }]
  await bed.client.patch(CONFIGURATIONS, OURS, wipe, { type: 'json' })
  await until('the bundle', () => hasBundles(bed), 30_000)
  return performance.now() - start
}
