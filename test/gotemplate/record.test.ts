// Recorded runs: what marked data had an influence on is done again in a replay, also where a constant came of it.

import { describe, expect, it } from 'vitest'
import type { Recording } from '../../src/gotemplate/record.ts'
import { parseTemplate } from '../../src/gotemplate/template.ts'
import { STRING } from '../../src/gotemplate/types.ts'
import { type GoMethod, type GoType, type GoValue, Typed } from '../../src/gotemplate/value.ts'

const join: GoMethod = {
  params: [STRING],
  result: STRING,
  call: (raw, [glue]) => (raw as { parts: string[] }).parts.join(String(glue)),
}
const WORDS: GoType = {
  kind: 'struct',
  name: 'Words',
  fields: () => new Map(),
  methods: () => new Map([['Join', join]]),
}
const words = (...parts: string[]): GoValue => new Typed(WORDS, { parts })

/** What the recording of a run over `first` prints when it is done again over `second`. */
function replayed(text: string, first: GoValue, second: GoValue): string {
  const template = parseTemplate('t', text, new Map())
  const recording = template.record(first, { marked: new Set(['Words', 'text']) })
  if (recording === undefined) throw new Error('not recorded')
  const replay = template.replay(second)
  for (const { operation } of recording.steps) operation(replay)
  return printed(recording, replay.texts)
}

function printed({ texts, holes }: Recording, filled: readonly string[]): string {
  return texts.map((text, i) => text + (filled[holes[i] ?? -1] ?? '')).join('')
}

describe('record', () => {
  const root = (...parts: string[]): GoValue =>
    ({ Words: words(...parts), text: parts[0] ?? '' }) as unknown as GoValue
  const CASES: readonly (readonly [
    what: string,
    text: string,
    first: GoValue,
    second: GoValue,
    want: string,
  ])[] = [
    ['a method', '[{{ .Words.Join "-" }}]', root('a', 'b'), root('c', 'd'), '[c-d]'],
    ['a method and a constant', '[{{ and (.Words.Join "-") "p" }}]', root('a'), root(''), '[]'],
    ['a method of the root and a constant', '[{{ and (.Join "-") "p" }}]', words('a'), words(''), '[]'],
    ['a method of a dot', '{{ with .Words }}[{{ .Join "-" }}]{{ end }}', root('a'), root('c', 'd'), '[c-d]'],
    [
      'a method of a dot and a constant',
      '{{ with .Words }}[{{ and (.Join "-") "p" }}]{{ end }}',
      root('a'),
      root(''),
      '[]',
    ],
    ['an argument of a method', '[{{ (.Words.Join .text) }}]', root('a', 'b'), root('c', 'd'), '[ccd]'],
  ]
  for (const [what, text, first, second, want] of CASES) {
    it(`takes down ${what}`, () => {
      expect(replayed(text, first, second)).toBe(want)
      expect(parseTemplate('t', text, new Map()).execute(second).text).toBe(want)
    })
  }
})
