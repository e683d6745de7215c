// What the elected replica does about our webhook configuration, now: write it, mend it, or leave it alone, and why
// (design §6; contract revisions §3.4). Observations and the time in; at most one action out. Nothing is remembered here:
// what the next plan must know is handed back as memory, to be kept if the action succeeded.

import { equalJson, isObject, type JsonObject, own } from '../std/json.ts'
import {
  CONFIGURATION_NAME,
  type Configuration,
  ENTRY_SUFFIX,
  objectField,
  textField,
} from './configuration.ts'
import { covers } from './covers.ts'
import { bundle, dropConditions, dropEntries, type PatchOperation } from './patch-operation.ts'
import { isAdopted, registrants } from './registrants.ts'
import {
  isListed,
  type RegistrationSettings,
  readWriter,
  registeredText,
  STANDING_BACK,
  standsBack,
  TAKEN_OVER,
  WRITER,
  type Writer,
  wantedConfiguration,
} from './registration.ts'

export interface RegistrationObserved {
  /** All of the cluster, ours too. */
  readonly configurations: readonly Configuration[]
  /** Revisions that there are settings for; those elsewhere stay with their istiod. Undefined: all. */
  readonly here?: ReadonlySet<string> | undefined
  /** Base64 text; undefined when somebody else fills it in. */
  readonly caBundle: string | undefined
  readonly settings: RegistrationSettings
  readonly writer: Writer
  /** We own the object: it is made again when somebody deletes it. */
  readonly restoreDeleted: boolean
  readonly memory: RegistrationMemory
}

export interface RegistrationMemory {
  /** What was written last, and when (ms). */
  readonly written: { readonly wish: JsonObject; readonly at: number; readonly onto: string } | undefined
  /** When (ms) we wrote what we had written before, because somebody had changed it. */
  readonly repairs: readonly number[]
}

export const NO_MEMORY: RegistrationMemory = { written: undefined, repairs: [] }

export type RegistrationAction =
  /**
   * By server-side apply, forced, with our own field manager. `onto`: metadata that the object has to have, if any. Its
   * uid, so that it is not made again when somebody (`adopt --undo`) has deleted it meanwhile; its version, where the
   * wish has bundles that are somebody else's to change.
   */
  | { readonly kind: 'apply'; readonly object: JsonObject; readonly onto: Readonly<Record<string, string>> }
  | { readonly kind: 'patch'; readonly name: string; readonly operations: readonly PatchOperation[] }

/**
 * `deleted`: pods of adopted revisions have no injector. `contested`: entries of Istio's are live again.
 * `newer-writer`: a newer rollout of remora wrote the object. `conflict`: somebody keeps changing it.
 */
export interface RegistrationCondition {
  readonly type: 'deleted' | 'contested' | 'newer-writer' | 'conflict'
  readonly message: string
}

export interface RegistrationPlan {
  readonly action: RegistrationAction | undefined
  readonly conditions: readonly RegistrationCondition[]
  /** Ms until the plan should be made again though nothing changes. */
  readonly again: number | undefined
  readonly memory: RegistrationMemory
}

/** So many repairs within `WINDOW` ms are mended at once; from then on one in `SLOW` ms. */
const REPAIRS = 5
const WINDOW = 60_000
const SLOW = 10_000
/** How long our own write may take to come back by the watch. */
const ECHO = 2_000

export function planRegistration(observed: RegistrationObserved, now: number): RegistrationPlan {
  const live = observed.configurations.find(({ name }) => name === CONFIGURATION_NAME)
  const adopted = isAdopted(observed.configurations)
  const conditions = contested(observed)
  if (live === undefined && !(adopted && observed.restoreDeleted)) {
    const message = `${CONFIGURATION_NAME} does not exist, and istiod's entries are deactivated: no pod is injected`
    return idle(observed, adopted ? [...conditions, { type: 'deleted', message }] : [])
  }
  const newer = live === undefined ? undefined : newerWriter(live, observed.writer)
  if (live !== undefined && newer !== undefined) return deferring(observed, live, newer, conditions)
  const wish = wantedConfiguration({
    registrants: registrants(observed.configurations, observed.here),
    standingBack: live === undefined ? undefined : annotation(live, STANDING_BACK),
    takenOver: live === undefined ? undefined : annotation(live, TAKEN_OVER),
    caBundle: observed.caBundle,
    bundled: new Map(
      live?.entries.flatMap(({ name, caBundle }) => (caBundle === '' ? [] : [[name, caBundle]])),
    ),
    writer: observed.writer,
    settings: observed.settings,
  })
  const action = nextAction(live, wish, observed.caBundle === undefined)
  if (action === undefined) return settled(observed, wish, conditions, now)
  return paced(observed, live, wish, action, conditions, now)
}

function idle(
  { memory }: RegistrationObserved,
  conditions: readonly RegistrationCondition[],
): RegistrationPlan {
  return { action: undefined, conditions, again: undefined, memory: { ...memory, written: undefined } }
}

function annotation({ raw }: Configuration, name: string): string | undefined {
  const value = own(objectField(objectField(raw, 'metadata'), 'annotations'), name)
  return typeof value === 'string' ? value : undefined
}

/** Entries of Istio's that are live again. What was never taken over, or is being handed back, surprises nobody. */
function contested({ configurations, here }: RegistrationObserved): RegistrationCondition[] {
  const ours = configurations.find(({ name }) => name === CONFIGURATION_NAME)
  if (ours === undefined) return []
  const back = annotation(ours, STANDING_BACK)
  const taken = annotation(ours, TAKEN_OVER)
  const names = registrants(configurations, here)
    .filter((each) => each.contested && isListed(taken, each) && !standsBack(back, each))
    .map(registeredText)
  if (names.length === 0) return []
  return [{ type: 'contested', message: `istiod's entries are live for ${names.join(', ')}: istiod injects` }]
}

function newerWriter(live: Configuration, mine: Writer): Writer | undefined {
  const theirs = readWriter(annotation(live, WRITER))
  return theirs?.id === mine.id && theirs.generation > mine.generation ? theirs : undefined
}

/** The newer rollout's object stays as it is; only a bundle that was wiped is put back. */
function deferring(
  observed: RegistrationObserved,
  live: Configuration,
  newer: Writer,
  conditions: readonly RegistrationCondition[],
): RegistrationPlan {
  const { caBundle } = observed
  const message = `generation ${newer.generation} of remora wrote ${CONFIGURATION_NAME}; generation ${observed.writer.generation} leaves it alone`
  const bare = caBundle === undefined ? [] : live.entries.filter((entry) => isOurs(entry) && !entry.caBundle)
  const operations = bare.flatMap((entry) => bundle(live, entry, caBundle ?? ''))
  return {
    ...idle(observed, [...conditions, { type: 'newer-writer', message }]),
    action: operations.length === 0 ? undefined : { kind: 'patch', name: live.name, operations },
  }
}

function isOurs({ name }: { readonly name: string }): boolean {
  return name.endsWith(ENTRY_SUFFIX)
}

/**
 * Apply brings what is missing and takes away what only we own, in one write, so that no pod falls between two entries.
 * What is left over after that, because somebody else owns it too, is taken out by a patch.
 */
function nextAction(
  live: Configuration | undefined,
  wish: JsonObject,
  keepsBundle: boolean,
): RegistrationAction | undefined {
  if (live === undefined) return { kind: 'apply', object: wish, onto: {} }
  if (!covers(live.raw, wish)) {
    const { uid, resourceVersion } = objectField(live.raw, 'metadata')
    const seen = keepsBundle ? { uid, resourceVersion } : { uid }
    const onto = Object.entries(seen).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    )
    return { kind: 'apply', object: wish, onto: Object.fromEntries(onto) }
  }
  const operations = leftovers(live, wish)
  return operations.length === 0 ? undefined : { kind: 'patch', name: live.name, operations }
}

function leftovers(live: Configuration, wish: JsonObject): PatchOperation[] {
  const webhooks = wish['webhooks']
  const wanted = new Map(
    (Array.isArray(webhooks) ? webhooks : [])
      .filter(isObject)
      .map((webhook) => [textField(webhook, 'name'), conditionNames(webhook)]),
  )
  const mine = live.entries.filter(isOurs)
  const conditions = mine.flatMap((entry) => {
    const names = wanted.get(entry.name)
    const extra = entry.conditions.map(({ name }) => name).filter((name) => names?.has(name) === false)
    return dropConditions(live, entry, new Set(extra))
  })
  const extra = mine.filter(({ name }) => !wanted.has(name))
  return [...conditions, ...dropEntries(live, extra)]
}

function conditionNames(webhook: JsonObject): ReadonlySet<string> {
  const conditions = webhook['matchConditions']
  const list = (Array.isArray(conditions) ? conditions : []).filter(isObject)
  return new Set(list.map((condition) => textField(condition, 'name')))
}

function settled(
  { memory }: RegistrationObserved,
  wish: JsonObject,
  conditions: readonly RegistrationCondition[],
  now: number,
): RegistrationPlan {
  const repairs = recent(memory.repairs, now)
  const written = { at: Number.NEGATIVE_INFINITY, onto: '', ...memory.written, wish }
  const [oldest] = repairs
  const war = repairs.length >= REPAIRS
  return {
    action: undefined,
    conditions: war ? [...conditions, conflict(undefined)] : conditions,
    again: war && oldest !== undefined ? oldest + WINDOW - now : undefined,
    memory: { written, repairs },
  }
}

function recent(times: readonly number[], now: number): number[] {
  return times.filter((time) => time > now - WINDOW)
}

/** Writes what is new at once, what somebody undid after a while once that has happened too often. */
function paced(
  { memory }: RegistrationObserved,
  live: Configuration | undefined,
  wish: JsonObject,
  action: RegistrationAction,
  conditions: readonly RegistrationCondition[],
  now: number,
): RegistrationPlan {
  const onto = live === undefined ? '' : textField(objectField(live.raw, 'metadata'), 'resourceVersion')
  const { written } = memory
  const repair = written !== undefined && equalJson(written.wish, wish)
  const repairs = recent(memory.repairs, now)
  const wait = (ms: number): RegistrationPlan => ({
    action: undefined,
    conditions: repairs.length >= REPAIRS ? [...conditions, conflict(live)] : conditions,
    again: ms,
    memory: { written, repairs },
  })
  if (repair && onto !== '' && written.onto === onto && now < written.at + ECHO) {
    return wait(written.at + ECHO - now)
  }
  const last = repairs.at(-1)
  if (repair && repairs.length >= REPAIRS && last !== undefined && now < last + SLOW) {
    return wait(last + SLOW - now)
  }
  const next = repair ? [...repairs, now] : repairs
  const atWar = next.length >= REPAIRS
  return {
    action,
    conditions: atWar ? [...conditions, conflict(live)] : conditions,
    again: undefined,
    memory: { written: { wish, at: now, onto }, repairs: next },
  }
}

function conflict(live: Configuration | undefined): RegistrationCondition {
  const rival = live === undefined ? undefined : lastManager(live)
  const who = rival === undefined ? 'somebody' : `field manager "${rival}"`
  const message = `${who} keeps changing ${CONFIGURATION_NAME}; it is put right once in ${SLOW / 1000} s`
  return { type: 'conflict', message }
}

/** Who changed the object last, as far as the object tells. */
function lastManager({ raw }: Configuration): string | undefined {
  const managed = objectField(raw, 'metadata')['managedFields']
  const entries = (Array.isArray(managed) ? managed : []).filter(isObject)
  const latest = entries.reduce<JsonObject | undefined>(
    (best, entry) =>
      best === undefined || textField(entry, 'time') >= textField(best, 'time') ? entry : best,
    undefined,
  )
  return latest === undefined ? undefined : textField(latest, 'manager')
}
