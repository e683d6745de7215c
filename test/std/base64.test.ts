// Base64 against Node's own.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase64, toBase64 } from '../../src/std/base64.ts'

describe('base64', () => {
  it('is that of the UTF-8 bytes, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const want = Buffer.from(text.toWellFormed(), 'utf8').toString('base64')
        expect(toBase64(text)).toBe(want)
        expect(fromBase64(want)).toBe(text.toWellFormed().replace(/^\ufeff/, ''))
      }),
    )
  })

  it('knows long ASCII from what is nearly that', () => {
    for (const length of [127, 128, 5000, 65_535, 65_536, 65_537]) {
      for (const text of ['a'.repeat(length), `${'a'.repeat(length - 1)}é`, `é${'a'.repeat(length - 1)}`]) {
        expect(toBase64(text) === Buffer.from(text).toString('base64'), `${length}`).toBe(true)
      }
    }
  })

  it('takes long text', () => {
    const text = 'ü'.repeat(100_000)
    expect(toBase64(text)).toBe(Buffer.from(text).toString('base64'))
  })
})
