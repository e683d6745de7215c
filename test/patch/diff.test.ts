// Patches: right for any JSON, short where lists have keys.

import fc from 'fast-check'
import fastJsonPatch from 'fast-json-patch'
import { describe, expect, it } from 'vitest'
import { applyPatch } from '../../src/patch/apply.ts'
import { diff, type Operation } from '../../src/patch/diff.ts'
import { cloneJson, deepFreeze, equalJson, type Json } from '../../src/std/json.ts'
import { runs } from '../runs.ts'
import { json, pod } from './arbitrary.ts'

const CASES: { name: string; from: Json; to: Json; want: Operation[] }[] = [
  { name: 'equal values', from: { a: [1, { b: 2 }] }, to: { a: [1, { b: 2 }] }, want: [] },
  {
    name: 'members added, removed and replaced',
    from: { a: 1, b: 2, c: 3 },
    to: { a: 1, b: 4, d: 5 },
    want: [
      { op: 'replace', path: '/b', value: 4 },
      { op: 'remove', path: '/c' },
      { op: 'add', path: '/d', value: 5 },
    ],
  },
  { name: 'another kind', from: { a: [] }, to: { a: {} }, want: [{ op: 'replace', path: '/a', value: {} }] },
  { name: 'the root', from: 1, to: [1], want: [{ op: 'replace', path: '', value: [1] }] },
  {
    name: 'null is a value',
    from: { a: 1 },
    to: { a: null },
    want: [{ op: 'replace', path: '/a', value: null }],
  },
  { name: 'escaped tokens', from: {}, to: { 'a/b~c': 1 }, want: [{ op: 'add', path: '/a~1b~0c', value: 1 }] },
  {
    name: 'an item in front of keyed items',
    from: [{ name: 'a', x: 1 }, { name: 'b' }],
    to: [{ name: 'n' }, { name: 'a', x: 2 }, { name: 'b' }],
    want: [
      { op: 'add', path: '/0', value: { name: 'n' } },
      { op: 'replace', path: '/1/x', value: 2 },
    ],
  },
  {
    name: 'a keyed item that moved is taken out and put in',
    from: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
    to: [{ name: 'c' }, { name: 'a' }, { name: 'b' }],
    want: [
      { op: 'add', path: '/0', value: { name: 'c' } },
      { op: 'remove', path: '/3' },
    ],
  },
  {
    name: 'mounts by path, when names repeat',
    from: [
      { name: 'v', mountPath: '/a' },
      { name: 'v', mountPath: '/b' },
    ],
    to: [{ name: 'v', mountPath: '/b', readOnly: true }],
    want: [
      { op: 'remove', path: '/0' },
      { op: 'add', path: '/0/readOnly', value: true },
    ],
  },
  {
    name: 'another key is another item',
    from: [{ name: 'a', x: 1 }],
    to: [{ name: 'b', x: 1 }],
    want: [
      { op: 'remove', path: '/0' },
      { op: 'add', path: '/0', value: { name: 'b', x: 1 } },
    ],
  },
  {
    name: 'scalars by edit distance',
    from: ['a', 'b', 'c', 'd'],
    to: ['a', 'c', 'x', 'd'],
    want: [
      { op: 'remove', path: '/1' },
      { op: 'add', path: '/2', value: 'x' },
    ],
  },
  {
    name: 'items without key, in place',
    from: [{ operator: 'Exists' }, { effect: 'a' }],
    to: [{ operator: 'Equal' }, { effect: 'a' }],
    want: [{ op: 'replace', path: '/0/operator', value: 'Equal' }],
  },
  {
    name: 'undefined members do not exist',
    from: { a: 1, b: undefined as unknown as Json },
    to: { a: undefined as unknown as Json, c: undefined as unknown as Json },
    want: [{ op: 'remove', path: '/a' }],
  },
  {
    name: 'nor do they hide that a member is new',
    from: { a: 1 },
    to: { '': 1, a: undefined as unknown as Json },
    want: [
      { op: 'remove', path: '/a' },
      { op: 'add', path: '/', value: 1 },
    ],
  },
]

describe('diff', () => {
  it.each(CASES)('$name', ({ from, to, want }) => {
    expect(diff(deepFreeze(from), deepFreeze(to))).toEqual(want)
  })

  it('does not look into identical parts', () => {
    const trap = new Proxy({}, { ownKeys: () => expect.unreachable('looked into a shared part') })
    expect(diff({ a: trap, b: [trap] }, { a: trap, b: [trap] })).toEqual([])
  })

  it('law: applied to the one it gives the other, whatever the keys', () => {
    fc.assert(
      fc.property(json, json, (from, to) => {
        const copies = cloneJson([from, to])
        expect(equalJson(applyPatch(deepFreeze(from), diff(from, deepFreeze(to))), to)).toBe(true)
        expect(equalJson([from, to], copies)).toBe(true)
      }),
      { numRuns: runs(2_000) },
    )
  })

  it('law: so it does for pods, and values of a list with repeated keys', () => {
    const repeated = fc.array(fc.record({ name: fc.constantFrom('a', 'b'), value: json }), { maxLength: 6 })
    fc.assert(
      fc.property(fc.oneof(fc.tuple(pod, pod), fc.tuple(repeated, repeated)), ([from, to]) => {
        expect(equalJson(applyPatch(from, diff(from, to)), to)).toBe(true)
        expect(diff(from, cloneJson(from))).toEqual([])
      }),
    )
  })

  it('is understood by the library alone where its own patches are', () => {
    const plain = fc
      .jsonValue({ depthSize: 'small' })
      .filter((value) => typeof value === 'object' && value !== null)
    fc.assert(
      fc.property(plain, plain, (from, to) => {
        const ours = diff(from as Json, to as Json)
        if (Array.isArray(from) !== Array.isArray(to) || JSON.stringify([from, to]).includes('__proto__'))
          return
        const theirs = fastJsonPatch.compare(from as object, to as object)
        const result = fastJsonPatch.applyPatch(structuredClone(from), structuredClone(ours) as never, true)
        expect(equalJson(result.newDocument, to)).toBe(true)
        expect(ours.length === 0).toBe(theirs.length === 0)
      }),
    )
  })

  it('stays short for a list that only grew in front, and fast for long lists', () => {
    const before = Array.from({ length: 5_000 }, (_, i) => ({ name: `E${i}`, value: 'v' }))
    const started = performance.now()
    expect(diff(before, [{ name: 'N' }, ...cloneJson(before)])).toHaveLength(1)
    const args = before.map((item) => item.name)
    expect(diff(args, args.toReversed()).length).toBeLessThanOrEqual(2 * args.length)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
