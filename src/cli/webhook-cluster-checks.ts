// What the readiness of a webhook in a cluster depends on besides its key pair and its port (design §6): every watch was
// heard once, and a snapshot was built. What was heard before goes on when the API server is away.

import type { Mesh } from '../reconcile/mesh.ts'
import type { WatchSet } from '../reconcile/watches.ts'
import type { Check } from '../server/health.ts'

export function clusterChecks(watches: WatchSet, mesh: Mesh): Check[] {
  const waiting = watches.states.filter(({ synced }) => !synced).map(({ resource }) => resource)
  const heard = waiting.length === 0
  const { generation, revisions } = mesh.snapshot
  const refused = Object.entries(revisions).flatMap(([name, { problem }]) =>
    problem === undefined ? [] : [`; the newest of revision ${name} is refused: ${problem.message}`],
  )
  return [
    {
      name: 'watches',
      ok: heard,
      detail: heard ? 'all were heard' : `not heard yet: ${waiting.join(', ')}`,
    },
    {
      name: 'settings',
      ok: mesh.gathered !== undefined,
      detail: `generation ${generation}, ${Object.keys(revisions).length} revisions${refused.join('')}`,
    },
  ]
}
