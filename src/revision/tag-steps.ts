// The order in which a tag's webhook configuration comes to life, so that no pod meets two injectors or none: one for
// clusters where istiod injects, one for those where remora does (contract revisions §2.4). Builds steps; executes none.

import { atLeast } from '../api/release.ts'
import { compareGoStrings } from '../std/gojson.ts'
import type { JsonObject } from '../std/json.ts'
import {
  CONFIGURATION_NAME,
  type Configuration,
  type Entry,
  entryName,
  NEVER_MATCH,
  NOT_YET_INJECTED,
  textField,
} from './configuration.ts'
import { readLabelled } from './control-plane.ts'
import { type AdoptStep, injectorEntries, MATCH_CONDITIONS, unmark } from './handover.ts'
import { guard, type PatchOperation, select, unguard } from './patch-operation.ts'
import { selectorJson } from './registration.ts'
import { DEFAULT, type Rule, webhookEntries } from './rules.ts'
import type { TagCluster, Target } from './tag-target.ts'

/** Whose fields the objects of a tag are; istioctl applies them with the same name. */
const FIELD_MANAGER = 'istio-ci'

export type TagStep =
  | Extract<AdoptStep, { kind: 'patch' | 'await' }>
  | {
      /** By server-side apply, forced. */
      readonly kind: 'apply'
      readonly text: string
      readonly object: JsonObject
      readonly fieldManager: string
    }
  | { readonly kind: 'remove'; readonly text: string; readonly object: ObjectName }

export interface ObjectName {
  readonly kind: 'MutatingWebhookConfiguration' | 'ValidatingWebhookConfiguration' | 'Service'
  /** Of a Service. */
  readonly namespace?: string
  readonly name: string
}

/** What tag `default` takes the place of: the entries of the revision `default`. */
export function replaced({ configurations }: TagCluster, name: string): Configuration[] {
  return configurations.filter(
    (each) =>
      each.owner === 'istio' &&
      each.tag === undefined &&
      each.revision === DEFAULT &&
      each.name !== name &&
      (each.saved !== undefined || each.entries.some((entry) => entry.live)),
  )
}

export function applied(object: JsonObject): TagStep {
  const text = `apply ${textField(object, 'kind')} ${readLabelled(object).name}`
  return { kind: 'apply', text, object, fieldManager: FIELD_MANAGER }
}

function patch(configuration: Configuration, text: string, operations: PatchOperation[]): TagStep[] {
  if (operations.length === 0) return []
  return [{ kind: 'patch', text, configuration: configuration.name, operations }]
}

/**
 * Remora injects: ours take the place of the old entries in one write of the elected replica, as soon as the tag exists.
 * If istiod serves the tag at the moment, ours must be there before its entries are switched off.
 */
export function adoptedSteps(
  object: JsonObject,
  target: Target,
  old: readonly Configuration[],
  existing: readonly Configuration[],
  auto: boolean,
): TagStep[] {
  const rulesNow = new Set(
    existing.flatMap(({ entries }) => entries.flatMap(({ live, rule }) => (live && rule ? [rule] : []))),
  )
  const rulesThen = webhookEntries(target.tag, auto).map(({ name }) => name)
  return [
    ...(rulesNow.size > 0 ? [awaitEntries(target.tag, [...rulesNow])] : []),
    applied(object),
    awaitEntries(target.tag, rulesThen),
    ...old.flatMap((each) =>
      patch(each, `deactivate ${each.name}: tag ${target.tag} has taken its place`, [
        ...switchOff(each),
        ...unmark(each),
      ]),
    ),
  ]
}

function awaitEntries(tag: string, rules: readonly Rule[]): TagStep {
  const entries = rules.map((rule) => ({
    name: entryName(rule, { kind: 'tag', name: tag }),
    guarded: undefined,
  }))
  const text = `wait until ${CONFIGURATION_NAME} has ${entries.length} entries for tag ${tag}, each with a caBundle`
  return { kind: 'await', text, entries }
}

function switchOff(configuration: Configuration): PatchOperation[] {
  const never = selectorJson(NEVER_MATCH)
  return injectorEntries(configuration)
    .filter((entry) => entry.live)
    .flatMap((entry) => select(configuration, entry, { namespaceSelector: never, objectSelector: never }))
}

/**
 * Istiod injects: while both are live, the one that is called later acts only on pods without a sidecar. A tag that takes
 * nobody's place is changed by one write. Made again after any step, the plan goes on from there.
 */
export function handover(
  { kubernetes }: TagCluster,
  object: JsonObject,
  old: readonly Configuration[],
): TagStep[] {
  const live = old.filter(({ entries }) => entries.some((entry) => entry.live))
  const canGuard = kubernetes === undefined || atLeast(kubernetes, MATCH_CONDITIONS)
  if (live.length === 0 || !canGuard) {
    const off = live.flatMap((each) => patch(each, `deactivate ${each.name}`, switchOff(each)))
    return [applied(object), ...off]
  }
  const { name } = readLabelled(object)
  const later = live.filter((each) => compareGoStrings(each.name, name) > 0)
  const newIsLater = later.length < live.length
  return [
    ...later.flatMap((each) => {
      const text = `let ${each.name} act only on pods without a sidecar`
      return patch(
        each,
        text,
        injectorEntries(each).flatMap((entry) => guard(each, entry)),
      )
    }),
    newIsLater ? applied(guarded(object)) : applied(object),
    ...live.flatMap((each) => {
      const now = later.includes(each) ? allGuarded(each) : each
      const freed = injectorEntries(now).flatMap((entry) => unguard(now, entry))
      return patch(each, `deactivate ${each.name}`, [...switchOff(each), ...freed])
    }),
    ...(newIsLater ? [applied(object)] : []),
  ]
}

/** The configuration as it is once its entries let others go first. */
function allGuarded(configuration: Configuration): Configuration {
  const guardedEntry = (entry: Entry): Entry => ({
    ...entry,
    guarded: true,
    conditions: [...entry.conditions, NOT_YET_INJECTED],
  })
  const entries = configuration.entries.map((entry) =>
    entry.of === undefined || entry.guarded ? entry : guardedEntry(entry),
  )
  return { ...configuration, entries }
}

function guarded(object: JsonObject): JsonObject {
  const webhooks = object['webhooks']
  const list = Array.isArray(webhooks) ? webhooks : []
  return {
    ...object,
    webhooks: list.map((entry) => ({ ...(entry as JsonObject), matchConditions: [{ ...NOT_YET_INJECTED }] })),
  }
}
