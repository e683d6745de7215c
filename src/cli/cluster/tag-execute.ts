// Carries out the steps of a plan for a tag, in order, telling each one on standard error, and proves by a dry-run pod that
// remora injects as the tag now says. Decides nothing itself; adopt's steps are carried out as adopt does.

import { sleep, systemClock } from '../../kube/clock.ts'
import { RESOURCE, type Resource } from '../../kube/resource.ts'
import { objectField, textField } from '../../revision/configuration.ts'
import type { ObjectName, TagStep } from '../../revision/tag-steps.ts'
import type { Json } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { EXIT, Exit } from '../io.ts'
import { warn } from '../print.ts'
import { patch, unless, waitFor } from './execute.ts'
import type { ClusterFlags } from './flags.ts'
import { type EntryProof, placesFor, proveAnywhere } from './prove.ts'
import { readNamespaces, readRevisions } from './read.ts'
import { apiServers } from './servers.ts'
import type { Session } from './session.ts'

const KINDS: Readonly<Record<ObjectName['kind'], Resource>> = {
  MutatingWebhookConfiguration: RESOURCE.mutatingWebhookConfiguration,
  ValidatingWebhookConfiguration: RESOURCE.validatingWebhookConfiguration,
  Service: RESOURCE.service,
}

/** Throws StalePlan, ProblemError or ApiError, and Exit 4 when what a step waits for does not come. */
export async function executeTagSteps(
  session: Session,
  steps: readonly TagStep[],
  waitMs: number,
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    session.signal.throwIfAborted()
    session.io.stderr.write(`${index + 1}/${steps.length} ${step.text}\n`)
    await executeTagStep(session, step, waitMs)
  }
}

async function executeTagStep(session: Session, step: TagStep, waitMs: number): Promise<void> {
  const { client, signal } = session
  switch (step.kind) {
    case 'patch': {
      const operations = step.operations as unknown as Json
      return patch(session, RESOURCE.mutatingWebhookConfiguration, step.configuration, operations)
    }
    case 'await':
      return waitFor(session, step.entries, waitMs)
    case 'apply': {
      const { object, fieldManager } = step
      const metadata = objectField(object, 'metadata')
      const at = { namespace: textField(metadata, 'namespace'), name: textField(metadata, 'name') }
      await client.apply(kindOf(object['kind']), at, object, { fieldManager, force: true, signal })
      return
    }
    case 'remove': {
      const { kind, namespace = '', name } = step.object
      return unless('not-found', client.delete(KINDS[kind], { namespace, name }, { signal }))
    }
  }
}

function kindOf(kind: Json | undefined): Resource {
  const found = Object.values(KINDS).find((each) => each.kind === kind)
  if (found === undefined)
    throw new ProblemError('invalid-object', `kind ${String(kind)} is no part of a tag`)
  return found
}

const POLL_MS = 250

/**
 * Until remora answers as `revision` for the tag's first entry that a pod can match, on every API server in reach. Throws
 * Exit 4 when it does not in time. Empty where no namespace has such pods.
 */
export async function proveTag(
  session: Session,
  flags: ClusterFlags,
  { tag, revision, waitMs }: { tag: string; revision: string; waitMs: number },
): Promise<EntryProof[]> {
  const notes: string[] = []
  const { configurations } = await readRevisions(session)
  const namespaces = await readNamespaces(session, notes)
  for (const note of notes) warn(session.io, note)
  const entries = configurations.flatMap((each) =>
    each.entries.filter(({ of }) => each.owner === 'remora' && of?.kind === 'tag' && of.name === tag),
  )
  const places = entries.map((entry) => placesFor(entry, namespaces)).find((each) => each.length > 0) ?? []
  const end = systemClock.now() + waitMs
  const proofs: EntryProof[] = []
  for (const client of places.length === 0 ? [] : await apiServers(session, flags)) {
    const prove = (): Promise<EntryProof | undefined> => proveAnywhere(client, places, session.signal)
    const proof = await proveUntil(session, prove, revision, end)
    if (proof !== undefined) proofs.push(proof)
  }
  return proofs
}

async function proveUntil(
  { io, signal }: Session,
  prove: () => Promise<EntryProof | undefined>,
  revision: string,
  end: number,
): Promise<EntryProof | undefined> {
  for (;;) {
    const found = await prove()
    if (found === undefined) return undefined
    const { proof, namespace, server, refusal } = found
    if (proof?.revision === revision) {
      io.stderr.write(`remora answers for a pod in namespace ${namespace} as revision "${revision}"\n`)
      return found
    }
    if (systemClock.now() > end) {
      const said = proof === undefined ? 'does not answer' : `answers as revision "${proof.revision}"`
      const why = refusal === undefined ? '' : `: ${refusal}`
      io.stderr.write(`blocked: remora ${said} ${server} for a pod in namespace ${namespace}${why}\n`)
      io.stderr.write('hint: the tag is written; see remora check and the logs of remora-injector\n')
      throw new Exit(EXIT.blocked)
    }
    await sleep(systemClock, POLL_MS, signal)
    signal.throwIfAborted()
  }
}
