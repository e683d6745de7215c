// The router says of every pod what trying each entry says, whatever the selectors are, and costs no more with many tags.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CheckInputs, findings } from '../../src/revision/check.ts'
import { readCheckedPod } from '../../src/revision/check-pod.ts'
import { type Configuration, NOT_YET_INJECTED, readConfiguration } from '../../src/revision/configuration.ts'
import { readControlPlane } from '../../src/revision/control-plane.ts'
import { discoverRevisions } from '../../src/revision/discover.ts'
import { overlaps } from '../../src/revision/overlap.ts'
import { injectors } from '../../src/revision/route.ts'
import { Router } from '../../src/revision/router.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { runs } from '../runs.ts'
import { istioConfiguration, istioObject, NOTHING_CHECKED } from './objects.ts'

const KEYS = ['istio.io/rev', 'istio-injection', 'team', '__proto__']
const VALUES = ['a', 'b', 'a,b', '0']

const labels = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES, 'c'))
const requirement = fc.oneof(
  fc.record({
    key: fc.constantFrom(...KEYS.slice(0, 3)),
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.uniqueArray(fc.constantFrom('a', 'b', '0'), { minLength: 1 }),
  }),
  fc.record({
    key: fc.constantFrom(...KEYS.slice(0, 3)),
    operator: fc.constantFrom('Exists', 'DoesNotExist'),
  }),
)
const selector = fc.record(
  {
    matchLabels: fc.dictionary(fc.constantFrom(...KEYS.slice(0, 3)), fc.constantFrom('a', 'b'), {
      maxKeys: 2,
    }),
    matchExpressions: fc.array(requirement, { maxLength: 3 }),
  },
  { requiredKeys: [] },
)
const entry = fc.record({
  name: fc.constantFrom(
    'rev.namespace.sidecar-injector.istio.io',
    'object.sidecar-injector.istio.io',
    'other.io',
  ),
  namespaceSelector: selector,
  objectSelector: selector,
  matchConditions: fc.constantFrom<JsonObject[]>([], [{ ...NOT_YET_INJECTED }]),
})
const configuration = fc
  .record({ name: fc.constantFrom('one', 'two', 'three'), webhooks: fc.array(entry, { maxLength: 4 }) })
  .map(({ name, webhooks }) => {
    const metadata = { name, labels: { 'istio.io/rev': name } }
    return readConfiguration({ metadata, webhooks } as unknown as JsonObject, 'istio-system')
  })

describe('Router', () => {
  it('names the entries that trying each one names', () => {
    const place = fc.record({ namespaceLabels: labels, podLabels: labels, injected: fc.boolean() })
    fc.assert(
      fc.property(
        fc.uniqueArray(configuration, { maxLength: 3, selector: ({ name }) => name }),
        fc.array(place, { minLength: 1, maxLength: 12 }),
        (configurations, places) => {
          const router = new Router(configurations)
          for (const each of places) expect(router.injectors(each)).toEqual(injectors(configurations, each))
        },
      ),
      { numRuns: runs(300) },
    )
  })

  it('finds the overlaps that trying every combination of labels finds', () => {
    const some = fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('x', 'y', 'z', 'w'),
        revision: fc.constantFrom('a', 'b', 'default'),
        tag: fc.constantFrom(undefined, 'a', 't'),
        isDefault: fc.boolean(),
      }),
      { maxLength: 4, selector: ({ name }) => name },
    )
    fc.assert(
      fc.property(some, (objects) => {
        const configurations = objects.map(({ tag, ...each }) =>
          istioConfiguration(tag === undefined ? each : { ...each, tag }),
        )
        const names = (
          found: readonly { readonly entry: string; readonly configuration: string }[],
        ): string => found.map((each) => `${each.configuration}/${each.entry}`).join(' ')
        const found = overlaps(configurations).map(({ entries }) => names(entries))
        expect([...new Set(found)].sort()).toEqual(byTrying(configurations, names))
      }),
      { numRuns: runs(50) },
    )
  })
})

function byTrying(
  configurations: readonly Configuration[],
  names: (found: ReturnType<typeof injectors>) => string,
): string[] {
  const found = new Set<string>()
  const values = (key: string, all: readonly (string | undefined)[]): Record<string, string>[] =>
    all.map((value): Record<string, string> => (value === undefined ? {} : { [key]: value }))
  const revisions = [undefined, 'a', 'b', 'default', 't']
  for (const injection of values('istio-injection', [undefined, 'enabled'])) {
    for (const around of values('istio.io/rev', revisions)) {
      for (const inject of values('sidecar.istio.io/inject', [undefined, 'true'])) {
        for (const own of values('istio.io/rev', revisions)) {
          const place = { namespaceLabels: { ...injection, ...around }, podLabels: { ...inject, ...own } }
          const entries = injectors(configurations, place)
          if (entries.length > 1) found.add(names(entries))
        }
      }
    }
  }
  return [...found].sort()
}

/** A cluster of so many tags and 20,000 pods in 2,000 namespaces. */
function bigCluster(tags: number): CheckInputs {
  const names = Array.from({ length: tags }, (_, index) => `tag-${index}`)
  const configurations = [
    istioObject({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true }),
    ...names.map((tag) => istioObject({ name: `istio-revision-tag-${tag}`, revision: 'default', tag })),
  ].map((raw) => readConfiguration(raw, 'istio-system'))
  const istiod = readControlPlane({ metadata: { name: 'istiod', labels: { 'istio.io/rev': 'default' } } })
  const deployments = [{ ...istiod, versions: ['1.30.3'], releaseKnown: 'yes' as const }]
  const namespaces = Array.from({ length: 2000 }, (_, index) => ({
    name: `n${index}`,
    labels: index % 2 === 0 ? { 'istio.io/rev': names[index % tags] ?? '' } : {},
    annotations: {},
  }))
  const pods = Array.from({ length: 20_000 }, (_, index) =>
    readCheckedPod({
      metadata: {
        name: `p${index}`,
        namespace: `n${index % 2000}`,
        labels: { 'istio.io/rev': names[(index * 7) % tags] ?? '', app: `a${index}` },
        annotations: { 'istio.io/rev': 'default' },
      },
      spec: { containers: [{ name: 'istio-proxy', image: 'proxyv2:1.30.3' }] },
    }),
  )
  const nothing = { services: [], configMaps: [], defaultValidator: undefined }
  return {
    ...NOTHING_CHECKED,
    now: 0,
    configurations,
    discovery: discoverRevisions({ configurations, deployments, ...nothing }),
    namespaces,
    pods,
  }
}

describe('findings in a big cluster', () => {
  it('take no longer with many tags than with few: entry by entry, 400 tags would take half a minute', () => {
    const took = (inputs: CheckInputs): number => {
      const from = performance.now()
      expect(findings(inputs).filter(({ code }) => code !== 'unknown-release')).toEqual([])
      return performance.now() - from
    }
    took(bigCluster(2))
    const few = took(bigCluster(4))
    const many = took(bigCluster(400))
    expect(many).toBeLessThan(10 * few + 500)
  })
})
