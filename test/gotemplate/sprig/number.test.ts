// Arithmetic, conversion to numbers, counting.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pointerTo } from '../../../src/gotemplate/types.ts'
import { type GoKind, Typed } from '../../../src/gotemplate/value.ts'
import { problems, render, table } from './sprig.ts'

describe('whole numbers', () => {
  table([
    [
      '{{add 1 "2" 3.9 true nil}} {{sub 1 5}} {{mul 3 "4" 2}} {{div -7 2}} {{mod -7 3}} {{add}} {{add1 "x"}}',
      '7 -4 24 -3 -1 0 1',
    ],
    [
      '{{add 9223372036854775807 1}} {{mul 9223372036854775807 2}} {{typeOf (add 1)}} {{typeOf (int 1)}}',
      '-9223372036854775808 -2 int64 int',
    ],
    ['{{max 1 "7" 3}} {{min 4 2.9}} {{biggest 1}} {{maxf 1 2.5}} {{minf 1.5 "0.25"}}', '7 2 1 2.5 0.25'],
    [
      '{{int "5.9"}} {{int "-.5"}} {{int "0x1F"}} {{int "010"}} {{int "1_000"}} {{int "1e3"}} {{int " 1"}} {{int 1e19}}',
      '5 0 31 8 1000 0 0 -9223372036854775808',
    ],
    [
      '{{atoi "12"}} {{atoi "1.5"}} {{atoi "99999999999999999999"}} {{toDecimal "755"}} {{toDecimal 0}} {{toDecimal "9"}}',
      '12 0 9223372036854775807 493 0 0',
    ],
    [
      '{{float64 "1.5e3"}} {{float64 "0x1p-2"}} {{float64 "-inf"}} {{float64 "x"}} {{float64 "1_0.5"}}',
      '1500 0.25 -Inf 0 10.5',
    ],
  ])
  problems([
    ['{{div 1 0}}', 'runtime error: integer divide by zero'],
    ['{{mod 1 "x"}}', 'runtime error: integer divide by zero'],
  ])

  it('int64 arithmetic wraps like machine words', () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(int64, int64, (a, b) => {
        expect(render('{{add .a .b}} {{sub .a .b}} {{mul .a .b}}', { a: String(a), b: String(b) })).toBe(
          [a + b, a - b, a * b].map((n) => String(BigInt.asIntN(64, n))).join(' '),
        )
      }),
    )
  })
})

describe('named types count as what they are made of', () => {
  const named = (kind: GoKind, name: string, raw: unknown): Typed => new Typed({ kind, name }, raw)
  const size = named('int32', 'host.Size', 3)
  table(
    [
      ['{{int .size}} {{int64 .size}} {{float64 .size}} {{typeOf .size}}', '3 3 3 host.Size'],
      [
        '{{add .size 1}} {{sub .big .size}} {{mul .size 2}} {{div .big .size}} {{mod .big .size}}',
        '4 1 6 1 1',
      ],
      [
        '{{max .size .big}} {{min .size .big}} {{addf .ratio .size}} {{round .ratio 0}} {{ceil .ratio}}',
        '4 3 5.5 3 3',
      ],
      [
        '{{int .ratio}} {{float64 .ratio}} {{int .on}} {{float64 .on}} {{int .text}} {{int64 .text}}',
        '2 2.5 1 1 12 12',
      ],
      ['{{int .pointer}} {{add .pointer 1}} {{int .none}} {{float64 .none}} {{int .struct}}', '3 4 0 0 0'],
      [
        '{{quote .size}} {{toString .ratio}} {{join "," (list .size .on .text)}} {{toDecimal .text}}',
        '"3" 2.5 3,true,12 10',
      ],
    ],
    {
      size,
      big: named('int64', 'host.Big', 4n),
      ratio: named('float64', 'host.Ratio', 2.5),
      on: named('bool', 'host.On', true),
      text: named('string', 'host.Text', '12'),
      pointer: new Typed(pointerTo(size.type), 3),
      none: new Typed(pointerTo(size.type), undefined),
      struct: named('struct', 'host.Struct', {}),
    },
  )
})

describe('decimals', () => {
  table([
    [
      '{{addf 0.1 0.2 "0.3"}} {{subf 1 0.9}} {{mulf 1.1 1.1}} {{divf 1 3}} {{divf 2 3}} {{add1f 1.5}}',
      '0.6 0.1 1.21 0.3333333333333333 0.6666666666666667 2.5',
    ],
    [
      '{{round 2.675 2}} {{round 1.45 1}} {{round -1.5 0}} {{round 123.456 -1}} {{round 1.34 1 0.3}}',
      '2.68 1.5 -2 120 1.4',
    ],
    ['{{floor 1.9}} {{ceil "1.1"}} {{floor -1.1}} {{ceil nil}}', '1 2 -2 0'],
  ])
  problems([
    ['{{divf 1 0}}', 'decimal division by 0'],
    ['{{addf "inf"}}', 'Cannot create a Decimal from +Inf'],
  ])
})

describe('counting', () => {
  table([
    [
      '{{until 3}} {{until -2}} {{until 0}} {{untilStep 1 8 3}} {{untilStep 3 0 -2}} {{untilStep 0 3 0}} {{untilStep 3 0 1}}',
      '[0 1 2] [0 -1] [] [1 4 7] [3 1] [] []',
    ],
    [
      '{{seq 3}}|{{seq -1}}|{{seq 2 4}}|{{seq 4 2}}|{{seq 0 3 7}}|{{seq 5 1 2}}|{{seq}}|{{seq 1 2 3 4}}',
      '1 2 3|1 0 -1|2 3 4|4 3 2|0 3 6|||',
    ],
  ])
})
