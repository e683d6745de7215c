// Vector family `meshconfig`: mesh texts onto the built-in defaults, and effective ProxyConfigs with the custom
// resources of the folder. Also the rows of units/image.jsonl, for the runner of that family.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { InjectConfig, Message } from '../../../src/api/mesh.ts'
import { NEWEST } from '../../../src/api/release.ts'
import { templateCompiler } from '../../../src/injection/compile.ts'
import { proxyImage } from '../../../src/mesh/image.ts'
import { applyMeshConfig, defaultMeshConfig } from '../../../src/mesh/meshconfig.ts'
import { MESH_CONFIG, PROXY_CONFIG } from '../../../src/mesh/proto.ts'
import { JsonError } from '../../../src/mesh/proto-read.ts'
import { messageJson, writeMessage } from '../../../src/mesh/proto-write.ts'
import { cleanProxyConfig, effectiveProxyConfig, kubeInjectMesh } from '../../../src/mesh/proxyconfig.ts'
import { readProxyConfigResource } from '../../../src/mesh/proxyconfig-resource.ts'
import { buildRevision } from '../../../src/mesh/snapshot.ts'
import { readValues } from '../../../src/mesh/values.ts'
import { equalJson, type Json, type JsonObject } from '../../../src/std/json.ts'
import { ProblemError } from '../../../src/std/problem.ts'
import { type Family, type FileReport, type Outcome, readLines, runCases } from '../outcome.ts'

interface MeshRow {
  id: string
  mesh: string
  expect: { meshConfig?: Json; error?: string }
}

interface ProxyRow {
  id: string
  mesh: string
  annotation: string | null
  namespace: string
  labels: Record<string, string>
  expect: { proxyConfig: Json; cleaned: string; kubeInject?: Json; kubeInjectError?: string }
}

function differs(what: string, got: unknown, want: unknown): string | undefined {
  if (equalJson(got, want)) return undefined
  return `${what}\n  want ${JSON.stringify(want)}\n  got  ${JSON.stringify(got)}`
}

function checkMesh(row: MeshRow): string | undefined {
  let mesh: Message
  try {
    mesh = applyMeshConfig(defaultMeshConfig(NEWEST), row.mesh, NEWEST)
  } catch (error) {
    if (row.expect.error !== undefined) return undefined
    throw error
  }
  if (row.expect.error !== undefined) return `no error, want ${row.expect.error}`
  return differs('meshConfig', messageJson(MESH_CONFIG, mesh), row.expect.meshConfig)
}

function checkKubeInject(
  row: ProxyRow,
  mesh: Message,
  annotations: Record<string, string>,
): string | undefined {
  if (row.expect.kubeInject === undefined && row.expect.kubeInjectError === undefined) return undefined
  try {
    const changed = kubeInjectMesh(mesh, annotations, NEWEST)['defaultConfig'] as Message
    if (row.expect.kubeInjectError !== undefined) return `no error, want ${row.expect.kubeInjectError}`
    return differs('kubeInject', messageJson(PROXY_CONFIG, changed), row.expect.kubeInject)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    return row.expect.kubeInjectError === undefined ? `kubeInject: ${error.message}` : undefined
  }
}

function readResources(dir: string) {
  const path = join(dir, 'proxyconfig-crs.json')
  const objects = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Json[]) : []
  return objects.flatMap((object) => readProxyConfigResource(object) ?? [])
}

function proxyReport(dir: string): FileReport {
  const resources = readResources(dir)
  const outcomes = runCases(readLines<ProxyRow>(join(dir, 'proxyconfig.jsonl')), (row) => {
    const annotations: Record<string, string> = {}
    if (row.annotation !== null) annotations['proxy.istio.io/config'] = row.annotation
    const mesh = applyMeshConfig(defaultMeshConfig(NEWEST), row.mesh, NEWEST)
    const { namespace, labels } = row
    const config = effectiveProxyConfig({ mesh, annotations, labels, namespace, resources, release: NEWEST })
    const cleaned = writeMessage(PROXY_CONFIG, cleanProxyConfig(config, NEWEST))
    return (
      differs('proxyConfig', messageJson(PROXY_CONFIG, config), row.expect.proxyConfig) ??
      differs('cleaned', cleaned, row.expect.cleaned) ??
      checkKubeInject(row, mesh, annotations)
    )
  })
  return { file: 'proxyconfig.jsonl', outcomes }
}

export const run: Family = (dir) => {
  const reports: FileReport[] = []
  const mesh = join(dir, 'mesh.jsonl')
  if (existsSync(mesh)) {
    reports.push({ file: 'mesh.jsonl', outcomes: runCases(readLines<MeshRow>(mesh), checkMesh) })
  }
  if (existsSync(join(dir, 'proxyconfig.jsonl'))) reports.push(proxyReport(dir))
  return reports
}

interface ImageRow {
  id: string
  values?: Json
  valuesText?: string
  proxyConfigImageType?: string
  annotations: Record<string, string>
  expect: { image?: string; error?: string }
}

function imageOf(row: ImageRow): { image: string } | { error: string } {
  try {
    const values = readValues(row.valuesText ?? JSON.stringify(row.values))
    const type = row.proxyConfigImageType
    const proxyConfig = type === undefined ? {} : { image: { imageType: type } }
    return { image: proxyImage(values, proxyConfig, row.annotations, NEWEST) }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return { error: error.message }
  }
}

/** Rows of units/image.jsonl; errors are compared exactly. */
export function imageRows(path: string): Outcome[] {
  return runCases(readLines<ImageRow>(path), (row) => differs('image', imageOf(row), row.expect))
}

interface ConfigRow {
  id: string
  yaml: string
  expect: { config?: JsonObject; error?: string }
}

/** Null and missing lists and maps are one thing in our config. */
function filled(config: JsonObject): JsonObject {
  const aliases = Object.entries((config['aliases'] ?? {}) as JsonObject)
  return {
    ...config,
    aliases: Object.fromEntries(aliases.map(([name, list]) => [name, list ?? []])),
    neverInjectSelector: config['neverInjectSelector'] ?? [],
    alwaysInjectSelector: config['alwaysInjectSelector'] ?? [],
    injectedAnnotations: config['injectedAnnotations'] ?? {},
  }
}

function configOf(text: string): { config: InjectConfig } | { error: string } {
  try {
    const inputs = { revision: 'default', release: NEWEST, env: {}, config: text, values: '', mesh: [] }
    return { config: buildRevision(inputs, templateCompiler({}, NEWEST)).config }
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return { error: error.message }
  }
}

/** yaml/config.jsonl: key `config`, its templates compiled with the functions of the injector. */
export function configReport(dir: string): FileReport {
  const file = 'config.jsonl'
  const outcomes = runCases(readLines<ConfigRow>(join(dir, file)), (row) => {
    const got = configOf(row.yaml)
    if (row.expect.config === undefined)
      return 'error' in got ? undefined : `no error, want ${row.expect.error}`
    return differs('config', got, { config: filled(row.expect.config) })
  })
  return { file, outcomes }
}
