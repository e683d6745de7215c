// Calls on objects: plain JSON in, plain JSON out, nothing typed and nothing dropped. Every error is an ApiError.
// Writes are never repeated here (the caller knows what it wanted); reads that the server throttles wait and try again.

import { isObject, type Json, type JsonObject, own } from '../std/json.ts'
import type { ApiAccess, ApiAnswer, ApiCall } from './access.ts'
import { type Clock, sleep, systemClock } from './clock.ts'
import { ApiError, statusError } from './error.ts'
import { pathOf, type Resource } from './resource.ts'

export { ApiError } from './error.ts'

/** Where in a resource: an object (`name`), a namespace, or everything. */
export interface At {
  readonly namespace?: string
  readonly name?: string
  readonly subresource?: string
}

export interface CallOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  /** Called with each text of a `Warning` header of the answer. */
  readonly onWarning?: (text: string) => void
}

export interface WriteOptions extends CallOptions {
  /** Admission runs, nothing is stored. */
  readonly dryRun?: boolean
  readonly fieldManager?: string
}

export interface Selection {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Objects per call, 500 when absent; 0 asks for all at once. */
  readonly pageSize?: number
}

export interface ObjectList {
  /** Without `kind` and `apiVersion` where the server leaves them out. */
  readonly items: readonly JsonObject[]
  readonly resourceVersion: string
}

export interface Client {
  readonly access: ApiAccess
  get(resource: Resource, at: At, options?: CallOptions): Promise<JsonObject>
  /** All pages. A list that expires between two pages is read again in one piece. */
  list(resource: Resource, at?: At, options?: Selection & CallOptions): Promise<ObjectList>
  /** The same, keeping of each object only what `pick` makes of it; undefined leaves it out. Holds one page at a time. */
  select<T>(
    resource: Resource,
    at: At,
    options: Selection & CallOptions,
    pick: (object: JsonObject) => T | undefined,
  ): Promise<T[]>
  create(resource: Resource, at: At, object: JsonObject, options?: WriteOptions): Promise<JsonObject>
  /** Replaces the object; with `metadata.resourceVersion` only if it is still that one (else kind `conflict`). */
  update(resource: Resource, at: At, object: JsonObject, options?: WriteOptions): Promise<JsonObject>
  patch(
    resource: Resource,
    at: At,
    patch: Json,
    options?: WriteOptions & { readonly type?: PatchType },
  ): Promise<JsonObject>
  /** Server-side apply. `force` takes fields over from other managers. */
  apply(
    resource: Resource,
    at: At,
    object: JsonObject,
    options: WriteOptions & { readonly fieldManager: string; readonly force?: boolean },
  ): Promise<JsonObject>
  /** The answer is the object, where it is still being deleted, or a Status. */
  delete(
    resource: Resource,
    at: At,
    options?: WriteOptions & {
      readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
      readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
    },
  ): Promise<JsonObject>
  /** `/version` of the API server. */
  version(options?: CallOptions): Promise<JsonObject>
}

export type PatchType = 'merge' | 'json' | 'strategic'

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const

const PAGE_SIZE = 500
const THROTTLED_TRIES = 5
const THROTTLED_MS = 1000

export function createClient(access: ApiAccess, clock: Clock = systemClock): Client {
  const call = (call: ApiCall, options?: CallOptions): Promise<JsonObject> => ask(access, call, options)
  const read = (call: ApiCall, options?: CallOptions): Promise<JsonObject> =>
    patiently(clock, options?.signal, () => ask(access, call, options))
  return {
    access,
    get: (resource, at, options) => read({ method: 'GET', path: objectPath(resource, at) }, options),
    list: (resource, at = {}, options = {}) =>
      listAll(resource, at, options, (page) => read(page, options), whole),
    select: async (resource, at, options, pick) =>
      (await listAll(resource, at, options, (page) => read(page, options), pick)).items,
    create: (resource, at, body, options) => {
      // The collection, or a subresource of an object (an eviction, a token request).
      const path = at.subresource === undefined ? pathOf(resource, at.namespace) : objectPath(resource, at)
      return call({ method: 'POST', path, body, query: writeQuery(options) }, options)
    },
    update: (resource, at, body, options) =>
      call({ method: 'PUT', path: objectPath(resource, at), body, query: writeQuery(options) }, options),
    patch: (resource, at, body, options) => {
      const contentType = PATCH_TYPES[options?.type ?? 'merge']
      const path = objectPath(resource, at)
      return call({ method: 'PATCH', path, body, contentType, query: writeQuery(options) }, options)
    },
    apply: (resource, at, body, options) => {
      const query = { ...writeQuery(options), force: String(options.force === true) }
      const contentType = 'application/apply-patch+yaml'
      return call({ method: 'PATCH', path: objectPath(resource, at), body, contentType, query }, options)
    },
    delete: (resource, at, options = {}) => {
      const { preconditions, propagationPolicy } = options
      const body = {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        ...(preconditions === undefined ? {} : { preconditions }),
        ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
      }
      return call(
        { method: 'DELETE', path: objectPath(resource, at), body, query: writeQuery(options) },
        options,
      )
    },
    version: (options) => read({ method: 'GET', path: '/version' }, options),
  }
}

/** Never the collection: a forgotten name must not delete or patch more than one object. */
function objectPath(resource: Resource, { namespace, name, subresource }: At): string {
  return pathOf(resource, namespace, name ?? '', subresource)
}

function writeQuery(options: WriteOptions | undefined): Record<string, string> {
  return {
    ...(options?.dryRun === true ? { dryRun: 'All' } : {}),
    ...(options?.fieldManager === undefined ? {} : { fieldManager: options.fieldManager }),
  }
}

async function ask(access: ApiAccess, call: ApiCall, options: CallOptions = {}): Promise<JsonObject> {
  const { timeoutMs, signal, onWarning } = options
  const answer = await access.send(timeoutMs === undefined ? call : { ...call, timeoutMs }, signal)
  if (onWarning !== undefined) for (const text of warningsOf(answer)) onWarning(text)
  return objectOf(answer)
}

/** The object of an answer. Throws ApiError for an error status, or when there is no object. */
export function objectOf({ status, headers, body }: ApiAnswer): JsonObject {
  if (status < 200 || status > 299) throw statusError(body, status, headers)
  if (isObject(body)) return body
  throw new ApiError(`the answer ${status} holds no object`, { status, kind: 'transient' })
}

/** Texts of `Warning: 299 - "text"` headers (RFC 7234 §5.5), quotes and backslashes unescaped. */
export function warningsOf({ headers }: ApiAnswer): string[] {
  const matches = (headers['warning'] ?? '').matchAll(/\b299 [^ ]+ "((?:[^"\\]|\\.)*)"/g)
  return [...matches].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'))
}

async function patiently<T>(
  clock: Clock,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      const again = error instanceof ApiError && error.kind === 'throttled' && tries < THROTTLED_TRIES
      if (!again || signal?.aborted === true) throw error
      const wait = Math.min(error.retryAfterMs ?? THROTTLED_MS, 10 * THROTTLED_MS)
      await sleep(clock, wait, signal ?? new AbortController().signal)
    }
  }
}

const whole = (object: JsonObject): JsonObject => object

async function listAll<T>(
  resource: Resource,
  at: At,
  selection: Selection,
  ask: (call: ApiCall) => Promise<JsonObject>,
  pick: (object: JsonObject) => T | undefined,
): Promise<{ items: T[]; resourceVersion: string }> {
  const items: T[] = []
  let resourceVersion = ''
  const collect = async (pageSize: number): Promise<void> => {
    items.length = 0
    const pages = listPages(resource, at, { ...selection, pageSize }, ask)
    for await (const page of pages) {
      for (const item of page.items) {
        const kept = pick(item)
        if (kept !== undefined) items.push(kept)
      }
      resourceVersion = page.resourceVersion
    }
  }
  try {
    await collect(selection.pageSize ?? PAGE_SIZE)
  } catch (error) {
    if (!(error instanceof ApiError) || error.kind !== 'gone') throw error
    await collect(0)
  }
  return { items, resourceVersion }
}

/** The pages of a list, one call each. All pages are of one moment: that of `resourceVersion`. */
export async function* listPages(
  resource: Resource,
  at: At,
  selection: Selection,
  ask: (call: ApiCall) => Promise<JsonObject>,
): AsyncGenerator<ObjectList> {
  const path = pathOf(resource, at.namespace)
  const { labelSelector, fieldSelector, pageSize = PAGE_SIZE } = selection
  let next = ''
  do {
    const query: Record<string, string> = {
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(pageSize > 0 ? { limit: String(pageSize) } : {}),
      ...(next === '' ? {} : { continue: next }),
    }
    const list = await ask({ method: 'GET', path, query })
    const metadata = own(list, 'metadata')
    const items = own(list, 'items')
    next = textAt(metadata, 'continue')
    yield {
      items: Array.isArray(items) ? items.filter(isObject) : [],
      resourceVersion: textAt(metadata, 'resourceVersion'),
    }
  } while (next !== '')
}

function textAt(value: Json | undefined, key: string): string {
  const found = isObject(value) ? own(value, key) : undefined
  return typeof found === 'string' ? found : ''
}
