// Before each test file: properties that name no number of runs are tried as long as the others (runs.ts).

import { RUNS_FACTOR, runs } from './runs.ts'

/** What fast-check does unless told. */
const USUAL = 100

if (RUNS_FACTOR !== 1) {
  const { default: fc } = await import('fast-check')
  fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: runs(USUAL) })
}
