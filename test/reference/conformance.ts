// Runs a conformance corpus: `node test/reference/conformance.ts [--builtin-templates] DIR`. Golden cases as
// kube-inject and as webhook, and the unit tables where DIR has them. Layout and rules: README.md of the corpus.
// It knows no case by name. One line a failing case with a diff, last line `N passed, N failed`.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { ClusterView, NamespaceInfo, NodeVersion } from '../../src/api/mesh.ts'
import { atLeast, parseRelease, type Release } from '../../src/api/release.ts'
import { builtinTemplates } from '../../src/config/builtin.ts'
import { kubeInject, kubeInjectConfig } from '../../src/injection/kube-inject.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import { POD } from '../../src/patch/schema.ts'
import { decode } from '../../src/patch/typed.ts'
import { equalJson, isObject, type Json } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { answer } from './answer.ts'
import { jsonDiff, textDiff } from './compare.ts'
import { normalise, sameDocuments } from './normalise.ts'
import type { FileReport, Outcome } from './outcome.ts'
import { readTexts, revisionOf, stockTemplates } from './settings.ts'
import { runUnits } from './unit-tables.ts'

export interface Case {
  readonly name: string
  readonly istioVersion: string
  readonly settings: string
  readonly env: Record<string, string>
  readonly cluster: {
    readonly access: boolean
    readonly id: string
    readonly nodes: readonly NodeVersion[]
    readonly namespaces: readonly NamespaceInfo[]
  }
  readonly kubeInject: { readonly revision: string; readonly configFormat: string } | null
  readonly webhook: {
    readonly revision: string
    readonly urlPath: string
    readonly documents: readonly {
      readonly index: number
      readonly requestNamespace: string
      readonly injected: boolean
    }[]
  } | null
  readonly expectError: string | null
  readonly expectWarning: string | null
}

export interface ConformanceOptions {
  /** Runs stock settings with our own templates in place of Istio's. */
  readonly builtinTemplates?: boolean
}

/** Runs all cases and unit tables of a corpus. */
export async function run(dir: string, options: ConformanceOptions = {}): Promise<FileReport[]> {
  const replaced =
    options.builtinTemplates === true ? stockTemplates(join(dir, 'settings'), builtinTemplates()) : undefined
  const outcomes = caseNames(dir).flatMap((name) => runCase(dir, name, replaced))
  const reports = [{ file: 'cases', outcomes }]
  const units = join(dir, 'units')
  return existsSync(units) ? [...reports, ...(await runUnits(dir))] : reports
}

/** Case `name` of the corpus `dir`. */
export function readCase(dir: string, name: string, replaced?: Setup['replaced']): Setup {
  const folder = join(dir, 'cases', name)
  const file = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as Case
  const release = parseRelease(file.istioVersion)
  if (release === undefined) throw new Error(`unknown release ${file.istioVersion} in case ${name}`)
  return { dir, folder, file, release, replaced }
}

/** Names of the cases of the corpus `dir`, sorted. */
export function caseNames(dir: string): string[] {
  const cases = join(dir, 'cases')
  return readdirSync(cases)
    .filter((name) => existsSync(join(cases, name, 'case.json')))
    .sort()
}

function runCase(dir: string, name: string, replaced: Setup['replaced']): Outcome[] {
  const setup = readCase(dir, name, replaced)
  const { file } = setup
  const outcomes: Outcome[] = []
  if (file.kubeInject !== null) outcomes.push(outcome(`${name} kube-inject`, () => checkKubeInject(setup)))
  for (const document of file.webhook?.documents ?? []) {
    outcomes.push(outcome(`${name} webhook[${document.index}]`, () => checkWebhook(setup, document)))
  }
  return outcomes
}

export interface Setup {
  readonly dir: string
  readonly folder: string
  readonly file: Case
  readonly release: Release
  /** Stock template text → the text that is run in its place. */
  readonly replaced: ReadonlyMap<string, string> | undefined
}

function outcome(id: string, check: () => string | undefined): Outcome {
  try {
    const detail = check()
    return detail === undefined ? { id, ok: true } : { id, ok: false, detail }
  } catch (error) {
    return { id, ok: false, detail: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

/** The settings of a case as revision `revision`. */
export function settingsOf(setup: Setup, revision: string): RevisionSettings {
  const { dir, file, release, replaced } = setup
  const texts = readTexts(join(dir, 'settings', file.settings))
  const config =
    file.kubeInject?.configFormat === 'inline-template' ? kubeInjectConfig(texts.config) : texts.config
  return revisionOf({ revision, release, env: file.env, ...texts, config }, replaced)
}

export function clusterOf(file: Case): ClusterView {
  const { access, id, nodes, namespaces } = file.cluster
  return {
    access,
    id,
    nodes,
    namespaces: Object.fromEntries(namespaces.map((namespace) => [namespace.name, namespace])),
    proxyConfigs: [],
  }
}

const OLD_STATUS = /sidecar\.istio\.io\/status: '\{"version":"([0-9a-f]+)",/g

function checkKubeInject(setup: Setup): string | undefined {
  const { file, folder } = setup
  const settings = settingsOf(setup, file.kubeInject?.revision ?? '')
  const input = readFileSync(join(folder, 'input.yaml'), 'utf8')
  const params = { settings, cluster: clusterOf(file), structure: 'refuse' } as const
  let result: ReturnType<typeof kubeInject>
  try {
    result = kubeInject(input, params)
  } catch (error) {
    if (!(error instanceof ProblemError) || file.expectError === null) throw error
    if (error.message.toLowerCase().includes(file.expectError)) return undefined
    return `want an error with ${JSON.stringify(file.expectError)}\n got ${JSON.stringify(error.message)}`
  }
  if (file.expectError !== null) return `want an error with ${JSON.stringify(file.expectError)}, got none`
  const { expectWarning } = file
  if (expectWarning !== null && !result.warnings.some((warning) => warning.includes(expectWarning))) {
    return `want a warning with ${JSON.stringify(expectWarning)}\n got ${JSON.stringify(result.warnings)}`
  }
  const want = readFileSync(join(folder, 'expected.yaml'), 'utf8').trim()
  const got = result.output.replaceAll(OLD_STATUS, `sidecar.istio.io/status: '{"version":"",`).trim()
  // Up to 1.27 the printed text carries zero timestamps and the types of an older Kubernetes.
  if (!atLeast(setup.release, 28)) return sameDocuments(want, got)
  return got === want ? undefined : textDiff(want, got)
}

function checkWebhook(
  setup: Setup,
  document: { readonly index: number; readonly requestNamespace: string; readonly injected: boolean },
): string | undefined {
  const { file, folder } = setup
  const read = (kind: string): Json =>
    JSON.parse(readFileSync(join(folder, 'webhook', `${document.index}.${kind}.json`), 'utf8')) as Json
  const got = answer({
    settings: settingsOf(setup, file.webhook?.revision ?? 'default'),
    cluster: clusterOf(file),
    review: reviewOf(read('pod'), document.requestNamespace),
    path: `/inject${file.webhook?.urlPath ?? ''}`,
    compat: 'istio',
    structure: 'refuse',
  })
  if (!got.allowed) return `want an allowed review, got: ${got.message}`
  if (got.injected !== document.injected) return `want injected ${document.injected}, got ${got.injected}`
  const want = withoutZeroTime(read('expected'))
  const normal = normalise(decode(POD, got.final))
  return equalJson(want, normal) ? undefined : jsonDiff(want, normal)
}

/** Up to 1.27 zero timestamps are encoded, as null. */
function withoutZeroTime(pod: Json): Json {
  if (!isObject(pod) || !isObject(pod['metadata'])) return pod
  const { creationTimestamp, ...metadata } = pod['metadata']
  return creationTimestamp === null ? { ...pod, metadata } : pod
}

function reviewOf(object: Json, namespace: string) {
  const request = { uid: 'uid', operation: 'CREATE', namespace, object }
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }
}

/** Prints reports and returns how many outcomes failed. */
export function printReports(reports: readonly FileReport[]): number {
  let passed = 0
  let failed = 0
  for (const report of reports) {
    const bad = report.outcomes.filter((item) => !item.ok)
    passed += report.outcomes.length - bad.length
    failed += bad.length
    process.stdout.write(
      `${report.file}: ${report.outcomes.length - bad.length} passed, ${bad.length} failed\n`,
    )
    for (const item of bad) {
      process.stdout.write(`  ${item.id}\n    ${(item.detail ?? '').replaceAll('\n', '\n    ')}\n`)
    }
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { 'builtin-templates': { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const [dir] = positionals
  if (dir === undefined || !existsSync(join(dir, 'cases'))) {
    process.stderr.write('error: conformance needs a corpus folder\nhint: npm run -s conformance -- DIR\n')
    return 2
  }
  return printReports(await run(dir, { builtinTemplates: values['builtin-templates'] })) === 0 ? 0 : 1
}

if (resolve(process.argv[1] ?? '') === import.meta.filename) process.exitCode = await main()
