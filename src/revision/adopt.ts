// How injection is taken over from istiod, and handed back, with no pod between two injectors or without one (design §6).
// In: the webhook configurations as they are; out: the steps that are left, in order. A plan is made from the state alone:
// it can be made again after any step, after a crash, or when somebody brought an entry back. Executes nothing.

import { atLeast, type Release } from '../api/release.ts'
import { compareGoStrings } from '../std/gojson.ts'
import { type JsonObject, own, setOwn } from '../std/json.ts'
import {
  CONFIGURATION_NAME,
  type Configuration,
  type Entry,
  entryName,
  NEVER_MATCH,
  ownState,
  SAVED_SELECTORS,
  STATE,
  TAKEN_OVER_STATE,
} from './configuration.ts'
import {
  type AdoptPlan,
  type AdoptStep,
  annotationsOf,
  awaited,
  type Blocker,
  chosen,
  injectorEntries,
  MATCH_CONDITIONS,
  NOTE,
  NOTE_TEXT,
  registrantsOf,
  superseded,
  unknownRevision,
  unmark,
} from './handover.ts'
import { annotate, label, type PatchOperation, select } from './patch-operation.ts'
import type { Registrant } from './registrants.ts'
import { STANDING_BACK, selectorJson } from './registration.ts'
import type { Rule } from './rules.ts'

export interface AdoptOptions {
  /** Only this revision and its tags. */
  readonly revision: string | undefined
  /** Of the API servers. */
  readonly kubernetes: Release | undefined
  /** Revisions with a control plane or settings; tags of others dangle. */
  readonly known: ReadonlySet<string>
  /** Revisions of an istiod outside of this cluster, which go on being its own. */
  readonly elsewhere?: ReadonlySet<string>
}

const entryNames = (registrant: Registrant): string[] =>
  Object.keys(registrant.selectors).map((rule) => entryName(rule as Rule, registrant))

/** Steps left until remora injects for every chosen revision and tag, and istiod for none of them. */
export function planAdopt(configurations: readonly Configuration[], options: AdoptOptions): AdoptPlan {
  const ours = configurations.find(({ name }) => name === CONFIGURATION_NAME)
  const { elsewhere } = options
  const targets = chosen(configurations, options.revision).filter(
    ({ revision = '' }) => elsewhere?.has(revision) !== true,
  )
  const wanted = registrantsOf(configurations, targets)
  const names = wanted.flatMap(entryNames)
  const entries = wanted.flatMap((registrant) =>
    entryNames(registrant).map((name) => ({ name, guarded: registrant.contested || undefined })),
  )
  const live = targets.filter((target) => injectorEntries(target).some((entry) => entry.live))
  const steps: AdoptStep[] = []
  if (ours === undefined) {
    const text = `create MutatingWebhookConfiguration ${CONFIGURATION_NAME}, for the injector to fill`
    steps.push({ kind: 'create', text, object: emptyConfiguration() })
  }
  const pending = wanted.some(({ contested }) => contested) || awaited(entries, configurations).length > 0
  const resuming = ours !== undefined && own(annotationsOf(ours), STANDING_BACK) !== undefined
  if (pending) {
    const text = `wait until ${CONFIGURATION_NAME} has ${names.length} entries, each with a caBundle, that act only on pods without a sidecar`
    steps.push({ kind: 'await', text, entries })
    const proof = 'prove by a dry-run pod for each entry, on every API server in reach, that remora answers'
    steps.push({ kind: 'prove', text: proof, entries: names })
  }
  steps.push(...live.map(deactivate), ...forgotten(configurations, live))
  if (resuming) {
    const operations = annotate(ours, { [STANDING_BACK]: undefined })
    const text = `${CONFIGURATION_NAME} no longer lets istiod go first`
    steps.push({ kind: 'patch', text, configuration: CONFIGURATION_NAME, operations })
  }
  if (pending || resuming) {
    const text = 'wait until its entries act on every pod that they match'
    steps.push({ kind: 'await', text, entries: names.map((name) => ({ name, guarded: false })) })
  }
  return { blockers: adoptBlockers(configurations, targets, wanted, options), steps }
}

function emptyConfiguration(): JsonObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {
      name: CONFIGURATION_NAME,
      labels: {
        'app.kubernetes.io/managed-by': 'remora',
        'app.kubernetes.io/name': 'remora',
        [STATE]: ownState(0, 0),
      },
    },
  }
}

/** Both selectors of every live entry never match from now on; what they were is saved. */
function deactivate(configuration: Configuration): AdoptStep {
  const saved: Record<string, JsonObject> = {}
  const operations: PatchOperation[] = []
  const never = selectorJson(NEVER_MATCH)
  for (const entry of injectorEntries(configuration)) {
    const before = entry.live ? rawSelectors(entry) : own(configuration.saved ?? {}, entry.name)
    if (before !== undefined) setOwn(saved, entry.name, before)
    if (entry.live) {
      operations.push(...select(configuration, entry, { namespaceSelector: never, objectSelector: never }))
    }
  }
  operations.push(...annotate(configuration, { [SAVED_SELECTORS]: JSON.stringify(saved), [NOTE]: NOTE_TEXT }))
  operations.push(...label(configuration, { [STATE]: TAKEN_OVER_STATE }))
  const text = `deactivate ${Object.keys(saved).length} entries of ${configuration.name}, saving their selectors`
  return { kind: 'patch', text, configuration: configuration.name, operations }
}

function rawSelectors({ raw }: Entry): JsonObject {
  return { namespaceSelector: raw['namespaceSelector'] ?? {}, objectSelector: raw['objectSelector'] ?? {} }
}

/**
 * `istioctl tag set default` deactivates the revision `default` for good; where adopt had done that before, the saved
 * selectors must not come back.
 */
function forgotten(all: readonly Configuration[], live: readonly Configuration[]): AdoptStep[] {
  return superseded(all, live).map((configuration) => ({
    kind: 'patch',
    text: `forget the selectors of ${configuration.name}: tag ${configuration.revision} has taken its place`,
    configuration: configuration.name,
    operations: unmark(configuration),
  }))
}

function adoptBlockers(
  configurations: readonly Configuration[],
  targets: readonly Configuration[],
  wanted: readonly Registrant[],
  { revision, kubernetes, known, elsewhere }: AdoptOptions,
): Blocker[] {
  const unknown = unknownRevision(configurations, revision)
  const blockers: Blocker[] = [...unknown]
  if (kubernetes !== undefined && !atLeast(kubernetes, MATCH_CONDITIONS)) {
    const version = `${kubernetes.major}.${kubernetes.minor}`
    blockers.push({
      code: 'kubernetes-too-old',
      message: `the API server is Kubernetes ${version}: webhook entries have no matchConditions before 1.${MATCH_CONDITIONS}`,
      hint: 'without them a pod would be injected twice during adoption; upgrade Kubernetes first',
    })
  }
  if (revision !== undefined && elsewhere?.has(revision) === true) {
    blockers.push({
      code: 'elsewhere',
      message: `the istiod of revision "${revision}" is not in this cluster, and neither are its settings`,
      hint: 'its pods stay with it: there is nothing here to inject them with',
    })
  } else if (wanted.length === 0 && unknown.length === 0) {
    blockers.push({
      code: 'nothing-registered',
      message: 'no webhook configuration of Istio has a live injection entry',
      hint: 'there is nothing to take over; see remora revision list',
    })
  }
  for (const { name, tag, revision: target = '' } of targets) {
    if (compareGoStrings(name, CONFIGURATION_NAME) > 0) {
      blockers.push({
        code: 'runs-after',
        message: `MutatingWebhookConfiguration ${name} runs after ${CONFIGURATION_NAME}: its pods would be injected twice`,
        hint: 'make the tag again without --webhook-name, so that its name begins with istio-',
      })
    }
    if (tag !== undefined && !known.has(target)) {
      blockers.push({
        code: 'dangling-tag',
        message: `tag "${tag}" names revision "${target}", which does not exist`,
        hint: `point it to another revision (remora tag set ${tag} --overwrite --revision …) or remove it`,
      })
    }
  }
  return blockers
}
