// The fast path on the pods of all golden cases, of every release: `node test/reference/fast.ts DIR`. Each pod is injected by
// the plain pipeline, and by a cache that it goes through until it is a hit; what comes of it, or the refusal, must be the
// same text. The cases of one release share a cache. It knows no case by name. Last line `N passed, N failed`.

import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { FastPathCache, type FastResult } from '../../src/injection/fast/cache.ts'
import { injectPod } from '../../src/injection/inject.ts'
import { deepFreeze } from '../../src/std/json.ts'
import { ProblemError } from '../../src/std/problem.ts'
import { printReports } from './conformance.ts'
import type { FileReport, Outcome } from './outcome.ts'
import { corporaIn, podsOfCases, type Subject } from './subjects.ts'

/** The injected pod as text, or why it is refused. */
function injected(subject: Subject, fastPath?: FastPathCache): string {
  const pod = deepFreeze(subject.pod)
  const fast = fastPath === undefined ? {} : { fastPath }
  try {
    const result = injectPod({
      ...subject,
      ...fast,
      pod,
      mode: 'webhook',
      compat: 'istio',
      structure: 'refuse',
    })
    return JSON.stringify(result.pod)
  } catch (error) {
    if (error instanceof ProblemError) return error.message
    throw error
  }
}

/** Sightings until a pod is a hit: met, built; both again where its ProxyConfig turns out to be a shared one. */
const SIGHTINGS = 5

/** The cases of one release. */
function runCorpus(dir: string): FileReport {
  const counts: Record<FastResult, number> = { hit: 0, build: 0, fallback: 0, mismatch: 0 }
  const count = (result: FastResult): void => {
    counts[result]++
  }
  const limits = { entries: 100_000, bytes: 1 << 30, buildsPerSecond: 100_000 }
  const cache = new FastPathCache({ now: () => 0, count, limits })
  let reached = 0
  const subjects = podsOfCases(dir)
  const outcomes = subjects.map((subject): Outcome => {
    const want = injected(subject)
    const { hit } = counts
    for (let i = 0; i < SIGHTINGS && counts.hit === hit; i++) {
      const got = injected(subject, cache)
      if (got !== want)
        return { id: subject.id, ok: false, detail: `sighting ${i + 1}\nwant ${want}\n got ${got}` }
    }
    if (counts.hit > hit) reached++
    return { id: subject.id, ok: true }
  })
  return { file: `fast path ${basename(dir)} (${reached} of ${subjects.length} pods are hits)`, outcomes }
}

function main(dir: string | undefined): number {
  if (dir === undefined || !existsSync(dir)) {
    process.stderr.write(
      'error: fast needs a folder of reference data\nhint: node test/reference/fast.ts DIR\n',
    )
    return 2
  }
  return printReports(corporaIn(dir).map(runCorpus)) === 0 ? 0 : 1
}

if (resolve(process.argv[1] ?? '') === import.meta.filename) process.exitCode = main(process.argv[2])
