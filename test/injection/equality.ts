// Fast path = plain pipeline, shown on generated pods: `node test/injection/equality.ts [--pods N] [--seed S]`.
// Pods come in families: one, and siblings that differ from it in a few texts. Each goes through one cache until it is a
// hit (the first time where a sibling was built, else the second, since this cache builds at once), and once more. The bytes
// of all answers must be the plain pipeline's. Some pods are what an injection has made. A failure is shrunk. Last line `N passed, N failed`, in pods.

import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { NEWEST } from '../../src/api/release.ts'
import { builtinTemplates } from '../../src/config/builtin.ts'
import { FAST_PATH_LIMITS, FastPathCache, type FastResult } from '../../src/injection/fast/cache.ts'
import type { RevisionSettings } from '../../src/mesh/snapshot.ts'
import { applyPatch } from '../../src/patch/apply.ts'
import type { Operation } from '../../src/patch/diff.ts'
import { cloneJson, deepFreeze, isObject, type Json, type JsonObject } from '../../src/std/json.ts'
import { amongMany, fewAnnotations, TEXT } from '../generate/annotations.ts'
import { HOSTILE, namesIn } from '../generate/hostile.ts'
import { pods } from '../generate/pod.ts'
import { findReference } from '../reference/outcome.ts'
import { readTexts, revisionOf } from '../reference/settings.ts'
import { answer } from './fast.ts'
import { makeRevision } from './settings.ts'

export interface EqualityOptions {
  readonly pods: number
  readonly seed: number
  /** What is compared; the built-in ones, and the stock ones where the reference data is, unless given. */
  readonly settings?: readonly RevisionSettings[]
  /** Answers on the fast path; another one only in tests of this program itself. */
  readonly fast?: typeof answer
  /** Told of the pods so far. */
  readonly progress?: (pods: number) => void
}

export interface EqualityReport {
  readonly passed: number
  readonly failed: number
  readonly renderings: Readonly<Record<FastResult, number>>
  /** Shrunk counterexamples, as text. */
  readonly failures: readonly string[]
}

/** Pods that fast-check makes in one go: after a failure the next go starts with another seed. */
const CHUNK = 1000
const MAX_FAILURES = 5

/** Long texts are for other tests: they cost time and take the same way as short ones. */
const ODD = fc.oneof(TEXT, fc.constantFrom(...HOSTILE.filter((text) => text.length < 1000)))

/** Another text at a leaf of a pod; undefined takes it out. */
interface Edit {
  readonly at: number
  /** Of the metadata, which templates read most of, else of the whole pod. */
  readonly near: boolean
  readonly text: string | undefined
}

interface Case {
  readonly pod: JsonObject
  readonly settings: number
  /** The pod is injected first; what comes of it is the pod. */
  readonly again: boolean
  readonly siblings: readonly (readonly Edit[])[]
}

/** Pods of one case. */
const FAMILY = 4

function cases(settings: number): fc.Arbitrary<Case> {
  const names = new Set(Object.values(builtinTemplates()).flatMap((text) => [...namesIn(text).annotations]))
  const edit = fc.record({
    at: fc.nat(9999),
    near: fc.boolean(),
    text: fc.option(ODD, { nil: undefined, freq: 6 }),
  })
  const few = fewAnnotations(names, 4)
  return fc.record({
    pod: pods({ annotations: fc.oneof({ weight: 15, arbitrary: few }, amongMany(few)) }),
    settings: fc.nat(settings - 1),
    again: fc.integer({ min: 0, max: 9 }).map((n) => n === 9),
    siblings: fc.array(fc.array(edit, { maxLength: 3 }), { minLength: FAMILY - 1, maxLength: FAMILY - 1 }),
  })
}

/** Containers and keys of the texts in parts of a pod. */
function leavesOf(pod: JsonObject, parts: readonly string[]): [JsonObject | Json[], string | number][] {
  const found: [JsonObject | Json[], string | number][] = []
  const visit = (value: Json): void => {
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) typeof item === 'string' ? found.push([value, i]) : visit(item)
    } else if (isObject(value)) {
      for (const [key, item] of Object.entries(value)) {
        if (typeof item === 'string') found.push([value, key])
        else visit(item)
      }
    }
  }
  for (const part of parts) visit(pod[part] ?? null)
  return found
}

function siblingOf(pod: JsonObject, edits: readonly Edit[]): JsonObject {
  const sibling = cloneJson(pod) as JsonObject
  for (const { at, near, text } of edits) {
    const leaves = leavesOf(sibling, near ? ['metadata'] : ['metadata', 'spec'])
    const [holder, key] = leaves[at % leaves.length] ?? []
    if (Array.isArray(holder)) holder[Number(key)] = text ?? ''
    else if (holder !== undefined && text !== undefined) holder[String(key)] = text
    else if (holder !== undefined) delete holder[String(key)]
  }
  return sibling
}

/** The pod as it is stored after injection; the pod itself where it is refused or left alone. */
function injected(pod: JsonObject, text: string): JsonObject {
  const { response } = JSON.parse(text) as { response: { patch?: string } }
  if (response.patch === undefined) return pod
  const operations = JSON.parse(Buffer.from(response.patch, 'base64').toString()) as Operation[]
  return applyPatch(pod, operations) as JsonObject
}

/** The settings that are compared, by name. */
export function equalitySettings(): RevisionSettings[] {
  const own = [
    makeRevision(),
    makeRevision({ env: { ENABLE_NATIVE_SIDECARS: 'true' } }),
    makeRevision({
      mesh: ['defaultConfig: {holdApplicationUntilProxyStarts: true}\nenablePrometheusMerge: true\n'],
    }),
  ]
  const reference = findReference()
  const stock = reference === undefined ? '' : join(reference, 'istio-1.30.3/settings/default')
  if (!existsSync(stock)) return own
  const inputs = { revision: 'default', release: NEWEST, env: {}, ...readTexts(stock) }
  return [...own, revisionOf(inputs)]
}

/** Builds and remembers at once what a server builds and remembers at the second sighting. */
class EagerCache extends FastPathCache {
  override mayBuild(...met: Parameters<FastPathCache['mayBuild']>): boolean {
    return super.mayBuild(...met) || super.mayBuild(...met)
  }

  override mayRemember(...met: Parameters<FastPathCache['mayRemember']>): boolean {
    return super.mayRemember(...met) || super.mayRemember(...met)
  }
}

interface Subject {
  readonly settings: readonly RevisionSettings[]
  readonly cache: FastPathCache
  readonly fast: typeof answer
  readonly renderings: Readonly<Record<FastResult, number>>
}

/** Throws what differs. */
function compare(subject: Subject, { pod: made, settings: index, again, siblings }: Case): void {
  const settings = subject.settings[index % subject.settings.length]
  if (settings === undefined) throw new Error('no settings to compare')
  const pod = again ? injected(made, answer(settings, deepFreeze(made))) : made
  comparePod(subject, settings, pod)
  for (const edits of siblings) comparePod(subject, settings, siblingOf(pod, edits))
}

function comparePod(
  { cache, fast, renderings }: Subject,
  settings: RevisionSettings,
  made: JsonObject,
): void {
  const pod = deepFreeze(made)
  const { hit } = renderings
  const first = fast(settings, pod, cache)
  assertSame(answer(settings, pod), first, 'the first sighting')
  if (renderings.hit === hit) assertSame(first, fast(settings, pod, cache), 'the second sighting')
  // What the second one left in memory serves this one, and siblings in part.
  assertSame(first, fast(settings, pod, cache), 'the third sighting')
}

function assertSame(want: string, got: string, what: string): void {
  if (got !== want) throw new Error(`${what} is answered differently\nwant ${want}\n got ${got}`)
}

/** Compares the answers to `pods` generated pods; rounded up to whole families. */
export function checkEquality(options: EqualityOptions): EqualityReport {
  const { settings = equalitySettings(), fast = answer } = options
  const renderings = { hit: 0, build: 0, fallback: 0, mismatch: 0 }
  const count = (result: FastResult): void => {
    renderings[result]++
  }
  // The bounds are those of a server, so that skeletons also go and come again; how often it builds is not.
  const limits = { ...FAST_PATH_LIMITS, buildsPerSecond: 1_000_000 }
  const subject = { settings, fast, cache: new EagerCache({ now: () => 0, count, limits }), renderings }
  const failures: string[] = []
  let done = 0
  while (done < options.pods && failures.length < MAX_FAILURES) {
    const numRuns = Math.ceil(Math.min(CHUNK, options.pods - done) / FAMILY)
    const property = fc.property(cases(settings.length), (one) => compare(subject, one))
    const details = fc.check(property, { numRuns, seed: options.seed + done })
    if (details.failed) failures.push(fc.defaultReportMessage(details) ?? 'a failure without a report')
    done += numRuns * FAMILY
    options.progress?.(done)
  }
  return { passed: done - failures.length, failed: failures.length, renderings, failures }
}

const USAGE = 'usage: node test/injection/equality.ts [--pods N] [--seed S]\n'

/** So many pods are worth a process of their own, where there is a processor for it. */
const SHARE = 2000
/** Seeds of processes are so far apart. */
const SEEDS_APART = 10_000_000

/** Compares in processes side by side. */
async function inShares(
  pods: number,
  seed: number,
  progress: (pods: number) => void,
): Promise<EqualityReport> {
  const count = Math.min(availableParallelism(), Math.floor(pods / SHARE))
  if (count < 2) return checkEquality({ pods, seed, progress })
  const reports = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      inProcess(Math.floor(pods / count) + (i < pods % count ? 1 : 0), seed + i * SEEDS_APART),
    ),
  )
  const renderings = { hit: 0, build: 0, fallback: 0, mismatch: 0 }
  const sum = { passed: 0, failed: 0, failures: [] as string[], renderings }
  for (const report of reports) {
    sum.passed += report.passed
    sum.failed += report.failed
    sum.failures.push(...report.failures)
    for (const result of ['hit', 'build', 'fallback', 'mismatch'] as const) {
      renderings[result] += report.renderings[result]
    }
  }
  return sum
}

function inProcess(pods: number, seed: number): Promise<EqualityReport> {
  const { promise, resolve: found, reject } = Promise.withResolvers<EqualityReport>()
  const child = fork(import.meta.filename, ['--pods', String(pods), '--seed', String(seed)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  child.once('message', (report) => found(report as EqualityReport))
  child.once('exit', (code) => reject(new Error(`a process of ${pods} pods ended with ${code}`)))
  return promise
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { pods: { type: 'string', default: '5000' }, seed: { type: 'string', default: '1' } },
  })
  const [count, seed] = [Number(values.pods), Number(values.seed)]
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed)) {
    process.stderr.write(`error: --pods and --seed are whole numbers, pods from 1 on\n${USAGE}`)
    return 2
  }
  const started = performance.now()
  const progress = (done: number): void => {
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    if (process.stderr.isTTY || done % 10_000 === 0) process.stderr.write(`${done} pods, ${seconds} s\n`)
  }
  const forked = process.send !== undefined
  const report = forked
    ? checkEquality({ pods: count, seed, progress })
    : await inShares(count, seed, progress)
  process.send?.(report)
  for (const failure of report.failures) process.stdout.write(`${failure}\n\n`)
  const { hit, build, fallback, mismatch } = report.renderings
  process.stdout.write(`renderings: ${hit} hit, ${build} build, ${fallback} fallback, ${mismatch} mismatch\n`)
  process.stdout.write(`${report.passed} passed, ${report.failed} failed\n`)
  return report.failed === 0 ? 0 : 1
}

if (resolve(process.argv[1] ?? '') === import.meta.filename) {
  process.exitCode = await main(process.argv.slice(2))
  if (process.connected) process.disconnect()
}
