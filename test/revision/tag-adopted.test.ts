// Revision tags where remora injects, for all revisions or for those that have their settings here.

import { describe, expect, it } from 'vitest'
import { planAdopt } from '../../src/revision/adopt.ts'
import { readConfiguration, SAVED_SELECTORS, STATE } from '../../src/revision/configuration.ts'
import { planTagSet } from '../../src/revision/tag.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { FakeCluster } from './fake-cluster.ts'
import { istioObject } from './objects.ts'
import {
  ASKING,
  adopt,
  CANARY,
  DEFAULT,
  DEPLOYMENT,
  ENABLED,
  IN_PROD,
  REQUEST,
  run,
  SERVICE,
  tagCluster,
  who,
} from './tag-cluster.ts'

describe('planTagSet while adopted', () => {
  const adopted = (): FakeCluster => {
    const cluster = new FakeCluster([istioObject(DEFAULT), istioObject(CANARY)])
    adopt(cluster)
    return cluster
  }

  it('writes the tag deactivated, and waits for our entries', () => {
    const cluster = adopted()
    const { steps, objects } = planTagSet(tagCluster(cluster), REQUEST)
    expect(steps.map(({ kind }) => kind)).toEqual(['apply', 'await', 'apply'])
    run(cluster, steps)
    expect(who(cluster, IN_PROD)).toBe('remora tag prod')
    const tag = readConfiguration(objects[0] ?? {}, 'istio-system')
    expect(tag.entries.map((entry) => entry.live)).toEqual([false, false])
    expect(JSON.stringify(objects[0]?.['metadata'])).toContain(SAVED_SELECTORS)
    expect(objects[0]?.['metadata']).toMatchObject({ labels: { [STATE]: 'taken-over' } })
  })

  it('moves the default with one injector for every pod at every step, for good', () => {
    const cluster = adopted()
    run(cluster, planTagSet(tagCluster(cluster), { ...REQUEST, tag: 'default' }).steps, ({ text }) => {
      for (const place of [ENABLED, ASKING]) {
        expect(who(cluster, place), text).toMatch(/^remora (revision|tag) default$/)
      }
    })
    cluster.settle()
    expect(who(cluster, ENABLED)).toBe('remora tag default')
    const old = cluster.configurations().find(({ name }) => name === DEFAULT.name)
    expect([old?.saved, old?.entries.some((entry) => entry.live)]).toEqual([undefined, false])
  })

  it('takes over a tag that istiod serves at the moment', () => {
    const cluster = adopted()
    cluster.put(istioObject({ name: 'istio-revision-tag-prod', revision: 'canary', tag: 'prod' }))
    const request = { ...REQUEST, revision: 'default', overwrite: true }
    const { steps } = planTagSet(tagCluster(cluster), request)
    expect(steps.map(({ kind }) => kind)).toEqual(['await', 'apply', 'await', 'apply'])
    run(cluster, steps, ({ text }) =>
      expect(who(cluster, IN_PROD), text).toMatch(/^(istio|remora) tag prod$/),
    )
    expect(who(cluster, IN_PROD)).toBe('remora tag prod')
  })
})

describe('planTagSet with an istiod elsewhere', () => {
  const REMOTE: JsonObject = { url: 'https://istiod.example:15017/inject', caBundle: 'Q0E=' }
  /** Remora injects for `default`; the istiod of `canary` is elsewhere, and so are its settings. */
  const split = (...others: JsonObject[]): FakeCluster => {
    const remote = istioObject(CANARY)
    remote['webhooks'] = (remote['webhooks'] as JsonObject[]).map((each) => ({
      ...each,
      clientConfig: REMOTE,
    }))
    const cluster = new FakeCluster([istioObject(DEFAULT), remote, ...others])
    cluster.here = new Set(['default'])
    const known = new Set(['default'])
    const elsewhere = new Set(['canary', 'gone'])
    const options = { revision: undefined, kubernetes: undefined, known, elsewhere }
    for (const step of planAdopt(cluster.configurations(), options).steps) cluster.execute(step)
    return cluster
  }
  const here = [DEPLOYMENT('default'), SERVICE('default')]

  it('leaves its tags live while remora injects for others', () => {
    const cluster = split()
    const { steps, blockers } = planTagSet(tagCluster(cluster, here), REQUEST)
    expect([blockers, steps.map(({ kind }) => kind)]).toEqual([[], ['apply']])
    run(cluster, steps)
    cluster.settle()
    expect(who(cluster, IN_PROD)).toBe('istio tag prod')
  })

  it('does not take from remora what remora injects', () => {
    const cluster = split(istioObject({ name: 'p', revision: 'default', tag: 'prod' }))
    const codes = (tag: string): string[] => {
      const request = { ...REQUEST, tag, overwrite: true }
      return planTagSet(tagCluster(cluster, here), request).blockers.map(({ code }) => code)
    }
    expect([codes('prod'), codes('default'), codes('blue')]).toEqual([['elsewhere'], ['elsewhere'], []])
  })

  it.each(['canary', 'gone'])('brings a live tag of %s home with one injector at every step', (revision) => {
    const cluster = split(istioObject({ name: 'p', revision, tag: 'prod' }))
    expect(who(cluster, IN_PROD)).toBe('istio tag prod')
    const request = { ...REQUEST, revision: 'default', overwrite: true }
    const { steps, blockers } = planTagSet(tagCluster(cluster, here), request)
    expect(blockers).toEqual([])
    run(cluster, steps, ({ text }) =>
      expect(who(cluster, IN_PROD), text).toMatch(/^(istio|remora) tag prod$/),
    )
    cluster.settle()
    expect(who(cluster, IN_PROD)).toBe('remora tag prod')
  })
})
