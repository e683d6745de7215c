import { describe, expect, it } from 'vitest'
import { planAdopt } from '../../src/revision/adopt.ts'
import { type CheckInputs, findings } from '../../src/revision/check.ts'
import { type CheckedPod, readCheckedPod } from '../../src/revision/check-pod.ts'
import { CONFIGURATION_NAME } from '../../src/revision/configuration.ts'
import { readControlPlane } from '../../src/revision/control-plane.ts'
import { type ClusterObjects, discoverRevisions } from '../../src/revision/discover.ts'
import { planUndo } from '../../src/revision/undo.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { FakeCluster } from './fake-cluster.ts'
import { istioObject, NOTHING_CHECKED } from './objects.ts'

const DEFAULT = { name: 'istio-sidecar-injector', revision: 'default', isDefault: true }
const CANARY = { name: 'istio-sidecar-injector-canary', revision: 'canary' }
const PROD = { name: 'istio-revision-tag-prod', revision: 'canary', tag: 'prod' }
const DAY = 86_400_000

const istiod = (revision: string, version = '1.30.3') => ({
  ...readControlPlane({
    metadata: { name: 'istiod', labels: { 'istio.io/rev': revision } },
    spec: { template: { spec: { containers: [{ name: 'discovery', image: `pilot:${version}` }] } } },
  }),
})

const configMap = (revision: string) => ({
  name: 'istio-sidecar-injector',
  labels: { 'istio.io/rev': revision },
})

function inputs(
  cluster: FakeCluster,
  change: Partial<CheckInputs> = {},
  objects: Partial<ClusterObjects> = {},
): CheckInputs {
  const configurations = cluster.configurations()
  const discovery = discoverRevisions({
    configurations,
    services: [],
    deployments: [istiod('default'), istiod('canary')],
    configMaps: [configMap('default'), configMap('canary')],
    defaultValidator: undefined,
    ...objects,
  })
  return { ...NOTHING_CHECKED, now: 100 * DAY, configurations, discovery, ...change }
}

function codes(all: CheckInputs): string[] {
  return findings(all).map(({ code, object }) => `${code}: ${object}`)
}

const healthy = (): FakeCluster =>
  new FakeCluster([istioObject(DEFAULT), istioObject(CANARY), istioObject(PROD)])

function adopted(cluster = healthy()): FakeCluster {
  const known = new Set(['default', 'canary'])
  const plan = planAdopt(cluster.configurations(), { revision: undefined, kubernetes: undefined, known })
  for (const step of plan.steps) cluster.execute(step)
  return cluster
}

const OURS = `MutatingWebhookConfiguration ${CONFIGURATION_NAME}`

describe('findings', () => {
  it('are none in a cluster that is well, before and after adoption', () => {
    expect(codes(inputs(healthy()))).toEqual([])
    expect(codes(inputs(adopted()))).toEqual([])
  })

  it('are sorted, errors first', () => {
    const cluster = healthy()
    cluster.put(istioObject({ ...PROD, name: 'a-prod', revision: 'gone' }))
    const levels = findings(inputs(cluster, {}, { defaultValidator: 'old' })).map(({ level }) => level)
    expect(levels).toEqual([...levels].sort((a, b) => a.localeCompare(b)))
  })
})

describe('certificates', () => {
  const certificate = (from: number, to: number, missingNames: string[] = []): string[] => {
    const facts = { object: 'Secret a/b', notBefore: from * DAY, notAfter: to * DAY, missingNames }
    return findings(inputs(healthy(), { certificates: [facts] })).map(({ code }) => code)
  }

  it.each([
    [50, 200, []],
    [0, 100, ['certificate-expired']],
    [101, 200, ['certificate-not-yet-valid']],
    [20, 120, ['certificate-expiring']],
    [20, 134, []],
  ])('valid from day %i to day %i on day 100: %j', (from, to, expected) => {
    expect(certificate(from, to)).toEqual(expected)
  })

  it('lack names', () => {
    expect(certificate(50, 200, ['remora-injector.remora-system.svc'])).toEqual(['certificate-names'])
  })
})

describe('webhook entries', () => {
  it('need a caBundle while they are live, ours the one that replicas serve with', () => {
    const cluster = healthy()
    cluster.patch(CANARY.name, [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }])
    expect(codes(inputs(cluster))).toEqual([`ca-bundle-missing: MutatingWebhookConfiguration ${CANARY.name}`])
    expect(codes(inputs(adopted(cluster)))).toEqual([])
    const client = { url: 'https://istiod.example:15017/inject' }
    const remote = healthy()
    remote.patch(CANARY.name, [{ op: 'replace', path: '/webhooks/0/clientConfig', value: client }])
    expect(codes(inputs(remote))).toEqual([])
    const judged = (problem: string | undefined, trustsRemora: boolean | undefined): Set<string> => {
      const [entry] = adopted()
        .configurations()
        .flatMap(({ name, entries }) => (name === CONFIGURATION_NAME ? entries : []))
      const bundles = new Map([[entry?.caBundle ?? '', { problem, trustsRemora }]])
      return new Set(codes(inputs(adopted(), { bundles })))
    }
    expect(judged(undefined, false)).toEqual(new Set([`ca-bundle-mismatch: ${OURS}`]))
    expect(judged('has expired', undefined)).toEqual(new Set([`ca-bundle-invalid: ${OURS}`]))
    expect(judged(undefined, undefined)).toEqual(new Set())
    expect(judged(undefined, true)).toEqual(new Set())
    const bundles = new Map([['Q0E=', { problem: 'is no certificate', trustsRemora: false }]])
    expect(new Set(codes(inputs(healthy(), { bundles })))).toEqual(
      new Set(
        [CANARY, DEFAULT, PROD].map(({ name }) => `ca-bundle-invalid: MutatingWebhookConfiguration ${name}`),
      ),
    )
  })

  it('need a Service with endpoints', () => {
    const of = (ready: number | undefined): string[] => [
      ...new Set(codes(inputs(healthy(), { endpoints: new Map([['istio-system/istiod', ready]]) }))),
    ]
    expect(of(1)).toEqual([])
    expect(of(0)).toEqual(['service-without-endpoints: Service istio-system/istiod'])
    expect(of(undefined)).toEqual(['service-missing: Service istio-system/istiod'])
    const idle = inputs(adopted(), { endpoints: new Map([['istio-system/istiod', 0]]) })
    expect(codes(idle)).toEqual([])
  })

  it('overlap', () => {
    const cluster = healthy()
    cluster.put(istioObject({ ...DEFAULT, name: 'istio-revision-tag-default', tag: 'default' }))
    const found = findings(inputs(cluster)).filter(({ code }) => code === 'overlap')
    expect(found.map(({ message }) => message)).toEqual([
      'istio-revision-tag-default and istio-sidecar-injector inject the same pods: they get their sidecar twice',
    ])
  })

  it('fail their proof', () => {
    const proofs = [
      { configuration: CONFIGURATION_NAME, entry: 'a', problem: undefined },
      { configuration: CANARY.name, entry: 'b', problem: 'x509: unknown authority' },
    ]
    const [found, ...others] = findings(inputs(healthy(), { proofs }))
    expect([found?.code, others]).toEqual(['entry-not-proven', []])
    expect(found?.message).toBe('entry b fails a dry-run pod: x509: unknown authority')
    expect([found?.object, found?.hint]).toEqual([
      `MutatingWebhookConfiguration ${CANARY.name}`,
      'see the log of istiod and of the API server',
    ])
  })
})

describe('registration', () => {
  it('misses entries for what adopt took over', () => {
    const cluster = adopted()
    cluster.delete(CONFIGURATION_NAME)
    expect(codes(inputs(cluster))).toContain(`not-registered: ${OURS}`)
  })

  it('is contested by an entry of Istio’s that came back', () => {
    const cluster = adopted()
    cluster.put(istioObject(PROD))
    cluster.settle()
    expect(codes(inputs(cluster))).toEqual([`contested: ${OURS}`])
  })

  it('is half handed back', () => {
    for (const revision of [undefined, 'canary']) {
      const cluster = adopted()
      const { steps } = planUndo(cluster.configurations(), { revision, notReady: new Set() })
      const [first, ...others] = steps
      if (first !== undefined) cluster.execute(first)
      expect(codes(inputs(cluster))).toEqual([`standing-back: ${OURS}`])
      for (const step of others) cluster.execute(step)
      cluster.settle()
      expect(codes(inputs(cluster))).toEqual([])
    }
  })

  it('is called before an entry that does not look', () => {
    const cluster = adopted()
    cluster.put(istioObject({ ...PROD, name: 'zz-prod' }))
    cluster.settle()
    expect(codes(inputs(cluster))).toContain('runs-after: MutatingWebhookConfiguration zz-prod')
    expect(codes(inputs(new FakeCluster([istioObject({ ...PROD, name: 'zz-prod' })])))).toEqual([])
  })
})

describe('tags, revisions, defaults and replicas', () => {
  it('report tags that dangle, disagree, or hide a revision', () => {
    const cluster = healthy()
    cluster.put(istioObject({ name: 't-old', revision: 'gone', tag: 'old' }))
    expect(codes(inputs(cluster))).toEqual(['dangling-tag: tag old'])
    const services = [{ name: 's', labels: { 'istio.io/rev': 'default', 'istio.io/tag': 'prod' } }]
    expect(codes(inputs(healthy(), {}, { services }))).toEqual(['tag-disagreement: tag prod'])
    const hiding = new FakeCluster([
      istioObject(DEFAULT),
      istioObject({ name: 'c', revision: 'default', tag: 'canary' }),
    ])
    expect(codes(inputs(hiding))).toEqual(['tag-shadows-revision: tag canary'])
    const renamed = new FakeCluster([
      istioObject({ ...DEFAULT, live: false }),
      istioObject(CANARY),
      istioObject({ ...DEFAULT, name: 'istio-revision-tag-default', revision: 'canary', tag: 'default' }),
    ])
    expect(codes(inputs(renamed))).toEqual([])
  })

  it('report releases that are newer than ours, or not told', () => {
    const of = (version: string): string[] =>
      codes(inputs(healthy(), {}, { deployments: [istiod('default', version), istiod('canary')] }))
    expect(of('1.30.9')).toEqual([])
    expect(of('1.31.0')).toEqual(['newer-release: revision default'])
    expect(of('latest')).toEqual(['unknown-release: revision default'])
  })

  it('report defaults that disagree', () => {
    expect(codes(inputs(healthy(), {}, { defaultValidator: 'canary' }))).toEqual([
      'defaults-disagree: the default revision',
    ])
  })

  it('report replicas with different settings', () => {
    const of = (...hashes: Record<string, string>[]): string[] =>
      codes(
        inputs(healthy(), { replicas: hashes.map((each, index) => ({ name: `r${index}`, hashes: each })) }),
      )
    expect(of({ default: 'a' }, { default: 'a' })).toEqual([])
    expect(of({ default: 'a', canary: 'c' }, { default: 'b', canary: 'c' })).toEqual([
      'replicas-disagree: revision default',
    ])
    expect(of({ default: 'a' }, {})).toEqual(['replicas-disagree: revision default'])
  })

  it('report settings that cannot be used, and replicas that do not have the newest', () => {
    const of = (hash: string | undefined, problem: string | undefined): string[] => {
      const settings = new Map([['canary', { hash, problem }]])
      return codes(inputs(healthy(), { settings, replicas: [{ name: 'r', hashes: { canary: 'a' } }] }))
    }
    expect(of('a', undefined)).toEqual([])
    expect(of('b', undefined)).toEqual(['replicas-behind: revision canary'])
    expect(of(undefined, 'no')).toEqual(['settings-refused: revision canary'])
  })
})

describe('namespaces', () => {
  const of = (labels: Record<string, string>, name = 'shop', cluster = healthy()): string[] =>
    codes(inputs(cluster, { namespaces: [{ name, labels, annotations: {} }] }))

  it.each([
    [{}, []],
    [{ 'istio-injection': 'enabled' }, []],
    [{ 'istio-injection': 'disabled' }, []],
    [{ 'istio.io/rev': 'canary' }, []],
    [{ 'istio.io/rev': 'prod' }, []],
    [{ 'istio.io/rev': 'canry' }, ['unknown-revision: Namespace shop']],
    [{ 'istio-injection': 'enabled', 'istio.io/rev': 'canary' }, ['conflicting-labels: Namespace shop']],
  ])('labelled %j: %j', (labels, expected) => {
    expect(of(labels)).toEqual(expected)
    expect(of(labels, 'shop', adopted())).toEqual(expected)
  })

  it('have no injector', () => {
    const none = new FakeCluster([
      istioObject({ ...DEFAULT, live: false }),
      istioObject({ ...CANARY, live: false }),
    ])
    expect(of({ 'istio-injection': 'enabled' }, 'shop', none)).toEqual(['no-injector: Namespace shop'])
    expect(of({ 'istio.io/rev': 'canary' }, 'shop', none)).toEqual(['no-injector: Namespace shop'])
    expect(of({ 'istio-injection': 'enabled' }, 'kube-system', none)).toEqual([])
  })
})

describe('pods', () => {
  const namespaces = [
    { name: 'shop', labels: { 'istio-injection': 'enabled' }, annotations: {} },
    { name: 'free', labels: {}, annotations: {} },
  ]

  function pod(
    namespace: string,
    change: { metadata?: JsonObject; spec?: JsonObject; status?: JsonObject } = {},
  ) {
    return readCheckedPod({
      metadata: { name: 'a', namespace, ...change.metadata },
      spec: { containers: [{ name: 'app' }], ...change.spec },
      status: change.status ?? {},
    })
  }

  const of = (checked: CheckedPod, change: Partial<CheckInputs> = {}, cluster = healthy()): string[] =>
    findings(inputs(cluster, { namespaces, pods: [checked], ...change })).map(({ code }) => code)

  const proxied = (image = 'proxyv2:1.30.3'): JsonObject => ({
    containers: [{ name: 'app' }, { name: 'istio-proxy', image }],
  })

  it('should have a sidecar and have none', () => {
    expect(of(pod('shop'))).toEqual(['missing-sidecar'])
    expect(of(pod('shop'), {}, adopted())).toEqual(['missing-sidecar'])
    expect(of(pod('free'))).toEqual([])
    expect(of(pod('free', { metadata: { labels: { 'sidecar.istio.io/inject': 'true' } } }))).toEqual([
      'missing-sidecar',
    ])
    expect(of(pod('shop', { spec: { hostNetwork: true } }))).toEqual([])
    expect(of(pod('shop', { metadata: { labels: { 'sidecar.istio.io/inject': 'false' } } }))).toEqual([])
    expect(of(pod('shop', { metadata: { annotations: { 'sidecar.istio.io/inject': 'false' } } }))).toEqual([])
    expect(of(pod('shop', { status: { phase: 'Succeeded' } }))).toEqual([])
    const other = { 'sidecar.istio.io/status': '{"revision":"default"}' }
    expect(of(pod('shop', { metadata: { annotations: other } }))).toEqual([])
    expect(of(pod('shop'), { decide: () => false })).toEqual([])
    expect(of(pod('shop', { spec: { initContainers: [{ name: 'istio-proxy' }] } }))).toEqual([])
  })

  it('may have none by a condition that only an API server evaluates', () => {
    const raw = istioObject(DEFAULT)
    const matchConditions = [{ name: 'not-batch', expression: 'true' }]
    const webhooks = (raw['webhooks'] as JsonObject[]).map((entry) => ({ ...entry, matchConditions }))
    const cluster = new FakeCluster([{ ...raw, webhooks }])
    expect(of(pod('shop'), {}, cluster)).toEqual(['sidecar-unknown'])
    expect(of(pod('free'), {}, cluster)).toEqual([])
  })

  it('ask for a revision that does not exist', () => {
    const asking = (revision: string): CheckedPod =>
      pod('free', { metadata: { labels: { 'istio.io/rev': revision } } })
    expect(of(asking('canry'))).toEqual(['unknown-revision'])
    expect(of(asking('canary'))).toEqual(['missing-sidecar'])
  })

  it('have a proxy that injection should have filled in', () => {
    expect(of(pod('free', { spec: proxied('auto') }))).toEqual(['image-auto'])
    expect(of(pod('shop', { spec: proxied('auto') }))).toEqual(['image-auto'])
    const template = { metadata: {}, spec: proxied('auto') }
    expect(of(readCheckedPod(template, 'Deployment', 'gateway', 'free'))).toEqual(['image-auto'])
    expect(of(readCheckedPod(template, 'Deployment', 'gateway', 'shop'))).toEqual([])
  })

  it('have a sidecar of another revision, or of one that is gone', () => {
    const injected = (annotations: JsonObject): CheckedPod =>
      pod('shop', { metadata: { annotations }, spec: proxied() })
    expect(of(injected({ 'istio.io/rev': 'default' }))).toEqual([])
    expect(of(injected({ 'istio.io/rev': 'canary' }))).toEqual(['other-revision'])
    expect(of(injected({ 'sidecar.istio.io/status': '{"revision":"gone"}' }))).toEqual(['orphaned-proxy'])
    expect(of(injected({ 'sidecar.istio.io/status': '{' }))).toEqual([])
  })

  it('run as the user of the proxy', () => {
    const as = (spec: JsonObject, namespace = 'shop'): string[] =>
      of(pod(namespace, { spec, metadata: { annotations: { 'istio.io/rev': 'default' } } }))
    const user = { runAsUser: 1337 }
    expect(as({ ...proxied(), securityContext: user })).toEqual(['proxy-uid'])
    expect(as({ containers: [{ name: 'app', securityContext: user }, { name: 'istio-proxy' }] })).toEqual([
      'proxy-uid',
    ])
    expect(as({ containers: [{ name: 'app' }, { name: 'istio-proxy', securityContext: user }] })).toEqual([])
    expect(as({ containers: [{ name: 'app', securityContext: user }] }, 'free')).toEqual([])
  })
})
