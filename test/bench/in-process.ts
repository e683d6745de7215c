// The core of remora in this process, without a server: the plain pipeline that answers are compared with, and what
// HTTPS would hide: the cost of one answer and of building a revision, and the memory that a snapshot keeps.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type AdmitOptions, admitText } from '../../src/admission/admit.ts'
import { createFastPath, type FastPathSettings } from '../../src/admission/fast-path.ts'
import type { RevisionInputs } from '../../src/api/mesh.ts'
import { NEWEST } from '../../src/api/release.ts'
import { templateCompiler } from '../../src/injection/compile.ts'
import {
  changeSnapshot,
  EMPTY_SNAPSHOT,
  type MeshSnapshot,
  replaceRevision,
} from '../../src/mesh/snapshot.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { benchmarkRows, bodyOf, type Row, type RowName } from './bodies.ts'
import { textsOf } from './cluster.ts'
import type { BenchSettings } from './servers.ts'

/** What a server knows of the reviews before, or a part of it. */
export type Memory = Pick<AdmitOptions, 'fastPath' | 'knownReviews'>

/** All that a server knows. */
export function newMemory(options: Pick<FastPathSettings, 'now' | 'count'>): Required<Memory> {
  return createFastPath({ ...options, verify: 0, random: Math.random, onMismatch: () => undefined })
}

/** Answers one review; with a memory as a server does, on the fast path. */
export type Answer = (body: string, memory?: Memory) => JsonObject

/** Time of one answer without HTTPS, microseconds: the plain pipeline, and with the fast path. */
export interface Cost {
  readonly row: string
  readonly plainMicros: number
  readonly fastMicros: number
}

export interface SnapshotCosts {
  /** Heap of three revisions and 1,000 namespaces, MiB. */
  readonly mebibytes: number
  /** Time of building a revision from its texts, milliseconds. */
  readonly millis: number
}

function inputsFrom(settings: BenchSettings): RevisionInputs {
  const { config, values, mesh } = textsOf(settings)
  return { revision: 'default', release: NEWEST, env: {}, config, values, mesh: [mesh] }
}

function buildSnapshot(inputs: RevisionInputs): MeshSnapshot {
  const empty = changeSnapshot(EMPTY_SNAPSHOT, { defaultRevision: inputs.revision })
  return replaceRevision(empty, inputs, templateCompiler(inputs.env, inputs.release))
}

/** What the heap holds after a collection, bytes. */
export function liveBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

/** CPU time of this thread, milliseconds: what others do on the machine is not in it, nor is the collector's help. */
export function cpuMillis(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** Whether there is to be another batch after `batches`. */
type GoesOn = (batches: number) => boolean

export function timesOver(count: number): GoesOn {
  return (batches) => batches < count
}

/** At least one. */
function secondsLong(seconds: number): GoesOn {
  const until = performance.now() + seconds * 1000
  return (batches) => batches === 0 || performance.now() < until
}

/**
 * Least time of one call in microseconds over batches of `calls`: the least is what the code costs, the rest is the
 * machine. Short batches, many of them: some of them run undisturbed. By the clock on the wall, since that of the CPU may
 * be too coarse for one batch.
 */
export function leastMicros(call: () => void, calls: number, goesOn: GoesOn): number {
  let least = Number.POSITIVE_INFINITY
  for (let batch = 0; goesOn(batch); batch++) {
    const started = performance.now()
    for (let i = 0; i < calls; i++) call()
    least = Math.min(least, ((performance.now() - started) / calls) * 1000)
  }
  return least
}

/** Answers as the webhook with these settings does, with the plain pipeline unless a memory is given. */
export function answerer(settings: BenchSettings): Answer {
  const snapshot = buildSnapshot(inputsFrom(settings))
  return (body, memory) => {
    const options: AdmitOptions = { compat: 'istio', structure: 'refuse', ...memory }
    return admitText(snapshot, body, '/inject', options).response as unknown as JsonObject
  }
}

/** Calls it for `seconds`, as a server is loaded before it is measured: V8 compiles what runs often. */
export function warmUp(call: (n: number) => void, seconds: number): void {
  let n = 0
  leastMicros(() => call(n++), 1, secondsLong(seconds))
}

/** Of a row: V8 has compiled all that is run in the first of them, and a bad moment of the machine is over in the next. */
const TURNS = 3

/** Each row in turns of `seconds`, one way and the other; no body comes twice. */
export function answerCosts(
  answer: Answer,
  rows: readonly RowName[],
  seconds: number,
  say: (text: string) => void,
): Cost[] {
  const memory = newMemory({ now: () => performance.now() })
  let next = 0
  const turn = ({ shapes }: Row, known?: Memory): number => {
    const call = (): void => {
      answer(bodyOf(shapes[next % shapes.length] ?? { pieces: [] }, next++), known)
    }
    return leastMicros(call, Math.max(10, shapes.length), secondsLong(seconds))
  }
  return benchmarkRows()
    .filter(({ name }) => rows.includes(name))
    .map((row) => {
      let plainMicros = Number.POSITIVE_INFINITY
      let fastMicros = Number.POSITIVE_INFINITY
      for (let i = 1; i <= TURNS; i++) {
        say(`one answer alone: ${row.title}, turn ${i} of ${TURNS}`)
        plainMicros = Math.min(plainMicros, turn(row))
        fastMicros = Math.min(fastMicros, turn(row, memory))
      }
      return { row: row.title, plainMicros, fastMicros }
    })
}

/** Builds and keeps what a server with three revisions keeps. */
export function snapshotCosts(settings: BenchSettings): SnapshotCosts {
  const inputs = inputsFrom(settings)
  const before = liveBytes()
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
  const bytes = liveBytes() - before
  if (Object.keys(snapshot.revisions).length < 3) throw new Error('the snapshot has not three revisions')
  return {
    mebibytes: bytes / 2 ** 20,
    millis: leastMicros(() => buildSnapshot(inputs), 1, timesOver(8)) / 1000,
  }
}
