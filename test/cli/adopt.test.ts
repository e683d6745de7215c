// `remora adopt` on a small cluster where an elected replica keeps our webhook configuration: the plan, the proof, the
// states in between, and what stops it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RESOURCE } from '../../src/kube/resource.ts'
import { CONFIGURATION_NAME } from '../../src/revision/configuration.ts'
import type { FakeApi } from '../kube/fake-api.ts'
import { istioObject } from '../revision/objects.ts'
import { LedCluster } from './led-cluster.ts'
import { runRemora, type Said } from './memory-io.ts'

const NAMESPACES = `
kind: Namespace
metadata: {name: default}
---
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
kind: Namespace
metadata: {name: bank, labels: {istio.io/rev: prod}}
---
kind: ConfigMap
metadata: {name: istio-sidecar-injector, namespace: istio-system, labels: {istio.io/rev: default}}
---
kind: Service
metadata: {name: istiod, namespace: istio-system, labels: {app: istiod, istio.io/rev: default}}
`

let home: string
let remora: LedCluster
let cluster: FakeApi

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'remora-adopt-'))
  remora = await LedCluster.start(NAMESPACES, home)
  cluster = remora.api
  const resource = RESOURCE.mutatingWebhookConfiguration
  cluster.put(resource, istioObject({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true }))
  cluster.put(resource, istioObject({ name: 'istio-revision-tag-prod', revision: 'default', tag: 'prod' }))
  remora.places = [{ 'istio-injection': 'enabled' }, { 'istio.io/rev': 'prod' }].map((labels) => ({
    namespaceLabels: { ...labels, 'kubernetes.io/metadata.name': 'any' },
    podLabels: {},
  }))
})
afterEach(async () => {
  await cluster.away()
  rmSync(home, { recursive: true })
})

const run = (...argv: string[]): Promise<Said> =>
  runRemora(argv.includes('--timeout') ? argv : [...argv, '--timeout', '2'], {
    cwd: home,
    env: { HOME: home },
  })
const live = (): string[] => remora.live()

const ISTIO = ['istio-revision-tag-prod', 'istio-sidecar-injector']

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
    expect(live()).toEqual([...ISTIO, CONFIGURATION_NAME])
    expect([...remora.met]).toEqual([1])
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
    expect(live()).toEqual(ISTIO)
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

describe('adopt --undo', () => {
  it('hands injection back, and each pod has one injector all the time, with or without a running remora', async () => {
    await run('adopt')
    remora.leads = false
    const said = await run('adopt', '--undo')
    expect(said.code).toBe(0)
    expect(said.stdout).toMatch(/\nistiod injects for every revision and tag\n$/)
    expect(live()).toEqual(ISTIO)
    expect([...remora.met]).toEqual([1])
    const objects = cluster.all(RESOURCE.mutatingWebhookConfiguration)
    expect(objects.map((object) => object['webhooks'])).toEqual(
      [
        istioObject({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true }),
        istioObject({ name: 'istio-revision-tag-prod', revision: 'default', tag: 'prod' }),
      ].map((object) => object['webhooks']),
    )
  })

  it('has nothing to do where nothing was taken over', async () => {
    expect(await run('adopt', '--undo')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^plan: nothing/),
    })
  })
})
