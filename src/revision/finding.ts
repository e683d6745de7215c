// What `remora check` can find: a closed list of codes, each with its level. Scripts and tests rely on the codes; the
// sentences are for people.

export type Level = 'error' | 'warning' | 'info'

const LEVELS = {
  /** Pods get none, or two sidecars, or are refused, now. */
  'ca-bundle-invalid': 'error',
  'ca-bundle-missing': 'error',
  'ca-bundle-mismatch': 'error',
  'certificate-expired': 'error',
  'certificate-not-yet-valid': 'error',
  'certificate-names': 'error',
  'dangling-tag': 'error',
  'entry-not-proven': 'error',
  'image-auto': 'error',
  'no-injector': 'error',
  'not-registered': 'error',
  overlap: 'error',
  'settings-refused': 'error',
  'service-missing': 'error',
  'service-without-endpoints': 'error',
  'unknown-revision': 'error',
  /** They will, or something else than people expect is going on. */
  'certificate-expiring': 'warning',
  'conflicting-labels': 'warning',
  contested: 'warning',
  'defaults-disagree': 'warning',
  'missing-sidecar': 'warning',
  'orphaned-proxy': 'warning',
  'proxy-uid': 'warning',
  'replicas-behind': 'warning',
  'replicas-disagree': 'warning',
  'runs-after': 'warning',
  'standing-back': 'warning',
  'tag-disagreement': 'warning',
  'tag-shadows-revision': 'warning',
  'newer-release': 'warning',
  'unknown-release': 'warning',
  /** Nothing is wrong. */
  'other-revision': 'info',
  'sidecar-unknown': 'info',
} as const satisfies Record<string, Level>

export type FindingCode = keyof typeof LEVELS

export interface Finding {
  readonly code: FindingCode
  readonly level: Level
  /** `kind namespace/name`, or `kind name`. */
  readonly object: string
  readonly message: string
  readonly hint: string
  /** The revision it is about; absent when it is about all of them. */
  readonly revision?: string
}

export function finding(
  code: FindingCode,
  object: string,
  message: string,
  hint: string,
  revision?: string,
): Finding {
  const found = { code, level: LEVELS[code], object, message, hint }
  return revision === undefined ? found : { ...found, revision }
}
