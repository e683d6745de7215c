// Command `template lint`: finds what is wrong with an injection config and its templates before a pod does: syntax,
// unknown functions, names that no template has, invalid selectors, and templates that fail on a plain pod.

import type { InjectConfig } from '../../api/mesh.ts'
import { TemplateError } from '../../gotemplate/template.ts'
import { templateCompiler } from '../../injection/compile.ts'
import { readInjectConfig } from '../../mesh/injectconfig.ts'
import { validateSelector } from '../../mesh/selector.ts'
import type { RevisionSettings } from '../../mesh/snapshot.ts'
import { type Json, own } from '../../std/json.ts'
import { ProblemError, type Where } from '../../std/problem.ts'
import { blockLine, positionOf } from '../edit/tree.ts'
import type { SettingsFlags } from '../flags.ts'
import { type InjectContext, injectPlace } from '../inject/place.ts'
import { EXIT, Exit, type Io } from '../io.ts'
import { type DataFormat, printData } from '../output.ts'
import { problemText, warn } from '../print.ts'
import { loadInputs, proven, type Settings } from '../settings.ts'
import { settingsProblem } from '../settings-problem.ts'
import { SAMPLE_PLACE } from './sample.ts'

export interface TemplateLintFlags extends SettingsFlags {
  readonly output: DataFormat
}

export async function templateLintCommand(io: Io, flags: TemplateLintFlags): Promise<void> {
  const inputs = await loadInputs(io, flags)
  for (const note of inputs.notes) warn(io, note)
  const problems = findings(inputs, flags)
  const data = problems.map(({ code, message, where }) => ({ code, message, where }))
  const text = problems.map(problemText).join('')
  const clean = `${inputs.origins.config}: no problem found\n`
  await printData(io, flags.output, data as unknown as Json, problems.length === 0 ? clean : text)
  if (problems.length > 0) throw new Exit(EXIT.findings)
}

type Inputs = Omit<Settings, 'revision'>

function findings(loaded: Inputs, flags: TemplateLintFlags): ProblemError[] {
  const { inputs, origins } = loaded
  let config: InjectConfig
  try {
    config = readInjectConfig(inputs.config)
  } catch (error) {
    return [problemIn(settingsProblem(error, inputs, origins), {})]
  }
  const at: Locate = (path) => ({ file: origins.config, ...positionOf(inputs.config, path) })
  const static_ = [
    ...syntaxProblems(loaded, config),
    ...nameProblems(config, at),
    ...selectorProblems(config, at),
    ...policyProblems(config, at),
  ]
  if (static_.length > 0) return static_
  try {
    return trialProblems(loaded, proven(inputs, origins), flags)
  } catch (error) {
    return [problemIn(error, {})]
  }
}

function problemIn(error: unknown, where: Where): ProblemError {
  if (!(error instanceof ProblemError)) throw error
  return new ProblemError(error.code, error.message, { ...error.where, ...where }, error.hint)
}

/** The place in the file of a line of a template, where the template is a literal block in it or the file itself. */
function placeOf(loaded: Inputs, name: string, line: number, column: number): Where {
  const file = loaded.origins.config
  const start = blockLine(loaded.inputs.config, ['templates', name])
  const at = { file, object: `template ${name}` }
  return start === undefined ? { ...at, line, column } : { ...at, line: start + line, column }
}

function syntaxProblems(loaded: Inputs, config: InjectConfig): ProblemError[] {
  const compile = templateCompiler(loaded.inputs.env, loaded.inputs.release)
  return Object.entries(config.templates).flatMap(([name, text]) => {
    try {
      compile(name, text)
      return []
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      const where = placeOf(loaded, name, error.line, error.column)
      return [new ProblemError('invalid-template', error.message, where, error.frame())]
    }
  })
}

/** The place in the file of what stands at a path of the config. */
type Locate = (path: readonly (string | number)[]) => Where

function nameProblems(config: InjectConfig, at: Locate): ProblemError[] {
  const known = Object.keys(config.templates)
  const uses = [
    ...config.defaultTemplates.map((name, i) => ({ name, path: ['defaultTemplates', i] })),
    ...Object.entries(config.aliases).flatMap(([alias, names]) =>
      names.map((name, i) => ({ name, path: ['aliases', alias, i] })),
    ),
  ]
  return uses
    .filter(
      ({ name, path }) => !known.includes(name) && !(path[0] === 'defaultTemplates' && isAlias(config, name)),
    )
    .map(({ name, path }) => {
      const message = `template "${name}" does not exist, known are ${known.join(', ') || 'none'}`
      return new ProblemError('invalid-config', message, at(path))
    })
}

const isAlias = (config: InjectConfig, name: string): boolean => Object.hasOwn(config.aliases, name)

function selectorProblems(config: InjectConfig, at: Locate): ProblemError[] {
  return (['neverInjectSelector', 'alwaysInjectSelector'] as const).flatMap((list) =>
    config[list].flatMap((selector, i) =>
      validateSelector(selector, `${list}[${i}]`).map(
        (message) => new ProblemError('invalid-config', message, at([list, i])),
      ),
    ),
  )
}

function policyProblems(config: InjectConfig, at: Locate): ProblemError[] {
  if (config.policy === 'enabled' || config.policy === 'disabled') return []
  const message = `policy is "${config.policy}", expected "enabled" or "disabled": nothing would be injected`
  return [new ProblemError('invalid-config', message, at(['policy']))]
}

/** Templates that pods get without asking by name, tried on a plain pod one by one. */
function trialProblems(loaded: Inputs, settings: RevisionSettings, flags: TemplateLintFlags): ProblemError[] {
  const { config } = settings
  const aliased = Object.values(config.aliases).flat()
  const defaults = config.defaultTemplates.flatMap((name) => own(config.aliases, name) ?? [name])
  return [...new Set([...defaults, ...aliased])].flatMap((name) => {
    const single = { ...settings, config: { ...config, defaultTemplates: [name], aliases: {} } }
    const { compat, structure } = flags
    const context: InjectContext = {
      settings: single,
      cluster: loaded.cluster,
      envPairs: {},
      compat,
      structure,
    }
    try {
      injectPlace(SAMPLE_PLACE, 'default', context)
      return []
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      const { line, column } = error.where
      const where =
        line === undefined || error.code !== 'template-failed'
          ? { file: loaded.origins.config, object: `template ${name}` }
          : placeOf(loaded, name, line, column ?? 1)
      return [new ProblemError(error.code, `on a plain pod: ${error.message}`, where, error.hint)]
    }
  })
}
