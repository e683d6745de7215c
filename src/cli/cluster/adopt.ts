// Command `adopt`: remora takes injection over from istiod, or with --undo hands it back, so that every pod created
// meanwhile has one injector (design §6). Prints the plan, carries it out step by step, makes it again when the cluster
// has changed, and stops with code 4 where a safety check blocks it.

import { parseRelease, type Release } from '../../api/release.ts'
import { planAdopt } from '../../revision/adopt.ts'
import type { AdoptPlan, AdoptStep } from '../../revision/handover.ts'
import { planUndo } from '../../revision/undo.ts'
import type { Json } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { EXIT, Exit, type Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { warn } from '../print.ts'
import { count } from '../table.ts'
import { executeSteps, StalePlan } from './execute.ts'
import type { ClusterFlags } from './flags.ts'
import { type EntryProof, proofPlace, proveEntry } from './prove.ts'
import { type Revisions, readNamespaces, readRevisions } from './read.ts'
import { apiServers } from './servers.ts'
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
    const report = (done: boolean): Promise<void> =>
      flags.output === 'text' ? Promise.resolve() : printReport(io, flags.output, first.plan, done, proofs)
    try {
      stopWhenBlocked(io, first.plan)
      const work = flags.dryRun !== true && first.plan.steps.length > 0
      if (work) await carryOut(session, flags, first, proofs)
      await report(work || first.plan.steps.length === 0)
    } catch (error) {
      await report(false)
      throw error
    }
    if (flags.dryRun !== true && flags.output === 'text') io.stdout.write(doneText(flags))
  })
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
  const kubernetes = await kubernetesRelease(session)
  return { plan: planAdopt(configurations, { revision, kubernetes, known }), revisions }
}

export async function kubernetesRelease({ client, signal }: Session): Promise<Release | undefined> {
  const { gitVersion } = await client.version({ signal })
  return typeof gitVersion === 'string' ? parseRelease(gitVersion) : undefined
}

async function carryOut(
  session: Session,
  flags: AdoptFlags,
  first: Planned,
  proofs: EntryProof[],
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
      const prove = (entries: readonly string[]): Promise<void> => proveAll(session, flags, entries, proofs)
      await executeSteps(session, plan.steps, { waitMs, prove })
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

/** Throws Exit 4 unless remora answered for each entry, on each API server. */
async function proveAll(
  session: Session,
  flags: AdoptFlags,
  entries: readonly string[],
  proofs: EntryProof[],
): Promise<void> {
  const { io, signal } = session
  const { configurations } = await readRevisions(session)
  const notes: string[] = []
  const namespaces = await readNamespaces(session, notes)
  for (const note of notes) warn(io, note)
  const servers = await apiServers(session, flags)
  const failed: EntryProof[] = []
  for (const name of entries) {
    const place = proofPlace(configurations, namespaces, name)
    if (place === undefined) {
      io.stderr.write(`  ${name}: no namespace uses it, nothing to prove\n`)
      continue
    }
    for (const client of servers) {
      const proof = await proveEntry(client, place, signal)
      proofs.push(proof)
      if (proof.proof === undefined) failed.push(proof)
      else io.stderr.write(`  ${name}: remora answered for a pod in namespace ${place.namespace}\n`)
    }
  }
  for (const { entry, namespace, server, refusal } of failed) {
    const why = refusal === undefined ? '' : `: ${refusal}`
    io.stderr.write(
      `blocked: entry ${entry}: remora did not answer ${server} for a pod in namespace ${namespace}${why}\n`,
    )
  }
  if (failed.length === 0) return
  io.stderr.write(
    'hint: nothing was taken over; see that remora is ready, and that the API server reaches it\n',
  )
  throw new Exit(EXIT.blocked)
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
