// `remora adopt` on a real API server, as its users run it: two revisions of Istio, remora installed beside them. Who
// answers for a pod is proven by a nonce that only remora gives back; pods are created all the while.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readProof } from '../../src/admission/proof.ts'
import { ApiError } from '../../src/kube/client.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import { CONFIGURATION_NAME } from '../../src/revision/configuration.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type Bed, startBed, TWO_REVISIONS } from '../cluster/bed.ts'
import { remoraDoes, remoraSays } from '../cluster/cli.ts'
import { runOk } from '../cluster/kubectl.ts'
import { installRemora, REMORA_NAMESPACE } from '../cluster/remora.ts'
import { until } from '../cluster/wait.ts'

const WEBHOOKS = RESOURCE.mutatingWebhookConfiguration
const folder = mkdtempSync(join(tmpdir(), 'remora-adopt-'))
let bed: Bed
/** As they are before anything is taken over. */
let before: JsonObject[]

/** Namespaces, and the revision whose sidecar their pods have. */
const NAMESPACES = {
  shop: { labels: { 'istio-injection': 'enabled' }, revision: 'default' },
  next: { labels: { 'istio.io/rev': '1-30-3' }, revision: '1-30-3' },
  bank: { labels: { 'istio.io/rev': 'prod-stable' }, revision: '1-30-3' },
} as const
type Namespace = keyof typeof NAMESPACES
const ALL = Object.keys(NAMESPACES) as Namespace[]

beforeAll(async () => {
  bed = await startBed(join(folder, 'bed'), () => undefined, { istio: TWO_REVISIONS })
  for (const name of ALL) {
    const { labels } = NAMESPACES[name]
    await bed.client.create(RESOURCE.namespace, {}, { metadata: { name, labels } })
  }
  before = await configurations()
})
afterAll(async () => {
  await bed?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** By name, without what API servers and managers of fields count. */
async function configurations(): Promise<JsonObject[]> {
  const { items } = await bed.client.list(WEBHOOKS)
  return items.map((item) => {
    const { name, labels = {}, annotations = {} } = item['metadata'] as JsonObject
    return { name, labels, annotations, webhooks: item['webhooks'] ?? [] } as JsonObject
  })
}

const remora = (...args: string[]): Promise<string> => remoraDoes(bed.plane.kubeconfig, args)

/** What `remora check` finds: codes and messages. */
async function checked(): Promise<[string, string][]> {
  const { stdout } = await remoraSays(bed.plane.kubeconfig, ['check', '-o', 'json'])
  const { findings } = JSON.parse(stdout) as { findings: { code: string; message: string }[] }
  return findings.map(({ code, message }) => [code, message])
}

/** What `kubectl get` shows of every configuration: name, revision, tag, state; numbers and ages left out. */
async function shown(): Promise<string[][]> {
  const get = ['get', 'mutatingwebhookconfigurations', '-L', 'istio.io/rev,istio.io/tag,remora.dev/state']
  const text = await runOk(bed.plane.binaries.kubectl, [`--kubeconfig=${bed.plane.kubeconfig}`, ...get])
  const [head = '', ...lines] = text.trimEnd().split('\n')
  const at = ['NAME', 'REV', 'TAG', 'STATE'].map((column) => head.search(new RegExp(`\\b${column}\\b`)))
  return lines.map((line) => at.map((from) => /^\S*/.exec(line.slice(from))?.[0] ?? ''))
}

let pods = 0

/** Who injects a new pod, of which revision, and how many sidecars it has: `remora default ×1`. */
async function newPod(namespace: string): Promise<string> {
  const nonce = `nonce000${++pods}`
  const pod = {
    metadata: { name: `p${pods}`, annotations: { 'remora.dev/proof': nonce } },
    spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] },
  }
  const warnings: string[] = []
  const onWarning = (text: string): void => void warnings.push(text)
  const made = await bed.client.create(RESOURCE.pod, { namespace }, pod, { dryRun: true, onWarning })
  const { annotations = {} } = made['metadata'] as { annotations?: Record<string, string> }
  const { containers, initContainers = [] } = made['spec'] as Record<string, { name: string }[]>
  const proxies = [...(containers ?? []), ...initContainers].filter(({ name }) => name === 'istio-proxy')
  const proven = warnings.some((text) => readProof(text)?.nonce === nonce)
  return `${proven ? 'remora' : 'istiod'} ${annotations['istio.io/rev'] ?? 'none'} ×${proxies.length}`
}

const expectInjector = async (
  who: 'remora' | 'istiod',
  namespaces: readonly Namespace[] = ALL,
): Promise<void> => {
  for (const name of namespaces) expect(await newPod(name)).toBe(`${who} ${NAMESPACES[name].revision} ×1`)
}

/** Between two pods of a namespace, in milliseconds. */
const PACE = 50

/**
 * Does the work while pods are created all the time, the first of a namespace with its beginning and the last after its
 * end; every one of them has one sidecar of its revision.
 */
async function whilePodsAreMade<T>(work: () => Promise<T>): Promise<T> {
  let isDone = false
  const creating = ALL.map(async (name) => {
    let isLast: boolean
    do {
      isLast = isDone
      expect(await newPod(name)).toMatch(new RegExp(`^(remora|istiod) ${NAMESPACES[name].revision} ×1$`))
      await setTimeout(PACE)
    } while (!isLast)
  })
  const [result] = await Promise.all([
    work().finally(() => {
      isDone = true
    }),
    ...creating,
  ])
  return result
}

describe('remora adopt', () => {
  it('changes nothing, with code 4, where no remora runs', async () => {
    const said = await remoraSays(bed.plane.kubeconfig, ['adopt', '--timeout', '1'])
    expect(said.code).toBe(4)
    expect(said.stderr).toMatch(
      /\nblocked: entry \S+ is missing\n[\s\S]*is taken away again: nothing has changed\n$/,
    )
    expect(await configurations()).toEqual(before)
    await expectInjector('istiod')
  })

  it('takes over every revision and tag from istiod, and each pod has one sidecar meanwhile', async () => {
    await installRemora(bed.plane.binaries.kubectl, bed.plane.kubeconfig)
    await until(
      'two ready replicas of remora',
      () => bed.balancer.readyOf(REMORA_NAMESPACE, 'remora-injector').length >= 2,
    )
    expect(await configurations()).toEqual(before)
    expect(await remora('adopt', '--dry-run')).toMatch(/^plan:\n {2}1\. create MutatingWebhookConfiguration/)
    expect(await configurations()).toEqual(before)
    const said = await whilePodsAreMade(() => remora('adopt'))
    expect(said).toMatch(/\nremora injects for every revision and tag\n$/)
    await expectInjector('remora')
  })

  it('shows a reader who injects for whom, in the columns of kubectl', async () => {
    expect(await shown()).toEqual([
      ['istio-revision-tag-prod-stable', '1-30-3', 'prod-stable', 'taken-over'],
      ['istio-sidecar-injector', 'default', '', 'taken-over'],
      ['istio-sidecar-injector-1-30-3', '1-30-3', '', 'taken-over'],
      ['remora-injector', '', '', 'injects'],
    ])
  })

  it('has nothing to do the second time', async () => {
    const adopted = await configurations()
    expect(await remora('adopt')).toBe('plan: nothing to do\nremora injects for every revision and tag\n')
    expect(await configurations()).toEqual(adopted)
  })

  it('takes over again what an upgrade of Istio brings back', async () => {
    const name = 'istio-sidecar-injector'
    const upgraded = before.find((each) => each['name'] === name) ?? {}
    await whilePodsAreMade(async () => {
      await bed.client.patch(WEBHOOKS, { name }, { webhooks: upgraded['webhooks'] ?? [] })
      await until('istiod to inject', async () => (await newPod('shop')) === 'istiod default ×1')
      expect(await checked()).toContainEqual([
        'contested',
        expect.stringMatching(/^istiod's entries for rev\.default are live again: /),
      ])
      await remora('adopt')
    })
    await expectInjector('remora')
  })

  it('hands one revision with its tag back and keeps the other', async () => {
    await whilePodsAreMade(() => remora('adopt', '--undo', '--revision', '1-30-3'))
    await expectInjector('istiod', ['next', 'bank'])
    await expectInjector('remora', ['shop'])
    expect(await shown()).toEqual([
      ['istio-revision-tag-prod-stable', '1-30-3', 'prod-stable', ''],
      ['istio-sidecar-injector', 'default', '', 'taken-over'],
      ['istio-sidecar-injector-1-30-3', '1-30-3', '', ''],
      ['remora-injector', '', '', 'partly'],
    ])
    expect(await checked()).toEqual([])
  })

  it('goes on where it was killed, and each pod has one sidecar meanwhile', async () => {
    for (const moment of [/prove/, /deactivate/]) {
      await whilePodsAreMade(async () => {
        await killedAt(moment)
        await remora('adopt')
      })
      await expectInjector('remora')
      if (moment.test('prove')) await remora('adopt', '--undo', '--revision', '1-30-3')
    }
  })
})

/** Runs adopt, and kills it when it tells of a step. */
async function killedAt(step: RegExp): Promise<void> {
  const main = resolve(import.meta.dirname, '../../src/main.ts')
  const env = { ...process.env, KUBECONFIG: bed.plane.kubeconfig }
  const child = spawn(process.execPath, [main, 'adopt'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr.on('data', (chunk: Buffer) => {
    if (step.test(chunk.toString())) child.kill('SIGKILL')
  })
  const signal = await new Promise((done) => child.once('exit', (_, by) => done(by)))
  expect(signal).toBe('SIGKILL')
}

describe('the certificates of remora', () => {
  it('come back byte for byte when somebody deletes their Secret, and no call fails meanwhile', async () => {
    const at = { namespace: REMORA_NAMESPACE, name: 'remora-injector-certificates' }
    const { data, metadata } = await bed.client.get(RESOURCE.secret, at)
    const { uid } = metadata as JsonObject
    await whilePodsAreMade(async () => {
      await bed.client.delete(RESOURCE.secret, at)
      await until('another Secret', async () => {
        const found = await bed.client.get(RESOURCE.secret, at).catch(() => undefined)
        return found !== undefined && (found['metadata'] as JsonObject)['uid'] !== uid
      })
    })
    expect((await bed.client.get(RESOURCE.secret, at))['data']).toEqual(data)
    expect(await checked()).toEqual([])
  })
})

describe('remora adopt --undo', () => {
  it('hands injection back with no running remora, whose pods were refused and never bare', async () => {
    await runOk(bed.plane.binaries.kubectl, [
      `--kubeconfig=${bed.plane.kubeconfig}`,
      ...['delete', 'deployment', 'remora-injector', '-n', REMORA_NAMESPACE],
    ])
    await until('remora to be gone', async () => {
      const error: unknown = await newPod('shop').catch((reason: unknown) => reason)
      return error instanceof ApiError && error.message.includes('failed calling webhook')
    })
    expect(await remora('adopt', '--undo')).toMatch(/\nistiod injects for every revision and tag\n$/)
    await expectInjector('istiod')
    const after = await configurations()
    expect(after.map((each) => each['name'])).not.toContain(CONFIGURATION_NAME)
    expect(after).toEqual(before)
    expect(await remora('adopt', '--undo')).toMatch(/^plan: nothing to do\n/)
  })
})
