import { describe, expect, test } from 'vitest'
import { readInjectConfig } from '../../src/mesh/injectconfig.ts'

describe('readInjectConfig', () => {
  test('fills in what is missing', () => {
    expect(readInjectConfig('')).toStrictEqual({
      policy: '',
      defaultTemplates: ['sidecar'],
      templates: {},
      aliases: {},
      neverInjectSelector: [],
      alwaysInjectSelector: [],
      injectedAnnotations: {},
    })
  })

  test('matches names in any case; of two spellings the later in byte order counts', () => {
    expect(readInjectConfig('POLICY: a\npolicY: b\nDefaulttemplates: [x]')).toMatchObject({
      policy: 'b',
      defaultTemplates: ['x'],
    })
  })

  test.each([
    ['010', '8'],
    ['yes', 'true'],
    ['Off', 'false'],
    ['1000000.0', '1e+06'],
    ['1000000', '1000000'],
    ['9007199254740993', '9007199254740993'],
    ['.5', '0.5'],
    ['null', ''],
    ['2020-01-01', '2020-01-01'],
  ])('makes text of the unquoted scalar %s', (scalar, text) => {
    expect(readInjectConfig(`injectedAnnotations: {k: ${scalar}}`).injectedAnnotations).toStrictEqual({
      k: text,
    })
  })

  test('keeps keys that look like members of objects', () => {
    const config = readInjectConfig('templates: {__proto__: a, constructor: b}')
    expect(Object.entries(config.templates)).toStrictEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
  })

  test('reads selectors', () => {
    const text =
      'neverInjectSelector: [{matchlabels: {a: 1}}, null, {matchExpressions: [{key: k, operator: In, values: [yes]}]}]'
    expect(readInjectConfig(text).neverInjectSelector).toStrictEqual([
      { matchLabels: { a: '1' } },
      {},
      { matchExpressions: [{ key: 'k', operator: 'In', values: ['true'] }] },
    ])
  })

  test.each([
    [
      '7',
      'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal number into Go value of type inject.Config',
    ],
    [
      'policy: {}',
      'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal object into Go struct field Config.policy of type inject.InjectionPolicy',
    ],
    [
      'aliases: {a: [[b]]}',
      'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct field Config.aliases of type string',
    ],
    [
      'alwaysInjectSelector: [{matchExpressions: [{operator: {}}]}]',
      'error unmarshaling JSON: while decoding JSON: json: cannot unmarshal object into Go struct field LabelSelectorRequirement.alwaysInjectSelector.matchExpressions.operator of type v1.LabelSelectorOperator',
    ],
    ['a: b: c', 'error converting YAML to JSON: yaml: mapping values are not allowed in this context'],
  ])('refuses %s', (text, problem) => {
    expect(() => readInjectConfig(text)).toThrow(`failed to unmarshal injection template: ${problem}`)
  })
})
