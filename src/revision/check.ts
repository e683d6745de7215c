// What is wrong with injection in a cluster (contract revisions §3.4, §8): certificates, registration, tags, revisions,
// replicas; webhook entries in check-entry.ts, pods and namespaces in check-pod.ts. In: what the cluster holds and the time; out: findings.

import { compareGoStrings } from '../std/gojson.ts'
import { own } from '../std/json.ts'
import { checkEntries, configurationText, type EntryInputs } from './check-entry.ts'
import { checkNamespaces, checkPods, type PodInputs, revisionOf } from './check-pod.ts'
import { CONFIGURATION_NAME, type Configuration } from './configuration.ts'
import type { Discovery } from './discover.ts'
import { type Finding, finding } from './finding.ts'
import { annotationsOf } from './handover.ts'
import { overlaps } from './overlap.ts'
import { isAdopted, registrants } from './registrants.ts'
import { isListed, registeredText, STANDING_BACK, standsBack, TAKEN_OVER } from './registration.ts'
import { DEFAULT } from './rules.ts'

export interface CertificateFacts {
  /** As a person would look for it: `Secret remora-system/remora-certificate`, or a file. */
  readonly object: string
  /** Ms. */
  readonly notBefore: number
  readonly notAfter: number
  /** Names that it should have and has not. */
  readonly missingNames: readonly string[]
}

export interface SettingsFacts {
  /** Config hash; undefined where they cannot be used. */
  readonly hash: string | undefined
  /** Why they cannot be used. */
  readonly problem: string | undefined
}

export interface ReplicaFacts {
  readonly name: string
  /** Config hash by revision. */
  readonly hashes: Readonly<Record<string, string>>
}

/** A dry-run pod for an entry. */
export interface Proof {
  readonly configuration: string
  readonly entry: string
  /** Undefined: its injector answered. */
  readonly problem: string | undefined
}

export interface CheckInputs extends PodInputs, EntryInputs {
  /** Ms. */
  readonly now: number
  readonly certificates: readonly CertificateFacts[]
  /** By revision, what its ConfigMaps make now. */
  readonly settings: ReadonlyMap<string, SettingsFacts>
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
    ...checkSettings(inputs),
    ...checkReplicas(inputs),
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

function annotationOf(configuration: Configuration | undefined, name: string): string | undefined {
  const value = configuration === undefined ? undefined : own(annotationsOf(configuration), name)
  return typeof value === 'string' ? value : undefined
}

function checkRegistration({ configurations, discovery }: CheckInputs): Finding[] {
  const ours = configurations.find(({ owner }) => owner === 'remora')
  const adopted = isAdopted(configurations)
  const object = `MutatingWebhookConfiguration ${CONFIGURATION_NAME}`
  const here = new Set(discovery.revisions.filter((each) => each.here).map(({ name }) => name))
  const all = registrants(configurations, here)
  const [taken, back] = [TAKEN_OVER, STANDING_BACK].map((name) => annotationOf(ours, name))
  const found: Finding[] = []
  if (adopted) {
    const served = new Set(ours?.entries.flatMap(({ of }) => (of === undefined ? [] : [registeredText(of)])))
    const missing = all.filter((each) => !each.contested && !served.has(registeredText(each)))
    if (missing.length > 0) {
      const names = missing.map(registeredText).join(', ')
      const message = `has no entry for ${names}, whose entries of istiod are deactivated: no pod is injected`
      found.push(finding('not-registered', object, message, 'run remora adopt again, or remora adopt --undo'))
    }
    // What was never taken over, or is handed back, is live on purpose.
    const contested = all
      .filter((each) => each.contested && isListed(taken, each) && !standsBack(back, each))
      .map(registeredText)
    if (contested.length > 0) {
      const message = `istiod's entries for ${contested.join(', ')} are live again: istiod injects in remora's place`
      found.push(finding('contested', object, message, 'run remora adopt again'))
    }
  }
  // What was handed back for good stays listed: it is half-way only while istiod does not inject yet.
  if (back === '*' || all.some((each) => standsBack(back, each) && !each.contested)) {
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
        finding(
          'runs-after',
          configurationText(each),
          message,
          'make it again under a name that sorts before',
        ),
      )
    }
  }
  return found
}

function checkProofs({ proofs, configurations, discovery }: CheckInputs): Finding[] {
  return proofs.flatMap(({ configuration, entry, problem }) => {
    if (problem === undefined) return []
    const entries = configurations.find(({ name }) => name === configuration)?.entries ?? []
    const of = entries.find(({ name }) => name === entry)?.of
    const revision = of === undefined ? undefined : revisionOf(discovery, of)
    const object = `MutatingWebhookConfiguration ${configuration}`
    const whose = configuration === CONFIGURATION_NAME ? 'remora-injector' : 'istiod'
    const hint = `see the log of ${whose} and of the API server`
    const message = `entry ${entry} fails a dry-run pod: ${problem}`
    return [finding('entry-not-proven', object, message, hint, revision)]
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
      found.push(finding('dangling-tag', object, message, hint, tag.revision))
    }
    if (tag.revisions.length > 1) {
      const message = `its objects name different revisions: ${tag.revisions.join(', ')}; pods get "${tag.revision}"`
      const hint = `set it again: remora tag set ${tag.name} --overwrite --revision ${tag.revision}`
      found.push(finding('tag-disagreement', object, message, hint, tag.revision))
    }
    // The tag `default` takes the place of the revision that has no name, on purpose.
    if (tag.shadowsRevision && tag.name !== tag.revision && tag.name !== DEFAULT) {
      const message = `a revision has the same name, and pods that ask for it get "${tag.revision}"`
      found.push(finding('tag-shadows-revision', object, message, 'give the tag another name', tag.revision))
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
      return finding(code, `revision ${name}`, message, hint, name)
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

function checkSettings({ settings }: CheckInputs): Finding[] {
  return [...settings].flatMap(([revision, { problem }]) => {
    if (problem === undefined) return []
    const message = `its ConfigMaps cannot be used: ${problem}; remora goes on with the last good ones, if there are any`
    const hint = 'see remora template lint --revision, and mend the ConfigMaps'
    return [finding('settings-refused', `revision ${revision}`, message, hint, revision)]
  })
}

/** Each replica by itself may be right: what counts is that they inject alike, and by what the ConfigMaps hold. */
function checkReplicas({ replicas, settings }: CheckInputs): Finding[] {
  const revisions = new Set(replicas.flatMap(({ hashes }) => Object.keys(hashes)))
  return [...revisions].flatMap((revision) => {
    const byHash = new Map<string, string[]>()
    for (const { name, hashes } of replicas) {
      const hash = own(hashes, revision) ?? ''
      byHash.set(hash, [...(byHash.get(hash) ?? []), name])
    }
    const object = `revision ${revision}`
    const hint = 'wait a second and check again; then see the logs of the replicas'
    if (byHash.size > 1) {
      const groups = [...byHash].map(([hash, names]) => {
        return `${names.join(', ')} ${hash === '' ? 'without it' : `with ${hash.slice(0, 12)}`}`
      })
      const message = `replicas inject with different settings: ${groups.join('; ')}`
      return [finding('replicas-disagree', object, message, hint, revision)]
    }
    const wanted = settings.get(revision)?.hash
    if (wanted === undefined || byHash.has(wanted)) return []
    const message = 'replicas inject with other settings than its ConfigMaps hold'
    return [finding('replicas-behind', object, message, hint, revision)]
  })
}
