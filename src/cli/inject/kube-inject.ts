// Command `kube-inject`: Istio's command of that name (contract §13): its flags, its rules, its printed form and its
// warnings. Settings are files, ConfigMaps or built in; the injection itself always runs here.

import { type KubeInjectParams, kubeInject } from '../../injection/kube-inject.ts'
import { workloadType } from '../../patch/schema-workload.ts'
import { decode } from '../../patch/typed.ts'
import { isObject, type Json, own } from '../../std/json.ts'
import { ProblemError } from '../../std/problem.ts'
import { parseYaml } from '../../std/yaml.ts'
import { type Document, readSources, type Source, splitSource } from '../documents.ts'
import type { SettingsFlags } from '../flags.ts'
import { culprit, foundText, throws } from '../input/culprit.ts'
import type { FieldStep } from '../input/field-path.ts'
import { positionIn } from '../input/place-problem.ts'
import { titleOf } from '../input/workloads.ts'
import type { Io } from '../io.ts'
import { writeOutput } from '../output.ts'
import { warn } from '../print.ts'
import { loadSettings } from '../settings.ts'

export interface KubeInjectFlags extends SettingsFlags {
  readonly filename?: string
  readonly output?: string
}

export async function kubeInjectCommand(io: Io, flags: KubeInjectFlags): Promise<void> {
  if (flags.filename === undefined || flags.filename === '') {
    throw new ProblemError('usage', 'filename not specified (see --filename or -f)')
  }
  if (flags.meshConfigFile === undefined && flags.meshConfigMapName === '') {
    throw new ProblemError('usage', '--meshConfigFile or --meshConfigMapName must be set')
  }
  const sources = await readSources(io, [flags.filename])
  const text = sources.map((source) => source.text).join('')
  const { revision, cluster, notes } = await loadSettings(io, flags)
  for (const note of notes) warn(io, note)
  // Templates see the flag itself: empty without one.
  const settings = { ...revision, revision: flags.revision === 'default' ? '' : (flags.revision ?? '') }
  const now = (): number => performance.now()
  const params = { settings, cluster, structure: flags.structure, deadline: { now, at: now() + TIME_LIMIT } }
  try {
    const { output, warnings } = kubeInject(text, params)
    await writeOutput(io, flags.output, output)
    if (warnings.length > 0) io.stderr.write(`\n${warnings.map((warning) => `${warning}\n`).join('')}`)
  } catch (error) {
    if (error instanceof ProblemError && error.code !== 'io') throw located(error, sources, params)
    throw error
  }
}

/** How long all templates of the input may run, in milliseconds. */
const TIME_LIMIT = 30_000

/** The problem with the place of the first document that has one when it is injected by itself. */
function located(error: ProblemError, sources: readonly Source[], params: KubeInjectParams): unknown {
  for (const document of sources.flatMap(splitSource)) {
    try {
      kubeInject(document.text, params)
    } catch (again) {
      if (again instanceof ProblemError) return inDocument(again, document)
      throw again
    }
  }
  return error
}

function inDocument(error: ProblemError, document: Document): ProblemError {
  const file = document.source.name
  let data: Json
  try {
    data = parseYaml(document.text)
  } catch (fault) {
    const { line = 1, column } = fault instanceof ProblemError ? fault.where : {}
    const where = { file, line: line + document.line, ...(column === undefined ? {} : { column }) }
    return new ProblemError(error.code, error.message, where)
  }
  const object = isObject(data) ? titleOf(data) : undefined
  const path = error.message.includes('cannot unmarshal') ? typingPath(data) : []
  const hint = error.hint ?? foundText(error.message, data, path)
  const where = { file, ...positionIn(document, path), ...(object === undefined ? {} : { object }) }
  return new ProblemError(error.code, error.message, where, hint)
}

/** The field of the object whose type is wrong. */
function typingPath(data: Json): FieldStep[] {
  if (!isObject(data)) return []
  const type = workloadType(String(own(data, 'apiVersion')), String(own(data, 'kind')))
  return type === undefined ? [] : culprit(data, (candidate) => throws(() => decode(type, candidate)))
}
