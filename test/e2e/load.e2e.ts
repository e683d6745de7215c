// Pods are created all the time, 50 a second, while everything that people do to the injector is done to it: each has one
// sidecar, by one injector, of the old or the new revision, with what its user wrote.

import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RESOURCE } from '../../src/kube/resource.ts'
import { type Bed, TWO_REVISIONS } from '../cluster/bed.ts'
import { remoraDoes } from '../cluster/cli.ts'
import { runOk } from '../cluster/kubectl.ts'
import { installRemora, REMORA_NAMESPACE } from '../cluster/remora.ts'
import { until } from '../cluster/wait.ts'
import { DURATIONS, limitOf } from './durations.ts'
import { metric, replicasOf, SECRET } from './faults/replicas.ts'
import { type LoadedBed, REVISIONS, startLoadedBed } from './load/bed.ts'
import { Injections } from './load/injections.ts'
import type { Allowed, Load, Verdict } from './load/load.ts'
import { type Rotated, RotationWatch, since } from './load/rotation.ts'
import { observed } from './observe.ts'

const MANIFESTS = join(import.meta.dirname, '../../manifests')
const OLD = REVISIONS
const NEW: Allowed = { ...OLD, 'load-tag': ['default'] }
const EITHER: Allowed = { ...OLD, 'load-tag': ['1-30-3', 'default'] }

const { rollingRestarts, rootRotations, leafRotationMs } = DURATIONS
const RESTART_MS = 15_000
const RESTART_LIMIT_MS = 180_000
/** A root that lives for 20 s changes every 10 s. */
const ROOT_MS = 10_000

let on: LoadedBed
let bed: Bed
let load: Load
let rotation: RotationWatch

const remora = (...args: string[]): Promise<string> => remoraDoes(bed.plane.kubeconfig, args)
const kubectl = (...args: string[]): Promise<string> =>
  runOk(bed.plane.binaries.kubectl, [`--kubeconfig=${bed.plane.kubeconfig}`, ...args])
const ready = (): number => bed.balancer.readyOf(REMORA_NAMESPACE, 'remora-injector').length

/** One replica after the other, with SIGTERM, as the Deployment says. */
async function rollingRestart(change: readonly string[] = RESTART): Promise<void> {
  await kubectl('-n', REMORA_NAMESPACE, ...change)
  await kubectl('-n', REMORA_NAMESPACE, 'rollout', 'status', 'deployment/remora-injector', '--timeout=120s')
  await until('the old replicas to be gone', () => bed.kubelet.programs.size === TWO_REVISIONS.length + 2)
}

const RESTART = ['rollout', 'restart', 'deployment/remora-injector']

/** Takes keys out of the Secret: without them what they belong to is made anew, with the lifetimes of now. */
async function forget(...keys: readonly string[]): Promise<void> {
  await bed.client.patch(RESOURCE.secret, SECRET, {
    data: Object.fromEntries(keys.map((key) => [key, null])),
  })
}

/** Certificates that each replica has put into use so far. */
function taken(): Promise<number[]> {
  const key = '{what="certificate",result="good"}'
  return Promise.all(
    replicasOf(bed).map(async (replica) => (await metric(replica, 'remora_reloads_total')).get(key) ?? 0),
  )
}

/** What was rotated under load during `work`; every replica has put each new leaf into use. */
async function rotatedDuring(what: string, work: (so: () => Rotated) => Promise<unknown>): Promise<Rotated> {
  const before = { rotated: rotation.all, taken: await taken() }
  const so = (): Rotated => since(before.rotated, rotation.all)
  const how = 'lifetimes: leaf 10 s, root 20 s where it is rotated; --cert-settle 2s; 50 pods a second'
  expectAllInjected(await load.during({ what, how }, OLD, () => work(so)))
  const rotated = so()
  await until('every replica to take every leaf', async () =>
    (await taken()).every((count, index) => count - (before.taken[index] ?? 0) >= rotated.leaves),
  )
  const { leaves, added, switched, dropped } = rotated
  const roots = `roots: ${added} added, ${switched} used, ${dropped} dropped`
  observed({ what, how }, `${leaves} leaves, each taken by every replica; ${roots}`)
  return rotated
}

function expectAllInjected(verdict: Verdict): void {
  expect([verdict.refused.slice(0, 3), verdict.wrong.slice(0, 3)]).toEqual([[], []])
  expect(verdict.pods).toBeGreaterThan(0)
}

beforeAll(async () => {
  on = await startLoadedBed({ podsASecond: 50, adopt: false, remoraArgs: ['--cert-settle=2s', '--drain=5s'] })
  bed = on.bed
  load = on.load
  rotation = new RotationWatch(bed.access)
  // kube-proxy learns late of replicas that go.
  bed.balancer.delayMs = 500
})

afterAll(async () => {
  rotation?.stop()
  await on?.stop()
})

describe('with 50 pods created a second, each has exactly one sidecar', { timeout: 300_000 }, () => {
  const judged = async (what: string, how: string, allowed: Allowed, work: () => Promise<unknown>) =>
    expectAllInjected(await load.during({ what, how: `${how}; 50 pods a second` }, allowed, work))

  it('while istiod injects and remora only stands beside it', async () => {
    await judged('beside istiod', 'installed, not adopted, 3 s', OLD, () => delay(3000))
  })

  it('during adopt, undo, and adopt again', async () => {
    await judged('adopt', 'remora adopt', OLD, () => remora('adopt'))
    await judged('undo', 'remora adopt --undo', OLD, () => remora('adopt', '--undo'))
    await judged('adopt again', 'remora adopt', OLD, () => remora('adopt'))
  })

  it('while a tag is moved there and back, the old or the new one', async () => {
    const how = 'remora tag set prod-stable --revision'
    const move = (revision: string) => () =>
      remora('tag', 'set', 'prod-stable', '--revision', revision, '--overwrite', '-y')
    await judged('tag moved', `${how} default`, EITHER, move('default'))
    await judged('after the move', 'nothing is done for 2 s', NEW, () => delay(2000))
    await judged('tag moved back', `${how} 1-30-3`, EITHER, move('1-30-3'))
    await judged('after the move back', 'nothing is done for 2 s', OLD, () => delay(2000))
  })

  it(`during ${rollingRestarts} rolling restarts`, limitOf(rollingRestarts * RESTART_MS), async () => {
    const how =
      'kubectl rollout restart: SIGTERM of one replica after the other, kube-proxy hears of it 0.5 s late'
    await judged(`${rollingRestarts} rolling restarts`, how, OLD, async () => {
      for (let turn = 0; turn < rollingRestarts; turn++) await rollingRestart()
    })
  })

  it('during an upgrade of remora', async () => {
    const upgrade = ['set', 'image', 'deployment/remora-injector', 'injector=remora:0.2.0']
    await judged('upgrade', 'kubectl set image', OLD, () => rollingRestart(upgrade))
  })

  it('during undo and uninstall, and install and adopt', async () => {
    const uninstall = async (): Promise<void> => {
      await remora('adopt', '--undo')
      await kubectl('delete', '-k', MANIFESTS)
    }
    const install = async (): Promise<void> => {
      await installRemora(bed.plane.binaries.kubectl, bed.plane.kubeconfig)
      await until('two ready replicas', () => ready() >= 2)
      await remora('adopt')
    }
    await judged('uninstall', 'remora adopt --undo, kubectl delete -k manifests', OLD, uninstall)
    await judged('install', 'kubectl apply -k manifests, remora adopt', OLD, install)
  })

  describe('certificates', () => {
    // The root that is there lives for years: it changes only once its key is taken away.
    beforeAll(async () => {
      bed.remora.extra.push('--cert-lifetime=10s', '--ca-lifetime=20s')
      await rollingRestart()
    }, RESTART_LIMIT_MS)

    const seconds = leafRotationMs / 1000
    const leaves = `the leaf is made anew every 5 s, half of its life of 10 s, for ${seconds} s`
    it(`while ${leaves}`, limitOf(leafRotationMs), async () => {
      const before = rotation.all.leaves
      await forget('tls.crt', 'tls.key')
      await until('a leaf of 10 s', () => rotation.all.leaves > before)
      const rotated = await rotatedDuring(`leaf rotated for ${seconds} s`, () => delay(leafRotationMs))
      expect(rotated.leaves).toBeGreaterThanOrEqual(Math.floor(leafRotationMs / 6000))
      expect(rotated).toMatchObject({ added: 0, switched: 0, dropped: 0 })
    })

    const roots = `the root is changed ${rootRotations} times: added, used, the old one dropped`
    it(`while ${roots}`, limitOf(rootRotations * ROOT_MS), async () => {
      await forget('root.key')
      const limit = 3 * rootRotations * ROOT_MS
      const rotated = await rotatedDuring(`${rootRotations} root rotations`, (so) =>
        until('the last root to be dropped', () => so().dropped >= rootRotations, limit),
      )
      const { added, switched, dropped } = rotated
      expect(Math.min(added, switched, dropped)).toBeGreaterThanOrEqual(rootRotations)
    })
  })

  it('and over the whole time one injector only: none was refused, none injected twice', async () => {
    await load.stop()
    const [istio, own] = ['istio', 'remora'].map((name) => new Injections(join(on.folder, name)))
    const { sidecars, pods, perSecond } = load.sum()
    const odd = (): { number: number; times: number; sidecars: number | undefined }[] => {
      const [byIstio, byRemora] = [istio?.read() ?? [], own?.read() ?? []]
      return Array.from(sidecars, (count, number) => ({
        number,
        times: (byIstio[number] ?? 0) + (byRemora[number] ?? 0),
        sidecars: count,
      })).filter(({ number, times, sidecars: count }) => number > 0 && (times !== 1 || count !== 1))
    }
    const before = odd().length
    // Lines of the log may wait a moment before they are written.
    await until('the last lines of the logs', () => odd().length === 0, 5000).catch(() => undefined)
    const late = before - odd().length
    const [byIstio = 0, byRemora = 0] = [istio, own].map((each) => each?.read().reduce((a, b) => a + b, 0))
    observed(
      { what: 'the whole run', how: 'logs of all processes beside the pods that were created' },
      `${pods} pods at ${perSecond.toFixed(1)}/s, ${byIstio} by istiod, ${byRemora} by remora; ${late} lines of the log came after the last answer`,
    )
    expect(odd().slice(0, 3)).toEqual([])
    expect(perSecond).toBeGreaterThan(45)
  })
})
