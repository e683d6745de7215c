// `remora tag` and `remora check` on a real API server, as their users run them: two revisions of Istio, two replicas of
// remora, and pods created without a pause while tags move, first where istiod injects and then where remora does.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RESOURCE, type Resource } from '../../src/kube/resource.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { runRemora, type Said } from '../cli/memory-io.ts'
import { type Bed, startBed, TWO_REVISIONS } from '../cluster/bed.ts'
import { writeKubeconfig } from '../cluster/control-plane-files.ts'
import { runOk } from '../cluster/kubectl.ts'
import { until } from '../cluster/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'remora-tag-check-'))
let bed: Bed

beforeAll(async () => {
  bed = await startBed(join(folder, 'bed'), () => undefined, { istio: TWO_REVISIONS, remora: true })
  for (const [name, labels] of [
    ['blue', { 'istio.io/rev': 'blue' }],
    ['old', { 'istio-injection': 'enabled' }],
  ] as const) {
    await bed.client.create(RESOURCE.namespace, {}, { metadata: { name, labels } })
  }
})
afterAll(async () => {
  await bed?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A replica has read its token file again by then. */
const TOKEN_READ_MS = 11_000

/** Any exit code resolves. */
const remoraSays = (args: readonly string[], kubeconfig = bed.plane.kubeconfig): Promise<Said> =>
  runRemora(args, { env: { KUBECONFIG: kubeconfig } })

async function remora(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await remoraSays(args)
  expect(code, stdout + stderr).toBe(0)
  return stdout
}

interface Report {
  readonly findings: readonly { readonly code: string; readonly object: string; readonly message: string }[]
  readonly checked: Readonly<Record<string, number>>
  readonly notes: readonly string[]
}

async function check(): Promise<Report & { readonly code: number }> {
  const { code, stdout, stderr } = await remoraSays(['check', '-o', 'json'])
  expect([0, 3], stderr).toContain(code)
  return { ...(JSON.parse(stdout) as Report), code }
}

/** What a pod would be: its revision, and how many sidecars it would have. */
async function newPod(namespace: string): Promise<string> {
  const pod = {
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] },
  }
  const made = await bed.client.create(RESOURCE.pod, { namespace }, pod, { dryRun: true })
  const { annotations = {} } = made['metadata'] as { annotations?: Record<string, string> }
  const { containers, initContainers = [] } = made['spec'] as Record<string, { name: string }[]>
  const proxies = [...(containers ?? []), ...initContainers].filter(({ name }) => name === 'istio-proxy')
  return `${annotations['istio.io/rev'] ?? 'none'} ×${proxies.length}`
}

/** What pods of a namespace would be while the work goes on, each kind once, in the order of the first. */
async function during(namespace: string, work: Promise<unknown>): Promise<string[]> {
  const seen = new Set<string>()
  let going = true
  const creating = Array.from({ length: 2 }, async () => {
    while (going) seen.add(await newPod(namespace))
  })
  try {
    await work
  } finally {
    going = false
  }
  await Promise.all(creating)
  return [...seen]
}

describe('tags where istiod injects', () => {
  it('a new tag injects its namespaces, and moves with one sidecar for every pod', async () => {
    expect(await newPod('blue')).toBe('none ×0')
    await remora('tag', 'set', 'blue', '--revision', 'default')
    await until('the tag to inject', async () => (await newPod('blue')) === 'default ×1')
    const moved = remora('tag', 'set', 'blue', '--revision', '1-30-3', '--overwrite')
    const seen = await during('blue', moved)
    expect(await moved).toContain('new pods go from revision "default" to "1-30-3"')
    for (const each of seen) expect(['default ×1', '1-30-3 ×1']).toContain(each)
    await until('pods of the new revision', async () => (await newPod('blue')) === '1-30-3 ×1')
  })

  it('the default moves to another revision with one sidecar for every pod', async () => {
    const seen = await during('old', remora('tag', 'set', 'default', '--revision', '1-30-3'))
    for (const each of seen) expect(['default ×1', '1-30-3 ×1']).toContain(each)
    await until('pods of the new revision', async () => (await newPod('old')) === '1-30-3 ×1')
    const { findings } = await check()
    expect(findings.filter(({ code }) => code === 'overlap')).toEqual([])
  })

  it('what is generated is what is set', async () => {
    const text = await remora('tag', 'generate', 'blue', '--revision', '1-30-3', '--overwrite')
    const name = 'istio-revision-tag-blue'
    const before = await bed.client.get(RESOURCE.mutatingWebhookConfiguration, { name })
    const file = join(folder, 'blue.yaml')
    writeFileSync(file, text)
    const { binaries, kubeconfig } = bed.plane
    const applied = ['apply', '--server-side', '--field-manager=istio-ci', '-f', file]
    await runOk(binaries.kubectl, [`--kubeconfig=${kubeconfig}`, ...applied])
    const after = await bed.client.get(RESOURCE.mutatingWebhookConfiguration, { name })
    expect(after['webhooks']).toEqual(before['webhooks'])
  })
})

describe('tags and check where istiod injects for some', () => {
  it('a tag is not set to a revision whose Service has no ready endpoint', async () => {
    const at = { namespace: 'istio-system', name: 'istiod-1-30-3' }
    const { spec } = await bed.client.get(RESOURCE.service, at)
    const selector = (spec as JsonObject)['selector'] ?? {}
    const select = (value: JsonObject): Promise<unknown> =>
      bed.client.patch(RESOURCE.service, at, [{ op: 'replace', path: '/spec/selector', value }], {
        type: 'json',
      })
    const ready = async (): Promise<boolean> => !(await codes()).includes('service-without-endpoints')
    await select({ app: 'nobody' })
    await until('no endpoint', async () => !(await ready()))
    const { code, stderr } = await remoraSays(['tag', 'set', 'teal', '--revision', '1-30-3'])
    expect([code, stderr]).toEqual([
      4,
      expect.stringContaining(
        'blocked: Service istio-system/istiod-1-30-3 has no ready endpoint: every call fails\n',
      ),
    ])
    const tags = await remora('tag', 'list')
    expect(tags).not.toContain('teal')
    await select(selector as JsonObject)
    await until('endpoints again', ready)
  })

  it('check finds nothing wrong with a revision that was never taken over', async () => {
    await remora('adopt', '--revision', '1-30-3')
    await until('nothing to be found', async () => (await check()).findings.length === 0)
    const { stdout } = await remoraSays(['revision', 'list', '-o', 'json'])
    const { revisions } = JSON.parse(stdout) as { revisions: { name: string; injectors: string[] }[] }
    expect(revisions.map(({ name, injectors }) => [name, ...injectors])).toContainEqual(['1-30-3', 'remora'])
  })
})

const codes = async (): Promise<string[]> => (await check()).findings.map(({ code }) => code)

describe('tags and check where remora injects', () => {
  beforeAll(async () => {
    await remora('adopt')
  })

  it('check has nothing to say, and has asked both replicas and every entry', async () => {
    const { findings, checked, notes, code } = await check()
    expect([findings, notes, code]).toEqual([[], [], 0])
    expect(checked['replicas']).toBe(2)
    expect(checked['proofs']).toBeGreaterThan(4)
  })

  it('a tag moves with one sidecar for every pod, and remora has answered by it when the command ends', async () => {
    const moving = remora('tag', 'set', 'blue', '--revision', 'default', '--overwrite', '-o', 'json')
    const seen = await during('blue', moving)
    const { done, proofs } = JSON.parse(await moving) as { done: boolean; proofs: { proof: JsonObject }[] }
    expect([done, proofs.map(({ proof }) => proof['revision'])]).toEqual([true, ['default']])
    for (const each of seen) expect(['default ×1', '1-30-3 ×1']).toContain(each)
    await until('pods of the new revision', async () => (await newPod('blue')) === 'default ×1')
    expect((await check()).findings).toEqual([])
  })

  it('a tag is made deactivated, gets entries of ours, and goes with them', async () => {
    await bed.client.create(
      RESOURCE.namespace,
      {},
      { metadata: { name: 'green', labels: { 'istio.io/rev': 'green' } } },
    )
    await remora('tag', 'set', 'green', '--revision', '1-30-3')
    expect(await newPod('green')).toBe('1-30-3 ×1')
    const refused = await remoraSays(['tag', 'remove', 'green'])
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('1 namespace: green')])
    await remora('tag', 'remove', 'green', '-y')
    await until('pods without a sidecar', async () => (await newPod('green')) === 'none ×0')
    expect((await check()).findings).toEqual([
      expect.objectContaining({ code: 'unknown-revision', object: 'Namespace green' }),
    ])
  })

  it('check finds what is broken', async () => {
    const { client } = bed
    const name = 'istio-sidecar-injector-1-30-3'
    const at = { namespace: 'istio-system', name }
    const { data } = await client.get(RESOURCE.configMap, at)
    await client.patch(RESOURCE.configMap, at, { data: { values: '{' } })
    for (const namespace of ['kube-public', 'green'])
      await client.create(RESOURCE.pod, { namespace }, deadProxy)
    const wanted = [
      'image-auto: Pod green/gateway',
      'settings-refused: revision 1-30-3',
      'unknown-revision: Namespace green',
    ]
    const { code, findings } = await check()
    expect(code).toBe(3)
    const told = findings.map((each) => `${each.code}: ${each.object}`).sort()
    expect(told).toEqual(wanted)
    await client.patch(RESOURCE.configMap, at, { data: data ?? {} })
    const entries = await client.get(RESOURCE.mutatingWebhookConfiguration, {
      name: 'istio-revision-tag-blue',
    })
    const live = (entries['webhooks'] as JsonObject[]).map((entry) => ({
      ...entry,
      namespaceSelector: { matchLabels: { 'istio.io/rev': 'blue' } },
      objectSelector: {},
    }))
    await client.update(
      RESOURCE.mutatingWebhookConfiguration,
      { name: 'istio-revision-tag-blue' },
      { ...entries, webhooks: live },
    )
    await until('the contest to be told', async () =>
      (await check()).findings.some((each) => each.code === 'contested'),
    )
    expect(await newPod('blue')).toBe('default ×1')
  })

  it('check names a replica that is held on older settings, because it may read no more', async () => {
    const { client, plane } = bed
    const all = await client.list(RESOURCE.pod, { namespace: 'remora-system' })
    const names = all.items.map(({ metadata }) => String((metadata as JsonObject)['name'])).sort()
    const [held = '', other = ''] = names
    writeFileSync(join(folder, 'bed/remora', `${held}.token`), 'nobody')
    const written = Date.now()
    // Watches that are open stay so; a token file is read again after 10 s.
    await until('the token to be read', () => Date.now() > written + TOKEN_READ_MS)
    await plane.stopApiServer()
    await plane.startApiServer()
    const at = { namespace: 'istio-system', name: 'istio-sidecar-injector-1-30-3' }
    const { data } = (await client.get(RESOURCE.configMap, at)) as { data: { values: string } }
    const values = JSON.parse(data.values) as { global: { proxy: JsonObject } }
    const proxy = { ...values.global.proxy, logLevel: 'debug' }
    const changed = { ...values, global: { ...values.global, proxy } }
    await client.patch(RESOURCE.configMap, at, { data: { values: JSON.stringify(changed) } })
    let said = ''
    await until(
      'the replicas to disagree',
      async () => {
        const found = (await check()).findings.find(({ code }) => code === 'replicas-disagree')
        said = found?.message ?? ''
        return found !== undefined
      },
      30_000,
    )
    const [, first, , second] =
      /^replicas inject with different settings: (\S+) with (\w{12}); (\S+) with (\w{12})$/.exec(said) ?? []
    expect([first, second].sort()).toEqual([held, other])
    await client.delete(RESOURCE.pod, { namespace: 'remora-system', name: held })
    await until('the replicas to agree', async () => {
      const { checked, findings } = await check()
      return checked['replicas'] === 2 && findings.every(({ code }) => !code.startsWith('replicas-'))
    })
  })

  it('check notes what a user may not read or do, and goes on', async () => {
    const account = { namespace: 'default', name: 'default' }
    const rbac = (kind: string, plural: string): Resource => ({
      group: 'rbac.authorization.k8s.io',
      version: 'v1',
      plural,
      kind,
      namespaced: false,
    })
    const metadata = { name: 'viewer' }
    const [role, binding] = [
      rbac('ClusterRole', 'clusterroles'),
      rbac('ClusterRoleBinding', 'clusterrolebindings'),
    ]
    const groups = ['apps', 'batch', 'admissionregistration.k8s.io', 'discovery.k8s.io']
    const core = ['configmaps', 'namespaces', 'nodes', 'pods', 'services']
    const rules = [
      { apiGroups: groups, resources: ['*'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: core, verbs: ['get', 'list'] },
    ]
    await bed.client.create(role, {}, { metadata, rules })
    await bed.client.create(
      binding,
      {},
      {
        metadata,
        roleRef: { apiGroup: role.group, kind: role.kind, name: metadata.name },
        subjects: [{ kind: 'ServiceAccount', ...account }],
      },
    )
    const spec = { expirationSeconds: 3600 }
    const token = await bed.client.create(
      RESOURCE.serviceAccount,
      { ...account, subresource: 'token' },
      { spec },
    )
    const kubeconfig = join(folder, 'viewer')
    writeFileSync(`${kubeconfig}.token`, String((token['status'] as JsonObject)['token']))
    writeKubeconfig(kubeconfig, bed.plane.server, { tokenFile: `${kubeconfig}.token` })
    const { code, stdout, stderr } = await remoraSays(['check', '-o', 'json'], kubeconfig)
    const { notes } = JSON.parse(stdout) as Report
    expect(code, stderr).toBe(3)
    const all = notes.join('\n')
    expect(all).toContain('the certificate of remora is not checked: ')
    expect(all).toMatch(/replica \S+ cannot be asked for its settings: /)
    expect(all).toMatch(/entries are not proven in namespace \S+: you may not create pods there/)
  })
})

/** Waits for an injection that does not come. */
const deadProxy: JsonObject = {
  metadata: { name: 'gateway' },
  spec: { containers: [{ name: 'istio-proxy', image: 'auto' }] },
}
