// Templates of every form render alike on the fast path and on the plain pipeline: fixed forms, each with a trap of its
// own, and templates from a grammar; whichever pod a way was recorded for.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { FORMS, LABELS, template } from '../generate/template.ts'
import { runs } from '../runs.ts'
import { answer, bench, podOf } from './fast.ts'
import { revisionWith } from './settings.ts'

const RUNS = runs(400)
const SLOW_TEST = 180_000

describe('templates of every form', () => {
  const VALUE = fc.constantFrom('x', 'y', 'true', '010', '', 'a: b', '1e3', 'it"s', '#', 'n1', '{', 'p,q')
  const labels = fc.record(Object.fromEntries(LABELS.map((key) => [key, VALUE])), { requiredKeys: [] })
  const pod = fc
    .tuple(labels, fc.array(fc.constantFrom('one', 'two', 'n3'), { maxLength: 2 }))
    .map(([some, names]) =>
      podOf(
        {},
        some as JsonObject,
        [...new Set(names)].map((name) => ({ name, image: 'i' })),
      ),
    )

  const SOME = [undefined, 'one', 'two', '', '12', 'true', 'a: b', 'q"', 'x\ny']
  for (const [what, text] of FORMS) {
    it(`with ${what}`, () => {
      const settings = revisionWith({ sidecar: text })
      const { cache } = bench()
      const list = SOME.flatMap((a) =>
        [[], ['two'], ['two', 'three']].map((names) =>
          podOf(
            {},
            a === undefined ? { z: 'z' } : { a },
            names.map((name) => ({ name, image: 'i' })),
          ),
        ),
      )
      // Which pod a way was recorded for must not matter.
      for (const [one, pods] of [[cache, list] as const, [bench().cache, list.toReversed()] as const]) {
        for (const pod of [...pods, ...pods, ...pods]) {
          expect(answer(settings, pod, one)).toBe(answer(settings, pod))
        }
      }
    })
  }

  it(
    'render alike on the fast path',
    () => {
      let hits = 0
      fc.assert(
        fc.property(template, fc.array(pod, { minLength: 4, maxLength: 8 }), (text, list) => {
          let settings: RevisionSettings
          try {
            settings = revisionWith({ sidecar: text })
          } catch {
            return
          }
          const { cache, counts } = bench()
          for (const one of [...list, ...list, ...list]) {
            expect(answer(settings, one, cache)).toBe(answer(settings, one))
          }
          hits += counts.hit
        }),
        { numRuns: RUNS },
      )
      expect(hits).toBeGreaterThan(RUNS)
    },
    SLOW_TEST,
  )
})
