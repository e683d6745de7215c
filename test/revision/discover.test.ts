import { describe, expect, it } from 'vitest'
import { type Configuration, readConfiguration } from '../../src/revision/configuration.ts'
import { configMapNames, imageTag, readControlPlane, readLabelled } from '../../src/revision/control-plane.ts'
import {
  type ClusterObjects,
  defaultRevision,
  discoverRevisions,
  tagTargets,
} from '../../src/revision/discover.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { FakeCluster } from './fake-cluster.ts'
import { istioConfiguration, istioObject } from './objects.ts'
import { clusterObjects, installations, merged } from './reference-objects.ts'

const NONE: ClusterObjects = {
  configurations: [],
  services: [],
  deployments: [],
  configMaps: [],
  defaultValidator: undefined,
}

const DEFAULT = istioConfiguration({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true })
const CANARY = istioConfiguration({ name: 'istio-sidecar-injector-canary', revision: 'canary' })
const DEFAULT_TAG = istioConfiguration({
  name: 'istio-revision-tag-default',
  revision: 'canary',
  tag: 'default',
  isDefault: true,
})

const labelled = (labels: Record<string, string>): { name: string; labels: Record<string, string> } => ({
  name: 'istiod',
  labels,
})

function deployment(change: {
  image?: string
  env?: JsonObject[]
  labels?: JsonObject
  status?: JsonObject
}) {
  const containers = [
    { name: 'sidecar' },
    { name: 'discovery', image: change.image ?? 'istio/pilot:1.27.9', env: change.env ?? [] },
  ]
  return readControlPlane({
    metadata: {
      name: 'istiod',
      namespace: 'mesh',
      generation: 2,
      labels: { app: 'istiod', ...change.labels },
    },
    spec: { template: { spec: { containers } } },
    status: change.status ?? {},
  })
}

describe('a control plane', () => {
  it.each([
    ['istio/pilot:1.30.3', '1.30.3'],
    ['registry:5000/release/pilot:1.30.3-distroless@sha256:abc', '1.30.3-distroless'],
    ['registry:5000/release/pilot', ''],
    ['registry:5000/release/pilot@sha256:abc', ''],
    ['', ''],
  ])('has the version of image %s', (image, tag) => {
    expect(imageTag(image)).toBe(tag)
  })

  it('has a release by its image, else by its label', () => {
    expect(deployment({}).release).toEqual({ major: 1, minor: 27 })
    const pinned = deployment({ image: 'pilot@sha256:1', labels: { 'app.kubernetes.io/version': '1.24.6' } })
    expect(pinned).toMatchObject({ release: { major: 1, minor: 24 }, versions: ['1.24.6'] })
    expect(deployment({ image: 'pilot:latest' })).toMatchObject({ release: undefined, versions: ['latest'] })
    const both = deployment({ labels: { 'app.kubernetes.io/version': '1.27.8' } })
    expect(both.versions).toEqual(['1.27.9', '1.27.8'])
  })

  it('has the environment that its container is given', () => {
    const env = [
      { name: 'REVISION', value: 'canary' },
      { name: 'PLATFORM' },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } },
      { name: 'ID', value: '$(REVISION)-$$(REVISION)-$(NOBODY)-$' },
      { name: '__proto__', value: 'data' },
    ]
    expect(Object.entries(deployment({ env }).env)).toEqual([
      ['REVISION', 'canary'],
      ['PLATFORM', ''],
      ['POD_NAMESPACE', 'mesh'],
      ['ID', 'canary-$(REVISION)-$(NOBODY)-$'],
      ['__proto__', 'data'],
    ])
  })

  it('is ready when its newest spec has a replica', () => {
    const ready = (status: JsonObject): boolean => deployment({ status }).ready
    expect(ready({ observedGeneration: 2, availableReplicas: 1 })).toBe(true)
    expect(ready({ observedGeneration: 1, availableReplicas: 1 })).toBe(false)
    expect(ready({ observedGeneration: 2 })).toBe(false)
  })

  it('has ConfigMaps by its name', () => {
    const empty = { injector: 'istio-sidecar-injector', mesh: 'istio' }
    expect([configMapNames(''), configMapNames('default')]).toEqual([empty, empty])
    expect(configMapNames('1-30')).toEqual({ injector: 'istio-sidecar-injector-1-30', mesh: 'istio-1-30' })
  })
})

describe('revisions', () => {
  it('are named by any of four kinds of objects, and say what is missing', () => {
    const { revisions } = discoverRevisions({
      ...NONE,
      configurations: [DEFAULT, CANARY],
      services: [labelled({ 'istio.io/rev': 'old' }), labelled({ 'istio.io/rev': 'x', 'istio.io/tag': 't' })],
      deployments: [deployment({ labels: { 'istio.io/rev': 'canary' } })],
      configMaps: [labelled({ 'istio.io/rev': 'default', 'app.kubernetes.io/version': '1.31.0' })],
    })
    const facts = revisions.map(({ name, kind, webhook, service, deployment: d, configMap }) => {
      return [name, kind, webhook, service, d, configMap]
    })
    expect(facts).toEqual([
      ['canary', 'complete', true, false, true, false],
      ['default', 'remote', true, false, false, true],
      ['old', 'injection-less', false, true, false, false],
    ])
    expect(
      revisions.map(({ releaseKnown, release, versions }) => [releaseKnown, release.minor, versions]),
    ).toEqual([
      ['yes', 27, ['1.27.9']],
      ['newer', 31, ['1.31.0']],
      ['unknown', 30, []],
    ])
  })

  it('are elsewhere without a control plane or settings here, or with an istiod that is called by URL', () => {
    const url = (revision: string): Configuration => {
      const object = istioObject({ name: `istio-sidecar-injector-${revision}`, revision })
      const clientConfig = { url: 'https://istiod.example:15017/inject' }
      const webhooks = (object['webhooks'] as JsonObject[]).map((entry) => ({ ...entry, clientConfig }))
      return readConfiguration({ ...object, webhooks }, 'istio-system')
    }
    const { revisions } = discoverRevisions({
      ...NONE,
      configurations: [DEFAULT, CANARY, url('out'), url('moved'), url('inside')],
      deployments: [deployment({ labels: { 'istio.io/rev': 'inside' } })],
      configMaps: ['default', 'moved'].map((revision) => labelled({ 'istio.io/rev': revision })),
    })
    expect(revisions.filter(({ here }) => here).map(({ name }) => name)).toEqual(['default', 'inside'])
  })

  it('are not made of webhooks that have nothing to do with injection', () => {
    const policy = new FakeCluster([
      { metadata: { name: 'policy', labels: { 'istio.io/rev': 'x' } }, webhooks: [{ name: 'a.b.c' }] },
    ])
    expect(discoverRevisions({ ...NONE, configurations: policy.configurations() }).revisions).toEqual([])
  })
})

describe('tags', () => {
  it('are pairs of tag and revision, with what is wrong with them', () => {
    const prod = istioConfiguration({ name: 'a', revision: 'canary', tag: 'prod' })
    const gone = istioConfiguration({ name: 'b', revision: 'gone', tag: 'old' })
    const same = istioConfiguration({ name: 'c', revision: 'default', tag: 'canary' })
    const { tags } = discoverRevisions({
      ...NONE,
      configurations: [DEFAULT, CANARY, prod, gone, same],
      services: [
        labelled({ 'istio.io/rev': 'default', 'istio.io/tag': 'prod' }),
        labelled({ 'istio.io/rev': 'canary', 'istio.io/tag': 'ambient' }),
      ],
    })
    expect(tags).toEqual([
      {
        name: 'ambient',
        revision: 'canary',
        revisions: ['canary'],
        webhook: false,
        service: true,
        dangling: false,
        shadowsRevision: false,
      },
      {
        name: 'canary',
        revision: 'default',
        revisions: ['default'],
        webhook: true,
        service: false,
        dangling: false,
        shadowsRevision: true,
      },
      {
        name: 'old',
        revision: 'gone',
        revisions: ['gone'],
        webhook: true,
        service: false,
        dangling: true,
        shadowsRevision: false,
      },
      {
        name: 'prod',
        revision: 'canary',
        revisions: ['canary', 'default'],
        webhook: true,
        service: true,
        dangling: false,
        shadowsRevision: false,
      },
    ])
    expect(tagTargets(tags)).toEqual({ ambient: 'canary', canary: 'default', old: 'gone', prod: 'canary' })
  })
})

describe('the three defaults', () => {
  const defaults = (objects: Partial<ClusterObjects>): unknown => {
    const discovery = discoverRevisions({ ...NONE, ...objects })
    const { injection, election, gateways, disagree } = discovery.defaults
    return [
      injection.map(({ revision }) => revision),
      election,
      gateways,
      disagree,
      defaultRevision(discovery),
    ]
  }

  it('are answered each by its own objects', () => {
    expect(defaults({})).toEqual([[], undefined, undefined, false, ''])
    expect(defaults({ configurations: [CANARY] })).toEqual([[], undefined, undefined, false, ''])
    expect(defaults({ configurations: [DEFAULT] })).toEqual([
      ['default'],
      undefined,
      undefined,
      false,
      'default',
    ])
    const tagged = { configurations: [DEFAULT_TAG, CANARY] }
    expect(defaults(tagged)).toEqual([['canary'], 'canary', 'canary', false, 'canary'])
    expect(defaults({ configurations: [DEFAULT], defaultValidator: 'old' })).toEqual([
      ['default'],
      undefined,
      'old',
      true,
      'default',
    ])
  })

  it('disagree when two injectors take the same namespaces', () => {
    const both = { configurations: [DEFAULT, DEFAULT_TAG, CANARY] }
    expect(defaults(both)).toEqual([['canary', 'default'], 'canary', 'canary', true, 'canary'])
  })

  it('are the same while adopted', () => {
    const cluster = new FakeCluster([
      istioObject({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true, live: false }),
      DEFAULT_TAG.raw,
      CANARY.raw,
      { metadata: { name: 'remora-injector' } },
    ])
    cluster.settle()
    expect(defaults({ configurations: cluster.configurations() })).toEqual(
      defaults({ configurations: [DEFAULT_TAG, CANARY] }),
    )
    cluster.delete('istio-revision-tag-default')
    const alone = defaults({ configurations: cluster.configurations() })
    expect(alone).toEqual([[''], undefined, undefined, false, ''])
  })
})

const all = installations()

describe.skipIf(all.length === 0)('captured installations', () => {
  it.each(all.map((each) => [each.name, each] as const))('%s', (name, { objects, installed }) => {
    const revision = /default-rev-(.+)$/.exec(name)?.[1] ?? 'default'
    const minor = Number(/istio-1\.(\d+)/.exec(name)?.[1])
    const rendered = discoverRevisions(clusterObjects(objects))
    expect(rendered.revisions).toMatchObject([
      {
        name: revision,
        kind: 'complete',
        webhook: true,
        service: true,
        deployment: true,
        configMap: true,
        release: { major: 1, minor },
        releaseKnown: 'yes',
        env: { REVISION: revision, CLUSTER_ID: 'Kubernetes' },
        ready: false,
      },
    ])
    expect(rendered.tags).toEqual([])
    const live = revision === 'default' ? [revision] : []
    expect(rendered.defaults.injection.map((each) => each.revision)).toEqual(live)

    const after = discoverRevisions(clusterObjects(merged(objects, installed)))
    const hasDefaultTag = installed.some((each) => readLabelled(each).name === 'istio-revision-tag-default')
    expect(after.tags.map((tag) => [tag.name, tag.revision, tag.dangling])).toEqual(
      hasDefaultTag ? [['default', revision, false]] : [],
    )
    if (hasDefaultTag) {
      expect(after.defaults).toMatchObject({ election: revision, gateways: revision, disagree: false })
      expect(after.defaults.injection.map(({ of }) => of)).toEqual([{ kind: 'tag', name: 'default' }])
      expect(defaultRevision(after)).toBe(revision)
    }
  })
})
