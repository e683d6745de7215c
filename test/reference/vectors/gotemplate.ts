// Vectors of the template engine and its functions (gotemplate/cases.jsonl): output exact, errors by phase.
// Every case is parsed with all functions of the injector, as a template of its configuration is.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pod } from '../../../src/api/kube.ts'
import type { Message } from '../../../src/api/mesh.ts'
import { NEWEST } from '../../../src/api/release.ts'
import { TemplateError } from '../../../src/gotemplate/error.ts'
import { parseTemplate } from '../../../src/gotemplate/template.ts'
import type { GoValue } from '../../../src/gotemplate/value.ts'
import { templateData } from '../../../src/injection/template/data.ts'
import { templateFuncs } from '../../../src/injection/template/funcs.ts'
import { applyMeshConfig, defaultMeshConfig } from '../../../src/mesh/meshconfig.ts'
import { applyProxyConfig } from '../../../src/mesh/proxyconfig.ts'
import { settle } from '../../../src/std/bytes.ts'
import type { JsonObject } from '../../../src/std/json.ts'
import { type Family, type Outcome, readLines, runCases } from '../outcome.ts'

interface PodRoot {
  pod: Pod
  typeMeta: { kind: string; apiVersion: string }
  deploymentMeta: { name: string; namespace: string }
  values: JsonObject
  mesh?: string
  proxyConfig?: string
  revision: string
  nativeSidecars: boolean
  proxyImage: string
  proxyUID: number
  proxyGID: number
  inboundTrafficPolicyMode: string
  compliancePolicy: string
}

interface Case {
  id: string
  category: string
  level: 'core' | 'common' | 'rare'
  template?: string
  templateFile?: string
  root: 'json' | 'pod'
  data?: unknown
  env?: Record<string, string>
  missingkey?: 'default' | 'zero' | 'error'
  expect: { output?: string; error?: string; phase?: 'parse' | 'exec' }
}

function podRoot(data: PodRoot): GoValue {
  const { mesh: meshText, proxyConfig: proxyText, ...rest } = data
  const builtIn = defaultMeshConfig(NEWEST)
  const mesh = meshText === undefined ? builtIn : applyMeshConfig(builtIn, meshText)
  const base = mesh['defaultConfig'] as Message
  const proxyConfig = proxyText === undefined ? base : applyProxyConfig(base, proxyText)
  return templateData({ ...rest, mesh, proxyConfig, release: NEWEST })
}

interface Result {
  output?: string
  error?: TemplateError
}

function execute(dir: string, row: Case): Result {
  const text = row.template ?? readFileSync(join(dir, row.templateFile ?? ''), 'utf8')
  const options = row.missingkey === undefined ? {} : { missingkey: row.missingkey }
  try {
    const template = parseTemplate('inject', text, templateFuncs(row.env ?? {}, NEWEST), options)
    const root = row.root === 'pod' ? podRoot(row.data as PodRoot) : ((row.data ?? null) as GoValue)
    // A JSON file cannot hold bytes outside UTF-8: the reference has U+FFFD in their place.
    return { output: settle(template.execute(root).text, '\ufffd') }
  } catch (error) {
    if (error instanceof TemplateError) return { error }
    throw error
  }
}

function check(dir: string, row: Case): string | undefined {
  const { output, error } = execute(dir, row)
  if (error?.code === 'refused-function') return undefined
  const { expect } = row
  if (expect.output === undefined) {
    if (error?.phase === expect.phase) return undefined
    return `want ${expect.phase} error: ${expect.error}\ngot ${error?.message ?? JSON.stringify(output)}`
  }
  if (output === expect.output) return undefined
  return `want ${JSON.stringify(expect.output)}\ngot ${error?.message ?? JSON.stringify(output)}`
}

export const run: Family = (dir) => {
  const cases = readLines<Case>(join(dir, 'cases.jsonl'))
  const rare = new Set(cases.filter((row) => row.level === 'rare').map((row) => row.id))
  const outcomes = runCases(cases, (row) => check(dir, row))
  return [
    {
      file: 'gotemplate/cases.jsonl',
      outcomes: outcomes.map(
        (outcome): Outcome => (rare.has(outcome.id) ? { ...outcome, rare: true } : outcome),
      ),
    },
  ]
}
