// Runs every check in order, prints one line a step, and closes with `N passed, N failed` over all of them.
// A step counts its own cases: vitest by test, reference runners by case, tools (format, types, ...) as one each.
// Arguments: `reference` runs only the reference suites, `e2e` only the tests against a real control plane, `ci` all of
// it; without one, everything but e2e. What cannot run here (no reference data, no Go) is left out with one line; in CI
// a missing control plane is a failure.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { missingRequirement } from './cluster/binaries.ts'
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

function closingLine(output: string): Counts | undefined {
  const match = /^(\d+) passed, (\d+) failed$/m.exec(output.trim().split('\n').at(-1) ?? '')
  return match === null ? undefined : { passed: Number(match[1]), failed: Number(match[2]) }
}

function vitestCounts(file: string): Counts {
  const report = JSON.parse(readFileSync(file, 'utf8')) as {
    numPassedTests: number
    numFailedTests: number
    numFailedTestSuites: number
  }
  const failed = report.numFailedTests === 0 ? report.numFailedTestSuites : report.numFailedTests
  return { passed: report.numPassedTests, failed }
}

function vitest(report: string, ...args: readonly string[]): Pick<Step, 'command' | 'counts'> {
  const file = join(temporary, report)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  return { command: ['vitest', 'run', ...reporters, ...args], counts: () => vitestCounts(file) }
}

function ownSteps(): Step[] {
  return [
    { name: 'format and lint', command: ['biome', 'ci', '--colors=off', '--error-on-warnings'] },
    { name: 'unused code', command: ['knip'] },
    { name: 'types', command: ['tsc', '-p', '.'] },
    {
      name: 'tests',
      ...vitest('tests.json'),
    },
    {
      name: 'fast path and plain pipeline',
      command: [process.execPath, 'test/injection/equality.ts', '--pods', '5000'],
      counts: closingLine,
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
    {
      name: 'odd values in every template',
      command: [node, 'test/reference/structure.ts', reference],
      counts: closingLine,
    },
    {
      name: 'injecting twice',
      command: [node, 'test/reference/laws.ts', reference],
      counts: closingLine,
    },
  ]
}

function runStep(step: Step): Counts {
  const started = performance.now()
  const [program = '', ...args] = step.command
  const env = { ...process.env, NO_COLOR: '1' }
  const run = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 30, env })
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

/** The steps of a mode; what is left out is said. */
function stepsOf(mode: string | undefined): Step[] {
  const steps: Step[] = []
  if (mode === undefined || mode === 'ci') steps.push(...ownSteps())
  if (mode !== 'e2e') {
    const reference = findReference()
    if (reference !== undefined) steps.push(...referenceSteps(reference))
    else say('no reference data (REMORA_REFERENCE or ../shared/reference): those suites are left out')
  }
  if (mode === 'e2e' || mode === 'ci') {
    const missing = missingRequirement()
    if (missing === undefined)
      steps.push({ name: 'e2e', ...vitest('e2e.json', '--config', 'vitest.e2e.config.ts') })
    else if (process.env['CI'] === undefined) say(`e2e is left out: ${missing}`)
    else throw new Error(missing)
  }
  return steps
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function main(): number {
  const total: Counts = { passed: 0, failed: 0 }
  for (const step of stepsOf(process.argv[2])) {
    const counts = runStep(step)
    total.passed += counts.passed
    total.failed += counts.failed
  }
  rmSync(temporary, { recursive: true, force: true })
  say(`${total.passed} passed, ${total.failed} failed`)
  return total.failed === 0 ? 0 : 1
}

process.exitCode = main()
