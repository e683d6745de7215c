// Pods that come again under compat improved: what is restored, what others did is kept, and what a record may not do.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Container, Pod } from '../../src/api/kube.ts'
import { applyUndo, undoOf } from '../../src/injection/change.ts'
import { decodePod, injectPod } from '../../src/injection/inject.ts'
import { restorePod } from '../../src/injection/restore.ts'
import { POD } from '../../src/patch/schema.ts'
import { decode } from '../../src/patch/typed.ts'
import { deepFreeze, type Json } from '../../src/std/json.ts'
import { pods } from '../generate/pod.ts'
import { runs } from '../runs.ts'
import { CLUSTER, makeRevision, revisionWith } from './settings.ts'

const settings = makeRevision()
const inject = (pod: Pod, compat: 'istio' | 'improved' = 'improved', revision = settings): Pod =>
  injectPod({
    pod: deepFreeze(pod),
    settings: revision,
    cluster: CLUSTER,
    envPairs: {},
    mode: 'webhook',
    compat,
    structure: 'refuse',
  }).pod

const make = (spec: object, metadata: object = {}): Pod =>
  decodePod({ metadata: { name: 'p', ...metadata }, spec } as Json, 'ns')
const proxyOf = (pod: Pod): Container =>
  pod.spec.containers.find((each) => each.name === 'istio-proxy') ?? { name: '' }
const changeProxy = (pod: Pod, change: (proxy: Container) => object): Pod => ({
  ...pod,
  spec: {
    ...pod.spec,
    containers: pod.spec.containers.map((each) =>
      each.name === 'istio-proxy' ? ({ ...each, ...change(each) } as Container) : each,
    ),
  },
})

describe('a change that is written down', () => {
  it('can be undone', () => {
    fc.assert(
      fc.property(pods(), pods(), (one, other) => {
        const [before, after] = [one, other].map((raw) => decodePod(raw, 'ns') as unknown as Json)
        if (before === undefined || after === undefined) return
        const undone = applyUndo(deepFreeze(after), undoOf(after, before))
        expect(decode(POD, undone)).toEqual(before)
      }),
      { numRuns: runs(200) },
    )
  })

  it('is undone only where the pod still has what it led to', () => {
    const before = { metadata: { labels: { a: '1' } } }
    const after = { metadata: { labels: { a: '2', b: '3' } } }
    const undo = undoOf(after, before)
    expect(applyUndo({ metadata: { labels: { a: '9', b: '3', c: '4' } } }, undo)).toEqual({
      metadata: { labels: { a: '9', c: '4' } },
    })
  })
})

describe('a pod that was injected before', () => {
  const PLAIN = { containers: [{ name: 'app' }] }

  it('keeps the overrides of its user, which Istio loses', () => {
    const own = { containers: [{ name: 'app' }, { name: 'istio-proxy', image: 'mine:1', args: ['--mine'] }] }
    const twice = (compat: 'istio' | 'improved') => proxyOf(inject(inject(make(own), compat), compat))
    expect(twice('improved')).toMatchObject({ image: 'mine:1', args: ['--mine'] })
    expect(twice('istio').image).not.toBe('mine:1')
  })

  it('keeps the overrides when it was Istio that injected it', () => {
    const own = { containers: [{ name: 'istio-proxy', image: 'mine:1' }, { name: 'app' }] }
    expect(proxyOf(inject(inject(make(own), 'istio'))).image).toBe('mine:1')
  })

  it('loses what its former template had and the new one has not', () => {
    const annotations = {
      'sidecar.istio.io/userVolume': '{"v":{"emptyDir":{}}}',
      'sidecar.istio.io/userVolumeMount': '{"v":{"mountPath":"/v"}}',
    }
    const once = inject(make(PLAIN, { annotations }))
    const { annotations: kept = {} } = once.metadata
    const remaining = Object.fromEntries(
      Object.entries(kept).filter(([name]) => !name.includes('userVolume')),
    )
    const again = inject({ ...once, metadata: { ...once.metadata, annotations: remaining } })
    expect(again).toEqual(inject(make(PLAIN)))
  })

  it('keeps what others added to the sidecar', () => {
    const once = inject(make({ ...PLAIN, volumes: [{ name: 'tz', hostPath: { path: '/tz' } }] }))
    const added = changeProxy(once, (proxy) => ({
      env: [...(proxy.env ?? []), { name: 'TZ', value: 'UTC' }],
      volumeMounts: [
        ...((proxy['volumeMounts'] as []) ?? []),
        { name: 'tz', mountPath: '/tz' },
        { name: 'gone', mountPath: '/gone' },
      ],
      terminationMessagePath: '/dev/termination-log',
      image: 'changed',
    }))
    const again = proxyOf(inject(added))
    expect(again.env?.at(-1)).toEqual({ name: 'TZ', value: 'UTC' })
    expect((again['volumeMounts'] as []).at(-1)).toEqual({ name: 'tz', mountPath: '/tz' })
    expect(again['terminationMessagePath']).toBe('/dev/termination-log')
    expect(again.image).toBe(proxyOf(once).image)
    expect(inject(inject(added))).toEqual(inject(added))
  })

  it('gets the settings of another revision without leftovers', () => {
    const native = makeRevision({ env: { ENABLE_NATIVE_SIDECARS: 'true' }, revision: 'canary' })
    const pod = make({ containers: [{ name: 'app', livenessProbe: { tcpSocket: { port: 80 } } }] })
    expect(inject(inject(pod), 'improved', native)).toEqual(inject(pod, 'improved', native))
    expect(inject(inject(pod, 'improved', native))).toEqual(inject(pod))
  })

  it('keeps away what somebody took away, also where injection had overwritten it', () => {
    for (const value of ['', 'abc', '15020']) {
      const annotations = { 'prometheus.io/port': value, 'prometheus.io/path': '/stats/prometheus' }
      const once = inject(make(PLAIN, { annotations }))
      const { 'prometheus.io/port': _, ...rest } = once.metadata.annotations ?? {}
      const again = inject({ ...once, metadata: { ...once.metadata, annotations: rest } })
      const { 'prometheus.io/port': __, ...before } = annotations
      expect(again).toEqual(inject(make(PLAIN, { annotations: before })))
    }
  })

  it('keeps what others did to a container of the application that templates write to', () => {
    const annotations = { 'inject.istio.io/templates': 'grpc-agent' }
    const app = { name: 'app', env: [{ name: 'A', value: '1' }], readinessProbe: { tcpSocket: { port: 1 } } }
    const change = (pod: Pod): Pod => ({
      ...pod,
      spec: {
        ...pod.spec,
        containers: [
          { name: 'first', resources: {} },
          ...pod.spec.containers.map((each) =>
            each.name === 'app'
              ? {
                  ...each,
                  env: [...(each.env ?? []), { name: 'B', value: '2' }],
                  readinessProbe: { tcpSocket: { port: 2 } },
                }
              : each,
          ),
        ],
      },
    })
    const pod = make({ containers: [app] }, { annotations })
    expect(inject(change(inject(pod)))).toEqual(inject(change(pod)))
  })

  it('has one record, whatever order its members came in', () => {
    const fields = [
      ['a', '1'],
      ['b', '2'],
    ] as const
    const templates = {
      sidecar: 'metadata: {labels: {a: x, b: z}}\nspec: {containers: [{name: istio-proxy}]}',
    }
    const revision = revisionWith(templates)
    const [one, other] = [fields, fields.toReversed()].map((labels) =>
      inject(make(PLAIN, { labels: Object.fromEntries(labels) }), 'improved', revision),
    )
    const record = (pod: Pod | undefined) => pod?.metadata.annotations?.['remora.dev/record']
    expect(record(one)).toContain('labels')
    expect(record(other)).toBe(record(one))
  })

  it('gets the own containers of its user back where users write them, when Istio injected it', () => {
    const native = makeRevision({ env: { ENABLE_NATIVE_SIDECARS: 'true' } })
    const own = { containers: [{ name: 'app' }, { name: 'istio-proxy', image: 'auto', args: ['--mine'] }] }
    expect(restorePod(inject(make(own), 'istio', native)).spec.containers).toEqual([
      { name: 'app', resources: {} },
      { name: 'istio-proxy', image: 'auto', args: ['--mine'], resources: {} },
    ])
  })

  it('is restored to what it was', () => {
    fc.assert(
      fc.property(pods({ overrides: true }), (raw) => {
        const pod = decodePod(raw, 'ns')
        let once: Pod
        try {
          once = inject(pod)
        } catch {
          return
        }
        expect(restorePod(once)).toEqual(pod)
      }),
      { numRuns: runs(100) },
    )
  })
})

describe('a record', () => {
  const status = { 'sidecar.istio.io/status': '{}' }
  const withRecord = (record: string): Pod =>
    make({ containers: [{ name: 'app' }] }, { annotations: { ...status, 'remora.dev/record': record } })

  for (const text of [
    '',
    '{',
    '[]',
    '{"undo":{},"parts":{}}',
    '{"undo":[{"path":[]}],"parts":{}}',
    '{"undo":[{"path":[{}]}],"parts":[]}',
    '{"undo":[null],"parts":{}}',
    '{"undo":[],"own":{},"parts":{}}',
  ]) {
    it(`that is none is passed over: ${text}`, () => {
      expect(restorePod(withRecord(text)).spec.containers).toEqual([{ name: 'app', resources: {} }])
    })
  }

  it('that makes no pod is refused', () => {
    const record = '{"undo":[{"path":["spec","hostNetwork"],"was":"yes"}],"parts":{}}'
    expect(() => inject(withRecord(record))).toThrow(
      'failed to run injection template: json: cannot unmarshal string',
    )
  })

  it('reaches own members only', () => {
    const record =
      '{"undo":[{"path":["metadata","labels","__proto__"],"was":"x"}],"parts":{"containers/__proto__":5}}'
    const labels = restorePod(withRecord(record)).metadata.labels ?? {}
    expect(Object.keys(labels)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(labels)).toBe(Object.prototype)
  })

  it('without a status says nothing', () => {
    const pod = make({ containers: [{ name: 'app' }] }, { annotations: { 'remora.dev/record': '{}' } })
    expect(restorePod(pod)).toBe(pod)
  })
})
