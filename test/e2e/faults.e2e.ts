// What is broken on purpose while pods are created: settings, certificates, replicas, the API server, our own objects.
// Two replicas with tokens of their ServiceAccount; at the end the audit log of the API server tells which of its rights
// they used.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RESOURCE } from '../../src/kube/resource.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { remoraDoes } from '../cluster/cli.ts'
import { runOk } from '../cluster/kubectl.ts'
import type { Program } from '../cluster/program.ts'
import { until } from '../cluster/wait.ts'
import { DURATIONS, limitOf } from './durations.ts'
import { auditOf } from './faults/audit.ts'
import { caughtUp, staleness, watchOver } from './faults/away.ts'
import { hasBundles, OURS, repaired } from './faults/bundles.ts'
import { DEFINITION, proxyConfigDefinition } from './faults/definition.ts'
import { ask, eventsOf, leadersOf, metric, readiness, replicasOf, secretOf } from './faults/replicas.ts'
import { badSecrets, observeSecret } from './faults/secrets.ts'
import { addRevisions, changeServed, KINDS, observeGarbage, refusalEvents } from './faults/settings.ts'
import { type LoadedBed, REVISIONS, startLoadedBed } from './load/bed.ts'
import { type Fault, observed } from './observe.ts'

const CONFIGURATIONS = RESOURCE.mutatingWebhookConfiguration
const AWAY_MS = DURATIONS.apiServerAwayMs
/** Changes of settings that are timed. */
const CHANGES = 7
const FROZEN_MS = 15_000
/** Kubernetes' own controllers wait for up to half a minute before they try again. */
const CONTROLLERS_MS = 120_000

let on: LoadedBed
const LOADED = '20 pods a second'
const calm = async (fault: Fault, work: () => Promise<unknown>): Promise<void> => {
  const { refused, wrong, pods } = await on.load.during(fault, REVISIONS, work)
  expect([refused.slice(0, 3), wrong.slice(0, 3)]).toEqual([[], []])
  expect(pods).toBeGreaterThan(0)
}

beforeAll(async () => {
  const remoraArgs = ['--cert-settle=1s', '--drain=3s', '--restore-configuration=on']
  on = await startLoadedBed({ podsASecond: 20, adopt: true, remoraArgs })
  await on.bed.client.create(DEFINITION, {}, proxyConfigDefinition())
})
afterAll(async () => {
  await on?.stop()
})

describe('settings', { timeout: 300_000 }, () => {
  it(`a change is served by every replica within a second: the median of ${CHANGES}`, async () => {
    await addRevisions(on.bed)
    const times: number[] = []
    for (let turn = 0; turn < CHANGES; turn++) times.push(await changeServed(on.bed, turn))
    const how = `a value in an injector ConfigMap, ${CHANGES} times one after the other; ${LOADED}`
    const served = times.map(Math.round).join(', ')
    observed({ what: 'settings changed', how }, `served by every replica after ${served} ms`)
    expect(times.toSorted((a, b) => a - b)[Math.floor(CHANGES / 2)]).toBeLessThanOrEqual(1000)
  })

  it(`${KINDS.length} kinds of garbage change no answer of any replica, and show as metric, event and reason`, async () => {
    const { bed } = on
    const how = `each of ${KINDS.length} kinds in ConfigMaps of 5 revisions; ${LOADED}`
    await calm({ what: 'garbage in settings', how }, async () => {
      const observed = await observeGarbage(bed)
      expect(observed.filter(({ unchanged }) => !unchanged)).toEqual([])
      expect(observed.filter(({ good }) => good.some((value) => value !== 0))).toEqual([])
      expect(observed.filter(({ reason }) => (reason ?? '') === '')).toEqual([])
      const told = async (): Promise<readonly (string | undefined)[]> => {
        const events = await refusalEvents(bed)
        return observed
          .map(({ reason }) => reason)
          .filter((reason) => !events.some((each) => each.startsWith((reason ?? '').slice(0, 1000))))
      }
      await until('an event for each', async () => (await told()).length === 0, 10_000).catch(() => undefined)
      expect(await told()).toEqual([])
    })
  })
})

describe('a bad Secret of the certificates', { timeout: 300_000 }, () => {
  it('of any kind is refused and mended, the last good pair goes on, and no pod notices', async () => {
    const { bed } = on
    const bad = await badSecrets(await secretOf(bed))
    const how = `one after the other, each put in the place of the good one; ${LOADED}`
    await calm({ what: `${bad.size} bad Secrets`, how }, async () => {
      for (const [what, texts] of bad) {
        const { reasons, answers } = await observeSecret(bed, texts)
        observed(
          { what: `a Secret that is ${what}`, how: 'written or deleted' },
          `mended; told: ${reasons[0]}`,
        )
        expect(
          answers.filter((answer) => !answer.includes('"allowed":true')),
          what,
        ).toEqual([])
      }
    })
  })
})

describe('replicas that die', { timeout: 300_000 }, () => {
  it('a SIGKILL of the leader: only pods in flight or begun within a second fail, and another one leads within 20 s', async () => {
    const { bed, load } = on
    const [leader] = await leadersOf(bed)
    const pids = replicasOf(bed).map(({ pid }) => pid)
    let killed = 0
    const fault = { what: 'SIGKILL of the leader', how: `the signal; ${LOADED}` }
    const verdict = await load.during(fault, REVISIONS, async () => {
      await delay(1000)
      killed = Date.now()
      leader?.signal('SIGKILL')
      await until(
        'another leader',
        async () => (await leadersOf(bed)).some(({ pid }) => pid !== leader?.pid),
        30_000,
      )
      observed(fault, `another one leads after ${Date.now() - killed} ms`)
      expect(Date.now() - killed).toBeLessThan(20_000)
      await until('two replicas', () => bed.balancer.readyOf('remora-system', 'remora-injector').length >= 2)
    })
    expect(pids).toContain(leader?.pid)
    expect(verdict.wrong).toEqual([])
    expect(verdict.refused.filter(({ began, ms }) => began + ms < killed || began > killed + 1000)).toEqual(
      [],
    )
  })
})

describe('an API server that is away', { timeout: 300_000 }, () => {
  const lasting = `for ${AWAY_MS / 1000} s`
  const told = 'replicas answer and stay ready, tell how stale they are, and catch up within 5 s'
  it(`${lasting}: ${told}`, limitOf(AWAY_MS), async () => {
    const { bed, load } = on
    await load.stop()
    const ca = (await secretOf(bed))['ca.crt'] ?? ''
    await bed.plane.stopApiServer('SIGKILL')
    const { asked, bad } = await watchOver(bed, ca, AWAY_MS)
    const stale = (await staleness(bed)).map(Math.round)
    await bed.plane.startApiServer()
    const ms = await caughtUp(bed)
    observed(
      {
        what: `API server away ${lasting}`,
        how: 'SIGKILL, started again; each replica asked 4 times a second',
      },
      `${asked} answers, ${bad.length} bad, ${stale.join(' and ')} s stale, caught up in ${Math.round(ms)} ms`,
    )
    expect(bad).toEqual([])
    expect(Math.min(...stale)).toBeGreaterThan((AWAY_MS - 10_000) / 1000)
    expect(ms).toBeLessThan(5000)
    await until('one leader', async () => (await leadersOf(bed)).length === 1)
  })

  it('but keeps its connections: nobody leads any more, all serve, and one leads again', async () => {
    const { bed } = on
    const ca = (await secretOf(bed))['ca.crt'] ?? ''
    bed.plane.freezeApiServer()
    const { bad } = await watchOver(bed, ca, FROZEN_MS)
    const leaders = await leadersOf(bed)
    bed.plane.thawApiServer()
    expect([bad, leaders]).toEqual([[], []])
    const start = performance.now()
    await until('one leader', async () => (await leadersOf(bed)).length === 1, 20_000)
    const led = performance.now() - start
    const ms = await caughtUp(bed)
    observed(
      { what: 'API server silent for 15 s', how: 'SIGSTOP, SIGCONT' },
      `${bad.length} bad answers, led again after ${Math.round(led)} ms, caught up in ${Math.round(ms)} ms`,
    )
    expect(ms).toBeLessThan(5000)
  })
})

describe('our own objects', { timeout: 300_000 }, () => {
  it('Istio entries that an upgrade brings back are told each time, and adopt takes them over again', async () => {
    const { bed } = on
    const at = { name: 'istio-sidecar-injector-1-30-3' }
    for (const count of [1, 2]) {
      const object = await bed.client.get(CONFIGURATIONS, at)
      const annotations = (object['metadata'] as { annotations: Record<string, string> }).annotations
      const saved = JSON.parse(
        Object.entries(annotations).find(([name]) => name.endsWith('selectors'))?.[1] ?? '{}',
      ) as Record<string, JsonObject>
      const webhooks = (object['webhooks'] as JsonObject[]).map((entry) => ({
        ...entry,
        ...saved[String(entry['name'])],
      }))
      await bed.client.update(CONFIGURATIONS, at, { ...object, webhooks })
      await until(
        'the event',
        async () => (await eventsOf(bed, 'default', 'Contested')).some((event) => event.count >= count),
        20_000,
      )
      await remoraDoes(bed.plane.kubeconfig, ['adopt'])
    }
  })

  it('a deleted webhook configuration is made again, as it was told to', async () => {
    const { bed } = on
    await bed.client.delete(CONFIGURATIONS, OURS)
    await until('it to be back', () => hasBundles(bed), 10_000)
  })

  it('a caBundle that is wiped when the leader was just killed is back within 20 s', async () => {
    const { bed } = on
    const [leader] = await leadersOf(bed)
    leader?.signal('SIGKILL')
    const ms = await repaired(bed)
    const fault = {
      what: 'a caBundle wiped as the leader dies',
      how: 'SIGKILL of the leader, patch of an entry',
    }
    observed(fault, `back after ${Math.round(ms)} ms`)
    expect(ms).toBeLessThan(20_000)
  })

  it('two writers that fight: after some repairs one write in 10 s, told by metric and event', async () => {
    const { bed } = on
    const times: number[] = []
    while (times.length < 8 && (times.at(-1) ?? 0) < 5000) times.push(await repaired(bed))
    const fault = { what: 'two writers that fight', how: 'a caBundle wiped again and again' }
    observed(fault, `back after ${times.map(Math.round).join(', ')} ms`)
    expect(Math.min(...times)).toBeLessThan(1000)
    expect(times.at(-1)).toBeGreaterThan(5000)
    expect(times.length).toBeGreaterThan(4)
    await until('the event', async () => (await eventsOf(bed, 'default', 'Conflict')).length > 0)
    const [leader] = await leadersOf(bed)
    expect(leader && (await metric(leader, 'remora_registration_condition')).get('{type="conflict"}')).toBe(1)
  })

  it('everything stopped and started again with failurePolicy Fail comes back alone', async () => {
    const { bed } = on
    await bed.plane.stopApiServer('SIGKILL')
    for (const program of bed.kubelet.programs.values()) program.signal('SIGKILL')
    await bed.plane.startApiServer()
    const { items } = await bed.client.list(RESOURCE.pod, { namespace: 'remora-system' })
    for (const { metadata } of items as { metadata: { name: string } }[]) {
      await bed.client.delete(RESOURCE.pod, { namespace: 'remora-system', name: metadata.name })
    }
    const pod = { metadata: { name: 'after' }, spec: { containers: [{ name: 'web', image: 'web:1' }] } }
    await until(
      'a pod to be injected',
      async () => {
        const made = await bed.client.create(RESOURCE.pod, { namespace: 'load-revision' }, pod, {
          dryRun: true,
        })
        return JSON.stringify(made).includes('"name":"istio-proxy"')
      },
      CONTROLLERS_MS,
    )
    await until('two replicas', () => bed.balancer.readyOf('remora-system', 'remora-injector').length >= 2)
  })
})

describe('a cluster without any revision', { timeout: 300_000 }, () => {
  it('has ready replicas that let pods go as they are', async () => {
    const { bed } = on
    const { kubeconfig, binaries } = bed.plane
    const ofIstio = ['-l', 'istio.io/rev', '--wait=false']
    const remove = (...args: string[]): Promise<string> =>
      runOk(binaries.kubectl, [`--kubeconfig=${kubeconfig}`, 'delete', ...args, ...ofIstio])
    await remove('mutatingwebhookconfigurations')
    await remove('deployments,services,configmaps', '-n', 'istio-system')
    const before = new Set(replicasOf(bed).map(({ pid }) => pid))
    for (const replica of replicasOf(bed)) replica.signal('SIGKILL')
    const fresh = (): Program[] => replicasOf(bed).filter(({ pid }) => !before.has(pid))
    const ready = async (): Promise<boolean> => {
      const states = await Promise.all(fresh().map(readiness))
      return states.length === 2 && states.every(({ status }) => status === 200)
    }
    await until('two new replicas to be ready', ready)
    const { 'ca.crt': ca = '' } = await secretOf(bed)
    for (const replica of fresh()) {
      const answer = await ask(replica, '/inject', ca)
      expect([answer.includes('"allowed":true'), answer.includes('"patch"')]).toEqual([true, false])
    }
  })
})

describe('the rights of the ServiceAccount', () => {
  it('allow every call that was made, and every one of them was used', () => {
    const { plane } = on.bed
    const audit = auditOf(
      readFileSync(plane.auditLog, 'utf8'),
      join(import.meta.dirname, '../../manifests/rbac.yaml'),
    )
    observed(
      { what: 'rights of the ServiceAccount', how: 'audit log of the API server over all of this' },
      `${audit.calls} calls, ${audit.forbidden.length} refused for want of a right; ${audit.rights} rights, ${audit.unused.length} never used`,
    )
    expect(audit.forbidden).toEqual([])
    expect(audit.unused).toEqual([])
  })
})
