// Go's predefined functions and the option missingkey.

import { describe, expect, it } from 'vitest'
import { parseTemplate } from '../../src/gotemplate/template.ts'
import { errorOf, FUNCS, render } from './engine.ts'

const DATA = { text: 'é"<&\'x', list: [10, 20, 30], map: { a: 1, b: { c: 2 } }, number: 42 }

describe('builtins', () => {
  const table: [template: string, want: string][] = [
    ['{{len "é"}} {{len .list}} {{len .map}}', '2 3 2'],
    ['{{index .list 1}} {{index .map "b" "c"}} {{index .map "zz"}}', '20 2 <no value>'],
    ['{{index "é" 0}} {{printf "%T" (index "a" 0)}}', '195 uint8'],
    [
      '{{slice "abcd" 1 3}} {{slice .list 1}} {{slice .list 0 2 3}} {{slice "aé" 0 3}}',
      'bc [20 30] [10 20] aé',
    ],
    ['{{html .text}}', 'é&#34;&lt;&amp;&#39;x'],
    ['{{js "a\'b\\"<=>\\n\\\\é\\u2028"}}', 'a\\\'b\\"\\u003C\\u003D\\u003E\\u000A\\\\é\\u2028'],
    ['{{urlquery "a b&c=é/~"}}', 'a+b%26c%3D%C3%A9%2F~'],
    ['{{html nil}} {{js 1 2}} {{urlquery .absent}}', '&lt;no value&gt; 1 2 %3Cno+value%3E'],
    ['{{print 1 2 "a" "b" 3}}|{{print nil}}|{{println "a" 1}}', '1 2ab3|<nil>|a 1\n'],
    ['{{not 0}}{{not "a"}}', 'truefalse'],
    [
      '{{eq 1 2 1}}{{eq "a" "b"}}{{ne 1 2}}{{lt 1 2}}{{le 2 2}}{{gt 1 2}}{{ge "b" "a"}}',
      'truefalsetruetruetruefalsetrue',
    ],
    ['{{eq .absent nil}}{{eq .absent 1}}{{eq .list nil}}', 'truefalsefalse'],
    ['{{lt "\\uffff" "\\U0001f600"}}', 'true'],
  ]
  for (const [template, want] of table) it(template, () => expect(render(template, DATA)).toBe(want))

  it('functions of the data can be called', () => {
    expect(render('{{call .f 1 "a"}}', { f: (a: unknown, b: unknown) => `${String(a)}-${String(b)}` })).toBe(
      '1-a',
    )
    expect(errorOf('{{.f}}', { f: () => 1 }).message).toContain("can't print {{.f}} of type func")
  })

  it('a function given wins over a builtin, and may then be anything', () => {
    const funcs = new Map([
      ...FUNCS,
      ['slice', { params: [], run: () => 'mine' }],
      ['and', { params: [], run: () => 'own' }],
    ] as const)
    expect(parseTemplate('t', '{{slice}}{{and}}', funcs).execute(null).text).toBe('mineown')
  })

  it('slices that do not fit are refused', () => {
    for (const [text, want] of [
      ['{{slice "abc" 2 1}}', 'invalid slice index: 2 > 1'],
      ['{{slice "abc" 9}}', 'index out of range: 9'],
      ['{{slice "abc" 0 1 2}}', 'cannot 3-index slice a string'],
      ['{{slice 1 2}}', "can't slice item of type int"],
      ['{{slice .absent}}', 'slice of untyped nil'],
    ] as const) {
      expect(errorOf(text, DATA).message).toContain(`error calling slice: ${want}`)
    }
  })
})

describe('missingkey', () => {
  const run = (missingkey: 'default' | 'zero' | 'error', text: string) =>
    parseTemplate('t', text, FUNCS, { missingkey }).execute({ map: {} }).text

  it('default: no value, at any depth', () => {
    expect(run('default', '{{.a}} {{.a.b}} {{if .a}}x{{end}}')).toBe('<no value> <no value> ')
  })
  it('zero: the zero value of the elements', () => {
    expect(run('zero', '{{.a}}')).toBe('<no value>')
    expect(() => run('zero', '{{.a.b}}')).toThrow('nil pointer evaluating interface {}.b')
  })
  it('error: named key', () => {
    expect(() => run('error', '{{.a}}')).toThrow('map has no entry for key "a"')
  })
})
