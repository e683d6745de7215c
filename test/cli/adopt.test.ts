// `remora adopt` on a small cluster where an elected replica keeps our webhook configuration: the plan, the proof, the
// states in between, and what stops it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RESOURCE } from '../../src/kube/resource.ts'
import { CONFIGURATION_NAME } from '../../src/revision/configuration.ts'
import type { JsonObject } from '../../src/std/json.ts'
import type { FakeApi } from '../kube/fake-api.ts'
import { istioObject } from '../revision/objects.ts'
import {
  configurationsOf,
  defaultObject,
  ENABLED,
  ISTIO,
  runAt,
  startAdoptable,
  tagObject,
} from './adoptable.ts'
import type { LedCluster } from './led-cluster.ts'
import type { Said } from './memory-io.ts'

let home: string
let remora: LedCluster
let cluster: FakeApi
/** As it was before adoption. */
let before: JsonObject[]

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'remora-adopt-'))
  remora = await startAdoptable(home)
  cluster = remora.api
  before = all()
})
afterEach(async () => {
  await cluster.away()
  rmSync(home, { recursive: true })
})

const run = (...argv: string[]): Promise<Said> => runAt(home, ...argv)
const live = (): string[] => remora.live()
const all = (): JsonObject[] => configurationsOf(remora)

describe('adopt', () => {
  it('takes over every revision and tag, and each pod has one injector all the time', async () => {
    const said = await run('adopt')
    expect(said).toMatchObject({ code: 0 })
    expect(said.stdout).toMatch(/^plan:\n {2}1\. create MutatingWebhookConfiguration remora-injector/)
    expect(said.stdout).toMatch(/\nremora injects for every revision and tag\n$/)
    expect(said.stderr).toContain('remora answered for a pod in namespace shop')
    expect(said.stderr).toContain('remora answered for a pod in namespace bank')
    expect(live()).toEqual([CONFIGURATION_NAME])
    expect([...remora.met]).toEqual([1])
  })

  it('does nothing the second time', async () => {
    await run('adopt')
    const before = cluster.requests.length
    const said = await run('adopt')
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.stdout).toMatch(/^plan: nothing to do\n/)
    expect(cluster.requests.slice(before).filter(({ method }) => method !== 'GET')).toEqual([])
  })

  it('only prints the plan with --dry-run', async () => {
    const said = await run('adopt', '--dry-run')
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.stdout).toMatch(/^plan:\n/)
    expect(cluster.requests.filter(({ method }) => method !== 'GET')).toEqual([])
  })

  it('leaves a revision to its istiod that is elsewhere, and says so', async () => {
    const far = { ...istioObject({ name: 'istio-sidecar-injector-far', revision: 'far' }) }
    cluster.put(RESOURCE.mutatingWebhookConfiguration, far)
    const said = await run('adopt', '--dry-run')
    expect(said).toMatchObject({ code: 0 })
    expect(said.stderr).toContain('revision "far" stays with its istiod, which is not in this cluster')
    expect(said.stdout).not.toContain('far')
    const asked = await run('adopt', '--dry-run', '--revision', 'far')
    expect(asked).toMatchObject({ code: 4 })
    expect(asked.stderr).toContain('blocked: the istiod of revision "far" is not in this cluster')
  })

  it('takes over one revision and its tags, and says so as data', async () => {
    const said = await run('adopt', '--revision', 'default', '-o', 'json')
    const report = JSON.parse(said.stdout) as { done: boolean; proofs: { proof: { revision: string } }[] }
    expect(report.done).toBe(true)
    expect(report.proofs.map(({ proof }) => proof.revision)).toContain('default')
    expect(live()).toEqual([CONFIGURATION_NAME])
  })

  it('takes nothing over, with code 4, where remora does not answer', async () => {
    remora.answers = false
    const said = await run('adopt')
    expect(said.code).toBe(4)
    expect(said.stderr).toMatch(
      /\nblocked: entry \S+: remora did not answer http:\S+ for a pod in namespace \S+\n/,
    )
    expect(said.stderr).toMatch(/\nremora-injector is taken away again: nothing has changed\n$/)
    expect(all()).toEqual(before)
    expect([...remora.met]).toEqual([1])
  })

  it('asks again for a while, as API servers learn late of an entry, and in another namespace where one refuses', async () => {
    const usual = cluster.fault
    let asked = 0
    cluster.put(RESOURCE.namespace, {
      metadata: { name: 'ancient', labels: { 'istio-injection': 'enabled' } },
    })
    cluster.fault = (request) => {
      if (request.query['dryRun'] !== 'All') return usual(request)
      if (request.path.includes('/ancient/')) return { status: 403, body: 'ancient is being terminated' }
      asked += 1
      return asked < 3 ? { status: 201, body: request.body as JsonObject } : usual(request)
    }
    const said = await run('adopt')
    expect(said.code).toBe(0)
    expect(said.stderr).toContain('remora answered for a pod in namespace shop')
  })

  it('names the reason where every namespace refuses pods', async () => {
    const usual = cluster.fault
    cluster.fault = (request) =>
      request.query['dryRun'] === 'All' ? { status: 403, body: 'no pods today' } : usual(request)
    const said = await run('adopt', '--timeout', '0.3')
    expect(said.code).toBe(4)
    expect(said.stderr).toMatch(/\nblocked: entry .* for a pod in namespace \S+: no pods today\n/)
    expect(all()).toEqual(before)
  })

  it('asks every API server that can be reached, and names the others', async () => {
    const port = Number(new URL(cluster.url).port)
    const endpoints = [{ addresses: ['127.0.0.1'] }, { addresses: ['127.0.0.2'] }]
    const metadata = {
      name: 'k',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'kubernetes' },
    }
    cluster.put(RESOURCE.endpointSlice, { metadata, endpoints, ports: [{ name: 'https', port }] })
    const said = await run('adopt', '-o', 'json')
    expect(said.code).toBe(0)
    expect(said.stderr).toContain(`warning: API server http://127.0.0.2:${port} cannot be reached from here`)
    const { proofs } = JSON.parse(said.stdout) as { proofs: { server: string }[] }
    expect([...new Set(proofs.map(({ server }) => server))]).toEqual([`http://127.0.0.1:${port}`])
  })

  it('waits no longer than told for a remora that does not run, and ends with code 4', async () => {
    remora.leads = false
    const said = await run('adopt', '--timeout', '0.3', '-o', 'yaml')
    expect(said.code).toBe(4)
    expect(said.stdout).toContain('done: false')
    expect(said.stderr).toContain('blocked: entry namespace.rev.default.injector.remora.dev is missing\n')
    expect(said.stderr).toMatch(/\nremora-injector is taken away again: nothing has changed\n$/)
    expect(all()).toEqual(before)
  })

  it('makes the plan again when somebody changes an object in between', async () => {
    let changed = false
    const usual = cluster.fault
    cluster.fault = (request) => {
      if (request.method === 'PATCH' && !changed) {
        changed = true
        const object = istioObject({ name: 'istio-sidecar-injector', revision: 'default' })
        cluster.put(RESOURCE.mutatingWebhookConfiguration, object)
      }
      return usual(request)
    }
    const said = await run('adopt')
    expect(said.code).toBe(0)
    expect(said.stderr).toContain('the cluster has changed meanwhile: the plan is made again\n')
    expect(live()).toEqual([CONFIGURATION_NAME])
  })

  it('gives up when somebody changes everything all the time', async () => {
    const usual = cluster.fault
    cluster.fault = (request) => (request.method === 'PATCH' ? { status: 422 } : usual(request))
    const said = await run('adopt')
    expect(said.code).toBe(1)
    expect(said.stderr).toMatch(/\nerror: others change the webhook configurations all the time; /)
  })

  it('is blocked, with code 4, by an API server without matchConditions, and by a revision that is not there', async () => {
    const unknown = await run('adopt', '-r', 'nobody')
    expect(unknown).toMatchObject({ code: 4, stdout: expect.stringContaining('plan:') })
    expect(unknown.stderr).toMatch(/^blocked: .*"nobody"\nhint: /)
    const usual = cluster.fault
    cluster.fault = (request) =>
      request.path === '/version' ? { status: 200, body: { gitVersion: 'v1.27.1' } } : usual(request)
    const old = await run('adopt')
    expect([old.code, live()]).toEqual([4, ISTIO])
    expect(old.stderr).toMatch(/^blocked: the API server is Kubernetes 1\.27/)
  })
})

describe('what is brought back while adopted', () => {
  it('is taken over again, and each pod has one injector all the time', async () => {
    await run('adopt')
    const upgraded = defaultObject()
    const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-sidecar-injector'
    const body = { webhooks: upgraded['webhooks'] as JsonObject[] }
    cluster.carryOut({ method: 'PATCH', path, query: {}, headers: {}, body })
    expect(live()).toEqual(['istio-sidecar-injector', CONFIGURATION_NAME])
    const said = await run('adopt')
    expect(said).toMatchObject({ code: 0 })
    expect(said.stdout).toContain('deactivate 4 entries of istio-sidecar-injector')
    expect(said.stdout).not.toContain('create')
    expect(live()).toEqual([CONFIGURATION_NAME])
    expect([...remora.met]).toEqual([1])
  })

  it('is not taken over by a remora that does not answer any more, and what was adopted stays so', async () => {
    await run('adopt')
    cluster.put(RESOURCE.mutatingWebhookConfiguration, tagObject())
    remora.answers = false
    const said = await run('adopt', '--timeout', '0.3')
    expect([said.code, live()]).toEqual([4, ['istio-revision-tag-prod', CONFIGURATION_NAME]])
    expect(said.stderr).not.toContain('taken away')
  })
})

describe('adopt --undo', () => {
  it('hands one revision back, and remora stays with the others', async () => {
    const resource = RESOURCE.mutatingWebhookConfiguration
    cluster.put(resource, istioObject({ name: 'istio-sidecar-injector-canary', revision: 'canary' }))
    const metadata = { name: 'istio-sidecar-injector-canary', namespace: 'istio-system' }
    cluster.put(RESOURCE.configMap, { metadata: { ...metadata, labels: { 'istio.io/rev': 'canary' } } })
    await run('adopt')
    const said = await run('adopt', '--undo', '--revision', 'default')
    expect(said).toMatchObject({ code: 0 })
    expect(said.stdout).toMatch(/\nistiod injects for revision default and its tags\n$/)
    remora.lead()
    expect(live()).toEqual([...ISTIO, CONFIGURATION_NAME])
    expect(remora.injectorsOf(ENABLED)).toEqual(['istio revision default'])
    const canary = { namespaceLabels: { 'istio.io/rev': 'canary' }, podLabels: {} }
    expect(remora.injectorsOf(canary)).toEqual(['remora revision canary'])
    expect([...remora.met]).toEqual([1])
  })

  it('is blocked, with code 4, by a revision that is not there; a tag goes with its revision', async () => {
    await run('adopt')
    const adopted = all()
    expect(await run('adopt', '--undo', '-r', 'nobody')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/^blocked: .*"nobody"\nhint: see remora revision list\n$/),
    })
    for (const undo of [[], ['--undo']]) {
      expect(await run('adopt', ...undo, '-r', 'prod')).toMatchObject({
        code: 4,
        stderr: expect.stringMatching(/\nhint: it is a tag of revision default, .*: --revision default\n$/),
      })
    }
    expect(all()).toEqual(adopted)
  })

  it('is blocked, with code 4, while istiod cannot take over: not ready, or without a caBundle', async () => {
    await run('adopt')
    const labels = { app: 'istiod', 'istio.io/rev': 'default' }
    const metadata = { name: 'istiod', namespace: 'istio-system', labels }
    cluster.put(RESOURCE.deployment, { metadata, status: { availableReplicas: 0 } })
    const adopted = all()
    const away = await run('adopt', '--undo')
    expect([away.code, all()]).toEqual([4, adopted])
    expect(away.stderr).toMatch(/^blocked: istiod of revision "default" is not ready: .*\nhint: start it, or/)
    cluster.put(RESOURCE.deployment, { metadata, status: { availableReplicas: 1 } })
    const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-sidecar-injector'
    const body = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }]
    cluster.carryOut({ method: 'PATCH', path, query: {}, headers: {}, body })
    const bare = await run('adopt', '--undo')
    expect([bare.code, live()]).toEqual([4, [CONFIGURATION_NAME]])
    expect(bare.stderr).toMatch(/^blocked: entry \S+ of istio-sidecar-injector has no caBundle/)
  })

  it('hands injection back, and each pod has one injector all the time, with or without a running remora', async () => {
    await run('adopt')
    remora.leads = false
    const said = await run('adopt', '--undo')
    expect(said.code).toBe(0)
    expect(said.stdout).toMatch(/\nistiod injects for every revision and tag\n$/)
    expect(live()).toEqual(ISTIO)
    expect([...remora.met]).toEqual([1])
    expect(all()).toEqual(before)
  })

  it('has nothing to do where nothing was taken over', async () => {
    expect(await run('adopt', '--undo')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^plan: nothing/),
    })
  })
})
