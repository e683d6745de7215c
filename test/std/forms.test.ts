// Texts of one form are read as JSON.parse reads them, share what they have in common, and are kept within bounds.

import { setFlagsFromString } from 'node:v8'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Forms, type FormsLimits, type FormsOptions } from '../../src/std/forms/forms.ts'
import type { Json } from '../../src/std/json.ts'
import { runs } from '../runs.ts'

function forms(limits: Partial<FormsLimits> = {}, options: Partial<FormsOptions> = {}): Forms {
  return new Forms({ deepest: 50, limits: { readPerLearnt: 1, ...limits }, ...options })
}

/** Reads `text`, and learns from it where its form is not known; whether it was. */
function met(known: Forms, text: string): boolean {
  const value = known.read(text)
  if (value !== undefined) {
    expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)))
    return true
  }
  known.learn(text, JSON.parse(text))
  return false
}

/** Long enough for `words` to be few. */
function padded(words: string): string {
  return `{"padding":"${'x'.repeat(400)}",${words}}`
}

describe('a text of a known form', () => {
  const kinds: [string, readonly string[]][] = [
    ['texts', ['"a":"one"', '"a":"two"', '"a":""', '"a":"three, [{4}]: \u007e"']],
    ['texts around escapes', ['"a":"x\\"one\\n"', '"a":"y\\"two\\n"', '"a":"\\"three\\n"']],
    ['texts around \\u escapes', ['"a":"\\u00e4one"', '"a":"\\u00e4two"', '"a":"\\u00e4"']],
    [
      'texts around other characters',
      ['"a":"\u00e4one\u20ac"', '"a":"\u00e4two\u20ac"', '"a":"\u00e4three\u20ac"'],
    ],
    ['whole numbers', ['"a":[1,{"b":80}]', '"a":[2,{"b":8080}]', '"a":[0,{"b":999999999999999}]']],
    ['keys', ['"a":{"one":1,"x":[]}', '"a":{"two":1,"x":[]}', '"a":{"three":1,"x":[]}']],
    [
      'keys around escapes',
      [
        '"a":{"k:{\\"n\\":\\"one\\"}":{}}',
        '"a":{"k:{\\"n\\":\\"two\\"}":{}}',
        '"a":{"k:{\\"n\\":\\"3\\"}":{}}',
      ],
    ],
    [
      'keys that are indices',
      ['"a":{"x":1,"7":2,"y":3}', '"a":{"x":1,"b":2,"y":3}', '"a":{"x":1,"8":2,"y":3}'],
    ],
    ['a key that stands elsewhere', ['"a":{"x":1,"b":2}', '"a":{"x":1,"c":2}', '"a":{"x":1,"x":2}']],
    [
      'blanks',
      ['"a" : [ 1 , "x" , { } , [ ] ] ', '"a" : [ 2 , "y" , { } , [ ] ] ', '"a" : [ 3 , "" , { } , [ ] ] '],
    ],
    ['words side by side', ['"a":["x","y"],"b":"z"', '"a":["1","2"],"b":"3"', '"a":["","4"],"b":""']],
    [
      'other scalars',
      ['"a":[true,null,-1,1.5,1e3,"x"]', '"a":[true,null,-1,1.5,1e3,"y"]', '"a":[true,null,-1,1.5,1e3,"z"]'],
    ],
  ]

  for (const [what, texts] of kinds) {
    it(`has its value: ${what}`, () => {
      const known = forms()
      expect(texts.map((text) => met(known, padded(text)))).toEqual(texts.map((_, i) => i > 1))
    })
  }

  it('makes no class of objects of a key that no object had before', () => {
    setFlagsFromString('--allow-natives-syntax')
    const hasClass = new Function('value', 'return %HasFastProperties(value)') as (value: unknown) => boolean
    const known = forms()
    for (const key of ['one', 'two']) met(known, padded(`"a":{"${key}":1},"b":{"x":"${key}"}`))
    const { a, b } = known.read(padded('"a":{"three":1},"b":{"x":"three"}')) as { a: Json; b: Json }
    expect([hasClass(a), hasClass(b)]).toEqual([false, true])
  })

  const others: [string, string][] = [
    ['a quote', '"a":"x\\"y"'],
    ['a character beyond ASCII', '"a":"\u00e4"'],
    ['an end', '"a":"x","b":"y"'],
    ['another kind of value', '"a":7'],
    ['a list', '"a":["x"]'],
  ]

  for (const [what, text] of others) {
    it(`is another form with ${what} in the place of a word`, () => {
      const known = forms()
      for (const word of ['one', 'two', 'three']) met(known, padded(`"a":"${word}"`))
      expect(met(known, padded(text))).toBe(false)
    })
  }

  for (const number of ['-1', '1.5', '1e3', '1000000000000000', '"1"', 'null']) {
    it(`is another form with ${number} in the place of a whole number`, () => {
      const known = forms()
      for (const word of ['1', '2', '3']) met(known, padded(`"a":${word}`))
      expect(met(known, padded(`"a":${number}`))).toBe(false)
    })
  }

  it('goes on being known when another word turns up', () => {
    const known = forms()
    const texts = [
      '"a":"1","b":"1"',
      '"a":"2","b":"1"',
      '"a":"2","b":"2"',
      '"a":"1","b":"2"',
      '"a":"3","b":"3"',
    ]
    expect(texts.map((text) => met(known, padded(text)))).toEqual([false, false, false, true, true])
  })

  it('is not looked for where a list has no number', () => {
    const known = forms()
    expect(['"a":[7]', '"a":[]', '"a":[8]', '"a":[9]'].map((text) => met(known, padded(text)))).toEqual([
      ...[false, false, false],
      true,
    ])
  })

  it('has no words that are other numbers', () => {
    const known = forms()
    expect(['1.5', '1.6', '7'].map((number) => met(known, padded(`"a":${number}`)))).toEqual([
      ...[false, false, false],
    ])
  })

  it('has an end', () => {
    const known = forms()
    for (const word of ['one', 'two']) met(known, padded(`"a":"${word}"`))
    expect(known.read(`${padded('"a":"three"')}}`)).toBeUndefined()
    expect(known.read(padded('"a":"three"').slice(0, -1))).toBeUndefined()
  })

  it('is not taken for another that begins as it does', () => {
    const known = forms()
    for (const word of ['one', 'two']) met(known, padded(`"a":"${word}"`))
    for (const word of ['one', 'two']) met(known, padded(`"a":"${word}","b":"same","c":"${word}"`))
    expect(met(known, padded('"a":"three"'))).toBe(true)
    expect(met(known, padded('"a":"three","b":"same","c":"four"'))).toBe(true)
    expect(met(known, padded('"a":"three","b":"other","c":"four"'))).toBe(false)
  })
})

describe('texts that no form is learnt of', () => {
  const never: [string, (word: string) => string][] = [
    ['a member stands twice', (word) => `"a":"${word}","b":1,"a":[1]`],
    ['a member stands twice inside', (word) => `"a":{"c":{"d":1},"c":"${word}"}`],
    ['a list and a number are one member', (word) => `"a":[1],"b":"${word}","a":7`],
    ['an object and a number are one member', (word) => `"a":{"c":1},"b":"${word}","a":7`],
    ['a key is __proto__', (word) => `"a":"${word}","__proto__":{"b":1}`],
    ['nesting is too deep', (word) => `"a":${'['.repeat(60)}"${word}"${']'.repeat(60)}`],
    ['there are too many words', (word) => `"a":[${`"${word}",`.repeat(40)}1]`],
    ['the text is too long', (word) => `"a":["${word}","${'x'.repeat(2000)}"]`],
    ['a character is half a surrogate pair', (word) => `"a":["${word}","\ud800"]`],
  ]

  for (const [what, text] of never) {
    it(`because ${what}`, () => {
      const known = forms({ longest: 2000 })
      for (const word of ['one', 'two', 'three', 'four']) expect(met(known, padded(text(word)))).toBe(false)
    })
  }

  it('are read by others when a word would be __proto__', () => {
    const known = forms()
    for (const key of ['one', 'two', 'three']) met(known, padded(`"a":{"${key}":{}}`))
    expect(met(known, padded('"a":{"__proto__":{}}'))).toBe(false)
  })
})

describe('values of one form', () => {
  it('share what no word is in, frozen, and only that', () => {
    const learnt: Json[] = []
    const known = forms({}, { onLearnt: (value) => learnt.push(value) })
    const text = (word: string): string => padded(`"same":{"b":[1]},"list":[{"c":1},{"d":"${word}"}]`)
    for (const word of ['one', 'two']) met(known, text(word))
    const [first] = learnt as [{ same: Json; list: [Json, Json] }]
    const value = known.read(text('three')) as typeof first
    expect(learnt).toHaveLength(1)
    expect(value.same).toBe(first.same)
    expect(value.list[0]).toBe(first.list[0])
    expect([first, first.same, first.list[1]].map(Object.isFrozen)).toEqual([true, true, true])
    expect(value.list[1]).toEqual({ d: 'three' })
    expect(first.list[1]).toEqual({ d: 'two' })
    expect(known.read(text('four'))).toMatchObject({ list: [{ c: 1 }, { d: 'four' }] })
    expect(value.list[1]).toEqual({ d: 'three' })
  })
})

it('a value that is verified and is another is told of, and its form forgotten', () => {
  let mismatches = 0
  let isVerified = false
  const known = forms({}, { verifies: () => isVerified, onMismatch: () => mismatches++ })
  const text = (word: string): string => padded(`"a":"${word}","b":[1]`)
  for (const word of ['one', 'two']) known.learn(text(word), { ...JSON.parse(text(word)), b: [2] })
  expect(known.read(text('three'))).toMatchObject({ a: 'three', b: [2] })
  isVerified = true
  expect([known.read(text('four')), mismatches]).toEqual([undefined, 1])
  isVerified = false
  expect([known.read(text('five')), mismatches]).toEqual([undefined, 1])
  for (const word of ['one', 'two']) met(known, text(word))
  isVerified = true
  expect([met(known, text('six')), mismatches]).toEqual([true, 1])
})

describe('bounds', () => {
  it('leave out texts that are long because of their words', () => {
    const known = forms({ longest: 500 })
    for (const word of ['one', 'two']) met(known, padded(`"a":"${word}"`))
    expect(['x', 'x'.repeat(100)].map((word) => met(known, padded(`"a":"${word}"`)))).toEqual([true, false])
  })

  /** The forms differ in how many members they have. */
  const text = (form: number, word: string): string => {
    const members = Array.from({ length: form }, (_, i) => `"m${i}":[]`)
    return padded([...members, `"w":"${word}"`].join(','))
  }

  it('forget first what was not used', () => {
    const known = forms({ all: 3 * text(3, 'one').length })
    for (const form of [0, 1, 2]) for (const word of ['one', 'two']) met(known, text(form, word))
    expect([0, 2].map((form) => met(known, text(form, 'three')))).toEqual([true, true])
    for (const word of ['one', 'two']) met(known, text(3, word))
    expect([0, 1, 2, 3].map((form) => known.read(text(form, 'four')) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ])
  })

  it('let a share of texts be learnt from', () => {
    const known = forms({ readPerLearnt: 10 })
    let learnt = 0
    for (let i = 0; i < 1064; i++) {
      known.read('[]')
      if (known.isLearning) learnt++
      known.learn('[]', [])
    }
    expect(learnt).toBe(64 + 106)
  })
})

/** JSON data in which texts, whole numbers and keys come from few words. */
const values = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>('@', 'a@b', '"@"', '\u00e4@', '@@', 'x', '', true, null, -1, 1.5, 7),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('@', 'k@', 'a', 'b', '7', '"@"', '__proto__'), tie('value'), {
      maxKeys: 4,
    }),
  ),
})).value

const words = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '7',
    '42',
    'a',
    'word',
    'a b',
    '__proto__',
    '"',
    '\\',
    'u0041',
    '\u00e4',
    '-1',
    '1e3',
  ),
  fc.string({ maxLength: 6 }),
)

it('law: whatever came before, a value is that of JSON.parse', () => {
  const spaced = fc.constantFrom(undefined, 1)
  fc.assert(
    fc.property(
      fc.array(values, { minLength: 1, maxLength: 3 }),
      fc.array(words, { maxLength: 8 }),
      spaced,
      (all, filled, space) => {
        const known = forms()
        for (const word of ['one', 'two', ...filled]) {
          for (const value of all) {
            const inside = JSON.stringify(word).slice(1, -1)
            const text = JSON.stringify({ padding: 'x'.repeat(600), value }, null, space)
            met(
              known,
              text.replaceAll('@', () => inside),
            )
            // The same words as numbers, where they are.
            if (/^(?:0|[1-9][0-9]*)$/.test(word))
              met(
                known,
                text.replaceAll(/"@"(?!\s*:)/g, () => word),
              )
          }
        }
      },
    ),
    { numRuns: runs(300) },
  )
})
