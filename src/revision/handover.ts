// What taking over and handing back injection have in common: steps and blockers, and which configurations they are about.
// Types and questions about configurations; plans are made in adopt.ts and undo.ts.

import type { JsonObject } from '../std/json.ts'
import {
  CONFIGURATION_NAME,
  type Configuration,
  type Entry,
  inCallOrder,
  objectField,
  SAVED_SELECTORS,
  STATE,
} from './configuration.ts'
import { annotate, label, type PatchOperation } from './patch-operation.ts'
import { type Registrant, registrants } from './registrants.ts'
import { registeredText } from './registration.ts'

/** Tells who looks at one of Istio's objects why it matches nothing. */
export const NOTE = 'remora.dev/note'
export const NOTE_TEXT = `deactivated by "remora adopt": ${CONFIGURATION_NAME} injects in its place; "remora adopt --undo" hands it back`
/** First release of Kubernetes whose API servers evaluate matchConditions. */
export const MATCH_CONDITIONS = 28

export type AdoptStep =
  | { readonly kind: 'create'; readonly text: string; readonly object: JsonObject }
  | {
      readonly kind: 'patch'
      readonly text: string
      readonly configuration: string
      readonly operations: readonly PatchOperation[]
    }
  /** Until the elected replica has written these entries of ours, each with a caBundle. */
  | { readonly kind: 'await'; readonly text: string; readonly entries: readonly AwaitedEntry[] }
  /** A dry-run pod for each, on every API server in reach. */
  | { readonly kind: 'prove'; readonly text: string; readonly entries: readonly string[] }
  | { readonly kind: 'delete'; readonly text: string; readonly configuration: string }

export interface AwaitedEntry {
  readonly name: string
  /** Undefined: either will do. */
  readonly guarded: boolean | undefined
}

/** Why a plan may not be carried out: a safety check. */
export interface Blocker {
  readonly code:
    | 'kubernetes-too-old'
    | 'nothing-registered'
    | 'unknown-revision'
    | 'elsewhere'
    | 'runs-after'
    | 'dangling-tag'
    | 'no-ca-bundle'
    | 'no-settings'
    | 'not-ready'
  readonly message: string
  readonly hint: string
}

export interface AdoptPlan {
  readonly blockers: readonly Blocker[]
  readonly steps: readonly AdoptStep[]
}

export function chosen(
  configurations: readonly Configuration[],
  revision: string | undefined,
): Configuration[] {
  return inCallOrder(configurations).filter(
    (each) => each.owner === 'istio' && (revision === undefined || each.revision === revision),
  )
}

/** None where the revision is not asked for by name, or Istio registered it. */
export function unknownRevision(
  configurations: readonly Configuration[],
  revision: string | undefined,
): Blocker[] {
  if (revision === undefined || chosen(configurations, revision).length > 0) return []
  const tag = configurations.find((each) => each.owner === 'istio' && each.tag === revision)
  return [
    {
      code: 'unknown-revision',
      message: `no webhook configuration of Istio has revision "${revision}"`,
      hint:
        tag === undefined
          ? 'see remora revision list'
          : `it is a tag of revision ${tag.revision}, and goes with it: --revision ${tag.revision}`,
    },
  ]
}

/** The registrants that have an entry in one of these configurations. */
export function registrantsOf(
  all: readonly Configuration[],
  configurations: readonly Configuration[],
): Registrant[] {
  const names = new Set(
    configurations.flatMap(({ entries }) => entries.flatMap(({ of }) => (of ? [registeredText(of)] : []))),
  )
  return registrants(all).filter((registrant) => names.has(registeredText(registrant)))
}

export const injectorEntries = ({ entries }: Configuration): Entry[] =>
  entries.filter(({ rule, of }) => rule !== undefined && of !== undefined)

export function annotationsOf({ raw }: Configuration): JsonObject {
  return objectField(objectField(raw, 'metadata'), 'annotations')
}

/** What adopt wrote beside the selectors is taken away. */
export function unmark(configuration: Configuration): PatchOperation[] {
  return [
    ...annotate(configuration, { [SAVED_SELECTORS]: undefined, [NOTE]: undefined }),
    ...label(configuration, { [STATE]: undefined }),
  ]
}

/** Adopted revisions without a live entry, whose name is a tag's that somebody made live since. */
export function superseded(all: readonly Configuration[], live: readonly Configuration[]): Configuration[] {
  const tags = new Set(live.map(({ tag }) => tag).filter((tag) => tag !== undefined))
  return all.filter(
    ({ owner, tag, revision, saved, entries }) =>
      owner === 'istio' &&
      tag === undefined &&
      saved !== undefined &&
      revision !== undefined &&
      tags.has(revision) &&
      !entries.some((entry) => entry.live),
  )
}

/** What an `await` step still waits for, a sentence an entry; empty when it is over. */
export function awaited(step: readonly AwaitedEntry[], configurations: readonly Configuration[]): string[] {
  const ours = configurations.find(({ name }) => name === CONFIGURATION_NAME)
  return step.flatMap(({ name, guarded }) => {
    const entry = ours?.entries.find((each) => each.name === name)
    if (entry === undefined) return [`entry ${name} is missing`]
    if (entry.caBundle === '') return [`entry ${name} has no caBundle`]
    if (!entry.live) return [`entry ${name} is deactivated`]
    if (guarded === undefined || entry.guarded === guarded) return []
    return [`entry ${name} ${guarded ? 'does not let istiod go first yet' : 'still lets istiod go first'}`]
  })
}
