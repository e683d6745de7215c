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

/** Template texts by name. */
export type Templates = Readonly<Record<string, string>>

/** The revision of `inputs`; every template whose text stands in `replaced` gets the text it maps to. */
export function revisionOf(inputs: RevisionInputs, replaced?: ReadonlyMap<string, string>): RevisionSettings {
  const key = JSON.stringify([inputs, replaced !== undefined])
  const known = built.get(key)
  if (known !== undefined) return known
  const config = replaced === undefined ? inputs.config : withTemplates(inputs.config, replaced)
  const made = buildRevision({ ...inputs, config }, templateCompiler(inputs.env, inputs.release))
  built.set(key, made)
  return made
}

function templatesOf(config: string): JsonObject {
  const read = parseYaml(config)
  const templates = isObject(read) ? read['templates'] : undefined
  return isObject(templates) ? templates : {}
}

function withTemplates(text: string, replaced: ReadonlyMap<string, string>): string {
  const config = parseYaml(text)
  if (!isObject(config) || !isObject(config['templates'])) return text
  const templates: JsonObject = {}
  for (const [name, template] of Object.entries(config['templates'])) {
    setOwn(templates, name, replaced.get(String(template)) ?? template)
  }
  return JSON.stringify({ ...config, templates })
}

/**
 * Stock text → the text of `own` for that name. Stock is what the most settings folders of a corpus have under a name:
 * settings with templates of their own keep them.
 */
export function stockTemplates(dir: string, own: Templates): Map<string, string> {
  const folders = readdirSync(dir).map((name) => join(dir, name))
  const all = folders.filter(hasSettings).map((folder) => templatesOf(readTexts(folder).config))
  const replaced = new Map<string, string>()
  for (const [name, text] of Object.entries(own)) {
    const counts = new Map<string, number>()
    for (const templates of all) {
      const stock = templates[name]
      if (typeof stock === 'string') counts.set(stock, (counts.get(stock) ?? 0) + 1)
    }
    const [most] = [...counts].sort((a, b) => b[1] - a[1])
    if (most !== undefined) replaced.set(most[0], text)
  }
  return replaced
}

/** True when a folder holds settings. */
export function hasSettings(folder: string): boolean {
  return existsSync(join(folder, 'config.yaml'))
}
