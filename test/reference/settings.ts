// Settings folders of the reference data as revisions: config.yaml, values.json and mesh.yaml, read once each.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RevisionInputs } from '../../src/api/mesh.ts'
import { templateCompiler } from '../../src/injection/compile.ts'
import { buildRevision, type RevisionSettings } from '../../src/mesh/snapshot.ts'
import { isObject, type JsonObject, setOwn } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'

export interface SettingsTexts {
  readonly config: string
  readonly values: string
  readonly mesh: readonly string[]
}

export function readTexts(folder: string): SettingsTexts {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return { config: read('config.yaml'), values: read('values.json'), mesh: [read('mesh.yaml')] }
}

const built = new Map<string, RevisionSettings>()

/** The revision of `inputs`, its templates replaced by those in folder `templates` where that has files of their names. */
export function revisionOf(inputs: RevisionInputs, templates?: string): RevisionSettings {
  const key = JSON.stringify([inputs, templates])
  const known = built.get(key)
  if (known !== undefined) return known
  const config = templates === undefined ? inputs.config : withTemplates(inputs.config, templates)
  const made = buildRevision({ ...inputs, config }, templateCompiler(inputs.env, inputs.release))
  built.set(key, made)
  return made
}

function withTemplates(text: string, folder: string): string {
  const config = parseYaml(text)
  if (!isObject(config) || !isObject(config['templates'])) return text
  const templates: JsonObject = { ...config['templates'] }
  for (const file of readdirSync(folder)) {
    const name = file.replace(/\.[^.]*$/, '')
    if (Object.hasOwn(templates, name)) setOwn(templates, name, readFileSync(join(folder, file), 'utf8'))
  }
  return JSON.stringify({ ...config, templates })
}

/** True when a folder holds settings. */
export function hasSettings(folder: string): boolean {
  return existsSync(join(folder, 'config.yaml'))
}
