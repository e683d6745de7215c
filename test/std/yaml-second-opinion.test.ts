// js-yaml as a second opinion: on documents that it writes itself, where Go and YAML 1.2 have no quarrel, our reader
// reads what js-yaml meant, and js-yaml reads what our writer wrote.

import fc from 'fast-check'
import jsyaml from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { parseYaml } from '../../src/std/yaml.ts'
import { writeYaml } from '../../src/std/yaml-write.ts'

/** Texts of letters, blanks and YAML's own signs: everything that needs quoting, no control characters. */
const text = fc.string({
  unit: fc.constantFrom(...'abz09 -:#,[]{}&*!|>%@`\'"\\?~=<\n\té世😀'),
  maxLength: 12,
})
const document = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.boolean(),
    fc.constant(null),
    fc.integer(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4 }),
  ),
})).value

describe('a second opinion on YAML', () => {
  it('what js-yaml dumps, we read as it was', () => {
    const dump = (value: unknown): string => jsyaml.dump(value, { noCompatMode: false, forceQuotes: true })
    fc.assert(
      fc.property(document, (value) => {
        expect(parseYaml(dump(value))).toEqual(value)
      }),
    )
  })

  it('what we write, js-yaml reads as it was', () => {
    fc.assert(
      fc.property(document, (value) => {
        // Below a key: at the root the two disagree on what an indentation indicator counts from.
        expect(jsyaml.load(writeYaml({ key: value }))).toEqual({ key: value })
      }),
    )
  })
})
