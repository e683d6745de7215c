// Runs every check in order, prints one line a step, and closes with `N passed, N failed` over all of them.
// A step counts its own cases: vitest by test, reference runners by case, tools (format, types, ...) as one each.
// With the argument `reference` only the reference suites run; they are left out, with one line, where there is no data.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findReference } from './reference/outcome.ts'

interface Counts {
  passed: number
  failed: number
}

interface Step {
  readonly name: string
  readonly command: readonly string[]
  /** Reads the counts from the output; without it the step counts as one, by its exit code. */
  readonly counts?: (output: string) => Counts | undefined
}

const temporary = mkdtempSync(join(tmpdir(), 'remora-test-'))
const vitestReport = join(temporary, 'vitest.json')

function closingLine(output: string): Counts | undefined {
  const match = /^(\d+) passed, (\d+) failed$/m.exec(output.trim().split('\n').at(-1) ?? '')
  return match === null ? undefined : { passed: Number(match[1]), failed: Number(match[2]) }
}

function vitestCounts(): Counts {
  const report = JSON.parse(readFileSync(vitestReport, 'utf8')) as {
    numPassedTests: number
    numFailedTests: number
    numFailedTestSuites: number
  }
  const failed = report.numFailedTests === 0 ? report.numFailedTestSuites : report.numFailedTests
  return { passed: report.numPassedTests, failed }
}

function ownSteps(): Step[] {
  return [
    { name: 'format and lint', command: ['biome', 'ci', '--error-on-warnings'] },
    { name: 'unused code', command: ['knip'] },
    { name: 'types', command: ['tsc', '-p', '.'] },
    {
      name: 'tests',
      command: [
        'vitest',
        'run',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${vitestReport}`,
      ],
      counts: vitestCounts,
    },
  ]
}

function referenceSteps(reference: string): Step[] {
  const node = process.execPath
  const releases = readdirSync(reference).filter((name) => name.startsWith('istio-'))
  const conformance = ['test/reference/conformance.ts']
  const newest = releases.toSorted().at(-1)
  return [
    ...releases.map((name) => ({
      name: `conformance ${name}`,
      command: [node, ...conformance, join(reference, name)],
      counts: closingLine,
    })),
    ...(newest === undefined
      ? []
      : [
          {
            name: `conformance ${newest}, built-in templates`,
            command: [node, ...conformance, '--builtin-templates', join(reference, newest)],
            counts: closingLine,
          },
        ]),
    {
      name: 'vectors',
      command: [node, 'test/reference/vectors.ts', join(reference, 'vectors')],
      counts: closingLine,
    },
    {
      name: 'differential',
      command: [node, 'test/reference/differential.ts', join(reference, 'differential')],
      counts: closingLine,
    },
  ]
}

function runStep(step: Step): Counts {
  const started = performance.now()
  const [program = '', ...args] = step.command
  const run = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 30 })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const output = `${run.stdout ?? ''}${run.stderr ?? ''}`
  const ok = run.status === 0
  let counts: Counts | undefined
  try {
    counts = step.counts?.(run.stdout ?? '')
  } catch {
    counts = undefined // no report was written: the step broke before it counted anything
  }
  counts ??= ok && step.counts === undefined ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  if (!ok && counts.failed === 0) counts = { ...counts, failed: 1 }
  const verdict = counts.failed === 0 ? 'ok  ' : 'FAIL'
  process.stdout.write(
    `${verdict} ${step.name}: ${counts.passed} passed, ${counts.failed} failed (${seconds} s)\n`,
  )
  if (counts.failed > 0) process.stdout.write(`${output.trimEnd().split('\n').slice(-200).join('\n')}\n`)
  return counts
}

function main(): number {
  const reference = findReference()
  const steps = process.argv[2] === 'reference' ? [] : ownSteps()
  if (reference === undefined) {
    process.stdout.write(
      'no reference data (REMORA_REFERENCE or ../shared/reference): those suites are left out\n',
    )
  } else {
    steps.push(...referenceSteps(reference))
  }
  const total: Counts = { passed: 0, failed: 0 }
  for (const step of steps) {
    const counts = runStep(step)
    total.passed += counts.passed
    total.failed += counts.failed
  }
  rmSync(temporary, { recursive: true, force: true })
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`)
  return total.failed === 0 ? 0 : 1
}

process.exitCode = main()
