// Runs every check in order, prints one line a step, and closes with `N passed, N failed` over all of them; before that
// with a table of what was observed in a cluster.
// Arguments: `reference` runs only the reference suites, `e2e` only the tests against a real control plane, `ci` all of
// it; without one, everything but e2e. What cannot run here (no reference data, no Go) is left out with one line; in CI
// a missing control plane is a failure.

import { clusterSteps, ownSteps, referenceSteps, runSteps, type Step, USUAL_DEPTH } from './steps.ts'

function stepsOf(mode: string | undefined): Step[] {
  return [
    ...(mode === undefined || mode === 'ci' ? ownSteps(USUAL_DEPTH) : []),
    ...(mode === 'e2e' ? [] : referenceSteps(USUAL_DEPTH)),
    ...(mode === 'e2e' || mode === 'ci' ? clusterSteps(USUAL_DEPTH) : []),
  ]
}

process.exitCode = runSteps(stepsOf(process.argv[2]))
