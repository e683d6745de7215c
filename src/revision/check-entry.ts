// What makes the API server's call of a webhook entry fail (contract revisions §3.4): its caBundle, and the Service behind
// it; Istio's entries and ours alike. In: configurations and what is known of bundles and endpoints; out: findings.

import { type Json, own } from '../std/json.ts'
import { revisionOf } from './check-pod.ts'
import { type Configuration, type Entry, inCallOrder } from './configuration.ts'
import type { Discovery } from './discover.ts'
import { type Finding, finding } from './finding.ts'

/** What a caBundle is worth. */
export interface BundleFacts {
  /** As the end of a sentence; undefined: it can be used. */
  readonly problem: string | undefined
  /** Whether callers that trust it trust the certificate that remora serves; undefined when that is not known. */
  readonly trustsRemora: boolean | undefined
}

export interface EntryInputs {
  readonly configurations: readonly Configuration[]
  readonly discovery: Discovery
  /** Ready endpoints by `namespace/name` of a Service; undefined without the Service. What is not listed is not judged. */
  readonly endpoints: ReadonlyMap<string, number | undefined>
  /** By caBundle as entries have it. What is not listed is not judged. */
  readonly bundles: ReadonlyMap<string, BundleFacts>
}

export function configurationText({ name }: Configuration): string {
  return `MutatingWebhookConfiguration ${name}`
}

/** What makes a call of a live entry fail, and with failurePolicy Fail the pod. */
export function checkEntries({ configurations, discovery, endpoints, bundles }: EntryInputs): Finding[] {
  return inCallOrder(configurations).flatMap((configuration) => {
    const live = configuration.entries.filter((entry) => entry.rule !== undefined && entry.live)
    const flawed = live.flatMap((entry) => {
      const revision = entry.of === undefined ? undefined : revisionOf(discovery, entry.of)
      return bundleFindings(configuration, entry, bundles.get(entry.caBundle), revision)
    })
    const targets = [...new Set(live.map(({ target }) => target))]
    return [...flawed, ...targets.flatMap((target) => targetFindings(configuration, target, endpoints))]
  })
}

function bundleFindings(
  configuration: Configuration,
  { name, caBundle, raw }: Entry,
  facts: BundleFacts | undefined,
  revision: string | undefined,
): Finding[] {
  const object = configurationText(configuration)
  const ours = configuration.owner === 'remora'
  const filler = ours
    ? 'the elected replica of remora fills it in: see its log'
    : 'istiod of this revision fills it in while it runs'
  if (caBundle === '') {
    // An entry with a URL may rely on the roots of the API server's host.
    if (typeof clientUrl(raw['clientConfig']) === 'string') return []
    const message = `entry ${name} has no caBundle: every call fails`
    return [finding('ca-bundle-missing', object, message, filler, revision)]
  }
  if (facts?.problem !== undefined) {
    const message = `the caBundle of entry ${name} ${facts.problem}: every call fails`
    return [finding('ca-bundle-invalid', object, message, filler, revision)]
  }
  if (!ours || facts?.trustsRemora !== false) return []
  const message = `the caBundle of entry ${name} has no authority that signed remora's certificate`
  const hint = 'somebody else writes it: see kubectl get --show-managed-fields'
  return [finding('ca-bundle-mismatch', object, message, hint, revision)]
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
  const { revision } = configuration
  const refused = `${configuration.name} calls it: every call fails`
  if (ready === undefined) {
    const hint = 'install what it belonged to, or remove the webhook configuration'
    return [finding('service-missing', object, `does not exist, but ${refused}`, hint, revision)]
  }
  if (ready > 0) return []
  const message = `has no ready endpoint, but ${refused}`
  return [finding('service-without-endpoints', object, message, 'see the pods behind it', revision)]
}
