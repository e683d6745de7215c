// The replicas of remora, each asked by itself: a review of a dry-run pod goes to every one of them through the API server's
// proxy, and its answer tells the config hash that the replica injects with (admission/proof.ts). Nothing is stored.

import { randomBytes } from 'node:crypto'
import { readProof } from '../../admission/proof.ts'
import { ANNOTATION } from '../../api/names.ts'
import type { ApiAnswer } from '../../kube/access.ts'
import { ApiError, objectOf } from '../../kube/client.ts'
import { pathOf, RESOURCE } from '../../kube/resource.ts'
import type { ReplicaFacts } from '../../revision/check.ts'
import {
  CONFIGURATION_NAME,
  type Configuration,
  objectField,
  textField,
} from '../../revision/configuration.ts'
import { textsOf } from '../../revision/control-plane.ts'
import { type Json, type JsonObject, own, setOwn } from '../../std/json.ts'
import { listField } from './pods.ts'
import { optional } from './read.ts'
import type { Session } from './session.ts'

/** The Service that API servers call remora by, and the pods behind it. */
export interface OurService {
  readonly namespace: string
  readonly name: string
  /** Of the Service. */
  readonly port: number | string
  /** That run. */
  readonly pods: readonly JsonObject[]
}

const USUAL = { namespace: 'remora-system', name: 'remora-injector' }

/** Undefined where there is no such Service. */
export async function readOurService(
  session: Session,
  configurations: readonly Configuration[],
  notes: string[],
): Promise<OurService | undefined> {
  const { client, signal } = session
  const ours = configurations.find((each) => each.name === CONFIGURATION_NAME)
  const [entry] = ours?.entries ?? []
  const called = objectField(objectField(entry?.raw ?? {}, 'clientConfig'), 'service')
  const at = {
    namespace: textField(called, 'namespace') || USUAL.namespace,
    name: textField(called, 'name') || USUAL.name,
  }
  const service = await client.get(RESOURCE.service, at, { signal }).catch((error) => {
    if (!(error instanceof ApiError) || !['not-found', 'forbidden'].includes(error.kind)) throw error
    if (error.kind === 'forbidden') notes.push(`remora's own pods are not looked at: ${error.message}`)
    return undefined
  })
  if (service === undefined) return undefined
  const spec = objectField(service, 'spec')
  const labels = Object.entries(textsOf(objectField(spec, 'selector')))
  const labelSelector = labels.map(([key, value]) => `${key}=${value}`).join(',')
  const list = client.list(RESOURCE.pod, { namespace: at.namespace }, { labelSelector, signal })
  // Without a selector it is not told which pods are meant.
  const { items } = labels.length === 0 ? { items: [] } : await optional(notes, RESOURCE.pod, list)
  const port = own(called, 'port') ?? 443
  const wanted = listField(spec, 'ports').find((each) => each['port'] === port)
  const target = own(wanted ?? {}, 'targetPort')
  return {
    ...at,
    port: typeof target === 'number' || typeof target === 'string' ? target : Number(port),
    pods: items.filter(isReady),
  }
}

function isReady(pod: JsonObject): boolean {
  const conditions = listField(objectField(pod, 'status'), 'conditions')
  const leaving = own(objectField(pod, 'metadata'), 'deletionTimestamp') !== undefined
  return !leaving && conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

/** A replica that cannot be asked is noted, and left out. */
export async function askReplicas(
  session: Session,
  service: OurService,
  revisions: readonly string[],
  notes: string[],
): Promise<ReplicaFacts[]> {
  const asked = await Promise.all(
    service.pods.map(async (pod) => {
      const name = textField(objectField(pod, 'metadata'), 'name')
      try {
        return await askReplica(session, service, pod, name, revisions)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        notes.push(`replica ${name} cannot be asked for its settings: ${error.message}`)
        return undefined
      }
    }),
  )
  return asked.filter((each) => each !== undefined)
}

async function askReplica(
  session: Session,
  service: OurService,
  pod: JsonObject,
  name: string,
  revisions: readonly string[],
): Promise<ReplicaFacts> {
  const hashes: Record<string, string> = {}
  for (const revision of revisions) {
    const hash = await askHash(session, service, `https:${name}:${portOf(pod, service.port)}`, revision)
    if (hash !== undefined) setOwn(hashes, revision, hash)
  }
  return { name, hashes }
}

function portOf(pod: JsonObject, port: number | string): number | string {
  if (typeof port === 'number') return port
  const ports = listField(objectField(pod, 'spec'), 'containers').flatMap((each) => listField(each, 'ports'))
  const named = ports.find((each) => each['name'] === port)?.['containerPort']
  return typeof named === 'number' ? named : port
}

/** Undefined: the replica does not know the revision. */
async function askHash(
  { client, signal }: Session,
  { namespace }: OurService,
  target: string,
  revision: string,
): Promise<string | undefined> {
  const nonce = randomBytes(16).toString('hex')
  // The API server wants the address of the pod as it is, colons included.
  const path = `${pathOf(RESOURCE.pod, namespace)}/${target}/proxy/revisions/${encodeURIComponent(revision)}/inject`
  const answer = await client.access.send({ method: 'POST', path, body: review(nonce) }, signal)
  const response = objectField(objectOf(decoded(answer)), 'response')
  const warnings = own(response, 'warnings')
  const texts = (Array.isArray(warnings) ? warnings : []).filter((each) => typeof each === 'string')
  return texts.map(readProof).find((proof) => proof?.nonce === nonce)?.hash
}

/** Webhooks name no content type: the answer comes as text. */
function decoded(answer: ApiAnswer): ApiAnswer {
  if (typeof answer.body !== 'string') return answer
  try {
    return { ...answer, body: JSON.parse(answer.body) as Json }
  } catch {
    return answer
  }
}

function review(nonce: string): JsonObject {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: nonce,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'default',
      operation: 'CREATE',
      dryRun: true,
      object: {
        metadata: {
          name: 'remora-proof',
          annotations: { [ANNOTATION.proof]: nonce, [ANNOTATION.inject]: 'false' },
        },
        spec: { containers: [{ name: 'proof', image: 'remora.invalid/proof:1' }] },
      },
    },
  }
}
