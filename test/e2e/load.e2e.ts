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
import { type LoadedBed, REVISIONS, startLoadedBed } from './load/bed.ts'
import { type Allowed, type CreatedPod, injections, type Load, type Verdict } from './load/load.ts'

const MANIFESTS = join(import.meta.dirname, '../../manifests')
const OLD = REVISIONS
const NEW: Allowed = { ...OLD, 'load-tag': ['default'] }
const EITHER: Allowed = { ...OLD, 'load-tag': ['1-30-3', 'default'] }

const ROTATION_MS = 36_000

let on: LoadedBed
let bed: Bed
let load: Load

const remora = (...args: string[]): Promise<string> => remoraDoes(bed.plane.kubeconfig, args)
const kubectl = (...args: string[]): Promise<string> =>
  runOk(bed.plane.binaries.kubectl, [`--kubeconfig=${bed.plane.kubeconfig}`, ...args])
const ready = (): number => bed.balancer.readyOf(REMORA_NAMESPACE, 'remora-injector').length

/** One replica after the other, with SIGTERM, as the Deployment says. */
async function rollingRestart(...change: string[]): Promise<void> {
  await kubectl('-n', REMORA_NAMESPACE, ...change)
  await kubectl('-n', REMORA_NAMESPACE, 'rollout', 'status', 'deployment/remora-injector', '--timeout=120s')
  await until('the old replicas to be gone', () => bed.kubelet.programs.size === TWO_REVISIONS.length + 2)
}

function expectAllInjected(verdict: Verdict): void {
  expect([verdict.refused.slice(0, 3), verdict.wrong.slice(0, 3)]).toEqual([[], []])
  expect(verdict.pods).toBeGreaterThan(0)
}

function logLines(text: string): { message: string; reason?: string }[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line) as { message: string; reason?: string })
}

beforeAll(async () => {
  on = await startLoadedBed({ podsASecond: 50, adopt: false, remoraArgs: ['--cert-settle=2s', '--drain=5s'] })
  bed = on.bed
  load = on.load
  // kube-proxy learns late of replicas that go.
  bed.balancer.delayMs = 500
})

afterAll(async () => {
  await on?.stop()
})

describe('with 50 pods created a second, each has exactly one sidecar', { timeout: 300_000 }, () => {
  it('while istiod injects and remora only stands beside it', async () => {
    expectAllInjected(await load.during('beside istiod', OLD, () => delay(3000)))
  })

  it('during adopt, undo, and adopt again', async () => {
    expectAllInjected(await load.during('adopt', OLD, () => remora('adopt')))
    expectAllInjected(await load.during('undo', OLD, () => remora('adopt', '--undo')))
    expectAllInjected(await load.during('adopt again', OLD, () => remora('adopt')))
  })

  it('while a tag is moved there and back, the old or the new one', async () => {
    const move = (revision: string) => () =>
      remora('tag', 'set', 'prod-stable', '--revision', revision, '--overwrite', '-y')
    expectAllInjected(await load.during('tag moved', EITHER, move('default')))
    expectAllInjected(await load.during('after the move', NEW, () => delay(2000)))
    expectAllInjected(await load.during('tag moved back', EITHER, move('1-30-3')))
    expectAllInjected(await load.during('after the move back', OLD, () => delay(2000)))
  })

  it('during rolling restarts and an upgrade of remora', async () => {
    const again = ['rollout', 'restart', 'deployment/remora-injector']
    for (const turn of [1, 2]) {
      expectAllInjected(await load.during(`rolling restart ${turn}`, OLD, () => rollingRestart(...again)))
    }
    const upgrade = ['set', 'image', 'deployment/remora-injector', 'injector=remora:0.2.0']
    expectAllInjected(await load.during('upgrade', OLD, () => rollingRestart(...upgrade)))
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
    expectAllInjected(await load.during('uninstall', OLD, uninstall))
    expectAllInjected(await load.during('install', OLD, install))
  })

  it('while certificates are made anew every 5 s, and their root every 15 s', async () => {
    bed.remora.extra.push('--cert-lifetime=10s', '--ca-lifetime=30s')
    await rollingRestart('rollout', 'restart', 'deployment/remora-injector')
    // What is there was made for long: without its key the root is changed first.
    const secret = { namespace: REMORA_NAMESPACE, name: 'remora-injector-certificates' }
    await bed.client.patch(RESOURCE.secret, secret, { data: { 'root.key': null } })
    const verdict = await load.during('rotation', OLD, () => delay(ROTATION_MS))
    const logs = [...bed.kubelet.programs].flatMap(([pod, { log }]) =>
      pod.startsWith('remora') ? [logLines(log())] : [],
    )
    expectAllInjected(verdict)
    // Each replica took every pair, and one wrote them.
    const taken = logs.map(
      (lines) => lines.filter(({ message }) => message === 'a new certificate is in use').length,
    )
    const written = logs
      .flat()
      .flatMap(({ reason }) => /^(leaf|add|switch|drop):/.exec(reason ?? '')?.[1] ?? [])
    const steps = Object.groupBy(written, (step) => step)
    process.stderr.write(`rotation: pairs taken ${taken.join(' and ')}; written ${written.join(', ')}\n`)
    expect(Math.min(...taken)).toBeGreaterThanOrEqual(5)
    expect([steps['add'], steps['switch'], steps['drop']].map((some) => (some?.length ?? 0) >= 2)).toEqual([
      true,
      true,
      true,
    ])
  })

  it('and over the whole time one injector only: none was refused, none injected twice', async () => {
    await load.stop()
    const [byIstio, byRemora] = [injections(join(on.folder, 'istio')), injections(join(on.folder, 'remora'))]
    const { done } = load.pods()
    process.stderr.write(
      `in all: ${done.length} pods, ${byIstio.size} by istiod, ${byRemora.size} by remora\n`,
    )
    const times = ({ name }: CreatedPod): number => (byIstio.get(name) ?? 0) + (byRemora.get(name) ?? 0)
    expect(done.filter((pod) => times(pod) !== 1 || pod.sidecars !== 1).slice(0, 3)).toEqual([])
    const { length, 0: first, [length - 1]: last } = done
    const seconds = ((last?.began ?? 0) - (first?.began ?? 0)) / 1000
    expect(length / seconds).toBeGreaterThan(40)
  })
})
