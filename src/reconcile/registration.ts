// Carries out the plans for our webhook configuration (revision/registration-plan.ts): looks at what the watches show,
// writes at most once, remembers what the next plan has to know, and tells conditions when they come and go.

import { isTrusted } from '../certs/bundle.ts'
import { ApiError, type Client } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import { RESOURCE } from '../kube/resource.ts'
import {
  CONFIGURATION_NAME,
  type Configuration,
  type Entry,
  objectField,
  textField,
} from '../revision/configuration.ts'
import type { RegistrationSettings, Writer } from '../revision/registration.ts'
import {
  NO_MEMORY,
  planRegistration,
  type RegistrationAction,
  type RegistrationCondition,
  type RegistrationMemory,
} from '../revision/registration-plan.ts'
import { isObject, own } from '../std/json.ts'

export const FIELD_MANAGER = 'remora-injector'

export interface RegistrarOptions {
  readonly client: Client
  readonly clock: Clock
  readonly settings: RegistrationSettings
  readonly restoreDeleted: boolean
  readonly onWritten: (how: RegistrationAction['kind']) => void
  /** A condition that was not there at the look before. */
  readonly onCondition: (condition: RegistrationCondition) => void
  /** What the last look has found, by type. */
  readonly onLooked: (conditions: readonly RegistrationCondition['type'][]) => void
}

/** The part of one leader; it begins without memory. */
export class Registrar {
  private readonly options: RegistrarOptions
  private readonly writer: Writer
  private memory: RegistrationMemory = NO_MEMORY
  /** Writes in a row that failed. */
  private outrun = 0
  private told: readonly RegistrationCondition['type'][] = []

  constructor(options: RegistrarOptions, writer: Writer) {
    this.options = options
    this.writer = writer
  }

  /**
   * One look, at most one write. `here`: revisions that there are settings for; `caBundle` is PEM. Resolves to the time of
   * the clock to look again at.
   */
  async run(
    configurations: readonly Configuration[],
    here: ReadonlySet<string>,
    caBundle: string | undefined,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { clock, settings, restoreDeleted } = this.options
    const { writer, memory } = this
    const bundle = caBundle === undefined ? undefined : base64(caBundle)
    const observed = { configurations, here, caBundle: bundle, settings, writer, restoreDeleted, memory }
    const now = clock.now()
    const plan = planRegistration(observed, now)
    this.tell(plan.conditions)
    if (plan.action !== undefined) {
      try {
        await this.act(plan.action, signal)
      } catch (error) {
        this.outrun += 1
        if (isOutrun(error, plan.action) && this.outrun <= OUTRUN_TIMES) return now + OUTRUN_MS
        throw error
      }
      this.outrun = 0
      this.options.onWritten(plan.action.kind)
    }
    this.memory = plan.memory
    return plan.again === undefined ? undefined : now + plan.again
  }

  private tell(conditions: readonly RegistrationCondition[]): void {
    for (const condition of conditions) {
      if (!this.told.includes(condition.type)) this.options.onCondition(condition)
    }
    this.told = conditions.map(({ type }) => type)
    this.options.onLooked(this.told)
  }

  private async act(action: RegistrationAction, signal: AbortSignal): Promise<void> {
    const { client } = this.options
    const resource = RESOURCE.mutatingWebhookConfiguration
    const options = { signal, fieldManager: FIELD_MANAGER }
    if (action.kind === 'apply') {
      const { object, onto } = action
      const applied = { ...object, metadata: { ...objectField(object, 'metadata'), ...onto } }
      await client.apply(resource, { name: CONFIGURATION_NAME }, applied, { ...options, force: true })
      return
    }
    const patch = action.operations.map((operation) => ({ ...operation }))
    await client.patch(resource, { name: action.name }, patch, { ...options, type: 'json' })
  }
}

/** The watch shows what somebody else wrote well before, and the plan is made anew then. */
const OUTRUN_MS = 500
/** So often one after the other; from then on it is an error like others, which are told and tried ever more seldom. */
const OUTRUN_TIMES = 5

/** Somebody wrote meanwhile. API servers tell of a JSON patch whose `test` fails as they do of an invalid object: 422. */
function isOutrun(error: unknown, action: RegistrationAction): boolean {
  if (!(error instanceof ApiError)) return false
  return error.kind === 'conflict' || (action.kind === 'patch' && error.status === 422)
}

/** Whether API servers have exactly `caBundle` (PEM) for each of our entries. */
export function hasBundle(configurations: readonly Configuration[], caBundle: string): boolean {
  const text = base64(caBundle)
  return entriesOf(configurations).every((entry) => entry.caBundle === text)
}

/** For each of our entries, whether API servers that go by its caBundle can verify `chain` (PEM, leaf first). */
export function trustedEntries(
  configurations: readonly Configuration[],
  chain: string,
): { readonly entry: string; readonly ok: boolean }[] {
  const judged = new Map<string, boolean>()
  return entriesOf(configurations).map(({ name, caBundle }) => {
    const ok = judged.get(caBundle) ?? isTrusted(chain, Buffer.from(caBundle, 'base64').toString('utf8'))
    judged.set(caBundle, ok)
    return { entry: name, ok }
  })
}

function entriesOf(configurations: readonly Configuration[]): readonly Entry[] {
  return configurations.find(({ name }) => name === CONFIGURATION_NAME)?.entries ?? []
}

/**
 * Which rollout of remora this replica belongs to: the Deployment behind the ReplicaSet that the pod's name begins with.
 * Outside of a pod, or without the right to look, it is a rollout of its own, which no other is newer than.
 */
export async function readRollout(client: Client, namespace: string, podName: string): Promise<Writer> {
  const alone = { id: podName, generation: 0 }
  const name = podName.slice(0, Math.max(0, podName.lastIndexOf('-')))
  if (name === '') return alone
  try {
    const metadata = objectField(await client.get(RESOURCE.replicaSet, { namespace, name }), 'metadata')
    const owners = own(metadata, 'ownerReferences')
    const owner = (Array.isArray(owners) ? owners : []).find(
      (each) => isObject(each) && own(each, 'kind') === 'Deployment',
    )
    const revision = textField(objectField(metadata, 'annotations'), 'deployment.kubernetes.io/revision')
    const generation = Number(revision)
    if (!isObject(owner) || revision === '' || !Number.isSafeInteger(generation)) return alone
    return { id: textField(owner, 'uid'), generation }
  } catch (error) {
    if (error instanceof ApiError && ['not-found', 'forbidden'].includes(error.kind)) return alone
    throw error
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
