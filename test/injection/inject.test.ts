// The pipeline as a whole, on templates made for the purpose.

import { describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/kube.ts'
import {
  decodePod,
  type InjectionParams,
  type InjectionResult,
  injectPod,
} from '../../src/injection/inject.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import { deepFreeze, type Json } from '../../src/std/json.ts'
import { CLUSTER, makeRevision, revisionWith } from './settings.ts'

const APP = { name: 'app', image: 'app:1' }

function inject(
  settings: RevisionSettings,
  raw: { metadata?: object; spec?: object } = {},
  params: Partial<InjectionParams> = {},
): InjectionResult {
  const object = { metadata: { name: 'p', ...raw.metadata }, spec: { containers: [APP], ...raw.spec } }
  return injectPod({
    pod: deepFreeze(decodePod(object as unknown as Json, 'ns')),
    settings,
    cluster: CLUSTER,
    envPairs: {},
    mode: 'webhook',
    compat: 'istio',
    structure: 'refuse',
    ...params,
  })
}

const asking = (templates: string): object => ({ annotations: { 'inject.istio.io/templates': templates } })
const LABEL = (name: string) => `metadata: {labels: {${name}: "{{ len .ObjectMeta.Labels }}"}}`

describe('decoding', () => {
  it('fills in the namespace of the request, and drops managed fields', () => {
    const pod = decodePod({ metadata: { managedFields: [{}] }, spec: { containers: [] } }, 'ns')
    expect(pod.metadata).toEqual({ namespace: 'ns' })
    expect(decodePod({ metadata: { namespace: 'own' } }, 'ns').metadata).toEqual({ namespace: 'own' })
  })

  it('gives back what was sent when that is canonical', () => {
    const sent = {
      metadata: { namespace: 'ns' },
      spec: { containers: [{ name: 'a', resources: {} }] },
      status: {},
    }
    expect(decodePod(sent, 'ns')).toBe(sent)
  })

  it("refuses what is no pod with Go's text", () => {
    expect(() => decodePod({ spec: { hostNetwork: 'yes' } }, '')).toThrow(
      'json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool',
    )
  })
})

describe('templates', () => {
  const settings = revisionWith(
    { sidecar: LABEL('one'), other: LABEL('two'), third: LABEL('three') },
    {},
    { aliases: { both: ['sidecar', 'other'], chain: ['both'] }, defaultTemplates: ['third'] },
  )

  it('are the default ones, or those the annotation names, aliases resolved in one step', () => {
    expect(inject(settings).templates).toEqual(['third'])
    expect(inject(settings, { metadata: asking(' both , third') }).templates).toEqual([
      'sidecar',
      'other',
      'third',
    ])
  })

  it('all see the pod as it came', () => {
    const { pod } = inject(settings, { metadata: asking('both') })
    expect(pod.metadata.labels).toEqual({ one: '0', two: '0' })
  })

  for (const [name, text] of [
    ['a name that no template has', 'none'],
    ['an empty annotation', ''],
    ['an alias of an alias', 'chain'],
  ] as const) {
    it(`are refused for ${name}`, () => {
      const asked = text === 'chain' ? 'both' : text
      expect(() => inject(settings, { metadata: asking(text) })).toThrow(
        `failed to run injection template: requested template "${asked}" not found; have other, sidecar, third`,
      )
    })
  }
})

describe('refusals', () => {
  const table: readonly [name: string, template: string, want: string][] = [
    ['a template that fails', '{{ fail "no" }}', 'failed to run injection template: template: inject:1:'],
    [
      'text that is no YAML',
      'a: [',
      'failed to run injection template: failed applying injection overlay: strategic merge: invalid JSON document',
    ],
    [
      'text that is no map',
      '- a',
      'failed to run injection template: failed applying injection overlay: strategic merge: invalid JSON document',
    ],
    [
      'a value of the wrong type',
      'spec: {hostNetwork: 1}',
      'failed to run injection template: failed applying injection overlay: unmarshal patched pod: json: cannot unmarshal number into Go struct field PodSpec.spec.hostNetwork of type bool',
    ],
    [
      'a pod that does not take the template',
      'spec: {imagePullSecrets: [{name: a}]}',
      'failed to run injection template: failed parsing generated injected YAML (check Istio sidecar injector configuration): strategic merge: map: map[] does not contain declared merge key: name',
    ],
  ]
  for (const [name, template, want] of table) {
    it(`of ${name}`, () => {
      const raw = { spec: { imagePullSecrets: [{}] } }
      expect(() => inject(revisionWith({ sidecar: template }), raw)).toThrow(want)
    })
  }

  it('of annotations come before anything is rendered', () => {
    const raw = { metadata: { annotations: { 'sidecar.istio.io/interceptionMode': 'x' } } }
    expect(() => inject(revisionWith({ sidecar: '{{ fail "no" }}' }), raw)).toThrow('1 error occurred')
  })

  it('of a run that takes too long', () => {
    let time = 0
    const deadline = { now: () => time++, at: 2 }
    const settings = revisionWith({ sidecar: '{{ range until 100000 }}{{ . }}{{ end }}' })
    expect(() => inject(settings, {}, { deadline })).toThrow('failed to run injection template')
  })
})

describe('what a template renders', () => {
  it('may be nothing at all', () => {
    const { pod } = inject(revisionWith({ sidecar: '{{- /* nothing */ -}}\n# comment\n' }))
    expect(pod.spec.containers).toEqual([{ ...APP, resources: {} }])
    expect(pod.metadata.annotations?.['sidecar.istio.io/status']).toBe(
      '{"initContainers":null,"containers":null,"volumes":null,"imagePullSecrets":null,"revision":"default"}',
    )
  })

  it('takes user, group and native flag from the cluster', () => {
    const text = '{{ printf "%d-%d-%t" .ProxyUID .ProxyGID .NativeSidecars }}'
    const template = `metadata: {labels: {x: "${text}"}}`
    const namespaces = {
      ns: { name: 'ns', labels: {}, annotations: { 'openshift.io/sa.scc.uid-range': '1000/10' } },
    }
    const nodes = [{ name: 'n', kubeletVersion: 'v1.33.1' }]
    const env = { PLATFORM: 'openshift', ENABLE_NATIVE_SIDECARS: 'auto' }
    const settings = revisionWith({ sidecar: template }, { env })
    const label = (params: Partial<InjectionParams>): unknown =>
      inject(settings, {}, params).pod.metadata.labels?.['x']
    const cluster = { ...CLUSTER, namespaces, nodes }
    expect(label({ cluster })).toBe('1009-1009-true')
    expect(label({ cluster, envPairs: { ISTIO_META_CLUSTER_ID: 'other' } })).toBe('1337-1337-false')
    expect(label({ cluster: { ...cluster, access: false } })).toBe('1337-1337-false')
    expect(label({ cluster, mode: 'kube-inject' })).toBe('1337-1337-true')
  })
})

describe('the injected pod', () => {
  it('holds applications back where the annotation asks for it', () => {
    const first = (annotations: Record<string, string>): string | undefined =>
      inject(makeRevision(), { metadata: { annotations } }).pod.spec.containers[0]?.name
    expect(first({})).toBe('app')
    expect(first({ 'proxy.istio.io/config': 'holdApplicationUntilProxyStarts: true' })).toBe('istio-proxy')
  })

  it('comes with a warning about a DNS policy that hides the control plane', () => {
    const warnings = (dnsPolicy: string) => inject(makeRevision(), { spec: { dnsPolicy } }).warnings
    expect(warnings('ClusterFirst')).toEqual([])
    expect(warnings('Default')[0]).toContain('"Default"')
  })

  it('names its settings under compat improved only', () => {
    const settings = makeRevision()
    const hash = (compat: 'istio' | 'improved'): unknown =>
      inject(settings, {}, { compat }).pod.metadata.annotations?.['remora.dev/config-hash']
    expect(hash('improved')).toBe(settings.hash)
    expect(hash('istio')).toBeUndefined()
  })

  it('has names of the language as data', () => {
    const labels = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>
    const { pod } = inject(makeRevision(), { metadata: { labels } })
    const kept = (pod as Pod).metadata.labels ?? {}
    expect(Object.hasOwn(kept, '__proto__') && kept['constructor']).toBe('b')
  })
})

describe('stages', () => {
  it('shows each step with all that the steps before it changed', () => {
    const port: Record<string, unknown> = {}
    const observe: InjectionParams['observe'] = ({ kind, pod }) => {
      port[kind] = pod.metadata.annotations?.['prometheus.io/port']
    }
    inject(makeRevision(), { metadata: { annotations: { 'prometheus.io/port': '9090' } } }, { observe })
    expect(port).toMatchObject({ cluster: '9090', prometheus: '15020', probes: '15020', metadata: '15020' })
  })
})
