// A dry-run pod for every live entry of an injector, on every API server in reach: remora must give a nonce back; istiod
// must not let the call fail, which is all that can be seen of it. Nothing is stored.

import { randomBytes } from 'node:crypto'
import type { NamespaceInfo } from '../../api/mesh.ts'
import { ApiError, type Client } from '../../kube/client.ts'
import { RESOURCE, type Resource } from '../../kube/resource.ts'
import type { Proof } from '../../revision/check.ts'
import type { Configuration } from '../../revision/configuration.ts'
import { objectField, textField } from '../../revision/configuration.ts'
import type { ClusterFlags } from './flags.ts'
import { type ProofPlace, placesFor, proofPod, proveAnywhere } from './prove.ts'
import { apiServers } from './servers.ts'
import type { Session } from './session.ts'

interface Asked {
  readonly configuration: Configuration
  /** At least one. */
  readonly places: readonly ProofPlace[]
}

/** An entry that no pod of any namespace can match needs no proof, and one that the user may not prove is noted. */
export async function proveEntries(
  session: Session,
  flags: ClusterFlags,
  { configurations, namespaces }: Gathered,
  notes: string[],
): Promise<Proof[]> {
  const asked = configurations.flatMap((configuration) =>
    configuration.entries
      .filter(({ live, rule, of }) => live && rule !== undefined && of !== undefined)
      .flatMap((entry): Asked[] => {
        const places = placesFor(entry, namespaces)
        return places.length === 0 ? [] : [{ configuration, places }]
      }),
  )
  const names = new Set(asked.flatMap(({ places }) => places.map(({ namespace }) => namespace)))
  const allowed = await allowedIn(session, [...names], notes)
  const mine = asked
    .map((each) => ({ ...each, places: each.places.filter(({ namespace }) => allowed.has(namespace)) }))
    .filter(({ places }) => places.length > 0)
  const proofs: Proof[] = []
  for (const client of mine.length === 0 ? [] : await apiServers(session, flags)) {
    const all = Promise.all(mine.map((each) => prove(client, each, session.signal)))
    proofs.push(...(await session.step('asking for dry-run pods', all)))
  }
  return proofs
}

export interface Gathered {
  readonly configurations: readonly Configuration[]
  readonly namespaces: readonly NamespaceInfo[]
}

async function prove(client: Client, { configuration, places }: Asked, signal: AbortSignal): Promise<Proof> {
  const problem =
    configuration.owner === 'remora'
      ? await remoraProblem(client, places, signal)
      : await istioProblem(client, places, signal)
  return { configuration: configuration.name, entry: places[0]?.entry.name ?? '', problem }
}

async function remoraProblem(
  client: Client,
  places: readonly ProofPlace[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = await proveAnywhere(client, places, signal)
  if (found === undefined || found.proof !== undefined) return undefined
  return `remora did not answer ${found.server}${found.refusal === undefined ? '' : `: ${found.refusal}`}`
}

/** An API server that cannot call a webhook answers with an internal error; a refusal of the pod is somebody's answer. */
async function istioProblem(
  client: Client,
  [place]: readonly ProofPlace[],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (place === undefined) return undefined
  const pod = proofPod(place, randomBytes(16).toString('hex'))
  try {
    await client.create(RESOURCE.pod, { namespace: place.namespace }, pod, { dryRun: true, signal })
    return undefined
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0) throw error
    return error.status >= 500 ? `${client.access.server} says: ${error.message}` : undefined
  }
}

const ACCESS_REVIEW: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  namespaced: false,
}

/** The namespaces in which the user may create pods. */
async function allowedIn(
  { client, signal }: Session,
  namespaces: readonly string[],
  notes: string[],
): Promise<ReadonlySet<string>> {
  const allowed = new Set<string>()
  for (const namespace of namespaces) {
    const spec = { resourceAttributes: { namespace, verb: 'create', resource: 'pods' } }
    const answer = await client.create(
      ACCESS_REVIEW,
      {},
      { kind: ACCESS_REVIEW.kind, apiVersion: 'authorization.k8s.io/v1', spec },
      { signal },
    )
    const status = objectField(answer, 'status')
    if (status['allowed'] === true) allowed.add(namespace)
    else {
      const reason = textField(status, 'reason')
      const why = reason === '' ? '' : `: ${reason}`
      notes.push(`entries are not proven in namespace ${namespace}: you may not create pods there${why}`)
    }
  }
  return allowed
}
