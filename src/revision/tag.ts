// What setting or removing a revision tag takes: Istio's rules, in an order that leaves no pod without an injector or
// with two (contract revisions §2.2–§2.4). In: the cluster's objects and a request; out: objects and steps in order, what
// speaks against them, or a ProblemError. Executes nothing.

import { atLeast } from '../api/release.ts'
import type { JsonObject } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { type Configuration, readConfiguration, textField } from './configuration.ts'
import { configMapNames, readLabelled } from './control-plane.ts'
import { type RevisionFacts, TAG_LABEL } from './discover.ts'
import { type Blocker, MATCH_CONDITIONS } from './handover.ts'
import { type Overlap, overlaps } from './overlap.ts'
import { isAdopted } from './registrants.ts'
import { DEFAULT } from './rules.ts'
import {
  defaultValidator,
  tagConfiguration,
  tagConfigurationName,
  tagService,
  VALIDATOR_NAME,
} from './tag-objects.ts'
import { adoptedSteps, applied, handover, type ObjectName, replaced, type TagStep } from './tag-steps.ts'
import { findTarget, labelsOf, type TagCluster, type TagRequest, type Target } from './tag-target.ts'

export interface TagPlan {
  /** As `tag generate` prints them. */
  readonly objects: readonly JsonObject[]
  readonly steps: readonly TagStep[]
  readonly blockers: readonly Blocker[]
  /** For people; none keeps the plan from being carried out. */
  readonly warnings: readonly string[]
  /** Pods that two injectors would take: only with the user's consent. */
  readonly conflicts: readonly string[]
}

/** Throws ProblemError as `istioctl tag set` refuses, and where it would crash. */
export function planTagSet(cluster: TagCluster, request: TagRequest): TagPlan {
  const target = findTarget(cluster, request)
  const existing = cluster.configurations.filter(({ owner, tag }) => owner === 'istio' && tag === request.tag)
  const [only] = existing
  const name =
    request.webhookName ??
    (existing.length === 1 && only !== undefined ? only.name : tagConfigurationName(target))
  const facts = cluster.discovery.revisions.find((each) => each.name === target.revision)
  // An istiod elsewhere goes on injecting what is its own.
  const adopted = isAdopted(cluster.configurations) && facts?.here !== false
  const auto = request.autoInjectNamespaces
  const made = (deactivated: boolean): JsonObject =>
    tagConfiguration(target.canonical, target.entry, target, { name, auto, deactivated })
  const object = made(adopted)
  const services = target.service === undefined ? [] : [tagService(target.service, target)]
  const validators = request.tag === DEFAULT ? [validatorOf(cluster, target)] : []
  const old = request.tag === DEFAULT ? replaced(cluster, name) : []
  const others = [...validators, ...services].map((each): TagStep => applied(each))
  const first = adopted && needsIstiod(cluster, existing) ? [applied(made(false))] : []
  const webhookSteps = adopted
    ? [...first, ...adoptedSteps(object, target, old, existing, target.tag === DEFAULT && auto)]
    : handover(cluster, object, old)
  const stale = target.service === undefined ? staleServices(cluster, target) : []
  return {
    objects: [object, ...validators, ...services],
    steps: [...webhookSteps, ...others, ...stale],
    blockers: blockersOf(cluster, target, facts, adopted && first.length === 0),
    warnings: warningsOf(cluster, request, old),
    conflicts: adopted
      ? rivals(existing, name, target)
      : conflictsOf(cluster, object, request.generate ? [] : old),
  }
}

/**
 * Remora makes no entries beside live ones of a revision that has no settings here. The tag has to come to its new revision
 * first, whose istiod injects for the moment.
 */
function needsIstiod({ discovery }: TagCluster, existing: readonly Configuration[]): boolean {
  const here = new Set(discovery.revisions.filter((each) => each.here).map(({ name }) => name))
  return existing.some(
    ({ revision = '', entries }) => entries.some((entry) => entry.live) && !here.has(revision),
  )
}

/** Of the tag, where its new revision has no Service to make one from. */
function staleServices({ services, namespace }: TagCluster, { tag }: Target): TagStep[] {
  return carrying(services, tag).map((name) => removed({ kind: 'Service', namespace, name }))
}

const carries = (object: JsonObject, tag: string): boolean => textField(labelsOf(object), TAG_LABEL) === tag

function carrying(objects: readonly JsonObject[], tag: string): string[] {
  return objects.filter((object) => carries(object, tag)).map((object) => readLabelled(object).name)
}

function removed(object: ObjectName): TagStep {
  return { kind: 'remove', text: `delete ${object.kind} ${object.name}`, object }
}

function validatorOf({ validators }: TagCluster, target: Target): JsonObject {
  const before = validators.find((each) => readLabelled(each).name === VALIDATOR_NAME)
  return defaultValidator(target.canonical, target.entry, target, before)
}

function blockersOf(
  { configurations }: TagCluster,
  { tag, revision, canonical, entry, namespace }: Target,
  facts: RevisionFacts | undefined,
  adopted: boolean,
): Blocker[] {
  const blockers: Blocker[] = []
  if (facts?.deployment === true && !facts.ready) {
    blockers.push({
      code: 'not-ready',
      message: `istiod of revision "${revision}" is not ready: pods that use the tag would be refused or not start`,
      hint: `see kubectl get deployment -n ${namespace} -l app=istiod,istio.io/rev=${revision}`,
    })
  }
  const ours = configurations.find(({ owner }) => owner === 'remora')
  if (facts?.here === false && ours?.entries.some(({ of }) => of?.name === tag) === true) {
    blockers.push({
      code: 'elsewhere',
      message: `remora injects for "${tag}", and the istiod of revision "${revision}" is not in this cluster`,
      hint: 'hand injection back first: remora adopt --undo',
    })
  }
  if (adopted && facts?.configMap === false) {
    const { injector } = configMapNames(revision)
    blockers.push({
      code: 'no-settings',
      message: `remora injects, and has no settings for revision "${revision}": pods that use the tag would be refused`,
      hint: `remora reads them from ConfigMap ${namespace}/${injector}`,
    })
  }
  if (!adopted && entry.caBundle === '') {
    blockers.push({
      code: 'no-ca-bundle',
      message: `entry ${entry.name} of ${canonical.name} has no caBundle: the API server could not call istiod`,
      hint: `istiod of revision "${revision}" fills it in while it runs`,
    })
  }
  return blockers
}

function warningsOf(
  { kubernetes }: TagCluster,
  { tag, generate, autoInjectNamespaces }: TagRequest,
  old: readonly Configuration[],
): string[] {
  const live = old.filter(({ entries }) => entries.some((entry) => entry.live)).map(({ name }) => name)
  const warnings: string[] = []
  if (autoInjectNamespaces && tag !== DEFAULT) {
    warnings.push(
      `--auto-inject-namespaces has no effect on tag "${tag}": only the tag "${DEFAULT}" heeds it`,
    )
  }
  if (live.length > 0 && generate) {
    warnings.push(
      `applying these objects leaves ${live.join(', ')} live: pods would be injected twice; "tag set" deactivates it`,
    )
  } else if (live.length > 0 && kubernetes !== undefined && !atLeast(kubernetes, MATCH_CONDITIONS)) {
    warnings.push(
      `for a moment both ${live.join(', ')} and the tag inject: Kubernetes before 1.${MATCH_CONDITIONS} has no matchConditions`,
    )
  }
  return warnings
}

function placeText({ place: { namespaceLabels, podLabels } }: Overlap): string {
  const list = (labels: Readonly<Record<string, string>>): string => {
    const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
    return pairs.length === 0 ? 'no label' : pairs.join(', ')
  }
  return `a namespace with ${list(namespaceLabels)} and a pod with ${list(podLabels)}`
}

/** Over all configurations of the cluster, as they will be. */
function conflictsOf(
  { configurations, namespace }: TagCluster,
  object: JsonObject,
  old: readonly Configuration[],
): string[] {
  const mine = readConfiguration(object, namespace)
  const gone = new Set([mine.name, ...old.map(({ name }) => name)])
  const after = [...configurations.filter(({ name }) => !gone.has(name)), mine]
  return overlaps(after)
    .filter(({ entries }) => entries.some(({ configuration }) => configuration === mine.name))
    .map((overlap) => {
      const names = overlap.entries.map(({ configuration, entry }) => `${configuration} (${entry})`)
      return `${names.join(' and ')} would both inject: ${placeText(overlap)}`
    })
}

/** Remora reads from all objects of a tag what it means: one that says something else may win. */
function rivals(existing: readonly Configuration[], name: string, { tag, revision }: Target): string[] {
  return existing
    .filter((each) => each.name !== name && each.revision !== revision)
    .map((each) => `${each.name} carries tag "${tag}", too, and names revision "${each.revision ?? ''}"`)
}

/** Throws ProblemError when nothing carries the tag. Who depends on it is dependantsOf's answer. */
export function planTagRemove(cluster: TagCluster, tag: string): TagStep[] {
  const webhooks = cluster.configurations.filter((each) => each.owner !== 'remora' && carries(each.raw, tag))
  const services = carrying(cluster.services, tag)
  if (webhooks.length === 0 && services.length === 0) {
    const tags = cluster.discovery.tags.map(({ name }) => name)
    const text = `cannot remove tag "${tag}": no MutatingWebhookConfiguration and no Service carries it`
    const hint = tags.length === 0 ? undefined : `tags: ${tags.join(', ')}`
    throw new ProblemError('not-found', text, {}, hint)
  }
  const validators = tag === DEFAULT ? carrying(cluster.validators, tag) : []
  return [
    ...webhooks.map(({ name }) => removed({ kind: 'MutatingWebhookConfiguration', name })),
    ...services.map((name) => removed({ kind: 'Service', namespace: cluster.namespace, name })),
    ...validators.map((name) => removed({ kind: 'ValidatingWebhookConfiguration', name })),
  ]
}
