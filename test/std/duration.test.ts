import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { durationText, parseDuration } from '../../src/std/duration.ts'

describe('parseDuration', () => {
  test.each<[string, bigint]>([
    ['0', 0n],
    ['-0', 0n],
    ['+5s', 5_000_000_000n],
    ['1h2m3.5s', 3_723_500_000_000n],
    ['-1.5h', -5_400_000_000_000n],
    ['.5ms', 500_000n],
    ['1.s', 1_000_000_000n],
    ['3us2ns', 3_002n],
    ['1µs', 1_000n],
    ['1s1s', 2_000_000_000n],
    ['0.0000000009s', 0n],
    ['-9223372036854775808ns', -9_223_372_036_854_775_808n],
  ])('reads %s', (text, nanoseconds) => {
    expect(parseDuration(text)).toBe(nanoseconds)
  })

  test.each([
    ['', 'time: invalid duration ""'],
    ['-', 'time: invalid duration "-"'],
    ['.s', 'time: invalid duration ".s"'],
    ['s', 'time: invalid duration "s"'],
    ['12', 'time: missing unit in duration "12"'],
    ['1s 2s', 'time: unknown unit "s " in duration "1s 2s"'],
    ['4d', 'time: unknown unit "d" in duration "4d"'],
    ['1é', 'time: unknown unit "\\xc3\\xa9" in duration "1\\xc3\\xa9"'],
    ['9223372036854775808ns', 'time: invalid duration "9223372036854775808ns"'],
    ['2562048h', 'time: invalid duration "2562048h"'],
    ['99999999999999999999s', 'time: invalid duration "99999999999999999999s"'],
  ])('refuses %j', (text, message) => {
    expect(() => parseDuration(text)).toThrow(new Error(message))
  })
})

describe('durationText', () => {
  test.each<[bigint, string]>([
    [0n, '0s'],
    [1n, '1ns'],
    [1_500n, '1.5µs'],
    [2_000_000n, '2ms'],
    [61_000_000_000n, '1m1s'],
    [3_600_000_000_000n, '1h0m0s'],
    [-1_100_000_000n, '-1.1s'],
  ])('prints %s ns', (nanoseconds, text) => {
    expect(durationText(nanoseconds)).toBe(text)
  })

  test('is read back by parseDuration', () => {
    const nanoseconds = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })
    fc.assert(fc.property(nanoseconds, (value) => parseDuration(durationText(value)) === value))
  })
})
