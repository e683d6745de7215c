// Command `explain` on a live object: every layer that a new pod of it would pass, in order, by what the cluster holds
// now (entries as the API server calls them, settings as the webhook reads them), and how its running pods differ from
// that. Reads only.

import type { Release } from '../../api/release.ts'
import { namespaceInfo } from '../../mesh/cluster-objects.ts'
import { inCallOrder } from '../../revision/configuration.ts'
import { compareGoStrings } from '../../std/gojson.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import type { ClusterFlags } from '../cluster/flags.ts'
import { withCluster } from '../cluster/session.ts'
import { type LiveMesh, readMesh } from '../cluster/snapshot.ts'
import { type PodPlace, podPlaces } from '../input/workloads.ts'
import type { Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { locate, warn } from '../print.ts'
import { counterfactuals } from './counterfactual.ts'
import { type Examining, examine, fieldOf } from './examine.ts'
import { liveJudging } from './live-judge.ts'
import { livePod, placeOfPod } from './live-pod.ts'
import { type LiveExplanation, liveExplanationText, webhookRows } from './live-text.ts'
import { type Modes, runningModes } from './modes.ts'
import { parseTarget, podsOf, readNamespace, readTarget } from './target.ts'
import { fieldText } from './text.ts'

export interface LiveFlags extends ClusterFlags {
  readonly output: DataFormat
  /** The context's when absent. */
  readonly namespace?: string
  readonly field?: string
  readonly compat: 'istio' | 'improved'
  readonly structure: 'refuse' | 'istio'
}

/** `text` is NAME of a pod, or KIND/NAME; `given`: the long flags on the command line. Throws ProblemError for what does not exist or may not be read. */
export async function explainLive(
  io: Io,
  text: string,
  flags: LiveFlags,
  given: readonly string[],
): Promise<void> {
  const target = parseTarget(text)
  await withCluster(io, flags, async (session) => {
    const name = flags.namespace ?? session.namespace
    const object = await readTarget(session, target, name)
    const [namespace, mesh, pods] = await Promise.all([
      readNamespace(session, name),
      readMesh(session),
      podsOf(session, object, name),
    ])
    const notes = [...mesh.notes]
    const running = await runningModes(session, mesh.gathered.configurations, notes)
    for (const note of notes) warn(io, note)
    const run = examiningOf(modesFor(flags, given, running), namespace, mesh)
    const place = placeOf(object)
    try {
      if (flags.field === undefined) {
        const explanation = explained(run, place, namespace, pods)
        await printData(io, flags.output, explanation as unknown as Json, liveExplanationText(explanation))
      } else {
        const report = fieldOf(run, place, flags.field, (revision) => mesh.texts.get(revision)?.mesh ?? [])
        await printData(io, flags.output, report as unknown as Json, fieldText(report))
      }
    } catch (error) {
      throw locate(error, { object: place.title })
    }
  })
}

/** What is on the command line comes before what remora runs with. */
function modesFor(flags: LiveFlags, given: readonly string[], running: Modes): Modes {
  return {
    compat: given.includes('--compat') ? flags.compat : running.compat,
    structure: given.includes('--structure') ? flags.structure : running.structure,
  }
}

function examiningOf({ compat, structure }: Modes, namespace: JsonObject, mesh: LiveMesh): Examining {
  const { snapshot, gathered } = mesh
  const { revisions, tags } = gathered.discovery
  const info = namespaceInfo(namespace)
  if (info === undefined)
    throw new ProblemError('invalid-object', 'the API server sent a Namespace without a name')
  const known = new Set([...revisions, ...tags].map(({ name }) => name))
  const configurations = inCallOrder(gathered.configurations)
  return { context: { snapshot, configurations, known }, namespace: info, compat, structure }
}

const releaseText = ({ major, minor }: Release): string => `${major}.${minor}`

function placeOf(object: JsonObject): PodPlace {
  if (object['kind'] === 'Pod') return placeOfPod(object)
  const [place] = podPlaces(object)
  if (place === undefined)
    throw new ProblemError('invalid-object', 'the object has no pod template to explain')
  return place
}

function explained(
  run: Examining,
  place: PodPlace,
  namespace: JsonObject,
  pods: readonly JsonObject[] | undefined,
): LiveExplanation {
  const { context } = run
  const { subject, judgement, result, reason, because, templates, templatesBy, warnings } = examine(
    run,
    place,
  )
  const { answer, settings, decision } = judgement
  const modes = answer?.by === 'remora' ? { compat: run.compat, structure: run.structure } : {}
  const by =
    answer === undefined
      ? {}
      : { answer: { by: answer.by, entry: answer.entry.entry, path: answer.path, ...modes } }
  const live = pods?.map((pod) => livePod(run, pod, namespace))
  return {
    object: place.title,
    namespace: { name: run.namespace.name, labels: run.namespace.labels },
    webhook: webhookRows(context, judgement.entries),
    ...by,
    ...(settings === undefined
      ? {}
      : {
          settings: {
            revision: settings.revision,
            release: releaseText(settings.release),
            hash: settings.hash,
          },
        }),
    rules: decision?.trace ?? [],
    result,
    reason,
    because,
    ...(templates === undefined ? {} : { templates }),
    ...(templatesBy === undefined ? {} : { templatesBy }),
    warnings,
    counterfactual:
      result === 'injected' || result === 'skipped'
        ? counterfactuals(liveJudging(context, settings), subject).map(({ changes }) => changes)
        : [],
    ...(live === undefined ? {} : { pods: live.toSorted((a, b) => compareGoStrings(a.name, b.name)) }),
  }
}
