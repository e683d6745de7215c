// The smallest change that turns a verdict around: single changes of labels, annotations and fields first, then two
// together, then three; among equals those on the pod before those on its namespace, and those before the settings.

import type { Pod } from '../../api/kube.ts'
import type { InjectConfig } from '../../api/mesh.ts'
import { ANNOTATION, IGNORED_NAMESPACES, LABEL } from '../../api/names.ts'
import { own } from '../../std/json.ts'
import type { Judging, Subject } from './judge.ts'

/** A state of everything that decides. */
interface State {
  readonly judging: Judging
  readonly subject: Subject
}

interface Change {
  /** As an order: `set label x=y on the pod`. */
  readonly text: string
  /** What it touches; two changes of one thing are never combined. */
  readonly target: string
  /** For a change that asks for injection or forbids it: which; it is no way to the contrary. */
  readonly towards?: boolean
  readonly apply: (state: State) => State
}

/** Alternatives shown at most. */
const SHOWN = 3

/** A set of changes that turns the verdict around, and the state after them. */
export interface Flip extends State {
  readonly changes: readonly string[]
}

/** The first few sets of the smallest size that flip the verdict; empty when three changes do not. */
export function counterfactuals(judging: Judging, subject: Subject): Flip[] {
  const start = { judging, subject }
  const want = !judging.inject(subject)
  const all = changes(start).filter((change) => change.towards === undefined || change.towards === want)
  for (const size of [1, 2, 3]) {
    const flips = combinations(all, size)
      .map((set) => {
        const state = set.reduce<State>((current, change) => change.apply(current), start)
        return { ...state, changes: set.map((change) => change.text) }
      })
      .filter((flip) => flip.judging.inject(flip.subject) === want)
    if (flips.length > 0) return flips.slice(0, SHOWN)
  }
  return []
}

function combinations(all: readonly Change[], size: number): Change[][] {
  if (size === 0) return [[]]
  return all.flatMap((first, i) =>
    combinations(all.slice(i + 1), size - 1)
      .filter((rest) => rest.every((change) => change.target !== first.target))
      .map((rest) => [first, ...rest]),
  )
}

/** Every single change worth trying, in order of preference. What would change nothing is left out. */
function changes(state: State): Change[] {
  const { subject, judging } = state
  const names = [...judging.names, undefined]
  const labels = subject.pod.metadata.labels ?? {}
  const mentioned = selectorKeys(judging.config).filter((key) => own(labels, key) !== undefined)
  return [
    ...podMap('labels', LABEL.inject, ['true', 'false', undefined], subject),
    ...podMap('annotations', ANNOTATION.inject, ['true', 'false', undefined], subject),
    ...podMap('labels', LABEL.revision, names, subject),
    ...mentioned.flatMap((key) => podMap('labels', key, [undefined], subject)),
    ...(subject.pod.spec.hostNetwork === true ? [hostNetworkOff()] : []),
    ...(IGNORED_NAMESPACES.includes(subject.namespace) ? [otherNamespace(subject.namespace)] : []),
    ...namespaceLabel(LABEL.injection, ['enabled', 'disabled', undefined], subject),
    ...namespaceLabel(LABEL.revision, names, subject),
    ...policyChanges(judging.config),
  ]
}

/** Label keys that the selectors of the injection config look at. */
function selectorKeys(config: InjectConfig | undefined): string[] {
  if (config === undefined) return []
  const selectors = [...config.neverInjectSelector, ...config.alwaysInjectSelector]
  const keys = selectors.flatMap((selector) => [
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).map((requirement) => requirement.key),
  ])
  return [...new Set(keys)].filter((key) => key !== LABEL.inject && key !== LABEL.revision)
}

function withEntry(
  map: Readonly<Record<string, string>>,
  key: string,
  value: string | undefined,
): Record<string, string> {
  const rest = Object.entries(map).filter(([name]) => name !== key)
  return Object.fromEntries(value === undefined ? rest : [...rest, [key, value]])
}

const ASKS: Readonly<Record<string, boolean>> = { true: true, enabled: true, false: false, disabled: false }

/** Values that ask for injection, or forbid it, by themselves; the name of a revision asks. */
function towards(value: string | undefined, key?: string): { towards?: boolean } {
  const asks = value === undefined ? undefined : key === LABEL.revision ? true : own(ASKS, value)
  return asks === undefined ? {} : { towards: asks }
}

function order(what: string, key: string, value: string | undefined, of: string): string {
  return value === undefined
    ? `remove ${what} ${key} from the ${of}`
    : `set ${what} ${key}=${value} on the ${of}`
}

function podMap(
  field: 'labels' | 'annotations',
  key: string,
  values: readonly (string | undefined)[],
  subject: Subject,
): Change[] {
  const what = field === 'labels' ? 'label' : 'annotation'
  const current = own(subject.pod.metadata[field] ?? {}, key)
  return values
    .filter((value) => value !== current)
    .map((value) => ({
      text: order(what, key, value, 'pod'),
      target: `pod ${field} ${key}`,
      ...towards(value, key),
      apply: (state) => {
        const { pod } = state.subject
        const map = withEntry(pod.metadata[field] ?? {}, key, value)
        return withPod(state, { ...pod, metadata: { ...pod.metadata, [field]: map } })
      },
    }))
}

function withPod(state: State, pod: Pod): State {
  return { ...state, subject: { ...state.subject, pod } }
}

function hostNetworkOff(): Change {
  return {
    text: 'set spec.hostNetwork to false in the pod',
    target: 'pod hostNetwork',
    apply: (state) => {
      const { hostNetwork: _, ...spec } = state.subject.pod.spec
      return withPod(state, { ...state.subject.pod, spec })
    },
  }
}

/** A namespace like this one that is not ignored. */
function otherNamespace(namespace: string): Change {
  return {
    text: `put it into another namespace than ${namespace}`,
    target: 'namespace',
    apply: (state) => {
      const { pod } = state.subject
      const moved = withPod(state, { ...pod, metadata: { ...pod.metadata, namespace: OTHER } })
      const namespaceLabels = withEntry(state.subject.namespaceLabels, NAMESPACE_NAME, OTHER)
      return { ...moved, subject: { ...moved.subject, namespace: OTHER, namespaceLabels } }
    },
  }
}

/** The label that every namespace carries. */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name'
/** Any name that is not ignored. */
const OTHER = 'other'

function namespaceLabel(key: string, values: readonly (string | undefined)[], subject: Subject): Change[] {
  const current = own(subject.namespaceLabels, key)
  return values
    .filter((value) => value !== current)
    .map((value) => ({
      text: order('label', key, value, `namespace ${subject.namespace}`),
      target: `namespace ${key}`,
      ...towards(value, key),
      apply: (state) => {
        const namespaceLabels = withEntry(state.subject.namespaceLabels, key, value)
        return { ...state, subject: { ...state.subject, namespaceLabels } }
      },
    }))
}

function policyChanges(config: InjectConfig | undefined): Change[] {
  if (config === undefined) return []
  return ['enabled', 'disabled']
    .filter((policy) => policy !== config.policy)
    .map((policy) => ({
      text: `set policy: ${policy} in the injection config`,
      target: 'policy',
      ...towards(policy),
      apply: (state) => ({ ...state, judging: state.judging.withPolicy(policy) }),
    }))
}
