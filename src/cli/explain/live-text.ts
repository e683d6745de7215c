// The explanation of a live object: its data, which live.ts makes and `-o json` prints, and its text for people.

import type { TraceStep } from '../../injection/decide.ts'
import { type Configuration, textField } from '../../revision/configuration.ts'
import type { RoutedEntry } from '../../revision/route.ts'
import type { Json } from '../../std/json.ts'
import { count, table } from '../table.ts'
import type { Difference } from './compare.ts'
import { entryOf } from './examine.ts'
import type { LiveContext } from './live-judge.ts'
import type { LivePod } from './live-pod.ts'
import type { Modes } from './modes.ts'
import { changeLines, labelsText, ruleLines } from './text.ts'

export interface WebhookRow {
  readonly configuration: string
  readonly entry: string
  /** `revision canary`, `tag prod`; empty for an entry of nobody known. */
  readonly of: string
  /** `adopted`: deactivated by `remora adopt`. */
  readonly state: 'live' | 'deactivated' | 'adopted'
  readonly matches: boolean
  /** It matches, and nobody has injected the pod before it as far as it asks. */
  readonly called: boolean
  readonly because: string
  /** Names of conditions that decide, too, and that only an API server evaluates; absent where there are none. */
  readonly conditions?: readonly string[]
  readonly failurePolicy: string
}

export interface LiveExplanation {
  /** `Deployment shop/web`. */
  readonly object: string
  readonly namespace: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  /** In the order in which API servers call them. */
  readonly webhook: readonly WebhookRow[]
  /** Who answers; absent when nobody is called. */
  readonly answer?: {
    readonly by: 'remora' | 'istiod'
    readonly entry: string
    readonly path: string
    /** How remora injects: by its flags, or by those of the command line. */
    readonly compat?: Modes['compat']
    readonly structure?: Modes['structure']
  }
  /** By which the rules decide; absent when none can be used. */
  readonly settings?: { readonly revision: string; readonly release: string; readonly hash: string }
  readonly rules: readonly TraceStep[]
  readonly result: 'injected' | 'skipped' | 'refused' | 'unknown'
  readonly reason: string
  readonly because: string
  readonly templates?: readonly string[]
  readonly templatesBy?: string
  readonly warnings: readonly string[]
  readonly counterfactual: readonly (readonly string[])[]
  /** Running pods of the object; absent when they may not be read. */
  readonly pods?: readonly LivePod[]
}

export function webhookRows({ configurations }: LiveContext, entries: readonly RoutedEntry[]): WebhookRow[] {
  return entries.map((routed) => {
    const entry = entryOf(configurations, routed)
    const of = routed.of === undefined ? '' : `${routed.of.kind} ${routed.of.name}`
    return {
      configuration: routed.configuration,
      entry: routed.entry,
      of,
      state: stateOf(configurations, routed, entry?.live !== false),
      matches: routed.matches,
      called: routed.injects,
      because: routed.matches && !routed.injects ? STANDS_BACK : routed.because,
      ...(routed.conditions.length === 0 ? {} : { conditions: routed.conditions }),
      failurePolicy: textField(entry?.raw ?? {}, 'failurePolicy') || 'Fail',
    }
  })
}

const STANDS_BACK = 'matches, but acts only on pods that nobody has injected before'

function stateOf(
  configurations: readonly Configuration[],
  { configuration }: RoutedEntry,
  live: boolean,
): WebhookRow['state'] {
  if (live) return 'live'
  const found = configurations.find(({ name }) => name === configuration)
  return found?.saved === undefined ? 'deactivated' : 'adopted'
}

export function liveExplanationText(explanation: LiveExplanation): string {
  const { object, namespace, result, because, templates, templatesBy, warnings } = explanation
  const lines = [
    object,
    '',
    `namespace ${namespace.name}: labels ${labelsText(namespace.labels)}`,
    '',
    ...webhookLines(explanation.webhook),
    '',
    ...decisionLines(explanation),
    '',
    `result: ${result}${result === 'injected' || result === 'skipped' ? ', because' : ':'} ${because}`,
  ]
  if (templates !== undefined) lines.push(`templates: ${templates.join(', ')} (${templatesBy})`)
  for (const warning of warnings) lines.push(`warning: ${warning}`)
  if (result === 'injected' || result === 'skipped')
    lines.push(...changeLines(result, explanation.counterfactual))
  lines.push('', ...podLines(explanation))
  return `${lines.join('\n')}\n`
}

function webhookLines(rows: readonly WebhookRow[]): string[] {
  if (rows.length === 0) return ['who is called: the cluster has no webhook entry of an injector']
  const lines = ['who is called: webhook entries of injectors, in the order of the API server']
  for (const name of new Set(rows.map(({ configuration }) => configuration))) {
    const mine = rows.filter(({ configuration }) => configuration === name)
    const off = mine.filter(({ state }) => state !== 'live')
    const by = off.some(({ state }) => state === 'adopted') ? ' by remora adopt' : ''
    const idle = `${count(off.length, 'entry').replace('entrys', 'entries')} deactivated${by}`
    lines.push(`  ${name}${off.length === 0 ? '' : `: ${idle}`}`)
    lines.push(...table(mine.filter(({ state }) => state === 'live').map(entryCells), '    '))
  }
  return lines
}

function entryCells({
  called,
  matches,
  entry,
  of,
  because,
  conditions,
  failurePolicy,
}: WebhookRow): string[] {
  const held = conditions === undefined ? '' : `, if condition ${conditions.join(' and ')} holds, too`
  const verdict = called ? (held === '' ? 'called' : 'perhaps') : matches ? 'aside' : 'no'
  return [
    verdict,
    entry,
    `(${of || 'of nobody known'})`,
    `${because}${called ? `${held}; failurePolicy ${failurePolicy}` : ''}`,
  ]
}

function decisionLines({ answer, settings, rules }: LiveExplanation): string[] {
  const who = answer === undefined ? 'an injector would decide, if it were called' : `${answer.by} decides`
  if (settings === undefined) return [`what ${who}: not known without settings`]
  const { revision, release, hash } = settings
  const { compat = 'istio', structure = 'refuse' } = answer ?? {}
  const modes = [
    ...(compat === 'istio' ? [] : [`--compat ${compat}`]),
    ...(structure === 'refuse' ? [] : [`--structure ${structure}`]),
  ]
  const by = [`settings ${hash.slice(0, 12)} of revision ${revision}`, `as Istio ${release}`, ...modes].join(
    ', ',
  )
  return [`what ${who}: by ${by}, the first rule that hits`, ...ruleLines(rules)]
}

const VERDICT: Readonly<Record<LivePod['state'], (now: string) => string>> = {
  current: () => 'as it would be made now',
  outdated: () => 'a new one would differ',
  'other-revision': (now) => `a new one would be of revision ${now}`,
  missing: (now) => `a new pod would get one of revision ${now}`,
  unwanted: () => 'a new pod would get none',
  none: () => 'a new pod would get none either',
  manual: () => 'no injector put it there',
  refused: () => 'a new pod would be refused',
  unknown: () => 'what a new pod would get is not known',
}

function podLines({ object, pods, namespace }: LiveExplanation): string[] {
  if (pods === undefined) return ['its pods may not be read']
  const isPod = object.startsWith('Pod ')
  const shown = pods.flatMap((pod) => [
    isPod ? `the pod as it is: ${podText(pod)}` : `  ${pod.name}  ${podText(pod)}`,
    ...[...pod.madeBefore, ...differenceLines(pod.differences)].map(
      (line) => `${isPod ? '  ' : '    '}${line}`,
    ),
  ])
  const stale = pods.some(({ state, finished }) => !finished && STALE.includes(state))
  const advice = stale ? adviceFor(object, namespace.name) : []
  return [...(isPod ? [] : [pods.length === 0 ? 'it has no pods' : 'its pods:']), ...shown, ...advice]
}

const STALE: readonly LivePod['state'][] = ['outdated', 'other-revision', 'missing', 'unwanted']

function podText({ sidecar, state, now = '', finished }: LivePod): string {
  const { revision = '', version = '', native = false } = sidecar ?? {}
  const of = revision === '' ? '' : ` of revision ${revision}`
  const has =
    sidecar === undefined
      ? 'no sidecar'
      : `sidecar ${version || 'of no version'}${of}${native ? ', native' : ''}`
  return `${has}: ${VERDICT[state](now)}${finished ? ' (finished)' : ''}`
}

/** So many differences of a pod are shown. */
const SHOWN = 8

function differenceLines(differences: readonly Difference[]): string[] {
  const lines = differences
    .slice(0, SHOWN)
    .map(({ path, live, now }) => `${path}: ${valueText(live)}, a new one ${valueText(now)}`)
  const more = differences.length - SHOWN
  return more > 0 ? [...lines, `and ${count(more, 'other difference')}`] : lines
}

/** Of a value in a line. */
const LONG = 60

function valueText(value: Json | undefined): string {
  if (value === undefined) return 'absent'
  const text = JSON.stringify(value)
  return text.length > LONG ? `${text.slice(0, LONG - 1)}…` : text
}

function adviceFor(object: string, namespace: string): string[] {
  const [kind = '', path = ''] = object.split(' ')
  const name = path.slice(path.indexOf('/') + 1)
  if (['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind)) {
    return [`to make them again: kubectl rollout restart ${kind.toLowerCase()}/${name} -n ${namespace}`]
  }
  return kind === 'Pod' ? ['a running pod stays as it was made: delete it to have it made again'] : []
}
