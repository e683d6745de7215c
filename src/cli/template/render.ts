// Command `template render`: the text that templates make for a pod, before it is merged. The pod is the user's or a
// sample; whether it would be injected at all is not asked here.

import { ANNOTATION } from '../../api/names.ts'
import type { InjectionStage } from '../../injection/stage.ts'
import type { RevisionSettings } from '../../mesh/snapshot.ts'
import { isObject, type Json, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import type { SettingsFlags } from '../flags.ts'
import { envPairsOf } from '../inject/inject.ts'
import { type InjectContext, injectPlace } from '../inject/place.ts'
import { readManifests } from '../input/manifests.ts'
import { locatedIn } from '../input/place-problem.ts'
import { namespaceOf, type PodPlace } from '../input/workloads.ts'
import type { Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { warn } from '../print.ts'
import { loadSettings } from '../settings.ts'
import { SAMPLE_PLACE } from './sample.ts'

export interface TemplateRenderFlags extends SettingsFlags {
  readonly filename?: readonly string[]
  readonly output: DataFormat
  readonly namespace: string
  readonly path: string
  readonly template?: readonly string[]
}

export interface RenderedText {
  readonly object: string
  readonly template: string
  readonly text: string
}

export async function templateRenderCommand(io: Io, flags: TemplateRenderFlags): Promise<void> {
  const manifests = await readManifests(io, flags.filename ?? [])
  const { revision, cluster, notes } = await loadSettings(io, flags)
  for (const note of notes) warn(io, note)
  const { compat, structure, template: names } = flags
  const settings = names === undefined ? revision : withTemplates(revision, names)
  const context: InjectContext = { settings, cluster, envPairs: envPairsOf(flags.path), compat, structure }
  const texts: RenderedText[] = []
  const render = (place: PodPlace): void => {
    const pod = names === undefined ? place : withoutSelection(place)
    texts.push(...renderedTexts(pod, namespaceOf(place, flags.namespace), context))
  }
  if (flags.filename === undefined) render(SAMPLE_PLACE)
  for (const { document, places } of manifests) {
    for (const place of places) {
      try {
        render(place)
      } catch (error) {
        throw locatedIn(error, document, place)
      }
    }
  }
  if (texts.length === 0) throw new ProblemError('invalid-object', 'the input holds no pod and no workload')
  await printData(io, flags.output, texts as unknown as Json, textOf(texts))
}

/** The settings with just these templates chosen for every pod. Throws a ProblemError for a name that is none. */
function withTemplates(settings: RevisionSettings, names: readonly string[]): RevisionSettings {
  const known = [...settings.templates.keys()]
  const unknown = names.find((name) => !settings.templates.has(name))
  if (unknown !== undefined) {
    throw new ProblemError('usage', `template "${unknown}" does not exist, known are ${known.join(', ')}`)
  }
  return { ...settings, config: { ...settings.config, defaultTemplates: names, aliases: {} } }
}

/** The place without the annotation that chooses templates. */
function withoutSelection(place: PodPlace): PodPlace {
  const metadata = own(place.template, 'metadata')
  const annotations = isObject(metadata) ? own(metadata, 'annotations') : undefined
  if (!isObject(metadata) || !isObject(annotations)) return place
  const { [ANNOTATION.templates]: _, ...rest } = annotations
  return { ...place, template: { ...place.template, metadata: { ...metadata, annotations: rest } } }
}

/** Texts of all templates of the pod. A template whose text cannot be merged still shows it, and then the problem. */
function renderedTexts(place: PodPlace, namespace: string, context: InjectContext): RenderedText[] {
  const stages: InjectionStage[] = []
  try {
    injectPlace(place, namespace, context, (stage) => stages.push(stage))
  } catch (error) {
    if (!stages.some((stage) => stage.kind === 'rendered')) throw error
  }
  return stages.flatMap((stage) =>
    stage.kind === 'rendered'
      ? [{ object: place.title, template: stage.name, text: stage.rendered.text }]
      : [],
  )
}

function textOf(texts: readonly RenderedText[]): string {
  return texts
    .map(({ object, template, text }) => {
      const head = texts.length === 1 ? '' : `# ${object}, template ${template}\n`
      return `${head}${text}${text.endsWith('\n') ? '' : '\n'}`
    })
    .join('---\n')
}
