// Quantities: canonical text, amounts, refusals, and that canonical text is canonical.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  canonicalQuantity,
  canonicalQuantityText,
  parseQuantity,
  quantitySign,
  scaledValue,
} from '../../src/std/quantity.ts'

describe('canonicalQuantity', () => {
  const table: [value: string | number | null, text: string][] = [
    ['100m', '100m'],
    ['0.5', '500m'],
    ['1000', '1k'],
    ['1500m', '1500m'],
    ['2000m', '2'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['1000Ki', '1000Ki'],
    ['01', '01'],
    ['+1', '+1'],
    ['123.456', '123.456'],
    ['1e3', '1e3'],
    ['1e4', '10e3'],
    ['0.1m', '100u'],
    ['0.0000000001', '1n'],
    ['-1500Ki', '-1500Ki'],
    ['0.1Ki', '102400m'],
    ['1000E', '1'],
    ['8Ei', '9223372036854775807'],
    ['9Ei', '9223372036854775807'],
    ['m', '0'],
    ['-', '0'],
    [' 1 ', '1'],
    [1000, '1k'],
    [0.25, '250m'],
    [null, '0'],
  ]
  for (const [value, text] of table) {
    it(`${JSON.stringify(value)} is ${text}`, () => {
      expect(canonicalQuantity(value)).toBe(text)
    })
  }

  const refused: [value: string | boolean, message: string][] = [
    ['', 'quantities must match the regular expression'],
    ['1 m', 'quantities must match the regular expression'],
    ['1\n', 'quantities must match the regular expression'],
    [true, 'quantities must match the regular expression'],
    ['1kk', "unable to parse quantity's suffix"],
    ['1e', "unable to parse quantity's suffix"],
    ['e-12', 'unable to parse numeric part of quantity'],
  ]
  for (const [value, message] of refused) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      expect(() => canonicalQuantity(value)).toThrow(message)
    })
  }

  it('reads numbers of JSON by their spelling', () => {
    expect(canonicalQuantityText('1e3')).toBe('1e3')
    expect(() => canonicalQuantityText('"\\u0031"')).toThrow('regular expression')
  })
})

describe('amounts', () => {
  const table: [text: string, sign: number, value: bigint, milli: bigint][] = [
    ['1.5', 1, 2n, 1500n],
    ['-1.5', -1, -2n, -1500n],
    ['1n', 1, 1n, 1n],
    ['128Mi', 1, 134217728n, 134217728000n],
    ['0', 0, 0n, 0n],
    ['9223372036854775807', 1, 9223372036854775807n, -1000n],
  ]
  for (const [text, sign, value, milli] of table) {
    it(text, () => {
      const quantity = parseQuantity(text)
      expect([quantitySign(quantity), scaledValue(quantity, 0), scaledValue(quantity, -3)]).toEqual([
        sign,
        value,
        milli,
      ])
    })
  }

  it('exponents beyond all bounds cost nothing', () => {
    const start = performance.now()
    for (const text of ['1e2147483647', '12345678901234567890e999999999', '1.5e-2147483000'])
      parseQuantity(text)
    expect(performance.now() - start).toBeLessThan(500)
  })
})

/** The amount in nanos; no amount is finer. */
function nanos(text: string): bigint {
  const { unscaled, exponent } = parseQuantity(text)
  return unscaled * 10n ** BigInt(exponent + 9)
}

describe('properties', () => {
  const suffix = fc.constantFrom(
    '',
    'n',
    'u',
    'm',
    'k',
    'M',
    'G',
    'T',
    'P',
    'Ki',
    'Mi',
    'Gi',
    'Ti',
    'Pi',
    'e3',
    'E-3',
    'e+6',
  )
  const text = fc
    .tuple(fc.constantFrom('', '-', '+'), fc.stringMatching(/^[0-9]{1,12}(\.[0-9]{0,6})?$/), suffix)
    .map((parts) => parts.join(''))

  it('the canonical text means the same and is canonical', () => {
    fc.assert(
      fc.property(text, (value) => {
        const canonical = canonicalQuantity(value)
        expect(canonicalQuantity(canonical)).toBe(canonical)
        expect(nanos(canonical)).toBe(nanos(value))
      }),
    )
  })
})
