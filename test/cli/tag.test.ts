// `remora tag set|generate|remove` on a small cluster, where istiod injects and where remora does: what is written in which
// order, who is told of, what is asked, and what stops it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RESOURCE } from '../../src/kube/resource.ts'
import { readLabelled } from '../../src/revision/control-plane.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { splitDocuments } from '../../src/std/yaml-split.ts'
import { istioObject } from '../revision/objects.ts'
import { LedCluster } from './led-cluster.ts'
import { runRemora, type Said } from './memory-io.ts'
import { TAG_OBJECTS } from './tag-cluster.ts'

const IN_PROD = {
  namespaceLabels: { 'istio.io/rev': 'prod', 'kubernetes.io/metadata.name': 'bank' },
  podLabels: {},
}
const ENABLED = {
  namespaceLabels: { 'istio-injection': 'enabled', 'kubernetes.io/metadata.name': 'shop' },
  podLabels: {},
}

let home: string
let cluster: LedCluster

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'remora-tag-'))
  cluster = await LedCluster.start(TAG_OBJECTS, home)
  const resource = RESOURCE.mutatingWebhookConfiguration
  const defaults = { name: 'istio-sidecar-injector', revision: 'default', isDefault: true }
  cluster.api.put(resource, istioObject(defaults))
  cluster.api.put(resource, istioObject({ name: 'istio-sidecar-injector-canary', revision: 'canary' }))
})
afterEach(async () => {
  await cluster.api.away()
  rmSync(home, { recursive: true })
})

const run = (argv: string, stdin?: string): Promise<Said> =>
  runRemora(argv.split(' '), {
    cwd: home,
    env: { HOME: home },
    ...(stdin === undefined ? {} : { stdin, canAsk: true }),
  })
const set = (argv: string, stdin?: string): Promise<Said> => run(`tag set ${argv} --timeout 2`, stdin)
const names = (resource: (typeof RESOURCE)[keyof typeof RESOURCE]): string[] =>
  cluster.api.all(resource).map((object) => readLabelled(object).name)
const writes = (): string[] =>
  cluster.api.requests
    .filter(({ method, query }) => method !== 'GET' && query['dryRun'] === undefined)
    .map(({ method, path }) => `${method} ${path.split('/').at(-1)}`)

describe('tag set where istiod injects', () => {
  it('makes a tag, and says who comes under it and how to use it', async () => {
    const said = await set('prod --revision canary')
    expect(said).toEqual({
      code: 0,
      stdout: `new pods come under revision "canary":
  1 namespace: bank
  1 pod: default/till
plan:
  1. apply MutatingWebhookConfiguration istio-revision-tag-prod
  2. apply Service istiod-revision-tag-prod
revision tag "prod" is made: it means revision "canary"
use it with: kubectl label namespace NAME istio.io/rev=prod
`,
      stderr: `1/2 apply MutatingWebhookConfiguration istio-revision-tag-prod
2/2 apply Service istiod-revision-tag-prod
`,
    })
    expect(cluster.injectorsOf(IN_PROD)).toEqual(['istio tag prod'])
    expect(names(RESOURCE.service)).toContain('istiod-revision-tag-prod')
    const applies = cluster.api.requests.filter(({ method }) => method === 'PATCH')
    expect(applies.map(({ query }) => query)).toEqual([
      { fieldManager: 'istio-ci', force: 'true' },
      { fieldManager: 'istio-ci', force: 'true' },
    ])
  })

  it('moves a tag only when told so', async () => {
    await set('prod -r canary')
    const refused = await set('prod -r default')
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toBe(
      'error: revision tag "prod" already exists, and --overwrite is false\nhint: --overwrite moves it\n',
    )
    const moved = await set('prod -r default --overwrite')
    expect(moved.code).toBe(0)
    expect(moved.stdout).toContain('new pods go from revision "canary" to "default", Gateways at once:\n')
    expect(moved.stdout).toMatch(
      /\nrevision tag "prod" is moved: it means revision "default"\n.*restarted\nrestart them with: kubectl rollout restart deployment -n bank\n$/,
    )
    const again = await set('prod -r default --overwrite')
    expect(again.stdout).toContain('"prod" is as it was: it means revision "default"\n')
  })

  it.each(['', ' --webhook-name zz'].flatMap((name) => [1, 2, 3, 4].map((step) => [step, name] as const)))(
    'moves the default with one injector for every pod, also when ended after step %i%s',
    async (step, name) => {
      cluster.places = [ENABLED]
      const usual = cluster.api.fault
      let patches = 0
      cluster.api.fault = (request) => {
        const found = usual(request)
        if (request.method === 'PATCH') patches += 1
        return request.method === 'PATCH' && patches > step ? { status: 403 } : found
      }
      expect((await set(`default -r canary${name}`)).code).toBe(1)
      cluster.api.fault = usual
      expect((await set('default -r canary --overwrite')).code).toBe(0)
      expect([...cluster.met]).toEqual([1])
      const mine = name === '' ? 'istio-revision-tag-default' : 'zz'
      expect(cluster.injectorsOf(ENABLED)).toEqual(['istio tag default'])
      expect(cluster.live()).toEqual([mine, 'istio-sidecar-injector-canary'].sort())
      const guards = cluster
        .configurations()
        .flatMap(({ entries }) => entries.filter(({ guarded }) => guarded))
      expect(guards).toEqual([])
      expect(names(RESOURCE.validatingWebhookConfiguration)).toEqual(['istiod-default-validator'])
    },
  )

  it('only prints the plan with --dry-run, and gives it as data', async () => {
    const text = await set('prod -r canary --dry-run')
    expect([text.code, text.stderr]).toEqual([0, ''])
    const said = await set('prod -r canary --dry-run -o json')
    expect(JSON.parse(said.stdout)).toEqual({
      tag: 'prod',
      revision: 'canary',
      before: null,
      dependants: { namespaces: ['bank'], pods: ['default/till'], gateways: [] },
      blockers: [],
      warnings: [],
      conflicts: [],
      steps: [
        { kind: 'apply', text: 'apply MutatingWebhookConfiguration istio-revision-tag-prod' },
        { kind: 'apply', text: 'apply Service istiod-revision-tag-prod' },
      ],
      done: false,
      proofs: [],
    })
    expect(writes()).toEqual([])
  })

  it('is blocked, with code 4, by a control plane that is not ready', async () => {
    const [, plane] = cluster.api.all(RESOURCE.deployment)
    cluster.api.put(RESOURCE.deployment, { ...plane, status: {} } as JsonObject)
    const said = await set('prod -r canary -o yaml')
    expect(said.code).toBe(4)
    expect(said.stderr).toMatch(/^blocked: istiod of revision "canary" is not ready: .*\nhint: .*\n$/)
    expect(said.stdout).toContain('\ndone: false\n')
    expect(writes()).toEqual([])
  })

  it('is blocked by an injector that API servers cannot call, whoever injects', async () => {
    const usual = cluster.api.fault
    cluster.api.fault = (request) =>
      request.path === '/api/v1/namespaces/default/pods' && request.method === 'POST'
        ? { status: 500 }
        : usual(request)
    const istio = await set('prod -r canary')
    expect(istio.code).toBe(4)
    expect(istio.stderr).toMatch(
      /^blocked: entry rev\.object\.\S+ of istio-sidecar-injector-canary fails a dry-run pod: .*\nhint: nothing was changed; /,
    )
    cluster.api.fault = usual
    await run('adopt --timeout 2')
    cluster.answers = false
    const remora = await set('prod -r canary')
    expect(remora.code).toBe(4)
    expect(remora.stderr).toMatch(
      /^blocked: entry rev\.object\.\S+ of remora-injector fails a dry-run pod: remora did not answer /,
    )
    expect(names(RESOURCE.mutatingWebhookConfiguration)).not.toContain('istio-revision-tag-prod')
  })

  it('is blocked by an injector without a ready endpoint for its port, whoever injects', async () => {
    const slice = (service: string, change: JsonObject): void => {
      const namespace = service === 'remora-injector' ? 'remora-system' : 'istio-system'
      const labels = { 'kubernetes.io/service-name': service }
      const name = service === 'remora-injector' ? 'remora-x' : `${service}-x`
      cluster.api.put(RESOURCE.endpointSlice, { metadata: { name, namespace, labels }, ...change })
    }
    const ready: JsonObject[] = [{ addresses: ['10.0.0.9'], conditions: { ready: true } }]
    const away: JsonObject[] = [{ addresses: ['10.0.0.9'], conditions: { ready: false } }]
    const blocked = /^blocked: Service istio-system\/istiod has no ready endpoint: every call fails\nhint: /
    for (const change of [
      { endpoints: away },
      { endpoints: ready, ports: [{ name: 'grpc-xds', port: 15010 }] },
    ]) {
      slice('istiod', change as unknown as JsonObject)
      const said = await set('prod -r canary')
      expect([said.code, said.stderr]).toEqual([4, expect.stringMatching(blocked)])
    }
    expect(writes().filter((write) => !write.endsWith('reviews'))).toEqual([])
    slice('istiod', { endpoints: ready, ports: [{ name: 'https-webhook', port: 15017 }] })
    await run('adopt --timeout 2')
    slice('remora-injector', { endpoints: away })
    const remora = await set('prod -r canary')
    expect(remora.code).toBe(4)
    expect(remora.stderr).toMatch(/^blocked: Service remora-system\/remora-injector has no ready endpoint: /)
    expect(names(RESOURCE.mutatingWebhookConfiguration)).not.toContain('istio-revision-tag-prod')
  })

  it('asks before two injectors take the same pods', async () => {
    const other = istioObject({ name: 'other', revision: 'default', tag: 'prod' })
    cluster.api.put(RESOURCE.mutatingWebhookConfiguration, other)
    const request = 'prod -r canary --overwrite --webhook-name mine'
    const unanswered = await set(request)
    expect(unanswered.code).toBe(4)
    expect(unanswered.stderr).toMatch(
      /^warning: mine .* and other .* would both inject: .*\nblocked: this needs a yes, and nobody can be asked: set the tag all the same\?\nhint: --skip-confirmation is the yes\n$/s,
    )
    const no = await set(request, 'n\n')
    expect(no.code).toBe(5)
    expect(no.stderr).toContain('cancelled: nothing was changed\n')
    expect(writes()).toEqual([])
    expect((await set(request, 'Yes\n')).code).toBe(0)
    expect((await set(`${request} -y`)).code).toBe(0)
    expect(names(RESOURCE.mutatingWebhookConfiguration)).toContain('mine')
  })

  it('makes the plan again when somebody changes an object in between, but not for ever', async () => {
    const usual = cluster.api.fault
    let patches = 0
    cluster.api.fault = (request) => {
      const found = usual(request)
      if (request.headers['content-type'] !== 'application/json-patch+json') return found
      patches += 1
      // The tag is made by then.
      return patches === 2 ? { status: 422 } : found
    }
    const said = await set('default -r canary')
    expect(said.code).toBe(0)
    expect(said.stderr).toContain('\nthe cluster has changed meanwhile: the plan is made again\n')
    expect(cluster.injectorsOf(ENABLED)).toEqual(['istio tag default'])
    cluster.api.remove(RESOURCE.mutatingWebhookConfiguration, undefined, 'istio-revision-tag-default')
    const live = istioObject({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true })
    cluster.api.put(RESOURCE.mutatingWebhookConfiguration, live)
    cluster.api.fault = (request) =>
      request.headers['content-type'] === 'application/json-patch+json' ? { status: 422 } : usual(request)
    const never = await set('default -r canary --overwrite')
    expect(never.code).toBe(1)
    expect(never.stderr).toMatch(/\nerror: others change .* all the time; the tag is not finished\nhint: /)
  })

  it('needs a tag and a revision', async () => {
    expect((await run('tag set prod')).code).toBe(2)
    expect((await run('tag set --revision canary')).stderr).toMatch(/^error: missing required argument 'tag'/)
    expect((await run('tag set a b --revision canary')).code).toBe(2)
    const unknown = await set('prod -r nope')
    expect(unknown.code).toBe(1)
    expect(unknown.stderr).toMatch(/^error: .*"nope"\nhint: revisions: canary, default\n$/)
  })
})

describe('tag set where remora injects', () => {
  beforeEach(async () => {
    expect((await run('adopt --timeout 2')).code).toBe(0)
    cluster.places = [ENABLED]
  })

  it('writes the tag deactivated, waits for our entries, and proves that remora answers by it', async () => {
    const said = await set('prod -r canary')
    expect(said.code).toBe(0)
    expect(said.stderr).toContain(
      '2/3 wait until remora-injector has 2 entries for tag prod, each with a caBundle\n  2 of 2 are as they should be\n',
    )
    expect(said.stderr).toMatch(/\nremora answers for a pod in namespace \w+ as revision "canary"\n$/)
    expect(cluster.injectorsOf(IN_PROD)).toEqual(['remora tag prod'])
    expect(cluster.live()).toEqual(['remora-injector'])
    const moved = await set('prod -r default --overwrite -o json')
    const { done, proofs } = JSON.parse(moved.stdout) as { done: boolean; proofs: { proof: JsonObject }[] }
    expect(done).toBe(true)
    expect(proofs.map(({ proof }) => proof['revision'])).toEqual(['default'])
  })

  it('moves the default with one injector for every pod', async () => {
    expect((await set('default -r canary')).code).toBe(0)
    expect(cluster.injectorsOf(ENABLED)).toEqual(['remora tag default'])
    expect([...cluster.met]).toEqual([1])
  })

  it('ends with code 4 when no replica writes the entries, or goes on answering as before', async () => {
    cluster.leads = false
    const waited = await run('tag set prod -r canary --timeout 0.3')
    expect(waited.code).toBe(4)
    expect(waited.stderr).toMatch(/\nblocked: entry rev\.namespace\.tag\.prod\.\S+ is missing\n/)
    cluster.leads = true
    cluster.answersAs = 'default'
    const other = await run('tag set prod -r canary --overwrite --timeout 0.3')
    expect(other.code).toBe(4)
    expect(other.stderr).toMatch(/\nblocked: remora answers as revision "default" http:\S+ for a pod in /)
    const usual = cluster.api.fault
    cluster.api.fault = (request) => {
      if (request.method === 'PATCH') cluster.answers = false
      return usual(request)
    }
    const none = await run('tag set prod -r canary --overwrite --timeout 0.3')
    expect(none.stderr).toMatch(/\nblocked: remora does not answer http:\S+ for a pod in /)
  })

  it('asks where another object of the tag says something else', async () => {
    await set('prod -r canary')
    const said = await set('prod -r default --overwrite --webhook-name mine')
    expect(said.code).toBe(4)
    expect(said.stderr).toContain(
      'warning: istio-revision-tag-prod carries tag "prod", too, and names revision "canary"\n',
    )
  })

  it('is blocked by a revision without settings', async () => {
    cluster.api.remove(RESOURCE.configMap, 'istio-system', 'istio-sidecar-injector-canary')
    const said = await set('prod -r canary')
    expect(said.code).toBe(4)
    expect(said.stderr).toContain(
      'hint: remora reads them from ConfigMap istio-system/istio-sidecar-injector-canary\n',
    )
  })
})

describe('tag generate', () => {
  it('prints the objects as YAML, and changes nothing', async () => {
    const said = await run('tag generate prod --revision canary --webhook-name mine')
    expect([said.code, said.stderr]).toEqual([0, ''])
    const objects = splitDocuments(said.stdout).map((text) => parseYaml(text) as JsonObject)
    expect(objects.map((object) => [object['kind'], readLabelled(object).name])).toEqual([
      ['MutatingWebhookConfiguration', 'mine'],
      ['Service', 'istiod-revision-tag-prod'],
    ])
    expect(writes()).toEqual([])
  })

  it('warns, in the file too, where applying it would not do', async () => {
    const said = await run('tag generate default --revision canary')
    expect(said.code).toBe(0)
    const warning = 'warning: applying these objects leaves istio-sidecar-injector live: '
    expect(said.stderr).toContain(warning)
    expect(said.stdout).toMatch(/^# warning: /)
    expect(said.stdout).toContain(`# ${warning}`)
  })

  it('prints deactivated entries where remora injects', async () => {
    await run('adopt --timeout 2')
    const said = await run('tag generate prod --revision canary')
    expect(said.stdout).toContain('istio.io/deactivated: never-match')
    expect(said.stdout).not.toContain('warning')
  })
})

describe('tag remove', () => {
  it('asks when somebody uses the tag, and says who', async () => {
    await set('prod -r canary')
    const unanswered = await run('tag remove prod')
    expect(unanswered.code).toBe(4)
    expect(unanswered.stderr).toMatch(
      /^these use tag "prod", .*:\n {2}1 namespace: bank\n {2}1 pod: default\/till\nblocked: .*: remove the tag all the same\?\nhint: /,
    )
    const no = await run('tag remove prod', 'no')
    expect([no.code, no.stderr]).toEqual([5, expect.stringContaining('all the same? [y/N] cancelled: ')])
    expect((await run('tag remove prod', '')).code).toBe(5)
    expect((await run('tag remove prod --dry-run')).code).toBe(0)
    expect(names(RESOURCE.service)).toContain('istiod-revision-tag-prod')
    const said = await run('tag remove prod', 'y\n')
    expect(said.code).toBe(0)
    expect(said.stdout).toMatch(/^plan:\n {2}1\. delete .*\nrevision tag "prod" is removed\n$/s)
    expect(names(RESOURCE.service)).not.toContain('istiod-revision-tag-prod')
    expect(cluster.injectorsOf(IN_PROD)).toEqual([])
  })

  it('needs no answer with -y, nor where nobody uses it', async () => {
    await set('prod -r canary')
    expect((await run('tag delete prod -y -o json')).stdout).toContain('"done": true')
    await set('idle -r canary')
    expect(await run('tag remove idle')).toMatchObject({ code: 0 })
    const gone = await run('tag remove idle')
    expect(gone.code).toBe(1)
    expect(gone.stderr).toMatch(/^error: cannot remove tag "idle": /)
  })

  it('names Gateways that change hands', async () => {
    await set('prod -r canary')
    const gateways = Array.from({ length: 9 }, (_, index) => ({
      metadata: { name: `g${index}`, namespace: 'bank' },
    }))
    const usual = cluster.api.fault
    cluster.api.fault = (request) =>
      request.path === '/apis/gateway.networking.k8s.io/v1/gateways'
        ? { status: 200, body: { kind: 'List', metadata: {}, items: gateways } }
        : usual(request)
    const said = await run('tag remove prod')
    expect(said.stderr).toContain('  9 Gateways: bank/g0, bank/g1, ')
    expect(said.stderr).toContain('bank/g7, and 1 more\n')
  })
})
