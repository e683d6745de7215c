// What a client found out in one measurement, and how it is made from the single times.

export interface LoadResult {
  /** Those that were measured. */
  readonly requests: number
  /** All of them: what the server worked for. */
  readonly answered: number
  readonly seconds: number
  /** Milliseconds, with all their digits. */
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** Answers that were not `200` and allowed. */
  readonly wrong: number
}

/** `latencies` in milliseconds, in any order. */
export function summary(latencies: readonly number[], seconds: number, wrong: number): LoadResult {
  const sorted = Float64Array.from(latencies).sort()
  const percentile = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return {
    requests: sorted.length,
    answered: sorted.length,
    seconds,
    p50: percentile(0.5),
    p99: percentile(0.99),
    max: sorted.at(-1) ?? Number.NaN,
    wrong,
  }
}
