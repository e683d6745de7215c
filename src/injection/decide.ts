// Whether a pod gets a sidecar (contract §2.1). In goes a pod as the API server sent it, out comes the answer with the
// reason that decided and every rule that was looked at. Never throws, whatever the pod looks like, and reads nothing
// but its arguments: the same function answers the webhook, the command line and the explanation.
//
//   rule, first hit decides                        releases from 1.27          up to 1.26
//   1 hostNetwork                                  skip                        skip
//   2 ignored namespace                            skip                        skip
//   3 S = label sidecar.istio.io/inject if the label is there (even empty), else the annotation of that name
//     S = "true"                                   inject                      inject; also y, yes, on in any case
//     S = "false"                                  skip                        skip
//     S = "" or absent                             default                     default
//     any other S                                  default, with a warning     skip
//   4 default and a neverInjectSelector matches    skip
//   5 default and an alwaysInjectSelector matches  inject
//   6 policy enabled: default means inject; disabled: default means skip; any other policy skips, whatever 3–5 said

import type { Pod } from '../api/kube.ts'
import type { LabelSelector } from '../api/mesh.ts'
import { ANNOTATION, IGNORED_NAMESPACES, LABEL } from '../api/names.ts'
import { atLeast, type Release } from '../api/release.ts'
import { compileSelector } from '../mesh/selector.ts'
import { isObject, own } from '../std/json.ts'

/** Why a pod is or is not injected: the closed list, each with a sentence for people. */
export const REASONS = {
  'host-network': 'the pod uses the network of its node',
  'ignored-namespace': 'pods of this namespace are never injected',
  'label-true': `label ${LABEL.inject} asks for injection`,
  'label-false': `label ${LABEL.inject} forbids injection`,
  'annotation-true': `annotation ${ANNOTATION.inject} asks for injection`,
  'annotation-false': `annotation ${ANNOTATION.inject} forbids injection`,
  'never-selector': 'a neverInjectSelector matches the labels of the pod',
  'always-selector': 'an alwaysInjectSelector matches the labels of the pod',
  'policy-enabled': 'nothing on the pod decides, and the policy is to inject',
  'policy-disabled': 'nothing on the pod decides, and the policy is not to inject',
  'policy-illegal': 'the policy is neither enabled nor disabled, which turns injection off',
} as const

export type Reason = keyof typeof REASONS

export type Rule =
  | 'hostNetwork'
  | 'namespace'
  | 'inject'
  | 'neverInjectSelector'
  | 'alwaysInjectSelector'
  | 'policy'

export interface TraceStep {
  readonly rule: Rule
  /** What the rule said; `pass` leaves the answer to the rules below. */
  readonly verdict: 'inject' | 'skip' | 'pass'
  /** What was looked at and found, one sentence. */
  readonly detail: string
  /** True when a person should mend something: an unknown value, an invalid selector, an illegal policy. */
  readonly warning?: boolean
}

export interface Decision {
  readonly inject: boolean
  readonly reason: Reason
  readonly trace: readonly TraceStep[]
}

/** What the decision reads of the injection config. */
export interface DecisionConfig {
  readonly policy: string
  readonly neverInjectSelector: readonly LabelSelector[]
  readonly alwaysInjectSelector: readonly LabelSelector[]
}

export interface DecisionInput {
  readonly pod: Pod
  /** Namespace of the request; it counts where the pod names none. */
  readonly namespace: string
  readonly config: DecisionConfig
  readonly release: Release
}

/** What rules 3–5 say: undefined leaves it to the policy. */
interface Wish {
  readonly inject: boolean
  readonly reason: Reason
}

export function decide(input: DecisionInput): Decision {
  const trace: TraceStep[] = []
  const metadata: unknown = input.pod.metadata
  const spec: unknown = input.pod.spec
  if (isObject(spec) && own(spec, 'hostNetwork') === true) {
    trace.push({ rule: 'hostNetwork', verdict: 'skip', detail: 'spec.hostNetwork is true' })
    return { inject: false, reason: 'host-network', trace }
  }
  trace.push({ rule: 'hostNetwork', verdict: 'pass', detail: 'spec.hostNetwork is not set' })

  const namespace = textOf(metadata, 'namespace') || input.namespace
  const ignored = IGNORED_NAMESPACES.includes(namespace)
  trace.push({
    rule: 'namespace',
    verdict: ignored ? 'skip' : 'pass',
    detail: `namespace "${namespace}" is ${ignored ? '' : 'not '}an ignored namespace`,
  })
  if (ignored) return { inject: false, reason: 'ignored-namespace', trace }

  const labels = labelsOf(metadata)
  const annotation = textOf(memberOf(metadata, 'annotations'), ANNOTATION.inject)
  const wish = injectValue(labels, annotation, input.release, trace) ?? selectors(labels, input.config, trace)
  return policy(input.config.policy, wish, trace)
}

function injectValue(
  labels: Readonly<Record<string, string>>,
  annotation: string | undefined,
  release: Release,
  trace: TraceStep[],
): Wish | undefined {
  const label = own(labels, LABEL.inject)
  const value = label ?? annotation ?? ''
  const source = label === undefined ? 'annotation' : 'label'
  const detail = `${source} ${LABEL.inject} is "${value}"`
  const answer = readInjectValue(value, release)
  if (answer === 'default') {
    trace.push({
      rule: 'inject',
      verdict: 'pass',
      detail: label === undefined && annotation === undefined ? `${LABEL.inject} is not set` : detail,
    })
    return undefined
  }
  if (answer === 'unknown') {
    trace.push({
      rule: 'inject',
      verdict: 'pass',
      warning: true,
      detail: `${detail}; only "true" and "false" are understood, so it is ignored`,
    })
    return undefined
  }
  trace.push({ rule: 'inject', verdict: answer ? 'inject' : 'skip', detail })
  return { inject: answer, reason: `${source}-${answer}` }
}

function readInjectValue(value: string, release: Release): boolean | 'default' | 'unknown' {
  if (value === '') return 'default'
  if (!atLeast(release, 27)) return ['y', 'yes', 'true', 'on'].includes(value.toLowerCase())
  if (value === 'true') return true
  return value === 'false' ? false : 'unknown'
}

function selectors(
  labels: Readonly<Record<string, string>>,
  config: DecisionConfig,
  trace: TraceStep[],
): Wish | undefined {
  if (anyMatches('neverInjectSelector', config.neverInjectSelector, labels, trace)) {
    return { inject: false, reason: 'never-selector' }
  }
  if (anyMatches('alwaysInjectSelector', config.alwaysInjectSelector, labels, trace)) {
    return { inject: true, reason: 'always-selector' }
  }
  return undefined
}

/** Entries are alternatives. An empty selector matches nothing here, and an invalid one is passed over. */
function anyMatches(
  rule: 'neverInjectSelector' | 'alwaysInjectSelector',
  entries: readonly LabelSelector[],
  labels: Readonly<Record<string, string>>,
  trace: TraceStep[],
): boolean {
  const verdict = rule === 'neverInjectSelector' ? 'skip' : 'inject'
  let looked = 0
  for (const [index, entry] of entries.entries()) {
    try {
      const selector = compileSelector(entry)
      if (selector.empty) continue
      if (selector.matches(labels)) {
        trace.push({
          rule,
          verdict,
          detail: `${rule}[${index}] (${selector.text}) matches the labels of the pod`,
        })
        return true
      }
      looked++
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      trace.push({ rule, verdict: 'pass', warning: true, detail: `${rule}[${index}] is invalid: ${message}` })
    }
  }
  const detail =
    looked === 0 ? `${rule} has no usable entry` : `no entry of ${rule} matches the labels of the pod`
  trace.push({ rule, verdict: 'pass', detail })
  return false
}

function policy(value: string, wish: Wish | undefined, trace: TraceStep[]): Decision {
  const detail = `policy is "${value}"`
  if (value !== 'enabled' && value !== 'disabled') {
    const expected = `${detail}; it must be "enabled" or "disabled", so nothing is injected`
    trace.push({ rule: 'policy', verdict: 'skip', warning: true, detail: expected })
    return { inject: false, reason: 'policy-illegal', trace }
  }
  if (wish !== undefined) {
    trace.push({ rule: 'policy', verdict: 'pass', detail: `${detail}; a rule above has decided` })
    return { ...wish, trace }
  }
  trace.push({ rule: 'policy', verdict: value === 'enabled' ? 'inject' : 'skip', detail })
  return { inject: value === 'enabled', reason: `policy-${value}`, trace }
}

function memberOf(object: unknown, key: string): unknown {
  return isObject(object) ? own(object, key) : undefined
}

function textOf(object: unknown, key: string): string | undefined {
  const value = memberOf(object, key)
  return typeof value === 'string' ? value : undefined
}

/** The labels of `metadata`; what is no text is left out, so that any JSON can be judged. */
function labelsOf(metadata: unknown): Readonly<Record<string, string>> {
  const value = memberOf(metadata, 'labels')
  if (!isObject(value)) return {}
  let areTexts = true
  for (const name in value) if (typeof value[name] !== 'string') areTexts = false
  if (areTexts) return value as Record<string, string>
  return Object.fromEntries(Object.entries(value).filter(([, item]) => typeof item === 'string')) as Record<
    string,
    string
  >
}
