// Text, trimming, conditions, ranges, variables, templates.

import { describe, expect, it } from 'vitest'
import { errorOf, render, TYPED } from './engine.ts'

const DATA = {
  yes: true,
  no: false,
  zero: 0,
  text: 'x',
  empty: '',
  list: ['p', 'q'],
  none: [],
  map: { b: 2, a: 1 },
  null: null,
}

function table(rows: [name: string, template: string, want: string][]): void {
  for (const [name, template, want] of rows) it(name, () => expect(render(template, DATA)).toBe(want))
}

describe('text and trimming', () => {
  table([
    ['braces in text stay', '{ } }} {', '{ } }} {'],
    ['both sides', 'a \n{{- 1 -}}\t\n b', 'a1b'],
    ['a minus without a blank is a sign', 'a {{-1}} b', 'a -1 b'],
    ['only ASCII blanks are trimmed', 'a\u00a0{{- 1}}', 'a\u00a01'],
    ['comments trim too', 'a {{- /* c */ -}} b', 'ab'],
  ])
})

describe('if and with', () => {
  table([
    ['the first true branch', '{{if .zero}}a{{else if .text}}b{{else}}c{{end}}', 'b'],
    ['no branch', '{{if .empty}}a{{end}}', ''],
    ['absent is false', '{{if .absent.deep}}a{{else}}b{{end}}', 'b'],
    ['null is false', '{{if .null}}a{{else}}b{{end}}', 'b'],
    ['an empty list is false', '{{if .none}}a{{else}}b{{end}}', 'b'],
    ['with sets the dot', '{{with .map}}{{.a}}{{$.text}}{{end}}{{.text}}', '1xx'],
    ['else with', '{{with .empty}}a{{else with .text}}{{.}}{{else}}c{{end}}', 'x'],
    ['a declared condition lives in all branches', '{{if $v := .zero}}a{{else}}{{$v}}{{end}}', '0'],
  ])
})

describe('range', () => {
  table([
    ['a list', '{{range .list}}[{{.}}]{{end}}', '[p][q]'],
    ['index and element', '{{range $i, $v := .list}}{{$i}}{{$v}}{{end}}', '0p1q'],
    ['one variable takes the element', '{{range $v := .list}}{{$v}}{{end}}', 'pq'],
    ['a map in key order', '{{range $k, $v := .map}}{{$k}}={{$v}} {{end}}', 'a=1 b=2 '],
    ['an integer', '{{range 3}}{{.}}{{end}}{{range $i := 2}}{{$i}}{{end}}', '01201'],
    [
      'nothing',
      '{{range .none}}a{{else}}b{{end}}{{range .absent}}a{{else}}c{{end}}{{range 0}}a{{else}}d{{end}}',
      'bcd',
    ],
    [
      'break and continue',
      '{{range 6}}{{if eq . 1}}{{continue}}{{end}}{{if eq . 4}}{{break}}{{end}}{{.}}{{end}}.',
      '023.',
    ],
    ['break ends the inner range only', '{{range 2}}{{range 2}}{{break}}x{{end}}y{{end}}', 'yy'],
    [
      'assignment to variables outside',
      '{{$i := 9}}{{$v := 9}}{{range $i, $v = .list}}{{end}}{{$i}}{{$v}}',
      '1q',
    ],
    ['else sees what was ranged over', '{{range $v := .none}}a{{else}}{{$v}}{{end}}', '[]'],
    ['the dot comes back', '{{range .list}}{{end}}{{.text}}', 'x'],
  ])

  it('what cannot be ranged over is named', () => {
    expect(errorOf('{{range .text}}{{end}}', DATA).message).toContain("range can't iterate over x")
    expect(errorOf('{{range $i, $v := 3}}{{end}}').message).toContain(
      "can't use 3 to iterate over more than one",
    )
  })

  it('keys are ordered by code point', () => {
    const map = { '\u{1f600}': 1, '\uffff': 2, é: 3, z: 4, Z: 5, '10': 6, '9': 7 }
    expect(render('{{range $k, $v := .}}{{$v}}{{end}}', map)).toBe('6754321')
  })
})

describe('variables', () => {
  table([
    ['inner declarations end with their block', '{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}', '21'],
    ['assignments do not', '{{$x := 1}}{{with 3}}{{$x = .}}{{end}}{{$x}}', '3'],
    ['a declaration prints nothing', '[{{$x := 1}}]', '[]'],
    ['a declaration in parentheses', '{{print ($x := 5)}}{{$x}}', '55'],
    [
      'one inside an argument that is not evaluated is not made',
      '{{$x := 1}}{{or true ($x := 2)}}{{$x}}',
      'true1',
    ],
    ['one inside an argument that is evaluated is', '{{$x := 1}}{{or false ($x := 2)}}{{$x}}', '22'],
    [
      'they are there again after a template',
      '{{define "a"}}{{$y := 2}}{{end}}{{$x := 1}}{{template "a"}}{{$x}}',
      '1',
    ],
    ['$ is the root', '{{with .map}}{{with .a}}{{$.text}}{{end}}{{end}}', 'x'],
  ])

  it('a variable of a condition ends with it', () => {
    expect(errorOf('{{if $x := 1}}{{end}}{{$x}}').message).toBe('template: t:1: undefined variable "$x"')
  })

  it('assigning to an undeclared variable fails when it is reached', () => {
    expect(render('{{if false}}{{$x = 1}}{{end}}')).toBe('')
    expect(errorOf('{{$x = 1}}').message).toContain('undefined variable: $x')
    expect(errorOf('{{and false ($x := 1)}}{{$x}}').message).toContain('undefined variable: $x')
  })
})

describe('templates', () => {
  table([
    [
      'define and template',
      '{{define "a"}}<{{.}}>{{end}}{{template "a" .text}}{{template "a"}}',
      '<x><<no value>>',
    ],
    ['a template before its definition', '{{template "a" 1}}{{define "a"}}{{.}}{{end}}', '1'],
    ['block', '{{block "a" .text}}[{{.}}]{{end}}', '[x]'],
    ['no variables are inherited', '{{define "a"}}{{$.list}}{{end}}{{$x := 1}}{{template "a" .}}', '[p q]'],
    [
      'recursion',
      '{{define "a"}}{{.}}{{if gt . 0}}{{template "a" (index $.list 0 | len | slice "" 0 0 | len)}}{{end}}{{end}}{{template "a" 0}}',
      '0',
    ],
    ['a blank definition gives way', '{{define "a"}} {{end}}{{define "a"}}b{{end}}{{template "a"}}', 'b'],
  ])

  it('an unknown template is an error of execution', () => {
    expect(errorOf('{{template "no"}}').message).toBe(
      'template: t:1:11: executing "t" at <{{template "no"}}>: template "no" not defined',
    )
  })

  it('two definitions of a name are an error', () => {
    expect(errorOf('{{define "a"}}1{{end}}{{define "a"}}2{{end}}').message).toBe(
      'template: t:1: template: multiple definition of template "a"',
    )
  })
})

describe('pipelines', () => {
  table([
    ['the value becomes the last argument', '{{.text | printf "%s-%s" "a"}}', 'a-x'],
    ['stages', '{{.text | upper | printf "%q"}}', '"X"'],
    ['fields of parentheses', '{{(.map).a}}', '1'],
    ['a function without arguments is called', '{{len list}}', '0'],
    ['and, or give the deciding value', '{{and 1 0 2}}{{or 0 "" "z"}}{{and 1 2}}{{or 0 0.0}}', '0z20'],
    ['and, or stop early', '{{and false (fail "a")}}{{or true (fail "b")}}', 'falsetrue'],
  ])
})

describe('typed data', () => {
  const rows: [template: string, want: string][] = [
    ['{{.Child.Name}}{{.Child.Count}}', 'c3'],
    ['{{.Kind}}{{.Base.Kind}}', 'podpod'],
    ['{{.Pointer.GetName}}{{.Nil.GetName}}', 'pnobody'],
    ['{{.Pointer.Greet "you" 2}}', 'hi you 2'],
    ['{{2 | .Nil.Greet "me" | print}}', 'hi me 2'],
    ['{{.Labels.a}}[{{.Labels.zz}}]{{index .Labels "zz"}}', '1[<no value>]'],
    ['{{.Limit}} {{.Unset}}', '7 <nil>'],
    ['{{if .Limit}}a{{end}}{{if .Unset}}b{{end}}{{if .Child}}c{{end}}', 'ac'],
    ['{{.Labels}} {{.Names}} {{.Children}} {{.Child}}', 'map[a:1 b:2] [n m] [{x 0} {y 0}] {c 3}'],
    ['{{range .Children}}{{.Name}}{{end}}', 'xy'],
    ['{{printf "%T %T %T" .Child .Pointer .Sizes}}', 'x.Child *x.Child map[string]int'],
    ['{{len .Names}}{{index .Names 1}}{{.Sizes.big}}{{.Sizes.small}}', '2m10<no value>'],
    ['{{eq (index "a" 0) 97}}{{lt (index "a" 0) 98}}{{eq -1 (index "\\xff" 0)}}', 'truetruefalse'],
    ['{{count .Labels.zz}}{{count nil}}{{count (list 1 2)}}', '002'],
    ['{{eq .Child.Count 3}}{{lt .Child.Count 4}}', 'truetrue'],
  ]
  for (const [template, want] of rows) it(template, () => expect(render(template, TYPED)).toBe(want))

  it('a name the type does not have is an error, an unset field is not', () => {
    expect(errorOf('{{.Child.Nope}}', TYPED).message).toContain("can't evaluate field Nope in type x.Child")
    expect(errorOf('{{.Nil.Name}}', TYPED).message).toContain('nil pointer evaluating *x.Child.Name')
    expect(errorOf('{{eq .Limit 7}}', TYPED).message).toContain('incompatible types for comparison')
  })
})

it('names of Object.prototype are data like any other', () => {
  expect(render('{{.constructor}}{{.toString}}{{index . "__proto__"}}', {})).toBe(
    '<no value><no value><no value>',
  )
  const data = JSON.parse('{"__proto__": "p", "constructor": "c"}') as Record<string, string>
  expect(render('{{.constructor}}{{index . "__proto__"}}{{range $k, $v := .}}{{$k}}{{end}}', data)).toBe(
    'cp__proto__constructor',
  )
})
