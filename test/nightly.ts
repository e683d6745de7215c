// Everything of `make ci` in its long form, for a night on a machine of its own: properties tried ten times as often,
// 100,000 fuzzed requests, 100,000 generated pods on the fast path, every odd value in every template, every addition
// between two injections; in a cluster the API server away for 10 minutes, 50 rolling restarts, 20 root rotations, 5
// minutes of leaf rotation. Generators start from the day, so that each night tries something else, and the same day the
// same. One line a step, a table of what was observed in the cluster, closing line `N passed, N failed`.

import { clusterSteps, type Depth, ownSteps, referenceSteps, runSteps, type Step } from './steps.ts'

const DAY_MS = 24 * 3600 * 1000
const CASES = 100_000

function nightSteps(seed: number): Step[] {
  const depth: Depth = { pods: CASES, seed, all: true, runs: 10, long: true }
  const fuzz = ['test/fuzz/fuzz.ts', '--cases', String(CASES), '--seed', String(seed)]
  return [
    ...ownSteps(depth),
    { name: 'fuzz', command: [process.execPath, ...fuzz], counts: 'closing line' },
    ...referenceSteps(depth),
    ...clusterSteps(depth),
  ]
}

const seed = Math.floor(Date.now() / DAY_MS)
process.stdout.write(`generated cases start from --seed ${seed}\n`)
process.exitCode = runSteps(nightSteps(seed))
