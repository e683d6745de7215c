// How long properties are tried: REMORA_RUNS is how many times as often as usual, for `make nightly`.

/** 1 by default. */
export const RUNS_FACTOR = Number(process.env['REMORA_RUNS'] ?? 1)
if (!Number.isSafeInteger(RUNS_FACTOR) || RUNS_FACTOR < 1)
  throw new Error(`REMORA_RUNS is "${process.env['REMORA_RUNS']}"; expected a whole number from 1 on`)

/** `numRuns` of a property that is tried `count` times in the usual run. */
export function runs(count: number): number {
  return count * RUNS_FACTOR
}
