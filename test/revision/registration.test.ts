import { describe, expect, it } from 'vitest'
import { matchesEntry } from '../../src/mesh/selector.ts'
import { type Entry, readConfiguration, SAVED_SELECTORS, STATE } from '../../src/revision/configuration.ts'
import { registrants } from '../../src/revision/registrants.ts'
import { type RegistrationSettings, type Wish, wantedConfiguration } from '../../src/revision/registration.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { type IstioObjectOptions, istioConfiguration, istioObject, savedBy } from './objects.ts'

const SETTINGS: RegistrationSettings = {
  namespace: 'remora-system',
  service: 'remora-injector',
  port: 443,
  failurePolicy: 'Fail',
  reinvocationPolicy: 'Never',
  timeoutSeconds: 10,
  matchConditions: [],
}

const DEFAULT = istioConfiguration({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true })
const CANARY = istioConfiguration({ name: 'istio-sidecar-injector-canary', revision: 'canary' })
const PROD = istioConfiguration({ name: 'istio-revision-tag-prod', revision: 'canary', tag: 'prod' })

describe('registrants', () => {
  it('are the revisions and tags of live entries, with their rules', () => {
    const found = registrants([PROD, DEFAULT, CANARY]).map(({ kind, name, selectors }) => [
      kind,
      name,
      Object.keys(selectors),
    ])
    expect(found).toEqual([
      ['revision', 'canary', ['rev.namespace', 'rev.object']],
      ['revision', 'default', ['rev.namespace', 'rev.object', 'namespace', 'object']],
      ['tag', 'prod', ['rev.namespace', 'rev.object']],
    ])
  })

  it('leave out what somebody else deactivated', () => {
    const off = istioConfiguration({
      name: 'istio-sidecar-injector',
      revision: 'default',
      isDefault: true,
      live: false,
    })
    expect(registrants([off])).toEqual([])
  })

  it('keep what adopt deactivated, by the selectors it saved', () => {
    const off = adopted({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true })
    expect(registrants([off])).toEqual(registrants([DEFAULT]).map((each) => ({ ...each, contested: false })))
  })

  it('follow entries that came back, not what was saved before', () => {
    const back = istioConfiguration({
      name: 'istio-revision-tag-prod',
      revision: 'canary',
      tag: 'prod',
      annotations: savedBy(CANARY),
    })
    expect(registrants([back])).toEqual(registrants([PROD]))
    expect(registrants([back])[0]?.contested).toBe(true)
  })

  it('have the tag in place of a revision of the same name', () => {
    const tag = { name: 'istio-revision-tag-default', revision: 'canary', tag: 'default', isDefault: true }
    const both = registrants([
      adopted({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true }),
      adopted(tag),
    ])
    expect(both.map(({ kind, name, contested }) => [kind, name, contested])).toEqual([
      ['tag', 'default', false],
    ])
    const back = registrants([DEFAULT, adopted(tag)])
    expect(back.map(({ kind, contested }) => [kind, contested])).toEqual([['tag', true]])
  })

  it('merge two objects of one tag', () => {
    const other = istioConfiguration({ name: 'mine', revision: 'canary', tag: 'prod' })
    expect(registrants([PROD, other])).toEqual(registrants([PROD]))
  })

  it('ignore saved selectors that adopt did not write', () => {
    for (const text of [
      '',
      '[]',
      '{',
      '{"a":1}',
      '{"a":{"namespaceSelector":3}}',
      '{"a":{"objectSelector":{"matchExpressions":[{"key":"a","operator":"Like"}]}}}',
    ]) {
      const off = istioObject({
        name: 'istio-sidecar-injector',
        revision: 'default',
        live: false,
        annotations: { [SAVED_SELECTORS]: text },
      })
      expect(readConfiguration(off, 'istio-system').saved, text).toBeUndefined()
    }
  })

  it('leave out our own object and objects that are not about injection', () => {
    const ours = readConfiguration(
      istioObject({ name: 'remora-injector', revision: 'default' }),
      'istio-system',
    )
    const other = readConfiguration(
      { metadata: { name: 'policy', labels: { 'istio.io/rev': 'x' } }, webhooks: [] },
      'istio-system',
    )
    const foreign = readConfiguration(istioObject({ name: 'theirs', revision: 'default' }), 'mesh-two')
    expect(registrants([ours, other, foreign])).toEqual([])
  })
})

function entriesOf(object: JsonObject): readonly Entry[] {
  return readConfiguration(object, 'istio-system').entries
}

const THREE = [DEFAULT, CANARY, PROD]

function wanted(change: Partial<Wish> = {}): JsonObject {
  return wantedConfiguration({
    registrants: registrants(THREE),
    caBundle: 'Q0E=',
    writer: { id: 'uid', generation: 1 },
    settings: SETTINGS,
    ...change,
  })
}

function adopted(options: IstioObjectOptions): ReturnType<typeof istioConfiguration> {
  return istioConfiguration({ ...options, live: false, annotations: savedBy(istioConfiguration(options)) })
}

describe('the wanted configuration', () => {
  it('says in a label whether it injects, or lets istiod go first', () => {
    const state = (change: Partial<Wish>): unknown => {
      const { labels } = wanted(change)['metadata'] as { labels: JsonObject }
      return labels[STATE]
    }
    const off = THREE.map(({ name, revision = '', tag }) =>
      adopted({ name, revision, ...(tag === undefined ? {} : { tag }), isDefault: revision === 'default' }),
    )
    expect(state({ registrants: registrants(off) })).toBe('injects')
    expect(state({ registrants: registrants(THREE) })).toBe('stands-back')
    expect(state({ registrants: registrants([...off.slice(0, 2), PROD]) })).toBe('partly')
    expect(state({ registrants: registrants(off), standingBack: 'tag.prod' })).toBe('partly')
    expect(state({ registrants: registrants(off), standingBack: '*' })).toBe('stands-back')
    expect(state({ registrants: [] })).toBe('empty')
  })

  it('matches the pods that Istio’s own entries match, outside our namespace and the system’s', () => {
    const ours = entriesOf(wanted())
    const istio = THREE.flatMap(({ entries }) => entries)
    const namespaces = [
      {},
      { 'istio-injection': 'enabled' },
      { 'istio-injection': 'disabled' },
      { 'istio.io/rev': 'canary' },
      { 'istio.io/rev': 'prod' },
      { 'istio.io/rev': 'unknown' },
      { 'istio-injection': 'enabled', 'istio.io/rev': 'canary' },
    ]
    const pods = [
      {},
      { 'sidecar.istio.io/inject': 'true' },
      { 'sidecar.istio.io/inject': 'false' },
      { 'istio.io/rev': 'canary' },
      { 'istio.io/rev': 'prod', 'sidecar.istio.io/inject': 'true' },
    ]
    const excluded = ['remora-system', 'kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']
    for (const namespace of namespaces) {
      for (const pod of pods) {
        const labels = { ...namespace, 'kubernetes.io/metadata.name': 'shop' }
        const count = (entries: readonly Entry[]): number =>
          entries.filter((entry) => matchesEntry(entry, labels, pod)).length
        expect(count(ours), JSON.stringify({ namespace, pod })).toBe(count(istio))
        for (const name of excluded) {
          const system = { ...namespace, 'kubernetes.io/metadata.name': name }
          expect(ours.some((entry) => matchesEntry(entry, system, pod))).toBe(false)
        }
      }
    }
  })

  it('names each entry after its rule and its revision or tag, and calls the path of it', () => {
    const ours = entriesOf(wanted({ registrants: registrants([CANARY, PROD]) }))
    expect(
      ours.map(({ name, of, raw }) => [
        name,
        of,
        (raw['clientConfig'] as { service: { path: string } }).service.path,
      ]),
    ).toEqual([
      [
        'rev.namespace.rev.canary.injector.remora.dev',
        { kind: 'revision', name: 'canary' },
        '/revisions/canary/inject',
      ],
      [
        'rev.object.rev.canary.injector.remora.dev',
        { kind: 'revision', name: 'canary' },
        '/revisions/canary/inject',
      ],
      ['rev.namespace.tag.prod.injector.remora.dev', { kind: 'tag', name: 'prod' }, '/tags/prod/inject'],
      ['rev.object.tag.prod.injector.remora.dev', { kind: 'tag', name: 'prod' }, '/tags/prod/inject'],
    ])
  })

  it('hands on the pairs of the path that Istio’s entries call, as env variables of the proxy', () => {
    const object = istioObject({ name: 'istio-sidecar-injector', revision: 'default' })
    const path = '/inject/cluster/c--slash--1/net/n1'
    const service = { name: 'istiod', namespace: 'istio-system', path }
    const webhooks = (object['webhooks'] as JsonObject[]).map((entry) => ({
      ...entry,
      clientConfig: { service },
    }))
    const ours = wanted({
      registrants: registrants([readConfiguration({ ...object, webhooks }, 'istio-system')]),
    })
    const paths = entriesOf(ours).map(({ raw }) => raw['clientConfig'])
    expect(paths).toEqual(
      Array(2).fill({
        service: expect.objectContaining({ path: '/revisions/default/inject/cluster/c--slash--1/net/n1' }),
        caBundle: 'Q0E=',
      }),
    )
  })

  it('asks cert-manager for the caBundle where that has the authority', () => {
    const annotations = (injectCaFrom?: string): unknown =>
      (wanted({ settings: { ...SETTINGS, injectCaFrom } })['metadata'] as JsonObject)['annotations']
    expect(annotations('remora-system/remora-injector')).toMatchObject({
      'cert-manager.io/inject-ca-from': 'remora-system/remora-injector',
    })
    expect(Object.keys(annotations() as JsonObject)).not.toContain('cert-manager.io/inject-ca-from')
  })

  it('lets istiod go first where it injects, or is about to, and keeps the user’s conditions', () => {
    const mine = { name: 'not-batch', expression: 'true' }
    const settings = { ...SETTINGS, matchConditions: [mine] }
    const canary = adopted({ name: 'istio-sidecar-injector-canary', revision: 'canary' })
    const conditions = (change: Partial<Wish>): string[][] =>
      entriesOf(wanted({ settings, ...change })).map((entry) => entry.conditions.map(({ name }) => name))
    const guard = 'remora-not-yet-injected'
    const istiodLive = registrants([CANARY])
    const istiodOff = registrants([canary])
    expect(conditions({ registrants: istiodOff })).toEqual([['not-batch'], ['not-batch']])
    for (const change of [
      { registrants: istiodLive },
      { registrants: istiodOff, standingBack: '*' },
      { registrants: istiodOff, standingBack: 'tag.prod,rev.canary' },
    ]) {
      expect(conditions(change)).toEqual([
        ['not-batch', guard],
        ['not-batch', guard],
      ])
    }
    expect(conditions({ registrants: istiodOff, standingBack: 'tag.canary' })[0]).toEqual(['not-batch'])
  })

  it('leaves the caBundle to others, and waits for it as long as istiod serves', () => {
    const live = (change: Partial<Wish>): boolean[] =>
      entriesOf(wanted({ caBundle: undefined, ...change })).map((entry) => entry.live)
    const off = registrants([adopted({ name: 'istio-sidecar-injector-canary', revision: 'canary' })])
    expect(live({ registrants: registrants([CANARY]) })).toEqual([false, false])
    const bundled = new Map([['rev.object.rev.canary.injector.remora.dev', 'VEhFSVJT']])
    expect(live({ registrants: registrants([CANARY]), bundled })).toEqual([true, true])
    // What is there stays, and a new entry begins with it.
    const kept = entriesOf(wanted({ caBundle: undefined, registrants: registrants([CANARY]), bundled }))
    expect(kept.map(({ caBundle }) => caBundle)).toEqual(['VEhFSVJT', 'VEhFSVJT'])
    expect(live({ registrants: off })).toEqual([true, true])
    expect(entriesOf(wanted({ caBundle: undefined })).map((entry) => entry.caBundle)).toEqual(
      Array(8).fill(''),
    )
  })

  it('never looks like an object whose caBundle istiod would overwrite', () => {
    const object = wanted()
    const { labels } = object['metadata'] as { labels: Record<string, string> }
    expect(labels['istio.io/rev']).toBeUndefined()
    const names = (object['webhooks'] as { name: string }[]).map(({ name }) => name)
    expect(names.filter((name) => name.endsWith('sidecar-injector.istio.io'))).toEqual([])
  })
})
