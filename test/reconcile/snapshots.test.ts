// From what the watches hold to the answers: garbage never changes one, revisions do not depend on each other, and what
// is gone is served for a while.

import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { admit } from '../../src/admission/admit.ts'
import { readBuiltin } from '../../src/config/builtin.ts'
import { clusterView, gather, type Watched } from '../../src/reconcile/inputs.ts'
import { SnapshotStore } from '../../src/reconcile/snapshots.ts'
import type { JsonObject } from '../../src/std/json.ts'
import type { ProblemError } from '../../src/std/problem.ts'
import { POD, reviewOf } from '../admission/fixture.ts'
import { BAD_CONFIG, BAD_VALUES } from './garbage.ts'
import { revisionObjects, watchedOf } from './watched.ts'

const OPTIONS = { compat: 'istio', structure: 'refuse' } as const

class Cluster {
  readonly told: string[] = []
  problem: ProblemError | undefined
  readonly store = new SnapshotStore(
    {
      good: (revision) => this.told.push(`good ${revision}`),
      bad: (revision, problem) => {
        this.problem = problem
        this.told.push(`bad ${revision}`)
      },
      gone: (revision) => this.told.push(`gone ${revision}`),
    },
    0,
  )
  private readonly view = clusterView(watchedOf([]), 'c-1')

  hold(watched: Watched, now = 0): number | undefined {
    return this.store.update(gather(watched, 'istio-system', this.store.texts), this.view, now)
  }

  answer(path = '/inject'): string {
    return JSON.stringify(admit(this.store.snapshot, reviewOf(POD), path, OPTIONS).response)
  }
}

describe('garbage in the keys of an injector ConfigMap', () => {
  let cluster: Cluster
  let before: string
  beforeAll(() => {
    cluster = new Cluster()
    cluster.hold(watchedOf([revisionObjects('default'), revisionObjects('blue')]))
    before = cluster.answer()
    expect(before).toContain('JSONPatch')
  })

  const kinds = [
    ...Object.entries(BAD_CONFIG).map(([name, text]) => ['config', name, text] as const),
    ...Object.entries(BAD_VALUES).map(([name, text]) => ['values', name, text] as const),
  ]
  it('there are enough kinds of it', () => {
    expect(Object.keys(BAD_CONFIG).length).toBeGreaterThanOrEqual(50)
    expect(Object.keys(BAD_VALUES).length).toBeGreaterThanOrEqual(50)
  })

  it.each(kinds)('%s: %s', (key, _, text) => {
    const { blue } = cluster.store.snapshot.revisions
    cluster.told.length = 0
    cluster.hold(watchedOf([revisionObjects('default', { [key]: text }), revisionObjects('blue')]))
    expect(cluster.told).toEqual(['bad default'])
    expect(cluster.problem?.message).not.toMatch(/internal error/)
    expect(cluster.answer()).toBe(before)
    expect(cluster.store.snapshot.revisions['blue']).toBe(blue)
  })

  it('refuses a revision that never had good texts, and serves the others', () => {
    const fresh = new Cluster()
    fresh.hold(watchedOf([revisionObjects('default'), revisionObjects('blue', { config: '[' })]))
    expect(fresh.answer()).toBe(before)
    expect(fresh.answer('/revisions/blue/inject')).toContain(
      'revision \\"blue\\" has no usable configuration',
    )
  })
})

describe('settings whose probe pods take too long', () => {
  afterEach(() => vi.restoreAllMocks())

  it('are refused with the reason, and tried again, because the machine may have been busy', () => {
    const cluster = new Cluster()
    cluster.hold(watchedOf([revisionObjects('default'), revisionObjects('blue')]))
    const slow = watchedOf([
      revisionObjects('default', { values: `${readBuiltin().values}\n` }),
      revisionObjects('blue'),
    ])
    let time = 0
    vi.spyOn(performance, 'now').mockImplementation(() => {
      time += 6000
      return time
    })
    cluster.told.length = 0
    expect(cluster.hold(slow, 1000)).toBe(31_000)
    expect(cluster.told).toEqual(['bad default'])
    expect(cluster.problem).toMatchObject({ code: 'limit' })
    expect(cluster.problem?.message).toMatch(
      /^the probe pods took too long .* takes longer than the time limit/,
    )
    expect(cluster.hold(slow, 30_999)).toBe(31_000)
    expect(cluster.hold(slow, 31_000)).toBe(61_000)
    expect(cluster.told).toEqual(['bad default'])
    vi.restoreAllMocks()
    expect(cluster.hold(slow, 61_000)).toBeUndefined()
    expect(cluster.told).toEqual(['bad default', 'good default'])
  })
})

describe('the snapshot of a cluster', () => {
  it('changes nothing when nothing changed', () => {
    const cluster = new Cluster()
    const watched = () => watchedOf([revisionObjects('default'), revisionObjects('blue')])
    cluster.hold(watched())
    const { snapshot } = cluster.store
    cluster.hold(watched())
    expect(cluster.store.snapshot).toBe(snapshot)
    expect(cluster.told).toEqual(['good blue', 'good default'])
  })

  it('of no revision at all lets pods go on', () => {
    const cluster = new Cluster()
    cluster.hold(watchedOf([]))
    expect(cluster.answer()).toContain('"allowed":true')
  })

  it('keeps texts, release and environment when parts of a revision go away', () => {
    const cluster = new Cluster()
    const whole = watchedOf([revisionObjects('default')])
    cluster.hold(whole)
    const before = cluster.answer()
    const { env, release } = cluster.store.snapshot.revisions['default']?.settings ?? {}
    expect([env?.['CLUSTER_ID'], release?.minor]).toEqual(['c-1', 30])
    cluster.hold({ ...whole, deployments: new Map() })
    expect(cluster.store.snapshot.revisions['default']?.settings?.env).toBe(env)
    cluster.hold({ ...whole, configMaps: new Map() })
    expect(cluster.problem?.message).toBe('ConfigMap istio-system/istio-sidecar-injector does not exist')
    const noValues = revisionObjects('default')
    noValues.injector.data = { config: noValues.injector.data.config } as never
    cluster.hold(watchedOf([noValues]))
    expect(cluster.problem?.message).toBe('missing ConfigMap values key "values"')
    expect(cluster.answer()).toBe(before)
  })

  it('serves a revision and a tag for a minute after they are gone', () => {
    const cluster = new Cluster()
    const tag = {
      name: 'istiod-prod',
      labels: { app: 'istiod', 'istio.io/rev': 'blue', 'istio.io/tag': 'prod' },
    }
    const both = [revisionObjects('default'), revisionObjects('blue')]
    cluster.hold(watchedOf(both, { services: new Map([['istiod-prod', tag]]) }))
    const before = cluster.answer('/tags/prod/inject')
    expect(before).toContain('JSONPatch')
    const left = watchedOf([revisionObjects('default')])
    expect(cluster.hold(left, 1000)).toBe(61_000)
    expect(cluster.answer('/tags/prod/inject')).toBe(before)
    cluster.hold(left, 60_999)
    expect(cluster.answer('/revisions/blue/inject')).toContain('JSONPatch')
    cluster.hold(left, 61_000)
    expect(cluster.answer('/tags/prod/inject')).toContain('no tag is known')
    cluster.hold(left, 200_000)
    expect(cluster.answer('/revisions/blue/inject')).toContain('known revisions: default')
    expect(cluster.told.at(-1)).toBe('gone blue')
  })

  it('leaves out a revision whose istiod is called by URL, though it has settings here', () => {
    const cluster = new Cluster()
    const { deployment } = revisionObjects('default')
    const { webhook, ...far } = revisionObjects('far')
    const object: JsonObject = webhook
    const clientConfig = { url: 'https://istiod.example/inject' }
    const webhooks = (object['webhooks'] as JsonObject[]).map((entry) => ({ ...entry, clientConfig }))
    const called: JsonObject = { ...object, webhooks }
    const moved = { ...far, deployment, webhook: { kind: 'MutatingWebhookConfiguration', ...called } }
    const watched = watchedOf([revisionObjects('default'), moved])
    cluster.hold(watched)
    expect(Object.keys(cluster.store.snapshot.revisions)).toEqual(['default'])
  })

  it('takes shared mesh config first, and no ConfigMap for an empty one', () => {
    const objects = revisionObjects('default')
    const [container] = objects.deployment.spec.template.spec.containers
    container?.env.push({ name: 'SHARED_MESH_CONFIG', value: 'shared' })
    const shared = { name: 'shared', labels: {}, texts: { mesh: 'trustDomain: shared' } }
    const watched = watchedOf([objects])
    const configMaps = new Map([...watched.configMaps, ['shared', shared]])
    const meshOf = (maps: Watched['configMaps']): unknown => {
      const inputs = gather({ ...watched, configMaps: maps }, 'istio-system', new Map()).revisions.get(
        'default',
      )
      return inputs !== undefined && 'mesh' in inputs ? inputs.mesh : undefined
    }
    expect(meshOf(configMaps)).toEqual(['trustDomain: shared', objects.mesh.data.mesh])
    configMaps.delete('istio')
    configMaps.delete('shared')
    expect(meshOf(configMaps)).toEqual([])
  })
})
