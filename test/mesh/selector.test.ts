// Label selectors: what matches, how they print, what is wrong with them; and webhook entries.

import { describe, expect, it } from 'vitest'
import type { LabelSelector } from '../../src/api/mesh.ts'
import { compileSelector, decodeSelector, matchesEntry, validateSelector } from '../../src/mesh/selector.ts'

function requires(key: string, operator: string, ...values: string[]): LabelSelector {
  return { matchExpressions: [{ key, operator, ...(values.length > 0 ? { values } : {}) }] }
}

describe('compileSelector', () => {
  const table: [
    selector: LabelSelector | null,
    labels: Record<string, string>,
    matches: boolean,
    text: string,
  ][] = [
    [null, {}, false, ''],
    [{}, { a: '1' }, true, ''],
    [{ matchLabels: { b: '2', a: '1' } }, { a: '1', b: '2' }, true, 'a=1,b=2'],
    [{ matchLabels: { a: '1' } }, { a: '2' }, false, 'a=1'],
    [requires('a', 'In', 'y', 'x'), { a: 'x' }, true, 'a in (x,y)'],
    [requires('a', 'NotIn', 'x'), {}, true, 'a notin (x)'],
    [requires('a', 'NotIn', 'x'), { a: 'x' }, false, 'a notin (x)'],
    [requires('a', 'Exists'), { a: '' }, true, 'a'],
    [requires('a', 'DoesNotExist'), { a: '' }, false, '!a'],
    [requires('constructor', 'Exists'), {}, false, 'constructor'],
    [requires('toString', 'DoesNotExist'), {}, true, '!toString'],
  ]
  for (const [selector, labels, matches, text] of table) {
    it(`${JSON.stringify(selector)} on ${JSON.stringify(labels)}`, () => {
      const compiled = compileSelector(selector)
      expect([compiled.matches(labels), compiled.text]).toEqual([matches, text])
    })
  }

  it('knows an empty selector, which is not the absent one', () => {
    expect([compileSelector({}).empty, compileSelector(null).empty]).toEqual([true, false])
  })

  it('a label that was set to __proto__ is a label', () => {
    const labels = JSON.parse('{"__proto__":"x"}') as Record<string, string>
    expect(compileSelector(requires('a', 'DoesNotExist')).matches(labels)).toBe(true)
    expect(() => compileSelector(requires('__proto__', 'Exists'))).toThrow('name part must consist of')
  })

  const invalid: [selector: LabelSelector, message: string][] = [
    [requires('a', 'Near'), '"Near" is not a valid label selector operator'],
    [
      requires('a', 'In'),
      "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty",
    ],
    [
      requires('a', 'Exists', 'x'),
      'values: Invalid value: ["x"]: values set must be empty for exists and does not exist',
    ],
    [requires('/a', 'Exists'), 'key: Invalid value: "/a": prefix part must be non-empty'],
  ]
  for (const [selector, message] of invalid) {
    it(`refuses ${JSON.stringify(selector)}`, () => {
      expect(() => compileSelector(selector)).toThrow(message)
    })
  }

  it('tells all that is wrong with one requirement at once', () => {
    expect(() => compileSelector(requires('/a', 'In'))).toThrow(/^\[key: .*, values: .*\]$/)
  })
})

describe('decodeSelector', () => {
  const table: [value: unknown, decoded: LabelSelector | null][] = [
    [null, null],
    [{ MatchLabels: { a: 'b' }, other: 1 }, { matchLabels: { a: 'b' } }],
    [{ matchExpressions: [{ KEY: 'a', operator: 'Exists', values: null }] }, requires('a', 'Exists')],
  ]
  for (const [value, decoded] of table) {
    it(JSON.stringify(value), () => {
      expect(decodeSelector(value)).toEqual(decoded)
    })
  }

  it('refuses other types with the words of encoding/json', () => {
    expect(() => decodeSelector({ matchLabels: { a: 1 } })).toThrow(
      'json: cannot unmarshal number into Go struct field LabelSelector.matchLabels of type string',
    )
    expect(() => decodeSelector({ matchExpressions: [{ operator: true }] })).toThrow(
      'json: cannot unmarshal bool into Go struct field LabelSelectorRequirement.matchExpressions.operator of type v1.LabelSelectorOperator',
    )
  })
})

describe('validateSelector', () => {
  it('names the field of each mistake', () => {
    expect(validateSelector(requires('', 'In'), 'spec.selector')).toEqual([
      "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      'spec.selector.matchExpressions[0].key: Invalid value: "": name part must be non-empty',
      expect.stringContaining(
        'spec.selector.matchExpressions[0].key: Invalid value: "": name part must consist of',
      ),
    ])
  })

  it('is content with a good selector', () => {
    expect(validateSelector({ matchLabels: { 'example.com/a': '' } }, 's')).toEqual([])
  })
})

describe('matchesEntry', () => {
  const entry = {
    namespaceSelector: requires('istio.io/rev', 'In', 'canary'),
    objectSelector: requires('inject', 'NotIn', 'false'),
  }
  const table: [
    name: string,
    namespace: Record<string, string>,
    pod: Record<string, string>,
    matches: boolean,
  ][] = [
    ['both selectors hold', { 'istio.io/rev': 'canary' }, {}, true],
    ['the namespace is another one', {}, {}, false],
    ['the pod opts out', { 'istio.io/rev': 'canary' }, { inject: 'false' }, false],
  ]
  for (const [name, namespace, pod, matches] of table) {
    it(name, () => {
      expect(matchesEntry(entry, namespace, pod)).toBe(matches)
    })
  }

  it('an entry without selectors takes every pod', () => {
    expect(matchesEntry({ namespaceSelector: null }, {}, {})).toBe(true)
  })
})
