// Numbers, strings and characters: spelling and type.

import { describe, expect, it } from 'vitest'
import { errorOf, render } from './engine.ts'

describe('numbers', () => {
  const table: [text: string, type: string, want: string][] = [
    ['42', 'int', '42'],
    ['-7', 'int', '-7'],
    ['+7', 'int', '7'],
    ['0b1010', 'int', '10'],
    ['0o17', 'int', '15'],
    ['017', 'int', '15'],
    ['0xff', 'int', '255'],
    ['0x_ff', 'int', '255'],
    ['1_000_000', 'int', '1000000'],
    ['9223372036854775807', 'int', '9223372036854775807'],
    ['-9223372036854775808', 'int', '-9223372036854775808'],
    ["'a'", 'int', '97'],
    ["'\\n'", 'int', '10'],
    ["'\\u00e9'", 'int', '233'],
    ["'😀'", 'int', '128512'],
    ['1.0', 'float64', '1'],
    ['.5', 'float64', '0.5'],
    ['1e3', 'float64', '1000'],
    ['1_0.5', 'float64', '10.5'],
    ['0x1p4', 'float64', '16'],
    ['0x1.8p0', 'float64', '1.5'],
    ['0x1p-1074', 'float64', '5e-324'],
    ['1e21', 'float64', '1e+21'],
    ['2i', 'complex128', '(0+2i)'],
    ['1.5-2i', 'complex128', '(1.5-2i)'],
  ]
  for (const [text, type, want] of table) {
    it(text, () => expect(render(`{{printf "%T" ${text}}} {{${text}}}`)).toBe(`${type} ${want}`))
  }
})

describe('numbers that are refused', () => {
  const table: [text: string, want: string][] = [
    ['1_', 't:1: illegal number syntax: "1_"'],
    ['1__0', 't:1: illegal number syntax: "1__0"'],
    ['0b12', 't:1: bad number syntax: "0b12"'],
    ['0x', 't:1: illegal number syntax: "0x"'],
    ['0x1.8', 't:1: illegal number syntax: "0x1.8"'],
    ['1e999', 't:1: illegal number syntax: "1e999"'],
    ['18446744073709551616', 't:1: integer overflow: "18446744073709551616"'],
    ["''", 't:1: invalid syntax'],
    ["'ab'", "t:1: malformed character constant: 'ab'"],
    ["'\\q'", 't:1: invalid syntax'],
  ]
  for (const [text, want] of table)
    it(text, () => expect(errorOf(`{{${text}}}`).message).toBe(`template: ${want}`))

  it('an unsigned number is only an error where it is used', () => {
    expect(render('{{if false}}{{18446744073709551615}}{{end}}')).toBe('')
    expect(errorOf('{{18446744073709551615}}').message).toContain('18446744073709551615 overflows int')
  })
})

describe('strings', () => {
  const table: [text: string, want: string][] = [
    ['"a\\tb\\n\\"\\\\"', 'a\tb\n"\\'],
    ['"\\x41\\101\\u00e9\\U0001F600"', 'AAé😀'],
    ['"\\xc3\\xa9"', 'é'],
    ['`a\\n"b"`', 'a\\n"b"'],
    ['`a\r\nb`', 'a\nb'],
  ]
  for (const [text, want] of table) it(text, () => expect(render(`{{${text}}}`)).toBe(want))
  for (const text of ['"\\q"', '"\\x4"', '"\\ud800"', '"\\400"', '"\\\'"']) {
    it(`${text} is refused`, () =>
      expect(errorOf(`{{${text}}}`).message).toBe('template: t:1: invalid syntax'))
  }
})
