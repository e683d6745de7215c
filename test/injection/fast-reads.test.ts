// What a recorded run takes for constant was computed without a look at the pod: every evaluation of a recording runs over
// watched data, and one that is not taken down although it read something fails.

import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { parseTemplate, type Template } from '../../src/gotemplate/template.ts'
import type { GoValue } from '../../src/gotemplate/value.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import { deepFreeze, type Json, type JsonObject } from '../../src/std/json.ts'
import { fewAnnotations } from '../generate/annotations.ts'
import { namesIn } from '../generate/hostile.ts'
import { pods } from '../generate/pod.ts'
import { FORMS } from '../generate/template.ts'
import { runs } from '../runs.ts'
import { equalitySettings } from './equality.ts'
import { answer, bench, podOf } from './fast.ts'
import { revisionWith } from './settings.ts'
import { watchedRoot } from './watched.ts'

const watch = vi.hoisted(() => ({ reads: [] as string[], recorded: 0, evaluations: 0 }))

/** Texts that no template and no settings have. */
const CANARY = 'cAnArY'

class UnrecordedRead extends Error {}

// The recording itself is the real one; each of its evaluations is looked at from outside.
vi.mock('../../src/gotemplate/residual.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/gotemplate/residual.ts')>()
  const evaluate: typeof original.evaluate = (run, both, dot) => {
    watch.reads.length = 0
    const result = original.evaluate(run, both, dot)
    watch.evaluations++
    if (result.residual) watch.recorded++
    else if (watch.reads.length > 0) {
      throw new UnrecordedRead(`unrecorded read of ${watch.reads.join(', ')} by {{ ${both.text} }}`)
    } else if (typeof result.value === 'string' && result.value.includes(CANARY)) {
      throw new UnrecordedRead(`unrecorded text ${result.value} by {{ ${both.text} }}`)
    }
    return result
  }
  return { ...original, evaluate }
})

/** Data of a run that settings decide; all else is the pod's, also what is not thought of yet. */
const OF_SETTINGS = ['values', 'mesh', 'revision', 'inboundTrafficPolicyMode', 'compliancePolicy', 'release']

/** The same settings, whose templates are recorded over watched data; what goes wrong is noted. */
function watchedSettings(settings: RevisionSettings, found: string[]): RevisionSettings {
  const templates = new Map(
    [...settings.templates].map(([name, template]): [string, Template] => [
      name,
      {
        name,
        execute: (root, options) => template.execute(root, options),
        replay: (root, options) => template.replay(root, options),
        record: (root, options) => {
          const shared = options.marked?.has('ProxyConfig') !== true
          const constant = new Set(shared ? [...OF_SETTINGS, 'proxyConfig'] : OF_SETTINGS)
          try {
            return template.record(
              watchedRoot(root, constant, (path) => watch.reads.push(path)),
              options,
            )
          } catch (error) {
            found.push(String(error))
            throw error
          }
        },
      },
    ]),
  )
  return { ...settings, templates }
}

it('throws where a template function reads what was not recorded', () => {
  const pod = podOf() as { metadata: Json }
  const root: GoValue = { ObjectMeta: pod.metadata, Values: {} } as unknown as GoValue
  const seen = watchedRoot(root, new Set(['Values']), (path) => watch.reads.push(path)) as {
    ObjectMeta: { name: string }
  }
  const peek = { params: [], run: () => seen.ObjectMeta.name }
  const nod = { params: [], run: () => 'web' }
  const functions = new Map([
    ['peek', peek],
    ['nod', nod],
  ])
  const record = (text: string): unknown =>
    parseTemplate('t', text, functions).record(seen as unknown as GoValue, {
      marked: new Set(['ObjectMeta']),
    })
  expect(() => record('{{ peek }}')).toThrow(
    new UnrecordedRead('unrecorded read of ObjectMeta, ObjectMeta.name by {{ peek }}'),
  )
  // A field of the root that nobody thought of is one, too.
  const unmarked = (): unknown =>
    parseTemplate('t', '{{ .ObjectMeta.name }}', functions).record(seen as unknown as GoValue, {
      marked: new Set(),
    })
  expect(unmarked).toThrow(/unrecorded read of ObjectMeta/)
  expect(record('{{ nod }}{{ .Values.x }}')).toMatchObject({ holes: [] })
  expect(record('{{ .ObjectMeta.name }}')).toMatchObject({ holes: [0] })
})

it('finds no such read in the built-in and the stock templates', () => {
  const found: string[] = []
  const subjects = equalitySettings().map((settings) => watchedSettings(settings, found))
  const names = [...(subjects[0]?.templates.keys() ?? [])]
  const read = namesIn('index .ObjectMeta.Annotations "sidecar.istio.io/proxyCPU"').annotations
  const chosen = fc.record({
    settings: fc.constantFrom(...subjects),
    pod: pods({ annotations: fewAnnotations(read, 4), overrides: false }),
    template: fc.constantFrom(...names),
  })
  watch.recorded = 0
  watch.evaluations = 0
  fc.assert(
    fc.property(chosen, ({ settings, pod, template }) => {
      const metadata = pod['metadata'] as JsonObject
      const annotations = {
        'inject.istio.io/templates': template,
        ...(metadata['annotations'] as JsonObject),
      }
      const { cache } = bench()
      const one = deepFreeze({ ...pod, metadata: { ...metadata, annotations } })
      const want = answer(settings, one)
      for (let i = 0; i < 4; i++) expect(answer(settings, one, cache)).toBe(want)
      expect(found).toEqual([])
    }),
    { numRuns: runs(150) },
  )
  expect(watch.recorded).toBeGreaterThan(5000)
  expect(watch.evaluations).toBeGreaterThan(watch.recorded)
})

for (const [what, text] of FORMS) {
  it(`finds no such read in a template with ${what}`, () => {
    const found: string[] = []
    const settings = watchedSettings(revisionWith({ sidecar: text }), found)
    const before = watch.evaluations
    for (const a of [undefined, `${CANARY}1`]) {
      for (const extra of [[], [{ name: `${CANARY}2`.toLowerCase(), image: CANARY }]]) {
        const { cache } = bench()
        const pod = podOf({}, a === undefined ? {} : { a }, extra)
        for (let i = 0; i < 3; i++) answer(settings, pod, cache)
      }
    }
    expect(found).toEqual([])
    expect(watch.evaluations).toBeGreaterThan(before)
  })
}
