// Command `adopt`: remora takes injection over from istiod, or with --undo hands it back, so that every pod created
// meanwhile has one injector (design §6). Prints the plan, carries it out step by step, makes it again when the cluster
// has changed, and stops with code 4 where a safety check blocks it.

import { parseRelease, type Release } from '../../api/release.ts'
import { ApiError } from '../../kube/client.ts'
import { RESOURCE } from '../../kube/resource.ts'
import { planAdopt } from '../../revision/adopt.ts'
import { CONFIGURATION_NAME, objectField, textField } from '../../revision/configuration.ts'
import type { AdoptPlan, AdoptStep } from '../../revision/handover.ts'
import { planUndo } from '../../revision/undo.ts'
import type { Json } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { EXIT, Exit, type Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { warn } from '../print.ts'
import { count } from '../table.ts'
import { executeSteps, StalePlan, unless } from './execute.ts'
import type { ClusterFlags } from './flags.ts'
import type { EntryProof } from './prove.ts'
import { proveAll } from './prove-all.ts'
import { type Revisions, readRevisions } from './read.ts'
import { type Session, withCluster } from './session.ts'

export interface AdoptFlags extends ClusterFlags {
  readonly output: DataFormat
  readonly revision?: string
  readonly undo?: boolean
  readonly dryRun?: boolean
  /** Seconds. */
  readonly timeout: number
}

/** So many plans, when others write at the same time. */
const ROUNDS = 5

interface Report {
  readonly blockers: AdoptPlan['blockers']
  readonly steps: readonly { readonly kind: AdoptStep['kind']; readonly text: string }[]
  /** Nothing is left to do. */
  readonly done: boolean
  readonly proofs: readonly EntryProof[]
}

export async function adoptCommand(io: Io, flags: AdoptFlags): Promise<void> {
  await withCluster(io, flags, async (session) => {
    const first = await makePlan(session, flags)
    for (const note of first.revisions.notes) warn(io, note)
    if (flags.output === 'text') io.stdout.write(planText(first.plan))
    const proofs: EntryProof[] = []
    let created = false
    const onCreated = (): void => {
      created = true
    }
    const report = (done: boolean): Promise<void> =>
      flags.output === 'text' ? Promise.resolve() : printReport(io, flags.output, first.plan, done, proofs)
    try {
      stopWhenBlocked(io, first.plan)
      const work = flags.dryRun !== true && first.plan.steps.length > 0
      if (work) await carryOut(session, flags, first, { proofs, onCreated })
      await report(work || first.plan.steps.length === 0)
    } catch (error) {
      if (session.signal.aborted) io.stderr.write(`hint: ${resumeText(flags)}\n`)
      else if (created) await takeBack(session)
      await report(false)
      throw error
    }
    if (flags.dryRun !== true && flags.output === 'text') io.stdout.write(doneText(flags))
  })
}

function resumeText({ undo }: AdoptFlags): string {
  const back = undo === true ? 'without --undo to stay with remora' : 'with --undo to hand injection back'
  return `every pod still has its injector: run it again to go on, or ${back}`
}

/**
 * What this run created, and could not finish, is taken away: nobody is served by it as long as nothing of Istio's is
 * deactivated, and pods that istiod leaves alone must not depend on a remora that does not answer.
 */
async function takeBack(session: Session): Promise<void> {
  const { client, signal, io } = session
  try {
    const { configurations } = await readRevisions(session)
    const ours = configurations.find(({ name }) => name === CONFIGURATION_NAME)
    if (ours === undefined || configurations.some(({ saved }) => saved !== undefined)) return
    const uid = textField(objectField(ours.raw, 'metadata'), 'uid')
    const resource = RESOURCE.mutatingWebhookConfiguration
    const deletion = client.delete(resource, { name: ours.name }, { signal, preconditions: { uid } })
    await unless('not-found', deletion)
    io.stderr.write(`${ours.name} is taken away again: nothing has changed\n`)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    warn(io, `${CONFIGURATION_NAME} was created and could not be taken away again: ${error.message}`)
  }
}

interface Planned {
  readonly plan: AdoptPlan
  readonly revisions: Revisions
}

async function makePlan(session: Session, { revision, undo }: AdoptFlags): Promise<Planned> {
  const revisions = await readRevisions(session)
  const { configurations } = revisions
  const all = revisions.revisions
  if (undo === true) {
    const away = all.filter(({ deployment, ready }) => deployment && !ready)
    const notReady = new Set(away.map(({ name }) => name))
    return { plan: planUndo(configurations, { revision, notReady }), revisions }
  }
  const known = new Set(
    all.filter(({ deployment, configMap }) => deployment || configMap).map(({ name }) => name),
  )
  const elsewhere = new Set(all.filter(({ webhook, here }) => webhook && !here).map(({ name }) => name))
  const kubernetes = await kubernetesRelease(session)
  const plan = planAdopt(configurations, { revision, kubernetes, known, elsewhere })
  const left = [...elsewhere].map(
    (name) =>
      `revision "${name}" stays with its istiod, which is not in this cluster, and neither are its settings`,
  )
  return {
    plan,
    revisions: { ...revisions, notes: [...revisions.notes, ...(revision === undefined ? left : [])] },
  }
}

export async function kubernetesRelease({ client, signal }: Session): Promise<Release | undefined> {
  const { gitVersion } = await client.version({ signal })
  return typeof gitVersion === 'string' ? parseRelease(gitVersion) : undefined
}

async function carryOut(
  session: Session,
  flags: AdoptFlags,
  first: Planned,
  { proofs, onCreated }: { readonly proofs: EntryProof[]; readonly onCreated: () => void },
): Promise<void> {
  const waitMs = flags.timeout * 1000
  let { plan } = first
  for (let round = 1; plan.steps.length > 0; round += 1) {
    if (round > ROUNDS) {
      const message = `others change the webhook configurations all the time; ${count(plan.steps.length, 'step')} could not be finished`
      throw new ProblemError('io', message, {}, 'see who writes them, and run the command again')
    }
    if (round > 1) session.io.stderr.write('the cluster has changed meanwhile: the plan is made again\n')
    try {
      const prove = (entries: readonly string[]): Promise<void> =>
        proveAll(session, flags, entries, { waitMs, onProof: (proof) => proofs.push(proof) })
      await executeSteps(session, plan.steps, { waitMs, prove, onCreated })
    } catch (error) {
      if (!(error instanceof StalePlan)) throw error
    }
    plan = (await makePlan(session, flags)).plan
    stopWhenBlocked(session.io, plan)
  }
}

function stopWhenBlocked(io: Io, { blockers }: AdoptPlan): void {
  for (const { message, hint } of blockers) io.stderr.write(`blocked: ${message}\nhint: ${hint}\n`)
  if (blockers.length > 0) throw new Exit(EXIT.blocked)
}

function planText({ steps }: AdoptPlan): string {
  if (steps.length === 0) return 'plan: nothing to do\n'
  return ['plan:', ...steps.map(({ text }, index) => `  ${index + 1}. ${text}`), ''].join('\n')
}

function doneText({ undo, revision }: AdoptFlags): string {
  const whose = revision === undefined ? 'every revision and tag' : `revision ${revision} and its tags`
  return `${undo === true ? 'istiod' : 'remora'} injects for ${whose}\n`
}

async function printReport(
  io: Io,
  format: DataFormat,
  { blockers, steps }: AdoptPlan,
  done: boolean,
  proofs: readonly EntryProof[],
): Promise<void> {
  const report: Report = { blockers, steps: steps.map(({ kind, text }) => ({ kind, text })), done, proofs }
  await printData(io, format, report as unknown as Json, '')
}
