// YAML as Go writes it: order of keys, quoting, folding, and the detour through JSON.

import { describe, expect, it } from 'vitest'
import { splitDocuments } from '../../src/std/yaml-split.ts'
import { jsonToYaml, writeYaml } from '../../src/std/yaml-write.ts'

const LONG = Array(9).fill('ten chars').join(' ')

describe('writeYaml', () => {
  const table: [name: string, value: unknown, text: string][] = [
    [
      'keys in natural order',
      { a10: 1, a9: 2, a01: 5, B: 3, 'a-b': 4 },
      'B: 3\na-b: 4\na01: 5\na9: 2\na10: 1\n',
    ],
    ['lists at the column of their key', { a: [{ b: 1, c: [2] }] }, 'a:\n- b: 1\n  c:\n  - 2\n'],
    ['empty collections closed', { a: [], b: {}, c: null }, 'a: []\nb: {}\nc: null\n'],
    [
      'text that would be something else quoted',
      ['yes', '1', '1:30', '2001-01-01', '', '~'],
      '- "yes"\n- "1"\n- "1:30"\n- "2001-01-01"\n- ""\n- "~"\n',
    ],
    [
      'text with signs of YAML in single quotes',
      ['a: b', "it's", '# x', '- x', ' x'],
      "- 'a: b'\n- it's\n- '# x'\n- '- x'\n- ' x'\n",
    ],
    ['characters without a form escaped', ['a\tb', '😀', '\u0007'], '- "a\\tb"\n- "\\U0001F600"\n- "\\a"\n'],
    ['several lines as a block', { k: 'a\n b\n' }, 'k: |\n  a\n   b\n'],
    [
      'a block that begins with a blank says its indentation',
      ['\na', ' a\n\n'],
      '- |2-\n\n  a\n- |2+\n   a\n\n',
    ],
    ['trailing blanks before a break in double quotes', 'a \nb', '"a \\nb"\n'],
    ['long lines folded', { k: LONG }, `k: ${LONG.slice(0, 79)}\n  ${LONG.slice(80)}\n`],
    ['long keys after a question mark', { ['k'.repeat(129)]: 1 }, `? ${'k'.repeat(129)}\n: 1\n`],
    ['floats as JSON has them', [1e6, 1e21, 0.000001, 1.5], '- 1000000\n- 1e+21\n- 1e-06\n- 1.5\n'],
    ['bigint as integer', 9007199254740993n, '9007199254740993\n'],
    ['text that JSON leaves to YAML read by it', 'a\u0085b', 'a b\n'],
    ['__proto__ like any key', JSON.parse('{"__proto__":{"a":1}}'), '__proto__:\n  a: 1\n'],
    ['undefined members left out', { a: undefined, b: 1 }, 'b: 1\n'],
  ]
  for (const [name, value, text] of table) {
    it(name, () => {
      expect(writeYaml(value)).toBe(text)
    })
  }

  it('refuses text that YAML has no room for in JSON', () => {
    expect(() => writeYaml('\u007f')).toThrow('control characters are not allowed')
  })
})

describe('jsonToYaml', () => {
  it('keeps floats and long integers apart by their spelling', () => {
    expect(jsonToYaml('[1e6, 1000000, 12345678901234567890, -0.0]')).toBe(
      '- 1e+06\n- 1000000\n- 12345678901234567890\n- -0\n',
    )
  })
})

describe('splitDocuments', () => {
  const table: [name: string, text: string, documents: string[]][] = [
    ['separators are left out', 'a: 1\n---\nb: 2\n', ['a: 1\n', 'b: 2\n']],
    ['a separator may carry a comment', 'a: 1\n--- # x\nb: 2\n', ['a: 1\n', 'b: 2\n']],
    ['one at the beginning stays', '---\na: 1\n', ['---\na: 1\n']],
    ['a last line without end gets one', 'a: 1\n---\nb', ['a: 1\n', 'b\n']],
    ['CR LF becomes LF', 'a: 1\r\n---\r\nb: 2\r\n', ['a: 1\n', 'b: 2\n']],
    ['nothing has no documents', '', []],
    ['a separator inside a block cuts it', 'a: |\n---\n', ['a: |\n']],
  ]
  for (const [name, text, documents] of table) {
    it(name, () => {
      expect(splitDocuments(text)).toEqual(documents)
    })
  }

  it('refuses text behind a separator, and says where', () => {
    expect(() => splitDocuments('a: 1\n--- b\n')).toThrow(
      expect.objectContaining({
        message: 'invalid Yaml document separator: b',
        where: { line: 2, column: 1 },
      }),
    )
  })
})
