// Laws that hold for any template and any data.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { goQuote, goString, sprintf } from '../../src/gotemplate/format.ts'
import { unquote } from '../../src/gotemplate/number.ts'
import { parseTemplate, type Template, TemplateError } from '../../src/gotemplate/template.ts'
import { compareBytes } from '../../src/gotemplate/utf8.ts'
import { toBytes } from '../../src/std/bytes.ts'
import { runs } from '../runs.ts'
import { errorOf, FUNCS, render } from './engine.ts'

/** Pieces that templates are made of, right and wrong. */
const PIECES = [
  '{{',
  '}}',
  '{{- ',
  ' -}}',
  'if ',
  'else ',
  'end',
  'range ',
  'with ',
  'define ',
  'template ',
  'block ',
  'break',
  'continue',
  '.',
  '.a',
  '.b.c',
  '$',
  '$x',
  ' := ',
  ' = ',
  ', ',
  '|',
  '(',
  ')',
  '"a"',
  '`b`',
  "'c'",
  '1',
  '-2.5',
  '0x',
  '1e',
  'i',
  'true',
  'nil',
  'print ',
  'len ',
  'index ',
  'upper ',
  'list ',
  'nope ',
  '/*',
  '*/',
  ' ',
  '\n',
  'text',
  'é',
  '😀',
  '\0',
  '"',
  '{',
  '}',
  '{{if .a}}',
  '{{range .b}}',
  '{{with .c}}',
  '{{else}}',
  '{{end}}',
  '{{.}}',
  '{{$x := .a}}',
  '{{$x}}',
  '{{define "t"}}',
  '{{template "t" .}}',
]
const soup = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join(''))
const anyText = fc.oneof(soup, fc.string({ unit: 'binary', maxLength: 60 }))
const LIMITS = { steps: 20_000, outputBytes: 20_000, depth: 20 }

function attempt<T>(action: () => T): T | TemplateError {
  try {
    return action()
  } catch (error) {
    if (error instanceof TemplateError) return error
    throw error
  }
}

const parse = (text: string): Template | TemplateError => attempt(() => parseTemplate('t', text, FUNCS))

describe('any text', () => {
  it('parses or fails with a TemplateError inside the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const result = parse(text)
        if (!(result instanceof TemplateError)) return
        const lines = text.split('\n')
        expect(result.message).toMatch(/^template: t:\d+: /)
        expect(result.line).toBeGreaterThanOrEqual(1)
        expect(result.line).toBeLessThanOrEqual(lines.length)
        expect(result.column).toBeGreaterThanOrEqual(1)
        expect(result.column).toBeLessThanOrEqual((lines[result.line - 1] ?? '').length + 1)
        expect(result.frame()).toContain('^')
      }),
      { numRuns: runs(2000) },
    )
  })

  it('executes or fails with a TemplateError, on any data', () => {
    fc.assert(
      fc.property(soup, fc.jsonValue(), (text, data) => {
        const template = parse(text)
        if (template instanceof TemplateError) return
        attempt(() => template.execute(data as never, { limits: LIMITS }))
      }),
      { numRuns: runs(2000) },
    )
  })

  it('gives the same text with and without marks, and marks lie in order inside of it', () => {
    fc.assert(
      fc.property(soup, fc.jsonValue(), (text, data) => {
        const template = parse(text)
        if (template instanceof TemplateError) return
        const plain = attempt(() => template.execute(data as never, { limits: LIMITS }))
        const marked = attempt(() =>
          template.execute(data as never, { limits: LIMITS, marked: new Set(['a', 'b']) }),
        )
        if (plain instanceof TemplateError || marked instanceof TemplateError) {
          expect(String(marked)).toBe(String(plain))
          return
        }
        expect(marked.text).toBe(plain.text)
        let at = 0
        for (const { start, end } of marked.marks) {
          expect(start).toBeGreaterThanOrEqual(at)
          expect(end).toBeGreaterThanOrEqual(start)
          at = end
        }
        expect(at).toBeLessThanOrEqual(marked.text.length)
      }),
      { numRuns: runs(1000) },
    )
  })

  it('without delimiters is its own output', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.includes('{{'))
        expect(render(text)).toBe(text)
      }),
    )
  })
})

describe('printing', () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

  it('integers read back in every base', () => {
    fc.assert(
      fc.property(int64, (value) => {
        // Go takes a hexadecimal number with a sign and a digit e for a float.
        const verbs = value < 0n ? ['%d', '%#b', '%O'] : ['%d', '%#b', '%O', '%#x']
        for (const verb of verbs) {
          expect(render(`{{${sprintf(verb, [value])}}}`)).toBe(value.toString())
        }
      }),
    )
  })

  it('floats read back', () => {
    fc.assert(
      fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (value) => {
        for (const text of [
          goString(value),
          sprintf('%.17e', [value]),
          sprintf('%b', [value]).replace(/p.*/, ''),
        ]) {
          if (text.includes('p') || /^-?\d+$/.test(text)) continue
          expect(Object.is(Number(text), value)).toBe(true)
        }
        const hex = sprintf('%x', [value])
        expect(render(`{{printf "%.17e" ${hex}}}`)).toBe(sprintf('%.17e', [value]))
      }),
    )
  })

  it('quoted text reads back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(unquote(goQuote(text))).toBe(text)
        expect(render(`{{${goQuote(text)}}}`)).toBe(text)
        expect(goQuote(text)).not.toMatch(/[\n\0]/)
      }),
    )
  })

  it('a width is a least length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 30 }), (text, width) => {
        const padded = sprintf(`%${width}s`, [text])
        expect([...padded].length).toBe(Math.max([...text].length, width))
        expect(padded.trimStart().endsWith(text.trimStart())).toBe(true)
      }),
    )
  })

  it('text is ordered as its bytes are', () => {
    const bytes = (text: string) =>
      [...toBytes(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const want = bytes(a) < bytes(b) ? -1 : bytes(a) > bytes(b) ? 1 : 0
        expect(Math.sign(compareBytes(a, b))).toBe(want)
      }),
    )
  })
})

it('a frozen input stays as it is', () => {
  const data = Object.freeze({ a: Object.freeze([1, 2]), b: Object.freeze({ c: 'd' }) })
  expect(render('{{range .a}}{{.}}{{end}}{{.b.c}}{{slice .a 1}}{{print .}}', data)).toBe(
    '12d[2]map[a:[1 2] b:map[c:d]]',
  )
  expect(errorOf('{{index .a 7}}', data).code).toBe('exec')
})
