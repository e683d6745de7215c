// Cutting texts into documents and putting them together again.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joinDocuments, splitSource } from '../../src/cli/documents.ts'

const split = (text: string) => splitSource({ name: 'x.yaml', text })

const ROWS: readonly { name: string; text: string; want: readonly (readonly [string, string, number])[] }[] =
  [
    { name: 'one document', text: 'a: 1\n', want: [['', 'a: 1\n', 0]] },
    {
      name: 'a separator may carry blanks and a comment',
      text: 'a: 1\n---  \nb: 2\n--- # c\nc: 3',
      want: [
        ['', 'a: 1\n', 0],
        ['---  \n', 'b: 2\n', 2],
        ['--- # c\n', 'c: 3', 4],
      ],
    },
    {
      name: 'content behind dashes is no separator',
      text: 'a: |\n  x\n--- b\n---c\n',
      want: [['', 'a: |\n  x\n--- b\n---c\n', 0]],
    },
    {
      name: 'a leading separator belongs to the first document',
      text: '---\na: 1\n',
      want: [['---\n', 'a: 1\n', 1]],
    },
    {
      name: 'line ends of Windows',
      text: 'a: 1\r\n---\r\nb: 2\r\n',
      want: [
        ['', 'a: 1\r\n', 0],
        ['---\r\n', 'b: 2\r\n', 2],
      ],
    },
    { name: 'nothing', text: '', want: [['', '', 0]] },
  ]

describe('splitSource', () => {
  it.each(ROWS)('$name', ({ text, want }) => {
    expect(split(text).map((each) => [each.separator, each.text, each.line])).toEqual(want)
  })

  it('loses nothing: the pieces are the text', () => {
    const line = fc.constantFrom('---', '--- # x', 'a: 1', '', '# c', '  ---', '---x', '--- x', '\r')
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), (lines, ended) => {
        const text = lines.join('\n') + (ended ? '\n' : '')
        const documents = split(text)
        expect(documents.map((each) => each.separator + each.text).join('')).toBe(text)
        expect(
          joinDocuments(
            documents,
            documents.map((each) => each.text),
          ),
        ).toBe(text)
      }),
    )
  })
})

describe('joinDocuments', () => {
  it('keeps texts of different files apart', () => {
    const documents = ['a: 1', '---\nb: 2\n', 'c: 3\n'].flatMap((text, i) =>
      splitSource({ name: `${i}`, text }),
    )
    expect(
      joinDocuments(
        documents,
        documents.map((each) => each.text),
      ),
    ).toBe('a: 1\n---\nb: 2\n---\nc: 3\n')
  })
})
