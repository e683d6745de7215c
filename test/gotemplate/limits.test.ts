// Budgets: what is endless or explodes ends at a limit that is named; and what is deep does not overflow.

import { describe, expect, it } from 'vitest'
import { SPRIG } from '../../src/gotemplate/sprig/sprig.ts'
import { DEFAULT_LIMITS, parseTemplate } from '../../src/gotemplate/template.ts'
import { errorOf, FUNCS, render } from './engine.ts'

const STEPS = `needs more than the limit of ${DEFAULT_LIMITS.steps} steps`

describe('limits', () => {
  const table: [name: string, text: string, want: string][] = [
    ['an endless range', '{{range 9223372036854775807}}{{end}}', STEPS],
    [
      'endless output',
      '{{range 9223372036854775807}}{{range 9}}xxxxxxxxxxxxxxxxxxxxxxxx{{end}}{{end}}',
      'output is longer than the limit of 8388608',
    ],
    [
      'recursion',
      '{{define "a"}}{{template "a"}}{{end}}{{template "a"}}',
      'exceeded maximum template depth (200)',
    ],
    [
      'recursion that branches',
      '{{define "a"}}{{template "a"}}{{end}}{{range 9999}}{{template "a"}}{{end}}',
      'exceeded maximum template depth (200)',
    ],
    ['a wide field', '{{printf "%9000000d" 1}}', STEPS],
    ['a long fraction', '{{printf "%.9000000f" 1.5}}', STEPS],
    ['a width from an argument', '{{range 3}}{{printf "%*d" 1000000 1}}{{end}}', STEPS],
    ['text that doubles', '{{$x := "ab"}}{{range 99}}{{$x = print $x $x}}{{end}}', STEPS],
    ['lists that hold lists', '{{$x := list 1}}{{range 99}}{{$x = list $x $x}}{{end}}{{print $x}}', STEPS],
    ['printing such a list', '{{$x := list 1}}{{range 99}}{{$x = list $x $x}}{{end}}{{$x}}', STEPS],
    ['ranges left at once', '{{range 999999999}}{{range 999999999}}{{break}}{{end}}{{end}}', STEPS],
  ]
  for (const [name, text, want] of table) {
    it(name, () => {
      const error = errorOf(`${text}`)
      expect(error.message).toContain(want)
      expect(error).toMatchObject({ phase: 'exec', code: 'limit' })
    })
  }

  it('can be set for a run', () => {
    const text = '{{range 100}}ab{{end}}'
    expect(render(text, null, { limits: { outputBytes: 200 } })).toHaveLength(200)
    expect(errorOf(text, null, { limits: { outputBytes: 199 } }).message).toContain('limit of 199')
    expect(errorOf(text, null, { limits: { steps: 100 } }).message).toContain('limit of 100 steps')
    const nested = '{{define "a"}}b{{end}}{{template "a"}}'
    expect(render(nested, null, { limits: { depth: 1 } })).toBe('b')
    expect(errorOf(nested, null, { limits: { depth: 0 } }).message).toContain('depth (0)')
  })

  it('a call costs more than its node', () => {
    const text = (value: string) => `{{range 1000}}{{$x := ${value}}}{{end}}`
    expect(render(text('1'), null, { limits: { steps: 5000 } })).toBe('')
    expect(errorOf(text('not 1'), null, { limits: { steps: 5000 } }).code).toBe('limit')
  })

  it('a map costs what putting its keys in order costs', () => {
    const map = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, i]))
    const text = '{{range 100}}{{range $}}{{break}}{{end}}{{end}}'
    expect(errorOf(text, map, { limits: { steps: 100_000 } }).code).toBe('limit')
  })

  it('the deadline is looked at during the run', () => {
    let now = 0
    const deadline = { now: () => ++now, at: 5 }
    const error = errorOf('{{range 9223372036854775807}}{{end}}', null, { deadline })
    expect(error.message).toContain('takes longer than the time limit')
    expect(now).toBe(6)
  })

  it('a deadline that has passed ends the run at once', () => {
    expect(errorOf('{{1}}', null, { deadline: { now: () => 2, at: 1 } }).code).toBe('limit')
  })
})

describe('calls that take long cost more', () => {
  // Steps of one call at least. 2,000,000 steps may take 200 ms, so each stands for 0.1 µs.
  const table: [call: string, steps: number][] = [
    ['decryptAES "secretkey" "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ="', 400],
    ['sha512sum "a"', 40],
    ['sha256sum ""', 40],
    ['sha1sum "a"', 40],
    ['fromJson "{"', 250],
    ['durationRound "x"', 250],
    ['semverCompare "^1" "1.2.3"', 400],
    ['semver "1.2.3"', 200],
    ['toDate "2006" "x"', 200],
    ['dateInZone "15:04" 1 "UTC"', 250],
    ['dateInZone "15:04" 1 "Europe/Berlin"', 50_000],
    ['urlParse "a"', 150],
    ['wrap 1 "a"', 80],
    ['b64dec "a"', 40],
    ['int "12"', 25],
    ['max "1" "2" "3"', 75],
    [`atoi "${'9'.repeat(1000)}"`, 2000],
    [`int "${'9'.repeat(1000)}"`, 2000],
    ['addf 1e300 1e-300', 300],
    ['divf 1 3', 100],
    ['printf "%e" 1e300', 40],
    ['print 1.5 2.5', 60],
    ['printf "%x" "a"', 40],
    ['regexMatch "a" "b"', 30],
    ['regexMatch (print "a" $i) "b"', 350],
    ['regexMatch (print "(" $i) "b"', 350],
    ['regexMatch (print "a{1000}" $i) "b"', 16_000],
    ['regexMatch (print "((a{10}){10}){10}" $i) "b"', 16_000],
    ['regexMatch (print "\\\\p{L}" $i) "b"', 900],
    ['regexMatch (print "(?i)[^\\\\p{L}]" $i) "b"', 1500],
    [`regexFindAll "a" "${'a'.repeat(100)}" -1`, 2400],
  ]
  const text = (call: string, times: number) =>
    `{{range $i := untilStep 0 ${times} 1}}{{$x := ${call}}}{{end}}`

  for (const [call, steps] of table) {
    it(`${call.slice(0, 60)}: ${steps}`, () => {
      const run = (limit: number) =>
        parseTemplate('t', text(call, 100), SPRIG).execute(null, { limits: { steps: limit } })
      expect(() => run(100 * steps)).toThrow(`needs more than the limit of ${100 * steps} steps`)
      // No more than in proportion: such a call is allowed.
      expect(run(100 * steps * 4 + 10_000).text).toBe('')
    })
  }

  it('a pattern that comes again in a run is compiled once, and another run compiles it anew', () => {
    const template = parseTemplate('t', text('regexMatch "a{1000}" "b"', 100), SPRIG)
    expect(template.execute(null, { limits: { steps: 40_000 } }).text).toBe('')
    expect(() => template.execute(null, { limits: { steps: 16_000 } })).toThrow('limit of 16000 steps')
  })
})

describe('deep templates', () => {
  const nested = (depth: number) => `${'{{if true}}'.repeat(depth)}x${'{{end}}'.repeat(depth)}`
  const parentheses = (depth: number) => `{{${'('.repeat(depth)}1${')'.repeat(depth)}}}`
  const chain = (depth: number) => `{{if 0}}a${'{{else if 0}}b'.repeat(depth)}{{else}}x{{end}}`

  it('run up to the limit', () => {
    expect(render(nested(400))).toBe('x')
    expect(render(parentheses(800))).toBe('1')
    expect(render(chain(399))).toBe('x')
  })

  it('are refused above it, however deep', () => {
    for (const depth of [1000, 100_000]) {
      expect(errorOf(nested(depth))).toMatchObject({ phase: 'parse', code: 'limit' })
      expect(errorOf(parentheses(depth))).toMatchObject({ phase: 'parse', code: 'limit' })
      expect(errorOf(chain(depth))).toMatchObject({ phase: 'parse', code: 'limit' })
    }
  })

  it('deep templates that call each other end with a limit too', () => {
    const body = `${'{{with 1}}'.repeat(300)}{{template "a"}}${'{{end}}'.repeat(300)}`
    expect(errorOf(`{{define "a"}}${body}{{end}}{{template "a"}}`).code).toBe('limit')
  })

  it('long templates take linear time', () => {
    const lines = (count: number) => '{{/* c */}}a {{ print 1 }}\n'.repeat(count)
    const template = parseTemplate('t', lines(20_000), FUNCS)
    expect(template.execute(null, { marked: new Set() }).text).toBe('a 1\n'.repeat(20_000))
  })
})

it('a run leaves nothing behind for the next one', () => {
  const template = parseTemplate(
    't',
    '{{$x := .}}{{if eq $x 1.0}}{{index $x 1}}{{end}}{{range 2}}{{$x}}{{end}}',
    FUNCS,
  )
  expect(template.execute(2).text).toBe('22')
  expect(() => template.execute(1)).toThrow()
  expect(template.execute(3).text).toBe('33')
})
