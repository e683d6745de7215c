// Revision tags where istiod injects: what is made and moved in which order, what is refused, what goes with a tag.

import { describe, expect, it } from 'vitest'
import { readLabelled } from '../../src/revision/control-plane.ts'
import { planTagRemove, planTagSet } from '../../src/revision/tag.ts'
import type { TagCluster, TagRequest } from '../../src/revision/tag-target.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { FakeCluster } from './fake-cluster.ts'
import { istioObject } from './objects.ts'
import {
  ASKING,
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

function refusal(change: Partial<TagRequest>, cluster: TagCluster): string {
  try {
    planTagSet(cluster, { ...REQUEST, ...change })
  } catch (error) {
    if (error instanceof ProblemError) return error.message
    throw error
  }
  return ''
}

describe('planTagSet', () => {
  const fresh = (): FakeCluster => new FakeCluster([istioObject(DEFAULT), istioObject(CANARY)])

  it('makes a tag that selects as Istio’s does, and a Service', () => {
    const cluster = fresh()
    const { steps, blockers, warnings, conflicts, objects } = planTagSet(tagCluster(cluster), REQUEST)
    expect([blockers, warnings, conflicts]).toEqual([[], [], []])
    expect(steps.map(({ text }) => text)).toEqual([
      'apply MutatingWebhookConfiguration istio-revision-tag-prod',
      'apply Service istiod-revision-tag-prod',
    ])
    run(cluster, steps)
    expect(who(cluster, IN_PROD)).toBe('istio tag prod')
    const service = objects[1]
    expect(service).toMatchObject({
      metadata: { labels: { app: 'istiod', 'istio.io/rev': 'canary', 'istio.io/tag': 'prod' } },
      spec: { selector: { app: 'istiod', 'istio.io/rev': 'canary' } },
    })
    expect(JSON.stringify(service)).not.toMatch(/clusterIP|nodePort|helm/)
  })

  it('takes neither marks of installers nor our own from the revision', () => {
    const source = istioObject(CANARY)
    source['metadata'] = {
      name: CANARY.name,
      labels: {
        app: 'x',
        'istio.io/rev': 'canary',
        'app.kubernetes.io/managed-by': 'Helm',
        'helm.sh/chart': 'istiod',
        'operator.istio.io/component': 'Pilot',
        'install.operator.istio.io/owning-resource': 'unknown',
        release: 'istio',
      },
      annotations: { 'meta.helm.sh/release-name': 'istiod', 'remora.dev/note': 'x', team: 'mesh' },
    }
    const { objects } = planTagSet(tagCluster(new FakeCluster([source])), REQUEST)
    expect(objects[0]?.['metadata']).toEqual({
      name: 'istio-revision-tag-prod',
      labels: { app: 'sidecar-injector', 'istio.io/rev': 'canary', 'istio.io/tag': 'prod', release: 'istio' },
      annotations: { team: 'mesh' },
    })
  })

  it('names the object after the namespace, the user’s wish, or the one that is there', () => {
    const name = (change: Partial<TagRequest>, cluster: TagCluster): string =>
      readLabelled(planTagSet(cluster, { ...REQUEST, ...change }).objects[0] ?? {}).name
    const cluster = tagCluster(fresh())
    expect(name({}, cluster)).toBe('istio-revision-tag-prod')
    expect(name({}, { ...cluster, namespace: 'mesh' })).toBe('istio-revision-tag-prod-mesh')
    expect(name({ webhookName: 'mine' }, cluster)).toBe('mine')
    const there = fresh()
    there.put(istioObject({ name: 'mine', revision: 'default', tag: 'prod' }))
    expect(name({ overwrite: true }, tagCluster(there))).toBe('mine')
  })

  it('has a Service since 1.28', () => {
    const old = {
      ...DEPLOYMENT('canary'),
      spec: { template: { spec: { containers: [{ name: 'discovery', image: 'pilot:1.27.9' }] } } },
    }
    const { objects } = planTagSet(tagCluster(fresh(), [old, SERVICE('canary')]), REQUEST)
    expect(objects.map((object) => object['kind'])).toEqual(['MutatingWebhookConfiguration'])
  })

  it('leaves no Service of the tag behind that names another revision', () => {
    const old = {
      ...DEPLOYMENT('canary'),
      spec: { template: { spec: { containers: [{ name: 'discovery', image: 'pilot:1.27.9' }] } } },
    }
    const mine = SERVICE('prod')
    mine['metadata'] = {
      name: 'istiod-revision-tag-prod',
      namespace: 'istio-system',
      labels: { app: 'istiod', 'istio.io/rev': 'default', 'istio.io/tag': 'prod' },
    }
    const last = (others: JsonObject[]): string | undefined =>
      planTagSet(tagCluster(fresh(), others), { ...REQUEST, overwrite: true }).steps.at(-1)?.text
    expect(last([old, SERVICE('canary'), mine])).toBe('apply Service istiod-revision-tag-prod')
    expect(last([old, mine])).toBe('delete Service istiod-revision-tag-prod')
  })

  it('refuses what Istio refuses, and where Istio crashes', () => {
    const cluster = tagCluster(fresh())
    expect(refusal({ tag: 'default', revision: 'nope' }, cluster)).toContain(
      'cannot find MutatingWebhookConfiguration or Service with revision "nope"',
    )
    expect(refusal({ tag: 'canary' }, cluster)).toContain('cannot create revision tag "canary"')
    expect(refusal({ tag: 'canary', overwrite: true }, cluster)).toBe('')
    expect(refusal({ tag: 'canary', generate: true }, cluster)).toBe('')
    expect(refusal({ tag: 'Prod!' }, cluster)).toContain('"Prod!" cannot be the name')
    const tagged = fresh()
    tagged.put(istioObject({ name: 'p', revision: 'default', tag: 'prod' }))
    expect(refusal({}, tagCluster(tagged))).toBe(
      'revision tag "prod" already exists, and --overwrite is false',
    )
    expect(refusal({ generate: true }, tagCluster(tagged))).toContain('already exists')
    const twice = fresh()
    twice.put(istioObject({ ...CANARY, name: 'second' }))
    expect(refusal({}, tagCluster(twice))).toContain('multiple canonical webhooks')
    const services = [SERVICE('canary'), { ...SERVICE('canary') }]
    expect(refusal({}, tagCluster(fresh(), services))).toContain('multiple canonical services')
    const bare = new FakeCluster([istioObject(DEFAULT)])
    expect(refusal({}, tagCluster(bare))).toBe(
      'cannot modify tag: cannot find MutatingWebhookConfiguration with revision "canary"',
    )
  })

  it('is blocked by a control plane that cannot take pods', () => {
    const codes = (others: JsonObject[], cluster = fresh()): string[] =>
      planTagSet(tagCluster(cluster, others), REQUEST).blockers.map(({ code }) => code)
    expect(codes([DEPLOYMENT('canary', 0)])).toEqual(['not-ready'])
    expect(codes([])).toEqual([])
    const bare = fresh()
    bare.patch(CANARY.name, [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }])
    expect(codes([], bare)).toEqual(['no-ca-bundle'])
  })

  it.each([
    [undefined, ['patch', 'apply', 'patch', 'apply', 'apply']],
    ['zz-default', ['apply', 'patch', 'apply', 'apply', 'apply']],
  ])('moves the default (as %s) with one injector for every pod at every step', (webhookName, kinds) => {
    const cluster = fresh()
    const before = cluster.get(DEFAULT.name)
    const request = { ...REQUEST, tag: 'default', webhookName }
    const { steps, objects, conflicts } = planTagSet(tagCluster(cluster), request)
    expect(conflicts).toEqual([])
    expect(steps.map(({ kind }) => kind)).toEqual(kinds)
    run(cluster, steps, ({ text }) => {
      for (const place of [ENABLED, ASKING]) {
        expect(who(cluster, place), text).toMatch(/^istio (revision|tag) default$/)
      }
    })
    expect(who(cluster, ENABLED)).toBe('istio tag default')
    const old = cluster.configurations().find(({ name }) => name === DEFAULT.name)
    expect(old?.entries.some(({ live, guarded }) => live || guarded)).toBe(false)
    expect(cluster.configurations().flatMap(({ entries }) => entries.filter((e) => e.guarded))).toEqual([])
    expect(Object.keys(old?.raw['metadata'] ?? {})).toEqual(Object.keys(before?.['metadata'] ?? {}))
    expect(objects.map((object) => object['kind'])).toEqual([
      'MutatingWebhookConfiguration',
      'ValidatingWebhookConfiguration',
      'Service',
    ])
  })

  it('moves an existing default by one write', () => {
    const cluster = fresh()
    run(cluster, planTagSet(tagCluster(cluster), { ...REQUEST, tag: 'default' }).steps)
    const again = { ...REQUEST, tag: 'default', revision: 'default', overwrite: true }
    const { steps } = planTagSet(tagCluster(cluster), again)
    expect(steps.map(({ kind }) => kind)).toEqual(['apply', 'apply', 'apply'])
  })

  it('warns where Kubernetes has no conditions, and where generated objects would inject twice', () => {
    const old = tagCluster(fresh(), undefined, { kubernetes: { major: 1, minor: 27 } })
    const request = { ...REQUEST, tag: 'default', autoInjectNamespaces: true }
    expect(planTagSet(old, request).warnings).toHaveLength(1)
    expect(planTagSet(old, request).steps.map(({ kind }) => kind)).toEqual([
      'apply',
      'patch',
      'apply',
      'apply',
    ])
    const generated = planTagSet(tagCluster(fresh()), { ...request, generate: true })
    expect(generated.warnings[0]).toContain('leaves istio-sidecar-injector live')
    expect(generated.conflicts.length).toBeGreaterThan(0)
    expect(planTagSet(tagCluster(fresh()), { ...REQUEST, autoInjectNamespaces: true }).warnings).toEqual([
      '--auto-inject-namespaces has no effect on tag "prod": only the tag "default" heeds it',
    ])
  })

  it('finds conflicts with any configuration of the cluster', () => {
    const cluster = fresh()
    cluster.put(istioObject({ name: 'other', revision: 'default', tag: 'prod' }))
    const { conflicts } = planTagSet(tagCluster(cluster), {
      ...REQUEST,
      overwrite: true,
      webhookName: 'istio-revision-tag-prod',
    })
    expect(conflicts[0]).toContain('would both inject')
  })

  it('keeps a validator that refuses what it cannot judge', () => {
    const validator = (failurePolicy: string): JsonObject => ({
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'istiod-default-validator' },
      webhooks: [{ failurePolicy }],
    })
    const policy = (others: JsonObject[]): unknown => {
      const { objects } = planTagSet(tagCluster(fresh(), others), { ...REQUEST, tag: 'default' })
      const [webhook] = (objects[1]?.['webhooks'] ?? []) as JsonObject[]
      return [webhook?.['failurePolicy'], (webhook?.['clientConfig'] as JsonObject | undefined)?.['service']]
    }
    const service = { name: 'istiod', namespace: 'istio-system', path: '/validate' }
    expect(policy([])).toEqual(['Ignore', service])
    expect(policy([validator('Ignore')])).toEqual(['Ignore', service])
    expect(policy([validator('Fail')])).toEqual(['Fail', service])
  })
})

describe('planTagRemove', () => {
  it('removes all that carries the tag, with the default the validator, too', () => {
    const cluster = new FakeCluster([istioObject(DEFAULT), istioObject(CANARY)])
    run(cluster, planTagSet(tagCluster(cluster), { ...REQUEST, tag: 'default' }).steps)
    const { objects } = planTagSet(tagCluster(cluster), { ...REQUEST, tag: 'default', overwrite: true })
    const steps = planTagRemove(tagCluster(cluster, objects), 'default')
    expect(steps.map(({ text }) => text)).toEqual([
      'delete MutatingWebhookConfiguration istio-revision-tag-default',
      'delete Service istiod-revision-tag-default',
      'delete ValidatingWebhookConfiguration istiod-default-validator',
    ])
    run(cluster, steps)
    expect(() => planTagRemove(tagCluster(cluster), 'default')).toThrow('cannot remove tag "default"')
  })
})
