import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byteLength, fromBytes, settle, sliceBytes, toBytes } from '../../src/std/bytes.ts'

test('every byte sequence survives the round trip', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = fromBytes(bytes)
      expect([...toBytes(text)]).toEqual([...bytes])
      expect(byteLength(text)).toBe(bytes.length)
    }),
  )
})

test('well-formed text is UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = toBytes(text)
      expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)).toBe(text)
      expect(fromBytes(bytes)).toBe(text)
    }),
  )
})

test.each([
  ['overlong slash', [0xc0, 0xaf], '\udcc0\udcaf'],
  ['surrogate', [0xed, 0xa0, 0x80], '\udced\udca0\udc80'],
  ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80], '\udcf4\udc90\udc80\udc80'],
  ['cut rune', [0x61, 0xe4, 0xb8], 'a\udce4\udcb8'],
  ['four bytes', [0xf0, 0x9f, 0x98, 0x80], '😀'],
])('bytes of no rune stay single: %s', (_name, bytes, text) => {
  expect(fromBytes(Uint8Array.from(bytes))).toBe(text)
})

test('slices by bytes and joins halves again', () => {
  expect(sliceBytes('é世', 0, 2)).toBe('é')
  const head = sliceBytes('é世', 0, 3)
  const tail = sliceBytes('é世', 3, 5)
  expect(head).toBe('é\udce4')
  expect(settle(head + tail)).toBe('é世')
  expect(settle(head, '\ufffd')).toBe('é\ufffd')
})
