// Which revisions and tags a cluster has, and which revision is the default (contract revisions §1.4). In: the objects
// that name them, reduced to what counts; out: facts, disagreements included. A missing piece is a fact, not an error.

import type { InjectorEnv } from '../api/mesh.ts'
import { LABEL } from '../api/names.ts'
import { atLeast, NEWEST, parseRelease, type Release } from '../api/release.ts'
import type { Labels } from '../mesh/selector.ts'
import { compareGoStrings } from '../std/gojson.ts'
import { own, setOwn } from '../std/json.ts'
import { type Configuration, inCallOrder, type Registered } from './configuration.ts'
import type { ControlPlane, LabelledObject } from './control-plane.ts'
import { DEFAULT } from './rules.ts'

export const TAG_LABEL = 'istio.io/tag'

export interface ClusterObjects {
  readonly configurations: readonly Configuration[]
  /** Of label app=istiod in the control plane's namespace. */
  readonly services: readonly LabelledObject[]
  /** As services. */
  readonly deployments: readonly ControlPlane[]
  /** Of names istio-sidecar-injector*, as services. */
  readonly configMaps: readonly LabelledObject[]
  /** `istio.io/rev` of ValidatingWebhookConfiguration istiod-default-validator; undefined without the object or label. */
  readonly defaultValidator: string | undefined
}

/** Where a revision was seen, and what is known of its control plane. */
export interface RevisionFacts {
  readonly name: string
  readonly webhook: boolean
  readonly service: boolean
  readonly deployment: boolean
  readonly configMap: boolean
  /** A webhook without a control plane here is `remote`, a control plane without a webhook `injection-less`. */
  readonly kind: 'complete' | 'remote' | 'injection-less'
  /** Its settings are those of this cluster. Without istiod here, entries that call a URL are of one elsewhere. */
  readonly here: boolean
  /** All that objects say, sorted; more than one during a rollout, or when they disagree. */
  readonly versions: readonly string[]
  /** Rules to inject by; those of the newest known release when nothing says more. */
  readonly release: Release
  readonly releaseKnown: 'yes' | 'unknown' | 'newer'
  readonly env: InjectorEnv
  readonly ready: boolean
}

export interface TagFacts {
  readonly name: string
  /** What the tag means: its webhook's revision, else its Service's. */
  readonly revision: string
  /** All revisions that objects of this tag name; more than one when they disagree. */
  readonly revisions: readonly string[]
  readonly webhook: boolean
  readonly service: boolean
  /** The revision does not exist. */
  readonly dangling: boolean
  /** A revision has the same name. */
  readonly shadowsRevision: boolean
}

export interface DefaultInjector {
  readonly configuration: string
  readonly of: Registered
  /** `of`, its tag resolved; empty for a tag that is not known. */
  readonly revision: string
}

/** "The default" is three questions; each may have another answer. */
export interface Defaults {
  /** Who injects a pod of a namespace labelled istio-injection=enabled: none, one, or too many. */
  readonly injection: readonly DefaultInjector[]
  /** Whom istiod's leader elections and istioctl prefer: `istio.io/rev` of istio-revision-tag-default. */
  readonly election: string | undefined
  /** Who owns Gateways without a revision. */
  readonly gateways: string | undefined
  /** Two of the answers that are there differ, or there are two injectors. */
  readonly disagree: boolean
}

export interface Discovery {
  readonly revisions: readonly RevisionFacts[]
  readonly tags: readonly TagFacts[]
  readonly defaults: Defaults
}

export function discoverRevisions(objects: ClusterObjects): Discovery {
  const revisions = revisionFacts(objects)
  const tags = tagFacts(objects, new Set(revisions.map(({ name }) => name)))
  return { revisions, tags, defaults: defaultsOf(objects, tags) }
}

/** Tag → revision, for the snapshot. */
export function tagTargets(tags: readonly TagFacts[]): Record<string, string> {
  const targets: Record<string, string> = {}
  for (const { name, revision } of tags) setOwn(targets, name, revision)
  return targets
}

/** Revision of path `/inject`: the injection default, else the control plane's; empty when there is none. */
export function defaultRevision({ defaults, revisions }: Discovery): string {
  const [injector] = defaults.injection
  if (injector !== undefined) return injector.revision
  if (defaults.election !== undefined) return defaults.election
  return revisions.some(({ name }) => name === DEFAULT) ? DEFAULT : ''
}

const isTag = ({ labels }: LabelledObject): boolean => own(labels, TAG_LABEL) !== undefined
const revisionOf = ({ labels }: LabelledObject): string | undefined => own(labels, LABEL.revision)

function revisionFacts(objects: ClusterObjects): RevisionFacts[] {
  const webhooks = objects.configurations.filter(({ owner, tag }) => owner === 'istio' && tag === undefined)
  const seen = {
    webhook: new Set(webhooks.map(({ revision }) => revision)),
    service: new Set(objects.services.filter((service) => !isTag(service)).map(revisionOf)),
    deployment: new Set(objects.deployments.map(revisionOf)),
    configMap: new Set(objects.configMaps.map(revisionOf)),
  }
  const names = new Set([...seen.webhook, ...seen.service, ...seen.deployment, ...seen.configMap])
  return [...names]
    .filter((name): name is string => name !== undefined && name !== '')
    .sort(compareGoStrings)
    .map((name) => {
      const webhook = seen.webhook.has(name)
      const deployment = seen.deployment.has(name)
      const configMap = seen.configMap.has(name)
      const outside = webhooks.some((each) => each.revision === name && each.entries.some((e) => e.outside))
      return {
        name,
        webhook,
        service: seen.service.has(name),
        deployment,
        configMap,
        here: deployment || (configMap && !outside),
        kind: deployment ? (webhook ? 'complete' : 'injection-less') : webhook ? 'remote' : 'injection-less',
        ...planeFacts(objects, name),
      }
    })
}

type PlaneFacts = Pick<RevisionFacts, 'versions' | 'release' | 'releaseKnown' | 'env' | 'ready'>

/** What a revision's Deployment says; where there is none, the version label of its ConfigMap. */
function planeFacts(objects: ClusterObjects, revision: string): PlaneFacts {
  const planes = objects.deployments.filter((deployment) => revisionOf(deployment) === revision)
  const plane = planes.find(({ ready }) => ready) ?? planes[0]
  const configMap = objects.configMaps.find((each) => revisionOf(each) === revision)
  const label = own(configMap?.labels ?? {}, 'app.kubernetes.io/version') ?? ''
  const versions = planes.length > 0 ? planes.flatMap((each) => each.versions) : [label]
  const release = plane?.release ?? parseRelease(label)
  return {
    versions: [...new Set(versions)].filter((text) => text !== '').sort(compareGoStrings),
    release: release ?? NEWEST,
    releaseKnown: release === undefined ? 'unknown' : atLeast(release, NEWEST.minor + 1) ? 'newer' : 'yes',
    env: plane?.env ?? {},
    ready: planes.some(({ ready }) => ready),
  }
}

interface Pair {
  readonly tag: string
  readonly revision: string
  readonly kind: 'webhook' | 'service'
}

function tagPairs(objects: ClusterObjects): Pair[] {
  const webhooks = objects.configurations
    .filter(({ owner }) => owner === 'istio')
    .map(({ tag, revision }) => ({ tag, revision, kind: 'webhook' as const }))
  const services = objects.services.map((service) => ({
    tag: own(service.labels, TAG_LABEL),
    revision: revisionOf(service),
    kind: 'service' as const,
  }))
  return [...webhooks, ...services].flatMap(({ tag, revision, kind }) =>
    tag === undefined || revision === undefined ? [] : [{ tag, revision, kind }],
  )
}

function tagFacts(objects: ClusterObjects, revisions: ReadonlySet<string>): TagFacts[] {
  const pairs = tagPairs(objects)
  const names = [...new Set(pairs.map(({ tag }) => tag))].sort(compareGoStrings)
  return names.map((name) => {
    const mine = pairs.filter(({ tag }) => tag === name)
    const revision = (mine.find(({ kind }) => kind === 'webhook') ?? mine[0])?.revision ?? ''
    return {
      name,
      revision,
      revisions: [...new Set(mine.map((pair) => pair.revision))].sort(compareGoStrings),
      webhook: mine.some(({ kind }) => kind === 'webhook'),
      service: mine.some(({ kind }) => kind === 'service'),
      dangling: !revisions.has(revision),
      shadowsRevision: revisions.has(name),
    }
  })
}

const ENABLED_NAMESPACE: Labels = { [LABEL.injection]: 'enabled' }

function defaultsOf(objects: ClusterObjects, tags: readonly TagFacts[]): Defaults {
  const istio = objects.configurations.filter(({ owner }) => owner === 'istio')
  const injection = defaultInjectors(objects.configurations, tags)
  const election = istio.find(({ name }) => name === 'istio-revision-tag-default')?.revision
  const gateways = tags.find(({ name }) => name === DEFAULT)?.revision ?? objects.defaultValidator
  const answers = [...injection.map(({ revision }) => revision), election, gateways]
  const named = new Set(answers.filter((answer) => answer !== undefined))
  return { injection, election, gateways, disagree: named.size > 1 || injection.length > 1 }
}

/** An entry that stands back does not count where another matches before it. */
function defaultInjectors(
  configurations: readonly Configuration[],
  tags: readonly TagFacts[],
): DefaultInjector[] {
  const called = inCallOrder(configurations).flatMap(({ name, entries }) =>
    entries
      .filter((entry) => entry.of !== undefined && entry.matches(ENABLED_NAMESPACE, {}))
      .map((entry) => ({ configuration: name, entry })),
  )
  return called
    .filter(({ entry }, index) => index === 0 || !entry.guarded)
    .flatMap(({ configuration, entry: { of } }) => {
      if (of === undefined) return []
      const revision = of.kind === 'revision' ? of.name : tags.find(({ name }) => name === of.name)?.revision
      return [{ configuration, of, revision: revision ?? '' }]
    })
}
