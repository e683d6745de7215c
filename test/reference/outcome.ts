// What a runner over reference data reports: one Outcome a case, grouped by file.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Outcome {
  readonly id: string
  readonly ok: boolean
  /** Why it failed, for people: expected and got. */
  readonly detail?: string
  /** True for cases that are reported apart and do not count in the closing line. */
  readonly rare?: boolean
}

export interface FileReport {
  readonly file: string
  readonly outcomes: readonly Outcome[]
}

/** Runs every case of one vector family (a folder); a family whose folder is absent is not called. */
export type Family = (dir: string) => FileReport[] | Promise<FileReport[]>

/** The objects of a JSONL file. */
export function readLines<T>(path: string): T[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T)
}

/** Runs `check` on each case; it returns undefined when the case passes, else what is wrong. A throw is a failure. */
export function runCases<T extends { id: string }>(
  cases: readonly T[],
  check: (row: T) => string | undefined,
): Outcome[] {
  return cases.map((row) => {
    try {
      const detail = check(row)
      return detail === undefined ? { id: row.id, ok: true } : { id: row.id, ok: false, detail }
    } catch (error) {
      return {
        id: row.id,
        ok: false,
        detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }
    }
  })
}

/** The reference folder: REMORA_REFERENCE, or ../shared/reference beside the project; undefined when there is none. */
export function findReference(): string | undefined {
  const candidates = [process.env['REMORA_REFERENCE'], join(import.meta.dirname, '../../../shared/reference')]
  return candidates.find((dir) => dir !== undefined && dir !== '' && existsSync(join(dir, 'vectors')))
}
