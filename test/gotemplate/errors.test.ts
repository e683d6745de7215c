// Error texts are Go's; line, column and frame are for people.

import { describe, expect, it } from 'vitest'
import { errorOf, render } from './engine.ts'

const DATA = { text: 'x', number: 1.5, null: null, list: [1], map: { a: { b: 'c' } } }

describe('errors of parsing', () => {
  const table: [text: string, message: string, line: number, column: number, code?: string][] = [
    ['{{}}', 't:1: missing value for command', 1, 3],
    ['a\n {{if}}{{end}}', 't:2: missing value for if', 2, 6],
    ['{{if true}}', 't:1: unexpected EOF', 1, 12],
    ['{{else}}', 't:1: unexpected {{else}}', 1, 7],
    ['{{if 1}}{{else}}{{else}}{{end}}', 't:1: expected end; found {{else}}', 1, 23],
    ['{{end}}', 't:1: unexpected {{end}}', 1, 6],
    ['{{1 | 2}}', 't:1: non executable command in pipeline stage 2', 1, 7],
    ['{{$x}}', 't:1: undefined variable "$x"', 1, 3],
    ['{{"a".b}}', 't:1: unexpected . after term "\\"a\\""', 1, 6],
    ['{{.a!}}', "t:1: bad character U+0021 '!'", 1, 3],
    ['é {{ nope }}', 't:1: function "nope" not defined', 1, 6, 'undefined-function'],
    ['{{ clock }}', 't:1: function "clock" is refused: it reads the clock', 1, 4, 'refused-function'],
    ['{{break}}', 't:1: {{break}} outside {{range}}', 1, 3],
    ['{{range 1}}{{block "a" .}}{{continue}}{{end}}{{end}}', 't:1: {{continue}} outside {{range}}', 1, 29],
    ['{{range $a, $b, $c := .}}{{end}}', 't:1: too many declarations in range', 1, 13],
    ['{{define "a"}}{{define "b"}}{{end}}{{end}}', 't:1: unexpected <define> in command', 1, 17],
    ['{{template "averylongname" }', 't:1: unexpected "}" in template clause', 1, 28],
    [
      '{{averylongfunctionname',
      't:1: function "averylongfunctionname" not defined',
      1,
      3,
      'undefined-function',
    ],
    ['{{(1', 't:1: unclosed action', 1, 5],
    ['{{1\n', 't:2: unclosed action started at t:1', 2, 1],
    ['{{1 |\n"a', 't:2: unterminated quoted string in action started at t:1', 2, 1],
    ['{{define 1}}{{end}}', 't:1: unexpected "1" in define clause', 1, 10],
    ['{{1.5.5}}', 't:1: unexpected ".5" in operand', 1, 6],
    ['{{end "averylongstring"}}', 't:1: unexpected "\\"averylong"... in end', 1, 7],
  ]
  for (const [text, message, line, column, code = 'syntax'] of table) {
    it(text, () => {
      const error = errorOf(text)
      expect(error.message).toBe(`template: ${message}`)
      expect(error).toMatchObject({ phase: 'parse', code, template: 't', line, column })
    })
  }
})

describe('errors of execution', () => {
  const table: [text: string, message: string][] = [
    ['a\n {{ .null.x }}', 't:2:9: executing "t" at <.null.x>: nil pointer evaluating interface {}.x'],
    ['{{.text.x}}', 't:1:7: executing "t" at <.text.x>: can\'t evaluate field x in type interface {}'],
    ['{{with .text}}{{.x}}{{end}}', 't:1:16: executing "t" at <.x>: can\'t evaluate field x in type string'],
    [
      '{{range .list}}{{.x}}{{end}}',
      't:1:17: executing "t" at <.x>: can\'t evaluate field x in type interface {}',
    ],
    ['{{(.map.a).b.c}}', 't:1:7: executing "t" at <.map.a>: can\'t evaluate field c in type interface {}'],
    [
      'é{{upper .number}}',
      't:1:10: executing "t" at <.number>: wrong type for value; expected string; got float64',
    ],
    [
      '{{upper .null}}',
      't:1:8: executing "t" at <.null>: wrong type for value; expected string; got interface {}',
    ],
    ['{{.null | upper}}', 't:1:10: executing "t" at <upper>: invalid value; expected string'],
    ['{{upper .absent}}', 't:1:8: executing "t" at <.absent>: invalid value; expected string'],
    ['{{upper 1}}', 't:1:8: executing "t" at <1>: expected string; found 1'],
    ['{{upper nil}}', 't:1:8: executing "t" at <nil>: cannot assign nil to string'],
    ['{{twice 1.5}}', 't:1:8: executing "t" at <1.5>: expected integer; found 1.5'],
    [
      '{{twice .number}}',
      't:1:8: executing "t" at <.number>: wrong type for value; expected int; got float64',
    ],
    ['{{upper}}', 't:1:2: executing "t" at <upper>: wrong number of args for upper: want 1 got 0'],
    ['{{1 | upper 2 3}}', 't:1:6: executing "t" at <upper>: wrong number of args for upper: want 1 got 3'],
    ['{{join}}', 't:1:2: executing "t" at <join>: wrong number of args for join: want at least 1 got 0'],
    ['{{printf "%d" (fail "no")}}', 't:1:15: executing "t" at <fail "no">: error calling fail: no'],
    [
      '{{define "in"}}{{fail .}}{{end}}{{template "in" "a"}}',
      't:1:17: executing "in" at <fail .>: error calling fail: a',
    ],
    ['{{1 2}}', 't:1:2: executing "t" at <1>: can\'t give argument to non-function 1'],
    ['{{.map 1}}', 't:1:2: executing "t" at <.map>: map is not a method but has arguments'],
    ['{{nil}}', 't:1:2: executing "t" at <nil>: nil is not a command'],
    [
      '{{index .list 5}}',
      't:1:2: executing "t" at <index .list 5>: error calling index: index out of range: 5',
    ],
    [
      '{{index .list 1}}',
      't:1:2: executing "t" at <index .list 1>: error calling index: reflect: slice index out of range',
    ],
    [
      '{{index .list "a"}}',
      't:1:2: executing "t" at <index .list "a">: error calling index: cannot index slice/array with type string',
    ],
    [
      '{{index .map 1}}',
      't:1:2: executing "t" at <index .map 1>: error calling index: value has type int; should be string',
    ],
    [
      '{{index .absent 1}}',
      't:1:2: executing "t" at <index .absent 1>: error calling index: index of untyped nil',
    ],
    ['{{len .number}}', 't:1:2: executing "t" at <len .number>: error calling len: len of type float64'],
    [
      '{{eq .number "a"}}',
      't:1:2: executing "t" at <eq .number "a">: error calling eq: incompatible types for comparison: float64 and string',
    ],
    [
      '{{lt .list .list}}',
      't:1:2: executing "t" at <lt .list .list>: error calling lt: invalid type for comparison',
    ],
    [
      '{{eq .list .list}}',
      't:1:2: executing "t" at <eq .list .list>: error calling eq: non-comparable type [%!s(float64=1)]: []interface {}',
    ],
    [
      '{{call .text}}',
      't:1:2: executing "t" at <call .text>: error calling call: non-function .text of type string',
    ],
  ]
  for (const [text, message] of table) {
    it(text, () => {
      const error = errorOf(text, DATA)
      expect(error.message).toBe(`template: ${message}`)
      expect(error).toMatchObject({ phase: 'exec', code: 'exec', template: 't' })
    })
  }

  it('line and column count from 1, in UTF-16 units; the message counts bytes from 0', () => {
    const error = errorOf('x\né😀 {{ upper 1 }}')
    expect(error.message).toContain('t:2:16: ')
    expect(error).toMatchObject({ line: 2, column: 14, expression: '1' })
  })
})

describe('frames', () => {
  it('show the line, two before it, and a caret under the column', () => {
    const frame = errorOf('one\ntwo\nthree\n\t{{ upper 1 }}\nfive').frame()
    expect(frame).toBe('2 | two\n3 | three\n4 | \t{{ upper 1 }}\n  | \t         ^')
  })

  it('at the beginning of the text', () => {
    expect(errorOf('{{nope}}\nrest').frame()).toBe('1 | {{nope}}\n  |   ^')
  })

  it('keep numbers in one column', () => {
    const lines = Array.from({ length: 9 }, (_, i) => `line ${i + 1}`).join('\n')
    expect(errorOf(`${lines}\n{{nope}}`).frame()).toContain(' 9 | line 9\n10 | {{nope}}\n   |   ^')
  })
})

it('output before an error is not seen', () => {
  expect(() => render('before {{fail "x"}}')).toThrow('error calling fail: x')
})
