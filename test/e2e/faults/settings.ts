// Each kind of garbage in each key of an injector ConfigMap, put there by the API server, and what every replica does.

import { RESOURCE } from '../../../src/kube/resource.ts'
import type { Bed } from '../../cluster/bed.ts'
import type { Program } from '../../cluster/program.ts'
import { until } from '../../cluster/wait.ts'
import { BAD_CONFIG, BAD_VALUES } from '../../reconcile/garbage.ts'
import { revisionObjects } from '../../reconcile/watched.ts'
import { ask, eventsOf, metric, readiness, replicasOf, secretOf } from './replicas.ts'

const NAMESPACE = 'istio-system'
/** Several, because an object that is talked about too much is left in silence. */
export const GARBAGE_REVISIONS = ['g1', 'g2', 'g3', 'g4', 'g5']
export const KINDS = [
  ...Object.entries(BAD_CONFIG).map(([kind, text]) => ({ key: 'config', kind, text })),
  ...Object.entries(BAD_VALUES).map(([kind, text]) => ({ key: 'values', kind, text })),
]
export type Kind = (typeof KINDS)[number]

const path = (revision: string): string => `/revisions/${revision}/inject`
const injector = (revision: string): { namespace: string; name: string } => ({
  namespace: NAMESPACE,
  name: `istio-sidecar-injector-${revision}`,
})
const good = (revision: string): Record<string, string> => revisionObjects(revision).injector.data

/** Revisions that are there for this, with remora's own settings; waits until every replica answers for them. */
export async function addRevisions(bed: Bed): Promise<void> {
  for (const revision of GARBAGE_REVISIONS) {
    const { injector: texts, mesh } = revisionObjects(revision)
    for (const object of [texts, mesh])
      await bed.client.create(RESOURCE.configMap, { namespace: NAMESPACE }, object)
  }
  await until('the revisions to be served', async () => {
    const states = await Promise.all(replicasOf(bed).map((replica) => metric(replica, 'remora_config_good')))
    return states.every((state) => GARBAGE_REVISIONS.every((name) => state.get(`{revision="${name}"}`) === 1))
  })
}

/** Milliseconds from a write of settings that are good and new to their use by every replica. */
export async function changeServed(bed: Bed, turn: number): Promise<number> {
  const revision = GARBAGE_REVISIONS[0] ?? ''
  const counters = (): Promise<number[]> => reloads(bed, 'good')
  const before = await counters()
  const values = `${good(revision)['values']}\nchanged: ${turn}\n`
  const start = performance.now()
  await bed.client.patch(RESOURCE.configMap, injector(revision), { data: { values } })
  const served = async (): Promise<boolean> =>
    (await counters()).every((value, index) => value > (before[index] ?? 0))
  await until('the change to be served', served)
  return performance.now() - start
}

function reloads(bed: Bed, result: 'good' | 'refused'): Promise<number[]> {
  const counter = async (replica: Program): Promise<number> =>
    (await metric(replica, 'remora_reloads_total')).get(`{what="settings",result="${result}"}`) ?? 0
  return Promise.all(replicasOf(bed).map(counter))
}

export interface Observation extends Kind {
  readonly revision: string
  /** Of every replica: nothing changed in its answer, and it is ready. */
  readonly unchanged: boolean
  /** `remora_config_good` of every replica. */
  readonly good: readonly (number | undefined)[]
  /** What readiness says, of the first replica. */
  readonly reason: string | undefined
}

/** Puts each kind into one of the revisions, as many at once as there are, and looks. */
export async function observeGarbage(bed: Bed): Promise<Observation[]> {
  const ca = (await secretOf(bed))['ca.crt'] ?? ''
  const answers = async (revision: string): Promise<string[]> =>
    Promise.all(replicasOf(bed).map((replica) => ask(replica, path(revision), ca)))
  const before = new Map<string, string>()
  for (const revision of GARBAGE_REVISIONS) before.set(revision, (await answers(revision))[0] ?? '')
  const observed: Observation[] = []
  for (let from = 0; from < KINDS.length; from += GARBAGE_REVISIONS.length) {
    const round = KINDS.slice(from, from + GARBAGE_REVISIONS.length).map((kind, index) => ({
      ...kind,
      revision: GARBAGE_REVISIONS[index] ?? '',
    }))
    await refused(bed, round.length, () =>
      Promise.all(
        round.map(({ revision, key, text }) =>
          bed.client.patch(RESOURCE.configMap, injector(revision), {
            data: { ...good(revision), [key]: text },
          }),
        ),
      ),
    )
    for (const each of round) {
      const states = await Promise.all(
        replicasOf(bed).map((replica) => metric(replica, 'remora_config_good')),
      )
      const health = await Promise.all(replicasOf(bed).map(readiness))
      const now = await answers(each.revision)
      observed.push({
        ...each,
        unchanged:
          now.every((answer) => answer === before.get(each.revision)) &&
          health.every(({ status }) => status === 200),
        good: states.map((state) => state.get(`{revision="${each.revision}"}`)),
        reason: reasonOf(health[0]?.text ?? '', each.revision),
      })
    }
  }
  return observed
}

function reasonOf(text: string, revision: string): string | undefined {
  const mark = `the newest of revision ${revision} is refused: `
  const at = text.indexOf(mark)
  if (at < 0) return undefined
  const rest = text.slice(at + mark.length)
  return rest.split('; the newest of revision ')[0]?.split('\n')[0]
}

/** Does `work` and waits until every replica has refused so many settings. */
async function refused(bed: Bed, count: number, work: () => Promise<unknown>): Promise<void> {
  const counters = (): Promise<number[]> => reloads(bed, 'refused')
  const before = await counters()
  await work()
  await until(`${count} refusals by every replica`, async () => {
    const now = await counters()
    return now.every((value, index) => value >= (before[index] ?? 0) + count)
  })
}

/** Messages of the events about refused settings. */
export async function refusalEvents(bed: Bed): Promise<readonly string[]> {
  return (await eventsOf(bed, NAMESPACE, 'SettingsRefused')).map(({ message }) => message)
}
