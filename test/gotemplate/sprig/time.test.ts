// Dates that are given their time, durations; nothing here may read a clock.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { problemOf, problems, render, table } from './sprig.ts'

describe('formatting', () => {
  table([
    [
      '{{dateInZone "2006-01-02T15:04:05Z07:00" 1700000000 "UTC"}} {{date "15:04:05.000" 1700000000}}',
      '2023-11-14T22:13:20Z 22:13:20.000',
    ],
    [
      '{{dateInZone "Mon Jan _2 03:04PM -0700 MST" 1700000000 "America/New_York"}}',
      'Tue Nov 14 05:13PM -0500 EST',
    ],
    ['{{dateInZone "02 January 06 __2 002 Z07" 1719792000 "Europe/Berlin"}}', '01 July 24 183 183 +02'],
    [
      '{{dateInZone "MST -07:00" 0 "Asia/Kolkata"}} {{dateInZone "MST" 0 "Nowhere/At_All"}} {{htmlDate 86399}}',
      'IST +05:30 UTC 1970-01-01',
    ],
  ])
})

describe('reading', () => {
  table([
    [
      '{{toDate "2006-01-02" "2024-02-29"}} {{unixEpoch (toDate "2006-01-02 -0700" "2024-02-29 +0200")}}',
      '2024-02-29 00:00:00 +0000 UTC 1709157600',
    ],
    [
      '{{(toDate "Jan 2, 2006 3:04pm MST" "Feb 3, 2013 7:54pm PST").Format "2006-01-02T15:04 MST"}}',
      '2013-02-03T19:54 PST',
    ],
    [
      '{{toDate "2006" "x"}} {{(toDate "2006-002" "2024-366").Month}} {{toJson (toDate "15:04:05.999" "01:02:03.5")}}',
      '0001-01-01 00:00:00 +0000 UTC December "0000-01-01T01:02:03.5Z"',
    ],
    [
      '{{$t := toDate "2006-01-02T15:04:05Z07:00" "2024-01-31T10:00:00Z"}}{{$t.AddDate 0 1 0}} {{$t.Weekday}} {{dateModify "-1.5h" $t}} {{(dateModify "24h" $t).After $t}}',
      '2024-03-02 10:00:00 +0000 UTC Wednesday 2024-01-31 08:30:00 +0000 UTC true',
    ],
  ])
  problems([
    ['{{mustToDate "2006-01-02" "2023-02-29"}}', 'parsing time "2023-02-29": day out of range'],
    ['{{mustToDate "2006-01-02" "2023-13-01"}}', 'parsing time "2023-13-01": month out of range'],
    ['{{mustToDate "2006-01-02" "2023"}}', 'parsing time "2023" as "2006-01-02": cannot parse "" as "-"'],
    ['{{mustToDate "2006" "2023x"}}', 'parsing time "2023x": extra text: "x"'],
    ['{{mustDateModify "1x" (toDate "2006" "2023")}}', 'time: unknown unit "x" in duration "1x"'],
  ])

  it('what was printed reads back to the same second', () => {
    const layouts = [
      '2006-01-02T15:04:05Z07:00',
      'Mon, 02 Jan 2006 15:04:05 -0700',
      '2006-002 3:04:05PM',
      'Monday 2 January 2006 15.04.05',
    ]
    fc.assert(
      fc.property(
        fc.integer({ min: -62135596800, max: 253402300799 }),
        fc.constantFrom(...layouts),
        (seconds, layout) => {
          const data = { layout, seconds: String(seconds) }
          expect(render('{{.seconds | int64 | date .layout | mustToDate .layout | unixEpoch}}', data)).toBe(
            String(seconds),
          )
        },
      ),
    )
  })
})

describe('durations', () => {
  table([
    ['{{duration "95"}} {{duration (int64 3600)}} {{duration 60}} {{duration "x"}}', '1m35s 1h0m0s 0s 0s'],
    [
      '{{durationRound "2h10m5s"}} {{durationRound "1h"}} {{durationRound "800h"}} {{durationRound "-25h"}} {{durationRound 5}}',
      '2h 60m 1mo 1d 0s',
    ],
  ])
})

it.each([
  ['{{date "2006" "yesterday"}}'],
  ['{{htmlDate 1.5}}'],
  ['{{durationRound (toDate "2006" "2023")}}'],
])('%s would need the clock', (template) =>
  expect(problemOf(template)).toContain('needs the current time, which is refused'),
)
