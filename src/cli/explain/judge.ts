// What happens to a pod on its way in, offline: the webhook selectors as the API server evaluates them (contract §2.2),
// then the injector's own decision (§2.1). In: a pod and what is known of its namespace; out: both, rule by rule.

import type { Pod } from '../../api/kube.ts'
import type { ClusterView, InjectConfig, LabelSelectorRequirement, NamespaceInfo } from '../../api/mesh.ts'
import { LABEL } from '../../api/names.ts'
import { type Decision, decide } from '../../injection/decide.ts'
import { matchesSelector } from '../../mesh/selector.ts'
import type { RevisionSettings } from '../../mesh/snapshot.ts'
import { type RuleEntry, webhookEntries } from '../../revision/rules.ts'
import { isObject, own } from '../../std/json.ts'

export interface JudgeContext {
  readonly settings: RevisionSettings
  readonly cluster: ClusterView
  /** Tags that point at the revision of the settings. */
  readonly tags: readonly string[]
}

export interface Subject {
  /** As the API server sends it. */
  readonly pod: Pod
  readonly namespace: string
  readonly namespaceLabels: Readonly<Record<string, string>>
  /** False: nothing is known of the namespace, and it is taken as one whose pods are injected. */
  readonly namespaceKnown: boolean
}

/** Who decides about a pod, and what may be changed about the decision. */
export interface Judging {
  /** Revisions and tags that a label may ask for, the first choice first. */
  readonly names: readonly string[]
  /** The injection config that decides; undefined where none is known. */
  readonly config: InjectConfig | undefined
  inject(subject: Subject): boolean
  /** The same with another policy in that config. */
  withPolicy(policy: string): Judging
}

export interface EntryVerdict {
  readonly entry: RuleEntry
  readonly matches: boolean
  /** What keeps the entry from matching: `namespace label istio-injection is absent, …`; empty when it matches. */
  readonly because: string
}

export interface Judgement {
  readonly entries: readonly EntryVerdict[]
  /** The entry that the API server calls; the first one where several match. */
  readonly called: EntryVerdict | undefined
  /** The injector's decision, if it were called. */
  readonly decision: Decision
  readonly inject: boolean
}

export function subjectOf(
  context: JudgeContext,
  pod: Pod,
  namespace: string,
  known?: NamespaceInfo,
): Subject {
  const info = known ?? own(context.cluster.namespaces, namespace)
  const name = { 'kubernetes.io/metadata.name': namespace }
  if (info !== undefined) {
    return { pod, namespace, namespaceLabels: { ...info.labels, ...name }, namespaceKnown: true }
  }
  return {
    pod,
    namespace,
    namespaceLabels: { ...name, ...injectionLabel(context.settings) },
    namespaceKnown: false,
  }
}

/** The label that turns injection on for a namespace. */
export function injectionLabel(settings: RevisionSettings): Record<string, string> {
  const { revision } = settings
  return revision === '' || revision === 'default'
    ? { [LABEL.injection]: 'enabled' }
    : { [LABEL.revision]: revision }
}

export function judge(context: JudgeContext, subject: Subject): Judgement {
  const { settings } = context
  const { config, release } = settings
  const entries = entriesOf(context).map((entry) => verdictOn(entry, subject))
  const called = entries.find((entry) => entry.matches)
  const decision = decide({ pod: subject.pod, namespace: subject.namespace, config, release })
  return { entries, called, decision, inject: called !== undefined && decision.inject }
}

/** The offline decision as counterfactuals ask for it. */
export function offlineJudging(context: JudgeContext): Judging {
  const { settings } = context
  return {
    names: [settings.revision || 'default'],
    config: settings.config,
    inject: (subject) => judge(context, subject).inject,
    withPolicy: (policy) =>
      offlineJudging({ ...context, settings: { ...settings, config: { ...settings.config, policy } } }),
  }
}

function entriesOf(context: JudgeContext): RuleEntry[] {
  const webhook = own(context.settings.values.raw, 'sidecarInjectorWebhook')
  const auto = isObject(webhook) && own(webhook, 'enableNamespacesByDefault') === true
  const names = [context.settings.revision || 'default', ...context.tags]
  return names.flatMap((name) => webhookEntries(name, auto))
}

function verdictOn(entry: RuleEntry, subject: Subject): EntryVerdict {
  const podLabels = subject.pod.metadata.labels ?? {}
  const failing = [
    ...failures('namespace', entry.namespaceSelector.matchExpressions ?? [], subject.namespaceLabels),
    ...failures('pod', entry.objectSelector.matchExpressions ?? [], podLabels),
  ]
  return { entry, matches: failing.length === 0, because: failing.join(', ') }
}

function failures(
  whose: string,
  requirements: readonly LabelSelectorRequirement[],
  labels: Readonly<Record<string, string>>,
): string[] {
  return requirements
    .filter((requirement) => !matchesSelector({ matchExpressions: [requirement] }, labels))
    .map(({ key }) => {
      const value = own(labels, key)
      return `${whose} label ${key} is ${value === undefined ? 'absent' : `"${value}"`}`
    })
}
