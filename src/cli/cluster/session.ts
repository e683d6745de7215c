// One command's work on a live cluster: the connection, what is said while it takes long, and its end by a signal.
// In: flags and the work; out: the work's result. Errors of the API server come out as problems for people.

import { loadAccess } from '../../kube/access.ts'
import { ApiError, type Client, createClient } from '../../kube/client.ts'
import { ProblemError, type Where } from '../../std/problem.ts'
import { EXIT, Exit, type Io, type Signal } from '../io.ts'
import type { ClusterFlags } from './flags.ts'

export interface Session {
  readonly io: Io
  readonly client: Client
  /** Namespace of the control plane. */
  readonly istioNamespace: string
  /** Of the kubeconfig's context. */
  readonly namespace: string
  /** Aborted when the user ends the command. */
  readonly signal: AbortSignal
  /** Does a step; one that takes more than a second is named on standard error. */
  step<T>(what: string, work: Promise<T>): Promise<T>
}

const QUIET_MS = 1000
const SIGNALS: readonly Signal[] = ['SIGINT', 'SIGTERM']

/** Throws ProblemError for what the cluster refuses, and Exit 5 when a signal ended the work. */
export async function withCluster<T>(
  io: Io,
  flags: ClusterFlags,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { kubeconfig, context } = flags
  const access = await loadAccess({ kubeconfig, context, env: io.env, cwd: io.cwd })
  const controller = new AbortController()
  const release = SIGNALS.map((signal) => io.onSignal(signal, () => controller.abort()))
  try {
    return await work({
      io,
      client: createClient(access),
      istioNamespace: flags.istioNamespace,
      namespace: access.namespace,
      signal: controller.signal,
      step: (what, promise) => step(io, what, promise),
    })
  } catch (error) {
    if (!controller.signal.aborted) throw clusterProblem(error)
    io.stderr.write('cancelled\n')
    throw new Exit(EXIT.cancelled)
  } finally {
    for (const off of release) off()
  }
}

async function step<T>(io: Io, what: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => io.stderr.write(`${what} …\n`), QUIET_MS)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}

const HINTS: Partial<Record<ApiError['kind'], string>> = {
  unauthorized: 'log in to the cluster again, or name another context with --context',
  forbidden: 'ask for leave to do this, or name another context with --context',
}

/** What the API server said, as a problem; anything else as it was. */
export function clusterProblem(error: unknown, where: Where = {}): unknown {
  if (!(error instanceof ApiError)) return error
  const code = error.kind === 'not-found' ? 'not-found' : 'io'
  const hint = error.unreachable ? 'see that the cluster runs, and that the kubeconfig names it' : undefined
  const problem = new ProblemError(code, error.message, where, HINTS[error.kind] ?? hint)
  problem.cause = error
  return problem
}
