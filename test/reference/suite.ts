// The start of a suite over the whole reference folder as a program: `node test/reference/NAME.ts [--all] DIR`.
// In: the command line. Out: the reports on standard output, and the exit code.

import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { printReports } from './conformance.ts'
import type { FileReport } from './outcome.ts'

/** Runs `run` when `file` is the program that was started; otherwise it was imported. `all`: every case, not a share. */
export function startSuite(file: string, run: (reference: string, all: boolean) => FileReport[]): void {
  if (process.argv[1] !== file) return
  const { values, positionals } = parseArgs({
    options: { all: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const [dir] = positionals
  if (dir === undefined || !existsSync(dir)) {
    const name = basename(file, '.ts')
    process.stderr.write(
      `error: ${name} needs a folder of reference data\nhint: node test/reference/${name}.ts DIR\n`,
    )
    process.exitCode = 2
    return
  }
  process.exitCode = printReports(run(dir, values.all)) === 0 ? 0 : 1
}
