// Commands `tag set` and `tag generate`: a revision tag is made or moved, with no pod without an injector or with two at
// any moment, or its objects are printed (contract revisions §2.2, §2.4). Says before who is affected, stops with code 4
// where a safety check blocks it, and asks before it makes a conflict.

import type { Dependants } from '../../revision/dependants.ts'
import { isAdopted } from '../../revision/registrants.ts'
import { planTagSet, type TagPlan } from '../../revision/tag.ts'
import type { TagRequest } from '../../revision/tag-target.ts'
import type { Json } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { EXIT, Exit, type Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { warn } from '../print.ts'
import { proveEntries } from './check-prove.ts'
import { readEndpoints } from './check-read.ts'
import { confirm } from './confirm.ts'
import { StalePlan } from './execute.ts'
import type { ClusterFlags } from './flags.ts'
import type { EntryProof } from './prove.ts'
import { readNamespaces } from './read.ts'
import { type Session, withCluster } from './session.ts'
import { executeTagSteps, proveTag } from './tag-execute.ts'
import { dependantLines, readDependants, readTagCluster, type TagObjects } from './tag-read.ts'

export interface TagGenerateFlags extends ClusterFlags {
  readonly revision: string
  readonly overwrite?: boolean
  readonly webhookName?: string
  readonly autoInjectNamespaces?: boolean
}

export interface TagSetFlags extends TagGenerateFlags {
  readonly output: DataFormat
  readonly skipConfirmation?: boolean
  readonly dryRun?: boolean
  /** Seconds. */
  readonly timeout: number
}

/** So many plans, when others write at the same time. */
const ROUNDS = 5

interface Work {
  readonly request: TagRequest
  readonly plan: TagPlan
  readonly objects: TagObjects
  /** Revision that the tag means now; undefined for a new one. */
  readonly before: string | undefined
  readonly dependants: Dependants
}

export async function tagSetCommand(io: Io, tag: string, flags: TagSetFlags): Promise<void> {
  await withCluster(io, flags, async (session) => {
    const work = await prepare(session, requestOf(tag, flags, false))
    for (const text of work.plan.warnings) warn(io, text)
    const text = flags.output === 'text'
    if (text) io.stdout.write(planText(work))
    const proofs: EntryProof[] = []
    let done = false
    try {
      stopWhenBlocked(io, work.plan)
      await consent(io, work.plan, flags)
      if (flags.dryRun !== true) {
        await provenBefore(session, flags, work)
        await carryOut(session, flags, work)
        proofs.push(...(await proven(session, flags, work)))
        done = true
      }
    } finally {
      if (!text) await printData(io, flags.output, report(work, done, proofs), '')
    }
    if (text && done) io.stdout.write(doneText(work))
  })
}

export async function tagGenerateCommand(io: Io, tag: string, flags: TagGenerateFlags): Promise<void> {
  await withCluster(io, flags, async (session) => {
    const { cluster, revisions } = await readTagCluster(session)
    for (const note of revisions.notes) warn(io, note)
    const plan = planTagSet(cluster, requestOf(tag, flags, true))
    const warnings = [...plan.blockers.map(({ message }) => message), ...plan.warnings, ...plan.conflicts]
    for (const text of warnings) warn(io, text)
    const { stringify } = await import('yaml')
    const comment = warnings.map((text) => `# warning: ${text}\n`).join('')
    const documents = plan.objects.map((object) =>
      stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }),
    )
    io.stdout.write(`${comment}${documents.join('---\n')}`)
  })
}

function requestOf(tag: string, flags: TagGenerateFlags, generate: boolean): TagRequest {
  return {
    tag,
    revision: flags.revision,
    overwrite: flags.overwrite === true,
    generate,
    webhookName: flags.webhookName || undefined,
    autoInjectNamespaces: flags.autoInjectNamespaces === true,
  }
}

async function prepare(session: Session, request: TagRequest): Promise<Work> {
  const objects = await readTagCluster(session)
  const notes = [...objects.revisions.notes]
  const plan = planTagSet(objects.cluster, request)
  const dependants = await readDependants(session, request.tag, notes)
  for (const note of notes) warn(session.io, note)
  const before = objects.revisions.tags.find(({ name }) => name === request.tag)?.revision
  return { request, plan, objects, before, dependants }
}

function stopWhenBlocked(io: Io, { blockers }: TagPlan): void {
  for (const { message, hint } of blockers) io.stderr.write(`blocked: ${message}\nhint: ${hint}\n`)
  if (blockers.length > 0) throw new Exit(EXIT.blocked)
}

/** A conflict is made only by somebody who knows of it. */
async function consent(
  io: Io,
  { conflicts }: TagPlan,
  { skipConfirmation, dryRun }: TagSetFlags,
): Promise<void> {
  for (const text of conflicts) warn(io, text)
  if (conflicts.length === 0 || skipConfirmation === true || dryRun === true) return
  await confirm(io, 'set the tag all the same?', '--skip-confirmation')
}

async function carryOut(session: Session, flags: TagSetFlags, work: Work): Promise<void> {
  let { plan } = work
  for (let round = 1; ; round += 1) {
    try {
      return await executeTagSteps(session, plan.steps, flags.timeout * 1000)
    } catch (error) {
      if (!(error instanceof StalePlan)) throw error
    }
    if (round === ROUNDS) {
      const message = 'others change the webhook configurations all the time; the tag is not finished'
      throw new ProblemError(
        'io',
        message,
        {},
        'see who writes them, and run the command again with --overwrite',
      )
    }
    session.io.stderr.write('the cluster has changed meanwhile: the plan is made again\n')
    const { cluster } = await readTagCluster(session)
    // Steps that were done may have made the tag.
    plan = planTagSet(cluster, { ...work.request, overwrite: true })
    stopWhenBlocked(session.io, plan)
  }
}

/**
 * Pods of the tag will be refused when API servers cannot call the injector of the revision: its own entries show it, by
 * ready endpoints behind the Service that they call, and by a dry-run pod. Throws Exit 4. What has no live entry, or what
 * the user may not read or try, is not proven.
 */
async function provenBefore(session: Session, flags: TagSetFlags, { request, objects }: Work): Promise<void> {
  const { configurations } = objects.cluster
  const revision = revisionOf(request)
  const mine = configurations.map((each) => ({
    ...each,
    entries: each.entries.filter(({ of }) => of?.kind === 'revision' && of.name === revision),
  }))
  const notes: string[] = []
  const namespaces = await readNamespaces(session, [])
  const [endpoints, proofs] = await Promise.all([
    readEndpoints(session, mine, notes),
    proveEntries(session, flags, { configurations: mine, namespaces }, notes),
  ])
  for (const note of notes) warn(session.io, note)
  const failed = [
    ...[...endpoints].flatMap(([service, ready]) =>
      (ready ?? 0) > 0
        ? []
        : [
            `Service ${service} ${ready === undefined ? 'does not exist' : 'has no ready endpoint'}: every call fails`,
          ],
    ),
    ...proofs.flatMap(({ configuration, entry, problem }) =>
      problem === undefined ? [] : [`entry ${entry} of ${configuration} fails a dry-run pod: ${problem}`],
    ),
  ]
  for (const text of failed) session.io.stderr.write(`blocked: ${text}\n`)
  if (failed.length === 0) return
  session.io.stderr.write(`hint: nothing was changed; see remora check --revision ${revision}\n`)
  throw new Exit(EXIT.blocked)
}

/** Where remora injects, what it answers is what counts. */
async function proven(
  session: Session,
  flags: TagSetFlags,
  { request, objects }: Work,
): Promise<EntryProof[]> {
  if (!isAdopted(objects.cluster.configurations)) return []
  const { tag } = request
  return proveTag(session, flags, { tag, revision: revisionOf(request), waitMs: flags.timeout * 1000 })
}

const revisionOf = ({ revision }: TagRequest): string => revision || 'default'

function planText(work: Work): string {
  const { plan, before, request, dependants } = work
  const revision = revisionOf(request)
  const users = dependantLines(dependants)
  const affected =
    users.length === 0 || before === revision
      ? []
      : [
          before === undefined
            ? `new pods come under revision "${revision}":`
            : `new pods go from revision "${before}" to "${revision}", Gateways at once:`,
          ...users,
        ]
  const steps = plan.steps.map(({ text }, index) => `  ${index + 1}. ${text}`)
  return `${[...affected, 'plan:', ...steps].join('\n')}\n`
}

function doneText({ request, before, dependants }: Work): string {
  const { tag } = request
  const revision = revisionOf(request)
  const verb = before === undefined ? 'is made' : before === revision ? 'is as it was' : 'is moved'
  const label = tag === 'default' ? 'istio-injection=enabled' : `istio.io/rev=${tag}`
  return [
    `revision tag "${tag}" ${verb}: it means revision "${revision}"`,
    ...(before === undefined
      ? [`use it with: kubectl label namespace NAME ${label}`]
      : ['running pods keep their sidecar until they are restarted', ...restartText(dependants)]),
    '',
  ].join('\n')
}

/** For the first namespace of those that it concerns. */
function restartText({ namespaces: [namespace] }: Dependants): string[] {
  return namespace === undefined
    ? []
    : [`restart them with: kubectl rollout restart deployment -n ${namespace}`]
}

function report(
  { request, plan, before, dependants }: Work,
  done: boolean,
  proofs: readonly EntryProof[],
): Json {
  const { blockers, warnings, conflicts } = plan
  const steps = plan.steps.map(({ kind, text }) => ({ kind, text }))
  const { tag } = request
  const revision = revisionOf(request)
  const facts = { tag, revision, before: before ?? null, dependants, blockers, warnings, conflicts, steps }
  return { ...facts, done, proofs } as unknown as Json
}
