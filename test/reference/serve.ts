// One request to the webhook's endpoint over plain HTTP on loopback: status, and what the review allows.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { MeshSnapshot } from '../../src/mesh/snapshot.ts'
import { BodyReader } from '../../src/server/body.ts'
import { createEndpoint } from '../../src/server/endpoint.ts'
import { LIMITS } from '../../src/server/limits.ts'

export interface Served {
  readonly status: number
  /** False where there is no review. */
  readonly allowed: boolean
}

export async function serve(snapshot: MeshSnapshot, body: Uint8Array, contentType: string): Promise<Served> {
  const silent = () => undefined
  const endpoint = createEndpoint({
    snapshot: () => snapshot,
    admission: { compat: 'istio', structure: 'refuse' },
    deadlineMs: 10_000,
    bodies: new BodyReader(LIMITS.bodyBytes, LIMITS.pendingBytes, silent),
    bodyLimit: LIMITS.bodyBytes,
    ready: () => true,
    metrics: { started: silent, finished: silent },
    log: { debug: silent, info: silent, warn: silent, error: silent },
  })
  const server = createServer((request, response) => {
    endpoint(request).then((answer) => {
      response.writeHead(answer.status)
      response.end(answer.body)
    }, response.destroy.bind(response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const headers = { 'content-type': contentType, connection: 'close' }
    const reply = await fetch(`http://127.0.0.1:${port}/inject`, { method: 'POST', headers, body })
    const text = await reply.text()
    if (reply.status !== 200) return { status: reply.status, allowed: false }
    const review = JSON.parse(text) as { response: { allowed: boolean } }
    return { status: 200, allowed: review.response.allowed }
  } finally {
    server.close()
  }
}
