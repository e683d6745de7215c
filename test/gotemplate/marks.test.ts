// Marks: which parts of the output were printed from data of marked root fields.

import { describe, expect, it } from 'vitest'
import { parseTemplate } from '../../src/gotemplate/template.ts'
import { FUNCS } from './engine.ts'

const DATA = { pod: { name: 'n', list: ['p', 'q'], map: { k: 'v' } }, own: { name: 'o', list: ['r'] } }
const MARKED = new Set(['pod'])

/** The marked regions of the output, serialised ones in angle brackets. */
function marked(text: string): string {
  const rendered = parseTemplate('t', text, FUNCS).execute(DATA, { marked: MARKED })
  return rendered.marks
    .map(({ start, end, serialised }) => {
      const piece = rendered.text.slice(start, end)
      return serialised ? `<${piece}>` : piece
    })
    .join('|')
}

describe('marks', () => {
  const table: [name: string, text: string, want: string][] = [
    ['a marked field', 'a {{.pod.name}} b', 'n'],
    ['another field', '{{.own.name}}{{"pod"}}{{1}}', ''],
    ['through $', '{{with 1}}{{$.pod.name}}{{$.own.name}}{{end}}', 'n'],
    ['through a variable', '{{$x := .pod}}{{$y := .own}}{{$x.name}}{{$y.name}}', 'n'],
    ['through a variable that holds the root', '{{$r := .}}{{$r.pod.name}}{{$r.own.name}}', 'n'],
    ['a variable set again', '{{$x := .pod.name}}{{$x}}{{$x = .own.name}}{{$x}}', 'n'],
    ['through with', '{{with .pod}}{{.name}}{{end}}{{with .own}}{{.name}}{{end}}', 'n'],
    ['the dot after with', '{{with .pod}}{{end}}{{.own.name}}', ''],
    ['through range', '{{range .pod.list}}{{.}}{{end}}{{range .own.list}}{{.}}{{end}}', 'p|q'],
    ['keys of a map', '{{range $k, $v := .pod.map}}{{$k}}{{$v}}{{end}}', 'k|v'],
    ['indexes are no data', '{{range $i, $v := .pod.list}}{{$i}}{{end}}', ''],
    [
      'through a template',
      '{{define "a"}}{{.}}{{$}}{{end}}{{template "a" .pod.name}}{{template "a" .own.name}}',
      'n|n',
    ],
    [
      'a template that is given the root',
      '{{define "a"}}{{.pod.name}}{{.own.name}}{{end}}{{template "a" .}}',
      'n',
    ],
    ['arguments of functions', '{{printf "%s-%s" .own.name .pod.name}}{{upper .own.name}}', 'o-n'],
    ['piped values', '{{.pod.name | upper | printf "%s"}}{{"a" | upper}}', 'N'],
    ['values in parentheses', '{{print (upper .pod.name) 1}}', 'N1'],
    [
      'what and, or give',
      '{{or .own.name .pod.name}}{{or .absent .pod.name}}{{and .pod.name .own.name}}',
      'n',
    ],
    ['a value only looked at', '{{if .pod.name}}a{{.own.name}}{{end}}', ''],
    ['index into the root', '{{index . "pod" "name"}}', 'n'],
    ['fields of a result', '{{(index .pod.list 0)}}{{(.pod).name}}', 'p|n'],
    ['literal arguments behind a marked pipeline', '{{printf "%v" (print .pod.name)}}{{print 1}}', 'n'],
    ['a serialised value', '{{json .pod.name}}{{.pod.list | json}}{{json .own.name}}', '<"n">|<["p","q"]>'],
    ['a serialised value that is padded', '{{json .pod.name | pad 2}}{{pad 2 .pod.name}}', '< "n">| n'],
    ['a serialised value in a variable', '{{$x := json .pod.name}}{{$x}}{{$x | upper}}', '<"n">|"N"'],
    ['no value at all', '[{{.pod.absent.x}}]', '<no value>'],
  ]
  for (const [name, text, want] of table) it(name, () => expect(marked(text)).toBe(want))

  it('name line, column and expression', () => {
    const { marks } = parseTemplate('t', 'a\n b {{ .pod.name | upper }}', FUNCS).execute(DATA, {
      marked: MARKED,
    })
    expect(marks).toEqual([
      { start: 5, end: 6, line: 2, column: 7, expression: '.pod.name | upper', serialised: false },
    ])
  })

  it('are not made unless asked for', () => {
    expect(parseTemplate('t', '{{.pod.name}}', FUNCS).execute(DATA).marks).toEqual([])
  })
})
