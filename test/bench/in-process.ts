// The core of remora in this process, without a server: the plain pipeline that answers are compared with, and the
// costs that HTTPS would hide (one injection, building a revision, growth with the size of a pod).

import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type AdmitOptions, admitText } from '../../src/admission/admit.ts'
import type { RevisionInputs } from '../../src/api/mesh.ts'
import { NEWEST } from '../../src/api/release.ts'
import { readBuiltin } from '../../src/config/builtin.ts'
import { templateCompiler } from '../../src/injection/compile.ts'
import { FastPathCache } from '../../src/injection/fast/cache.ts'
import {
  changeSnapshot,
  EMPTY_SNAPSHOT,
  type MeshSnapshot,
  replaceRevision,
} from '../../src/mesh/snapshot.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { benchmarkRows, bodyOf, growthReview, type Row } from './bodies.ts'
import type { Report } from './report.ts'

export interface InProcess {
  /** The AdmissionReview that answers `body`. */
  answer(body: string): JsonObject
  measure(): Report['inProcess']
}

const GROWTH = [
  ['env', 1000],
  ['containers', 20],
  ['volumes', 400],
  ['annotations', 1000],
] as const

function inputsFrom(flags: readonly string[]): RevisionInputs {
  const file = (flag: string): string | undefined => {
    const at = flags.indexOf(flag)
    return at === -1 ? undefined : readFileSync(flags[at + 1] ?? '', 'utf8')
  }
  const builtin = readBuiltin()
  return {
    revision: 'default',
    release: NEWEST,
    env: {},
    config: file('--injectConfigFile') ?? builtin.config,
    values: file('--valuesFile') ?? builtin.values,
    mesh: [file('--meshConfigFile') ?? builtin.mesh],
  }
}

function buildSnapshot(inputs: RevisionInputs): MeshSnapshot {
  const empty = changeSnapshot(EMPTY_SNAPSHOT, { defaultRevision: inputs.revision })
  return replaceRevision(empty, inputs, templateCompiler(inputs.env, inputs.release))
}

/** Heap that a snapshot of three revisions and 1,000 namespaces keeps. */
function snapshotMiB(inputs: RevisionInputs): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const before = process.memoryUsage().heapUsed
  let snapshot = buildSnapshot(inputs)
  for (const revision of ['blue', 'green']) {
    const compile = templateCompiler(inputs.env, inputs.release)
    snapshot = replaceRevision(snapshot, { ...inputs, revision }, compile)
  }
  const names = Array.from({ length: 1000 }, (_, i) => `team-${i}`)
  const namespaces = Object.fromEntries(
    names.map((name) => [name, { name, labels: { 'istio.io/rev': 'blue', team: name }, annotations: {} }]),
  )
  snapshot = changeSnapshot(snapshot, { cluster: { ...snapshot.cluster, namespaces } })
  collect()
  const bytes = process.memoryUsage().heapUsed - before
  if (Object.keys(snapshot.revisions).length < 3) throw new Error('the snapshot has not three revisions')
  return bytes / 2 ** 20
}

/** Least time of one call in microseconds over several batches: the least is what the code costs, the rest is the machine. */
function leastMicros(call: (n: number) => void, calls: number): number {
  let least = Number.POSITIVE_INFINITY
  let n = 0
  for (let batch = 0; batch < 7; batch++) {
    const started = performance.now()
    for (let i = 0; i < calls; i++) call(n++)
    least = Math.min(least, ((performance.now() - started) / calls) * 1000)
  }
  return least
}

/** `flags` are the settings flags of the webhook that is measured beside it. */
export function inProcess(flags: readonly string[]): InProcess {
  const inputs = inputsFrom(flags)
  const snapshot = buildSnapshot(inputs)
  const fastPath = new FastPathCache({ now: () => performance.now() })
  const admit = (body: string, options: Partial<AdmitOptions> = {}): JsonObject =>
    admitText(snapshot, body, '/inject', { compat: 'istio', structure: 'refuse', ...options })
      .response as unknown as JsonObject
  const microsOf = (row: Row, options: Partial<AdmitOptions>): number =>
    leastMicros(
      (n) => admit(bodyOf(row.shapes[n % row.shapes.length] ?? { pieces: [] }, n), options),
      row.name === 'env' || row.name === 'containers' ? 60 : 300,
    )
  return {
    answer: (body) => admit(body),
    measure: () => ({
      rows: benchmarkRows().map((row) => ({
        row: row.title,
        plainMicros: microsOf(row, {}),
        fastMicros: microsOf(row, { fastPath }),
      })),
      snapshotMiB: snapshotMiB(inputs),
      snapshotMillis: leastMicros(() => buildSnapshot(inputs), 3) / 1000,
      growth: GROWTH.map(([dimension, from]) => {
        const small = growthReview(dimension, from)
        const large = growthReview(dimension, 2 * from)
        const ratio = leastMicros(() => admit(large), 10) / leastMicros(() => admit(small), 10)
        return { dimension, from, to: 2 * from, ratio }
      }),
    }),
  }
}
