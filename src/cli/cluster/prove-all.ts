// The proof of many entries before anything is taken over: for each one a dry-run pod on every API server in reach. API
// servers learn of a new entry a moment after it was written, and a namespace may refuse pods for reasons of its own, so
// each proof is tried again for a while, and in more than one namespace.

import type { Client } from '../../kube/client.ts'
import { sleep, systemClock } from '../../kube/clock.ts'
import { CONFIGURATION_NAME } from '../../revision/configuration.ts'
import { EXIT, Exit } from '../io.ts'
import { warn } from '../print.ts'
import type { ClusterFlags } from './flags.ts'
import { type EntryProof, type ProofPlace, placesFor, proveAnywhere } from './prove.ts'
import { readNamespaces, readRevisions } from './read.ts'
import { apiServers } from './servers.ts'
import type { Session } from './session.ts'

export interface ProveOptions {
  /** How long remora may take to answer for all of them. */
  readonly waitMs: number
  /** Is told of each proof, failed ones too. */
  readonly onProof: (proof: EntryProof) => void
}

const POLL_MS = 250

/** Throws Exit 4 unless remora answered for each entry that a pod of the cluster can match, on each API server. */
export async function proveAll(
  session: Session,
  flags: ClusterFlags,
  entries: readonly string[],
  options: ProveOptions,
): Promise<void> {
  const { io } = session
  const notes: string[] = []
  const { configurations } = await readRevisions(session)
  const namespaces = await readNamespaces(session, notes)
  for (const note of notes) warn(io, note)
  const servers = await apiServers(session, flags)
  const ours = configurations.find((each) => each.name === CONFIGURATION_NAME)
  const end = systemClock.now() + options.waitMs
  const failed: EntryProof[] = []
  for (const name of entries) {
    const entry = ours?.entries.find((each) => each.name === name)
    const places = entry === undefined ? [] : placesFor(entry, namespaces)
    if (places.length === 0) io.stderr.write(`  ${name}: no namespace uses it, nothing to prove\n`)
    for (const client of places.length === 0 ? [] : servers) {
      const proof = await proveUntil(session, client, places, end)
      options.onProof(proof)
      if (proof.proof === undefined) failed.push(proof)
      else io.stderr.write(`  ${name}: remora answered for a pod in namespace ${proof.namespace}\n`)
    }
  }
  for (const { entry, namespace, server, refusal } of failed) {
    const why = refusal === undefined ? '' : `: ${refusal}`
    io.stderr.write(
      `blocked: entry ${entry}: remora did not answer ${server} for a pod in namespace ${namespace}${why}\n`,
    )
  }
  if (failed.length === 0) return
  io.stderr.write(
    'hint: nothing was taken over; see that remora is ready, and that the API server reaches it\n',
  )
  throw new Exit(EXIT.blocked)
}

/** The first proof that succeeds; when time is over, the last one that failed. At least one is tried. */
async function proveUntil(
  { signal }: Session,
  client: Client,
  places: readonly ProofPlace[],
  end: number,
): Promise<EntryProof> {
  for (;;) {
    const last = await proveAnywhere(client, places, signal)
    if (last === undefined) throw new Error('no place to prove an entry in')
    if (last.proof !== undefined) return last
    if (systemClock.now() >= end) return last
    await sleep(systemClock, POLL_MS, signal)
    signal.throwIfAborted()
  }
}
