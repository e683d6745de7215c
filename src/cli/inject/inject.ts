// Commands `inject` and `uninject`: manifests in, the same manifests out with their pods injected (or injected no more),
// as edits of the user's own text. Nothing is written unless every document could be done.

import { parseRoute } from '../../admission/path.ts'
import { type Json, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { type Document, joinDocuments } from '../documents.ts'
import { editYaml } from '../edit/edit.ts'
import { injectionLabel, type JudgeContext, judge, subjectOf } from '../explain/judge.ts'
import type { SettingsFlags } from '../flags.ts'
import { type Manifest, namespacesIn, readManifests } from '../input/manifests.ts'
import { locatedIn } from '../input/place-problem.ts'
import { namespaceOf, type PodPlace, replaceAt } from '../input/workloads.ts'
import type { Io } from '../io.ts'
import { writeOutput } from '../output.ts'
import { warn } from '../print.ts'
import { loadSettings } from '../settings.ts'
import { type InjectContext, incomingPod, injectPlace } from './place.ts'
import { uninjected } from './uninject-template.ts'

export interface InjectFlags extends SettingsFlags {
  readonly filename: readonly string[]
  readonly output?: string
  readonly namespace: string
  readonly tag?: readonly string[]
  readonly path: string
  readonly diff?: boolean
}

export async function injectCommand(io: Io, flags: InjectFlags): Promise<void> {
  const envPairs = envPairsOf(flags.path)
  const manifests = await readManifests(io, flags.filename)
  const { revision: settings, cluster, notes } = await loadSettings(io, flags)
  for (const note of notes) warn(io, note)
  const { compat, structure } = flags
  const context: InjectContext = { settings, cluster, envPairs, compat, structure }
  const judging: JudgeContext = { settings, cluster, tags: flags.tag ?? [] }
  const namespaces = namespacesIn(manifests)
  const said = new Talk(io)
  const texts = manifests.map((manifest) =>
    edited(manifest, (place) => {
      const namespace = namespaceOf(place, flags.namespace)
      const { pod } = incomingPod(place, namespace)
      const subject = subjectOf(judging, pod, namespace, own(namespaces, namespace))
      const judgement = judge(judging, subject)
      const where = { file: manifest.document.source.name, object: place.title }
      for (const step of judgement.decision.trace) if (step.warning === true) said.warn(step.detail, where)
      if (!judgement.inject) {
        const why =
          judgement.called === undefined ? 'no webhook is called for it' : skipText(judgement.decision.trace)
        said.note(`${place.title} is not injected: ${why}`)
        return place.template
      }
      if (!subject.namespaceKnown) said.assume(namespace, injectionLabel(settings))
      const injected = injectPlace(place, namespace, context)
      for (const warning of injected.warnings) said.warn(warning, where)
      return injected.template
    }),
  )
  said.finish(manifests)
  await writeResult(io, flags, manifests, texts)
}

/** The rule that decided, in its own words. */
function skipText(trace: readonly { verdict: string; detail: string }[]): string {
  return trace.findLast((step) => step.verdict === 'skip')?.detail ?? 'a rule says so'
}

export function envPairsOf(path: string): Record<string, string> {
  const route = parseRoute(path)
  if (route !== undefined) return route.envPairs
  const message = `path "${path}" is no injection path, expected /inject or /inject/NAME/VALUE…`
  throw new ProblemError('usage', message)
}

export interface UninjectFlags {
  readonly filename: readonly string[]
  readonly output?: string
  readonly diff?: boolean
}

export async function uninjectCommand(io: Io, flags: UninjectFlags): Promise<void> {
  const manifests = await readManifests(io, flags.filename)
  const said = new Talk(io)
  const texts = manifests.map((manifest) =>
    edited(manifest, (place) => {
      const { template, warnings } = uninjected(place.template)
      if (template === place.template) said.note(`${place.title} has no sidecar of an injection`)
      const where = { file: manifest.document.source.name, object: place.title }
      for (const warning of warnings) said.warn(warning, where)
      return template
    }),
  )
  said.finish(manifests)
  await writeResult(io, flags, manifests, texts)
}

/** The document's text with each pod changed; the very text where nothing changes. */
function edited(manifest: Manifest, change: (place: PodPlace) => Json): string {
  let data = manifest.data
  for (const place of manifest.places) {
    try {
      const next = change(place)
      if (next !== place.template) data = replaceAt(data, place.path, next)
    } catch (error) {
      throw locatedIn(error, manifest.document, place)
    }
  }
  return editYaml(manifest.document.text, manifest.data, data)
}

async function writeResult(
  io: Io,
  flags: { readonly output?: string; readonly diff?: boolean },
  manifests: readonly Manifest[],
  texts: readonly string[],
): Promise<void> {
  const documents: Document[] = manifests.map((manifest) => manifest.document)
  const result = flags.diff === true ? await diffText(documents, texts) : joinDocuments(documents, texts)
  await writeOutput(io, flags.output, result)
}

/** A unified diff of every source that changes, as `git diff` prints them. */
async function diffText(documents: readonly Document[], texts: readonly string[]): Promise<string> {
  const { createTwoFilesPatch } = await import('diff')
  const sources = [...new Set(documents.map((document) => document.source))]
  let result = ''
  for (const source of sources) {
    const own = documents.map((document, i) => ({ document, text: texts[i] ?? '' }))
    const mine = own.filter(({ document }) => document.source === source)
    const after = joinDocuments(
      mine.map(({ document }) => document),
      mine.map(({ text }) => text),
    )
    if (after === source.text) continue
    const name = source.name.replace(/^\/+/, '')
    const patch = createTwoFilesPatch(`a/${name}`, `b/${name}`, source.text, after)
    result += patch.replace(/^=+\n/, '')
  }
  return result
}

/** What a command has to say beside its output, each thing once, before the output. */
class Talk {
  private readonly io: Io
  private readonly said = new Set<string>()

  constructor(io: Io) {
    this.io = io
  }

  note(text: string): void {
    this.once(`note: ${text}\n`)
  }

  warn(message: string, where: { file: string; object: string }): void {
    this.once(`warning: ${where.file}: ${where.object}: ${message}\n`)
  }

  assume(namespace: string, label: Record<string, string>): void {
    const text = Object.entries(label).map(([key, value]) => `${key}=${value}`)
    this.note(
      `namespace "${namespace}" is not known and taken as labelled ${text.join(',')} (see --namespace-file)`,
    )
  }

  finish(manifests: readonly Manifest[]): void {
    if (manifests.every((manifest) => manifest.places.length === 0))
      this.note('the input holds no pod and no workload')
  }

  private once(text: string): void {
    if (this.said.has(text)) return
    this.said.add(text)
    this.io.stderr.write(text)
  }
}
