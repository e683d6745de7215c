// JSON text as encoding/json writes it.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareGoStrings, goJson } from '../../src/std/gojson.ts'

describe('goJson', () => {
  it.each([
    [{ b: 1, a: { d: null, c: [] } }, '{"a":{"c":[],"d":null},"b":1}'],
    ['<a href="x">&\u2028\u2029', '"\\u003ca href=\\"x\\"\\u003e\\u0026\\u2028\\u2029"'],
    ['\b\f\n\r\t\\\u0001\u007f', '"\\b\\f\\n\\r\\t\\\\\\u0001\u007f"'],
    ['a\ud800b\ud83d\ude00\udc80\ufffd', '"a\\ufffdb\ud83d\ude00\\ufffd\ufffd"'],
    [[1e21, 1e-7, 1e20, 0.000001, -0, 1.5, 10n], '[1e+21,1e-7,100000000000000000000,0.000001,-0,1.5,10]'],
    [{ a: undefined, b: true }, '{"b":true}'],
    [undefined, 'null'],
    [JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
  ])('writes %#', (value, want) => {
    expect(goJson(value)).toBe(want)
  })

  it('refuses what JSON cannot say', () => {
    expect(() => goJson([Number.NaN])).toThrow('unsupported value')
  })

  it('can be read back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(JSON.parse(goJson(value)))).toBe(JSON.stringify(sorted(value)))
      }),
    )
  })

  it('orders keys by their UTF-8 bytes', () => {
    const unit = fc.constantFrom('a', 'é', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', '\ud7ff')
    const text = fc.array(unit, { maxLength: 4 }).map((units) => units.join(''))
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareGoStrings(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
    )
  })
})

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (Object.is(value, -0)) return 0
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => compareGoStrings(a, b))
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]))
}
