// Problems of settings, told with file, line, field and value: which of the texts is at fault, and where in it.
// The readers give Istio's texts, which often name no place; the place is found by reading parts of the text alone.

import type { RevisionInputs } from '../api/mesh.ts'
import { kubeInjectConfig } from '../injection/kube-inject.ts'
import { readInjectConfig } from '../mesh/injectconfig.ts'
import { applyMeshConfig, defaultMeshConfig } from '../mesh/meshconfig.ts'
import { readValues } from '../mesh/values.ts'
import { isObject, type Json } from '../std/json.ts'
import { ProblemError, type Where } from '../std/problem.ts'
import { parseYaml } from '../std/yaml.ts'
import { blockLine, positionOf } from './edit/tree.ts'
import { culprit, foundText, throws } from './input/culprit.ts'

/** Where each text came from, as people know it. */
export interface Origins {
  readonly config: string
  readonly values: string
  readonly mesh: string
}

/**
 * The text of --injectConfigFile as an injection config: it may be a bare template. A text with a key `templates` that is
 * no YAML is told as such: as a template it would only fail later, and for another reason.
 */
export function configText(text: string, file: string | undefined): string {
  if (!/^templates:/m.test(text)) return kubeInjectConfig(text)
  try {
    parseYaml(text)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const where = { ...error.where, ...(file === undefined ? {} : { file }) }
    throw new ProblemError(
      'invalid-config',
      `the file is not valid YAML: ${withoutLine(error.message)}`,
      where,
    )
  }
  return kubeInjectConfig(text)
}

/** A YAML error without the place that it is told with. */
export function withoutLine(message: string): string {
  return message.replace(/^yaml: (?:line \d+: )?/, '')
}

interface Key {
  readonly origin: string
  readonly texts: readonly string[]
  readonly read: (text: string) => unknown
}

function keyOf(field: string | undefined, inputs: RevisionInputs, origins: Origins): Key {
  const { release } = inputs
  if (field === 'values') return { origin: origins.values, texts: [inputs.values], read: readValues }
  if (field !== 'mesh') return { origin: origins.config, texts: [inputs.config], read: readInjectConfig }
  const read = (text: string): unknown => applyMeshConfig(defaultMeshConfig(release), text, release)
  return { origin: origins.mesh, texts: inputs.mesh, read }
}

/** `error` with the file it is in, and the line, the field and the value as far as they can be found. */
export function settingsProblem(error: unknown, inputs: RevisionInputs, origins: Origins): unknown {
  if (!(error instanceof ProblemError)) return error
  const { object: _, field, ...rest } = error.where
  const key = keyOf(field?.split('.')[0], inputs, origins)
  const where: Where = { ...rest, file: key.origin }
  if (field?.startsWith('config.templates') === true) {
    const line = templateLine(field, rest.line, inputs.config)
    const located = {
      ...where,
      ...(line === undefined ? {} : { line }),
      field: field.slice('config.'.length),
    }
    return new ProblemError(error.code, error.message, located, error.hint)
  }
  const text = key.texts.find((each) => throws(() => key.read(each))) ?? ''
  const found = foundIn(text, key.read, error.message)
  return new ProblemError(error.code, error.message, { ...where, ...found?.where }, found?.hint ?? error.hint)
}

interface Found {
  readonly where: Where
  readonly hint?: string
}

function foundIn(text: string, read: (text: string) => unknown, message: string): Found | undefined {
  let data: Json
  try {
    data = parseYaml(text)
  } catch (error) {
    return error instanceof ProblemError ? { where: error.where } : undefined
  }
  if (!isObject(data)) return undefined
  const path = culprit(data, (candidate) => throws(() => read(JSON.stringify(candidate))))
  if (path.length === 0) return undefined
  const hint = foundText(message, data, path)
  return { where: positionOf(text, path), ...(hint === undefined ? {} : { hint }) }
}

/** The line of the file, for a line of a template that stands in it as a literal block. */
function templateLine(field: string, line: number | undefined, config: string): number | undefined {
  const name = /^config\.templates\[(".*")\]$/.exec(field)?.[1]
  if (name === undefined || line === undefined) return undefined
  const start = blockLine(config, ['templates', JSON.parse(name) as string])
  return start === undefined ? undefined : start + line
}
