// Puts back the probes and lifecycle handlers that injection moved behind the agent (contract §8.3): the originals stand
// in env ISTIO_KUBE_APP_PROBERS of the sidecar. A handler is put back only where it still points at the agent's page.

import { isObject, type Json, type JsonObject, own, setOwn } from '../../std/json.ts'

export const PROBERS_ENV = 'ISTIO_KUBE_APP_PROBERS'

interface Page {
  readonly path: readonly string[]
  readonly url: (container: string) => string
}

const PAGES: readonly Page[] = [
  { path: ['readinessProbe'], url: (name) => `/app-health/${name}/readyz` },
  { path: ['livenessProbe'], url: (name) => `/app-health/${name}/livez` },
  { path: ['startupProbe'], url: (name) => `/app-health/${name}/startupz` },
  { path: ['lifecycle', 'preStop'], url: (name) => `/app-lifecycle/${name}/prestopz` },
  { path: ['lifecycle', 'postStart'], url: (name) => `/app-lifecycle/${name}/poststartz` },
]

const HANDLERS = ['httpGet', 'tcpSocket', 'grpc']

/** `container` with its own handlers, as far as `probers` has them. */
export function restoreProbes(container: Json, probers: JsonObject): Json {
  const name = isObject(container) ? own(container, 'name') : undefined
  if (!isObject(container) || typeof name !== 'string') return container
  let result: JsonObject = container
  for (const { path, url } of PAGES) {
    const page = url(name)
    const original = own(probers, page)
    if (isObject(original)) result = changed(result, path, (handler) => restored(handler, page, original))
  }
  return result
}

function changed(
  object: JsonObject,
  path: readonly string[],
  change: (value: JsonObject) => JsonObject,
): JsonObject {
  const [key, ...rest] = path
  if (key === undefined) return change(object)
  const value = own(object, key)
  if (!isObject(value)) return object
  const next = changed(value, rest, change)
  return next === value ? object : { ...object, [key]: next }
}

/** Handler fields keep the place of the agent's `httpGet`; settings such as periods are the user's and stay. */
function restored(handler: JsonObject, page: string, original: JsonObject): JsonObject {
  const httpGet = own(handler, 'httpGet')
  if (!isObject(httpGet) || own(httpGet, 'path') !== page) return handler
  const kind = HANDLERS.find((field) => isObject(own(original, field)))
  if (kind === undefined) return handler
  const result: JsonObject = {}
  for (const [key, value] of Object.entries(handler)) {
    if (key !== 'httpGet') setOwn(result, key, value)
    else setOwn(result, kind, withoutNulls(own(original, kind) ?? {}))
  }
  return result
}

function withoutNulls(value: Json): Json {
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null))
}
