// Carries out the steps of a plan on a live cluster, in order, telling each one on standard error. A step that finds
// another object than the plan was made for ends with StalePlan: the plan is made again. Decides nothing itself.

import { ApiError } from '../../kube/client.ts'
import { sleep, systemClock } from '../../kube/clock.ts'
import { RESOURCE, type Resource } from '../../kube/resource.ts'
import { readConfiguration } from '../../revision/configuration.ts'
import { type AdoptStep, awaited } from '../../revision/handover.ts'
import type { Json } from '../../std/json.ts'
import { EXIT, Exit } from '../io.ts'
import type { Session } from './session.ts'

/** Somebody changed an object between the plan and its step. */
export class StalePlan extends Error {}

export interface ExecuteOptions {
  /** How long an `await` step may take. */
  readonly waitMs: number
  /** Does a `prove` step; throws when the proof fails. */
  readonly prove: (entries: readonly string[]) => Promise<void>
  /** A `create` step has made its object, which was not there before. */
  readonly onCreated: () => void
}

const POLL_MS = 250
const FIELD_MANAGER = 'remora-cli'

/** Throws StalePlan, ProblemError or ApiError, and Exit 4 when what a step waits for does not come. */
export async function executeSteps(
  session: Session,
  steps: readonly AdoptStep[],
  options: ExecuteOptions,
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    session.signal.throwIfAborted()
    session.io.stderr.write(`${index + 1}/${steps.length} ${step.text}\n`)
    await executeStep(session, step, options)
  }
}

async function executeStep(session: Session, step: AdoptStep, options: ExecuteOptions): Promise<void> {
  const { client, signal } = session
  const resource = RESOURCE.mutatingWebhookConfiguration
  const write = { signal, fieldManager: FIELD_MANAGER }
  switch (step.kind) {
    case 'create':
      return unless('already-exists', client.create(resource, {}, step.object, write).then(options.onCreated))
    case 'patch':
      return patch(session, resource, step.configuration, step.operations as unknown as Json)
    case 'delete':
      return unless('not-found', client.delete(resource, { name: step.configuration }, write))
    case 'await':
      return waitFor(session, step.entries, options.waitMs)
    case 'prove':
      return options.prove(step.entries)
  }
}

export async function unless(kind: ApiError['kind'], call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof ApiError) || error.kind !== kind) throw error
  }
}

/** The API server refuses a patch with a failed test as invalid (422), a write that came between as a conflict. */
export async function patch(
  { client, signal }: Session,
  resource: Resource,
  name: string,
  operations: Json,
): Promise<void> {
  try {
    await client.patch(resource, { name }, operations, { type: 'json', signal, fieldManager: FIELD_MANAGER })
  } catch (error) {
    const stale = error instanceof ApiError && ['invalid', 'conflict', 'not-found'].includes(error.kind)
    if (!stale) throw error
    throw new StalePlan(error.message, { cause: error })
  }
}

type Awaited = Extract<AdoptStep, { kind: 'await' }>['entries']

/** Throws Exit 4 when the entries are not there in time. */
export async function waitFor(session: Session, entries: Awaited, waitMs: number): Promise<void> {
  const { client, signal, istioNamespace, io } = session
  const end = systemClock.now() + waitMs
  let told = entries.length
  for (;;) {
    const { items } = await client.list(RESOURCE.mutatingWebhookConfiguration, {}, { signal })
    const missing = awaited(
      entries,
      items.map((raw) => readConfiguration(raw, istioNamespace)),
    )
    if (missing.length !== told) {
      told = missing.length
      io.stderr.write(`  ${entries.length - told} of ${entries.length} are as they should be\n`)
    }
    if (told === 0) return
    if (systemClock.now() > end) {
      for (const line of missing) io.stderr.write(`blocked: ${line}\n`)
      io.stderr.write('hint: see that remora runs: kubectl get pods -n remora-system\n')
      throw new Exit(EXIT.blocked)
    }
    await sleep(systemClock, POLL_MS, signal)
    signal.throwIfAborted()
  }
}
