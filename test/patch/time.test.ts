// RFC 3339 as Go reads and writes it.

import { describe, expect, it } from 'vitest'
import { canonicalTime } from '../../src/patch/time.ts'

const LAYOUT = '"2006-01-02T15:04:05Z07:00"'

describe('canonicalTime', () => {
  it.each([
    ['2024-01-02T03:04:05Z', '2024-01-02T03:04:05Z'],
    ['2024-01-02T03:04:05.999Z', '2024-01-02T03:04:05Z'],
    ['2024-01-02T03:04:05,5Z', '2024-01-02T03:04:05Z'],
    ['2024-01-02T3:04:05Z', '2024-01-02T03:04:05Z'],
    ['2024-01-01T00:30:00+01:00', '2023-12-31T23:30:00Z'],
    ['2024-02-29T23:30:00-05:30', '2024-03-01T05:00:00Z'],
    ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00Z'],
    ['0001-01-01T00:00:00Z', null],
    ['0001-01-01T00:00:00.0Z', null],
    ['0001-01-01T00:00:00.5Z', '0001-01-01T00:00:00Z'],
  ])('reads %s as %s', (text, want) => {
    expect(canonicalTime(text)).toBe(want)
  })

  it.each([
    ['', `parsing time "" as ${LAYOUT}: cannot parse "" as "2006"`],
    ['bad', `parsing time "bad" as ${LAYOUT}: cannot parse "bad" as "2006"`],
    ['2024/01', `parsing time "2024/01" as ${LAYOUT}: cannot parse "/01" as "-"`],
    [
      '2024-1-02T03:04:05Z',
      `parsing time "2024-1-02T03:04:05Z" as ${LAYOUT}: cannot parse "1-02T03:04:05Z" as "01"`,
    ],
    ['2024-13-02T03:04:05Z', 'parsing time "2024-13-02T03:04:05Z": month out of range'],
    ['2024-00-02T03:04:05Z', 'parsing time "2024-00-02T03:04:05Z": month out of range'],
    ['2023-02-29T03:04:05Z', 'parsing time "2023-02-29T03:04:05Z": day out of range'],
    [
      '2024-01-02 03:04:05Z',
      `parsing time "2024-01-02 03:04:05Z" as ${LAYOUT}: cannot parse " 03:04:05Z" as "T"`,
    ],
    ['2024-01-02T24:04:05Z', 'parsing time "2024-01-02T24:04:05Z": hour out of range'],
    ['2024-01-02T03:60:05Z', 'parsing time "2024-01-02T03:60:05Z": minute out of range'],
    ['2024-01-02T03:04:05', `parsing time "2024-01-02T03:04:05" as ${LAYOUT}: cannot parse "" as "Z07:00"`],
    [
      '2024-01-02T03:04:05+25:00',
      'parsing time "2024-01-02T03:04:05+25:00": time zone offset hour out of range',
    ],
    [
      '2024-01-02T03:04:05+0100',
      `parsing time "2024-01-02T03:04:05+0100" as ${LAYOUT}: cannot parse "+0100" as "Z07:00"`,
    ],
    [
      '2024-01-02T03:04:05Zé"',
      'parsing time "2024-01-02T03:04:05Z\\xc3\\xa9\\"": extra text: "\\xc3\\xa9\\""',
    ],
  ])('refuses %j as Go does', (text, message) => {
    expect(() => canonicalTime(text)).toThrow(expect.objectContaining({ message, code: 'merge-failed' }))
  })
})
