// Tokens: kinds and positions.

import { describe, expect, it } from 'vitest'
import { Lexer, type Token } from '../../src/gotemplate/lex.ts'

function tokens(text: string, names: readonly string[] = []): Token[] {
  const lexer = new Lexer(text, new Set(names))
  const all: Token[] = []
  for (;;) {
    const token = lexer.next()
    all.push(token)
    if (token.kind === 'eof' || token.kind === 'error') return all
  }
}

const kinds = (text: string): string =>
  tokens(text)
    .map(({ kind }) => kind)
    .join(' ')

describe('kinds of tokens', () => {
  const table: [name: string, text: string, want: string][] = [
    ['nothing', '', 'eof'],
    ['text alone', 'a } b', 'text eof'],
    ['an action', 'a{{.}}b', 'text left . right text eof'],
    ['a pipeline', '{{a | b}}', 'left identifier space pipe space identifier right eof'],
    ['fields of a variable', '{{$x.Y.z}}', 'left variable field field right eof'],
    ['a declaration', '{{$x:=1}}', 'left variable declare number right eof'],
    ['an assignment', '{{$x = 1}}', 'left variable space assign space number right eof'],
    ['keywords', '{{if}}{{else}}{{end}}', 'left if right left else right left end right eof'],
    [
      'literals',
      '{{"s" `r` \'c\' 1.5e3 0x1p-2 true nil}}',
      'left string space string space character space number space number space bool space nil right eof',
    ],
    ['a complex number', '{{1+2i}}', 'left complex right eof'],
    ['parentheses', '{{(a)}}', 'left ( identifier ) right eof'],
    [
      'a comma',
      '{{range $i, $v := .}}',
      'left range space variable char space variable space declare space . right eof',
    ],
    ['a comment is no token', 'a{{/* }} */}}b', 'text text eof'],
    ['a trimmed comment', 'a {{- /* c */ -}} b', 'text text eof'],
    ['a blank before a trimming delimiter is part of it', '{{a -}} b', 'left identifier right text eof'],
    ['all blanks but one before a trimming delimiter', '{{a  -}}', 'left identifier space right eof'],
    ['a letter of any script', '{{.Größe}}', 'left field right eof'],
    ['an unclosed action', '{{a', 'left identifier error'],
    ['an unclosed string', '{{"a', 'left error'],
    ['a string over two lines', '{{"a\nb"}}', 'left error'],
    ['a raw string over two lines', '{{`a\nb`}}', 'left string right eof'],
    ['an unclosed comment', '{{/* a', 'error'],
    ['a digit with a letter', '{{1x}}', 'left error'],
    ['too many closing parentheses', '{{)}}', 'left error'],
    ['an open parenthesis at the end', '{{(}}', 'left ( error'],
    ['a colon alone', '{{:}}', 'left error'],
    ['an unprintable character', '{{\u0001}}', 'left error'],
  ]
  for (const [name, text, want] of table) it(name, () => expect(kinds(text)).toBe(want))

  it('break is a keyword unless there is a function of that name', () => {
    expect(tokens('{{break}}')[1]?.kind).toBe('break')
    expect(tokens('{{break}}', ['break'])[1]?.kind).toBe('identifier')
  })
})

describe('positions of tokens', () => {
  const table: [name: string, text: string, want: [number, string][]][] = [
    [
      'text and delimiters',
      'ab{{.c}}',
      [
        [0, 'ab'],
        [2, '{{'],
        [4, '.c'],
        [6, '}}'],
        [8, ''],
      ],
    ],
    [
      'trimmed text',
      'a \n{{- 1 -}}\n b',
      [
        [0, 'a'],
        [3, '{{'],
        [7, '1'],
        [10, '}}'],
        [14, 'b'],
        [15, ''],
      ],
    ],
    [
      'behind characters of two units',
      '😀{{1}}',
      [
        [0, '😀'],
        [2, '{{'],
        [4, '1'],
        [5, '}}'],
        [7, ''],
      ],
    ],
  ]
  for (const [name, text, want] of table) {
    it(name, () => expect(tokens(text).map(({ pos, text: value }) => [pos, value])).toEqual(want))
  }
})

describe('messages of the lexer', () => {
  const table: [text: string, want: string][] = [
    ['{{a', 'unclosed action'],
    ['{{"a', 'unterminated quoted string'],
    ['{{`a', 'unterminated raw quoted string'],
    ["{{'a", 'unterminated character constant'],
    ['{{.a-b}}', "bad character U+002D '-'"],
    ['{{12ab}}', 'bad number syntax: "12a"'],
    ['{{1+2}}', 'bad number syntax: "1+2"'],
    ['{{\u0007}}', 'unrecognized character in action: U+0007'],
    ['{{/* a */ }}', 'comment ends before closing delimiter'],
  ]
  for (const [text, want] of table) it(text, () => expect(tokens(text).at(-1)?.text).toBe(want))
})
