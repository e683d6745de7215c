// Runs the vectors of small functions: env pairs of a path, workload of a pod, proxy image, probers JSON.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnvPairs } from '../../../src/admission/path.ts'
import type { Pod } from '../../../src/api/kube.ts'
import { NEWEST } from '../../../src/api/release.ts'
import { decodePod } from '../../../src/injection/inject.ts'
import { collectProbers, probersText } from '../../../src/injection/postprocess/probes.ts'
import { workloadOf } from '../../../src/injection/workload.ts'
import { equalJson, type Json } from '../../../src/std/json.ts'
import { type FileReport, readLines, runCases } from '../outcome.ts'
import { imageRows } from './meshconfig.ts'

interface PathRow {
  readonly id: string
  readonly path: string
  readonly expect: Record<string, string>
}

interface WorkloadRow {
  readonly id: string
  readonly pod: Pod
  readonly expect: {
    readonly name: string
    readonly namespace: string
    readonly kind: string
    readonly apiVersion: string
  }
}

interface ProbersRow {
  readonly id: string
  readonly pod: Json
  readonly statusPort: number
  readonly expect: { readonly probers: string }
}

function compare(want: unknown, got: unknown): string | undefined {
  return equalJson(want, got) ? undefined : `want ${JSON.stringify(want)}\n got ${JSON.stringify(got)}`
}

function checkPath(row: PathRow): string | undefined {
  return compare(row.expect, parseEnvPairs(row.path))
}

function checkWorkload(row: WorkloadRow): string | undefined {
  const { typeMeta, deploymentMeta } = workloadOf(row.pod, NEWEST)
  return compare(row.expect, { ...typeMeta, ...deploymentMeta })
}

function checkProbers(row: ProbersRow): string | undefined {
  const probers = collectProbers(decodePod(row.pod, ''), row.statusPort, NEWEST)
  return compare(row.expect.probers, probers.size === 0 ? '' : probersText(probers))
}

export function run(dir: string): FileReport[] {
  const files: readonly [string, (path: string) => FileReport['outcomes']][] = [
    ['paths.jsonl', (path) => runCases(readLines<PathRow>(path), checkPath)],
    ['workload.jsonl', (path) => runCases(readLines<WorkloadRow>(path), checkWorkload)],
    ['image.jsonl', imageRows],
    ['probers.jsonl', (path) => runCases(readLines<ProbersRow>(path), checkProbers)],
  ]
  return files
    .filter(([file]) => existsSync(join(dir, file)))
    .map(([file, outcomes]) => ({ file: `units/${file}`, outcomes: outcomes(join(dir, file)) }))
}
