// The checks that `make test`, `make e2e`, `make ci` and `make nightly` are made of, and the runner: one line a step, what
// failed in it and the end of its output, the table of what was observed in a cluster, and `N passed, N failed` over all
// of them. A step counts its own cases: vitest by test, reference runners by case, tools (format, types, ...) as one each.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { missingRequirement } from './cluster/binaries.ts'
import { LONG_VARIABLE } from './e2e/durations.ts'
import { ROW_MARK, TABLE_HEAD } from './e2e/observe.ts'
import { findReference } from './reference/outcome.ts'

interface Counts {
  readonly passed: number
  readonly failed: number
  /** Lines that name what failed and say why, where a report has them: output is cut, these must not be. */
  readonly failures?: readonly string[]
}

interface Outcome extends Pick<Counts, 'passed' | 'failed'> {
  /** Lines for the table. */
  readonly rows: readonly string[]
}

export interface Step {
  readonly name: string
  readonly command: readonly string[]
  /** On top of our own. */
  readonly env?: Readonly<Record<string, string>>
  /** Where the counts are found: in the last line of the output, or in vitest's report; else the exit code is all. */
  readonly counts?: 'closing line' | 'vitest'
  /** Lines of its output that begin so are rows of the table at the end. */
  readonly rowMark?: string
}

/** How thoroughly what can be tried without end is tried. */
export interface Depth {
  /** Generated pods on the fast path, and the seed they come from. */
  readonly pods: number
  readonly seed: number
  /** Every odd value and every addition in between, not a sample of them. */
  readonly all: boolean
  /** How many times as often as usual properties are tried. */
  readonly runs: number
  /** What lasts in a cluster, an API server that is away for one, lasts as test/e2e/durations.ts has it for a night. */
  readonly long: boolean
}

export const USUAL_DEPTH: Depth = { pods: 5000, seed: 1, all: false, runs: 1, long: false }

const NODE = process.execPath

function counted(name: string, command: readonly string[]): Step {
  return { name, command: [NODE, ...command], counts: 'closing line' }
}

/** What needs nothing but the checkout. */
export function ownSteps({ pods, seed, all, runs }: Omit<Depth, 'long'>): Step[] {
  const env = { REMORA_RUNS: String(runs), ...(all ? { REMORA_SHARE: '1' } : {}) }
  return [
    { name: 'format and lint', command: ['biome', 'ci', '--colors=off', '--error-on-warnings'] },
    { name: 'unused code', command: ['knip'] },
    { name: 'types', command: ['tsc', '-p', '.'] },
    { name: 'tests', command: ['vitest', 'run'], env, counts: 'vitest' },
    counted('fast path and plain pipeline', [
      'test/injection/equality.ts',
      ...['--pods', String(pods), '--seed', String(seed)],
    ]),
  ]
}

/** What is compared with the reference data; without it one line says so. */
export function referenceSteps({ all }: Pick<Depth, 'all'>): Step[] {
  const reference = findReference()
  if (reference === undefined) {
    say('no reference data (REMORA_REFERENCE or ../shared/reference): those suites are left out')
    return []
  }
  const releases = readdirSync(reference).filter((name) => name.startsWith('istio-'))
  const newest = releases.toSorted().at(-1) ?? ''
  const whole = all ? ['--all'] : []
  const conformance = 'test/reference/conformance.ts'
  return [
    ...releases.map((name) => counted(`conformance ${name}`, [conformance, join(reference, name)])),
    counted(`conformance ${newest}, built-in templates`, [
      conformance,
      '--builtin-templates',
      join(reference, newest),
    ]),
    counted('vectors', ['test/reference/vectors.ts', join(reference, 'vectors')]),
    counted('differential', ['test/reference/differential.ts', join(reference, 'differential')]),
    counted('fast path on golden cases', ['test/reference/fast.ts', reference]),
    counted('odd values in every template', ['test/reference/structure.ts', ...whole, reference]),
    counted('injecting twice', ['test/reference/laws.ts', ...whole, reference]),
  ]
}

/** The tests against a control plane, as a step. */
export function clusterStep({ long }: Pick<Depth, 'long'>): Step {
  return {
    name: long ? 'e2e, long' : 'e2e',
    command: ['vitest', 'run', '--config', 'vitest.e2e.config.ts'],
    env: { [LONG_VARIABLE]: long ? '1' : '' },
    counts: 'vitest',
    rowMark: ROW_MARK,
  }
}

/** What needs a control plane; where none can be had one line says so, and in CI it is an error. */
export function clusterSteps(depth: Pick<Depth, 'long'>): Step[] {
  const missing = missingRequirement()
  if (missing === undefined) return [clusterStep(depth)]
  if (process.env['CI'] !== undefined) throw new Error(missing)
  say(`e2e is left out: ${missing}`)
  return []
}

/** Runs the steps one after the other, whatever becomes of them; returns the exit code. */
export function runSteps(steps: readonly Step[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'remora-test-'))
  const outcomes = steps.map((step) => runStep(step, folder))
  rmSync(folder, { recursive: true, force: true })
  const rows = outcomes.flatMap((outcome) => outcome.rows)
  if (rows.length > 0) say(['', ...TABLE_HEAD, ...rows, ''].join('\n'))
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0)
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0)
  say(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

function runStep(step: Step, folder: string): Outcome {
  const started = performance.now()
  const report = join(folder, 'report.json')
  const [program = '', ...args] = [...step.command, ...(step.counts === 'vitest' ? reporters(report) : [])]
  const env = { ...process.env, NO_COLOR: '1', ...step.env }
  const run = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 30, env })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const { passed, failed, failures = [] } = countsOf(step, run.stdout ?? '', report, run.status === 0)
  const verdict = failed === 0 ? 'ok  ' : 'FAIL'
  say(`${verdict} ${step.name}: ${passed} passed, ${failed} failed (${seconds} s)`)
  const output = `${run.stdout ?? ''}${run.stderr ?? ''}${run.error?.message ?? ''}`.trimEnd().split('\n')
  const isRow = (line: string): boolean => step.rowMark !== undefined && line.startsWith(step.rowMark)
  if (failed > 0) {
    const talk = output.filter((line) => !isRow(line))
    say([...failures, ...talk.slice(-200)].join('\n'))
  }
  return { passed, failed, rows: output.filter(isRow) }
}

function countsOf(step: Step, output: string, report: string, ok: boolean): Counts {
  if (step.counts === undefined) return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  const counts = step.counts === 'vitest' ? vitestCounts(report) : closingCounts(output)
  // Without counts the step broke before it counted anything.
  if (counts === undefined) return { passed: 0, failed: 1 }
  return ok ? counts : { ...counts, failed: Math.max(counts.failed, 1) }
}

function closingCounts(output: string): Counts | undefined {
  const match = /^(\d+) passed, (\d+) failed$/m.exec(output.trim().split('\n').at(-1) ?? '')
  return match === null ? undefined : { passed: Number(match[1]), failed: Number(match[2]) }
}

function reporters(file: string): string[] {
  return ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
}

interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numFailedTestSuites: number
  readonly testResults: readonly {
    readonly name: string
    /** Why the whole file failed; empty when its tests did. */
    readonly message: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

function vitestCounts(file: string): Counts | undefined {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport
    const failed = report.numFailedTests === 0 ? report.numFailedTestSuites : report.numFailedTests
    return { passed: report.numPassedTests, failed, failures: failuresOf(report) }
  } catch {
    return undefined
  } finally {
    rmSync(file, { force: true })
  }
}

function failuresOf({ testResults }: VitestReport): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const where = relative(process.cwd(), name)
    const failed = assertionResults.filter(({ status }) => status === 'failed')
    return [
      ...(message === '' ? [] : [`failed: ${where}`, message]),
      ...failed.flatMap(({ fullName, failureMessages }) => [
        `failed: ${where}: ${fullName}`,
        ...failureMessages,
      ]),
    ]
  })
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
