// The way back: what inject puts into a manifest, uninject takes out again, whatever the workload looked like before.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { editYaml } from '../../src/cli/edit/edit.ts'
import { type InjectContext, injectPlace } from '../../src/cli/inject/place.ts'
import { uninjected } from '../../src/cli/inject/uninject-template.ts'
import { podPlaces, replaceAt, WORKLOAD_KINDS } from '../../src/cli/input/workloads.ts'
import { loadSettings } from '../../src/cli/settings.ts'
import { deepFreeze, isObject, type Json, type JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { runs } from '../runs.ts'
import { memoryIo, runRemora } from './memory-io.ts'

const BASE = {
  injectConfigMapName: 'istio-sidecar-injector',
  meshConfigMapName: 'istio',
  istioNamespace: 'istio-system',
  offline: true,
  compat: 'istio',
  structure: 'refuse',
} as const

async function contextFor(
  env: Record<string, string>,
  compat: InjectContext['compat'],
): Promise<InjectContext> {
  const { revision, cluster } = await loadSettings(memoryIo({}).io, { ...BASE, injectorEnv: env })
  return { settings: revision, cluster, envPairs: {}, compat, structure: 'refuse' }
}

const plain = await contextFor({}, 'istio')
const improved = await contextFor({}, 'improved')
const native = { ENABLE_NATIVE_SIDECARS: 'true' }
const contexts = [plain, improved, await contextFor(native, 'istio'), await contextFor(native, 'improved')]

const port = fc.oneof(
  fc.integer({ min: 1, max: 65535 }),
  fc.constantFrom('http', 'unknown'),
  fc.constant(15020),
)
const handler: fc.Arbitrary<JsonObject> = fc.oneof(
  port.map((value) => ({ tcpSocket: { port: value } })),
  fc.record({ port, path: fc.constantFrom('/', '/ready') }).map((httpGet) => ({ httpGet })),
  fc.record({ port, scheme: fc.constant('HTTPS') }).map((httpGet) => ({ httpGet })),
  fc.constant<JsonObject>({ grpc: { port: 9000 } }),
  fc.constant<JsonObject>({ exec: { command: ['true'] } }),
)
const optional = <T extends Record<string, fc.Arbitrary<unknown>>>(model: T) =>
  fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>

const settings = optional({
  readinessProbe: handler,
  livenessProbe: fc.tuple(handler, optional({ periodSeconds: fc.nat(9) })).map(([a, b]) => ({ ...a, ...b })),
  startupProbe: handler,
  lifecycle: optional({ preStop: handler, postStart: fc.constant({ sleep: { seconds: 1 } }) }),
  resources: fc.constantFrom<Json>({}, { limits: { cpu: '2000m', memory: '0.5Gi' } }),
  env: fc.constantFrom<Json>([], [{ name: 'A', value: '1' }, { name: 'B' }]),
  ports: fc.constantFrom<Json>([{ name: 'http', containerPort: 8080 }], []),
  unknownField: fc.constant('kept'),
})
const containers = fc
  .tuple(settings, settings, settings, fc.constantFrom('', 'auto', 'mine'), fc.boolean(), fc.boolean())
  .map(([first, second, own, proxy, two, front]) => {
    const list: JsonObject[] = [{ name: 'app', image: 'app', ...first }]
    if (two) list.push({ name: 'side', image: 'side', ...second })
    const mine = { name: 'istio-proxy', ...own, ...(proxy === '' ? {} : { image: proxy }) }
    if (proxy !== '') front ? list.unshift(mine) : list.push(mine)
    return list
  })
const map = (entries: readonly [string, string][]): fc.Arbitrary<JsonObject> =>
  fc.subarray([...entries]).map((chosen) => Object.fromEntries(chosen))
const metadata = optional({
  labels: map([
    ['app', 'a'],
    ['version', 'v1'],
    ['security.istio.io/tlsMode', 'istio'],
    ['service.istio.io/canonical-name', 'other'],
    ['service.istio.io/canonical-revision', 'latest'],
    ['constructor', 'c'],
  ]),
  annotations: map([
    ['prometheus.io/scrape', 'true'],
    ['prometheus.io/port', '9090'],
    ['prometheus-io/path', '/m'],
    ['istio.io/rev', 'mine'],
    ['kubectl.kubernetes.io/default-container', 'app'],
    ['proxy.istio.io/config', 'holdApplicationUntilProxyStarts: true'],
    ['sidecar.istio.io/userVolume', '[{"name":"extra","emptyDir":{}}]'],
    ['toString', 'x'],
  ]),
  name: fc.constant('named'),
})
const spec = fc
  .tuple(
    containers,
    optional({
      volumes: fc.constantFrom<Json>(
        [],
        [
          { name: 'istio-envoy', configMap: { name: 'x' } },
          { name: 'mine', emptyDir: {} },
        ],
      ),
      initContainers: fc.constantFrom<Json>(
        [{ name: 'init', image: 'i' }],
        [{ name: 'istio-init', image: 'mine' }],
        [],
      ),
      imagePullSecrets: fc.constantFrom<Json>([{ name: 'pull' }], []),
      securityContext: fc.constantFrom<Json>({}, { fsGroup: 5 }),
      dnsPolicy: fc.constant('None'),
      priority: fc.constant(0),
    }),
  )
  .map(([list, rest]) => ({ containers: list, ...rest }) as JsonObject)
const template = fc.tuple(metadata, spec, fc.boolean()).map(([meta, podSpec, bare]) => {
  return (bare ? { spec: podSpec } : { metadata: meta, spec: podSpec }) as JsonObject
})

const inTemplate = (pod: JsonObject): JsonObject => ({ metadata: { name: 'w' }, spec: { template: pod } })

const KINDS: readonly (readonly [string, string, (template: JsonObject) => JsonObject])[] = [
  [
    'v1',
    'Pod',
    (pod) => ({ ...pod, metadata: { ...(isObject(pod['metadata']) ? pod['metadata'] : {}), name: 'p' } }),
  ],
  ['v1', 'PodTemplate', (pod) => ({ metadata: { name: 't' }, template: pod })],
  ['v1', 'ReplicationController', inTemplate],
  ['apps/v1', 'Deployment', inTemplate],
  ['apps/v1', 'DaemonSet', inTemplate],
  ['apps/v1', 'ReplicaSet', inTemplate],
  ['apps/v1', 'StatefulSet', inTemplate],
  ['batch/v1', 'Job', inTemplate],
  [
    'batch/v1',
    'CronJob',
    (pod) => ({ metadata: { name: 'c' }, spec: { jobTemplate: { spec: { template: pod } } } }),
  ],
  ['apps.openshift.io/v1', 'DeploymentConfig', inTemplate],
  ['argoproj.io/v1alpha1', 'Rollout', inTemplate],
]
const object = fc
  .tuple(template, fc.constantFrom(...KINDS))
  .map(([pod, [apiVersion, kind, make]]) => ({ apiVersion, kind, ...make(pod) }) as JsonObject)
const workload = fc.oneof(
  { weight: 5, arbitrary: object },
  {
    weight: 1,
    arbitrary: fc
      .array(object, { maxLength: 2 })
      .map((items) => ({ apiVersion: 'v1', kind: 'List', items }) as JsonObject),
  },
)

function injectedData(data: Json, context: InjectContext): Json {
  return podPlaces(data).reduce(
    (current, place) => replaceAt(current, place.path, injectPlace(place, 'default', context).template),
    data,
  )
}

function uninjectedData(data: Json): Json {
  return podPlaces(data).reduce((current, place) => {
    const { template: next, warnings } = uninjected(place.template)
    expect(warnings).toEqual([])
    return replaceAt(current, place.path, next)
  }, data)
}

describe('uninject', () => {
  it('is tried on every kind that carries a pod', () => {
    expect(KINDS.map(([, kind]) => kind).toSorted()).toEqual(WORKLOAD_KINDS.toSorted())
  })

  it('of inject is the workload as it was', () => {
    fc.assert(
      fc.property(workload, fc.constantFrom(...contexts), (data, context) => {
        const injected = injectedData(deepFreeze(data), context)
        if (podPlaces(data).length > 0) expect(injected).not.toEqual(data)
        expect(uninjectedData(injected)).toEqual(data)
      }),
      { numRuns: runs(300) },
    )
  })

  it('gives the first workload back when it was injected twice, whatever by', () => {
    const some = fc.constantFrom(...contexts)
    fc.assert(
      fc.property(workload, some, some, (data, first, second) => {
        expect(uninjectedData(injectedData(injectedData(data, first), second))).toEqual(data)
      }),
      { numRuns: runs(100) },
    )
  })

  it('under compat improved: injecting what is injected changes nothing', () => {
    fc.assert(
      fc.property(workload, (data) => {
        const injected = injectedData(deepFreeze(data), improved)
        expect(injectedData(injected, improved)).toEqual(injected)
      }),
      { numRuns: runs(100) },
    )
  })

  it('of what Istio injected leaves a name that the user gave', () => {
    const canonical = 'service.istio.io/canonical-name'
    const labels = (given: JsonObject): Json | undefined => {
      const pod = { metadata: { labels: { app: 'a', ...given } }, spec: { containers: [{ name: 'c' }] } }
      const injected = injectedData({ apiVersion: 'v1', kind: 'Pod', ...pod }, plain)
      const text = JSON.stringify(injected).replaceAll(/,\\"restore\\":\[.*?\]/g, '')
      const { metadata } = uninjectedData(JSON.parse(text) as Json) as { metadata: JsonObject }
      return metadata['labels']
    }
    expect(labels({ [canonical]: 'mine' })).toEqual({ app: 'a', [canonical]: 'mine' })
    expect(labels({})).toEqual({ app: 'a' })
  })

  it('brings the text back, byte for byte, where nothing that was there had to change', () => {
    const text =
      '# head\nkind: Pod  # a pod\napiVersion: v1\nmetadata:\n  name: p\nspec:\n  containers:\n  # the app\n  - {name: a,   image: "b"}\n'
    const data = parseYaml(text)
    const injected = injectedData(data, plain)
    const there = editYaml(text, data, injected)
    expect(there.startsWith('# head\nkind: Pod  # a pod\n')).toBe(true)
    expect(editYaml(there, injected, uninjectedData(injected))).toBe(text)
  })
})

describe('the record of an injection', () => {
  const folder = mkdtempSync(join(tmpdir(), 'remora-uninject-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  const pod = (extra: JsonObject): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', labels: { app: 'p' } },
    spec: { containers: [{ name: 'a', image: 'a', ...extra }] },
  })
  const status = (data: Json): JsonObject => {
    const annotations = ((data as JsonObject)['metadata'] as JsonObject)['annotations'] as JsonObject
    return JSON.parse(String(annotations['sidecar.istio.io/status'])) as JsonObject
  }

  it('is not written where the pod itself tells everything', () => {
    const probe = { readinessProbe: { httpGet: { path: '/x', port: 80 } } }
    expect(Object.keys(status(injectedData(pod(probe), plain)))).not.toContain('restore')
  })

  it('holds only what the pod does not tell', () => {
    const probe = {
      readinessProbe: { httpGet: { path: '/x', port: 'web' } },
      ports: [{ name: 'web', containerPort: 1 }],
    }
    expect(status(injectedData(pod(probe), plain))['restore']).toEqual([
      { op: 'replace', path: '/spec/containers/0/readinessProbe/httpGet/port', value: 'web' },
    ])
  })

  it('that no longer fits is left out with a warning', async () => {
    const probe = {
      readinessProbe: { httpGet: { path: '/x', port: 'web' } },
      ports: [{ name: 'web', containerPort: 1 }],
    }
    const injected = injectedData(pod(probe), plain) as JsonObject
    const changed = structuredClone(injected)
    const containers = (changed['spec'] as JsonObject)['containers'] as JsonObject[]
    delete containers.find((container) => container['name'] === 'a')?.['readinessProbe']
    writeFileSync(join(folder, 'p.json'), JSON.stringify(changed))
    const said = await runRemora(['uninject', '-f', 'p.json'], { cwd: folder })
    expect(said.code).toBe(0)
    expect(said.stderr).toMatch(/^warning: p\.json: Pod p: the record of the injection no longer fits/)
    expect(JSON.parse(said.stdout)).toEqual(pod({ ports: probe.ports }))
  })
})
