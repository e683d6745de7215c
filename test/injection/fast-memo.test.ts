// Pods that read the same as one before take over what it made; where some reads differ, what depends on them is made anew.
// Either way the answer is that of the plain pipeline.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Template } from '../../src/gotemplate/template.ts'
import { ReadRecord } from '../../src/injection/fast/reads.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import { deepFreeze, type Json, type JsonObject } from '../../src/std/json.ts'
import { FORMS, LABELS, template } from '../generate/template.ts'
import { runs } from '../runs.ts'
import { answer, bench, podOf } from './fast.ts'
import { makeRevision, revisionWith } from './settings.ts'

/** The same settings; `replayed` is called for every replay of a recorded run. */
function counted(settings: RevisionSettings, replayed: () => void): RevisionSettings {
  const templates = new Map(
    [...settings.templates].map(([name, made]): [string, Template] => [
      name,
      {
        name,
        execute: (root, options) => made.execute(root, options),
        record: (root, options) => made.record(root, options),
        replay: (root, options) => {
          replayed()
          return made.replay(root, options)
        },
      },
    ]),
  )
  return { ...settings, templates }
}

describe('memos', () => {
  it('leave nothing of a template to do for the next pod of a workload', () => {
    let replays = 0
    const settings = counted(makeRevision(), () => replays++)
    const { cache, counts } = bench()
    const pod = (volume: string): JsonObject => {
      const made = podOf() as { spec: JsonObject }
      return { ...made, spec: { ...made.spec, volumes: [{ name: volume, emptyDir: {} }] } } as JsonObject
    }
    for (let i = 0; i < 6; i++) answer(settings, pod(`token-${i}`), cache)
    const [before, hits] = [replays, counts.hit]
    for (let i = 0; i < 5; i++) {
      expect(answer(settings, pod(`other-${i}`), cache)).toBe(answer(settings, pod(`other-${i}`)))
    }
    expect(replays).toBe(before)
    expect(counts.hit).toBe(hits + 5)
  })

  it('hold for no pod that reads something else', () => {
    const settings = makeRevision()
    const { cache } = bench()
    for (let i = 0; i < 6; i++) answer(settings, podOf({}, { version: 'v1' }), cache)
    const others = [
      podOf({}, { version: 'v2' }),
      podOf({}, { version: '' }),
      podOf({ 'sidecar.istio.io/logLevel': 'debug' }, { version: 'v1' }),
      podOf({}, { version: 'v1', 'service.istio.io/canonical-name': 'x' }),
      podOf({}, { version: 'v1' }, [{ name: 'second', image: 'i' }]),
    ]
    for (const other of [...others, ...others, ...others]) {
      expect(answer(settings, other, cache)).toBe(answer(settings, other))
    }
  })

  it('serve no pod whose text is longer than a template may print', () => {
    const text = '{{ index .ObjectMeta.Annotations "t" }}'
    const settings = revisionWith({ sidecar: `metadata:\n  annotations:\n    k: "${text}${text}"\n` })
    const { cache } = bench()
    for (let i = 0; i < 6; i++) answer(settings, podOf({ t: 'short' }), cache)
    const long = podOf({ t: 'x'.repeat(5 << 20) })
    expect(answer(settings, long)).toContain('output is longer than the limit')
    expect(answer(settings, long, cache)).toContain('output is longer than the limit')
  })

  const VALUES = ['x', 'true', '', 'a: b', '010', 'p,q'] as const
  const sameShape = fc
    .tuple(...LABELS.map(() => fc.constantFrom(...VALUES)), fc.constantFrom('one', 'two', 'n3'))
    .map(([a, b, c, name]) =>
      deepFreeze(podOf({}, { a: a ?? '', b: b ?? '', c: c ?? '' }, [{ name: name ?? '', image: 'i' }])),
    )

  it('serve pods of one shape through any template', () => {
    let partial = 0
    fc.assert(
      fc.property(template, fc.array(sameShape, { minLength: 3, maxLength: 6 }), (text, pods) => {
        let settings: RevisionSettings
        let replays = 0
        try {
          settings = counted(revisionWith({ sidecar: text }), () => replays++)
        } catch {
          return
        }
        const { cache, counts } = bench()
        for (const pod of [...pods.flatMap((one) => [one, one, one]), ...pods, ...pods]) {
          expect(answer(settings, pod, cache)).toBe(answer(settings, pod))
        }
        if (replays < counts.hit + counts.fallback) partial++
      }),
      { numRuns: runs(300) },
    )
    expect(partial).toBeGreaterThan(runs(300) / 10)
  })

  for (const [what, text] of FORMS) {
    it(`serve pods of one shape through a template with ${what}`, () => {
      const settings = revisionWith({ sidecar: text })
      const pods = ['one', 'two', '', '12', 'true', 'a: b', 'q"', 'x\ny'].map((a) =>
        podOf({}, { a }, [{ name: a === 'two' ? 'two' : 'second', image: 'i' }]),
      )
      for (const first of pods) {
        const { cache } = bench()
        for (const pod of [first, first, first, first, ...pods, first, ...pods, ...pods]) {
          expect(answer(settings, pod, cache)).toBe(answer(settings, pod))
        }
      }
    })
  }
})

describe('ReadRecord', () => {
  const data = { a: { x: 'one', list: ['p', 'q'] }, map: { k: '1' }, untouched: 'u', constant: 'c' }

  function record(read: (data: Record<string, Json>) => unknown): ReadRecord {
    const made = new ReadRecord()
    read(made.watch(deepFreeze(data), new Set(['constant'])) as Record<string, Json>)
    return made
  }
  const all = (of: Record<string, Json>): unknown => [
    (of['a'] as JsonObject)['x'],
    (of['a'] as JsonObject)['missing'],
    (of['a'] as { list: string[] }).list.map((item) => item),
    Object.keys(of['map'] as JsonObject),
    of['constant'],
  ]

  const SAME: readonly (readonly [string, JsonObject])[] = [
    ['the same', data],
    ['what was not read', { ...data, untouched: 'other', new: 1 }],
    ['what is constant', { ...data, constant: 'other' }],
  ]
  for (const [what, other] of SAME) {
    it(`finds no difference in ${what}`, () => expect(record(all).compare(other)).toEqual([]))
  }

  const OTHER: readonly (readonly [string, JsonObject])[] = [
    ['a value', { ...data, a: { ...data.a, x: 'two' } }],
    ['a value that is gone', { ...data, a: { list: data.a.list } }],
    ['a value that is null', { ...data, a: { ...data.a, x: null } }],
    ['a value that was not there', { ...data, a: { ...data.a, missing: '' } }],
    ['an item', { ...data, a: { ...data.a, list: ['p', 'r'] } }],
    ['the length of a list', { ...data, a: { ...data.a, list: ['p', 'q', 'r'] } }],
    ['an object for a list', { ...data, a: { ...data.a, list: { 0: 'p', 1: 'q', length: 2 } } }],
    ['an object that is gone', { ...data, a: null }],
    ['a key', { ...data, map: { k: '1', l: '2' } }],
    ['another key', { ...data, map: { l: '1' } }],
  ]
  for (const [what, other] of OTHER) {
    it(`finds the difference in ${what}`, () => {
      expect(record(all).compare(other).length).toBeGreaterThan(0)
    })
  }

  it('tells which steps read what differs, or something inside', () => {
    const made = new ReadRecord()
    const seen = made.watch(data, new Set()) as typeof data
    made.step = 1
    const { a } = seen
    made.step = 2
    expect(a.x).toBe('one')
    made.step = 3
    expect(a.list.length).toBe(2)
    expect(JSON.stringify(seen.map)).toBe('{"k":"1"}')
    const steps = (other: object): number[] =>
      made.compare(other).flatMap((id) => [...made.stepsOf(id)].sort())
    expect(steps({ ...data, a: { ...data.a, x: 'two' } })).toEqual([2])
    expect(steps({ ...data, a: undefined })).toEqual([1, 2, 3])
    expect(new Set(steps({ ...data, map: { k: '1', m: '' } }))).toEqual(new Set([3]))
  })

  it('watches frozen data, and gives the same part for the same read', () => {
    const seen = new ReadRecord().watch(deepFreeze({ a: { b: [1] } }), new Set()) as { a: { b: number[] } }
    expect(seen.a).toBe(seen.a)
    expect([...seen.a.b, Array.isArray(seen.a.b), { ...seen.a }.b]).toEqual([1, true, seen.a.b])
  })

  it('ends where more is read than is worth comparing', () => {
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${i}`, i]))
    const seen = new ReadRecord().watch(many, new Set())
    expect(() => JSON.stringify(seen)).toThrow('more is read')
  })
})
