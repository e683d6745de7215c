// What a request path says: which revision or tag is asked for, and the env pairs for the sidecar (contract §1.2,
// design §6). Paths come in percent-decoded. Nothing is refused here: whether a revision exists is the snapshot's answer.

import { setOwn } from '../std/json.ts'

export interface Route {
  readonly kind: 'default' | 'revision' | 'tag'
  /** Name of the revision or tag; empty for `default`. */
  readonly name: string
  readonly envPairs: Record<string, string>
}

const ROUTE = /^\/(revisions|tags)\/([^/]+)(\/inject(?:\/[\s\S]*)?)$/

/** Reads `/inject…`, `/revisions/<rev>/inject…` and `/tags/<tag>/inject…`; undefined for any other path. */
export function parseRoute(path: string): Route | undefined {
  const match = ROUTE.exec(path)
  if (match !== null) {
    const [, kind, name = '', rest = ''] = match
    return { kind: kind === 'tags' ? 'tag' : 'revision', name, envPairs: parseEnvPairs(rest) }
  }
  if (path !== '/inject' && !path.startsWith('/inject/')) return undefined
  return { kind: 'default', name: '', envPairs: parseEnvPairs(path) }
}

const LEGACY = ':ENV:'

/**
 * The env pairs of `/inject/k/v/…` or of the legacy form `/inject/:ENV:k=v…`; later duplicates win. The legacy form
 * knows no `--slash--`, because its values may hold slashes as they are.
 */
export function parseEnvPairs(path: string): Record<string, string> {
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path
  const rest = thirdPart(trimmed)
  const pairs: Record<string, string> = {}
  if (rest.startsWith(LEGACY)) {
    for (const piece of rest.split(LEGACY).slice(1)) {
      const at = piece.indexOf('=')
      if (at > 0) setPair(pairs, piece.slice(0, at), piece.slice(at + 1))
    }
    return pairs
  }
  const items = rest.split('/')
  for (let i = 0; i + 1 < items.length; i += 2) {
    setPair(pairs, items[i] ?? '', (items[i + 1] ?? '').replaceAll('--slash--', '/'))
  }
  return pairs
}

/** What stands after the second slash, as Go's SplitN(path, "/", 3)[2]; empty without one. */
function thirdPart(path: string): string {
  const first = path.indexOf('/')
  const second = first === -1 ? -1 : path.indexOf('/', first + 1)
  return second === -1 ? '' : path.slice(second + 1)
}

function setPair(pairs: Record<string, string>, key: string, value: string): void {
  if (key === '') return
  setOwn(pairs, envName(key), value)
}

function envName(key: string): string {
  if (key === 'cluster') return 'ISTIO_META_CLUSTER_ID'
  if (key === 'net') return 'ISTIO_META_NETWORK'
  return upper(key)
}

/** Go's ToUpper: one code point for one, so letters whose capital form is two (`ß`) stay. */
function upper(text: string): string {
  return Array.from(text, (char) => {
    const capital = char.toUpperCase()
    return [...capital].length === 1 ? capital : char
  }).join('')
}
