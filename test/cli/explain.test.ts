// What explain rests on: the webhook entries of an installation, the smallest change that flips a verdict, paths to
// fields, and the way from a rendered line back to its template.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/kube.ts'
import { counterfactuals } from '../../src/cli/explain/counterfactual.ts'
import { type JudgeContext, judge, offlineJudging, type Subject } from '../../src/cli/explain/judge.ts'
import {
  byIdentity,
  fieldPathText,
  nearest,
  parseFieldPath,
  valueAt,
} from '../../src/cli/input/field-path.ts'
import { loadSettings } from '../../src/cli/settings.ts'
import { provenanceOf, variableExpressions } from '../../src/cli/template/source.ts'
import { parseTemplate } from '../../src/gotemplate/template.ts'
import { matchesEntry } from '../../src/mesh/selector.ts'
import { webhookEntries } from '../../src/revision/rules.ts'
import { findReference, readLines } from '../reference/outcome.ts'
import { memoryIo } from './memory-io.ts'

interface RoutingRow {
  readonly id: string
  readonly namespace: Record<string, string>
  readonly pod: Record<string, string>
  readonly match: readonly string[]
}

const routing = join(findReference() ?? '/nowhere', 'vectors/routing')

describe.skipIf(!existsSync(routing))('webhook entries agree with what Istio registers', () => {
  const rows = existsSync(routing)
    ? readdirSync(routing)
        .filter((name) => name.endsWith('.jsonl'))
        .flatMap((name) => readLines<RoutingRow>(join(routing, name)))
        .filter((row) => Array.isArray(row.match) && row.namespace !== undefined && row.pod !== undefined)
    : []

  it.each([
    ['default', 'default', false],
    ['default-auto', 'default', true],
    ['tag-prod-default', 'prod', false],
  ])('%s', (configuration, name, auto) => {
    expect(rows.length).toBeGreaterThan(50)
    const entries = webhookEntries(name, auto)
    for (const row of rows) {
      const want = row.match
        .filter((match) => match.startsWith(`${configuration}/`))
        .map((match) => match.split('/')[1])
      const got = entries
        .filter((entry) => matchesEntry(entry, row.namespace, row.pod))
        .map((entry) => `${entry.name}.`)
      expect([row.id, got.toSorted()]).toEqual([row.id, want.toSorted()])
    }
  })
})

const { revision } = await loadSettings(memoryIo({}).io, {
  injectConfigMapName: '',
  meshConfigMapName: '',
  istioNamespace: '',
  offline: true,
  compat: 'istio',
  structure: 'refuse',
  injectorEnv: {},
})

const labelSet = (keys: readonly (readonly [string, readonly string[]])[]) =>
  fc
    .tuple(
      ...keys.map(([key, values]) =>
        fc.option(fc.constantFrom(...values)).map((value) => [key, value] as const),
      ),
    )
    .map((pairs) => Object.fromEntries(pairs.filter(([, value]) => value !== null)) as Record<string, string>)

const subject = fc
  .record({
    labels: labelSet([
      ['sidecar.istio.io/inject', ['true', 'false', 'yes', '']],
      ['istio.io/rev', ['default', 'canary']],
      ['batch', ['yes']],
    ]),
    annotations: labelSet([['sidecar.istio.io/inject', ['true', 'false']]]),
    namespaceLabels: labelSet([
      ['istio-injection', ['enabled', 'disabled']],
      ['istio.io/rev', ['default', 'canary']],
    ]),
    namespace: fc.constantFrom('shop', 'kube-system'),
    hostNetwork: fc.boolean(),
  })
  .map(({ labels, annotations, namespaceLabels, namespace, hostNetwork }): Subject => {
    const spec = { containers: [], ...(hostNetwork ? { hostNetwork } : {}) }
    const pod: Pod = { metadata: { labels, annotations, namespace }, spec }
    return { pod, namespace, namespaceLabels, namespaceKnown: true }
  })

const context = (policy: string): JudgeContext => ({
  settings: {
    ...revision,
    config: { ...revision.config, policy, neverInjectSelector: [{ matchLabels: { batch: 'yes' } }] },
  },
  cluster: { access: false, id: '', nodes: [], namespaces: {}, proxyConfigs: [] },
  tags: [],
})

describe('counterfactuals', () => {
  it('turn the verdict around, each of them', () => {
    fc.assert(
      fc.property(subject, fc.constantFrom('enabled', 'disabled', 'broken'), (given, policy) => {
        const before = judge(context(policy), given).inject
        for (const flip of counterfactuals(offlineJudging(context(policy)), given)) {
          expect(flip.judging.inject(flip.subject)).toBe(!before)
        }
      }),
    )
  })

  it('always exist for a pod that is injected, and are one change', () => {
    fc.assert(
      fc.property(subject, (given) => {
        fc.pre(judge(context('enabled'), given).inject)
        expect(counterfactuals(offlineJudging(context('enabled')), given)[0]?.changes).toHaveLength(1)
      }),
    )
  })

  it('never advise to ask for what is to be avoided', () => {
    fc.assert(
      fc.property(subject, (given) => {
        const { inject } = judge(context('enabled'), given)
        const texts = counterfactuals(offlineJudging(context('enabled')), given).flatMap(
          (flip) => flip.changes,
        )
        expect(texts.filter((text) => (inject ? /=(true|enabled)/ : /=(false|disabled)/).test(text))).toEqual(
          [],
        )
      }),
    )
  })
})

describe('field paths', () => {
  const pod = {
    metadata: { annotations: { 'a.b/c': 'x' } },
    spec: {
      containers: [
        { name: 'one', args: ['p', 'q'] },
        { name: 'two', env: [{ name: 'E', value: 'v' }] },
      ],
    },
  }

  it.each([
    ['spec.containers[two].env[E].value', 'v', 'spec.containers[two].env[E].value'],
    ['spec.containers[1].env[0].value', 'v', 'spec.containers[two].env[E].value'],
    ['spec.containers[0].args[1]', 'q', 'spec.containers[one].args[1]'],
    ['metadata.annotations[a.b/c]', 'x', 'metadata.annotations[a.b/c]'],
    ['metadata.annotations["a.b/c"]', 'x', 'metadata.annotations[a.b/c]'],
    ['spec.containers[3].name', undefined, 'spec.containers[3].name'],
  ])('%s', (text, value, canonical) => {
    const steps = parseFieldPath(text)
    expect(valueAt(pod, steps)).toBe(value)
    expect(fieldPathText(pod, byIdentity(pod, steps))).toBe(canonical)
  })

  it('say what there is where a path ends', () => {
    expect(nearest(pod, parseFieldPath('spec.containers[three].image')).has).toEqual(['one', 'two'])
  })

  it('refuse a text that is no path, with the column', () => {
    expect(() => parseFieldPath('spec.[a')).toThrow('path "spec.[a" cannot be read at column 5')
  })
})

describe('the source of a rendered line', () => {
  const source = [
    '{{- $name := .A }}',
    '{{- if .On }}',
    'a: {{ $name }}',
    '{{- else }}',
    'b: off',
    '{{- end }}',
    '{{- range .L }}',
    '- {{ . }}/x',
    '{{- end }}',
    '',
  ].join('\n')
  const rendered = (data: object) => {
    const { text, spans = [] } = parseTemplate('t', source, new Map()).execute(data as never, { spans: true })
    return (part: string) => {
      const at = text.indexOf(part)
      return provenanceOf(source, text, spans, at, at + part.length)
    }
  }

  it('is the line with its expressions and the blocks around it', () => {
    expect(rendered({ A: 'v', On: true, L: [] })('a: v')).toEqual({
      line: 3,
      text: 'a: {{ $name }}',
      expressions: ['$name'],
      blocks: [{ line: 2, text: '{{ if .On }}' }],
    })
    expect(rendered({ A: 'v', On: false, L: [] })('b: off')).toMatchObject({
      line: 5,
      blocks: [{ line: 4, text: '{{ else }} of {{ if .On }}' }],
    })
    expect(rendered({ A: 'v', On: false, L: ['p', 'q'] })('q')).toMatchObject({ line: 8, expressions: ['.'] })
  })

  it('tells what a variable stands for', () => {
    expect(variableExpressions(source, '$name | quote')).toEqual(['$name := .A'])
  })
})
