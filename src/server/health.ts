// The plain HTTP port for kubelet and Prometheus: /healthz, /readyz (with ?verbose), /metrics.
// It knows nothing of pods, and stays up until the process ends, so that a drain can be watched.

import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from './http.ts'

/** One thing that readiness depends on. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  /** What is wrong, or worth knowing though it is fine. */
  readonly detail?: string
}

export interface HealthOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Ready when every check is ok. */
  readonly checks: () => readonly Check[]
  readonly metrics: { readonly text: () => Promise<string>; readonly contentType: string }
}

export interface Health {
  readonly port: number
  readonly close: () => Promise<void>
}

/** Listens; rejects when it cannot. */
export async function startHealth(options: HealthOptions): Promise<Health> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
    answer(options, request.url ?? '/', response).catch(() => send(response, 500, 'internal error\n'))
    request.resume()
  })
  server.maxConnections = 256
  await listen(server, options.host, options.port)
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(options: HealthOptions, url: string, response: ServerResponse): Promise<void> {
  const [path, query = ''] = url.split('?', 2)
  switch (path) {
    case '/healthz':
      return send(response, 200, 'ok\n')
    case '/readyz': {
      const checks = options.checks()
      const ready = checks.every((check) => check.ok)
      const verbose = !ready || query.startsWith('verbose')
      return send(response, ready ? 200 : 503, verbose ? describe(checks) : 'ok\n')
    }
    case '/metrics':
      return send(response, 200, await options.metrics.text(), options.metrics.contentType)
    default:
      return send(response, 404, '404 page not found\n')
  }
}

function describe(checks: readonly Check[]): string {
  return checks
    .map(
      ({ name, ok, detail }) => `${ok ? '[+]' : '[-]'} ${name}${detail === undefined ? '' : `: ${detail}`}\n`,
    )
    .join('')
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
