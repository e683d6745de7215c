// Sends fuzzed requests to a running webhook over kept connections and judges every answer. A request without an answer
// in time is a hang, an end of the connection a crash; both fail. Each case has a seed of its own and can be run again.

import { Agent } from 'node:https'
import type { Child } from '../server/child.ts'
import { call } from '../server/client.ts'
import { type FuzzCase, fuzzCase } from './cases.ts'
import { checkReply } from './check.ts'
import { Random } from './random.ts'

export interface FuzzOptions {
  readonly cases: number
  readonly seed: number
  readonly connections: number
  /** Longest time one answer may take. */
  readonly timeoutMs: number
  readonly onProgress?: (done: number) => void
}

export interface FuzzFailure {
  /** `--seed` that makes this case the first one. */
  readonly seed: number
  readonly request: FuzzCase
  readonly problem: string
}

export interface FuzzReport {
  readonly passed: number
  readonly failures: readonly FuzzFailure[]
  /** Answers by what they were, so that a run which only ever saw 400 shows. */
  readonly kinds: Readonly<Record<string, number>>
}

/** Past so many failures a run tells nothing more. */
const MOST_FAILURES = 20

export async function runFuzz(target: Child, options: FuzzOptions): Promise<FuzzReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections })
  const failures: FuzzFailure[] = []
  const kinds: Record<string, number> = {}
  let next = 0
  let passed = 0
  const worker = async (): Promise<void> => {
    while (next < options.cases && failures.length < MOST_FAILURES) {
      const seed = options.seed + next++
      const request = fuzzCase(new Random(seed))
      const problem = await attempt(target, agent, request, options.timeoutMs, kinds)
      if (problem === undefined) passed++
      else failures.push({ seed, request, problem })
      options.onProgress?.(passed + failures.length)
    }
  }
  await Promise.all(Array.from({ length: options.connections }, worker))
  agent.destroy()
  return { passed, failures, kinds }
}

async function attempt(
  target: Child,
  agent: Agent,
  request: FuzzCase,
  timeoutMs: number,
  kinds: Record<string, number>,
): Promise<string | undefined> {
  const { method, path, body, contentType } = request
  const headers = contentType === undefined ? {} : { 'Content-Type': contentType }
  const timer = Promise.withResolvers<never>()
  const handle = setTimeout(() => timer.reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs)
  try {
    const sent = call({ port: target.port, ca: target.ca, agent, method, path, headers, body })
    sent.catch(() => undefined)
    const reply = await Promise.race([sent, timer.promise])
    const kind = kindOf(reply.status, reply.body)
    kinds[kind] = (kinds[kind] ?? 0) + 1
    return checkReply(request, reply)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(handle)
  }
}

function kindOf(status: number, body: string): string {
  if (status !== 200) return String(status)
  if (body.includes('"patch":')) return 'patched'
  return body.includes('"allowed":true') ? 'skipped' : 'refused'
}
