// The certificates that calls of webhook entries depend on: what remora serves, from the Secrets of its Service's pods, and
// what each caBundle trusts. Reads Secrets, and of them only certificates; judges the bundles, the rest judges check.

import type { X509Certificate } from 'node:crypto'
import { isTrusted, readBundle, readCertificate } from '../../certs/bundle.ts'
import { certificateFacts } from '../../certs/issue.ts'
import { ApiError } from '../../kube/client.ts'
import { RESOURCE } from '../../kube/resource.ts'
import type { CertificateFacts } from '../../revision/check.ts'
import type { BundleFacts } from '../../revision/check-entry.ts'
import { type Configuration, objectField, textField } from '../../revision/configuration.ts'
import type { OurService } from './check-replicas.ts'
import { listField } from './pods.ts'
import type { Session } from './session.ts'

/** A certificate that remora serves, as its Secret holds it. */
export interface Served {
  readonly facts: CertificateFacts
  /** PEM: the certificate, and what signed it. */
  readonly chain: string
}

/** Where remora keeps a certificate of its own (design §6). */
const OWN_SECRET = 'remora-injector-certificates'

/** Of the Secret that the replicas share, else of those that they mount. */
export async function readServed(session: Session, service: OurService, notes: string[]): Promise<Served[]> {
  const mounted = service.pods.flatMap((pod) =>
    listField(objectField(pod, 'spec'), 'volumes').map((volume) =>
      textField(objectField(volume, 'secret'), 'secretName'),
    ),
  )
  const { namespace, name: serviceName } = service
  const found: Served[] = []
  for (const name of new Set([OWN_SECRET, ...mounted])) {
    const chain = name === '' ? '' : await readChain(session, { namespace, name }, notes)
    if (chain === '') continue
    found.push({
      facts: factsOf(chain, `Secret ${namespace}/${name}`, `${serviceName}.${namespace}.svc`),
      chain,
    })
  }
  return found
}

/** `tls.crt`; empty where there is none, or where it may not be read. */
async function readChain(
  { client, signal }: Session,
  at: { readonly namespace: string; readonly name: string },
  notes: string[],
): Promise<string> {
  try {
    const data = objectField(await client.get(RESOURCE.secret, at, { signal }), 'data')
    const chain = Buffer.from(textField(data, 'tls.crt'), 'base64').toString('utf8')
    return readCertificate(chain) === undefined ? '' : chain
  } catch (error) {
    if (!(error instanceof ApiError) || !['not-found', 'forbidden'].includes(error.kind)) throw error
    if (error.kind === 'forbidden') notes.push(`the certificate of remora is not checked: ${error.message}`)
    return ''
  }
}

function factsOf(chain: string, object: string, name: string): CertificateFacts {
  const { notBefore, notAfter } = certificateFacts(chain)
  const isFor = readCertificate(chain)?.checkHost(name) !== undefined
  return { object, notBefore, notAfter, missingNames: isFor ? [] : [name] }
}

/** What each caBundle of the cluster is worth at `now` (ms); an empty one is not listed. */
export function judgeBundles(
  configurations: readonly Configuration[],
  served: readonly Served[],
  now: number,
): Map<string, BundleFacts> {
  const texts = configurations.flatMap(({ entries }) => entries.map(({ caBundle }) => caBundle))
  return new Map(
    [...new Set(texts)].filter((text) => text !== '').map((text) => [text, judge(text, served, now)]),
  )
}

function judge(caBundle: string, served: readonly Served[], now: number): BundleFacts {
  const bundle = Buffer.from(caBundle, 'base64').toString('utf8')
  const { certificates } = readBundle(bundle)
  const trusts = served.some(({ chain }) => isTrusted(chain, bundle))
  const problem =
    certificates.length === 0
      ? 'holds no certificate'
      : certificates.some((each) => isValid(each, now))
        ? undefined
        : 'holds no authority that is valid today'
  return { problem, trustsRemora: served.length === 0 ? undefined : trusts }
}

function isValid(certificate: X509Certificate, now: number): boolean {
  return Date.parse(certificate.validFrom) <= now && now < Date.parse(certificate.validTo)
}
