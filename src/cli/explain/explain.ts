// Command `explain`: why a pod gets a sidecar, or none, or is refused: every layer in order, the rule that decided, and
// the smallest change that would turn it around; with --field, where a field of the injected pod comes from. Manifests
// are explained here, live objects in live.ts.

import type { Pod } from '../../api/kube.ts'
import { REASONS } from '../../injection/decide.ts'
import type { InjectionStage } from '../../injection/stage.ts'
import { isObject, type Json, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import type { SettingsFlags } from '../flags.ts'
import { envPairsOf } from '../inject/inject.ts'
import { type InjectContext, incomingPod, injectPlace } from '../inject/place.ts'
import { type Manifest, namespacesIn, readManifests } from '../input/manifests.ts'
import { locatedIn, positionIn } from '../input/place-problem.ts'
import { namespaceOf, type PodPlace } from '../input/workloads.ts'
import type { Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { warn } from '../print.ts'
import { loadSettings, type Settings } from '../settings.ts'
import { counterfactuals } from './counterfactual.ts'
import { explainField, type FieldReport } from './field.ts'
import { type JudgeContext, type Judgement, judge, offlineJudging, subjectOf } from './judge.ts'
import { type Explanation, explanationText, fieldText } from './text.ts'

export interface ExplainFlags extends SettingsFlags {
  readonly filename?: readonly string[]
  readonly output: DataFormat
  /** Of objects that name none: `default`; of a live object: the context's. */
  readonly namespace?: string
  readonly tag?: readonly string[]
  readonly path: string
  readonly field?: string
}

interface Run {
  readonly flags: ExplainFlags
  readonly settings: Settings
  readonly judging: JudgeContext
  readonly injecting: InjectContext
  readonly manifests: readonly Manifest[]
}

/** Flags that a live object has no use for: the cluster says what they would. */
const FOR_FILES = [
  '--injectConfigFile',
  '--valuesFile',
  '--meshConfigFile',
  '--injectConfigMapName',
  '--meshConfigMapName',
  '--revision',
  '--offline',
  '--namespace-file',
  '--nodes',
  '--istio-version',
  '--injector-env',
  '--path',
  '--tag',
]

/** `object`: NAME of a live pod, or KIND/NAME; `given`: the long flags on the command line. */
export async function explainCommand(
  io: Io,
  object: string | undefined,
  flags: ExplainFlags,
  given: readonly string[],
): Promise<void> {
  const files = flags.filename
  if (object === undefined && files === undefined) {
    throw new ProblemError('usage', 'nothing to explain: give a pod, KIND/NAME, or manifests with -f')
  }
  if (object === undefined) return explainFiles(io, flags, files ?? [])
  const unused = files === undefined ? given.find((flag) => FOR_FILES.includes(flag)) : '--filename'
  if (unused === undefined) return (await import('./live.ts')).explainLive(io, object, flags, given)
  const message = `${unused} is for manifests, and "${object}" is a live object`
  throw new ProblemError('usage', message, {}, 'give one of the two')
}

async function explainFiles(io: Io, flags: ExplainFlags, files: readonly string[]): Promise<void> {
  const manifests = await readManifests(io, files)
  const settings = await loadSettings(io, flags)
  for (const note of settings.notes) warn(io, note)
  const { revision, cluster } = settings
  const { compat, structure } = flags
  const run: Run = {
    flags,
    settings,
    judging: { settings: revision, cluster, tags: flags.tag ?? [] },
    injecting: { settings: revision, cluster, envPairs: envPairsOf(flags.path), compat, structure },
    manifests,
  }
  const found = manifests.flatMap((manifest) => manifest.places.map((place) => ({ manifest, place })))
  if (found.length === 0) throw nothingFound(manifests)
  const parts = found.map(({ manifest, place }) => {
    try {
      return flags.field === undefined ? explained(run, manifest, place) : fieldOf(run, place, flags.field)
    } catch (error) {
      throw locatedIn(error, manifest.document, place)
    }
  })
  const text = parts.map((part) => ('changes' in part ? fieldText(part) : explanationText(part))).join('\n')
  const data = (parts.length === 1 ? parts[0] : parts) as unknown as Json
  await printData(io, flags.output, data, text)
}

function nothingFound(manifests: readonly Manifest[]): ProblemError {
  const data = manifests.map((manifest) => manifest.data).filter(isObject)
  const kinds = [...new Set(data.map((object) => String(own(object, 'kind') ?? 'object')))]
  const found = kinds.length === 0 ? 'the input is empty' : `the input holds only ${kinds.join(', ')}`
  const file = manifests[0]?.document.source.name
  return new ProblemError('invalid-object', `no pod and no workload to explain: ${found}`, {
    ...(file === undefined ? {} : { file }),
  })
}

function explained(run: Run, manifest: Manifest, place: PodPlace): Explanation {
  const { judging, flags } = run
  const namespace = namespaceOf(place, flags.namespace ?? 'default')
  const { pod } = incomingPod(place, namespace)
  const subject = subjectOf(judging, pod, namespace, own(namespacesIn(run.manifests), namespace))
  const judgement = judge(judging, subject)
  const { called, decision } = judgement
  return {
    object: place.title,
    file: manifest.document.source.name,
    line: positionIn(manifest.document, place.objectPath).line,
    namespace: { name: namespace, known: subject.namespaceKnown, labels: subject.namespaceLabels },
    webhook: judgement.entries.map(({ entry, matches, because }) => ({
      entry: entry.name,
      of: entry.of,
      matches,
      because,
    })),
    ...(called === undefined ? {} : { called: `${called.entry.name} (${called.entry.of})` }),
    rules: decision.trace,
    ...outcome(run, place, namespace, judgement),
    counterfactual: counterfactuals(offlineJudging(judging), subject).map((flip) => flip.changes),
  }
}

type Result = Pick<Explanation, 'result' | 'reason' | 'because' | 'templates' | 'warnings'>

function outcome(run: Run, place: PodPlace, namespace: string, judgement: Judgement): Result {
  const { called, decision } = judgement
  if (called === undefined) {
    const because = 'no webhook entry matches, so no injector is asked'
    return { result: 'skipped', reason: 'not-called', because, warnings: [] }
  }
  const { reason } = decision
  const because = `${REASONS[reason]} (rule ${reason})`
  if (!decision.inject) return { result: 'skipped', reason, because, warnings: [] }
  try {
    const { templates, warnings } = injectPlace(place, namespace, run.injecting)
    return { result: 'injected', reason, because, templates, warnings }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return { result: 'refused', reason: error.code, because: error.message.trim(), warnings: [] }
  }
}

function fieldOf(run: Run, place: PodPlace, field: string): FieldReport {
  const { flags, settings } = run
  const namespace = namespaceOf(place, flags.namespace ?? 'default')
  const { raw, pod } = incomingPod(place, namespace)
  const stages: InjectionStage[] = []
  let base: Pod = pod
  const subject = subjectOf(run.judging, pod, namespace, own(namespacesIn(run.manifests), namespace))
  if (judge(run.judging, subject).inject) {
    base = injectPlace(place, namespace, run.injecting, (stage) => stages.push(stage)).base
  }
  const { revision, inputs } = settings
  return explainField(field, { raw, base, pod, stages, settings: revision, meshTexts: inputs.mesh })
}
