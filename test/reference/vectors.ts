// Runs vector files in the formats of the reference data: `node test/reference/vectors.ts DIR`.
// One line a file, then each failing case, and last `N passed, N failed`. A family of DIR that has no runner fails.

import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Family, FileReport } from './outcome.ts'

const SHOWN_FAILURES = 20

async function runFamily(dir: string, name: string): Promise<FileReport[]> {
  const module = join(import.meta.dirname, 'vectors', `${name}.ts`)
  if (!existsSync(module)) {
    return [{ file: name, outcomes: [{ id: name, ok: false, detail: 'no runner reads this family' }] }]
  }
  const { run } = (await import(module)) as { run: Family }
  return run(join(dir, name))
}

function print(report: FileReport): { passed: number; failed: number } {
  const counted = report.outcomes.filter((outcome) => outcome.rare !== true)
  const rare = report.outcomes.filter((outcome) => outcome.rare === true)
  const failed = counted.filter((outcome) => !outcome.ok)
  if (rare.length > 0) {
    const passedRare = rare.filter((outcome) => outcome.ok).length
    process.stdout.write(`${report.file} (rare, not counted): ${passedRare} of ${rare.length} agree\n`)
  }
  const passed = counted.length - failed.length
  process.stdout.write(`${report.file}: ${passed} passed, ${failed.length} failed\n`)
  for (const outcome of failed.slice(0, SHOWN_FAILURES)) {
    process.stdout.write(`  ${outcome.id}: ${(outcome.detail ?? '').replaceAll('\n', '\n    ')}\n`)
  }
  if (failed.length > SHOWN_FAILURES) process.stdout.write(`  … and ${failed.length - SHOWN_FAILURES} more\n`)
  return { passed, failed: failed.length }
}

async function main(dir: string | undefined): Promise<number> {
  if (dir === undefined || !existsSync(dir)) {
    process.stderr.write(
      'error: vectors needs a folder of vector families\nhint: npm run -s vectors -- DIR\n',
    )
    return 2
  }
  let passed = 0
  let failed = 0
  for (const name of readdirSync(dir).toSorted()) {
    if (!statSync(join(dir, name)).isDirectory()) continue
    for (const report of await runFamily(dir, name)) {
      const counts = print(report)
      passed += counts.passed
      failed += counts.failed
    }
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : 1
}

process.exitCode = await main(process.argv[2])
