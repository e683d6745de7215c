// An Istio release as injection sees it: behaviour differs by minor release only (contract §16).

export interface Release {
  readonly major: number
  readonly minor: number
}

/** The release whose rules hold for unknown or newer releases. */
export const NEWEST: Release = { major: 1, minor: 30 }

/** Reads `1.27.9`, `1.30-alpha.0`, `v1.24`; undefined when the text names no release. */
export function parseRelease(text: string): Release | undefined {
  const match = /^v?(\d+)\.(\d+)(?:[.\-+].*)?$/.exec(text.trim())
  if (match === null) return undefined
  return { major: Number(match[1]), minor: Number(match[2]) }
}

/** Whether `release` has the behaviour that came with `1.<minor>`. */
export function atLeast(release: Release, minor: number): boolean {
  return release.major > 1 || release.minor >= minor
}
