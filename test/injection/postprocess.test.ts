import { describe, expect, it } from 'vitest'
import type { Container, Pod } from '../../src/api/kube.ts'
import type { InjectValues, Message } from '../../src/api/mesh.ts'
import { NEWEST, type Release } from '../../src/api/release.ts'
import { changeAnnotations } from '../../src/injection/annotations.ts'
import { applyClusterEnv, completePairs, updateEnv } from '../../src/injection/postprocess/cluster.ts'
import { applyMetadata } from '../../src/injection/postprocess/metadata.ts'
import { orderContainers } from '../../src/injection/postprocess/order.ts'
import {
  addProbers,
  collectProbers,
  probersText,
  restoreProbes,
  rewriteProbes,
} from '../../src/injection/postprocess/probes.ts'
import { mergePrometheus, restoreScraping } from '../../src/injection/postprocess/prometheus.ts'
import { readValues } from '../../src/mesh/values.ts'

const container = (name: string, rest: object = {}): Container => ({ name, resources: {}, ...rest })

function pod(spec: Partial<Pod['spec']>, metadata: Pod['metadata'] = {}): Pod {
  return { metadata, spec: { containers: [], ...spec } }
}

const annotated = (annotations: Record<string, string>, spec: Partial<Pod['spec']> = {}): Pod =>
  pod({ containers: [container('app'), container('istio-proxy')], ...spec }, { annotations })

const envOf = (from: Pod, name: string): string | undefined =>
  from.spec.containers.find((each) => each.name === 'istio-proxy')?.env?.find((each) => each.name === name)
    ?.value

describe('cluster and network', () => {
  const values = (text: string): InjectValues => readValues(text)
  const none = values('{}')
  const both = values('{"global":{"network":"from-values","multiCluster":{"clusterName":"c-values"}}}')

  it('come from values, the path wins over them, the label over all', () => {
    const labeled = pod({}, { labels: { 'topology.istio.io/network': 'from-label' } })
    const path = { ISTIO_META_NETWORK: 'from-path', ISTIO_META_CLUSTER_ID: 'c-path', OTHER: 'x' }
    expect(completePairs(pod({}), {}, none)).toEqual({})
    expect(completePairs(pod({}), {}, both)).toEqual({
      ISTIO_META_NETWORK: 'from-values',
      ISTIO_META_CLUSTER_ID: 'c-values',
    })
    expect(completePairs(pod({}), path, both)).toEqual(path)
    expect(completePairs(labeled, path, both)).toEqual({ ...path, ISTIO_META_NETWORK: 'from-label' })
  })

  it('an empty label leaves the pair of the path, as an empty pair of the path stays', () => {
    const labeled = pod({}, { labels: { 'topology.istio.io/network': '' } })
    expect(completePairs(labeled, { ISTIO_META_NETWORK: 'n' }, both)).toMatchObject({
      ISTIO_META_NETWORK: 'n',
    })
    expect(completePairs(pod({}), { ISTIO_META_CLUSTER_ID: '' }, none)).toEqual({ ISTIO_META_CLUSTER_ID: '' })
  })

  it('replace env of their names and follow in the order of names', () => {
    const env = [{ name: 'B', value: 'old' }, { name: 'KEEP' }]
    expect(updateEnv(env, { B: 'new', A: '' })).toEqual([
      { name: 'KEEP' },
      { name: 'A' },
      { name: 'B', value: 'new' },
    ])
  })

  it('leave a pod without a sidecar alone', () => {
    const bare = pod({ containers: [container('app')] })
    expect(applyClusterEnv(bare, { A: 'a' })).toBe(bare)
  })
})

describe('prometheus merge', () => {
  const applyMerge = (before: Pod, mesh: Message, statusPort: number): Pod => {
    const { pod: after, changes } = mergePrometheus(before, mesh, statusPort)
    return changeAnnotations(after, changes)
  }
  const RECORD = 'ISTIO_PROMETHEUS_ANNOTATIONS'
  const OURS = {
    'prometheus.io/port': '15020',
    'prometheus.io/path': '/stats/prometheus',
    'prometheus.io/scrape': 'true',
  }

  it('sets its own annotations and records nothing where there was nothing', () => {
    const merged = applyMerge(annotated({}), {}, 15020)
    expect(merged.metadata.annotations).toEqual(OURS)
    expect(envOf(merged, RECORD)).toBeUndefined()
  })

  it('records what the application had, in any spelling, and takes it away', () => {
    const merged = applyMerge(
      annotated({ 'prometheus-io/port': '9090', 'prometheus.io.path': '/m', a: 'b' }),
      {},
      15020,
    )
    expect(envOf(merged, RECORD)).toBe('{"scrape":"","path":"/m","port":"9090"}')
    expect(merged.metadata.annotations).toEqual({ a: 'b', ...OURS })
  })

  const untouched: readonly [string, Record<string, string>, object][] = [
    ['the application does not want to be scraped', { 'prometheus.io/scrape': 'f' }, {}],
    ['the port is ours already', { 'prometheus.io/port': '15020' }, {}],
    ['the mesh says no', {}, { enablePrometheusMerge: false }],
    ['the annotation says no', { 'prometheus.istio.io/merge-metrics': '0' }, { enablePrometheusMerge: true }],
  ]
  for (const [name, annotations, mesh] of untouched) {
    it(`does nothing where ${name}`, () => {
      const before = annotated(annotations)
      expect(applyMerge(before, mesh as never, 15020)).toBe(before)
    })
  }

  it('is on where the annotation says yes against the mesh, and where scrape is no bool', () => {
    const annotations = { 'prometheus.istio.io/merge-metrics': 'T', 'prometheus.io/scrape': 'maybe' }
    const merged = applyMerge(annotated(annotations), { enablePrometheusMerge: false }, 15020)
    expect(envOf(merged, RECORD)).toBe('{"scrape":"maybe","path":"","port":""}')
  })

  it('is undone from its record, but for what was taken away since', () => {
    const recorded = '{"scrape":"true","path":"/m","port":"9090"}'
    expect(restoreScraping({ ...OURS, a: 'b' }, recorded)).toEqual({
      a: 'b',
      'prometheus.io/scrape': 'true',
      'prometheus.io/path': '/m',
      'prometheus.io/port': '9090',
    })
    expect(restoreScraping(OURS, undefined)).toEqual({})
    const { 'prometheus.io/port': _, ...withoutPort } = OURS
    expect(restoreScraping(withoutPort, recorded)).not.toHaveProperty('prometheus.io/port')
    const own = { 'prometheus.io/path': '/mine' }
    expect(restoreScraping(own, undefined)).toBe(own)
  })
})

describe('probe rewrite', () => {
  const REWRITE = { statusPort: 15020, setting: true, release: NEWEST }
  const ports = [{ name: 'http', containerPort: 8080 }]
  const app = (rest: object): Container => container('app', { ports, ...rest })
  const rewrite = (rest: object, annotations: Record<string, string> = {}, release: Release = NEWEST): Pod =>
    rewriteProbes(annotated(annotations, { containers: [app(rest), container('istio-proxy')] }), {
      ...REWRITE,
      release,
    })
  const probers = (from: Pod): unknown => JSON.parse(envOf(from, 'ISTIO_KUBE_APP_PROBERS') ?? 'null')

  it('points an HTTP probe to the agent, keeps its host, and records the original with its port resolved', () => {
    const after = rewrite({
      livenessProbe: { httpGet: { path: '/', port: 'http', host: 'h', scheme: 'HTTPS' }, timeoutSeconds: 3 },
    })
    expect(after.spec.containers[0]?.['livenessProbe']).toEqual({
      httpGet: { path: '/app-health/app/livez', port: 15020, host: 'h', scheme: 'HTTP' },
      timeoutSeconds: 3,
    })
    expect(envOf(after, 'ISTIO_KUBE_APP_PROBERS')).toBe(
      '{"/app-health/app/livez":{"httpGet":{"path":"/","port":8080,"host":"h","scheme":"HTTPS"},"timeoutSeconds":3}}',
    )
  })

  it('makes HTTP probes of TCP and gRPC probes, and of lifecycle handlers', () => {
    const after = rewrite({
      readinessProbe: { tcpSocket: { port: 8080 } },
      startupProbe: { grpc: { port: 9000, service: null } },
      lifecycle: { preStop: { httpGet: { port: 8080 } }, postStart: { exec: { command: ['x'] } } },
    })
    const page = (path: string) => ({ httpGet: { path, port: 15020 } })
    expect(after.spec.containers[0]).toMatchObject({
      readinessProbe: page('/app-health/app/readyz'),
      startupProbe: page('/app-health/app/startupz'),
      lifecycle: { preStop: page('/app-lifecycle/app/prestopz'), postStart: { exec: { command: ['x'] } } },
    })
    expect(probers(after)).toEqual({
      '/app-health/app/readyz': { tcpSocket: { port: 8080 } },
      '/app-health/app/startupz': { grpc: { port: 9000, service: null } },
      '/app-lifecycle/app/prestopz': { httpGet: { port: 8080 } },
    })
  })

  it('rewrites but does not record a probe with an unknown port name or the status port', () => {
    const after = rewrite({
      livenessProbe: { tcpSocket: { port: 'none' } },
      readinessProbe: { httpGet: { port: 15020 } },
    })
    expect(probers(after)).toBeNull()
    expect(after.spec.containers[0]?.['livenessProbe']).toEqual({
      httpGet: { path: '/app-health/app/livez', port: 15020 },
    })
  })

  it('takes the port from the annotation, 0 where that is no plain number', () => {
    const port = (text: string): unknown => {
      const after = rewrite(
        { livenessProbe: { tcpSocket: { port: 1 } } },
        { 'status.sidecar.istio.io/port': text },
      )
      const probe = after.spec.containers[0]?.['livenessProbe'] as { httpGet?: { port: number } } | undefined
      return probe?.httpGet?.port
    }
    expect(port('15555')).toBe(15555)
    expect(port(' 80')).toBe(0)
  })

  it('is switched by the annotation, and needs a sidecar', () => {
    const probe = { livenessProbe: { tcpSocket: { port: 1 } } }
    const off = annotated(
      { 'sidecar.istio.io/rewriteAppHTTPProbers': 'false' },
      { containers: [app(probe), container('istio-proxy')] },
    )
    expect(rewriteProbes(off, REWRITE)).toBe(off)
    const bare = pod({ containers: [app(probe)] })
    expect(rewriteProbes(bare, REWRITE)).toBe(bare)
    expect(rewriteProbes(off, { ...REWRITE, setting: true })).toBe(off)
    expect(probers(rewriteProbes(annotated({}, off.spec), { ...REWRITE, setting: false }))).toBeNull()
  })

  it('leaves lifecycle handlers alone up to 1.24', () => {
    const lifecycle = { preStop: { httpGet: { port: 8080 } } }
    expect(rewrite({ lifecycle }, {}, { major: 1, minor: 24 }).spec.containers[0]?.['lifecycle']).toEqual(
      lifecycle,
    )
  })

  it('adds to what an earlier injection recorded, which wins', () => {
    const env = [
      { name: 'A' },
      { name: 'ISTIO_KUBE_APP_PROBERS', value: '{"/app-health/app/livez":{"tcpSocket":{"port":1}}}' },
    ]
    const fresh = new Map([
      ['/app-health/app/livez', { tcpSocket: { port: 2 } }],
      ['/app-health/b/livez', { tcpSocket: { port: 3 } }],
    ])
    const text =
      '{"/app-health/app/livez":{"tcpSocket":{"port":1}},"/app-health/b/livez":{"tcpSocket":{"port":3}}}'
    expect(addProbers(env, fresh, true, NEWEST)).toEqual([
      { name: 'A' },
      { name: 'ISTIO_KUBE_APP_PROBERS', value: text },
    ])
    const unreadable = [{ name: 'ISTIO_KUBE_APP_PROBERS', value: '{' }]
    expect(addProbers(unreadable, fresh, true, NEWEST)).toBe(unreadable)
    expect(addProbers([], fresh, true, { major: 1, minor: 26 })).toEqual([])
    expect(addProbers([], fresh, true, NEWEST)).toHaveLength(1)
  })

  it('is undone from its record where the handler still points to the agent', () => {
    const before = app({
      livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 5 },
      lifecycle: { preStop: { httpGet: { port: 8080 } } },
    })
    const original = pod({ containers: [before] })
    const after = rewriteProbes(annotated({}, { containers: [before, container('istio-proxy')] }), REWRITE)
    const record = collectProbers(original, 15020, NEWEST)
    expect(restoreProbes(after.spec.containers[0] as Container, record)).toEqual(before)
    const replaced = { ...before, livenessProbe: { exec: { command: ['x'] } } }
    expect(restoreProbes(replaced, record)).toBe(replaced)
  })

  it('writes the record in the order of its keys', () => {
    const record = new Map([
      ['b', null],
      ['a', { tcpSocket: { port: 1 } }],
    ])
    expect(probersText(record)).toBe('{"a":{"tcpSocket":{"port":1}},"b":null}')
  })
})

describe('metadata', () => {
  it('names what the templates made, null for nothing, and sets what the config asks for on top', () => {
    const template = pod({ containers: [container('istio-proxy')], volumes: [{ name: 'v<' }] })
    const after = applyMetadata(pod({}, { annotations: { a: 'b', gone: 'f' } }), {
      pairs: { ISTIO_META_NETWORK: 'net' },
      template,
      revision: '',
      injectedAnnotations: { a: 'c' },
      changes: { removed: ['gone'], set: { a: 'x', d: 'e' } },
    })
    expect(after.metadata.labels).toEqual({ 'topology.istio.io/network': 'net' })
    expect(after.metadata.annotations).toEqual({
      a: 'c',
      d: 'e',
      'sidecar.istio.io/status':
        '{"initContainers":null,"containers":["istio-proxy"],"volumes":["v\\u003c"],"imagePullSecrets":null,"revision":"default"}',
    })
  })
})

describe('order of containers', () => {
  const names = (from: Pod, list: 'containers' | 'initContainers'): string[] =>
    (from.spec[list] ?? []).map((each) => each.name)
  const make = (containers: string, init: string): Pod =>
    pod({
      containers: containers.split(' ').map((name) => container(name)),
      ...(init === '' ? {} : { initContainers: init.split(' ').map((name) => container(name)) }),
    })

  const table: readonly [
    name: string,
    containers: string,
    init: string,
    hold: boolean,
    want: string,
    wantInit: string,
  ][] = [
    ['the proxy goes last', 'istio-proxy app', '', false, 'app istio-proxy', ''],
    ['the proxy goes first where applications wait', 'app istio-proxy', '', true, 'istio-proxy app', ''],
    ['istio-init goes last', 'app', 'istio-init setup', false, 'app', 'setup istio-init'],
    ['istio-validation goes first', 'app', 'setup istio-validation', false, 'app', 'istio-validation setup'],
    [
      'core dumps are enabled at the very end',
      'app',
      'enable-core-dump istio-init a',
      false,
      'app',
      'a istio-init enable-core-dump',
    ],
    [
      'a native proxy goes behind what it needs and before the rest',
      'app',
      'a enable-core-dump istio-proxy istio-validation istio-init',
      true,
      'app',
      'istio-init istio-validation istio-proxy enable-core-dump a',
    ],
    [
      'of two with one name the last survives',
      'istio-proxy app istio-proxy',
      '',
      false,
      'app istio-proxy',
      '',
    ],
  ]
  for (const [name, containers, init, hold, want, wantInit] of table) {
    it(name, () => {
      const after = orderContainers(make(containers, init), hold)
      expect(names(after, 'containers').join(' ')).toBe(want)
      expect(names(after, 'initContainers').join(' ')).toBe(wantInit)
    })
  }

  it('gives back the pod it got when nothing moves', () => {
    const before = make('app istio-proxy', 'a istio-init')
    expect(orderContainers(before, false)).toBe(before)
  })
})
