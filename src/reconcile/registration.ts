// Carries out the plans for our webhook configuration (revision/registration-plan.ts): looks at what the watches show,
// writes at most once, remembers what the next plan has to know, and tells conditions when they come and go.

import { ApiError, type Client } from '../kube/client.ts'
import type { Clock } from '../kube/clock.ts'
import { RESOURCE } from '../kube/resource.ts'
import { CONFIGURATION_NAME, type Configuration, objectField, textField } from '../revision/configuration.ts'
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
  /** Conditions that were not there at the look before. */
  readonly onCondition: (condition: RegistrationCondition) => void
}

/** The part of one leader; it begins without memory. */
export class Registrar {
  private readonly options: RegistrarOptions
  private readonly writer: Writer
  private memory: RegistrationMemory = NO_MEMORY
  private told: readonly string[] = []

  constructor(options: RegistrarOptions, writer: Writer) {
    this.options = options
    this.writer = writer
  }

  /** One look, at most one write. `caBundle` is PEM. Resolves to the time of the clock to look again at. */
  async run(
    configurations: readonly Configuration[],
    caBundle: string | undefined,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { clock, settings, restoreDeleted } = this.options
    const { writer, memory } = this
    const bundle = caBundle === undefined ? undefined : base64(caBundle)
    const observed = { configurations, caBundle: bundle, settings, writer, restoreDeleted, memory }
    const now = clock.now()
    const plan = planRegistration(observed, now)
    this.tell(plan.conditions)
    if (plan.action !== undefined) {
      try {
        await this.act(plan.action, signal)
      } catch (error) {
        // Somebody wrote meanwhile: the watch will show it, and the plan is made anew.
        if (error instanceof ApiError && error.kind === 'conflict') return now
        throw error
      }
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
  }

  private async act(action: RegistrationAction, signal: AbortSignal): Promise<void> {
    const { client } = this.options
    const resource = RESOURCE.mutatingWebhookConfiguration
    const options = { signal, fieldManager: FIELD_MANAGER }
    if (action.kind === 'apply') {
      await client.apply(resource, { name: CONFIGURATION_NAME }, action.object, { ...options, force: true })
      return
    }
    const patch = action.operations.map((operation) => ({ ...operation }))
    await client.patch(resource, { name: action.name }, patch, { ...options, type: 'json' })
  }
}

/** For each of our entries, whether API servers have exactly `caBundle` (PEM) for it. */
export function bundleMatches(
  configurations: readonly Configuration[],
  caBundle: string,
): { readonly entry: string; readonly ok: boolean }[] {
  const ours = configurations.find(({ name }) => name === CONFIGURATION_NAME)
  const text = base64(caBundle)
  return (ours?.entries ?? []).map(({ name, caBundle: live }) => ({ entry: name, ok: live === text }))
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
