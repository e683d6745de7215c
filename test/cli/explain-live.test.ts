// explain on live objects where something is missing, may not be read, or is wrong in the cluster: each says so. What it
// prints when all is well is in test/script/explain-live.txt.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseTarget } from '../../src/cli/explain/target.ts'
import { RESOURCE, type Resource } from '../../src/kube/resource.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type FakeApi, statusBody } from '../kube/fake-api.ts'
import { runRemora, type Said } from './memory-io.ts'
import { startCluster } from './small-cluster.ts'

const SCRIPT = readFileSync(join(import.meta.dirname, '../script/explain-live.txt'), 'utf8')
const CLUSTER = SCRIPT.slice(SCRIPT.indexOf('-- cluster.yaml --\n') + '-- cluster.yaml --\n'.length)
const WEBHOOKS = RESOURCE.mutatingWebhookConfiguration

let home: string
let cluster: FakeApi

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'remora-explain-'))
  cluster = await startCluster(CLUSTER, home)
})
afterEach(async () => {
  await cluster.away()
  rmSync(home, { recursive: true })
})

const explain = (...argv: string[]): Promise<Said> =>
  runRemora(['explain', ...argv], { cwd: home, env: { HOME: home } })

interface Explained {
  readonly answer?: { readonly by: string }
  readonly result: string
  readonly reason: string
  readonly because: string
  readonly warnings: readonly string[]
  readonly templates?: readonly string[]
  readonly rules: readonly JsonObject[]
  readonly counterfactual: readonly (readonly string[])[]
  readonly pods?: readonly { name: string; state: string }[]
}

async function explained(...argv: string[]): Promise<Explained> {
  const said = await explain(...argv, '-o', 'json')
  expect([said.code, said.stderr]).toEqual([0, ''])
  return JSON.parse(said.stdout) as Explained
}

/** An object of the cluster, changed. */
function change(resource: Resource, name: string, next: (object: JsonObject) => JsonObject): void {
  const found = cluster.all(resource).find((object) => (object['metadata'] as JsonObject)['name'] === name)
  if (found === undefined) throw new Error(`no ${resource.kind} ${name}`)
  cluster.put(resource, next(found))
}

/** Answers 403 for paths that end so. */
function forbid(end: RegExp): void {
  cluster.fault = ({ path }) =>
    end.test(path) ? { status: 403, body: statusBody(403, 'Forbidden', 'user "me" may not') } : undefined
}

const pod = (name: string, metadata: JsonObject, spec: JsonObject = {}): JsonObject => ({
  metadata: { name, namespace: 'shop', ...metadata },
  spec: { containers: [{ name: 'web', image: 'web' }], ...spec },
})

describe('what to explain', () => {
  it.each([
    ['web', 'Pod'],
    ['po/web', 'Pod'],
    ['pods/web', 'Pod'],
    ['Deploy/web', 'Deployment'],
    ['deployments.apps/web', 'Deployment'],
    ['sts/web', 'StatefulSet'],
    ['ds/web', 'DaemonSet'],
    ['rs/web', 'ReplicaSet'],
    ['jobs/web', 'Job'],
    ['cj/web', 'CronJob'],
    ['rollout.argoproj.io/web', 'Rollout'],
    ['rc/web', 'ReplicationController'],
    ['dc/web', 'DeploymentConfig'],
  ])('%s is a %s', (text, kind) => {
    expect(parseTarget(text)).toMatchObject({ name: 'web', resource: { kind } })
  })

  it.each(['', '/web', 'deploy/', 'constructor/web'])('"%s" is nothing', (text) => {
    expect(() => parseTarget(text)).toThrow(/expected/)
  })

  it('is in the namespace of the context without -n', async () => {
    expect((await explain('web-1')).stderr).toBe(
      'error: namespace "default" does not exist\nhint: name another one with -n\n',
    )
  })

  it('may be of a kind that the cluster does not have', async () => {
    cluster.fault = ({ path }) => (path.includes('/argoproj.io/') ? { status: 404 } : undefined)
    expect(await explain('ro/web', '-n', 'shop')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'error: the cluster has no kind Rollout of group "argoproj.io"\n',
    })
  })

  it('is the template of the workload that a Rollout refers to', async () => {
    const { resource } = parseTarget('ro/web')
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
    cluster.put(resource, {
      apiVersion: 'argoproj.io/v1alpha1',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { workloadRef, selector: { matchLabels: { app: 'none' } } },
    })
    const said = await explain('ro/web', '-n', 'shop')
    expect(said.stdout).toMatch(/^Rollout shop\/web\n[\s\S]*\ntemplates: sidecar [\s\S]*\nit has no pods\n$/)
    cluster.remove(RESOURCE.deployment, 'shop', 'web')
    expect((await explain('ro/web', '-n', 'shop')).stderr).toMatch(/^error: Deployment "web" does not exist/)
  })
})

describe('what may not be read', () => {
  it.each([
    ['the object', /\/pods\/web-1$/],
    ['its namespace', /\/namespaces\/shop$/],
    ['webhook configurations', /\/mutatingwebhookconfigurations$/],
  ])('%s: an error', async (_, end) => {
    forbid(end)
    const said = await explain('web-1', '-n', 'shop')
    expect([said.code, said.stdout]).toEqual([1, ''])
    expect(said.stderr).toMatch(/^error: .*user "me" may not\nhint: ask for leave to do this/)
  })

  it('ConfigMaps: the layers of the API server are told, the rest is unknown', async () => {
    forbid(/\/configmaps$/)
    const said = await explain('deploy/web', '-n', 'shop')
    expect(said.code).toBe(0)
    expect(said.stderr).toBe('warning: cannot read objects of kind ConfigMap: user "me" may not\n')
    expect(said.stdout).toContain('called  namespace.sidecar-injector.istio.io')
    expect(said.stdout).toContain('\nwhat istiod decides: not known without settings\n')
    expect(said.stdout).toContain(
      '\nresult: unknown: revision "default" has no usable configuration: its ConfigMaps',
    )
    expect(said.stdout).toContain(
      'web-1  sidecar 1.27.9 of revision default: what a new pod would get is not known',
    )
  })

  it('namespaces, nodes, ProxyConfigs and Deployments: noted, and the rest goes on', async () => {
    forbid(/\/(namespaces|nodes|proxyconfigs|deployments)$/)
    const said = await explain('web-1', '-n', 'shop')
    expect(said.code).toBe(0)
    expect(said.stderr.split('\n').map((line) => line.split(':')[1])).toEqual([
      ' cannot read objects of kind Deployment',
      ' cannot read objects of kind Namespace',
      ' cannot read objects of kind Node',
      ' cannot read objects of kind ProxyConfig',
      undefined,
    ])
    expect(said.stdout).toContain('\nresult: injected')
  })

  it('the pods of a workload: said, and the rest goes on', async () => {
    forbid(/\/replicasets$/)
    const said = await explain('deploy/web', '-n', 'shop')
    expect([said.code, said.stdout.endsWith('\nits pods may not be read\n')]).toEqual([0, true])
  })

  it('a cluster that is away is an error', async () => {
    cluster.fault = ({ path }) => (path.endsWith('/nodes') ? { status: 500, body: 'broken' } : undefined)
    expect(await explain('web-1', '-n', 'shop')).toMatchObject({ code: 1, stderr: 'error: broken\n' })
  })
})

describe('a cluster with faults', () => {
  it('has no revision', async () => {
    for (const resource of [WEBHOOKS, RESOURCE.configMap, RESOURCE.deployment]) {
      for (const object of cluster.all(resource)) {
        const { name, namespace } = object['metadata'] as { name: string; namespace?: string }
        if (namespace !== 'shop') cluster.remove(resource, namespace, name)
      }
    }
    const said = await explain('deploy/web', '-n', 'shop')
    expect(said.stdout).toContain('\nwho is called: the cluster has no webhook entry of an injector\n')
    expect(said.stdout).toContain(
      '\nresult: skipped, because the cluster has no revision of Istio, so there is no',
    )
    expect(said.stdout).toContain('\nno small change would have it injected\n')
    expect((await explain('deploy/web', '-n', 'shop', '--field', 'spec')).stderr).toBe(
      'error: Deployment shop/web: no settings are known: the cluster has no revision of Istio, so there is no injector\n',
    )
  })

  it('has no default injector', async () => {
    cluster.remove(WEBHOOKS, undefined, 'istio-sidecar-injector')
    expect(await explained('deploy/web', '-n', 'shop')).toMatchObject({
      result: 'skipped',
      because: 'namespace label istio-injection=enabled asks for the default injector, and there is none',
    })
  })

  it('has a tag whose entries are all deactivated', async () => {
    cluster.remove(WEBHOOKS, undefined, 'remora-injector')
    expect(await explained('sts/db', '-n', 'bank')).toMatchObject({
      reason: 'no-injector',
      because: 'label istio.io/rev=prod names a revision or tag without a live webhook entry',
    })
  })

  it('has two injectors for one pod', async () => {
    change(WEBHOOKS, 'istio-sidecar-injector', (object) => ({
      ...object,
      metadata: { name: 'istio-zwei', labels: { 'istio.io/rev': 'canary' } },
    }))
    const { warnings } = await explained('deploy/web', '-n', 'shop')
    expect(warnings).toEqual([
      '2 entries inject the pod, one after the other: namespace.sidecar-injector.istio.io of istio-sidecar-injector, namespace.sidecar-injector.istio.io of istio-zwei',
    ])
  })

  it('has an entry without a caBundle, and one of a control plane elsewhere', async () => {
    change(WEBHOOKS, 'istio-sidecar-injector', (object) => ({
      ...object,
      webhooks: (object['webhooks'] as JsonObject[]).map((entry) => ({
        ...entry,
        clientConfig: { service: { namespace: 'other-mesh', name: 'istiod', path: '/inject' } },
      })),
    }))
    const said = await explained('deploy/web', '-n', 'shop')
    expect(said).toMatchObject({ result: 'unknown', answer: { by: 'istiod' }, rules: [] })
    expect(said.because).toBe('the injector is of a control plane in another namespace')
    expect(said.warnings).toEqual([
      'entry namespace.sidecar-injector.istio.io has no caBundle: an API server cannot call it',
    ])
  })

  it('has settings that no injector can use', async () => {
    change(RESOURCE.configMap, 'istio-sidecar-injector', (object) => ({
      ...object,
      data: { values: '{}', config: 'templates: {sidecar: "{{ nonsense }}"}' },
    }))
    const said = await explained('deploy/web', '-n', 'shop')
    expect(said.result).toBe('unknown')
    expect(said.because).toContain('function "nonsense" not defined')
    expect(said.pods?.map(({ state }) => state)).toEqual(['unknown', 'unknown'])
  })

  it('has a tag of ours whose revision is gone: such pods are refused', async () => {
    change(WEBHOOKS, 'istio-revision-tag-prod', (object) => ({
      ...object,
      metadata: {
        name: 'istio-revision-tag-prod',
        labels: { 'istio.io/rev': 'gone', 'istio.io/tag': 'prod' },
      },
    }))
    const said = await explain('sts/db', '-n', 'bank')
    expect(said.stdout).toContain(
      '\nresult: refused: revision "gone" of tag "prod" does not exist; known revisions: canary, default\n',
    )
    expect(said.stdout).toContain(': a new pod would be refused\n')
  })
})

describe('running pods', () => {
  const STATUS = 'sidecar.istio.io/status'
  const stateOf = async (object: JsonObject): Promise<string | undefined> => {
    cluster.put(RESOURCE.pod, object)
    const name = String((object['metadata'] as JsonObject)['name'])
    return (await explained(name, '-n', 'shop')).pods?.[0]?.state
  }

  it('that no injector made a proxy for', async () => {
    const proxy = { containers: [{ name: 'istio-proxy', image: 'auto' }] }
    expect(await stateOf(pod('gateway', {}, proxy))).toBe('manual')
  })

  it('that would get none now', async () => {
    const status =
      '{"initContainers":null,"containers":["istio-proxy"],"volumes":null,"imagePullSecrets":null}'
    const metadata = { labels: { 'sidecar.istio.io/inject': 'false' }, annotations: { [STATUS]: status } }
    const spec = {
      containers: [
        { name: 'istio-proxy', image: 'p:1' },
        { name: 'web', image: 'web' },
      ],
    }
    expect(await stateOf(pod('kept', metadata, spec))).toBe('unwanted')
  })

  it('that a template refuses', async () => {
    expect(await stateOf(pod('odd', { annotations: { 'inject.istio.io/templates': 'none' } }))).toBe(
      'refused',
    )
  })

  it('whose status was overwritten', async () => {
    const metadata = {
      labels: { app: 'web' },
      annotations: { [STATUS]: 'broken' },
      ownerReferences: [{ uid: 'r1' }],
    }
    cluster.put(RESOURCE.pod, pod('broken', metadata))
    const { pods = [] } = await explained('deploy/web', '-n', 'shop')
    expect(pods.find(({ name }) => name === 'broken')?.state).toBe('unknown')
    expect(await explain('broken', '-n', 'shop')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: metadata\.annotations\["sidecar\.istio\.io\/status"\]: /),
    })
  })

  it('of a template that carries its sidecar already are left as they are by entries that ask for it', async () => {
    change(WEBHOOKS, 'remora-injector', (object) => ({
      ...object,
      webhooks: (object['webhooks'] as JsonObject[]).map((entry) => ({
        ...entry,
        matchConditions: [{ name: 'remora-not-yet-injected', expression: 'true' }],
      })),
    }))
    change(RESOURCE.statefulSet, 'db', (object) => {
      const spec = object['spec'] as { template: { metadata: JsonObject } }
      const metadata = { ...spec.template.metadata, annotations: { [STATUS]: '{}' } }
      return { ...object, spec: { ...spec, template: { ...spec.template, metadata } } }
    })
    const said = await explain('sts/db', '-n', 'bank')
    expect(said.stdout).toContain('    aside  rev.namespace.tag.prod.injector.remora.dev')
    expect(said.stdout).toContain(
      '\nresult: skipped, because the pod comes with a sidecar, and the entries leave it',
    )
  })
})

describe('conditions that only an API server evaluates', () => {
  const NOT_BATCH = { name: 'not-batch', expression: 'object.metadata.labels.kind != "batch"' }
  const withCondition = (name: string): void =>
    change(WEBHOOKS, name, (object) => ({
      ...object,
      webhooks: (object['webhooks'] as JsonObject[]).map((entry) => ({
        ...entry,
        matchConditions: [NOT_BATCH],
      })),
    }))

  it('make the result unknown, and say what comes of it either way', async () => {
    withCondition('remora-injector')
    const { result, reason, because, templates, counterfactual, pods } = await explained(
      'sts/db',
      '-n',
      'bank',
    )
    expect([result, reason, templates, counterfactual]).toEqual([
      'unknown',
      'match-conditions',
      undefined,
      [],
    ])
    expect(because).toBe(
      'entry rev.namespace.tag.prod.injector.remora.dev acts only if condition not-batch (object.metadata.labels.kind != "batch") holds, too. ' +
        'Only an API server evaluates that: if so the pod is injected by remora for revision canary, if not it is not injected',
    )
    expect(pods?.map(({ state }) => state)).toEqual(['unknown'])
    const { stdout } = await explain('sts/db', '-n', 'bank')
    expect(stdout).toMatch(
      /\n {4}perhaps {2}rev\.namespace\.tag\.prod\S+ {2}\(tag prod\) {2}.* matches, if condition not-batch holds, too; failurePolicy Fail\n/,
    )
    expect(stdout).toContain(
      '\nresult: unknown: entry rev.namespace.tag.prod.injector.remora.dev acts only if',
    )
  })

  it('make no difference where the injector leaves the pod alone anyway', async () => {
    withCondition('remora-injector')
    change(RESOURCE.statefulSet, 'db', (object) => {
      const spec = object['spec'] as { template: { spec: JsonObject } }
      const template = { ...spec.template, spec: { ...spec.template.spec, hostNetwork: true } }
      return { ...object, spec: { ...spec, template } }
    })
    expect((await explained('sts/db', '-n', 'bank')).result).toBe('skipped')
  })

  it('of entries that do not match make no difference', async () => {
    withCondition('remora-injector')
    expect((await explained('deploy/web', '-n', 'shop')).result).toBe('injected')
  })
})

describe('how the running remora was started', () => {
  const service = { metadata: { name: 'remora-injector', namespace: 'remora-system' } }
  const replica = (name: string, args: string[], ready = 'True'): JsonObject => ({
    metadata: { name, namespace: 'remora-system', labels: { app: 'remora' } },
    spec: { containers: [{ name: 'injector', args: ['webhook', ...args] }] },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  })
  const install = (...replicas: JsonObject[]): void => {
    const spec = { selector: { app: 'remora' }, ports: [{ port: 443, targetPort: 15017 }] }
    cluster.put(RESOURCE.service, { ...service, spec })
    for (const each of replicas) cluster.put(RESOURCE.pod, each)
  }
  const modes = async (...flags: string[]): Promise<unknown[]> => {
    const said = await explain('sts/db', '-n', 'bank', '-o', 'json', ...flags)
    const { answer } = JSON.parse(said.stdout) as { answer: JsonObject }
    return [answer['compat'], answer['structure'], said.stderr]
  }

  it('is what explain goes by', async () => {
    expect(await modes()).toEqual(['istio', 'refuse', ''])
    install(
      replica('remora-0', ['--compat=istio'], 'False'),
      replica('remora-1', ['--compat=istio', '--structure', 'istio', '--compat', 'improved']),
    )
    expect(await modes()).toEqual(['improved', 'istio', ''])
    const { stdout } = await explain('sts/db', '-n', 'bank')
    expect(stdout).toMatch(
      / of revision canary, as Istio 1\.30, --compat improved, --structure istio, the first/,
    )
  })

  it('does not count where the command line says otherwise, flag by flag', async () => {
    install(replica('remora-1', ['--compat=improved', '--structure=istio']))
    expect(await modes('--compat', 'istio')).toEqual(['istio', 'istio', ''])
    expect(await modes('--structure=refuse')).toEqual(['improved', 'refuse', ''])
  })

  it('may differ between replicas, and may not be readable: that is said', async () => {
    install(replica('remora-1', ['--compat=improved']), replica('remora-2', []))
    expect(await modes()).toEqual([
      'improved',
      'refuse',
      'warning: replica remora-1 injects with --compat improved --structure refuse, remora-2 with --compat istio --structure refuse: what the first would do is told\n',
    ])
    forbid(/\/remora-system\/services\/remora-injector$/)
    expect(await modes()).toEqual(['istio', 'refuse', expect.stringContaining('user "me" may not')])
  })

  it('is no matter where istiod injects', async () => {
    install(replica('remora-1', ['--compat=improved']))
    const { answer } = await explained('deploy/web', '-n', 'shop')
    expect(answer).toEqual({ by: 'istiod', entry: expect.any(String), path: '/inject/net/n1' })
  })
})
