// Runs generated reviews against the answers of Istio's own handler: `node test/reference/differential.ts DIR`.
// Format and rules: README.md of the folder. Each request is answered with the structure guard off and on, and once more by
// the fast path after it has met all requests, in the very bytes of the plain pipeline.
// It knows no request by name. A diff for each failing request, last line `N passed, N failed` over all runs.

import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createKnownReviews } from '../../src/admission/known-reviews.ts'
import { encodeReview } from '../../src/admission/respond.ts'
import type { ClusterView, NamespaceInfo, NodeVersion } from '../../src/api/mesh.ts'
import { NEWEST } from '../../src/api/release.ts'
import { FastPathCache, type FastResult } from '../../src/injection/fast/cache.ts'
import { decodePod } from '../../src/injection/inject.ts'
import { readProxyConfigResource } from '../../src/mesh/proxyconfig-resource.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import { POD } from '../../src/patch/schema.ts'
import { decode } from '../../src/patch/typed.ts'
import { routeTarget } from '../../src/server/route.ts'
import { equalJson, isObject, type Json, type JsonObject } from '../../src/std/json.ts'
import { type Answer, answer } from './answer.ts'
import { jsonDiff } from './compare.ts'
import { printReports } from './conformance.ts'
import { type FileReport, type Outcome, readLines } from './outcome.ts'
import { readTexts, revisionOf } from './settings.ts'

export interface Request {
  readonly id: string
  readonly settings: string
  readonly path: string
  readonly tags: readonly string[]
  readonly review: {
    readonly request: { readonly uid: string; readonly namespace: string; readonly object: Json }
  }
}

interface Expected {
  readonly id: string
  readonly allowed: boolean
  readonly injected: boolean
  readonly message?: string
  readonly panic?: string
  readonly finalPod?: Json
  readonly base?: string
}

interface SettingsFile {
  readonly revision: string
  readonly nativeSidecars: string
  readonly clusterID: string
  readonly nodes?: readonly NodeVersion[]
  readonly namespaces?: readonly { readonly name: string; readonly annotations?: Record<string, string> }[]
  readonly platform?: string
  readonly compliancePolicy?: string
  readonly proxyConfigs?: readonly JsonObject[]
}

export interface Setup {
  readonly settings: RevisionSettings
  readonly cluster: ClusterView
}

/** Settings folder of the requests as a revision, and the cluster that goes with it. */
export function readSetup(folder: string): Setup {
  const file = JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8')) as SettingsFile
  const env = {
    ENABLE_NATIVE_SIDECARS: file.nativeSidecars,
    PLATFORM: file.platform ?? '',
    COMPLIANCE_POLICY: file.compliancePolicy ?? '',
  }
  const namespaces = (file.namespaces ?? []).map(({ name, annotations = {} }): [string, NamespaceInfo] => [
    name,
    { name, labels: {}, annotations },
  ])
  return {
    settings: revisionOf({ revision: file.revision, release: NEWEST, env, ...readTexts(folder) }),
    cluster: {
      access: true,
      id: file.clusterID,
      nodes: file.nodes ?? [],
      namespaces: Object.fromEntries(namespaces),
      proxyConfigs: (file.proxyConfigs ?? []).flatMap((object) => readProxyConfigResource(object) ?? []),
    },
  }
}

type Mode = 'refuse' | 'istio'

function check(request: Request, want: Expected, setup: Setup, structure: Mode): string | undefined {
  const { review } = request
  const target = routeTarget(request.path)
  const path = target.kind === 'inject' ? target.path : request.path
  const got = answer({ ...setup, review, path, compat: 'istio', structure })
  if (got.uid !== review.request.uid) return `want uid ${review.request.uid}, got ${got.uid}`
  if (want.panic !== undefined) return got.allowed ? `want a refusal (Istio: ${want.panic})` : undefined
  const problem = compare(request, want, got)
  const mayRefuse = structure === 'refuse' && request.tags.includes('odd-annotation')
  return problem !== undefined && mayRefuse && !got.allowed ? undefined : problem
}

function compare(request: Request, want: Expected, got: Answer): string | undefined {
  if (want.allowed !== got.allowed) {
    return `want allowed ${want.allowed} ${want.message ?? ''}\n got ${got.allowed} ${got.message}`
  }
  if (!want.allowed) return compareMessages(want.message ?? '', got.message)
  if (want.injected !== got.injected) return `want injected ${want.injected}, got ${got.injected}`
  if (want.finalPod === undefined) return undefined
  const form = formOf(request, want)
  const [left, right] = [want.finalPod, got.final].map((pod) => withoutNulls(form(pod)))
  return equalJson(left, right) ? undefined : jsonDiff(left, right)
}

/** What both sides are brought into: as they are, typed, or typed as the base of Istio's patch is. */
function formOf(request: Request, want: Expected): (pod: Json) => Json {
  if (want.base === 'reencoded') {
    return (pod) => decodePod(pod, request.review.request.namespace) as unknown as Json
  }
  return request.tags.includes('form:raw') ? (pod) => decode(POD, pod) : (pod) => pod
}

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  const members = Object.entries(value).filter(([, item]) => item !== null)
  return Object.fromEntries(members.map(([key, item]) => [key, withoutNulls(item)]))
}

const EXACT = [
  /^failed to run injection template: \d+ errors? occurred:/,
  /^failed to run injection template: requested template /,
]

/** Texts of validation and template selection are compared in full, others up to the first `: `. */
function compareMessages(want: string, got: string): string | undefined {
  const exact = EXACT.some((pattern) => pattern.test(want))
  const same = exact ? ordered(want) === ordered(got) : want.split(': ')[0] === got.split(': ')[0]
  return same ? undefined : `want ${JSON.stringify(want)}\n got ${JSON.stringify(got)}`
}

/** Several errors in one order. */
function ordered(text: string): string {
  const [head = '', ...errors] = text.split('\n\t* ')
  return [head, ...errors.map((error) => error.trimEnd()).sort()].join('\n\t* ')
}

/** Runs all requests of a folder in both structure modes. */
export function run(dir: string): FileReport[] {
  const requests = readLines<Request>(join(dir, 'requests.jsonl'))
  const answers = new Map(readLines<Expected>(join(dir, 'answers.jsonl')).map((row) => [row.id, row]))
  const setups = new Map<string, Setup>()
  const setupOf = (name: string): Setup => {
    const known = setups.get(name) ?? readSetup(join(dir, 'settings', name))
    setups.set(name, known)
    return known
  }
  const plain = (['istio', 'refuse'] as const).map((structure) => ({
    file: `structure ${structure}`,
    outcomes: requests.map((request) => judge(request, answers.get(request.id), setupOf, structure)),
  }))
  return [...plain, runFast(requests, setupOf)]
}

/** Answers all requests until the fast path knows them, then compares its answers with the plain pipeline's. */
function runFast(requests: readonly Request[], setupOf: (name: string) => Setup): FileReport {
  const counts: Record<FastResult, number> = { hit: 0, build: 0, fallback: 0, mismatch: 0 }
  const fastPath = new FastPathCache({
    now: () => 0,
    count: (result) => {
      counts[result]++
    },
    limits: { entries: 10_000, bytes: 1 << 30, buildsPerSecond: 100_000 },
  })
  const knownReviews = createKnownReviews({ limits: { readPerLearnt: 1 } })
  const responses = (request: Request, isFast: boolean): string => {
    const target = routeTarget(request.path)
    const path = target.kind === 'inject' ? target.path : request.path
    const { review } = request
    const setup = setupOf(request.settings)
    const fast = isFast ? { fast: { fastPath, knownReviews } } : {}
    const got = answer({ ...setup, review, path, compat: 'istio', structure: 'refuse', ...fast })
    return encodeReview(got.outcome.response).text
  }
  for (let pass = 0; pass < 2; pass++) for (const request of requests) responses(request, true)
  Object.assign(counts, { hit: 0, build: 0, fallback: 0 })
  const outcomes = requests.map((request): Outcome => {
    const id = `${request.id} ${request.settings} fast path`
    const want = responses(request, false)
    const got = responses(request, true)
    return got === want ? { id, ok: true } : { id, ok: false, detail: `want ${want}\n got ${got}` }
  })
  const { hit, build, fallback } = counts
  const share = ((100 * hit) / Math.max(1, hit + build + fallback)).toFixed(1)
  return { file: `fast path (${share} % of ${hit + build + fallback} renderings are hits)`, outcomes }
}

function judge(
  request: Request,
  want: Expected | undefined,
  setupOf: (name: string) => Setup,
  structure: Mode,
): Outcome {
  const id = `${request.id} ${request.settings}`
  if (want === undefined) return { id, ok: false, detail: 'no answer to this request' }
  try {
    const detail = check(request, want, setupOf(request.settings), structure)
    return detail === undefined ? { id, ok: true } : { id, ok: false, detail }
  } catch (error) {
    return { id, ok: false, detail: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

function main(dir: string | undefined): number {
  if (dir === undefined || !existsSync(join(dir, 'requests.jsonl'))) {
    process.stderr.write(
      'error: differential needs a folder of requests\nhint: npm run -s differential -- DIR\n',
    )
    return 2
  }
  return printReports(run(dir)) === 0 ? 0 : 1
}

if (resolve(process.argv[1] ?? '') === import.meta.filename) process.exitCode = main(process.argv[2])
