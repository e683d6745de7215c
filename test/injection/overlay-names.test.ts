// The names that a template's overlay makes, read off it, are those of the pod it really makes; where they stand for that
// pod, an overlay that does not fit by itself fails with the pod at hand, too.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/kube.ts'
import { mergePod } from '../../src/injection/merge.ts'
import { isAllSeen, namesMade } from '../../src/injection/overlay-names.ts'
import { POD } from '../../src/patch/schema.ts'
import { decode } from '../../src/patch/typed.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'

const EMPTY = decode(POD, {}) as unknown as Pod

/** What `make` gives, undefined where it throws. */
function tried<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

function namesOf({ spec }: Pod): Pod['spec'] {
  const names = (list: readonly { readonly name?: string }[] | undefined) =>
    (list ?? []).map(({ name = '' }) => ({ name }))
  return {
    containers: names(spec.containers),
    initContainers: names(spec.initContainers),
    volumes: names(spec.volumes),
    imagePullSecrets: names(spec.imagePullSecrets),
  }
}

const name = fc.constantFrom('a', 'b', 'c')

function mostly<T>(usual: fc.Arbitrary<T>, ...odd: Json[]): fc.Arbitrary<T | Json> {
  return fc.oneof({ weight: 40, arbitrary: usual }, fc.constantFrom(...odd))
}

/** Each member is there once in a while. */
function rarely(members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<JsonObject> {
  const rare = Object.entries(members).map(
    ([key, value]) => [key, fc.oneof({ weight: 40, arbitrary: fc.constant(undefined) }, value)] as const,
  )
  const given = fc.record(Object.fromEntries(rare) as Record<string, fc.Arbitrary<unknown>>)
  return given.map(
    (record) =>
      Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as JsonObject,
  )
}

const env = fc.array(fc.record({ name, value: mostly(fc.constant('x'), 5, 5, 5, null) }), { maxLength: 3 })
const container = fc
  .tuple(
    fc.record({ name: mostly(name, '', null, 5) }),
    fc.record({ image: mostly(fc.constant('x'), null, 5), env }, { requiredKeys: [] }),
    rarely({ Name: name, $patch: fc.constantFrom('delete', 'replace') }),
  )
  .map((parts) => Object.assign({}, ...parts) as JsonObject)
const containers = fc.array(container, { maxLength: 3 })
const oddly = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<T | Json> => mostly(usual, null, 'x', {}, [5])

const overlays: fc.Arbitrary<JsonObject> = fc
  .tuple(
    fc.record(
      {
        containers: oddly(containers),
        initContainers: oddly(containers),
        volumes: oddly(
          fc.array(fc.record({ name, emptyDir: mostly(fc.constantFrom<Json>({}, null), 5) }), {
            maxLength: 2,
          }),
        ),
        securityContext: fc.constantFrom<Json>(
          { fsGroup: 5 },
          {
            sysctls: [
              { name: 'a', value: 5 },
              { name: 'a', value: 'x' },
            ],
          },
        ),
        dnsPolicy: mostly(fc.constant('x'), 5),
      },
      { requiredKeys: [] },
    ),
    rarely({
      Containers: containers,
      $retainKeys: fc.constant([]),
      '$setElementOrder/containers': fc.constant([{ name: 'b' }, { name: 'a' }]),
      $patch: fc.constantFrom('replace', 'delete'),
    }),
    fc.record(
      {
        labels: fc.dictionary(name, mostly(fc.constantFrom('x', null), 5, {})),
        annotations: mostly(fc.constant({ a: 'x' }), { $patch: 'replace', b: 'x' }, 'x'),
        ownerReferences: fc.constantFrom<Json>([
          { uid: 'a', name: 5 },
          { uid: 'a', name: 'x' },
        ]),
      },
      { requiredKeys: [] },
    ),
    rarely({
      Spec: fc.constant({ containers: [] }),
      status: fc.constant({ phase: 5 }),
      $patch: fc.constant('delete'),
    }),
  )
  .map(
    ([spec, oddSpec, metadata, root]) =>
      ({ metadata, spec: { ...spec, ...oddSpec }, ...root }) as unknown as JsonObject,
  )

const pods = fc
  .record({
    spec: fc.record(
      {
        containers: fc
          .uniqueArray(name, { minLength: 1 })
          .map((names) => names.map((each) => ({ name: each, env: [{ name: 'a', value: 'x' }] }))),
        initContainers: fc.constant([{ name: 'a', env: [{ name: 'b', value: 'x' }] }]),
        volumes: fc.constant([{ name: 'a', emptyDir: {} }]),
        securityContext: fc.constant({ sysctls: [{ name: 'a', value: 'y' }] }),
        dnsPolicy: fc.constant('y'),
      },
      { requiredKeys: ['containers'] },
    ),
    metadata: fc.record(
      {
        labels: fc.constant({ a: 'y' }),
        annotations: fc.constant({ a: 'y' }),
        ownerReferences: fc.constant([{ uid: 'a', name: 'y', kind: 'x', apiVersion: 'x' }]),
      },
      { requiredKeys: [] },
    ),
  })
  .map((pod) => decode(POD, pod as unknown as Json) as unknown as Pod)

describe('the names that an overlay makes', () => {
  it('are those of the pod it makes by itself', () => {
    let known = 0
    fc.assert(
      fc.property(overlays, (overlay) => {
        const names = namesMade(overlay)
        const alone = tried(() => mergePod(EMPTY, overlay))
        if (names === undefined || alone === undefined) return
        known++
        expect(names.spec).toEqual(namesOf(alone))
      }),
      { numRuns: 3000, seed: 5 },
    )
    expect(known).toBeGreaterThan(50)
  })

  it('stand for that pod only where a misfit shows in the merged pod', () => {
    let seen = 0
    fc.assert(
      fc.property(pods, overlays, (pod, overlay) => {
        if (namesMade(overlay) === undefined || !isAllSeen(pod, overlay)) return
        seen++
        if (tried(() => mergePod(pod, overlay)) === undefined) return
        expect(tried(() => mergePod(EMPTY, overlay))).toBeDefined()
      }),
      { numRuns: 8000, seed: 5 },
    )
    expect(seen).toBeGreaterThan(50)
  })

  it.each<[string, JsonObject]>([
    ['a directive in the spec', { spec: { $patch: 'replace' } }],
    ['a directive in the metadata', { metadata: { $patch: 'delete' } }],
    ['a directive of an item', { spec: { containers: [{ name: 'a', $patch: 'delete' }] } }],
    ['another spelling of a list', { spec: { Containers: [{ name: 'a' }] } }],
    ['another spelling of a name', { spec: { containers: [{ name: 'a', Name: 'b' }] } }],
    ['an item without a name', { spec: { containers: [{ image: 'x' }] } }],
    ['another spelling of the spec', { Spec: { containers: [{ name: 'a' }] } }],
  ])('are not read off %s', (_, overlay) => {
    expect(namesMade(overlay)).toBeUndefined()
  })

  it.each<[string, JsonObject, JsonObject]>([
    ['a container of the pod', { containers: [{ name: 'a' }] }, { containers: [{ name: 'a', env: [] }] }],
    ['the same container twice', {}, { containers: [{ name: 'b' }, { name: 'b' }] }],
    [
      'a list inside what the pod has',
      { securityContext: { fsGroup: 1 } },
      { securityContext: { sysctls: [] } },
    ],
  ])('%s: not all is seen', (_, own, spec) => {
    const pod = decode(POD, { spec: { containers: [{ name: 'a' }], ...own } }) as unknown as Pod
    expect(namesMade({ spec })).toBeDefined()
    expect(isAllSeen(pod, { spec })).toBe(false)
  })

  it.each<JsonObject>([{ $patch: 'replace', b: 'x' }, { a: {} }])('labels %o: not all is seen', (labels) => {
    const pod = decode(POD, { metadata: { labels: { a: 'x' } }, spec: { containers: [] } }) as unknown as Pod
    expect(isAllSeen(pod, { metadata: { labels: { b: 'x' } } })).toBe(true)
    expect(isAllSeen(pod, { metadata: { labels } })).toBe(false)
  })
})
