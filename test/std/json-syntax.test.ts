// Go's words for broken JSON, and depth without recursion.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/std/json.ts'
import { deeperThan, goSyntaxError, nestsDeeper } from '../../src/std/json-syntax.ts'
import { runs } from '../runs.ts'

const CASES: [string, string | undefined][] = [
  ['', 'unexpected end of JSON input'],
  [' ', 'unexpected end of JSON input'],
  ['{"kind":', 'unexpected end of JSON input'],
  ['[1', 'unexpected end of JSON input'],
  ['"abc', 'unexpected end of JSON input'],
  ['{} {}', "invalid character '{' after top-level value"],
  ['5x', "invalid character 'x' after top-level value"],
  ['01', "invalid character '1' after top-level value"],
  ['x', "invalid character 'x' looking for beginning of value"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['[,1]', "invalid character ',' looking for beginning of value"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
  ['[1 2]', "invalid character '2' after array element"],
  ['[1}', "invalid character '}' after array element"],
  ['"a\nb"', "invalid character '\\n' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['tru', "invalid character ' ' in literal true (expecting 'e')"],
  ['nulL', "invalid character 'L' in literal null (expecting 'l')"],
  ['-', "invalid character ' ' in numeric literal"],
  ['-a', "invalid character 'a' in numeric literal"],
  ['1.', "invalid character ' ' after decimal point in numeric literal"],
  ['1.e1', "invalid character 'e' after decimal point in numeric literal"],
  ['1e', "invalid character ' ' in exponent of numeric literal"],
  ['é', "invalid character 'Ã' looking for beginning of value"],
  ['\u00a0{}', "invalid character 'Â' looking for beginning of value"],
  ['\u0000', "invalid character '\\x00' looking for beginning of value"],
  ['{"a":[{},[],"\\u00e9\\n",-0.5e+3,true,false,null]}', undefined],
]

describe('goSyntaxError', () => {
  for (const [text, want] of CASES) {
    it(`${JSON.stringify(text)}: ${want ?? 'is taken'}`, () => expect(goSyntaxError(text)).toBe(want))
  }

  it('takes exactly what JSON.parse takes', () => {
    const pieces = fc.constantFrom(
      ...'{}[]:,"\\u00e9 \n-1.5eE+tfrualsn',
      'true',
      'null',
      '"a"',
      '"a":',
      '{"a":',
      '12',
    )
    const text = fc.oneof(
      fc.array(pieces, { maxLength: 12 }).map((list) => list.join('')),
      fc.json(),
    )
    fc.assert(
      fc.property(text, (sample) => {
        let parsed = true
        try {
          JSON.parse(sample)
        } catch {
          parsed = false
        }
        expect(goSyntaxError(sample) === undefined).toBe(parsed)
      }),
      { numRuns: runs(2000) },
    )
  })

  it('gives up at the depth at which Go does', () => {
    expect(goSyntaxError('['.repeat(10_000) + ']'.repeat(10_000))).toBeUndefined()
    expect(goSyntaxError('['.repeat(10_001))).toBe('exceeded max depth')
  })
})

describe('deeperThan', () => {
  it('counts nesting outside strings, whatever the length', () => {
    expect(deeperThan('{"a":["[[[[",{}]}', 3)).toBe(false)
    expect(deeperThan('{"a":["[[[[",{}]}', 2)).toBe(true)
    expect(deeperThan('"\\"[[[["', 0)).toBe(false)
    expect(deeperThan('"\\\\"[', 0)).toBe(true)
    expect(deeperThan('"[[[[', 0)).toBe(false)
    expect(deeperThan('['.repeat(3_000_000), 200)).toBe(true)
  })
})

describe('nestsDeeper', () => {
  it('says of data what deeperThan says of its text', () => {
    for (const text of ['1', 'null', '[]', '{"a":[null,"[[",{}]}', '[[1],[[2]]]', '{"a":{"b":{"c":{}}}}']) {
      for (let limit = 0; limit < 6; limit++) {
        expect(nestsDeeper(JSON.parse(text) as Json, limit), `${text} ${limit}`).toBe(deeperThan(text, limit))
      }
    }
  })

  it('looks no deeper than asked', () => {
    expect(nestsDeeper(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as Json, 200)).toBe(true)
  })
})
