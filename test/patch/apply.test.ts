// RFC 6902, as API servers read it: names are data, nothing is applied by halves or by luck.

import { describe, expect, it } from 'vitest'
import { applyPatch } from '../../src/patch/apply.ts'
import type { Operation } from '../../src/patch/diff.ts'
import { deepFreeze, type Json } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'

const parse = (text: string): Json => JSON.parse(text) as Json

const APPLIED: [name: string, document: string, patch: string, want: string][] = [
  ['add to an object', '{"a":1}', '[{"op":"add","path":"/b","value":[]}]', '{"a":1,"b":[]}'],
  ['add over a member', '{"a":1}', '[{"op":"add","path":"/a","value":2}]', '{"a":2}'],
  ['add into a list', '[1,2]', '[{"op":"add","path":"/1","value":9}]', '[1,9,2]'],
  [
    'add at the end',
    '[1]',
    '[{"op":"add","path":"/-","value":2},{"op":"add","path":"/2","value":3}]',
    '[1,2,3]',
  ],
  [
    'remove and replace',
    '{"a":[1,2],"b":1}',
    '[{"op":"remove","path":"/a/0"},{"op":"replace","path":"/b","value":null}]',
    '{"a":[2],"b":null}',
  ],
  ['replace a null', '{"a":null}', '[{"op":"replace","path":"/a","value":1}]', '{"a":1}'],
  ['the whole document', '{"a":1}', '[{"op":"replace","path":"","value":3}]', '3'],
  ['move', '{"a":{"b":1}}', '[{"op":"move","from":"/a/b","path":"/c"}]', '{"a":{},"c":1}'],
  ['move in a list', '[1,2,3]', '[{"op":"move","from":"/0","path":"/2"}]', '[2,3,1]'],
  [
    'copy',
    '{"a":[1]}',
    '[{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/b/0","value":0}]',
    '{"a":[1],"b":[0,1]}',
  ],
  [
    'test',
    '{"a":{"x":1,"y":[]}}',
    '[{"op":"test","path":"/a","value":{"y":[],"x":1}}]',
    '{"a":{"x":1,"y":[]}}',
  ],
  [
    'escaped names',
    '{"a/b":1,"c~d":2}',
    '[{"op":"remove","path":"/a~1b"},{"op":"replace","path":"/c~0d","value":3}]',
    '{"c~d":3}',
  ],
  ['an empty name', '{"":1}', '[{"op":"replace","path":"/","value":2}]', '{"":2}'],
  [
    '__proto__ as a name',
    '{"a":{}}',
    '[{"op":"add","path":"/a/__proto__","value":{"x":1}},{"op":"add","path":"/a/__proto__/y","value":2}]',
    '{"a":{"__proto__":{"x":1,"y":2}}}',
  ],
  [
    '__proto__ replaced and moved',
    '{"__proto__":1}',
    '[{"op":"replace","path":"/__proto__","value":2},{"op":"move","from":"/__proto__","path":"/constructor"}]',
    '{"constructor":2}',
  ],
  [
    'constructor and toString as names',
    '{}',
    '[{"op":"add","path":"/constructor","value":{}},{"op":"add","path":"/constructor/prototype","value":1},{"op":"add","path":"/toString","value":2}]',
    '{"constructor":{"prototype":1},"toString":2}',
  ],
]

const REFUSED: [name: string, document: string, patch: string, text: RegExp][] = [
  ['remove what is not there', '{}', '[{"op":"remove","path":"/a"}]', /patch operation 0 \(remove "\/a"\): /],
  ['replace what is not there', '{"a":{}}', '[{"op":"replace","path":"/a/b","value":1}]', /does not exist/],
  ['remove an inherited name', '{}', '[{"op":"remove","path":"/toString"}]', /does not exist/],
  [
    'replace __proto__ that is not there',
    '{}',
    '[{"op":"replace","path":"/__proto__","value":1}]',
    /does not exist/,
  ],
  [
    'add below a missing parent',
    '{}',
    '[{"op":"add","path":"/a/b","value":1}]',
    /nothing can be at that path/,
  ],
  [
    'add below an inherited name',
    '{}',
    '[{"op":"add","path":"/constructor/x","value":1}]',
    /nothing can be at that path/,
  ],
  [
    'add below a scalar',
    '{"a":"text"}',
    '[{"op":"add","path":"/a/0","value":1}]',
    /nothing can be at that path/,
  ],
  ['add past the end', '[1]', '[{"op":"add","path":"/2","value":1}]', /greater than the number of elements/],
  [
    'an index with a leading zero',
    '[1]',
    '[{"op":"replace","path":"/00","value":1}]',
    /nothing can be at that path/,
  ],
  [
    'length as an index',
    '[1]',
    '[{"op":"replace","path":"/length","value":0}]',
    /nothing can be at that path/,
  ],
  ['a path that is no pointer', '{}', '[{"op":"add","path":"a","value":1}]', /no JSON pointer/],
  ['no value', '{}', '[{"op":"add","path":"/a"}]', /there is no value/],
  ['an unknown operation', '{}', '[{"op":"merge","path":"/a","value":1}]', /not one of operations/],
  ['move from nowhere', '{}', '[{"op":"move","from":"/a","path":"/b"}]', /there is nothing at "\/a"/],
  ['move into itself', '{"a":{}}', '[{"op":"move","from":"/a","path":"/a/b"}]', /into itself/],
  [
    'a failing test',
    '{"a":1}',
    '[{"op":"add","path":"/b","value":1},{"op":"test","path":"/a","value":"1"}]',
    /operation 1 .*another one/,
  ],
]

describe('applyPatch', () => {
  it.each(APPLIED)('%s', (_name, document, patch, want) => {
    const result = applyPatch(deepFreeze(parse(document)), deepFreeze(parse(patch)) as unknown as Operation[])
    expect(JSON.stringify(result)).toBe(want)
  })

  it.each(REFUSED)('refuses %s', (_name, document, patch, text) => {
    const run = (): Json => applyPatch(parse(document), parse(patch) as unknown as Operation[])
    expect(run).toThrow(ProblemError)
    expect(run).toThrow(text)
  })

  it('leaves Object.prototype alone, and shares nothing with its inputs', () => {
    const value = { x: {} }
    const result = applyPatch({ a: 1 }, [
      { op: 'add', path: '/__proto__', value },
      { op: 'add', path: '/b', value },
    ]) as { b: object }
    expect(({} as { x?: unknown }).x).toBeUndefined()
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
    expect(result.b).toEqual(value)
    expect(result.b).not.toBe(value)
  })
})
