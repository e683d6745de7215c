// The built-in template set as the texts of Istio's ConfigMap keys: what is used when no injector configuration is given.
// Reads the files of templates/ (beside the sources, or beside the shipped bundle) and nothing else.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Texts of keys `config` and `values` (ConfigMap istio-sidecar-injector) and `mesh` (ConfigMap istio). */
export interface BuiltinTexts {
  readonly config: string
  readonly values: string
  readonly mesh: string
}

export const BUILTIN_TEMPLATES = ['sidecar', 'gateway', 'grpc-agent', 'grpc-simple'] as const

/** From src/config, from dist, and from dist/chunks. */
const CANDIDATES = ['../../templates', 'templates', '../templates']

function builtinFolder(): string {
  const folders = CANDIDATES.map((path) => join(import.meta.dirname, path))
  const found = folders.find((folder) => existsSync(join(folder, 'sidecar.tmpl')))
  if (found === undefined)
    throw new Error(
      `the built-in templates are missing: no templates/sidecar.tmpl beside ${import.meta.dirname}`,
    )
  return found
}

/** Text of each built-in template by name. Shared parts come last, so that lines of a template are those of its file. */
export function builtinTemplates(): Record<string, string> {
  const folder = builtinFolder()
  const shared = readFileSync(join(folder, 'shared.tmpl'), 'utf8')
  return Object.fromEntries(
    BUILTIN_TEMPLATES.map((name) => [name, readFileSync(join(folder, `${name}.tmpl`), 'utf8') + shared]),
  )
}

export function readBuiltin(): BuiltinTexts {
  const folder = builtinFolder()
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  // A JSON object is a flow mapping of YAML, so the templates need no quoting of their own.
  const templates = `templates: ${JSON.stringify(builtinTemplates())}\n`
  return { config: read('config.yaml') + templates, values: read('values.yaml'), mesh: read('mesh.yaml') }
}
