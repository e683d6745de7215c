// Texts that are laid out anew have the value they had, and take a byte a character where they can.

import { serialize } from 'node:v8'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { narrow, narrowAll } from '../../src/std/narrow.ts'
import { json } from '../patch/arbitrary.ts'

/** Node writes a text as the engine has it: in one byte a character, or in two. */
function bytesOf(text: string): number {
  return serialize(text).length
}

describe('narrow', () => {
  it('keeps every value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(narrow(text)).toBe(text)
      }),
    )
    fc.assert(
      fc.property(json, (value) => {
        expect(narrowAll(value)).toEqual(value)
      }),
    )
  })

  it('halves what was cut from a text with one wide character', () => {
    const whole = `${'a word and another, '.repeat(20)}– and a dash`
    const part = whole.slice(0, 200)
    expect(bytesOf(part)).toBeGreaterThan(400)
    expect(bytesOf(narrow(part))).toBeLessThan(220)
    const [kept] = narrowAll([{ part }]) as [{ part: string }]
    expect(bytesOf(kept.part)).toBeLessThan(220)
    expect(narrow(whole)).toBe(whole)
  })
})
