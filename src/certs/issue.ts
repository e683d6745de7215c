// Makes certificates: a certificate authority of our own, and serving certificates signed by it. EC P-256, SHA-256.
// The only file that knows the selfsigned package; its traps (SHA-1 and RSA by default, `days` ignored, no final
// newline, subjects not escaped, CN over 64 characters) end here. The clock is an argument; nothing is stored.

import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate and its private key, both PEM with a final newline. */
export interface KeyPairPem {
  readonly cert: string
  readonly key: string
}

const DAY_MS = 24 * 3600 * 1000
/** Clocks of API servers may run behind ours. */
const BACKDATE_MS = 3600 * 1000

export const AUTHORITY_MS = 3650 * DAY_MS
export const LEAF_MS = 90 * DAY_MS

/** A new certificate authority. Times are in milliseconds. Its subject is unique, so that two can be told apart. */
export async function issueAuthority(now: number, lifetime: number = AUTHORITY_MS): Promise<KeyPairPem> {
  return generate(`remora CA ${new Date(now).toISOString().replaceAll(/[-:]/g, '')}`, now, lifetime, [
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ])
}

/** A serving certificate for DNS names and IP addresses `names`, signed by `authority`. */
export async function issueLeaf(
  authority: KeyPairPem,
  names: readonly string[],
  now: number,
  lifetime: number = LEAF_MS,
): Promise<KeyPairPem> {
  const altNames = names.map((name) =>
    isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
  )
  const extensions = [
    { name: 'basicConstraints' as const, cA: false, critical: true },
    { name: 'keyUsage' as const, digitalSignature: true, critical: true },
    { name: 'extKeyUsage' as const, serverAuth: true },
    { name: 'subjectAltName' as const, altNames },
  ]
  return generate('remora-injector', now, lifetime, extensions, authority)
}

type Extensions = NonNullable<NonNullable<Parameters<typeof import('selfsigned').generate>[1]>['extensions']>

async function generate(
  commonName: string,
  now: number,
  lifetime: number,
  extensions: Extensions,
  authority?: KeyPairPem,
): Promise<KeyPairPem> {
  // Loaded only when a certificate is made: it costs 100 ms at start.
  // As the default export: the bundle offers a CommonJS package's names nowhere else.
  const { default: selfsigned } = await import('selfsigned')
  const made = await selfsigned.generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - BACKDATE_MS),
    notAfterDate: new Date(now + lifetime),
    extensions,
    ...(authority === undefined ? {} : { ca: { key: authority.key, cert: authority.cert } }),
  })
  return { cert: withNewline(made.cert), key: withNewline(made.private) }
}

function withNewline(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`
}

/** When half of the life of a certificate of ours is over, in milliseconds since 1970: it began when it was made. */
export function halfLife(pem: string): number {
  const { notBefore, notAfter } = certificateFacts(pem)
  return (notBefore + BACKDATE_MS + notAfter) / 2
}

/** What a certificate says about itself, as far as serving it needs. Times are milliseconds since 1970. */
export interface CertificateFacts {
  readonly notBefore: number
  readonly notAfter: number
  readonly names: readonly string[]
}

/** Reads the first certificate of `pem`; throws when there is none. */
export function certificateFacts(pem: string): CertificateFacts {
  const certificate = new X509Certificate(pem)
  const names = (certificate.subjectAltName ?? '')
    .split(', ')
    .map((entry) => entry.replace(/^(DNS|IP Address):/, ''))
    .filter((name) => name !== '')
  return {
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    names,
  }
}
