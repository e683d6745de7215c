// The webhook port: Fastify over HTTPS, HTTP/1.1 only, with its limits, live key pairs and a drain that loses nothing.
// Requests are handed to an endpoint as they are; what they mean is not known here.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { ProblemError } from '../std/problem.ts'
import type { Log } from '../telemetry/log.ts'
import { Connections } from './connections.ts'
import { METHODS } from './http.ts'
import type { Limits } from './limits.ts'
import type { KeyPair } from './tls.ts'

/** What an endpoint answers; `location` for a redirect. */
export interface Answer {
  readonly status: number
  /** Content-Type; TEXT unless given. */
  readonly type?: string
  readonly body: string
  /** The length of the body's UTF-8, where it is known. */
  readonly bytes?: number
  readonly location?: string
}

export type Endpoint = (request: IncomingMessage) => Promise<Answer>

export interface WebhookOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly pair: KeyPair
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly limits: Limits
  readonly endpoint: Endpoint
  readonly log: Log
  readonly onConnectionDropped: () => void
}

export interface Webhook {
  readonly port: number
  readonly connections: () => number
  /** Milliseconds in which there was no request; 0 while there is one. */
  readonly quietMs: () => number
  /** Serves `pair` from the next handshake on; open connections go on as they are. */
  readonly setPair: (pair: KeyPair) => void
  /** From now on answers say `Connection: close`. Everything is served as before. */
  readonly startDrain: () => void
  /** Stops listening, answers what is open, and ends; after `graceMs` the rest is cut off. */
  readonly close: (graceMs: number) => Promise<void>
}

const STUCK_LOOK_MS = 1000

/** Listens; rejects when it cannot. */
export async function startWebhook(options: WebhookOptions): Promise<Webhook> {
  const { limits } = options
  const connections = new Connections(
    limits.connections,
    () => performance.now(),
    options.onConnectionDropped,
  )
  let draining = false
  const secured = new WeakSet<Socket>()
  const app = createApp(options, secured)
  app.route({
    method: [...app.supportedMethods],
    url: '*',
    handler: (request, reply) => {
      // Fastify would lay out the whole text to count its bytes, and Node once more behind its head.
      reply.hijack()
      // Not async: what Fastify does with the promise of a handler costs a skipped pod more than deciding on it.
      options
        .endpoint(request.raw)
        .then((answer) => send(reply.raw, answer, draining))
        .catch((error: unknown) => send(reply.raw, failed(options.log, error), draining))
    },
  })
  const server = app.server as HttpsServer
  server.on('connection', (socket: Socket) => connections.opened(socket))
  server.on('secureConnection', (socket: Socket) => secured.add(socket))
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    connections.began(socket)
    response.once('close', () => connections.ended(socket, response.writableFinished))
  })
  const stuck = setInterval(() => connections.endStuck(limits.exchangeMs), STUCK_LOOK_MS)
  stuck.unref()
  await app.listen({ host: options.host, port: options.port })
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections.count,
    quietMs: () => connections.quietMs,
    setPair: (pair) => server.setSecureContext({ ...pair, minVersion: options.minVersion }),
    startDrain: () => {
      draining = true
    },
    close: async (graceMs) => {
      draining = true
      await closeServer(app, server, connections, graceMs)
      clearInterval(stuck)
    },
  }
}

function createApp(options: WebhookOptions, secured: WeakSet<Socket>): FastifyInstance {
  const { limits } = options
  const app = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    // The drain is ours: Fastify would answer 503 on kept connections, which is a refused pod.
    return503OnClosing: false,
    forceCloseConnections: false,
    // Fastify would load what compiles schemas: a quarter of all the code that a start would load from packages.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    connectionTimeout: 0,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    https: {
      ...options.pair,
      minVersion: options.minVersion,
      // HTTP/1.1 is all an API server speaks to webhooks; a client that offers h2 alone is turned away.
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: limits.handshakeMs,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: 1000,
    },
    // Percent-encoding that is none: Go answers the same.
    frameworkErrors: (_error, _request, reply) => {
      reply.hijack()
      send(reply.raw, { status: 400, type: TEXT, body: '400 Bad Request' }, false)
    },
    clientErrorHandler: (error, socket) => refuseClient(error, socket, secured.has(socket)),
  })
  // Istio's handler reads the body whatever the method; without a body in Fastify's eyes, every method is ours to read.
  for (const method of METHODS) {
    if (method !== 'CONNECT') app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  }
  app.removeAllContentTypeParsers()
  app.setErrorHandler((error, _request, reply) => {
    reply.hijack()
    send(reply.raw, failed(options.log, error), false)
  })
  return app
}

function noSchemas(): never {
  throw new ProblemError('defect', 'a route has a schema')
}

/** Go sniffs the type of what Istio writes, and finds text in all of it. */
export const TEXT = 'text/plain; charset=utf-8'

/** Says so in the log, and is what the client gets. */
function failed(log: Log, error: unknown): Answer {
  log.error('a request failed unexpectedly', { error: error instanceof Error ? error.message : 'unknown' })
  return { status: 500, type: TEXT, body: 'internal error\n' }
}

function send(response: ServerResponse, answer: Answer, closes: boolean): void {
  const { status, type = TEXT, body, bytes = Buffer.byteLength(body), location } = answer
  response.writeHead(status, {
    'content-type': type,
    'content-length': bytes,
    ...(location === undefined ? {} : { location }),
    ...(closes ? { connection: 'close' } : {}),
  })
  response.end(body)
}

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
}

/**
 * Answers what is not HTTP/1.1 with one line, as far as the client still listens, and ends the connection. Before the
 * TLS handshake is over there is nothing to answer on: what is written then would keep the connection open for good.
 */
function refuseClient(error: NodeJS.ErrnoException, socket: Socket, secured: boolean): void {
  if (error.code === 'ECONNRESET' || !socket.writable || !secured) {
    socket.destroy()
    return
  }
  const status = CLIENT_ERRORS[error.code ?? ''] ?? '400 Bad Request'
  socket.write(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${status.length}\r\nConnection: close\r\n\r\n${status}`,
  )
  socket.destroySoon()
}

/** Connections that were idle for so long after an answer are closed at the end. */
const IDLE_AT_END_MS = 500
/** Connections that never sent anything are given longer: their client may be slow to begin. */
const SILENT_AT_END_MS = 3000
const LOOK_MS = 25

async function closeServer(
  app: FastifyInstance,
  server: HttpsServer,
  connections: Connections,
  graceMs: number,
): Promise<void> {
  const until = performance.now() + graceMs
  await quietMoment()
  // Not `server.close()`: that would close idle connections at once, and with them requests that are on their way.
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
  const look = setInterval(() => {
    if (performance.now() < until) connections.endIdle(IDLE_AT_END_MS, SILENT_AT_END_MS)
    else connections.destroyAll()
  }, LOOK_MS)
  connections.endIdle(IDLE_AT_END_MS, SILENT_AT_END_MS)
  await closed
  clearInterval(look)
  // Fastify and Node tidy up; the server is closed already, which Node reports as an error.
  await app.close().catch(() => undefined)
}

const QUIET_MS = 0.3
const QUIET_TRIES = 2000

/**
 * Waits for a turn of the event loop in which nothing happened. Connections that the kernel has accepted, but the
 * server has not, are reset when the listener closes; after a quiet turn there are none.
 */
async function quietMoment(): Promise<void> {
  for (let i = 0; i < QUIET_TRIES; i++) {
    const start = performance.now()
    await new Promise<void>((resolve) => setImmediate(resolve))
    if (performance.now() - start < QUIET_MS) return
  }
}
