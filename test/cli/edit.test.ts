// Editing a document's text: the data becomes what is wanted, and everything that does not change stays byte for byte.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { editYaml } from '../../src/cli/edit/edit.ts'
import { cloneJson, type Json, type JsonObject, setOwn } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { runs } from '../runs.ts'

interface Row {
  readonly name: string
  readonly source: string
  /** Changes a copy of the data. */
  // biome-ignore lint/suspicious/noExplicitAny: each row reaches into its own document
  readonly change: (data: any) => void
  readonly want: string
}

const ROWS: readonly Row[] = [
  {
    name: 'a scalar changes in place and keeps its comment',
    source: 'a: 1 # one\nb: two\n',
    change: (data) => (data.a = 2),
    want: 'a: 2 # one\nb: two\n',
  },
  {
    name: 'a quoted string stays quoted',
    source: 'image: "x:1"\n',
    change: (data) => (data.image = 'x:2'),
    want: 'image: "x:2"\n',
  },
  {
    name: 'a new key follows the key before it and stands before the comment of the next',
    source: 'a: 1\n# about c\nc: 3\n',
    change: (data) => {
      const { a, c } = data
      delete data.a
      delete data.c
      Object.assign(data, { a, b: { x: [1] }, c })
    },
    want: 'a: 1\nb:\n  x:\n  - 1\n# about c\nc: 3\n',
  },
  {
    name: 'a key goes with its lines, comments above it stay',
    source: 'a:\n  # inside\n  b: 1\n  c:\n    d: 2\n  e: 3\n',
    change: (data) => delete data.a.c,
    want: 'a:\n  # inside\n  b: 1\n  e: 3\n',
  },
  {
    name: 'the first key of a list item goes and the next takes its place after the dash',
    source: '- name: a\n  value: b\n',
    change: (data) => delete data[0].name,
    want: '- value: b\n',
  },
  {
    name: 'a comment behind the first key of an item survives it',
    source: '- name: a\n  # why\n  value: b\n',
    change: (data) => delete data[0].name,
    want: '-   # why\n  value: b\n',
  },
  {
    name: 'an item put first stands above the comment of the item that was first',
    source: 'list:\n# the first\n- name: a\n',
    change: (data) => data.list.unshift({ name: 'b' }),
    want: 'list:\n- name: b\n# the first\n- name: a\n',
  },
  {
    name: 'an item moves as text, with its own changes made',
    source: 'list:\n  - name: a   # A\n    v: 1\n  - name: b\n',
    change: (data) => {
      data.list.reverse()
      data.list[1].v = 2
    },
    want: 'list:\n  - name: b\n  - name: a   # A\n    v: 2\n',
  },
  {
    name: 'new lists are set in as the others are',
    source: 'a:\n    b:\n      - 1\n',
    change: (data) => (data.a.c = [{ name: 'x', list: [1] }]),
    want: 'a:\n    b:\n      - 1\n    c:\n        - name: x\n          list:\n              - 1\n',
  },
  {
    name: 'a null value becomes a mapping',
    source: 'metadata:\nspec: 1\n',
    change: (data) => (data.metadata = { labels: { a: 'yes' } }),
    want: "metadata:\n  labels:\n    a: 'yes'\nspec: 1\n",
  },
  {
    name: 'an emptied mapping is written {}',
    source: 'a:\n  b: 1\nc: 2\n',
    change: (data) => (data.a = {}),
    want: 'a: {}\nc: 2\n',
  },
  {
    name: 'flow collections keep their form',
    source: 'a: {b: 1, c: 2}\nl: [1, 2, 3]\n',
    change: (data) => {
      delete data.a.b
      data.a.d = 'x'
      data.l = [1, 3, 4]
    },
    want: 'a: {c: 2, d: x}\nl: [1, 3, 4]\n',
  },
  {
    name: 'flow YAML is not taken for JSON because a string in it is',
    source: 'a: \'{"b":1}\'\nc: {d: e}\n',
    change: (data) => (data.c = { d: 'f:g', h: '1' }),
    want: 'a: \'{"b":1}\'\nc: {d: "f:g", h: "1"}\n',
  },
  {
    name: 'line ends of Windows are kept',
    source: 'a: 1\r\nb:\r\n  c: 2\r\n',
    change: (data) => (data.b.d = [1]),
    want: 'a: 1\r\nb:\r\n  c: 2\r\n  d:\r\n  - 1\r\n',
  },
  {
    name: 'a document without a last line end gets none',
    source: 'a: 1',
    change: (data) => (data.b = 2),
    want: 'a: 1\nb: 2',
  },
  {
    name: 'the other user of an anchor keeps its value',
    source: 'a: &x\n  b: 1\nc: *x\n',
    change: (data) => (data.a = { b: 2 }),
    want: 'a: &x\n  b: 2\nc:\n  b: 1\n',
  },
  {
    name: 'an alias that changes becomes its value',
    source: 'a: &x\n  b: 1\nc: *x\n',
    change: (data) => (data.c = { b: 2 }),
    want: 'a: &x\n  b: 1\nc:\n  b: 2\n',
  },
  {
    name: 'a key that a merge brought is overridden beside it',
    source: 'base: &x {a: 1, b: 2}\nuse:\n  <<: *x\n  c: 3\n',
    change: (data) => (data.use = { a: 9, b: 2, c: 3 }),
    want: 'base: &x {a: 1, b: 2}\nuse:\n  <<: *x\n  c: 3\n  a: 9\n',
  },
  {
    name: 'keys are those that Go reads',
    source: 'on: 1\n010: 2\n',
    change: (data) => delete data['8'],
    want: 'on: 1\n',
  },
  {
    name: 'the last of two equal keys counts, and both go',
    source: 'a: 1\nb: 2\na: 3\n',
    change: (data) => delete data.a,
    want: 'b: 2\n',
  },
  {
    name: 'JSON on many lines stays JSON on many lines',
    source: '{\n  "a": {\n    "b": 1\n  },\n  "l": [\n    {\n      "name": "x"\n    }\n  ]\n}\n',
    change: (data) => {
      data.a.c = { d: [true] }
      data.l.unshift({ name: 'y' })
    },
    want: '{\n  "a": {\n    "b": 1,\n    "c": {\n      "d": [\n        true\n      ]\n    }\n  },\n  "l": [\n    {\n      "name": "y"\n    },\n    {\n      "name": "x"\n    }\n  ]\n}\n',
  },
  {
    name: 'JSON on one line stays JSON on one line',
    source: '{"a":1,"b":[]}',
    change: (data) => (data.b = [{ name: 'x' }]),
    want: '{"a":1,"b":[{"name":"x"}]}',
  },
  {
    name: 'text of several lines becomes a literal block',
    source: 'a: 1\n',
    change: (data) => (data.b = 'one\n  two\n'),
    want: 'a: 1\nb: |\n  one\n    two\n',
  },
  {
    name: 'text that YAML would take for something else is quoted',
    source: 'a: 1\n',
    change: (data) => (data.l = ['on', '010', '1e3', 'a: b', 'x #y', "it's", '', '~', '*a', '\u2028', 'a:']),
    want: "a: 1\nl:\n- 'on'\n- '010'\n- '1e3'\n- 'a: b'\n- 'x #y'\n- \"it's\"\n- ''\n- '~'\n- '*a'\n- \"\\u2028\"\n- 'a:'\n",
  },
  {
    name: 'keys of the prototype are data',
    source: 'labels:\n  a: b\n',
    change: (data) => setOwn(data.labels, '__proto__', 'c'),
    want: 'labels:\n  a: b\n  __proto__: c\n',
  },
]

const change = (data: Json, by: Row['change']): Json => {
  const copy = cloneJson(data)
  by(copy)
  return copy
}

describe('editYaml', () => {
  for (const { name, source, change: by, want } of ROWS) {
    it(name, () => {
      const from = parseYaml(source)
      expect(editYaml(source, from, change(from, by))).toBe(want)
    })
  }

  it('text whose data does not change is returned as it is', () => {
    const source = 'a:   1 # x\n---\n'
    expect(editYaml(source, parseYaml(source), parseYaml('a: 1'))).toBe(source)
  })
})

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    'yes',
    '010',
    '1e3',
    'a: b',
    'x #y',
    '{{',
    '- a',
    '&a',
    "it's",
    '"q"',
    'one\ntwo\n',
    ' lead',
    'trail ',
    '\ttab',
    'é',
    '😀',
  ),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
)
const key = fc.oneof(
  fc.constantFrom(
    'name',
    'a',
    'b',
    'y',
    '1',
    'sidecar.istio.io/inject',
    '__proto__',
    'constructor',
    'mountPath',
  ),
  fc.stringMatching(/^[a-z]{1,4}$/),
)
const { tree } = fc.letrec<{ tree: Json; node: Json }>((tie) => ({
  tree: fc.oneof(
    fc.array(tie('node'), { maxLength: 5 }),
    fc.dictionary(key, tie('node'), { minKeys: 1, maxKeys: 6 }),
  ),
  node: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('tree')),
}))

/** A value made of another by a few changes: entries taken out, put in, replaced, moved. */
function mutated(value: Json, random: () => number): Json {
  if (Array.isArray(value)) {
    const items = value.filter(() => random() > 0.1).map((item) => mutated(item, random))
    if (random() < 0.2) items.splice(Math.floor(random() * (items.length + 1)), 0, { name: `n${random()}` })
    return random() < 0.1 ? items.toReversed() : items
  }
  if (typeof value === 'object' && value !== null) {
    const result: JsonObject = {}
    for (const [name, item] of Object.entries(value)) {
      if (random() > 0.1) setOwn(result, name, mutated(item, random))
    }
    if (random() < 0.2) setOwn(result, `new${random()}`, ['x', { y: 'on' }])
    return result
  }
  return random() < 0.1 ? 'changed' : value
}

function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const style = fc.record({
  indent: fc.constantFrom(2, 4),
  indentSeq: fc.boolean(),
  lineWidth: fc.constantFrom(0, 40),
  collectionStyle: fc.constantFrom('any', 'flow', 'block'),
  defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE'),
} as const)

function written(value: Json, options: object, json: boolean): string {
  return json ? `${JSON.stringify(value, null, 2)}\n` : stringify(value, { version: '1.1', ...options })
}

/** Comment lines put before lines at their own indentation: not inside scalars of several lines. */
function commented(text: string, data: Json): string {
  const lines = text.split('\n')
  for (let i = lines.length - 1; i >= 0; i--) {
    const indent = /^ */.exec(lines[i] ?? '')?.[0] ?? ''
    const next = lines.toSpliced(i, 0, `${indent}# comment ${i}`)
    if (i % 3 === 0 && sameData(next.join('\n'), data)) lines.splice(i, 0, `${indent}# comment ${i}`)
  }
  return lines.join('\n')
}

function sameData(text: string, data: Json): boolean {
  try {
    expect(parseYaml(text)).toEqual(data)
    return true
  } catch {
    return false
  }
}

describe('editYaml on any document', () => {
  it('the text reads as the data wanted, and the way back gives the first data', () => {
    fc.assert(
      fc.property(tree, style, fc.boolean(), fc.integer(), (value, options, json, seed) => {
        const source = commented(written(value, options, json), value)
        fc.pre(sameData(source, value))
        const to = mutated(value, randomOf(seed))
        const edited = editYaml(source, value, to)
        expect(parseYaml(edited)).toEqual(to)
        expect(parseYaml(editYaml(edited, to, value))).toEqual(value)
      }),
      { numRuns: runs(300) },
    )
  })

  it('comments of a document that only grows all stay', () => {
    fc.assert(
      fc.property(tree, style, (value, options) => {
        const source = commented(written(value, options, false), value)
        fc.pre(sameData(source, value))
        const to = Array.isArray(value) ? [...value, 'more'] : { ...(value as JsonObject), more: 'more' }
        const edited = editYaml(source, value, to)
        const comments = source.split('\n').filter((line) => /^ *# comment \d+$/.test(line))
        const left = edited.split('\n').filter((line) => /^ *# comment \d+$/.test(line))
        expect(left).toEqual(comments)
      }),
      { numRuns: runs(200) },
    )
  })
})
