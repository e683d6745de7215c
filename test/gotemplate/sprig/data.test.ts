// Lists, maps, merging, JSON, types.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SPRIG } from '../../../src/gotemplate/sprig/sprig.ts'
import { cloneJson, deepFreeze, type Json } from '../../../src/std/json.ts'
import { problems, render, table } from './sprig.ts'

const DATA = {
  list: ['b', 'a', 3, null, 'a'],
  empty: [],
  map: { b: 1, a: { x: 'y' }, none: null },
  text: 'str',
}

describe('lists', () => {
  table(
    [
      [
        '{{first .list}} {{last .list}} {{rest .list}} {{initial .list}} {{reverse .list}}',
        'b a [a 3 <nil> a] [b a 3 <nil>] [a <nil> 3 a b]',
      ],
      [
        '{{first .empty}} {{rest .empty | toJson}} {{slice .empty | toJson}} {{reverse .empty | toJson}}',
        '<no value> null null []',
      ],
      [
        '{{uniq .list}} {{compact .list}} {{without .list "a" nil}} {{has nil .list}} {{has 3 .list}} {{has 3.0 .list}}',
        '[b a 3 <nil>] [b a 3 a] [b 3] true false true',
      ],
      ['{{uniq (list 1 1.0 (list 1) (list 1) (dict "k" 1) (dict "k" 1))}}', '[1 1 [1] map[k:1]]'],
      [
        '{{append .list 1 | len}} {{prepend .list "z" | first}} {{concat .list (until 2) | len}} {{concat | toJson}} {{len .list}}',
        '6 z 7 null 5',
      ],
      [
        '{{chunk 2 (until 5)}} {{chunk 2 (list) | len}} {{slice (splitList "," "a,b,c") 1 | typeOf}} {{slice .list 1 2}}',
        '[[0 1] [2 3] [4]] 0 []string [a]',
      ],
      [
        '{{typeOf (append (until 2) 1)}} {{typeOf (chunk 1 .list)}} {{typeOf (splitList "," "a")}}',
        '[]interface {} [][]interface {} []string',
      ],
    ],
    DATA,
  )
  problems(
    [
      ['{{first .text}}', 'Cannot find first on type string'],
      ['{{append nil 1}}', 'runtime error: invalid memory address or nil pointer dereference'],
      ['{{slice .list 1 9}}', 'reflect.Value.Slice: slice index out of bounds'],
      ['{{chunk 0 .list}}', 'runtime error: makeslice: len out of range'],
      ['{{concat .list .text}}', 'Cannot concat type string as list'],
    ],
    DATA,
  )
})

describe('maps', () => {
  table(
    [
      [
        '{{dict "a" 1 2 "x" "odd"}} {{get .map "b"}} {{get .map "no"}}| {{get .map "none"}} {{hasKey .map "none"}}',
        'map[2:x a:1 odd:] 1 | <no value> true',
      ],
      [
        '{{keys .map (dict "c" 1)}} {{values (dict "b" 1 "a" 2)}} {{pluck "b" .map (dict "b" 2) (dict)}}',
        '[a b none c] [2 1] [1 2]',
      ],
      [
        '{{pick .map "b" "no"}} {{omit .map "a"}} {{dig "a" "x" "d" .map}} {{dig "a" "q" "d" .map}} {{dig "none" "d" .map}}',
        'map[b:1] map[b:1 none:<nil>] y d <no value>',
      ],
      ['{{$d := dict}}{{$_ := set $d "k" 1}}{{$_ := set $d "l" 2}}{{$_ := unset $d "k"}}{{$d}}', 'map[l:2]'],
      [
        '{{$a := dict "x" (dict "y" 1)}}{{$b := deepCopy $a}}{{$_ := set $b.x "y" 2}}{{$a}}{{$b}}',
        'map[x:map[y:1]]map[x:map[y:2]]',
      ],
      [
        '{{$d := dict "__proto__" 1 "constructor" 2}}{{$d}} {{hasKey .map "toString"}} {{get .map "constructor"}}|',
        'map[__proto__:1 constructor:2] false |',
      ],
    ],
    DATA,
  )
  problems(
    [
      ['{{set nil "a" 1}}', 'assignment to entry in nil map'],
      ['{{dig "a" .map}}', 'dig needs at least three arguments'],
      [
        '{{dig "b" "x" "d" .map}}',
        'interface conversion: interface {} is float64, not map[string]interface {}',
      ],
      ['{{dig 1 "x" "d" .map}}', 'interface conversion: interface {} is int, not string'],
      ['{{deepCopy nil}}', 'reflect: call of reflect.Value.Type on zero Value'],
    ],
    DATA,
  )
})

describe('merging', () => {
  const a = `(dict "s" "mine" "e" "" "m" (dict "x" 1 "z" "") "l" (list 1))`
  const b = `(dict "s" "theirs" "e" "full" "n" nil "m" (dict "x" 2 "y" 3 "z" 4) "l" (list 2 3) "t" (list))`
  table([
    [`{{merge ${a} ${b} | toJson}}`, '{"e":"full","l":[1],"m":{"x":1,"y":3,"z":4},"s":"mine","t":[]}'],
    [
      `{{mergeOverwrite ${a} ${b} | toJson}}`,
      '{"e":"full","l":[2,3],"m":{"x":2,"y":3,"z":4},"n":null,"s":"theirs","t":[]}',
    ],
    [
      '{{merge (dict "a" "text") (dict "a" (dict "b" 1))}} {{mergeOverwrite (dict "a" (dict "b" 1)) (dict "a" "")}}',
      'map[a:text] map[a:]',
    ],
    [
      '{{$d := dict}}{{$_ := merge $d (dict "k" 1)}}{{$d}} {{merge nil (dict "k" 1)}} {{merge nil | toJson}}',
      'map[k:1] map[k:1] null',
    ],
  ])
})

describe('input data', () => {
  const data = deepFreeze({ map: { in: { a: 1 } }, list: [{ b: 1 }] })

  it.each([
    ['{{$_ := set .map "k" 1}}{{$_ = unset .map "in"}}{{.map}}', 'map[k:1]'],
    [
      '{{$_ := set .map.in "b" 2}}{{.map}} {{$_ = set (index .list 0) "b" 2}}{{.list}}',
      'map[in:map[a:1 b:2]] [map[b:2]]',
    ],
    ['{{$_ := merge .map (dict "in" (dict "c" 3))}}{{.map}}', 'map[in:map[a:1 c:3]]'],
    ['{{define "f"}}{{$_ := set .map "k" 1}}{{end}}{{template "f" .}}{{.map.k}}', '1'],
  ])('%s changes what this run sees, and nothing else', (template, output) => {
    const before = cloneJson(data)
    expect(render(template, data)).toBe(output)
    expect(render(template, data)).toBe(output)
    expect(data).toEqual(before)
  })

  it('a function refuses a frozen map that it is given nonetheless', () => {
    const func = SPRIG.get('set')
    if (func === undefined || 'refused' in func) throw new Error('no set')
    expect(() => func.run([data.map, 'k', 1n], { charge: () => {} })).toThrow(
      'cannot change a map of the input',
    )
  })
})

describe('JSON', () => {
  table([
    [
      '{{toJson (list 1 1.5 "<é>" nil true (dict "b" 1 "a" (list)) (until 2))}}',
      '[1,1.5,"\\u003cé\\u003e",null,true,{"a":[],"b":1},[0,1]]',
    ],
    [
      '{{toRawJson (dict "a" "<&\\u2028\\\\u003c")}} {{toJson (float64 "inf")}}|',
      '{"a":"<&\\u2028\\\\u003c"} |',
    ],
    [
      '{{toPrettyJson (dict "a" (list) "b" (dict "c" "x:{,"))}}',
      '{\n  "a": [],\n  "b": {\n    "c": "x:{,"\n  }\n}',
    ],
    [
      '{{fromJson "[1, 1e999]"}} {{fromJson "{"}} {{(fromJson "{\\"a\\":1,\\"a\\":{\\"b\\":2}}").a.b}}',
      '[1 <nil>] <no value> 2',
    ],
    ['{{fromJson "\\"\\\\ud800x\\"" | quote}}', '"\ufffdx"'],
    ['{{fromJson "[-0, -0.0, 0]" | toJson}} {{fromJson "-0"}}', '[-0,-0,0] -0'],
  ])
  problems([
    ['{{mustFromJson "{\\"a\\" 1}"}}', "invalid character '1' after object key"],
    ['{{mustFromJson ""}}', 'unexpected end of JSON input'],
    ['{{mustFromJson "[-1e999]"}}', 'json: cannot unmarshal number -1e999 into Go value of type float64'],
    ['{{mustToJson (float64 "nan")}}', 'json: unsupported value: NaN'],
    [
      '{{$d := dict}}{{$_ := set $d "d" $d}}{{mustToJson $d}}',
      'json: unsupported value: encountered a cycle via map[string]interface {}',
    ],
  ])

  it('what was written is read back, the sign of a zero too', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const data = { value: value as Json }
        const clone = cloneJson(data)
        const compact = render('{{toJson .value}}', data)
        expect(JSON.parse(compact)).toEqual(value)
        expect(JSON.parse(render('{{toPrettyJson .value}}', data))).toEqual(value)
        expect(JSON.parse(render('{{toRawJson .value}}', data))).toEqual(value)
        expect(render('{{.text | mustFromJson | toJson}}', { text: compact })).toBe(compact)
        expect(data).toEqual(clone)
      }),
      { examples: [[[-0]], [{ a: { b: -0 } }]] },
    )
  })
})

describe('types and emptiness', () => {
  table(
    [
      [
        '{{kindOf nil}} {{kindOf 1}} {{kindOf 1.5}} {{kindOf .map}} {{kindOf (until 1)}} {{kindOf (semver "1.0.0")}}',
        'invalid int float64 map slice ptr',
      ],
      [
        '{{typeOf nil}} {{typeOf .list}} {{typeOf (split "," "a")}} {{typeIs "int" 1}} {{typeIsLike "semver.Version" (semver "1.0.0")}} {{kindIs "string" .text}}',
        '<nil> []interface {} map[string]string true true true',
      ],
      [
        '{{default 1 ""}} {{default 1}} {{default 1 false}} {{default nil 0}} {{default 1 "x"}} {{coalesce 0 "" .empty .text}} {{coalesce}}',
        '1 1 1 <no value> x str <no value>',
      ],
      [
        '{{empty 0}} {{empty (list)}} {{empty .map}} {{empty (semver "0.0.0")}} {{all 1 "a"}} {{all 1 0}} {{any 0 "a"}} {{any}}',
        'true true false false true false true false',
      ],
      [
        '{{deepEqual (list 1 (dict "a" 1)) (list 1 (dict "a" 1))}} {{deepEqual 1 1.0}} {{deepEqual (rest (list 1)) (list)}} {{deepEqual (list) (rest (list))}} {{deepEqual nil nil}}',
        'true false true false true',
      ],
      ['{{ternary "a" "b" true}}{{true | ternary "a" "b"}}{{ternary nil 1 false}}', 'aa1'],
    ],
    DATA,
  )
  problems([['{{fail "stop: %d"}}', 'stop: %d']])
})
