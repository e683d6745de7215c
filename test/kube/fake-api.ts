// A small API server over real sockets: objects as plain JSON with resource versions, lists in pages, watches with
// history, compare-and-set. Tests make it fail: by a rule per request, or by what they do to its watches.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { pathOf, type Resource } from '../../src/kube/resource.ts'
import { applyPatch } from '../../src/patch/apply.ts'
import type { Operation } from '../../src/patch/diff.ts'
import { isObject, type JsonObject } from '../../src/std/json.ts'

export interface FakeRequest {
  readonly method: string
  /** Of the collection or object, without query. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/** What a rule does to a request: an answer of its own, or nothing ever, or an end of the connection. */
export type Fault =
  | { status: number; body?: JsonObject | string; headers?: Record<string, string> }
  | 'hang'
  | 'reset'
  /** A watch: begins, and is at once at its end. */
  | 'empty'

interface Change {
  readonly version: number
  readonly type: string
  readonly path: string
  readonly object: JsonObject
}

interface WatchStream {
  readonly path: string
  readonly response: ServerResponse
}

export class FakeApi {
  readonly requests: FakeRequest[] = []
  connections = 0
  /** Rules for requests; the first that says something wins. */
  fault: (request: FakeRequest) => Fault | undefined = () => undefined
  /** Watches stay open and hear nothing. */
  mute = false
  private version = 100
  private oldest = 0
  private history: Change[] = []
  private readonly objects = new Map<string, JsonObject>()
  private readonly streams = new Set<WatchStream>()
  private readonly sockets = new Set<Socket>()
  private readonly server: Server
  private pages = new Map<string, { items: JsonObject[]; version: string }>()
  private port = 0

  constructor() {
    this.server = createServer((request, response) => {
      void this.answer(request, response)
    })
    this.server.on('connection', (socket) => {
      this.connections += 1
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Open watches. */
  get watches(): number {
    return this.streams.size
  }

  /** Requests that began a watch, or a list. */
  asked(kind: 'list' | 'watch'): FakeRequest[] {
    return this.requests.filter(
      ({ method, query }) => method === 'GET' && (query['watch'] === 'true') === (kind === 'watch'),
    )
  }

  /** Listens, on the same port after `away()`. */
  async start(): Promise<this> {
    await new Promise<void>((done) => this.server.listen(this.port, '127.0.0.1', done))
    this.port = (this.server.address() as AddressInfo).port
    return this
  }

  /** Ends all connections and refuses new ones. */
  async away(): Promise<void> {
    const closed = new Promise((done) => this.server.close(done))
    for (const socket of this.sockets) socket.destroy()
    this.streams.clear()
    await closed
  }

  /** Creates or replaces an object. */
  put(resource: Resource, object: JsonObject): JsonObject {
    const metadata = object['metadata'] as JsonObject
    const path = pathOf(resource, metadata['namespace'] as string | undefined, metadata['name'] as string)
    return this.store(path, { apiVersion: 'v1', kind: resource.kind, ...object })
  }

  /** The objects of a kind, of all namespaces. */
  all(resource: Resource): JsonObject[] {
    return this.collection(pathOf(resource), undefined)
  }

  remove(resource: Resource, namespace: string | undefined, name: string): void {
    const path = pathOf(resource, namespace, name)
    const object = this.objects.get(path)
    if (object === undefined) throw new Error(`no ${path}`)
    this.objects.delete(path)
    this.change('DELETED', path, object)
  }

  /** Sends a line to all watches, whatever it says. */
  send(type: string, object: JsonObject): void {
    this.sendText(`${JSON.stringify({ type, object })}\n`)
  }

  sendText(text: string | Uint8Array): void {
    for (const { response } of this.streams) response.write(text)
  }

  bookmark(): void {
    this.send('BOOKMARK', { kind: 'Bookmark', metadata: { resourceVersion: String(++this.version) } })
  }

  closeWatches(): void {
    for (const { response } of this.streams) response.end()
    this.streams.clear()
  }

  resetWatches(): void {
    for (const { response } of this.streams) response.destroy()
    this.streams.clear()
  }

  /** What is before now can be neither watched nor paged through. */
  compact(): void {
    this.oldest = this.version
    this.history = []
    this.pages.clear()
  }

  private store(path: string, given: JsonObject): JsonObject {
    const old = this.objects.get(path)
    const metadata = { uid: `uid-${path}`, ...(given['metadata'] as JsonObject) }
    const object = { ...given, metadata: { ...metadata, resourceVersion: String(this.version + 1) } }
    this.objects.set(path, object)
    this.change(old === undefined ? 'ADDED' : 'MODIFIED', path, object)
    return object
  }

  private change(type: string, path: string, given: JsonObject): void {
    this.version += 1
    const metadata = { ...(given['metadata'] as JsonObject), resourceVersion: String(this.version) }
    const change = { version: this.version, type, path, object: { ...given, metadata } }
    this.history.push(change)
    if (this.mute) return
    for (const stream of this.streams) if (within(stream.path, path)) writeChange(stream.response, change)
  }

  private async answer(raw: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(raw.url ?? '', 'http://fake')
    const chunks: Buffer[] = []
    for await (const chunk of raw) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    const request: FakeRequest = {
      method: raw.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: raw.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
    this.requests.push(request)
    const fault = this.fault(request)
    if (fault === 'hang') return
    if (fault === 'reset') raw.socket.destroy()
    else if (fault === 'empty') response.writeHead(200, JSON_TYPE).end()
    else if (fault !== undefined) {
      const { status, body = statusBody(status, 'Fault', 'made by the test'), headers } = fault
      const type = typeof body === 'string' ? { 'content-type': 'text/plain' } : JSON_TYPE
      response.writeHead(status, { ...type, ...headers })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    } else if (request.query['watch'] === 'true') this.watch(request, response)
    else {
      const [status, body] = this.carryOut(request)
      response.writeHead(status, JSON_TYPE).end(JSON.stringify(body))
    }
  }

  /** The answer to a request, as if it had come through a socket. */
  carryOut(request: FakeRequest): [number, JsonObject] {
    const { method, path } = request
    const old = this.objects.get(path)
    const body = isObject(request.body) ? request.body : {}
    if (path === '/version') return [200, { major: '1', minor: '35', gitVersion: 'v1.35.4' }]
    if (method === 'POST') return this.create(path, body, request)
    const applied = String(request.headers['content-type']).startsWith('application/apply-patch')
    if (method === 'PATCH' && applied && old === undefined) {
      const uid = isObject(body['metadata']) ? body['metadata']['uid'] : undefined
      if (uid !== undefined)
        return [409, statusBody(409, 'Conflict', 'uid mismatch: no existing object was found')]
      return [201, this.store(path, body)]
    }
    if (old === undefined) {
      if (method === 'GET' && !isObjectPath(path)) return this.list(request)
      return [404, statusBody(404, 'NotFound', `${path.split('/').at(-1)} not found`)]
    }
    if (method === 'GET') return [200, old]
    if (method === 'DELETE') {
      this.objects.delete(path)
      this.change('DELETED', path, old)
      return [200, { kind: 'Status', status: 'Success' }]
    }
    const wanted = isObject(body['metadata']) ? body['metadata']['resourceVersion'] : undefined
    const held = (old['metadata'] as JsonObject)['resourceVersion']
    if (wanted !== undefined && wanted !== held) {
      return [409, statusBody(409, 'Conflict', 'the object has been modified')]
    }
    if (Array.isArray(request.body)) return this.patch(path, old, request.body as Operation[])
    return [200, this.store(path, method === 'PUT' ? body : (mergePatch(old, body) as JsonObject))]
  }

  private patch(path: string, old: JsonObject, operations: readonly Operation[]): [number, JsonObject] {
    try {
      return [200, this.store(path, applyPatch(old, operations) as JsonObject)]
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return [422, statusBody(422, 'Invalid', `the server rejected our request: ${message}`)]
    }
  }

  private create(path: string, body: JsonObject, { query }: FakeRequest): [number, JsonObject] {
    const metadata = isObject(body['metadata']) ? body['metadata'] : {}
    const target = `${path}/${String(metadata['name'])}`
    if (this.objects.has(target)) {
      return [409, statusBody(409, 'AlreadyExists', `"${String(metadata['name'])}" already exists`)]
    }
    const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1]
    const object = { ...body, metadata: { ...metadata, ...(namespace === undefined ? {} : { namespace }) } }
    return [201, query['dryRun'] === 'All' ? object : this.store(target, object)]
  }

  private list({ path, query }: FakeRequest): [number, JsonObject] {
    const limit = Number(query['limit'] ?? 0)
    const token = query['continue']
    const [id = '', offset = '0'] = token?.split(':') ?? []
    const snapshot =
      token === undefined
        ? { items: this.collection(path, query['labelSelector']), version: String(this.version) }
        : this.pages.get(id)
    if (snapshot === undefined) return [410, statusBody(410, 'Expired', 'the continue token is too old')]
    const start = Number(offset)
    const items = limit > 0 ? snapshot.items.slice(start, start + limit) : snapshot.items.slice(start)
    const more = start + items.length < snapshot.items.length
    const key = id || `page${this.requests.length}`
    if (more) this.pages.set(key, snapshot)
    const metadata = {
      resourceVersion: snapshot.version,
      ...(more ? { continue: `${key}:${start + items.length}` } : {}),
    }
    return [200, { kind: 'List', apiVersion: 'v1', metadata, items }]
  }

  private collection(path: string, selector: string | undefined): JsonObject[] {
    const wanted = (selector ?? '').split(',').filter((pair) => pair !== '')
    return [...this.objects]
      .filter(([key]) => within(path, key))
      .map(([, object]) => object)
      .filter((object) => {
        const labels = ((object['metadata'] as JsonObject)['labels'] ?? {}) as JsonObject
        return wanted.every((pair) => {
          const [key = '', value] = pair.split('=')
          return value === undefined ? labels[key] !== undefined : labels[key] === value
        })
      })
  }

  private watch({ path, query }: FakeRequest, response: ServerResponse): void {
    response.writeHead(200, JSON_TYPE)
    response.flushHeaders()
    const from = Number(query['resourceVersion'] || this.version)
    if (from < this.oldest) {
      const object = statusBody(410, 'Expired', 'too old resource version')
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
      return
    }
    const stream = { path, response }
    this.streams.add(stream)
    response.on('close', () => this.streams.delete(stream))
    if (this.mute) return
    for (const change of this.history) {
      if (change.version > from && within(path, change.path)) writeChange(response, change)
    }
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

function writeChange(response: ServerResponse, { type, object }: Change): void {
  response.write(`${JSON.stringify({ type, object })}\n`)
}

/** `/api/v1/…` or `/apis/group/v1/…`, a namespace, a plural, and then a name. */
function isObjectPath(path: string): boolean {
  const parts = path.split('/').slice(path.startsWith('/apis/') ? 4 : 3)
  return (parts[0] === 'namespaces' && parts.length > 2 ? parts.length - 2 : parts.length) > 1
}

/** Whether an object is of the collection: of one namespace, or of all. */
function within(collection: string, object: string): boolean {
  const folder = object.slice(0, object.lastIndexOf('/'))
  return folder === collection || folder.replace(/\/namespaces\/[^/]+\//, '/') === collection
}

function mergePatch(old: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result: JsonObject = isObject(old) ? { ...old } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value) as JsonObject
  }
  return result
}

export function statusBody(code: number, reason: string, message: string): JsonObject {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code }
}
