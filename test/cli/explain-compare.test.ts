// A running pod beside the one that would be made now: what counts as a difference, what came after the pod, and that pods
// which were just injected have none, whatever their settings.

import { describe, expect, it } from 'vitest'
import { differencesOf } from '../../src/cli/explain/compare.ts'
import { livePod, placeOfPod } from '../../src/cli/explain/live-pod.ts'
import { madeBefore } from '../../src/cli/explain/made-before.ts'
import { injectPlace } from '../../src/cli/inject/place.ts'
import { decodePod, injectPod } from '../../src/injection/inject.ts'
import { readConfiguration } from '../../src/revision/configuration.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { snapshotOf, TEMPLATE } from '../admission/fixture.ts'
import { findReference } from '../reference/outcome.ts'
import { corporaIn, isMarked, podsOfCases, type Subject } from '../reference/subjects.ts'
import { istioObject } from '../revision/objects.ts'

describe('differences', () => {
  const wrap = (spec: JsonObject, annotations: JsonObject = {}): JsonObject => ({
    metadata: { annotations },
    spec,
  })
  it.each<[string, JsonObject, JsonObject, string[]]>([
    ['what Kubernetes fills in is none', { dnsPolicy: 'ClusterFirst', a: 1 }, { a: 1 }, []],
    ['what Kubernetes leaves out is none', {}, { a: '', b: [], c: null, d: {} }, []],
    ['another value', { a: 1 }, { a: 2 }, ['spec.a']],
    [
      'items are told apart by their names, not their places',
      {
        env: [
          { name: 'B', value: '2' },
          { name: 'A', value: '1' },
        ],
      },
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '3' },
        ],
      },
      ['spec.env[B].value'],
    ],
    [
      'an item too many, and one too few',
      { env: [{ name: 'A' }] },
      { env: [{ name: 'B' }] },
      ['spec.env[B]', 'spec.env[A]'],
    ],
    [
      'the mount of the token is none',
      { volumeMounts: [{ name: 'x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }] },
      { volumeMounts: [] },
      [],
    ],
    ['a list without names, by places', { args: ['a', 'b'] }, { args: ['a', 'c'] }, ['spec.args[1]']],
    ['a list without names of another length', { args: ['a'] }, { args: ['a', 'c'] }, ['spec.args']],
  ])('%s', (_, live, now, paths) => {
    expect(differencesOf(wrap(live), wrap(now)).map(({ path }) => path)).toEqual(paths)
  })

  it('annotations that repeat what containers show are none', () => {
    const live = wrap({}, { 'sidecar.istio.io/status': 'x' })
    expect(differencesOf(live, wrap({}, { 'sidecar.istio.io/status': 'y', k: 'v' }))).toEqual([
      { path: 'metadata.annotations.k', live: undefined, now: 'v' },
    ])
  })
})

const reference = findReference()
const COMPATS = ['istio', 'improved'] as const
type Compat = (typeof COMPATS)[number]

/** The pod as the API server has it after injection; undefined when it is refused. */
function liveOf({ workload: _, ...subject }: Subject, compat: Compat): JsonObject | undefined {
  try {
    const { pod } = injectPod({ ...subject, compat, structure: 'refuse', mode: 'webhook' })
    const metadata = { ...pod.metadata, namespace: pod.metadata.namespace || 'default' }
    return { ...pod, metadata } as unknown as JsonObject
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

describe.skipIf(reference === undefined)('a pod of the golden cases that was just injected', () => {
  it.each(corporaIn(reference ?? import.meta.dirname))('%s: has no difference', (corpus) => {
    const lives = podsOfCases(corpus).flatMap((subject) =>
      COMPATS.flatMap((compat) => {
        const live = isMarked(subject.pod) ? undefined : liveOf(subject, compat)
        return live === undefined ? [] : [{ subject, compat, live }]
      }),
    )
    expect(lives.length).toBeGreaterThan(40)
    for (const { subject, compat, live } of lives) {
      const { settings, cluster, envPairs } = subject
      const context = { settings, cluster, envPairs: { ...envPairs }, compat, structure: 'refuse' } as const
      const { namespace } = live['metadata'] as { namespace: string }
      const { template } = injectPlace(placeOfPod(live), namespace, context)
      expect([subject.id, compat, differencesOf(live, template)]).toEqual([subject.id, compat, []])
    }
  })
})

describe('a running pod is compared with what its injector would make', () => {
  const template = `${TEMPLATE}    - {name: SAY, value: {{ index .ObjectMeta.Annotations "say" }}}\n`
  const snapshot = snapshotOf({ revisions: ['canary'], template })
  const settings = snapshot.revisions['canary']?.settings
  const namespace = { name: 'shop', labels: { 'istio.io/rev': 'canary' }, annotations: {} }

  /** State of a pod that was injected in one way, where the entry that is called is this configuration's. */
  function stateOf(compat: Compat, configuration: JsonObject, say = 'hello'): string {
    if (settings === undefined) throw new Error('no settings')
    const metadata = { name: 'p', namespace: 'shop', annotations: { say } }
    const raw = { metadata, spec: { containers: [{ name: 'web', image: 'web' }] } }
    const { cluster } = snapshot
    const how = { settings, cluster, envPairs: {}, compat, structure: 'istio', mode: 'webhook' } as const
    const { pod } = injectPod({ pod: decodePod(raw, 'shop'), ...how })
    const configurations = [readConfiguration(configuration, 'istio-system')]
    const context = { snapshot, configurations, known: new Set(['canary']) }
    const run = { context, namespace, compat: 'istio', structure: 'refuse' } as const
    return livePod(run, pod as unknown as JsonObject, { metadata: { name: 'shop' } }).state
  }

  const istios = istioObject({ name: 'istio-sidecar-injector-canary', revision: 'canary' })
  const clientConfig = {
    caBundle: 'Q0E=',
    service: { name: 'remora-injector', namespace: 'remora-system', path: '/revisions/canary/inject' },
  }
  const name = 'rev.namespace.rev.canary.injector.remora.dev'
  const ours: JsonObject = {
    metadata: { name: 'remora-injector' },
    webhooks: (istios['webhooks'] as JsonObject[]).map((entry) => ({ ...entry, name, clientConfig })),
  }

  it.each(COMPATS)('in compat mode %s, by either', (compat) => {
    expect([stateOf(compat, ours), stateOf(compat, istios)]).toEqual(['current', 'current'])
  })

  it('istiod has no guard: what it lets pass, remora refuses', () => {
    const say = 'x}\n    - {name: MORE, value: more'
    expect([stateOf('istio', ours, say), stateOf('istio', istios, say)]).toEqual(['refused', 'current'])
  })
})

describe('what came after a pod', () => {
  const NOON = '2026-03-01T12:00:00Z'
  const pod = { metadata: { name: 'p', creationTimestamp: NOON } }
  const written = (label: string, time: string): JsonObject => ({
    manager: 'me',
    time,
    fieldsV1: { 'f:metadata': { 'f:labels': { [`f:${label}`]: {} } } },
  })
  const namespace = (...managedFields: JsonObject[]): JsonObject => ({
    metadata: { name: 'shop', managedFields },
  })
  const registered = (creationTimestamp: string) =>
    readConfiguration({ metadata: { name: 'remora-injector', creationTimestamp } }, 'istio-system')

  it('is a label that decides, written later', () => {
    const later = namespace(
      written('istio.io/rev', '2026-03-01T12:00:01Z'),
      written('istio-injection', NOON),
      written('team', '2026-03-02T12:00:00Z'),
    )
    expect(madeBefore(pod, later, undefined)).toEqual([
      `label istio.io/rev of the namespace was written at 2026-03-01T12:00:01Z by me, after the pod (${NOON})`,
    ])
  })

  it('is the configuration that is called, registered later', () => {
    expect(madeBefore(pod, namespace(), registered(NOON))).toEqual([])
    expect(madeBefore(pod, namespace(), registered('2026-03-01T13:00:00Z'))).toEqual([
      `MutatingWebhookConfiguration remora-injector was created at 2026-03-01T13:00:00Z, after the pod (${NOON})`,
    ])
  })

  it('is nothing that can be told where times are missing', () => {
    expect(madeBefore({ metadata: {} }, namespace(written('istio.io/rev', NOON)), registered(NOON))).toEqual(
      [],
    )
    expect(madeBefore(pod, { metadata: {} }, readConfiguration({ metadata: {} }, 'istio-system'))).toEqual([])
  })
})
