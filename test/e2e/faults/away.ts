// What replicas do while the API server is away, and how soon they know what they missed.

import { setTimeout as delay } from 'node:timers/promises'
import { RESOURCE } from '../../../src/kube/resource.ts'
import type { Bed } from '../../cluster/bed.ts'
import { until } from '../../cluster/wait.ts'
import { ask, metric, readiness, replicasOf } from './replicas.ts'

const NAMESPACES = '{resource="namespaces"}'

/** Asks every replica again and again; answers that were not those of a good time, and times of not being ready. */
export async function watchOver(
  bed: Bed,
  ca: string,
  ms: number,
): Promise<{ asked: number; bad: readonly string[] }> {
  const bad: string[] = []
  let asked = 0
  for (const end = Date.now() + ms; Date.now() < end; await delay(250)) {
    for (const replica of replicasOf(bed)) {
      asked++
      const answer = await ask(replica, '/revisions/1-30-3/inject', ca).catch(String)
      if (!answer.includes('"allowed":true') || !answer.includes('"patch"')) bad.push(answer.slice(0, 200))
      const { status, text } = await readiness(replica)
      if (status !== 200) bad.push(text)
    }
  }
  return { asked, bad }
}

/** Seconds since each replica has heard of namespaces. */
export async function staleness(bed: Bed): Promise<number[]> {
  const name = 'remora_watch_staleness_seconds'
  const states = await Promise.all(replicasOf(bed).map((replica) => metric(replica, name)))
  return states.map((state) => state.get(NAMESPACES) ?? Number.POSITIVE_INFINITY)
}

/** Milliseconds until every replica has heard of a change that is made now. */
export async function caughtUp(bed: Bed): Promise<number> {
  const start = performance.now()
  const labels = { 'istio-injection': 'enabled', 'seen-at': String(Date.now()) }
  let began = start
  await until('the API server to take a write', async () => {
    began = performance.now()
    await bed.client.patch(RESOURCE.namespace, { name: 'load-default' }, { metadata: { labels } })
    return true
  })
  await until('every replica to hear of it', async () => {
    const seconds = await staleness(bed)
    return seconds.every((each) => each < (performance.now() - began) / 1000)
  })
  return performance.now() - start
}
