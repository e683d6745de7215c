// What happens to a pod on its way into a live cluster: the webhook entries as the API server calls them, and the
// decision of the one that answers, by the settings that its path leads to. In: a snapshot, the webhook configurations
// and a pod; out: both layers, rule by rule. Changes and asks nothing.

import { parseRoute, type Route } from '../../admission/path.ts'
import { ANNOTATION, LABEL } from '../../api/names.ts'
import { type Decision, decide } from '../../injection/decide.ts'
import {
  type MeshSnapshot,
  type RevisionSettings,
  type RouteName,
  resolveRevision,
} from '../../mesh/snapshot.ts'
import {
  type Configuration,
  type Entry,
  NOT_YET_INJECTED,
  objectField,
  textField,
} from '../../revision/configuration.ts'
import { askedRevision, type PodPlace, type RoutedEntry, routePod } from '../../revision/route.ts'
import { DEFAULT } from '../../revision/rules.ts'
import { own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import type { Judging, Subject } from './judge.ts'

export interface LiveContext {
  readonly snapshot: MeshSnapshot
  readonly configurations: readonly Configuration[]
  /** Names of all revisions and tags of the cluster. */
  readonly known: ReadonlySet<string>
  /** Instead of the policy of the settings: for what-if questions. */
  readonly policy?: string
}

/** Who answers for a pod, and by which settings. */
export interface Answer {
  readonly by: 'remora' | 'istiod'
  readonly entry: RoutedEntry
  /** The path that it is called with. */
  readonly path: string
  readonly envPairs: Record<string, string>
  readonly settings: RevisionSettings | undefined
  /** Why there are no settings. */
  readonly problem: ProblemError | undefined
}

export interface LiveJudgement {
  readonly entries: readonly RoutedEntry[]
  /** Entries that inject the pod; more than one is a fault of the cluster. */
  readonly injectors: readonly RoutedEntry[]
  /** Undefined: nobody is called. */
  readonly answer: Answer | undefined
  /** Those of the answer; else those that would be asked by the labels, or by default. */
  readonly settings: RevisionSettings | undefined
  /** Entries that match, and act only if conditions hold, too, that only an API server evaluates. Taken as if they held. */
  readonly conditional: readonly RoutedEntry[]
  /** By these settings. */
  readonly decision: Decision | undefined
  readonly inject: boolean
}

export function judgeLive(context: LiveContext, subject: Subject): LiveJudgement {
  const place = placeOf(subject)
  const entries = routePod(context.configurations, place)
  const injectors = entries.filter(({ injects }) => injects)
  const [first] = injectors
  const answer = first === undefined ? undefined : answerOf(context, first)
  const settings = answer === undefined ? likelySettings(context, place) : answer.settings
  const decision = settings === undefined ? undefined : decisionBy(context, settings, subject)
  const inject = answer !== undefined && decision?.inject === true
  const conditional = entries.filter(({ matches, conditions }) => matches && conditions.length > 0)
  return { entries, injectors, answer, settings, conditional, decision, inject }
}

/** The same as if no condition held that only an API server evaluates. */
export function judgeUnmet(context: LiveContext, subject: Subject): LiveJudgement {
  const configurations = context.configurations.map((each) => ({
    ...each,
    entries: each.entries.filter(({ conditions }) =>
      conditions.every(({ name }) => name === NOT_YET_INJECTED.name),
    ),
  }))
  return judgeLive({ ...context, configurations }, subject)
}

export function placeOf({ pod, namespaceLabels }: Subject): PodPlace {
  const { labels = {}, annotations = {} } = pod.metadata
  return { namespaceLabels, podLabels: labels, injected: own(annotations, ANNOTATION.status) !== undefined }
}

function decisionBy({ policy }: LiveContext, settings: RevisionSettings, subject: Subject): Decision {
  const config = policy === undefined ? settings.config : { ...settings.config, policy }
  return decide({ pod: subject.pod, namespace: subject.namespace, config, release: settings.release })
}

function answerOf({ snapshot, configurations }: LiveContext, routed: RoutedEntry): Answer {
  const configuration = configurations.find(({ name }) => name === routed.configuration)
  const entry = configuration?.entries.find(({ name }) => name === routed.entry)
  const path = entry === undefined ? '' : pathOf(entry)
  const route = parseRoute(path)
  const envPairs = route?.envPairs ?? {}
  const by = routed.owner === 'remora' ? 'remora' : 'istiod'
  try {
    const name = routeName(configuration, route, path)
    return {
      by,
      entry: routed,
      path,
      envPairs,
      settings: resolveRevision(snapshot, name),
      problem: undefined,
    }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return { by, entry: routed, path, envPairs, settings: undefined, problem: error }
  }
}

/** Remora goes by the path; each istiod has but one revision, that of its configuration. */
function routeName(
  configuration: Configuration | undefined,
  route: Route | undefined,
  path: string,
): RouteName {
  if (configuration?.owner === 'istio') return { kind: 'revision', name: configuration.revision ?? '' }
  if (configuration?.owner !== 'remora') {
    const hint = 'name its namespace with -i'
    throw new ProblemError('not-found', 'the injector is of a control plane in another namespace', {}, hint)
  }
  if (route === undefined) throw new ProblemError('not-found', `path "${path}" is no injection path`)
  return route
}

function pathOf({ raw }: Entry): string {
  const client = objectField(raw, 'clientConfig')
  const url = textField(client, 'url')
  const path = url === '' ? textField(objectField(client, 'service'), 'path') : new URL(url).pathname
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** The settings of the revision that the labels ask for, else of the default one. */
function likelySettings({ snapshot }: LiveContext, place: PodPlace): RevisionSettings | undefined {
  const asked = askedRevision(place)
  const routes: RouteName[] = [
    ...(asked === undefined
      ? []
      : [{ kind: 'tag', name: asked } as const, { kind: 'revision', name: asked } as const]),
    { kind: 'default', name: '' },
    { kind: 'revision', name: Object.keys(snapshot.revisions)[0] ?? '' },
  ]
  for (const route of routes) {
    try {
      return resolveRevision(snapshot, route)
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
    }
  }
  return undefined
}

/** Why no injector is called for the pod: a reason of a closed list, and a sentence. */
export function whyNotCalled(
  { configurations, known }: LiveContext,
  subject: Subject,
  entries: readonly RoutedEntry[],
): { reason: string; because: string } {
  const place = placeOf(subject)
  const names = [...known].sort().join(', ')
  const asked = askedRevision(place)
  if (entries.some(({ matches }) => matches)) {
    return {
      reason: 'already-injected',
      because: 'the pod comes with a sidecar, and the entries leave it as it is',
    }
  }
  if (
    known.size === 0 &&
    !configurations.some(({ entries: all }) => all.some(({ live, of }) => live && of))
  ) {
    return { reason: 'no-revision', because: 'the cluster has no revision of Istio, so there is no injector' }
  }
  if (asked !== undefined && !known.has(asked)) {
    const because = `label ${LABEL.revision}=${asked} names no revision and no tag; there are: ${names}`
    return { reason: 'unknown-revision', because }
  }
  if (asked !== undefined && own(place.podLabels, LABEL.inject) !== 'false') {
    const because = `label ${LABEL.revision}=${asked} names a revision or tag without a live webhook entry`
    return { reason: 'no-injector', because }
  }
  return { reason: 'not-called', because: whyNotAsked(place) }
}

function whyNotAsked({ namespaceLabels, podLabels }: PodPlace): string {
  const injection = own(namespaceLabels, LABEL.injection)
  if (own(podLabels, LABEL.inject) === 'false') return `pod label ${LABEL.inject} is "false"`
  if (injection === 'enabled') {
    return `namespace label ${LABEL.injection}=enabled asks for the default injector, and there is none`
  }
  if (injection !== undefined)
    return `namespace label ${LABEL.injection} is "${injection}", only "enabled" injects`
  if (own(podLabels, LABEL.inject) === 'true') {
    return `pod label ${LABEL.inject}=true asks for the default injector, and there is none`
  }
  return 'neither the namespace nor the pod has a label that asks for injection'
}

/** So many revisions and tags are tried for a label. */
const TRIED = 4

/** The decision as counterfactuals ask for it. */
export function liveJudging(context: LiveContext, settings: RevisionSettings | undefined): Judging {
  const named = context.configurations.flatMap(({ entries }) =>
    entries.flatMap(({ live, of }) => (live && of !== undefined ? [of.name] : [])),
  )
  const names = [...new Set(named)].sort((a, b) => Number(b === DEFAULT) - Number(a === DEFAULT))
  const policy = context.policy ?? settings?.config.policy
  return {
    names: names.slice(0, TRIED),
    config: settings === undefined || policy === undefined ? undefined : { ...settings.config, policy },
    inject: (subject) => judgeLive(context, subject).inject,
    withPolicy: (other) => liveJudging({ ...context, policy: other }, settings),
  }
}
