// JSON pointers are lossless, and read own members only.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeToken, parsePointer, valueAt } from '../../src/patch/pointer.ts'

const formatPointer = (tokens: readonly (string | number)[]): string =>
  tokens.map((token) => `/${escapeToken(String(token))}`).join('')

describe('pointer', () => {
  it.each([
    [[], ''],
    [['a', 0, 'b/c', 'd~e', '~1', ''], '/a/0/b~1c/d~0e/~01/'],
  ])('writes %j as %j', (tokens, pointer) => {
    expect(formatPointer(tokens)).toBe(pointer)
    expect(parsePointer(pointer)).toEqual(tokens.map(String))
  })

  it.each(['a', 'a/b', '/~', '/~2', '/a~'])('does not take %j for a pointer', (text) => {
    expect(parsePointer(text)).toBeUndefined()
  })

  it('is lossless', () => {
    const token = fc.string({ unit: fc.constantFrom('~', '/', '0', '1', 'a') })
    fc.assert(
      fc.property(fc.array(token), (tokens) => {
        expect(parsePointer(formatPointer(tokens))).toEqual(tokens)
      }),
    )
  })

  it('finds own members and items', () => {
    const document = JSON.parse('{"a":[{"__proto__":1}],"s":"text"}')
    expect(valueAt(document, ['a', '0', '__proto__'])).toBe(1)
    for (const missing of [
      ['a', '00'],
      ['a', '1'],
      ['a', 'length'],
      ['s', '0'],
      ['toString'],
      ['__proto__'],
    ]) {
      expect(valueAt(document, missing), missing.join('/')).toBeUndefined()
    }
  })
})
