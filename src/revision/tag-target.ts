// What a request to set a tag is about: the revision's objects, or why there is no such tag to make (contract revisions §2.2
// steps 1–4). In: the cluster's objects and a request; out: a target, or a ProblemError as istioctl refuses.

import { atLeast, type Release } from '../api/release.ts'
import type { JsonObject } from '../std/json.ts'
import { ProblemError } from '../std/problem.ts'
import { type Configuration, type Entry, objectField, textField } from './configuration.ts'
import { type Discovery, TAG_LABEL } from './discover.ts'
import { DEFAULT } from './rules.ts'
import type { TagTarget } from './tag-objects.ts'

export interface TagCluster {
  /** Of the control plane. */
  readonly namespace: string
  readonly configurations: readonly Configuration[]
  /** Of label app=istiod in that namespace, whole. */
  readonly services: readonly JsonObject[]
  /** ValidatingWebhookConfigurations, whole. */
  readonly validators: readonly JsonObject[]
  readonly discovery: Discovery
  /** Of the API servers; undefined: new enough for matchConditions. */
  readonly kubernetes: Release | undefined
}

export interface TagRequest {
  readonly tag: string
  readonly revision: string
  readonly overwrite: boolean
  /** Objects are printed, nothing is written. */
  readonly generate: boolean
  readonly webhookName: string | undefined
  readonly autoInjectNamespaces: boolean
}

export interface Target extends TagTarget {
  readonly canonical: Configuration
  /** The entry that tells whom to call. */
  readonly entry: Entry
  readonly service: JsonObject | undefined
}

const TAG_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/

/** First release whose tags have a Service. */
const TAG_SERVICES = 28

/** Throws ProblemError: bad name, a revision of that name, no such revision or more than one, a tag that exists. */
export function findTarget(cluster: TagCluster, request: TagRequest): Target {
  const { tag, overwrite, generate } = request
  const revision = request.revision === '' ? DEFAULT : request.revision
  if (!TAG_NAME.test(tag)) {
    const rule = 'lower-case letters, digits, "-" and ".", at most 63'
    throw refusal(`"${tag}" cannot be the name of a revision tag: expected ${rule}`)
  }
  const collides = webhooksOf(cluster, tag).length > 0 || servicesOf(cluster, tag).length > 0
  if (collides && !generate && !overwrite && tag !== DEFAULT) {
    const text = `cannot create revision tag "${tag}": a control-plane revision of that name exists`
    throw refusal(text, 'choose another name, or give --overwrite')
  }
  const { webhook, service } = canonicalObjects(cluster, revision)
  if (!overwrite && cluster.discovery.tags.some(({ name }) => name === tag)) {
    throw refusal(`revision tag "${tag}" already exists, and --overwrite is false`, '--overwrite moves it')
  }
  const entry = webhook.entries.find(({ rule }) => rule !== undefined)
  if (entry === undefined) throw refusal(`could not find a sidecar-injector webhook in ${webhook.name}`)
  const facts = cluster.discovery.revisions.find(({ name }) => name === revision)
  const hasService = facts !== undefined && atLeast(facts.release, TAG_SERVICES)
  // A Service of the tag that is there already must not go on naming another revision.
  const kept = cluster.discovery.tags.some((each) => each.name === tag && each.service)
  return {
    tag,
    revision,
    namespace: cluster.namespace,
    canonical: webhook,
    entry,
    service: hasService || kept ? service : undefined,
  }
}

interface Canonical {
  readonly webhook: Configuration
  readonly service: JsonObject | undefined
}

/** The revision's own objects; tags of it do not count. */
function canonicalObjects(cluster: TagCluster, revision: string): Canonical {
  const [service, second] = servicesOf(cluster, revision)
  const [webhook, another] = webhooksOf(cluster, revision)
  const what = `of revision "${revision}"`
  if (second !== undefined) {
    const { namespace } = cluster
    throw refusal(`cannot modify tag: multiple canonical services ${what} in namespace ${namespace}`)
  }
  if (another !== undefined) {
    throw refusal(`cannot modify tag: multiple canonical webhooks or services ${what}`)
  }
  if (webhook !== undefined) return { webhook, service }
  const kinds =
    service === undefined ? 'MutatingWebhookConfiguration or Service' : 'MutatingWebhookConfiguration'
  const names = cluster.discovery.revisions.map(({ name }) => name)
  throw new ProblemError(
    'not-found',
    `cannot modify tag: cannot find ${kinds} with revision "${revision}"`,
    {},
    names.length === 0 ? undefined : `revisions: ${names.join(', ')}`,
  )
}

function refusal(message: string, hint?: string): ProblemError {
  return new ProblemError('invalid-object', message, {}, hint)
}

function webhooksOf({ configurations }: TagCluster, revision: string): Configuration[] {
  return configurations.filter(
    (each) => each.owner === 'istio' && each.tag === undefined && each.revision === revision,
  )
}

function servicesOf({ services }: TagCluster, revision: string): JsonObject[] {
  return services.filter((service) => {
    const labels = labelsOf(service)
    return textField(labels, TAG_LABEL) === '' && textField(labels, 'istio.io/rev') === revision
  })
}

export function labelsOf(object: JsonObject): JsonObject {
  return objectField(objectField(object, 'metadata'), 'labels')
}
