// The fast path gives what the plain pipeline gives for pods one or two of whose texts were replaced by ones that mean
// something else in YAML, in whichever order pods come. Generated pods are in equality.test.ts.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cloneJson, isObject, type Json, type JsonObject } from '../../src/std/json.ts'
import { runs } from '../runs.ts'
import { answer, bench, podOf } from './fast.ts'
import { makeRevision } from './settings.ts'

const SLOW_TEST = 180_000

const plain = makeRevision()

describe('fast path and plain pipeline', () => {
  /** What a text may be replaced by. */
  const ODD = [
    ...['', 'true', 'yes', '010', '1e3', '.inf', '0x1F', '~', 'null', '<<', '=', '-', '--', '---', '...'],
    ...[
      'a: b',
      'a:',
      ':a',
      'x #y',
      '#x',
      '*a',
      '&a',
      '!t',
      '%d',
      '@x',
      '`x',
      '|',
      '>',
      '? x',
      '- x',
      '[a]',
      '{a: b}',
    ],
    ...[
      "it's",
      '"q"',
      'a"b',
      'back\\slash',
      'a\nb',
      'a\r',
      '\u0085',
      'x\u2028y',
      '\u2029',
      '\u0001',
      '\ufeff',
      'tab\t',
    ],
    ...[
      ' lead',
      'trail ',
      'a, b',
      'é',
      '😀',
      '{{ .x }}',
      '<&>',
      'x'.repeat(65_536),
      '{"a":1}',
      '15001,80',
      'web',
    ],
  ]

  const RICH = podOf(
    {
      'sidecar.istio.io/logLevel': 'debug',
      'sidecar.istio.io/agentLogLevel': 'default:info',
      'sidecar.istio.io/userVolume': '{"v":{"name":"v","emptyDir":{}}}',
      'traffic.sidecar.istio.io/includeOutboundIPRanges': '*',
      'readiness.status.sidecar.istio.io/periodSeconds': '7',
      'example.com/note': 'text',
    },
    { version: 'v1', 'service.istio.io/canonical-name': 'name' },
  )

  /** All pods that differ from `pod` in one text, or miss it. */
  function variants(pod: JsonObject, texts: readonly string[]): JsonObject[] {
    const made: JsonObject[] = []
    const places: (string | number)[][] = []
    const visit = (value: Json, path: (string | number)[]): void => {
      if (typeof value === 'string') places.push(path)
      else if (Array.isArray(value)) value.forEach((item, i) => visit(item, [...path, i]))
      else if (isObject(value)) for (const [key, item] of Object.entries(value)) visit(item, [...path, key])
    }
    visit(pod, [])
    for (const path of places.filter(([first]) => first === 'metadata' || first === 'spec')) {
      for (const text of [undefined, ...texts]) {
        const copy = cloneJson(pod)
        let at = copy as JsonObject
        for (const step of path.slice(0, -1)) at = at[step] as JsonObject
        const last = path.at(-1) ?? ''
        if (text === undefined) delete at[last]
        else at[last] = text
        made.push(copy)
      }
    }
    return made
  }

  it(
    'answer pods with one odd text alike, built on the usual one or on the odd one',
    () => {
      const { cache, counts } = bench()
      for (let i = 0; i < 2; i++) answer(plain, RICH, cache)
      const want = answer(plain, RICH)
      for (const odd of variants(RICH, ODD)) {
        const wantOdd = answer(plain, odd)
        expect(answer(plain, odd, cache)).toBe(wantOdd)
        // The same from a cache that knows the odd pod only.
        const { cache: other } = bench()
        for (let i = 0; i < 3; i++) expect(answer(plain, odd, other)).toBe(wantOdd)
        expect(answer(plain, RICH, other)).toBe(want)
      }
      expect(counts.hit).toBeGreaterThan(100)
    },
    SLOW_TEST,
  )

  it(
    'answer pods with two odd texts alike',
    () => {
      const { cache } = bench()
      const once = variants(RICH, ODD)
      const random = fc.nat(once.length - 1).chain((i) => {
        const twice = variants(once[i] ?? RICH, ODD)
        return fc.nat(Math.max(0, twice.length - 1)).map((j) => twice[j] ?? RICH)
      })
      fc.assert(
        fc.property(random, (pod) => {
          const want = answer(plain, pod)
          for (let i = 0; i < 2; i++) expect(answer(plain, pod, cache)).toBe(want)
        }),
        { numRuns: runs(200) },
      )
    },
    SLOW_TEST,
  )

  it('serves workloads that were never seen, once their shape was', () => {
    const { cache, counts } = bench()
    for (let i = 0; i < 20; i++) {
      const pod = podOf({ 'example.com/build': `build ${i}` }, { app: `app-${i}`, version: `v${i}` })
      expect(answer(plain, pod, cache)).toBe(answer(plain, pod))
    }
    // A ProxyConfig that is met again becomes a constant, so the shape is built a second time at most.
    expect(counts.hit).toBeGreaterThanOrEqual(16)
  })
})
