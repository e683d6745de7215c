import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/kube.ts'
import { NEWEST, type Release } from '../../src/api/release.ts'
import { type DecisionConfig, decide, REASONS, type Reason } from '../../src/injection/decide.ts'

const INJECT = 'sidecar.istio.io/inject'
const OLD: Release = { major: 1, minor: 26 }
const SELECTS = [{ matchLabels: { app: 'web' } }]
const INVALID = [{ matchExpressions: [{ key: 'app', operator: 'Like' }] }]

interface Case {
  readonly name: string
  readonly spec?: Partial<Pod['spec']>
  readonly namespace?: string
  readonly ownNamespace?: string
  readonly label?: string
  readonly annotation?: string
  readonly config?: Partial<DecisionConfig>
  readonly release?: Release
  readonly want: Reason
}

const TABLE: readonly Case[] = [
  {
    name: 'the network of the node wins over a label',
    spec: { hostNetwork: true },
    label: 'true',
    want: 'host-network',
  },
  {
    name: 'an ignored namespace wins over a label',
    namespace: 'kube-system',
    label: 'true',
    want: 'ignored-namespace',
  },
  {
    name: "the pod's namespace counts before the request's",
    namespace: 'kube-system',
    ownNamespace: 'web',
    want: 'policy-enabled',
  },
  { name: 'a label asks', label: 'true', config: { policy: 'disabled' }, want: 'label-true' },
  { name: 'a label forbids', label: 'false', want: 'label-false' },
  { name: 'an annotation asks', annotation: 'true', config: { policy: 'disabled' }, want: 'annotation-true' },
  { name: 'an annotation forbids', annotation: 'false', want: 'annotation-false' },
  { name: 'the label wins over the annotation', label: 'true', annotation: 'false', want: 'label-true' },
  { name: 'an empty label hides the annotation', label: '', annotation: 'false', want: 'policy-enabled' },
  { name: 'an unknown value leaves it to the policy', label: 'yes', want: 'policy-enabled' },
  { name: 'capitals are unknown', label: 'True', config: { policy: 'disabled' }, want: 'policy-disabled' },
  {
    name: 'up to 1.26 yes asks in any case',
    label: 'YES',
    config: { policy: 'disabled' },
    release: OLD,
    want: 'label-true',
  },
  { name: 'up to 1.26 anything else forbids', label: 'sure', release: OLD, want: 'label-false' },
  { name: 'a never-selector matches', config: { neverInjectSelector: SELECTS }, want: 'never-selector' },
  {
    name: 'an always-selector matches',
    config: { policy: 'disabled', alwaysInjectSelector: SELECTS },
    want: 'always-selector',
  },
  {
    name: 'never comes before always',
    config: { neverInjectSelector: SELECTS, alwaysInjectSelector: SELECTS },
    want: 'never-selector',
  },
  {
    name: 'a label comes before selectors',
    label: 'true',
    config: { neverInjectSelector: SELECTS },
    want: 'label-true',
  },
  {
    name: 'an empty selector matches nothing',
    config: { neverInjectSelector: [{}] },
    want: 'policy-enabled',
  },
  {
    name: 'an invalid selector is passed over',
    config: { neverInjectSelector: [...INVALID, ...SELECTS] },
    want: 'never-selector',
  },
  { name: 'the policy enables', want: 'policy-enabled' },
  { name: 'the policy disables', config: { policy: 'disabled' }, want: 'policy-disabled' },
  {
    name: 'an illegal policy turns off even what is asked for',
    label: 'true',
    config: { policy: 'on' },
    want: 'policy-illegal',
  },
]

function decideCase(item: Case) {
  const pod: Pod = {
    metadata: {
      ...(item.ownNamespace === undefined ? {} : { namespace: item.ownNamespace }),
      labels: { app: 'web', ...(item.label === undefined ? {} : { [INJECT]: item.label }) },
      annotations: item.annotation === undefined ? {} : { [INJECT]: item.annotation },
    },
    spec: { containers: [], ...item.spec },
  }
  return decide({
    pod,
    namespace: item.namespace ?? 'default',
    config: { policy: 'enabled', neverInjectSelector: [], alwaysInjectSelector: [], ...item.config },
    release: item.release ?? NEWEST,
  })
}

const INJECTS: readonly Reason[] = ['label-true', 'annotation-true', 'always-selector', 'policy-enabled']

describe('decide', () => {
  for (const item of TABLE) {
    it(item.name, () => {
      const decision = decideCase(item)
      expect(decision.reason).toBe(item.want)
      expect(decision.inject).toBe(INJECTS.includes(item.want))
    })
  }

  it('has a case for every reason', () => {
    expect(new Set(TABLE.map((item) => item.want))).toEqual(new Set(Object.keys(REASONS)))
  })

  it('tells every rule it looked at, and warns of what should be mended', () => {
    const trace = decideCase({
      name: '',
      label: 'yes',
      config: { neverInjectSelector: INVALID },
      want: 'policy-enabled',
    }).trace
    expect(trace.map((step) => [step.rule, step.verdict])).toEqual([
      ['hostNetwork', 'pass'],
      ['namespace', 'pass'],
      ['inject', 'pass'],
      ['neverInjectSelector', 'pass'],
      ['neverInjectSelector', 'pass'],
      ['alwaysInjectSelector', 'pass'],
      ['policy', 'inject'],
    ])
    expect(trace.filter((step) => step.warning).map((step) => step.rule)).toEqual([
      'inject',
      'neverInjectSelector',
    ])
    expect(trace.find((step) => step.rule === 'inject')?.detail).toContain('"yes"')
  })

  it('answers for any JSON', () => {
    const config = { policy: 'enabled', neverInjectSelector: SELECTS, alwaysInjectSelector: [] }
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (metadata, spec, labels) => {
        for (const pod of [
          { metadata, spec },
          { metadata: { labels, annotations: labels }, spec },
        ]) {
          const decision = decide({ pod: pod as unknown as Pod, namespace: '', config, release: NEWEST })
          expect(typeof decision.inject).toBe('boolean')
        }
      }),
    )
  })
})
