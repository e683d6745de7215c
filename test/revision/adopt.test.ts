import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AdoptOptions, planAdopt } from '../../src/revision/adopt.ts'
import { CONFIGURATION_NAME, NEVER_MATCH, SAVED_SELECTORS, STATE } from '../../src/revision/configuration.ts'
import type { AdoptStep } from '../../src/revision/handover.ts'
import { STANDING_BACK } from '../../src/revision/registration.ts'
import { injectors, type PodPlace } from '../../src/revision/route.ts'
import { planUndo } from '../../src/revision/undo.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { runs } from '../runs.ts'
import { FakeCluster } from './fake-cluster.ts'
import { type IstioObjectOptions, istioObject } from './objects.ts'

const DEFAULT = { name: 'istio-sidecar-injector', revision: 'default', isDefault: true }
const CANARY = { name: 'istio-sidecar-injector-canary', revision: 'canary' }
const PROD = { name: 'istio-revision-tag-prod', revision: 'canary', tag: 'prod' }
const DEFAULT_TAG = {
  name: 'istio-revision-tag-default',
  revision: 'canary',
  tag: 'default',
  isDefault: true,
}

const ADOPT = {
  revision: undefined,
  kubernetes: { major: 1, minor: 35 },
  known: new Set(['default', 'canary']),
}
const UNDO = { revision: undefined, notReady: new Set<string>() }

const NAMES = [undefined, 'default', 'canary', 'prod', 'nobody']

function places(): PodPlace[] {
  const some = (key: string, values: readonly (string | undefined)[]): Record<string, string>[] =>
    values.map((value): Record<string, string> => (value === undefined ? {} : { [key]: value }))
  const namespaces = some('istio-injection', [undefined, 'enabled', 'disabled']).flatMap((injection) =>
    some('istio.io/rev', NAMES).map((revision) => ({ ...injection, ...revision })),
  )
  const pods = some('sidecar.istio.io/inject', [undefined, 'true', 'false']).flatMap((inject) =>
    some('istio.io/rev', NAMES).map((revision) => ({ ...inject, ...revision })),
  )
  return namespaces.flatMap((labels) =>
    pods.map((podLabels) => ({
      namespaceLabels: { ...labels, 'kubernetes.io/metadata.name': 'shop' },
      podLabels,
    })),
  )
}

const PLACES = places()

/** For each place the revisions or tags that inject, in the order of calls. */
function injections(cluster: FakeCluster): string[] {
  const configurations = cluster.configurations()
  return PLACES.map((place) =>
    injectors(configurations, place)
      .map(({ of }) => `${of?.kind} ${of?.name}`)
      .join(' + '),
  )
}

function expectSame(cluster: FakeCluster, before: readonly string[], when: string): void {
  const now = injections(cluster)
  before.forEach((each, index) => {
    if (!each.includes('+')) expect(now[index], `${when}: ${JSON.stringify(PLACES[index])}`).toBe(each)
    else expect(now[index], `${when}: ${JSON.stringify(PLACES[index])}`).not.toBe('')
  })
}

function withoutVersion(cluster: FakeCluster): unknown[] {
  return cluster.configurations().map(({ raw }) => {
    const { resourceVersion: _, ...metadata } = raw['metadata'] as JsonObject
    return { ...raw, metadata }
  })
}

function states(cluster: FakeCluster): Record<string, unknown> {
  return Object.fromEntries(
    cluster.configurations().map(({ name, raw }) => {
      const { labels } = raw['metadata'] as { labels: JsonObject }
      return [name, labels[STATE]]
    }),
  )
}

function run(cluster: FakeCluster, steps: readonly AdoptStep[], after: (step: AdoptStep) => void): void {
  for (const step of steps) {
    cluster.execute(step)
    after(step)
  }
}

function kinds(steps: readonly AdoptStep[]): string[] {
  return steps.map((step) => ('configuration' in step ? `${step.kind} ${step.configuration}` : step.kind))
}

describe('planAdopt', () => {
  it('registers, proves, deactivates, and lets our entries act on every pod', () => {
    const cluster = new FakeCluster([istioObject(DEFAULT), istioObject(PROD), istioObject(CANARY)])
    const { blockers, steps } = planAdopt(cluster.configurations(), ADOPT)
    expect(blockers).toEqual([])
    expect(kinds(steps)).toEqual([
      'create',
      'await',
      'prove',
      'patch istio-revision-tag-prod',
      'patch istio-sidecar-injector',
      'patch istio-sidecar-injector-canary',
      'await',
    ])
    run(cluster, steps, () => {})
    const live = cluster.configurations().flatMap(({ entries }) => entries.filter((entry) => entry.live))
    expect(live.map(({ name, guarded }) => [name.endsWith('.injector.remora.dev'), guarded])).toEqual(
      Array(8).fill([true, false]),
    )
    expect(planAdopt(cluster.configurations(), ADOPT).steps).toEqual([])
  })

  it('labels each configuration with who injects by it, and takes that away again', () => {
    const annotations = { team: 'mesh' }
    const cluster = new FakeCluster(
      [DEFAULT, PROD, CANARY].map((each) => istioObject({ ...each, annotations })),
    )
    const before = withoutVersion(cluster)
    run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, () => {})
    expect(states(cluster)).toEqual({
      [PROD.name]: 'taken-over',
      [DEFAULT.name]: 'taken-over',
      [CANARY.name]: 'taken-over',
      [CONFIGURATION_NAME]: 'injects',
    })
    const [back] = planUndo(cluster.configurations(), { ...UNDO, revision: 'canary' }).steps
    run(cluster, back === undefined ? [] : [back], () => {})
    expect(states(cluster)[CONFIGURATION_NAME]).toBe('partly')
    const undo = planUndo(cluster.configurations(), UNDO).steps
    run(cluster, undo.slice(0, 1), () => {})
    expect(states(cluster)[CONFIGURATION_NAME]).toBe('stands-back')
    run(cluster, undo.slice(1), () => {})
    expect(withoutVersion(cluster)).toEqual(before)
  })

  it('takes over one revision with its tags', () => {
    const cluster = new FakeCluster([istioObject(DEFAULT), istioObject(PROD), istioObject(CANARY)])
    const before = injections(cluster)
    const { steps } = planAdopt(cluster.configurations(), { ...ADOPT, revision: 'canary' })
    run(cluster, steps, (step) => expectSame(cluster, before, step.text))
    const adopted = cluster.configurations().filter(({ saved }) => saved !== undefined)
    expect(adopted.map(({ name }) => name)).toEqual([PROD.name, CANARY.name])
    const undo = planUndo(cluster.configurations(), { ...UNDO, revision: 'canary' })
    run(cluster, undo.steps, (step) => {
      cluster.settle()
      expectSame(cluster, before, step.text)
    })
    expect(cluster.get(CONFIGURATION_NAME)).toBeDefined()
    expect(cluster.configurations().some(({ saved }) => saved !== undefined)).toBe(false)
  })

  it('leaves alone what was deactivated before', () => {
    const off = istioObject({ ...DEFAULT, live: false })
    const cluster = new FakeCluster([off, istioObject(DEFAULT_TAG)])
    run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, () => {})
    const after = cluster.configurations().find(({ name }) => name === DEFAULT.name)
    expect(after?.saved).toBeUndefined()
  })

  it('goes on where it was left, and takes back what somebody brought back', () => {
    const cluster = new FakeCluster([istioObject(DEFAULT), istioObject(PROD), istioObject(CANARY)])
    const before = injections(cluster)
    for (let rounds = 0; rounds < 3; rounds++) {
      // Interrupted after one object was deactivated.
      run(cluster, planAdopt(cluster.configurations(), ADOPT).steps.slice(0, 4), () => {})
      cluster.settle()
      expectSame(cluster, before, `resumed ${rounds} times`)
    }
    run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, () => {})
    const adopted = withoutVersion(cluster)
    const upgraded = istioObject(PROD)
    cluster.put({ ...cluster.get(PROD.name), webhooks: upgraded['webhooks'] ?? [] })
    cluster.settle()
    expectSame(cluster, before, 'brought back')
    run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, (step) =>
      expectSame(cluster, before, step.text),
    )
    expect(withoutVersion(cluster)).toEqual(adopted)
  })

  it('follows a default tag that istioctl set meanwhile', () => {
    const cluster = new FakeCluster([istioObject(DEFAULT), istioObject(CANARY)])
    run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, () => {})
    cluster.put(istioObject(DEFAULT_TAG))
    cluster.settle()
    const after = injections(cluster)
    expect(after.filter((each) => each.includes('+'))).toEqual([])
    const { steps } = planAdopt(cluster.configurations(), ADOPT)
    expect(steps.map(({ text }) => text).filter((text) => text.startsWith('forget'))).toHaveLength(1)
    run(cluster, steps, (step) => expectSame(cluster, after, step.text))
    run(cluster, planUndo(cluster.configurations(), UNDO).steps, (step) =>
      expectSame(cluster, after, step.text),
    )
    const [revision] = cluster.configurations().filter(({ name }) => name === DEFAULT.name)
    expect(revision?.entries.map((entry) => entry.live)).toEqual([false, false, false, false])
  })

  it('is undone directly after istioctl set a default tag', () => {
    const cluster = new FakeCluster([istioObject(DEFAULT), istioObject(CANARY)])
    run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, () => {})
    cluster.put(istioObject(DEFAULT_TAG))
    cluster.settle()
    const after = injections(cluster)
    run(cluster, planUndo(cluster.configurations(), UNDO).steps, (step) =>
      expectSame(cluster, after, step.text),
    )
    expect(cluster.configurations().some(({ saved }) => saved !== undefined)).toBe(false)
  })

  it('restores our deleted object before anything else', () => {
    const cluster = new FakeCluster([istioObject(DEFAULT)])
    run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, () => {})
    cluster.delete(CONFIGURATION_NAME)
    const { steps } = planAdopt(cluster.configurations(), ADOPT)
    expect(kinds(steps)).toEqual(['create', 'await', 'prove', 'await'])
    run(cluster, steps, () => {})
    expect(planAdopt(cluster.configurations(), ADOPT).steps).toEqual([])
  })

  it('writes nothing over an object that changed since', () => {
    const cluster = new FakeCluster([istioObject(DEFAULT)])
    const step = planAdopt(cluster.configurations(), ADOPT).steps.find((each) => each.kind === 'patch')
    cluster.put(istioObject({ ...DEFAULT, live: false }))
    expect(() => step && cluster.execute(step)).toThrow(/test/i)
  })

  it('stops at what would harm pods', () => {
    const codes = (objects: IstioObjectOptions[], options: Partial<AdoptOptions> = {}): string[] =>
      planAdopt(new FakeCluster(objects.map(istioObject)).configurations(), {
        ...ADOPT,
        ...options,
      }).blockers.map(({ code }) => code)
    expect(codes([DEFAULT])).toEqual([])
    expect(codes([])).toEqual(['nothing-registered'])
    expect(codes([{ ...DEFAULT, live: false }])).toEqual(['nothing-registered'])
    expect(codes([DEFAULT], { kubernetes: { major: 1, minor: 27 } })).toEqual(['kubernetes-too-old'])
    expect(codes([DEFAULT], { kubernetes: { major: 1, minor: 28 } })).toEqual([])
    expect(codes([DEFAULT], { revision: 'canry' })).toEqual(['unknown-revision'])
    expect(codes([DEFAULT, { ...PROD, name: 'zz-prod' }])).toEqual(['runs-after'])
    expect(codes([DEFAULT, { ...PROD, revision: 'gone' }])).toEqual(['dangling-tag'])
    const elsewhere = new Set(['canary'])
    expect(codes([DEFAULT, CANARY, { ...PROD, revision: 'canary' }], { elsewhere })).toEqual([])
    expect(codes([DEFAULT, CANARY], { elsewhere, revision: 'canary' })).toContain('elsewhere')
  })

  it('leaves the entries of a revision alone whose istiod is elsewhere', () => {
    const cluster = new FakeCluster([istioObject(DEFAULT), istioObject(CANARY)])
    const options = { ...ADOPT, elsewhere: new Set(['canary']) }
    const { steps } = planAdopt(cluster.configurations(), options)
    expect(kinds(steps)).toContain('patch istio-sidecar-injector')
    expect(JSON.stringify(steps)).not.toContain('canary')
  })
})

describe('planUndo', () => {
  it('lets istiod go first, reactivates, deletes', () => {
    const cluster = new FakeCluster([istioObject(DEFAULT), istioObject(CANARY)])
    run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, () => {})
    const { steps, blockers } = planUndo(cluster.configurations(), UNDO)
    expect(blockers).toEqual([])
    expect(kinds(steps)).toEqual([
      `patch ${CONFIGURATION_NAME}`,
      'patch istio-sidecar-injector',
      'patch istio-sidecar-injector-canary',
      `delete ${CONFIGURATION_NAME}`,
    ])
    run(cluster, steps, () => {})
    expect(planUndo(cluster.configurations(), UNDO).steps).toEqual([])
  })

  it('can be turned back half-way', () => {
    const cluster = new FakeCluster([istioObject(DEFAULT), istioObject(CANARY)])
    const before = injections(cluster)
    run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, () => {})
    const [standBack] = planUndo(cluster.configurations(), UNDO).steps
    if (standBack !== undefined) cluster.execute(standBack)
    cluster.settle()
    expect(cluster.configurations().flatMap(({ entries }) => entries.filter((e) => e.guarded)).length).toBe(6)
    run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, (step) =>
      expectSame(cluster, before, step.text),
    )
    const [ours] = cluster.configurations().filter(({ name }) => name === CONFIGURATION_NAME)
    expect(ours?.entries.some((entry) => entry.guarded)).toBe(false)
    expect(JSON.stringify(ours?.raw['metadata'])).not.toContain(STANDING_BACK)
  })

  it('stops where istiod could not be called', () => {
    const object = istioObject(DEFAULT)
    const cluster = new FakeCluster([object])
    run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, () => {})
    const codes = (notReady: string[]): string[] =>
      planUndo(cluster.configurations(), { ...UNDO, notReady: new Set(notReady) }).blockers.map(
        ({ code }) => code,
      )
    expect(codes([])).toEqual([])
    expect(codes(['default'])).toEqual(['not-ready'])
    cluster.patch(DEFAULT.name, [{ op: 'remove', path: '/webhooks/1/clientConfig/caBundle' }])
    expect(codes([])).toEqual(['no-ca-bundle'])
  })
})

const clusterOf = fc
  .record({
    default: fc.constantFrom(undefined, true, false),
    canary: fc.constantFrom(undefined, true, false),
    prod: fc.constantFrom(undefined, true, false),
    defaultTag: fc.constantFrom(undefined, true, false),
    annotated: fc.boolean(),
  })
  .map((live) => {
    const annotations = live.annotated ? { team: 'mesh' } : undefined
    const object = (options: IstioObjectOptions, is: boolean | undefined): JsonObject[] =>
      is === undefined
        ? []
        : [istioObject({ ...options, live: is, ...(annotations === undefined ? {} : { annotations }) })]
    return [
      ...object(DEFAULT, live.default),
      ...object(CANARY, live.canary),
      ...object(PROD, live.prod),
      ...object(DEFAULT_TAG, live.defaultTag),
    ]
  })

describe('every pod has one injector', () => {
  it('at every step of adopt and undo, whenever the replica acts; undo restores what was', () => {
    fc.assert(
      fc.property(clusterOf, fc.infiniteStream(fc.boolean()), (objects, coin) => {
        const cluster = new FakeCluster(objects)
        const before = injections(cluster)
        const were = withoutVersion(cluster)
        const maybeLead = (): void => {
          while (coin.next().value) cluster.lead()
        }
        const watch = (step: AdoptStep): void => {
          expectSame(cluster, before, step.text)
          maybeLead()
          expectSame(cluster, before, `${step.text}, then the replica`)
        }
        run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, watch)
        run(cluster, planUndo(cluster.configurations(), UNDO).steps, watch)
        expect(stripEmpty(withoutVersion(cluster))).toEqual(were)
      }),
      { numRuns: runs(40) },
    )
  })
})

/** An annotation map that was not there before stays as an empty one. */
function stripEmpty(objects: readonly unknown[]): unknown[] {
  return objects.map((object) => {
    const { metadata, ...rest } = object as JsonObject
    const { annotations, ...others } = metadata as JsonObject
    const empty = annotations === undefined || Object.keys(annotations as JsonObject).length === 0
    return { ...rest, metadata: empty ? others : { ...others, annotations } }
  })
}

describe('saved selectors', () => {
  it('are those of the entry, whatever was saved before', () => {
    const stale = { [SAVED_SELECTORS]: JSON.stringify({ 'rev.namespace.sidecar-injector.istio.io': {} }) }
    const cluster = new FakeCluster([istioObject({ ...CANARY, annotations: stale })])
    run(cluster, planAdopt(cluster.configurations(), ADOPT).steps, () => {})
    const [canary] = cluster.configurations()
    const original = istioObject(CANARY)['webhooks'] as JsonObject[]
    expect(Object.values(canary?.saved ?? {})).toEqual(
      original.map(({ namespaceSelector, objectSelector }) => ({ namespaceSelector, objectSelector })),
    )
    expect(canary?.entries.map((entry) => entry.objectSelector)).toEqual([NEVER_MATCH, NEVER_MATCH])
  })
})
