// Reading of YAML by go-yaml's rules: what texts mean, what is refused and where, and what hostile texts cost.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProblemError } from '../../src/std/problem.ts'
import { parseYaml, YAML_LIMITS, yamlToJson } from '../../src/std/yaml.ts'
import { writeYaml } from '../../src/std/yaml-write.ts'
import { runs } from '../runs.ts'

function problemOf(text: string): ProblemError {
  try {
    parseYaml(text)
  } catch (error) {
    if (error instanceof ProblemError) return error
    throw error
  }
  throw new Error(`no problem with ${JSON.stringify(text)}`)
}

describe('plain scalars', () => {
  const table: [text: string, json: string][] = [
    ['yes', 'true'],
    ['Off', 'false'],
    ['oFF', '"oFF"'],
    ['~', 'null'],
    ['', 'null'],
    ['010', '8'],
    ['0o17', '15'],
    ['08', '8'],
    ['0x1f', '31'],
    ['0b101', '5'],
    ['0b-1', '-1'],
    ['1_000', '1000'],
    ['+12', '12'],
    ['-0', '0'],
    ['-0.0', '-0'],
    ['.5', '0.5'],
    ['.5_', '".5_"'],
    ['.5_0', '0.5'],
    ['1e3', '1000'],
    ['1e21', '1e+21'],
    ['1e400', '"1e400"'],
    ['9007199254740993', '9007199254740993'],
    ['18446744073709551615', '18446744073709551615'],
    ['18446744073709551616', '18446744073709552000'],
    ['1:30', '"1:30"'],
    ['2001-12-14', '"2001-12-14"'],
    ['=', '"="'],
    ['!!str yes', '"yes"'],
    ['!!int "7"', '7'],
    ['!!float 7', '7'],
    ['!!binary aGk=', '"hi"'],
    ['!own text', '"text"'],
    ['! 7', '"7"'],
  ]
  for (const [text, json] of table) {
    it(`${text || 'nothing'} is ${json}`, () => {
      expect(yamlToJson(`k: ${text}\n`)).toBe(`{"k":${json}}`)
    })
  }

  it('numbers are floats for who reads data, exact for who prints them', () => {
    expect(parseYaml('9007199254740993')).toBe(9007199254740992)
  })
})

describe('structure', () => {
  const table: [name: string, text: string, json: string][] = [
    ['the first document counts, whatever follows', 'a: 1\n---\n\t{\n', '{"a":1}'],
    ['what is indented less than the first line is another document', ' a: 1\nb: 2\n', '{"a":1}'],
    ['no document is null', '# nothing\n', 'null'],
    ['the last of equal keys wins', 'a: {x: 1}\na: {y1: 2}\n', '{"a":{"y1":2}}'],
    ['keys are made text', '1.0: a\n0x10: b\nyes: c\n1e7: d\n', '{"1":"a","16":"b","1e+07":"d","true":"c"}'],
    ['a merge overrides keys before it', 'b: &b {x: 1}\nd:\n  x: 2\n  <<: *b\n', '{"b":{"x":1},"d":{"x":1}}'],
    ['of a list of merges the first wins', '<<: [{x: 1}, {x: 2, z: 3}]\n', '{"x":1,"z":3}'],
    ['a quoted << is a key', '"<<": {x: 1}\n', '{"\\u003c\\u003c":{"x":1}}'],
    ['an alias repeats its anchor', 'a: &x [1]\nb: *x\n', '{"a":[1],"b":[1]}'],
    ['a later anchor of the same name wins', 'a: &x 1\nb: &x 2\nc: *x\n', '{"a":1,"b":2,"c":2}'],
    ["a flow mapping may end at its key's column", 'a: {\n  b: 1,\n}\nc: 2\n', '{"a":{"b":1},"c":2}'],
    ['{b:1} is one key', 'a: {b:1}\n', '{"a":{"b:1":null}}'],
    ['a list may stand at the column of its key', 'a:\n- b\n- c: d\n', '{"a":["b",{"c":"d"}]}'],
    ['lines of a plain scalar fold', 'a: b\n  c\n\n  d\n', '{"a":"b c\\nd"}'],
    ['U+0085 ends a line', 'a: x\u0085b: z\n', '{"a":"x","b":"z"}'],
    ['U+2028 stays in quotes', '"a\u2028b"', '"a\\u2028b"'],
    ['a literal block keeps its lines', 'a: |+\n  x\n   y\n\nb: 1\n', '{"a":"x\\n y\\n\\n","b":1}'],
    ['a folded block folds', 'a: >-\n  x\n  y\n\n  z\n', '{"a":"x y\\nz"}'],
    ['an escaped line break joins', '"x\\\n   y"', '"xy"'],
    [
      'keys of any name are data',
      '__proto__: {a: 1}\nconstructor: 2\n',
      '{"__proto__":{"a":1},"constructor":2}',
    ],
    ['an infinity that is overwritten never was', 'a: .inf\na: 1\n', '{"a":1}'],
    ['%TAG declares a handle', '%TAG !e! tag:yaml.org,2002:\n---\n!e!str 1\n', '"1"'],
  ]
  for (const [name, text, json] of table) {
    it(name, () => {
      expect(yamlToJson(text)).toBe(json)
    })
  }
})

describe('what is refused, and where', () => {
  const table: [text: string, message: string, line: number, column: number][] = [
    ['a: b\n  c: d\n', 'yaml: line 2: mapping values are not allowed in this context', 2, 4],
    ['a:\n\tb: c\n', 'yaml: line 2: found character that cannot start any token', 2, 1],
    ['a: @x\n', 'yaml: found character that cannot start any token', 1, 4],
    ['a: "\\/"\n', 'yaml: found unknown escape character', 1, 5],
    ['a: "\\ud83d\\ude00"\n', 'yaml: found invalid Unicode character escape code', 1, 7],
    ['x: 1\na: "b\n', 'yaml: line 3: found unexpected end of stream', 3, 1],
    ['a: *x\n', "yaml: unknown anchor 'x' referenced", 1, 4],
    ['a: &x {b: *x}\n', "yaml: anchor 'x' value contains itself", 1, 11],
    ['~: v\n', 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "v"', 1, 1],
    ['[a]: v\n', 'yaml: invalid map key: []interface {}{"a"}', 1, 1],
    ['a: .nan\n', 'json: unsupported value: NaN', 1, 1],
    ['<<: 5\n', 'yaml: map merge requires map or sequence of maps as the value', 1, 5],
    ['a: !!int x\n', 'yaml: cannot decode !!str `x` as a !!int', 1, 10],
    ['a: 1\nb: \u0007\n', 'yaml: control characters are not allowed', 2, 4],
    ['a: \ud800\n', 'yaml: control characters are not allowed', 1, 4],
    ['%YAML 1.2\n---\na: 1\n', 'yaml: found incompatible YAML document', 1, 1],
    ['a: |\n    \n  x\n', 'yaml: line 2: did not find expected key', 3, 3],
  ]
  for (const [text, message, line, column] of table) {
    it(JSON.stringify(text), () => {
      const problem = problemOf(text)
      expect(problem.code).toBe('invalid-yaml')
      expect(problem.message).toBe(message)
      expect(problem.where).toEqual({ line, column })
    })
  }
})

describe('limits', () => {
  const refused = (text: string, limits = YAML_LIMITS): string => {
    const start = performance.now()
    let message = 'not refused'
    try {
      parseYaml(text, limits)
    } catch (error) {
      message = (error as Error).message
    }
    expect(performance.now() - start).toBeLessThan(2000)
    return message
  }

  it('100,000 open brackets are refused at once', () => {
    expect(refused('['.repeat(100_000))).toContain('exceeded max depth')
  })

  it('100,000 nested mappings are refused at once', () => {
    expect(refused('{a: '.repeat(100_000))).toContain('exceeded max depth')
  })

  it('a deep block is refused at once', () => {
    expect(refused('- '.repeat(100_000))).toContain('exceeded max depth')
  })

  it('an alias bomb is refused', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 20; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      )
    expect(refused(lines.join('\n'))).toContain('excessive aliasing')
  })

  it('a merge bomb is refused', () => {
    const lines = ['a0: &a0 {x: 1}']
    for (let i = 1; i < 30; i++)
      lines.push(
        `a${i}: &a${i} {<<: [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]}`,
      )
    expect(refused(lines.join('\n'))).toContain('excessive aliasing')
  })

  it('nodes that aliases add are counted', () => {
    const text = `a: &a [${'x, '.repeat(99)}]\n${Array.from({ length: 9 }, (_, i) => `b${i}: *a`).join('\n')}\n`
    expect(refused(text, { ...YAML_LIMITS, aliases: 899 })).toBe('yaml: aliases add more than 899 nodes')
    expect(refused(text, { ...YAML_LIMITS, aliases: 900 })).toBe('not refused')
  })

  it('texts that are too long are refused unread', () => {
    expect(refused('a: 1\n', { ...YAML_LIMITS, bytes: 4 })).toContain('more than 4')
  })

  it('a megabyte of one line takes linear time', () => {
    expect(refused(`a: ${'x '.repeat(500_000)}`)).toBe('not refused')
    expect(refused(`a: "${'\\n'.repeat(500_000)}"`)).toBe('not refused')
    expect(refused(`- ${'x'.repeat(1_000_000)}: 1`)).toContain('not allowed')
  })
})

describe('properties', () => {
  const json = fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('e-'))

  it('JSON that Go writes is read as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value)
        // DEL and C1 controls stand unescaped in JSON, and YAML refuses or folds them.
        fc.pre(!/[\u007f-\u009f\ufffe\uffff\ud800-\udfff]/.test(text) && !/\\u[dD][89a-fA-F]/.test(text))
        expect(parseYaml(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('what is written is read back', () => {
    fc.assert(
      fc.property(json, (value) => {
        fc.pre(!/[\u007f-\u009f\ufffe\uffff]|\\ud[89a-f]/.test(JSON.stringify(value)))
        const text = writeYaml(value)
        expect(writeYaml(parseYaml(text))).toBe(text)
      }),
    )
  })

  it('any text is read or refused with a place inside it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab:-?[]{}&*!|>\'"#%, \n\t\\0.~<') }), (text) => {
        try {
          parseYaml(text)
        } catch (error) {
          expect(error).toBeInstanceOf(ProblemError)
          const { line = 0 } = (error as ProblemError).where
          expect(line).toBeGreaterThan(0)
          expect(line).toBeLessThanOrEqual(text.split('\n').length + 1)
        }
      }),
      { numRuns: runs(2000) },
    )
  })
})
