// `remora check` on a small cluster: nothing to say where all is well, before and after adoption, and each thing that is
// broken comes out as a finding, as text and as data, with its exit code.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { issueAuthority, issueLeaf, type KeyPairPem } from '../../src/certs/issue.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import type { Finding } from '../../src/revision/finding.ts'
import type { JsonObject } from '../../src/std/json.ts'
import type { Fault } from '../kube/fake-api.ts'
import { type IstioObjectOptions, istioObject } from '../revision/objects.ts'
import { LedCluster } from './led-cluster.ts'
import { runRemora, type Said } from './memory-io.ts'

const OBJECTS = `
kind: Namespace
metadata: {name: default}
---
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
kind: Namespace
metadata: {name: bank, labels: {istio.io/rev: prod}}
---
kind: Pod
metadata: {name: web, namespace: shop, annotations: {istio.io/rev: default}}
spec: {containers: [{name: istio-proxy, image: "proxyv2:1"}]}
---
kind: Service
metadata: {name: istiod, namespace: istio-system, labels: {app: istiod, istio.io/rev: default}}
---
kind: EndpointSlice
metadata: {name: istiod-1, namespace: istio-system, labels: {kubernetes.io/service-name: istiod}}
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}}]
---
kind: Service
metadata: {name: remora-injector, namespace: remora-system}
spec: {selector: {app: remora}, ports: [{port: 443, targetPort: https-webhook}]}
---
kind: EndpointSlice
metadata: {name: remora-1, namespace: remora-system, labels: {kubernetes.io/service-name: remora-injector}}
endpoints: [{addresses: [10.0.0.2]}]
${['a', 'b']
  .map(
    (name) => `---
kind: Pod
metadata: {name: remora-${name}, namespace: remora-system, labels: {app: remora}}
spec: {containers: [{name: injector, ports: [{name: https-webhook, containerPort: 15017}]}]}
status: {conditions: [{type: Ready, status: "True"}]}
`,
  )
  .join('')}---
kind: Pod
metadata: {name: remora-c, namespace: remora-system, labels: {app: remora}}
status: {conditions: [{type: Ready, status: "False"}]}
`

const CONFIG = `policy: enabled
defaultTemplates: [sidecar]
templates:
  sidecar: |
    spec:
      containers:
      - {name: istio-proxy, image: proxy}
`

let authority: KeyPairPem
let home: string
let cluster: LedCluster
/** Config hash of both revisions' settings, as `check` makes it. */
let hashes: Record<string, string>

beforeAll(async () => {
  authority = await issueAuthority(Date.now())
})

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'remora-check-'))
  cluster = await LedCluster.start(OBJECTS, home)
  cluster.caBundle = Buffer.from(authority.cert).toString('base64')
  for (const revision of ['default', 'canary']) {
    const suffix = revision === 'default' ? '' : `-${revision}`
    const labels = { app: 'istiod', 'istio.io/rev': revision }
    const metadata = (name: string): JsonObject => ({ name, namespace: 'istio-system', labels })
    const put = (name: string, data: JsonObject): unknown =>
      cluster.api.put(RESOURCE.configMap, { metadata: metadata(name), data })
    put(`istio-sidecar-injector${suffix}`, { config: CONFIG, values: '{"global":{}}' })
    put(`istio${suffix}`, { mesh: '{}' })
    const container = { name: 'discovery', image: 'pilot:1.30.3' }
    const spec = { template: { spec: { containers: [container] } } }
    const deployment = { metadata: metadata(`istiod${suffix}`), spec, status: { availableReplicas: 1 } }
    cluster.api.put(RESOURCE.deployment, deployment)
  }
  putIstio({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true })
  putIstio({ name: 'istio-sidecar-injector-canary', revision: 'canary' })
  putIstio({ name: 'istio-revision-tag-prod', revision: 'canary', tag: 'prod' })
  await putSecret(['remora-injector.remora-system.svc'])
  cluster.hashes = { 'remora-a': {}, 'remora-b': {} }
  hashes = { default: 'd', canary: 'c' }
})
afterEach(async () => {
  await cluster.api.away()
  rmSync(home, { recursive: true })
})

function putIstio(options: IstioObjectOptions): void {
  const text = JSON.stringify(istioObject(options)).replaceAll('Q0E=', cluster.caBundle)
  cluster.api.put(RESOURCE.mutatingWebhookConfiguration, JSON.parse(text) as JsonObject)
}

async function putSecret(names: readonly string[], now = Date.now()): Promise<void> {
  const leaf = await issueLeaf(authority, names, now)
  const data = { 'tls.crt': Buffer.from(leaf.cert).toString('base64') }
  const metadata = { name: 'remora-injector-certificates', namespace: 'remora-system' }
  cluster.api.put(RESOURCE.secret, { metadata, data })
}

const run = (argv: string): Promise<Said> => runRemora(argv.split(' '), { cwd: home, env: { HOME: home } })

interface Report {
  readonly findings: readonly Finding[]
  readonly checked: Readonly<Record<string, number>>
  readonly notes: readonly string[]
}

async function check(flags = ''): Promise<Report & { code: number }> {
  const said = await run(`check -o json${flags}`)
  return { ...(JSON.parse(said.stdout) as Report), code: said.code }
}

const codes = ({ findings }: Report): string[] => findings.map(({ code, object }) => `${code}: ${object}`)

/** Other answers for some requests, the usual ones for the others. */
function answer(rule: (path: string, method: string) => Fault | undefined): void {
  const usual = cluster.api.fault
  cluster.api.fault = (request) => rule(request.path, request.method) ?? usual(request)
}

describe('check', () => {
  it('has nothing to say where all is well, whoever injects', async () => {
    const before = await run('check')
    expect(before).toEqual({
      code: 0,
      stdout:
        'nothing is wrong\nchecked: 8 live entries, 6 dry-run pods, 2 replicas of remora, 3 namespaces, 4 pods\n',
      stderr: '',
    })
    expect((await run('adopt --timeout 2')).code).toBe(0)
    const after = await check()
    expect([after.code, after.findings, after.notes]).toEqual([0, [], []])
    expect(after.checked).toMatchObject({ entries: 8, proofs: 6 })
    const stored = cluster.api.requests.filter(
      ({ method, query, path }) =>
        method !== 'GET' && query['dryRun'] === undefined && !/reviews$|\/proxy\//.test(path),
    )
    expect(stored.filter(({ path }) => !path.includes('webhookconfigurations'))).toEqual([])
  })

  it('prints findings as a table with what to do, and ends with code 3', async () => {
    putIstio({ name: 'istio-revision-tag-old', revision: 'gone', tag: 'old' })
    for (const name of ['a', 'b', 'c']) {
      const spec = { containers: [{ name: 'app' }] }
      cluster.api.put(RESOURCE.pod, { metadata: { name, namespace: 'shop' }, spec })
    }
    const said = await run('check')
    expect(said.code).toBe(3)
    expect(said.stdout).toBe(`LEVEL    CODE             OBJECT                 MESSAGE
error    dangling-tag     tag old                names revision "gone", which does not exist: pods that use it are refused
warning  missing-sidecar  Pod shop/a and 2 more  has no sidecar, but its labels ask for one of revision "default"

what to do:
  dangling-tag: point it elsewhere (remora tag set old --overwrite --revision …) or remove it
  missing-sidecar: restart it; see remora explain for the rule

1 error, 3 warnings; checked: 10 live entries, 7 dry-run pods, 2 replicas of remora, 3 namespaces, 7 pods
`)
  })

  it('only notes pods that another revision would inject next time', async () => {
    const metadata = { name: 'moved', namespace: 'shop', annotations: { 'istio.io/rev': 'canary' } }
    const spec = { containers: [{ name: 'istio-proxy', image: 'proxyv2:1' }] }
    cluster.api.put(RESOURCE.pod, { metadata, spec })
    const said = await run('check')
    expect(said.code).toBe(0)
    expect(said.stdout).toMatch(
      /^LEVEL .*\ninfo {3}other-revision {2}Pod shop\/moved {2}.*\n.*\n1 note; checked: /s,
    )
  })

  it('can be limited to a revision, or to what a tag means', async () => {
    putIstio({ name: 'istio-revision-tag-old', revision: 'gone', tag: 'old' })
    const pod = { metadata: { name: 'a', namespace: 'bank' }, spec: { containers: [{ name: 'app' }] } }
    cluster.api.put(RESOURCE.pod, pod)
    expect(codes(await check())).toEqual(['dangling-tag: tag old', 'missing-sidecar: Pod bank/a'])
    expect(codes(await check(' --revision prod'))).toEqual(['missing-sidecar: Pod bank/a'])
    expect(await check(' -r default')).toMatchObject({ code: 0, findings: [] })
    const unknown = await run('check -r nope')
    expect(unknown.code).toBe(1)
    expect(unknown.stderr).toBe(
      'error: there is no revision or tag "nope"\nhint: known are: canary, default, old, prod\n',
    )
  })

  it('judges pods by the settings of their revision, and templates of every kind', async () => {
    const spec = { containers: [{ name: 'app' }] }
    const never = { metadata: { name: 'n', namespace: 'shop', labels: { never: 'x' } }, spec }
    cluster.api.put(RESOURCE.pod, never)
    expect(codes(await check())).toEqual(['missing-sidecar: Pod shop/n'])
    const name = 'istio-sidecar-injector'
    const map = cluster.api.all(RESOURCE.configMap).find((each) => JSON.stringify(each).includes(`"${name}"`))
    const data = map?.['data'] as Record<string, string>
    const config = `${data['config']}\nneverInjectSelector: [{matchExpressions: [{key: never, operator: Exists}]}]\n`
    cluster.api.put(RESOURCE.configMap, { ...map, data: { ...data, config } } as JsonObject)
    expect(codes(await check())).toEqual([])
    const template = { spec: { containers: [{ name: 'istio-proxy', image: 'auto' }] } }
    const metadata = { name: 'gateway', namespace: 'default' }
    cluster.api.put(RESOURCE.daemonSet, { metadata, spec: { template } })
    cluster.api.put(RESOURCE.cronJob, { metadata, spec: { jobTemplate: { spec: { template } } } })
    const owned = { ...metadata, ownerReferences: [{ kind: 'Deployment', name: 'gateway' }] }
    cluster.api.put(RESOURCE.replicaSet, { metadata: owned, spec: { template } })
    expect(codes(await check())).toEqual([
      'image-auto: CronJob default/gateway',
      'image-auto: DaemonSet default/gateway',
    ])
  })
})

describe('check of what serves', () => {
  it('looks at the certificate that the replicas share, and whether each caBundle trusts it', async () => {
    await run('adopt --timeout 2')
    await putSecret(['other.svc'], Date.now() - 100 * 86_400_000)
    const found = await check()
    expect(found.code).toBe(3)
    const secret = 'Secret remora-system/remora-injector-certificates'
    expect(codes(found)).toEqual([`certificate-expired: ${secret}`, `certificate-names: ${secret}`])
    expect(codes(await check(' -r canary'))).toEqual(codes(found))
    authority = await issueAuthority(Date.now())
    await putSecret(['remora-injector.remora-system.svc'])
    expect(new Set(codes(await check()))).toEqual(
      new Set(['ca-bundle-mismatch: MutatingWebhookConfiguration remora-injector']),
    )
  })

  it('finds the certificate where replicas mount it, and says what it may not read', async () => {
    cluster.api.remove(RESOURCE.secret, 'remora-system', 'remora-injector-certificates')
    const [pod] = cluster.api.all(RESOURCE.pod).filter((each) => JSON.stringify(each).includes('remora-a'))
    const spec = {
      ...(pod?.['spec'] as JsonObject),
      volumes: [{ name: 'c', secret: { secretName: 'mine' } }],
    }
    cluster.api.put(RESOURCE.pod, { ...pod, spec } as JsonObject)
    const leaf = await issueLeaf(authority, ['other.svc'], Date.now())
    const data = { 'tls.crt': Buffer.from(leaf.cert).toString('base64') }
    cluster.api.put(RESOURCE.secret, { metadata: { name: 'mine', namespace: 'remora-system' }, data })
    expect(codes(await check())).toEqual(['certificate-names: Secret remora-system/mine'])
    answer((path) => (path.includes('/secrets/') ? { status: 403 } : undefined))
    const said = await run('check')
    expect(said.code).toBe(0)
    expect(said.stderr).toMatch(/^warning: the certificate of remora is not checked: .*\n$/)
  })

  it('looks at caBundles of Istio, too', async () => {
    const expired = await issueAuthority(Date.now() - 20_000 * 86_400_000)
    cluster.caBundle = Buffer.from(expired.cert).toString('base64')
    putIstio({ name: 'istio-sidecar-injector-canary', revision: 'canary' })
    const { findings } = await check()
    expect(new Set(findings.map(({ message }) => message.replace(/entry \S+/, 'entry')))).toEqual(
      new Set(['the caBundle of entry holds no authority that is valid today: every call fails']),
    )
  })

  it('wants ready endpoints behind every Service that is called', async () => {
    const slice = {
      name: 'istiod-1',
      namespace: 'istio-system',
      labels: { 'kubernetes.io/service-name': 'istiod' },
    }
    const endpoints = [{ addresses: ['10.0.0.1'], conditions: { ready: false } }]
    cluster.api.put(RESOURCE.endpointSlice, { metadata: slice, endpoints })
    expect(new Set(codes(await check()))).toEqual(
      new Set(['service-without-endpoints: Service istio-system/istiod']),
    )
    cluster.api.remove(RESOURCE.service, 'istio-system', 'istiod')
    expect(new Set(codes(await check()))).toEqual(new Set(['service-missing: Service istio-system/istiod']))
    const metadata = { name: 'istiod', namespace: 'istio-system' }
    cluster.api.put(RESOURCE.service, { metadata, spec: { type: 'ExternalName' } })
    expect(codes(await check())).toEqual([])
    answer((path) => (path.endsWith('/services/istiod') ? { status: 403 } : undefined))
    expect((await check()).notes[0]).toMatch(
      /^the endpoints of Service istio-system\/istiod are not checked: /,
    )
  })

  it('proves each entry by a dry-run pod', async () => {
    await run('adopt --timeout 2')
    cluster.answers = false
    const ours = await check(' -r default')
    expect(ours.findings.map(({ revision }) => revision)).toEqual(['default', 'default', 'default'])
    expect(ours.findings[0]?.message).toMatch(/^entry \S+ fails a dry-run pod: remora did not answer http:/)
    cluster.answers = true
    await run('adopt --undo --timeout 2')
    const message = 'failed calling webhook'
    const status = { kind: 'Status', status: 'Failure', reason: 'InternalError', message, code: 500 }
    answer((path, method) =>
      method === 'POST' && path === '/api/v1/namespaces/bank/pods'
        ? { status: 500, body: status }
        : undefined,
    )
    const istio = await check()
    expect(codes(istio)).toEqual(['entry-not-proven: MutatingWebhookConfiguration istio-revision-tag-prod'])
    expect(istio.findings[0]?.message).toMatch(/ says: failed calling webhook$/)
  })

  it('proves an entry in another namespace where one refuses pods for reasons of its own', async () => {
    const metadata = { name: 'vault', labels: { 'istio.io/rev': 'prod' } }
    let strict = true
    answer((path, method) =>
      strict && method === 'POST' && path === '/api/v1/namespaces/bank/pods' ? { status: 403 } : undefined,
    )
    expect(codes(await check())).toEqual([])
    strict = false
    await run('adopt --timeout 2')
    strict = true
    expect(codes(await check())).toEqual(['entry-not-proven: MutatingWebhookConfiguration remora-injector'])
    cluster.api.put(RESOURCE.namespace, { metadata })
    expect(codes(await check())).toEqual([])
  })

  it('proves nothing where the user may create no pods, and says so', async () => {
    answer((path) =>
      path.endsWith('/selfsubjectaccessreviews')
        ? { status: 201, body: { status: { allowed: false, reason: 'no rule' } } }
        : undefined,
    )
    const { checked, notes, code } = await check()
    expect([code, checked['proofs']]).toEqual([0, 0])
    expect(notes).toContain(
      'entries are not proven in namespace bank: you may not create pods there: no rule',
    )
  })

  it('asks each replica which settings it injects with', async () => {
    cluster.hashes = { 'remora-a': hashes, 'remora-b': { ...hashes, canary: 'x' } }
    const found = await check(' -r canary')
    expect(codes(found)).toEqual(['replicas-disagree: revision canary'])
    expect(found.findings[0]?.message).toContain('remora-a with c; remora-b with x')
    cluster.hashes = { 'remora-a': hashes, 'remora-b': hashes }
    expect(codes(await check(' -r canary'))).toEqual(['replicas-behind: revision canary'])
    cluster.hashes = { 'remora-a': hashes }
    expect((await check()).notes).toEqual([
      expect.stringMatching(/^replica remora-b cannot be asked for its settings: /),
    ])
  })

  it('tells settings that cannot be used', async () => {
    const metadata = {
      name: 'istio-sidecar-injector-canary',
      namespace: 'istio-system',
      labels: { 'istio.io/rev': 'canary' },
    }
    cluster.api.put(RESOURCE.configMap, { metadata, data: { config: 'policy: [', values: '{}' } })
    expect(codes(await check())).toContain('settings-refused: revision canary')
    cluster.api.remove(RESOURCE.configMap, 'istio-system', metadata.name)
    expect(codes(await check())).toEqual([])
    await run('adopt --revision default --timeout 2')
    expect(codes(await check())).toEqual(['settings-refused: revision canary'])
    answer((path) => (path.endsWith('/configmaps') ? { status: 403 } : undefined))
    expect(codes(await check())).toEqual([])
  })

  it('needs no remora', async () => {
    cluster.api.remove(RESOURCE.service, 'remora-system', 'remora-injector')
    const { code, checked } = await check()
    expect([code, checked['replicas']]).toEqual([0, 0])
  })
})
