// How injection is handed back to istiod with no pod between two injectors or without one (design §6). In: the webhook
// configurations as they are; out: the steps that are left, in order, as in adopt.ts. Needs no running remora.

import { own } from '../std/json.ts'
import { CONFIGURATION_NAME, type Configuration, ownState, STATE } from './configuration.ts'
import {
  type AdoptPlan,
  type AdoptStep,
  annotationsOf,
  type Blocker,
  chosen,
  injectorEntries,
  registrantsOf,
  superseded,
  unknownRevision,
  unmark,
} from './handover.ts'
import { annotate, guard, label, select } from './patch-operation.ts'
import type { Registrant } from './registrants.ts'
import { registeredText, STANDING_BACK } from './registration.ts'

export interface UndoOptions {
  readonly revision: string | undefined
  /** Revisions whose istiod cannot take calls now. */
  readonly notReady: ReadonlySet<string>
}

/** Steps left until istiod injects again for every chosen revision and tag; needs no running remora. */
export function planUndo(configurations: readonly Configuration[], options: UndoOptions): AdoptPlan {
  const ours = configurations.find(({ name }) => name === CONFIGURATION_NAME)
  const targets = chosen(configurations, options.revision)
  const adopted = targets.filter(({ saved }) => saved !== undefined)
  const gone = new Set(
    superseded(
      configurations,
      targets.filter((each) => each.entries.some((e) => e.live)),
    ),
  )
  const steps: AdoptStep[] = []
  if (ours !== undefined) steps.push(...standBack(ours, registrantsOf(configurations, targets), options))
  steps.push(...adopted.map((configuration) => reactivate(configuration, gone.has(configuration))))
  if (ours !== undefined && options.revision === undefined) {
    const text = `delete MutatingWebhookConfiguration ${CONFIGURATION_NAME}`
    steps.push({ kind: 'delete', text, configuration: CONFIGURATION_NAME })
  }
  return {
    blockers: [
      ...unknownRevision(configurations, options.revision),
      ...adopted.flatMap((each) => (gone.has(each) ? [] : undoBlockers(each, options.notReady))),
    ],
    steps,
  }
}

/** From here on our entries leave pods alone that istiod has injected, and a running replica keeps it so. */
function standBack(ours: Configuration, handed: readonly Registrant[], options: UndoOptions): AdoptStep[] {
  const mine = new Set(handed.map(registeredText))
  const entries = ours.entries.filter(
    ({ of }) => of !== undefined && (options.revision === undefined || mine.has(registeredText(of))),
  )
  const before = own(annotationsOf(ours), STANDING_BACK)
  const listed = typeof before === 'string' ? before.split(',') : []
  const names = new Set([...listed, ...mine])
  const value = options.revision === undefined || names.has('*') ? '*' : [...names].join(',')
  const back = new Set([...entries, ...ours.entries.filter(({ guarded }) => guarded)])
  const operations = [
    ...annotate(ours, { [STANDING_BACK]: value }),
    ...label(ours, { [STATE]: ownState(ours.entries.length, back.size) }),
    ...entries.flatMap((entry) => guard(ours, entry)),
  ]
  if (operations.length === 0) return []
  const text = `let ${entries.length} entries of ${CONFIGURATION_NAME} act only on pods without a sidecar`
  return [{ kind: 'patch', text, configuration: CONFIGURATION_NAME, operations }]
}

/** Every entry that adopt deactivated gets its selectors back; what is live again stays as it is. */
function reactivate(configuration: Configuration, superseding: boolean): AdoptStep {
  const saved = configuration.saved ?? {}
  const entries = superseding
    ? []
    : injectorEntries(configuration).filter((entry) => !entry.live && own(saved, entry.name) !== undefined)
  const operations = [
    ...entries.flatMap((entry) => select(configuration, entry, own(saved, entry.name) ?? {})),
    ...unmark(configuration),
  ]
  const text = `reactivate ${entries.length} entries of ${configuration.name}`
  return { kind: 'patch', text, configuration: configuration.name, operations }
}

function undoBlockers(configuration: Configuration, notReady: ReadonlySet<string>): Blocker[] {
  const { name, revision = '' } = configuration
  const blockers: Blocker[] = []
  const bare = injectorEntries(configuration).find(({ caBundle }) => caBundle === '')
  if (bare !== undefined) {
    blockers.push({
      code: 'no-ca-bundle',
      message: `entry ${bare.name} of ${name} has no caBundle: the API server could not call istiod`,
      hint: `istiod of revision "${revision}" fills it in while it runs`,
    })
  }
  if (notReady.has(revision)) {
    blockers.push({
      code: 'not-ready',
      message: `istiod of revision "${revision}" is not ready: pods of ${name} would be refused`,
      hint: 'start it, or keep injection with remora',
    })
  }
  return blockers
}
