// The proof that remora answers for an entry: a dry-run pod that the entry matches, with a nonce that only remora gives
// back (admission/proof.ts). Istiod may be called before it and is asked to leave the pod alone, else our entry would
// stand back. On every API server that can be reached; nothing is stored.

import { randomBytes } from 'node:crypto'
import { type Proof, readProof } from '../../admission/proof.ts'
import type { LabelSelector, NamespaceInfo } from '../../api/mesh.ts'
import { ANNOTATION, LABEL } from '../../api/names.ts'
import { ApiError, type Client } from '../../kube/client.ts'
import { RESOURCE } from '../../kube/resource.ts'
import type { Entry } from '../../revision/configuration.ts'
import { type JsonObject, own, setOwn } from '../../std/json.ts'
import { labelsOf } from './calls.ts'

export interface EntryProof {
  readonly entry: string
  /** Where the pod would have been. */
  readonly namespace: string
  readonly server: string
  /** Undefined: remora did not answer. */
  readonly proof: Proof | undefined
  /** Why the API server refused the pod, if it did. */
  readonly refusal: string | undefined
}

/** A place for a pod that an entry matches. */
export interface ProofPlace {
  readonly entry: Entry
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

/** So many namespaces are tried for an entry: one may refuse pods for reasons of its own. */
const PLACES = 3

/** The first namespaces, by name, whose pods the entry can match. */
export function placesFor(entry: Entry, namespaces: readonly NamespaceInfo[]): ProofPlace[] {
  const labels = wantedLabels(entry.objectSelector)
  const places: ProofPlace[] = []
  for (const each of namespaces) {
    if (places.length === PLACES) break
    if (entry.matches(labelsOf(each), labels)) places.push({ entry, namespace: each.name, labels })
  }
  return places
}

/** Labels that a selector asks for. */
function wantedLabels(selector: LabelSelector | null): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) setOwn(labels, key, value)
  for (const { key, operator, values } of selector?.matchExpressions ?? []) {
    if (operator === 'In') setOwn(labels, key, values?.[0] ?? '')
    if (operator === 'Exists') setOwn(labels, key, '')
  }
  return labels
}

export async function proveEntry(
  client: Client,
  place: ProofPlace,
  signal: AbortSignal,
): Promise<EntryProof> {
  const nonce = randomBytes(16).toString('hex')
  const { namespace } = place
  const warnings: string[] = []
  let refusal: string | undefined
  try {
    await client.create(RESOURCE.pod, { namespace }, proofPod(place, nonce), {
      dryRun: true,
      signal,
      onWarning: (text) => warnings.push(text),
    })
  } catch (error) {
    // A quota or a policy may refuse the pod after we were asked: the warning tells that we were.
    if (!(error instanceof ApiError) || error.unreachable) throw error
    refusal = error.message
  }
  const proof = warnings.map(readProof).find((each) => each?.nonce === nonce)
  return { entry: place.entry.name, namespace, server: client.access.server, proof, refusal }
}

/** The first proof that succeeds, else the first that failed. */
export async function proveAnywhere(
  client: Client,
  places: readonly ProofPlace[],
  signal: AbortSignal,
): Promise<EntryProof | undefined> {
  let failed: EntryProof | undefined
  for (const place of places) {
    const proof = await proveEntry(client, place, signal)
    if (proof.proof !== undefined) return proof
    failed ??= proof
    // Nobody refused the pod, and remora was not asked: it is so in every other namespace, too.
    if (proof.refusal === undefined) break
  }
  return failed
}

/**
 * An injector leaves a pod alone that says so in an annotation; where a label says the contrary, which comes first, the
 * host's network keeps it from it.
 */
export function proofPod({ labels }: ProofPlace, nonce: string): JsonObject {
  const asked = own(labels, LABEL.inject) === 'true'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `remora-proof-${nonce.slice(0, 8)}`,
      labels: { ...labels },
      annotations: { [ANNOTATION.proof]: nonce, [ANNOTATION.inject]: 'false' },
    },
    spec: {
      ...(asked ? { hostNetwork: true } : {}),
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'proof',
          image: 'remora.invalid/proof:1',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '1m', memory: '1Mi' } },
        },
      ],
    },
  }
}
