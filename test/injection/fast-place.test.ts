// Where printed texts get a slot, and where they must stay as they were. One text is written between ⟨ and ⟩; a mark in
// front of it says more: `!` it is not harmless, `#` it was serialised.

import { describe, expect, it } from 'vitest'
import { type Placed, placeHoles } from '../../src/injection/fast/place.ts'

function place(template: string): Placed | undefined {
  const printed: { register: number; text: string; serialised: boolean }[] = []
  const harmless: boolean[] = []
  const parts = template.split(/⟨[^⟩]*⟩/)
  for (const [, mark, text = ''] of template.matchAll(/⟨([!#]?)([^⟩]*)⟩/g)) {
    printed.push({ register: printed.length, text, serialised: mark === '#' })
    harmless.push(mark !== '!')
  }
  return placeHoles(parts, printed, harmless)
}

describe('a printed text gets a slot', () => {
  const table: [what: string, template: string, slots: object[]][] = [
    ['as a plain scalar', 'a: ⟨x⟩\n', [{ style: 'plain', parts: ['', ''], holes: [0] }]],
    ['inside a plain scalar', 'a: b/⟨x⟩:c\n', [{ style: 'plain', parts: ['b/', ':c'], holes: [0] }]],
    ['in a list in flow', 'a: [⟨x⟩, b]\n', [{ style: 'plain-in-flow', parts: ['', ''], holes: [0] }]],
    ['behind a list in flow', 'a: [b]\nc: ⟨x⟩\n', [{ style: 'plain', parts: ['', ''], holes: [0] }]],
    ['in double quotes', 'a: "b ⟨x y⟩"\n', [{ style: 'double', parts: ['b ', ''], holes: [0] }]],
    ['in single quotes', "a: '⟨x⟩'\n", [{ style: 'single', parts: ['', ''], holes: [0] }]],
    ['with its own quotes', 'a: ⟨"x"⟩\n', [{ style: 'quoted', parts: ['', ''], holes: [0] }]],
    ['in a literal', 'a: |\n  b ⟨x⟩\n', [{ style: 'literal', parts: ['b ', '\n'], holes: [0] }]],
    [
      'in a literal, serialised',
      'a: |\n  ⟨#{"x":1}⟩\n',
      [{ style: 'literal', parts: ['', '\n'], holes: [0] }],
    ],
    ['beside another', 'a: ⟨x⟩-⟨y⟩\n', [{ style: 'plain', parts: ['', '-', ''], holes: [0, 1] }]],
    [
      'beside one that has none, in another scalar',
      'a: ⟨!x⟩\nb: ⟨y⟩\n',
      [{ style: 'plain', parts: ['', ''], holes: [1] }],
    ],
  ]
  for (const [what, template, slots] of table) {
    it(what, () => expect([...(place(template)?.slots.values() ?? [])]).toEqual(slots))
  }
})

describe('a printed text must stay as it was', () => {
  const table: [what: string, template: string, exact: number[]][] = [
    ['that is not harmless', 'a: ⟨!x⟩\n', [0]],
    ['in one scalar with such a text', 'a: ⟨!x⟩-⟨y⟩\n', [0, 1]],
    ['that is a key', 'a:\n  ⟨x⟩: 1\n', [0]],
    ['behind a tag', 'a: !!str ⟨x⟩\n', [0]],
    ['behind an anchor', 'a: &b ⟨x⟩\nc: *b\n', [0]],
    ['that is the whole document', '⟨x⟩', [0]],
    ['in a comment', 'a: b # ⟨x⟩\n', [0]],
    ['that is folded', 'a: >-\n  ⟨x⟩\n', [0]],
    ['in quotes over several lines', 'a: "b\n  ⟨x⟩"\n', [0]],
    ['in a plain scalar over several lines', 'a: b\n  ⟨x⟩\n', [0]],
    ['that was serialised, in quotes', "a: '⟨#x⟩'\n", [0]],
    ['that was serialised, plain', 'a: ⟨#x⟩\n', [0]],
    ['that ends its scalar', 'a: ⟨x #y⟩\n', [0]],
  ]
  for (const [what, template, exact] of table) {
    it(what, () => expect(place(template)).toMatchObject({ exact, slots: new Map() }))
  }
})

describe('nothing is placed', () => {
  it('where a text looks like a marker', () => expect(place('a: ⟨rEmOrA0hOlE⟩\n')).toBeUndefined())
  it('where the text is no YAML', () => expect(place('a: "⟨x⟩\n')).toBeUndefined())
})
