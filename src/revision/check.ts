// What is wrong with injection in a cluster (contract revisions §3.4, §8): webhook entries, certificates, Services, tags,
// revisions, replicas; pods and namespaces in check-pod.ts. In: what the cluster holds and the time; out: findings.

import { compareGoStrings } from '../std/gojson.ts'
import { type Json, own } from '../std/json.ts'
import { checkNamespaces, checkPods, type PodInputs } from './check-pod.ts'
import { CONFIGURATION_NAME, type Configuration, type Entry, inCallOrder } from './configuration.ts'
import type { Discovery } from './discover.ts'
import { type Finding, finding } from './finding.ts'
import { annotationsOf } from './handover.ts'
import { isAdopted, registrants } from './registrants.ts'
import { registeredText, STANDING_BACK } from './registration.ts'
import { overlaps } from './route.ts'

export interface CertificateFacts {
  /** As a person would look for it: `Secret remora-system/remora-certificate`, or a file. */
  readonly object: string
  /** Ms. */
  readonly notBefore: number
  readonly notAfter: number
  /** Names that it should have and has not. */
  readonly missingNames: readonly string[]
}

export interface ReplicaFacts {
  readonly name: string
  /** Config hash by revision. */
  readonly hashes: Readonly<Record<string, string>>
}

/** A dry-run pod for an entry. */
export interface Proof {
  readonly entry: string
  /** Undefined: remora answered. */
  readonly problem: string | undefined
}

export interface CheckInputs extends PodInputs {
  /** Ms. */
  readonly now: number
  /** Ready endpoints by `namespace/name` of a Service; undefined without the Service. What is not listed is not judged. */
  readonly endpoints: ReadonlyMap<string, number | undefined>
  readonly certificates: readonly CertificateFacts[]
  /** Base64 text that our entries must have; undefined when it is not known. */
  readonly caBundle: string | undefined
  readonly replicas: readonly ReplicaFacts[]
  readonly proofs: readonly Proof[]
}

const ORDER: Readonly<Record<Finding['level'], number>> = { error: 0, warning: 1, info: 2 }

/** Errors first; in the order of objects within a level. */
export function findings(inputs: CheckInputs): Finding[] {
  const found = [
    ...checkCertificates(inputs),
    ...checkEntries(inputs),
    ...checkRegistration(inputs),
    ...checkProofs(inputs),
    ...checkOverlaps(inputs),
    ...checkTags(inputs.discovery),
    ...checkRevisions(inputs.discovery),
    ...checkDefaults(inputs.discovery),
    ...checkReplicas(inputs.replicas),
    ...checkNamespaces(inputs),
    ...checkPods(inputs),
  ]
  return found.sort((a, b) => ORDER[a.level] - ORDER[b.level] || compareGoStrings(a.object, b.object))
}

/** Of its lifetime: renewal comes at 1/2. */
const EXPIRING = 1 / 4

function checkCertificates({ certificates, now }: CheckInputs): Finding[] {
  return certificates.flatMap(({ object, notBefore, notAfter, missingNames }) => {
    const found: Finding[] = []
    const renew = 'it is renewed by the elected replica, or by whoever issued it: see its events'
    const until = new Date(notAfter).toISOString()
    if (now >= notAfter) {
      found.push(finding('certificate-expired', object, `expired at ${until}: API servers refuse it`, renew))
    } else if (now < notBefore) {
      const from = new Date(notBefore).toISOString()
      const message = `is not valid before ${from}: API servers refuse it`
      found.push(finding('certificate-not-yet-valid', object, message, 'compare the clocks of the nodes'))
    } else if (notAfter - now < (notAfter - notBefore) * EXPIRING) {
      const message = `expires at ${until}, and should have been renewed before`
      found.push(finding('certificate-expiring', object, message, renew))
    }
    if (missingNames.length > 0) {
      const message = `is not for ${missingNames.join(', ')}: API servers refuse it`
      found.push(finding('certificate-names', object, message, 'issue it for all names of the Service'))
    }
    return found
  })
}

function objectOf({ name }: Configuration): string {
  return `MutatingWebhookConfiguration ${name}`
}

/** What makes a call of a live entry fail, and with failurePolicy Fail the pod. */
function checkEntries({ configurations, endpoints, caBundle }: CheckInputs): Finding[] {
  return inCallOrder(configurations).flatMap((configuration) => {
    const live = configuration.entries.filter((entry) => entry.rule !== undefined && entry.live)
    const bundles = live.flatMap((entry) => bundleFindings(configuration, entry, caBundle))
    const targets = [...new Set(live.map(({ target }) => target))]
    return [...bundles, ...targets.flatMap((target) => targetFindings(configuration, target, endpoints))]
  })
}

function bundleFindings(
  configuration: Configuration,
  { name, caBundle, raw }: Entry,
  wanted: string | undefined,
): Finding[] {
  const object = objectOf(configuration)
  const ours = configuration.owner === 'remora'
  if (caBundle === '') {
    // An entry with a URL may rely on the roots of the API server's host.
    if (typeof clientUrl(raw['clientConfig']) === 'string') return []
    const hint = ours
      ? 'the elected replica of remora fills it in: see its log'
      : 'istiod of this revision fills it in while it runs'
    const message = `entry ${name} has no caBundle: every call fails`
    return [finding('ca-bundle-missing', object, message, hint)]
  }
  if (!ours || wanted === undefined || caBundle === wanted) return []
  const message = `entry ${name} has another caBundle than the one remora's certificate is signed with`
  const hint = 'somebody else writes it: see kubectl get --show-managed-fields'
  return [finding('ca-bundle-mismatch', object, message, hint)]
}

function clientUrl(client: Json | undefined): Json | undefined {
  return typeof client === 'object' && client !== null && !Array.isArray(client)
    ? own(client, 'url')
    : undefined
}

function targetFindings(
  configuration: Configuration,
  target: string,
  endpoints: ReadonlyMap<string, number | undefined>,
): Finding[] {
  if (!endpoints.has(target)) return []
  const ready = endpoints.get(target)
  const object = `Service ${target}`
  const refused = `${configuration.name} calls it: every call fails`
  if (ready === undefined) {
    const hint = 'install what it belonged to, or remove the webhook configuration'
    return [finding('service-missing', object, `does not exist, but ${refused}`, hint)]
  }
  if (ready > 0) return []
  const message = `has no ready endpoint, but ${refused}`
  return [finding('service-without-endpoints', object, message, 'see the pods behind it')]
}

function checkRegistration({ configurations }: CheckInputs): Finding[] {
  const ours = configurations.find(({ owner }) => owner === 'remora')
  const adopted = isAdopted(configurations)
  const object = `MutatingWebhookConfiguration ${CONFIGURATION_NAME}`
  const all = registrants(configurations)
  const found: Finding[] = []
  if (adopted) {
    const missing = all.filter(
      (each) =>
        !each.contested && !ours?.entries.some(({ of }) => of && registeredText(of) === registeredText(each)),
    )
    if (missing.length > 0) {
      const names = missing.map(registeredText).join(', ')
      const message = `has no entry for ${names}, whose entries of istiod are deactivated: no pod is injected`
      found.push(finding('not-registered', object, message, 'run remora adopt again, or remora adopt --undo'))
    }
    const contested = all.filter((each) => each.contested).map(registeredText)
    if (contested.length > 0) {
      const message = `istiod's entries for ${contested.join(', ')} are live again: istiod injects in remora's place`
      found.push(finding('contested', object, message, 'run remora adopt again'))
    }
  }
  if (ours !== undefined && own(annotationsOf(ours), STANDING_BACK) !== undefined) {
    const message = 'injection is being handed back: its entries act only on pods without a sidecar'
    found.push(finding('standing-back', object, message, 'finish with remora adopt --undo, or remora adopt'))
  }
  const late = configurations.filter(
    ({ owner, name, entries }) =>
      owner === 'istio' &&
      entries.some((entry) => entry.live) &&
      compareGoStrings(name, CONFIGURATION_NAME) > 0,
  )
  if (ours !== undefined) {
    for (const each of late) {
      const message = `is called after ${CONFIGURATION_NAME}: pods that both match are injected twice`
      found.push(
        finding('runs-after', objectOf(each), message, 'make it again under a name that sorts before'),
      )
    }
  }
  return found
}

function checkProofs({ proofs }: CheckInputs): Finding[] {
  return proofs.flatMap(({ entry, problem }) => {
    if (problem === undefined) return []
    const object = `MutatingWebhookConfiguration ${CONFIGURATION_NAME}`
    const hint = 'see the log of remora-injector and the API server'
    return [finding('entry-not-proven', object, `entry ${entry} fails a dry-run pod: ${problem}`, hint)]
  })
}

function checkOverlaps({ configurations }: CheckInputs): Finding[] {
  const pairs = new Set(
    overlaps(configurations).map(({ entries }) =>
      [...new Set(entries.map(({ configuration }) => configuration))].join(' and '),
    ),
  )
  return [...pairs].map((names) => {
    const object = `MutatingWebhookConfiguration ${names.split(' and ')[0] ?? ''}`
    const message = `${names} inject the same pods: they get their sidecar twice`
    return finding(
      'overlap',
      object,
      message,
      'deactivate or remove one of them; see remora explain for a pod',
    )
  })
}

function checkTags({ tags }: Discovery): Finding[] {
  return tags.flatMap((tag) => {
    const object = `tag ${tag.name}`
    const found: Finding[] = []
    if (tag.dangling) {
      const message = `names revision "${tag.revision}", which does not exist: pods that use it are refused`
      const hint = `point it elsewhere (remora tag set ${tag.name} --overwrite --revision …) or remove it`
      found.push(finding('dangling-tag', object, message, hint))
    }
    if (tag.revisions.length > 1) {
      const message = `its objects name different revisions: ${tag.revisions.join(', ')}; pods get "${tag.revision}"`
      const hint = `set it again: remora tag set ${tag.name} --overwrite --revision ${tag.revision}`
      found.push(finding('tag-disagreement', object, message, hint))
    }
    if (tag.shadowsRevision && tag.name !== tag.revision) {
      const message = `a revision has the same name, and pods that ask for it get "${tag.revision}"`
      found.push(finding('tag-shadows-revision', object, message, 'give the tag another name'))
    }
    return found
  })
}

function checkRevisions({ revisions }: Discovery): Finding[] {
  return revisions
    .filter(({ releaseKnown, configMap }) => configMap && releaseKnown !== 'yes')
    .map(({ name, releaseKnown, versions }) => {
      const said =
        versions.length === 0 ? 'nothing says its release' : `its version is ${versions.join(', ')}`
      const message = `${said}: pods are injected by the rules of the newest release that remora knows`
      const [code, hint] =
        releaseKnown === 'newer'
          ? (['newer-release', 'look for a newer remora'] as const)
          : (['unknown-release', 'use an image of istiod whose tag is its version'] as const)
      return finding(code, `revision ${name}`, message, hint)
    })
}

function checkDefaults({ defaults }: Discovery): Finding[] {
  if (!defaults.disagree) return []
  const injection = defaults.injection.map(({ revision }) => revision).join(' and ') || 'nobody'
  const { election = 'nobody', gateways = 'nobody' } = defaults
  const message = `injection has ${injection}, elections and istioctl have ${election}, Gateways have ${gateways}`
  const hint = 'set it once for all: remora tag set default --overwrite --revision …'
  return [finding('defaults-disagree', 'the default revision', message, hint)]
}

function checkReplicas(replicas: readonly ReplicaFacts[]): Finding[] {
  const revisions = new Set(replicas.flatMap(({ hashes }) => Object.keys(hashes)))
  return [...revisions].flatMap((revision) => {
    const byHash = new Map<string, string[]>()
    for (const { name, hashes } of replicas) {
      const hash = own(hashes, revision) ?? ''
      byHash.set(hash, [...(byHash.get(hash) ?? []), name])
    }
    if (byHash.size < 2) return []
    const groups = [...byHash].map(([hash, names]) => {
      return `${names.join(', ')} ${hash === '' ? 'without it' : `with ${hash.slice(0, 12)}`}`
    })
    const message = `replicas inject with different settings: ${groups.join('; ')}`
    const hint = 'wait a second and check again; then see remora_snapshot_age_seconds of each'
    return [finding('replicas-disagree', `revision ${revision}`, message, hint)]
  })
}
