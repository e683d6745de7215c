// One pod taken through every layer of a live cluster: entries, the injector's rules, templates. In: a place of a pod
// and what the cluster holds; out: the verdict of each layer, what came of it, and the pod as it would be made now.

import type { Pod } from '../../api/kube.ts'
import type { NamespaceInfo } from '../../api/mesh.ts'
import { ANNOTATION } from '../../api/names.ts'
import { REASONS } from '../../injection/decide.ts'
import type { InjectionStage } from '../../injection/stage.ts'
import type { Configuration, Entry } from '../../revision/configuration.ts'
import type { RoutedEntry } from '../../revision/route.ts'
import { type JsonObject, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { labelsOf } from '../cluster/calls.ts'
import { incomingPod, injectPlace } from '../inject/place.ts'
import type { PodPlace } from '../input/workloads.ts'
import { explainField, type FieldReport } from './field.ts'
import type { Subject } from './judge.ts'
import { judgeLive, judgeUnmet, type LiveContext, type LiveJudgement, whyNotCalled } from './live-judge.ts'

export interface Examining {
  readonly context: LiveContext
  readonly namespace: NamespaceInfo
  /** These two of remora; istiod has one way only. */
  readonly compat: 'istio' | 'improved'
  readonly structure: 'refuse' | 'istio'
}

export interface Examined {
  readonly subject: Subject
  readonly judgement: LiveJudgement
  /** `unknown`: the settings of the injector that is called cannot be used, or only an API server can tell whether it is. */
  readonly result: 'injected' | 'skipped' | 'refused' | 'unknown'
  /** The rule that decided, or the code of the problem. */
  readonly reason: string
  readonly because: string
  readonly templates?: readonly string[]
  /** What chose the templates, for people. */
  readonly templatesBy?: string
  readonly warnings: readonly string[]
  /** Metadata and spec as injection would leave them now; undefined where it would not inject. */
  readonly made?: JsonObject
}

/** Throws ProblemError where the place holds no pod. */
export function examine(run: Examining, place: PodPlace): Examined {
  const { context, namespace } = run
  const { pod } = incomingPod(place, namespace.name)
  const namespaceLabels = labelsOf(namespace)
  const subject = { pod, namespace: namespace.name, namespaceLabels, namespaceKnown: true }
  const judgement = judgeLive(context, subject)
  const met = outcome(run, place, subject, judgement)
  const { result, reason, because, warnings, ...made } =
    judgement.conditional.length === 0 ? met : undecided(run, place, subject, { judgement, outcome: met })
  return {
    subject,
    judgement,
    result,
    reason,
    because,
    ...made,
    warnings: [...entryWarnings(context, judgement), ...warnings],
  }
}

interface Judged {
  readonly judgement: LiveJudgement
  readonly outcome: Outcome
}

/** Conditions are for API servers to evaluate: where the outcome hangs on one it is unknown, else it is as it is. */
function undecided(run: Examining, place: PodPlace, subject: Subject, met: Judged): Outcome {
  const judgement = judgeUnmet(run.context, subject)
  const unmet = { judgement, outcome: outcome(run, place, subject, judgement) }
  const [yes, no] = [met, unmet].map(outcomeText)
  if (yes === no) return met.outcome
  const said = met.judgement.conditional.map((routed) => {
    const conditions = entryOf(run.context.configurations, routed)?.conditions ?? []
    const asked = conditions.filter(({ name }) => routed.conditions.includes(name))
    const texts = asked.map(({ name, expression }) => `condition ${name} (${expression})`)
    return `entry ${routed.entry} acts only if ${texts.join(' and ')} holds, too`
  })
  const because = `${said.join('; ')}. Only an API server evaluates that: if so the pod is ${yes}, if not it is ${no}`
  return { result: 'unknown', reason: 'match-conditions', because, warnings: [] }
}

function outcomeText({ judgement: { answer, settings }, outcome: { result, because } }: Judged): string {
  if (result === 'skipped') return 'not injected'
  const by = `by ${answer?.by}${settings === undefined ? '' : ` for revision ${settings.revision}`}`
  return result === 'injected'
    ? `injected ${by}`
    : `${result === 'refused' ? result : 'judged'} ${by}: ${because}`
}

type Outcome = Omit<Examined, 'subject' | 'judgement'>

function outcome(run: Examining, place: PodPlace, subject: Subject, judgement: LiveJudgement): Outcome {
  const { answer, decision, entries } = judgement
  if (answer === undefined) {
    return { result: 'skipped', ...whyNotCalled(run.context, subject, entries), warnings: [] }
  }
  const { settings, problem } = answer
  if (settings === undefined || decision === undefined) {
    const { code = 'unknown-revision', message = '' } = problem ?? {}
    const refuses = answer.by === 'remora' && code === 'unknown-revision'
    return { result: refuses ? 'refused' : 'unknown', reason: code, because: message, warnings: [] }
  }
  const { reason } = decision
  const because = `${REASONS[reason]} (rule ${reason})`
  if (!decision.inject) return { result: 'skipped', reason, because, warnings: [] }
  try {
    const { template, templates, warnings } = inject(run, place, judgement)
    const templatesBy = templatesChosenBy(subject.pod)
    return { result: 'injected', reason, because, templates, templatesBy, warnings, made: template }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return { result: 'refused', reason: error.code, because: error.message.trim(), warnings: [] }
  }
}

function inject(
  { context, namespace, compat, structure }: Examining,
  place: PodPlace,
  { answer, settings }: LiveJudgement,
  observe?: (stage: InjectionStage) => void,
) {
  if (settings === undefined) throw new Error('no settings to inject with')
  const { cluster } = context.snapshot
  const envPairs = answer?.envPairs ?? {}
  const how = answer?.by === 'istiod' ? AS_ISTIO : { compat, structure }
  return injectPlace(place, namespace.name, { settings, cluster, envPairs, ...how }, observe)
}

const AS_ISTIO = { compat: 'istio', structure: 'istio' } as const

function templatesChosenBy({ metadata }: Pod): string {
  return own(metadata.annotations ?? {}, ANNOTATION.templates) === undefined
    ? 'defaultTemplates of the injection config'
    : `annotation ${ANNOTATION.templates} of the pod`
}

/** The entry behind a row of the routing. */
export function entryOf(
  configurations: readonly Configuration[],
  { configuration, entry }: RoutedEntry,
): Entry | undefined {
  const found = configurations.find(({ name }) => name === configuration)
  return found?.entries.find(({ name }) => name === entry)
}

function entryWarnings({ configurations }: LiveContext, { injectors }: LiveJudgement): string[] {
  const warnings: string[] = []
  if (injectors.length > 1) {
    const names = injectors.map(({ configuration, entry }) => `${entry} of ${configuration}`)
    warnings.push(`${injectors.length} entries inject the pod, one after the other: ${names.join(', ')}`)
  }
  for (const routed of injectors) {
    const entry = entryOf(configurations, routed)
    if (entry?.caBundle === '') {
      warnings.push(`entry ${routed.entry} has no caBundle: an API server cannot call it`)
    }
  }
  return warnings
}

/** Where a field of the pod comes from, by the settings that would make it now. */
export function fieldOf(
  run: Examining,
  place: PodPlace,
  field: string,
  meshTexts: (revision: string) => readonly string[],
): FieldReport {
  const { judgement, result, because } = examine(run, place)
  const { settings } = judgement
  const { raw, pod } = incomingPod(place, run.namespace.name)
  if (settings === undefined) throw new ProblemError('not-found', `no settings are known: ${because}`)
  const stages: InjectionStage[] = []
  const injects = result === 'injected'
  const base = injects ? inject(run, place, judgement, (stage) => stages.push(stage)).base : pod
  return explainField(field, { raw, base, pod, stages, settings, meshTexts: meshTexts(settings.revision) })
}
