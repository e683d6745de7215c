// Remembered results: those of the function, asked once for a text that is kept.

import { expect, it } from 'vitest'
import { remembering } from '../../src/std/remember.ts'

function counted(): { asked: string[]; upper: (text: string) => string } {
  const asked: string[] = []
  const make = (text: string): string => {
    asked.push(text)
    return text.toUpperCase()
  }
  return { asked, upper: remembering(make, { most: 2, longest: 3 }) }
}

it('asks once for what comes again', () => {
  const { asked, upper } = counted()
  expect(['a', 'b', 'a', 'b'].map(upper)).toEqual(['A', 'B', 'A', 'B'])
  expect(asked).toEqual(['a', 'b'])
})

it('forgets all when there are too many', () => {
  const { asked, upper } = counted()
  for (const text of ['a', 'b', 'c', 'c', 'a']) expect(upper(text)).toBe(text.toUpperCase())
  expect(asked).toEqual(['a', 'b', 'c', 'a'])
})

it('keeps no long text', () => {
  const { asked, upper } = counted()
  for (const text of ['abcd', 'abcd', 'abc', 'abc']) expect(upper(text)).toBe(text.toUpperCase())
  expect(asked).toEqual(['abcd', 'abcd', 'abc'])
})
