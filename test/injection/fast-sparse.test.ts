// Pods with many annotations, most of which injection has nothing to do with: they are left out on the fast path, and the
// answer is that of the plain pipeline, whatever a template does with annotations.

import { describe, expect, it } from 'vitest'
import { sparsePod } from '../../src/injection/fast/sparse.ts'
import { decodePod, type InjectionParams, injectPod } from '../../src/injection/inject.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { answer, bench, podOf } from './fast.ts'
import { CLUSTER, makeRevision, revisionWith } from './settings.ts'

const NOTES = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`note-${i}`, String(i)]))
const READ = {
  'prometheus.io/port': '9090',
  '7': 'seven',
  'prometheus-io/scrape': 'true',
  'sidecar.istio.io/rewriteAppHTTPProbers': 'false',
}
/** Those that injection reads stand among the others. */
const MANY: JsonObject = { 'note-a': 'a', 'a.example.com': 'old', ...READ, ...NOTES, 'note-b': 'b' }

const POD = podOf(MANY)
const namesOf = (pod: { metadata: { annotations?: object } }): string[] =>
  Object.keys(pod.metadata.annotations ?? {})

const CONTAINERS = 'spec: {containers: [{name: istio-proxy, image: i}]}\n'
const SETS = `metadata: {labels: {l: l}, annotations: {a.example.com: new, b.example.com: new}}\n${CONTAINERS}`

describe('the annotations of a sparse pod', () => {
  const pod = decodePod(POD, 'default')
  const KEPT = ['prometheus.io/port', 'prometheus-io/scrape', 'sidecar.istio.io/rewriteAppHTTPProbers']
  it('are those that injection reads, that the overlay sets and that are injected, in their order', () => {
    const overlay = { metadata: { annotations: { 'a.example.com': 'new', more: 'm' } }, spec: {} }
    const sparse = sparsePod(pod, overlay, { '7': 'injected', 'note-b': 'injected', 'not-there': '' })
    expect(namesOf(sparse)).toEqual(['7', 'a.example.com', ...KEPT, 'note-b'])
    expect(sparse.metadata.annotations?.['a.example.com']).toBe('old')
    expect({ ...sparse, metadata: { ...sparse.metadata, annotations: MANY } }).toEqual(pod)
    expect(namesOf(sparsePod(pod, { apiVersion: 'v1', kind: 'Pod' }, {}))).toEqual(KEPT)
    expect(namesOf(sparsePod(pod, { metadata: {} }, {}))).toEqual(KEPT)
  })

  it('are all where there are few', () => {
    const { 'note-0': _, ...rest } = NOTES
    const few = decodePod(podOf(rest), 'default')
    expect(sparsePod(few, {}, {})).toBe(few)
    expect(namesOf(sparsePod(decodePod(podOf(NOTES), 'default'), {}, {}))).toEqual([])
  })

  const others: [what: string, overlay: JsonObject][] = [
    ['removes one', { metadata: { annotations: { 'note-1': null } } }],
    ['gives one no text', { metadata: { annotations: { 'note-1': 1 } } }],
    ['removes all', { metadata: { annotations: null } }],
    ['replaces all', { metadata: { annotations: { $patch: 'replace', a: 'b' } } }],
    ['keeps some', { metadata: { annotations: { $retainKeys: 'a' } } }],
    ['has no map of them', { metadata: { annotations: 'a' } }],
    ['has a directive for the metadata', { metadata: { $patch: 'replace', labels: {} } }],
    ['has a directive for the pod', { $patch: 'replace', metadata: {} }],
    ['has no metadata', { metadata: null }],
    ['spells them in another case', { metadata: { Annotations: { a: 'b' } } }],
    ['spells the metadata in another case', { Metadata: { annotations: { a: 'b' } } }],
  ]
  for (const [what, overlay] of others) {
    it(`are all where the overlay ${what}`, () => expect(sparsePod(pod, overlay, {})).toBe(pod))
  }
})

describe('a pod with many annotations gets the answer of the plain pipeline', () => {
  const templates: [what: string, text: string][] = [
    ['sets annotations', SETS],
    ['sets none', CONTAINERS],
    ['removes one', `metadata: {annotations: {note-3: null}}\n${CONTAINERS}`],
    ['replaces all', `metadata: {annotations: {$patch: replace, a: b}}\n${CONTAINERS}`],
    ['deletes all', `metadata: {annotations: {$patch: delete}}\n${CONTAINERS}`],
    ['keeps labels only', `metadata: {$retainKeys: [labels], labels: {l: l}}\n${CONTAINERS}`],
    ['spells them in another case', `metadata: {Annotations: {note-3: new}}\n${CONTAINERS}`],
    ['is refused', `metadata: {annotations: {note-3: 3}}\n${CONTAINERS}`],
    ['reads them all', `metadata: {annotations: {all: "{{ len .ObjectMeta.Annotations }}"}}\n${CONTAINERS}`],
    [
      'prints one that nothing else reads',
      `metadata: {annotations: {copy: '{{ index .ObjectMeta.Annotations "note-9" }}'}}\n${CONTAINERS}`,
    ],
  ]
  const pods: [what: string, pod: JsonObject][] = [
    ['', POD],
    [' whose names are no text', podOf({ ...MANY, '\ud800': '\udfff' })],
    [
      ' that was injected before',
      podOf({ ...MANY, 'sidecar.istio.io/status': '{}', 'prometheus.io/port': '15020' }),
    ],
  ]
  for (const [what, text] of templates) {
    it(`when the template ${what}`, () => {
      const injectedAnnotations = { 'note-5': 'injected', 'not-there': 'injected' }
      const settings = revisionWith({ sidecar: text, more: SETS }, {}, { injectedAnnotations })
      for (const [which, pod] of pods) {
        const { cache } = bench()
        for (const chosen of [pod, withTemplates(pod)]) {
          for (let again = 0; again < 3; again++) {
            expect(answer(settings, chosen, cache), `${what}${which}`).toBe(answer(settings, chosen))
          }
        }
      }
    })
  }
})

describe('annotations that injection has nothing to do with', () => {
  const params = {
    pod: decodePod(POD, 'default'),
    settings: makeRevision(),
    cluster: CLUSTER,
    envPairs: {},
    mode: 'webhook',
    structure: 'refuse',
  } as const
  const fastPath = bench().cache

  it('are left out of both pods on the fast path, and of neither else', () => {
    const all = injectPod({ ...params, compat: 'istio' })
    expect(all.base).toBe(params.pod)
    expect(all.pod.metadata.annotations).toMatchObject(NOTES)
    const sparse = injectPod({ ...params, compat: 'istio', fastPath })
    for (const pod of [sparse.base, sparse.pod]) expect(namesOf(pod)).not.toContain('note-1')
    const whole = { ...all.pod.metadata.annotations, ...sparse.pod.metadata.annotations }
    expect(whole).toEqual(all.pod.metadata.annotations)
  })

  it('stay where somebody is told of the stages', () => {
    const seen: string[][] = []
    const observe: InjectionParams['observe'] = ({ pod }) => seen.push(namesOf(pod))
    expect(injectPod({ ...params, compat: 'istio', fastPath, observe }).base).toBe(params.pod)
    for (const names of seen) expect(names).toContain('note-1')
    expect(seen.length).toBeGreaterThan(5)
  })

  it('stay under compat improved, whose record is of the whole pod', () => {
    const improved = injectPod({ ...params, compat: 'improved', fastPath })
    expect(improved.base).toBe(params.pod)
    expect(improved.pod.metadata.annotations).toMatchObject(NOTES)
  })
})

function withTemplates(pod: JsonObject): JsonObject {
  const metadata = pod['metadata'] as JsonObject
  const annotations = {
    ...(metadata['annotations'] as JsonObject),
    'inject.istio.io/templates': 'sidecar,more',
  }
  return { ...pod, metadata: { ...metadata, annotations } }
}
