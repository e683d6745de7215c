// Where a field of an injected pod comes from: the manifest, a line of a template with what its expressions read, the
// user's own container, or a step after the templates. In: the stages of an injection; out: each one that changed it.

import type { Pod } from '../../api/kube.ts'
import type { InjectionStage } from '../../injection/stage.ts'
import { equalJson, type Json } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { parseYaml } from '../../std/yaml.ts'
import { type Part, readParts } from '../edit/tree.ts'
import {
  byIdentity,
  type FieldStep,
  fieldPathText,
  indexOf,
  nearest,
  parseFieldPath,
  valueAt,
} from '../input/field-path.ts'
import { type InputSources, inputsOf, type TemplateInput } from '../template/inputs.ts'
import { type Provenance, provenanceOf, variableExpressions } from '../template/source.ts'

export interface FieldChange {
  /** The step that made it, for people. */
  readonly by: string
  /** What the field held after it; undefined: it was taken away. */
  readonly value: Json | undefined
  readonly template?: TemplateOrigin
}

export interface TemplateOrigin extends Provenance {
  readonly name: string
  readonly inputs: readonly TemplateInput[]
  /** `$name := expression` for the variables used. */
  readonly variables: readonly string[]
}

export interface FieldReport {
  readonly path: string
  readonly value: Json | undefined
  readonly changes: readonly FieldChange[]
}

export interface FieldSources extends InputSources {
  /** The pod of the manifest, as written. */
  readonly raw: Json
  readonly base: Pod
  readonly stages: readonly InjectionStage[]
}

type TemplateStage = Extract<InjectionStage, { rendered: unknown }>

const STEPS: Readonly<Record<Exclude<InjectionStage['kind'], TemplateStage['kind']>, string>> = {
  containers: "the pod's own container of this name, laid over the template's again",
  cluster: 'cluster, network and env pairs of the webhook path',
  prometheus: 'merging of Prometheus metrics',
  probes: 'rewriting of probes: the kubelet asks the agent, the agent asks the application',
  metadata: 'what every injection writes: status, injectedAnnotations, network label',
  order: 'order of containers',
}

/** Explains the field at `text`. Throws a ProblemError where the injected pod has no such field. */
export function explainField(text: string, sources: FieldSources): FieldReport {
  const last = sources.stages.at(-1)?.pod ?? sources.base
  const final = last as unknown as Json
  const asked = parseFieldPath(text)
  const steps = byIdentity(final, asked)
  const path = fieldPathText(final, steps)
  const changes: FieldChange[] = []
  let before = valueAt(sources.raw, steps)
  if (before !== undefined) changes.push({ by: 'the manifest', value: before })
  const typed = valueAt(sources.base as unknown as Json, steps)
  if (!equalJson(before, typed)) changes.push({ by: "Kubernetes' types, which have this form", value: typed })
  before = typed
  for (const stage of sources.stages) {
    const value = valueAt(stage.pod as unknown as Json, steps)
    if (equalJson(before, value)) continue
    before = value
    if (stage.kind === 'rendered' || stage.kind === 'template')
      changes.push(templateChange(stage, steps, value, sources))
    else changes.push({ by: STEPS[stage.kind], value })
  }
  if (changes.length === 0) throw unknownField(final, asked, text)
  return { path, value: before, changes }
}

function unknownField(final: Json, steps: readonly FieldStep[], text: string): ProblemError {
  const { path, has } = nearest(final, steps)
  const at = path.length === 0 ? 'the pod' : fieldPathText(final, path)
  const message = `the pod has no field "${text}", before or after injection`
  return new ProblemError('not-found', message, {}, `${at} has: ${has.join(', ') || 'nothing'}`)
}

function templateChange(
  stage: TemplateStage,
  steps: readonly FieldStep[],
  value: Json | undefined,
  sources: FieldSources,
): FieldChange {
  const { name, rendered } = stage
  const by = `template ${name}`
  const source = sources.settings.config.templates[name] ?? ''
  const region = regionOf(rendered.text, steps)
  const found =
    region === undefined
      ? undefined
      : provenanceOf(source, rendered.text, rendered.spans ?? [], region.start, region.end)
  if (found === undefined) return { by, value }
  const texts = [...found.expressions, ...found.blocks.map((block) => block.text)]
  const variables = [...new Set(texts.flatMap((text) => variableExpressions(source, text)))]
  const inputs = new Map<string, TemplateInput>()
  for (const text of [...texts, ...variables]) {
    for (const input of inputsOf(text, sources)) inputs.set(`${input.kind} ${input.name}`, input)
  }
  return { by, value, template: { ...found, name, inputs: [...inputs.values()], variables } }
}

/** Where the field, or the nearest thing around it, stands in the rendered text. */
function regionOf(text: string, steps: readonly FieldStep[]): { start: number; end: number } | undefined {
  let part: Part | undefined = readParts(text)
  let data: Json | undefined = parseYaml(text)
  let region: { start: number; end: number } | undefined
  for (const step of steps) {
    const index: number = Array.isArray(data) ? indexOf(data, step) : -1
    const entry = part?.entries.findLast((each, i) =>
      part?.kind === 'list' ? i === index : each.key === step,
    )
    if (entry === undefined) break
    const own = entry.value.kind === 'scalar' || entry.value.kind === 'alias'
    region = { start: entry.start, end: own ? entry.end : Math.min(entry.end, entry.valueFrom) }
    part = entry.value
    data = valueAt(data, [step])
  }
  return region
}
