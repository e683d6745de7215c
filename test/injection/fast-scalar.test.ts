// A slot takes printed texts for nothing but what YAML reads from them.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Slot, type Style, scalarValue } from '../../src/injection/fast/scalar.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { runs } from '../runs.ts'

describe('scalarValue', () => {
  const CONTEXT: Record<Style, (text: string) => string> = {
    plain: (text) => `a: ${text}\nb: 1\n`,
    'plain-in-flow': (text) => `{ a: ${text}, b: 1 }\n`,
    quoted: (text) => `a: ${text}\nb: 1\n`,
    double: (text) => `a: "${text}"\nb: 1\n`,
    single: (text) => `a: '${text}'\nb: 1\n`,
    literal: (text) => `a: |-\n  ${text}\nb: 1\n`,
  }
  const character = fc.constantFrom(
    ...'ab01._-:=,@/#"\'\\[]{}&*!|>%?~<+$() \t\n\r\u0001\u0085\u00a0\u2028\ufeff\ufffeé',
  )
  const text = fc.oneof(
    fc.array(character, { maxLength: 6 }).map((list) => list.join('')),
    fc.constantFrom(
      'yes',
      '0x1F',
      '1e3',
      '.inf',
      '.nan',
      '1_000',
      '12:30',
      '2001-01-01',
      '"a"',
      '""',
      '<<',
      '---',
    ),
  )

  for (const style of Object.keys(CONTEXT) as Style[]) {
    it(`takes ${style} scalars for nothing but what YAML reads`, () => {
      const around = style === 'quoted' ? fc.constant('') : fc.constantFrom('', '-', 'x', '--k=', 'x:', 'a.')
      let taken = 0
      fc.assert(
        fc.property(around, text, around, text, around, (before, first, between, second, after) => {
          const slot: Slot =
            style === 'quoted'
              ? { style, parts: ['', ''], holes: [0] }
              : { style, parts: [before, between, after], holes: [0, 1] }
          const value = scalarValue(slot, [first, second])
          if (value === undefined) return
          taken++
          const whole = style === 'quoted' ? first : before + first + between + second + after
          expect(parseYaml(CONTEXT[style](whole))).toEqual({ a: value, b: 1 })
        }),
        { numRuns: runs(4000) },
      )
      expect(taken).toBeGreaterThan(20)
    })
  }
})
