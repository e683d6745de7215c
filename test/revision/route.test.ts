import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfiguration } from '../../src/revision/configuration.ts'
import { overlaps } from '../../src/revision/overlap.ts'
import { askedRevision, injectors, routePod } from '../../src/revision/route.ts'
import { isObject, type JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { findReference, readLines } from '../reference/outcome.ts'
import { istioConfiguration, istioObject } from './objects.ts'

const DEFAULT = istioConfiguration({ name: 'istio-sidecar-injector', revision: 'default', isDefault: true })
const CANARY = istioConfiguration({ name: 'istio-sidecar-injector-canary', revision: 'canary' })
const PROD = istioConfiguration({ name: 'istio-revision-tag-prod', revision: 'canary', tag: 'prod' })
const ALL = [DEFAULT, CANARY, PROD]

const place = (namespaceLabels: Record<string, string>, podLabels: Record<string, string> = {}) => ({
  namespaceLabels,
  podLabels,
})

describe('routePod', () => {
  it('shows every entry in the order of calls, with the labels that decide', () => {
    const rows = routePod(ALL, place({ 'istio.io/rev': 'canary' }, { team: 'shop' }))
    expect(
      rows.map(({ configuration, entry, because }) => [configuration, entry.split('.sidecar')[0], because]),
    ).toEqual([
      ['istio-revision-tag-prod', 'rev.namespace', 'namespace label istio.io/rev is "canary", not prod'],
      [
        'istio-revision-tag-prod',
        'rev.object',
        'namespace label istio.io/rev is "canary", pod label istio.io/rev is absent, not prod',
      ],
      ['istio-sidecar-injector', 'rev.namespace', 'namespace label istio.io/rev is "canary", not default'],
      [
        'istio-sidecar-injector',
        'rev.object',
        'namespace label istio.io/rev is "canary", pod label istio.io/rev is absent, not default',
      ],
      ['istio-sidecar-injector', 'namespace', 'namespace label istio-injection is absent, not enabled'],
      [
        'istio-sidecar-injector',
        'object',
        'namespace label istio.io/rev is "canary", pod label sidecar.istio.io/inject is absent, not true',
      ],
      ['istio-sidecar-injector-canary', 'rev.namespace', 'namespace label istio.io/rev=canary matches'],
      [
        'istio-sidecar-injector-canary',
        'rev.object',
        'namespace label istio.io/rev is "canary", pod label istio.io/rev is absent, not canary',
      ],
    ])
    expect(rows.filter(({ injects }) => injects).map(({ of }) => of)).toEqual([
      { kind: 'revision', name: 'canary' },
    ])
  })

  it('says when an entry is deactivated, or on for all namespaces', () => {
    const off = istioConfiguration({ name: 'a', revision: 'default', live: false })
    expect(routePod([off], place({})).map(({ because }) => because)).toEqual(
      Array(2).fill('deactivated, never matches'),
    )
    const auto: JsonObject = {
      name: 'auto.sidecar-injector.istio.io',
      namespaceSelector: { matchExpressions: [{ key: 'istio-injection', operator: 'DoesNotExist' }] },
    }
    const object = { ...istioObject({ name: 'a', revision: 'default' }), webhooks: [auto] }
    expect(routePod([readConfiguration(object, 'istio-system')], place({}))[0]?.because).toBe(
      'injection is on for all namespaces',
    )
  })

  it('lets an entry with our condition stand back behind others, and names conditions of the user', () => {
    const ours = readConfiguration(
      {
        metadata: { name: 'remora-injector' },
        webhooks: [
          {
            name: 'namespace.rev.default.injector.remora.dev',
            namespaceSelector: {},
            matchConditions: [
              { name: 'remora-not-yet-injected', expression: 'x' },
              { name: 'mine', expression: 'true' },
            ],
          },
        ],
      },
      'istio-system',
    )
    const enabled = place({ 'istio-injection': 'enabled' })
    const owners = (configurations: typeof ALL, at = enabled): string[] =>
      injectors(configurations, at).map(({ owner }) => owner)
    expect(owners([ours, DEFAULT])).toEqual(['istio'])
    expect(owners([ours])).toEqual(['remora'])
    expect(owners([ours], { ...enabled, injected: true } as never)).toEqual([])
    expect(routePod([ours], enabled)[0]?.conditions).toEqual(['mine'])
    const later = istioConfiguration({ name: 'zz', revision: 'default', isDefault: true })
    expect(owners([later, ours])).toEqual(['remora', 'istio'])
  })
})

describe('askedRevision', () => {
  it.each([
    [{}, {}, undefined],
    [{ 'istio.io/rev': 'a' }, { 'istio.io/rev': 'b' }, 'a'],
    [{}, { 'istio.io/rev': 'b' }, 'b'],
    [{ 'istio-injection': 'enabled', 'istio.io/rev': 'a' }, {}, undefined],
    [{ 'istio.io/rev': 'a' }, { 'sidecar.istio.io/inject': 'false' }, undefined],
  ])('of %j and %j is %s', (namespaceLabels, podLabels, asked) => {
    expect(askedRevision({ namespaceLabels, podLabels })).toBe(asked)
  })
})

describe('overlaps', () => {
  it('are label sets that two entries inject', () => {
    expect(overlaps(ALL)).toEqual([])
    const tag = istioConfiguration({
      name: 'istio-revision-tag-default',
      revision: 'canary',
      tag: 'default',
      isDefault: true,
    })
    const found = overlaps([...ALL, tag])
    expect(found.map(({ entries }) => entries.map(({ entry }) => entry.split('.sidecar')[0]))).toEqual([
      ['namespace', 'namespace'],
      ['object', 'object'],
      ['rev.object', 'rev.object'],
      ['rev.namespace', 'rev.namespace'],
    ])
  })
})

interface Scenario {
  name: string
  files: string[]
  webhooks: string[]
}

interface Row {
  id: string
  namespace: Record<string, string>
  pod: Record<string, string>
  match: string[]
}

const vectors = join(findReference() ?? '', 'vectors/routing')

describe.skipIf(!existsSync(vectors))('routing vectors', () => {
  it('name the entries that are called', () => {
    const scenarios = JSON.parse(readFileSync(join(vectors, 'configs.json'), 'utf8')) as Scenario[]
    const rows = readLines<Row>(join(vectors, 'routing.jsonl'))
    for (const { name, files, webhooks } of scenarios) {
      const configurations = files.map((file) => {
        const object = parseYaml(readFileSync(join(vectors, file), 'utf8'))
        return readConfiguration(isObject(object) ? object : {}, 'istio-system')
      })
      const keys = configurations.flatMap((each) =>
        each.entries.map(({ name: entry }) => `${each.name} ${entry}`),
      )
      for (const { id, namespace, pod, match } of rows) {
        const got = routePod(configurations, { namespaceLabels: namespace, podLabels: pod })
          .filter(({ matches }) => matches)
          .map(({ configuration, entry }) => webhooks[keys.indexOf(`${configuration} ${entry}`)])
        const wanted = webhooks.filter((each) => match.includes(each))
        expect([...got].sort(), `${name}: ${id}`).toEqual([...wanted].sort())
      }
    }
  })
})
