// Which handler a request target reaches, as Go's ServeMux does it (contract §1.1): paths with `//` or dot segments are
// redirected to the clean path, segments are compared decoded and case-sensitively, the query is ignored.

import { parseRoute } from '../admission/path.ts'
import { remembering } from '../std/remember.ts'

export type Target =
  /** `path` is percent-decoded. */
  | { readonly kind: 'inject'; readonly path: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'malformed' }

/** Reads the request target of an HTTP request line. */
export function routeTarget(url: string): Target {
  const { path, query } = split(url)
  const decoded = decodePath(path)
  if (decoded === undefined) return { kind: 'malformed' }
  // `OPTIONS *` asks about the server, and is no path.
  if (path === '*') return { kind: 'not-found' }
  const clean = cleanPath(path)
  if (clean !== path) return { kind: 'redirect', location: `${clean}${query}` }
  if (decoded === '/ready') return { kind: 'ready' }
  // A decoded slash makes no segment: `/inject%2Fa` is one segment, and not `inject`.
  const first = path.split('/', 4).map((segment) => decodePath(segment) ?? '')
  if (first.slice(1).some((segment, i) => i < fixedSegments(first) && segment.includes('/'))) {
    return { kind: 'not-found' }
  }
  return parseRoute(decoded) === undefined ? { kind: 'not-found' } : { kind: 'inject', path: decoded }
}

/** `routeTarget` that remembers: API servers send the same few request targets again and again. */
export function targetReader(): (url: string) => Target {
  return remembering(routeTarget, { most: 128, longest: 512 })
}

/** How many leading segments name the handler; those after them are env pairs and may hold encoded slashes. */
function fixedSegments(segments: readonly string[]): number {
  return segments[1] === 'revisions' || segments[1] === 'tags' ? 3 : 1
}

function split(url: string): { path: string; query: string } {
  // The absolute form `https://host/path` is for proxies, but servers must take it.
  const target = /^https?:\/\/[^/?#]*/i.exec(url)
  const rest = target === null ? url : url.slice(target[0].length) || '/'
  const at = rest.indexOf('?')
  return at === -1 ? { path: rest, query: '' } : { path: rest.slice(0, at), query: rest.slice(at) }
}

/** Percent-decoded as UTF-8, bytes that are none as U+FFFD; undefined when a `%` stands without two hex digits. */
function decodePath(path: string): string | undefined {
  if (!/[%\u0080-\u00ff]/.test(path)) return path
  if (/%(?![0-9a-fA-F]{2})/.test(path)) return undefined
  const bytes = path.replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** Go's cleanPath: no empty and no dot segments; a final slash stays. */
function cleanPath(path: string): string {
  if (path.startsWith('/') && !/\/(?:\/|\.{1,2}(?:\/|$))/.test(path)) return path
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const clean = `/${kept.join('/')}`
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean
}
