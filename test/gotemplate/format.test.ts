// Go's fmt: verbs, flags, widths, wrong arguments; quoting; floats.

import { describe, expect, it } from 'vitest'
import { goQuote, goString, sprintf } from '../../src/gotemplate/format.ts'
import { formatFloat } from '../../src/gotemplate/format-float.ts'
import { BYTES, INT64, pointerTo, STRING_MAP, UINT8, UINT64 } from '../../src/gotemplate/types.ts'
import { type GoType, type GoValue, Typed } from '../../src/gotemplate/value.ts'
import { TYPED } from './engine.ts'

const STRINGER: GoType = {
  kind: 'struct',
  name: 'x.S',
  fields: () => new Map(),
  methods: () =>
    new Map([['String', { params: [], result: { kind: 'string', name: 'string' }, call: () => 'itself' }]]),
}

describe('sprintf', () => {
  const table: [format: string, args: GoValue[], want: string][] = [
    [
      '%d|%5d|%-5d|%05d|%+d|% d|%x|%#X|%b|%#o|%O',
      [1n, 2n, 3n, -4n, 5n, 6n, 255n, 255n, 5n, 8n, 8n],
      '1|    2|3    |-0004|+5| 6|ff|0XFF|101|010|0o10',
    ],
    ['%c|%q|%U|%#U', [120n, 120n, 0x1f600n, 120n], "x|'x'|U+1F600|U+0078 'x'"],
    [
      '%f|%.2f|%8.3f|%e|%E|%g|%G',
      [1.5, 2.345, 3.25, 123456, 1.5, 1e21, 1e-7],
      '1.500000|2.35|   3.250|1.234560e+05|1.500000E+00|1e+21|1E-07',
    ],
    ['%.0f %.0f %.1f', [0.5, 1.5, 0.25], '0 2 0.2'],
    [
      '%s|%5s|%-5s|%.2s|%q|%x|% X|%+q|%#q',
      ['a', 'b', 'c', 'defg', 'h"', 'hi', 'hi', 'é', 'a'],
      'a|    b|c    |de|"h\\""|6869|68 69|"\\u00e9"|`a`',
    ],
    ['%t %v', [true, false], 'true false'],
    ['%v %v %v', [null, undefined, [null]], '<nil> <nil> [<nil>]'],
    ['%T %T %T %T', [1n, 1.5, null, {}], 'int float64 <nil> map[string]interface {}'],
    [
      '%#v %#v %#v',
      ['a', [1n, null], { a: 'b' }],
      '"a" []interface {}{1, interface {}(nil)} map[string]interface {}{"a":"b"}',
    ],
    ['%d %t %s', ['x', 1n, 2n], '%!d(string=x) %!t(int=1) %!s(int=2)'],
    ['%z %!', [1n], '%!z(int=1) %!!(MISSING)'],
    ['%d %d', [1n], '1 %!d(MISSING)'],
    ['%d', [1n, 'a', null], '1%!(EXTRA string=a, <nil>)'],
    ['50%', [], '50%!(NOVERB)'],
    ['%[2]d %[1]d', [1n, 2n], '2 1'],
    ['%[3]d %[x]d', [1n], '%!d(BADINDEX) %!d(BADINDEX)'],
    ['%*d|%-*d|%.*f', [5n, 3n, 4n, 3n, 1n, 2.55], '    3|3   |2.5'],
    ['%*d', ['a', 3n], '%!(BADWIDTH)3'],
    ['%999999999999d', [1n], '%!(NOVERB)%!(EXTRA int=1)'],
    ['%%', [], '%'],
    ['%w %w', [[new Typed(STRINGER, {})], 1n], '%!w([]interface {}=[{}]) %!w(int=1)'],
    ['%s', [[1.5, 'a']], '[%!s(float64=1.5) a]'],
    ['%5.1f|%05d', [[1.25, 2], [1n]], '[  1.2   2.0]|[00001]'],
    [
      '%v %s %d',
      [new Typed(STRINGER, {}), new Typed(STRINGER, {}), new Typed(STRINGER, {})],
      'itself itself {}',
    ],
    [
      '%v %v',
      [new Typed(STRING_MAP, { b: '2', a: '1' }), new Typed(STRING_MAP, undefined)],
      'map[a:1 b:2] map[]',
    ],
    [
      '%v %s %x %#v',
      [
        new Typed(BYTES, [104, 105]),
        new Typed(BYTES, [104, 105]),
        new Typed(BYTES, [104, 105]),
        new Typed(BYTES, [104]),
      ],
      '[104 105] hi 6869 []byte{0x68}',
    ],
    [
      '%v %#v %d',
      [new Typed(UINT64, 2n ** 64n - 1n), new Typed(UINT8, 200), new Typed(INT64, -5)],
      '18446744073709551615 0xc8 -5',
    ],
    [
      '%v %+v',
      [TYPED, new Typed(pointerTo(STRINGER), undefined)],
      '&{{pod} {c 3} 0xc000012000 <nil> map[a:1 b:2] [n m] [{x 0} {y 0}] 0xc000012000 <nil> map[big:10]} <nil>',
    ],
    ['%08.3f|%+.1e|%x|%b', [-3.25, 12345.678, 1.5, 1.5], '-003.250|+1.2e+04|0x1.8p+00|6755399441055744p-52'],
  ]
  for (const [format, args, want] of table) it(format, () => expect(sprintf(format, args)).toBe(want))
})

describe('printing one value', () => {
  const table: [value: GoValue, want: string][] = [
    [999999, '999999'],
    [1000000, '1e+06'],
    [123456.789, '123456.789'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [-0, '-0'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NaN, 'NaN'],
    [[1, 'b', null, [true]], '[1 b <nil> [true]]'],
    [{ y: 2, z: [1], x: null }, 'map[x:<nil> y:2 z:[1]]'],
    [2n ** 62n, '4611686018427387904'],
  ]
  for (const [value, want] of table) it(want, () => expect(goString(value)).toBe(want))
})

describe('rounding of floats', () => {
  const table: [value: number, format: string, precision: number, want: string][] = [
    [2.5, 'f', 0, '2'],
    [3.5, 'f', 0, '4'],
    [1e23, 'e', 3, '1.000e+23'],
    [1e23, 'e', 16, '9.9999999999999992e+22'],
    [1e23, 'f', 0, '99999999999999991611392'],
    [9.9999, 'g', 2, '10'],
    [0.1, 'f', 20, '0.10000000000000000555'],
    [5e-324, 'e', 5, '4.94066e-324'],
    [1.7976931348623157e308, 'g', 3, '1.8e+308'],
    [123456789, 'g', 4, '1.235e+08'],
    [100000, 'g', -1, '100000'],
    [0, 'e', 2, '0.00e+00'],
    [0, 'g', -1, '0'],
  ]
  for (const [value, format, precision, want] of table) {
    it(`%.${precision}${format} of ${value}`, () =>
      expect(formatFloat(value, format, precision, 64)).toBe(want))
  }

  it('a float32 has the digits of a float32', () => {
    expect(formatFloat(Math.fround(0.1), 'g', -1, 32)).toBe('0.1')
    expect(formatFloat(Math.fround(16777216), 'g', -1, 32)).toBe('1.6777216e+07')
  })
})

describe('quoting', () => {
  const table: [text: string, want: string][] = [
    ['plain text', '"plain text"'],
    ['a"b\\', '"a\\"b\\\\"'],
    ['\x07\b\f\n\r\t\v\0\x7f', '"\\a\\b\\f\\n\\r\\t\\v\\x00\\x7f"'],
    ['é\u00a0\u2028\u{e0001}😀', '"é\\u00a0\\u2028\\U000e0001😀"'],
    ['\udcff', '"\\xff"'],
    ['\ud800', '"\ufffd"'],
  ]
  for (const [text, want] of table) it(JSON.stringify(text), () => expect(goQuote(text)).toBe(want))
})
