// Clients of the webhook port for tests: plain requests over TLS, raw bytes over TLS, and a certificate to trust.

import { once } from 'node:events'
import { type Agent, request } from 'node:https'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { issueAuthority, issueLeaf, type KeyPairPem } from '../../src/certs/issue.ts'

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Call {
  readonly port: number
  readonly ca: string
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly agent?: Agent
}

/** One request; rejects when the connection ends without a whole answer. */
export function call(options: Call): Promise<Reply> {
  const { port, ca, method = 'POST', path = '/inject', body = '' } = options
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        ca,
        method,
        path,
        headers: {
          ...(body.length === 0 ? {} : { 'Content-Length': Buffer.byteLength(body) }),
          ...options.headers,
        },
        ...(options.agent === undefined ? { agent: false } : { agent: options.agent }),
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        )
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** A TLS connection to speak to by hand. */
export async function rawConnection(
  port: number,
  ca: string,
  more: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca, ...more })
  await once(socket, 'secureConnect')
  return socket
}

/** Everything the peer sends until it ends the connection, however it ends it. */
export function readToEnd(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
  })
}

export interface TestPki {
  readonly ca: KeyPairPem
  readonly leaf: KeyPairPem
}

/** An authority and a leaf for loopback. */
export async function makePki(): Promise<TestPki> {
  const ca = await issueAuthority(Date.now())
  return { ca, leaf: await issueLeaf(ca, ['127.0.0.1', 'localhost'], Date.now()) }
}

/** Resolves when `condition` holds, looking again after each turn of the event loop. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('the condition did not come true in time')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
