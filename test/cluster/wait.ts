// Waiting for a condition of a real cluster, and plain calls to its API server.

import { request } from 'node:https'

/** Asks `condition` until it holds; throws with the last reason when it does not hold in time. An error counts as "not yet". */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  milliseconds = 60_000,
): Promise<void> {
  const end = performance.now() + milliseconds
  let reason = 'it was never true'
  while (performance.now() < end) {
    try {
      if (await condition()) return
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error)
    }
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error(`waited ${milliseconds / 1000} s for ${what}: ${reason}`)
}

export interface ApiAccess {
  readonly server: string
  readonly token: string
}

/** One call to an API server whose certificate is its own; the answer's status and decoded body (text when not JSON). */
export function fetchJson(
  api: ApiAccess,
  method: string,
  path: string,
  body?: unknown,
  contentType = 'application/json',
): Promise<{ status: number; body: unknown }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: unknown }>()
  const headers = { authorization: `Bearer ${api.token}`, 'content-type': contentType }
  const call = request(`${api.server}${path}`, { method, headers, rejectUnauthorized: false }, (answer) => {
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    answer.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      const json = answer.headers['content-type']?.startsWith('application/json') === true
      resolve({ status: answer.statusCode ?? 0, body: json ? JSON.parse(text) : text })
    })
    answer.on('error', reject)
  })
  call.on('error', reject)
  call.end(body === undefined ? undefined : JSON.stringify(body))
  return promise
}
