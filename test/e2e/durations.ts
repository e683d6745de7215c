// How long the tests against a control plane keep something up that lasts: the usual form is what `make e2e` has time
// for, the long one is for `make nightly`. Every duration that differs between the two is here, and nowhere else.

export interface Durations {
  readonly apiServerAwayMs: number
  /** Of all replicas, one after the other. */
  readonly rollingRestarts: number
  /** Each of three steps: the new root is added, used, and the old one dropped. */
  readonly rootRotations: number
  readonly leafRotationMs: number
}

/** In the environment, `1` asks for the long form. */
export const LONG_VARIABLE = 'REMORA_LONG'

export function durationsOf(env: Readonly<Record<string, string | undefined>>): Durations {
  return env[LONG_VARIABLE] === '1'
    ? { apiServerAwayMs: 600_000, rollingRestarts: 50, rootRotations: 20, leafRotationMs: 300_000 }
    : { apiServerAwayMs: 60_000, rollingRestarts: 5, rootRotations: 3, leafRotationMs: 30_000 }
}

export const DURATIONS: Durations = durationsOf(process.env)

/** The time limit of a test that lasts for `ms` when all goes well. */
export function limitOf(ms: number): { timeout: number } {
  return { timeout: 180_000 + 3 * ms }
}
