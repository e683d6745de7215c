// The connection to an API server: raw JSON over HTTP/1.1 with keep-alive, as the user of a kubeconfig or of the pod.
// Calls in, decoded answers out; a stream's bytes come as they arrive. It repeats nothing but what the server cannot have
// seen, knows no kinds of objects, and drops no field.

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, type RequestOptions, request as requestHttps } from 'node:https'
import type { Json } from '../std/json.ts'
import { type Clock, systemClock } from './clock.ts'
import { CredentialSource, type Credentials, type TlsMaterial } from './credentials.ts'
import { connectionError, statusError } from './error.ts'
import { type AccessOptions, findTarget, type Target } from './kubeconfig.ts'
import { proxyOf } from './proxy.ts'

export interface ApiCall {
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Of the body; `application/json` when absent. */
  readonly contentType?: string
  /** Until the whole answer is there (of a stream: until it begins). 30 s when absent. */
  readonly timeoutMs?: number
}

export interface ApiAnswer {
  readonly status: number
  /** Names in lower case; a header that came more than once is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** Decoded JSON, or the text when the answer is none. */
  readonly body: Json
}

export interface ApiAccess {
  /** Address of the API server, without a final slash. */
  readonly server: string
  /** The namespace of the context, or of the pod. */
  readonly namespace: string
  /** Any answer resolves, an error status too; no answer rejects with an ApiError of status 0. */
  send(call: ApiCall, signal?: AbortSignal): Promise<ApiAnswer>
  /**
   * The answer's bytes; first an empty piece when the answer begins, which may be long before its first byte.
   * Rejects with an ApiError when the status is not 2xx, or when the stream breaks.
   */
  openStream(call: ApiCall, signal: AbortSignal): AsyncIterable<Uint8Array>
}

const TIMEOUT_MS = 30_000
const CONNECT_MS = 5_000
/** Below the idle limits of load balancers. */
const KEEP_ALIVE_MS = 30_000

/** Throws ProblemError when the kubeconfig cannot be used; the server is not asked yet. */
export async function loadAccess(options: AccessOptions & { readonly clock?: Clock }): Promise<ApiAccess> {
  return connect(findTarget(options), options.env, options.clock ?? systemClock)
}

function connect(target: Target, env: AccessOptions['env'], clock: Clock): ApiAccess {
  const connection = new Connection(
    target,
    proxyOf(target.cluster.server, target.cluster.proxyUrl, env),
    clock,
  )
  return {
    server: target.cluster.server,
    namespace: target.namespace,
    send: (call, signal) => connection.send(call, signal),
    openStream: (call, signal) => connection.stream(call, signal),
  }
}

class Connection {
  private readonly target: Target
  private readonly proxy: string | undefined
  private readonly credentials: CredentialSource
  private readonly secure: boolean
  private pool: { readonly tls: TlsMaterial; readonly agent: Promise<HttpAgent> } | undefined

  constructor(target: Target, proxy: string | undefined, clock: Clock) {
    this.target = target
    this.proxy = proxy
    this.credentials = new CredentialSource(target, clock)
    this.secure = target.cluster.server.startsWith('https:')
  }

  async send(call: ApiCall, signal?: AbortSignal): Promise<ApiAnswer> {
    const deadline = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS)
    const both = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    try {
      return await readAnswer(await this.authorized(call, both))
    } catch (error) {
      if (deadline.aborted && signal?.aborted !== true) throw this.timedOut(call)
      throw connectionError(this.target.cluster.server, error)
    }
  }

  async *stream(call: ApiCall, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const opening = new AbortController()
    const timer = setTimeout(() => opening.abort(), call.timeoutMs ?? TIMEOUT_MS)
    try {
      const response = await this.authorized(call, AbortSignal.any([signal, opening.signal]))
      const status = response.statusCode ?? 0
      if (status < 200 || status > 299) {
        const answer = await readAnswer(response)
        throw statusError(answer.body, status, answer.headers)
      }
      clearTimeout(timer)
      yield new Uint8Array(0)
      yield* response
    } catch (error) {
      if (opening.signal.aborted) throw this.timedOut(call)
      throw connectionError(this.target.cluster.server, error)
    } finally {
      clearTimeout(timer)
    }
  }

  private timedOut(call: ApiCall): Error {
    const ms = call.timeoutMs ?? TIMEOUT_MS
    return connectionError(this.target.cluster.server, new Error(`no answer within ${ms / 1000} s`))
  }

  /** The head of an answer; when the server refuses our credentials, once more with new ones. */
  private async authorized(call: ApiCall, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await this.fresh(call, signal)
    if (response.statusCode !== 401 || !this.credentials.forget()) return response
    response.resume()
    return this.fresh(call, signal)
  }

  /**
   * A connection that was idle may have been closed by the server at the moment we use it. Reads are then repeated once;
   * a write may have been carried out, its caller decides.
   */
  private async fresh(call: ApiCall, signal: AbortSignal): Promise<IncomingMessage> {
    const credentials = await unlessAborted(this.credentials.current(), signal)
    const agent = await this.agentFor(credentials.tls)
    try {
      return await this.exchange(call, credentials, agent, signal)
    } catch (error) {
      if (call.method !== 'GET' || signal.aborted || !(error instanceof StaleConnection)) throw error
      return await this.exchange(call, credentials, agent, signal)
    }
  }

  /** One pool as long as the TLS material stays; connections in use finish in the old one. */
  private async agentFor(tls: TlsMaterial): Promise<HttpAgent> {
    if (this.pool === undefined || !sameTls(this.pool.tls, tls)) {
      const old = this.pool
      this.pool = { tls, agent: makeAgent(this.target, this.proxy, tls) }
      if (old !== undefined) closeIdle(await old.agent)
    }
    return this.pool.agent
  }

  private exchange(
    call: ApiCall,
    credentials: Credentials,
    agent: HttpAgent,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body))
    const options: RequestOptions = {
      ...credentials.tls,
      method: call.method,
      agent,
      signal,
      headers: {
        accept: 'application/json',
        'user-agent': 'remora',
        ...(body === undefined
          ? {}
          : { 'content-type': call.contentType ?? 'application/json', 'content-length': body.length }),
        ...credentials.headers,
      },
    }
    const url = `${this.target.cluster.server}${call.path}${queryText(call.query)}`
    const request = this.secure ? requestHttps(url, options) : requestHttp(url, options)
    const slow = setTimeout(
      () => request.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`)),
      CONNECT_MS,
    )
    const connected = (): void => clearTimeout(slow)
    request.once('socket', (socket) => {
      if (request.reusedSocket) connected()
      else if (this.secure) socket.once('secureConnect', connected)
      else if (socket.connecting) socket.once('connect', connected)
      else connected()
    })
    request.once('response', (response) => {
      connected()
      resolve(response)
    })
    // Also errors after the answer has begun come here; by then the promise is settled and the reader is told.
    request.on('error', (error) => {
      connected()
      const reset = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      reject(reset && request.reusedSocket ? new StaleConnection(error) : error)
    })
    request.end(body)
    return promise
  }
}

class StaleConnection extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause })
    this.name = 'StaleConnection'
  }
}

function queryText(query: ApiCall['query']): string {
  const text = new URLSearchParams(query).toString()
  return text === '' ? '' : `?${text}`
}

async function readAnswer(response: IncomingMessage): Promise<ApiAnswer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  const json = /^application\/([\w.+-]*\+)?json/.test(headers['content-type'] ?? '')
  return { status: response.statusCode ?? 0, headers, body: json && text !== '' ? JSON.parse(text) : text }
}

/** A plugin may hang; the call's deadline holds for it too. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', stop))
}

function sameTls(a: TlsMaterial, b: TlsMaterial): boolean {
  return a.ca === b.ca && a.cert === b.cert && a.key === b.key
}

function closeIdle(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy()
  }
}

async function makeAgent(
  { cluster }: Target,
  proxy: string | undefined,
  tls: TlsMaterial,
): Promise<HttpAgent> {
  const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxFreeSockets: 8 }
  if (proxy === undefined) {
    return cluster.server.startsWith('https:')
      ? new HttpsAgent({ ...options, ...tls })
      : new HttpAgent(options)
  }
  return proxyAgent(cluster.server, proxy, tls)
}

/** client-node knows the ways through HTTP, HTTPS and SOCKS proxies. */
async function proxyAgent(server: string, proxyUrl: string, tls: TlsMaterial): Promise<HttpAgent> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  config.loadFromClusterAndUser(
    {
      name: 'proxied',
      server,
      proxyUrl,
      // For a plain address it asks for this consent; there is nothing to verify then.
      skipTLSVerify: tls.rejectUnauthorized === false || server.startsWith('http:'),
      ...(tls.ca === undefined ? {} : { caData: base64(tls.ca) }),
      ...(tls.servername === undefined ? {} : { tlsServerName: tls.servername }),
    },
    {
      name: 'proxied',
      ...(tls.cert === undefined ? {} : { certData: base64(tls.cert) }),
      ...(tls.key === undefined ? {} : { keyData: base64(tls.key) }),
    },
  )
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  const { agent } = options
  if (!(agent instanceof HttpAgent)) throw new Error(`no way through proxy ${proxyUrl}`)
  Object.assign(agent, { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS })
  return agent
}
