// What has to happen next with the certificates that all replicas share (design §6): a chain of rules over the Secret,
// the names to serve and the time; the first rule that applies is the step. Nothing is read or written here, and no
// step ever makes a handshake fail that succeeded before: a root is trusted everywhere before a leaf under it is served.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { ProblemError } from '../std/problem.ts'
import { isSignedBy, joinBundle, readBundle, readCertificate } from './bundle.ts'
import { certificateFacts, halfLife, issueAuthority, issueLeaf, type KeyPairPem } from './issue.ts'

/** Keys of the Secret, each a PEM text. */
export const SECRET_KEYS = {
  /** All roots that callers must trust: the caBundle. */
  bundle: 'ca.crt',
  cert: 'tls.crt',
  key: 'tls.key',
  /** The authority that signs leaves. */
  rootCert: 'root.crt',
  rootKey: 'root.key',
  /** The authority that comes after it, while the two change places. */
  incomingCert: 'incoming.crt',
  incomingKey: 'incoming.key',
} as const

export type CertificateSecret = Readonly<Record<string, string>>

export interface Lifetimes {
  readonly leafMs: number
  readonly authorityMs: number
}

export interface Situation {
  /** Undefined: there is no Secret. */
  readonly secret: CertificateSecret | undefined
  /** DNS names and addresses that the leaf must be good for. */
  readonly names: readonly string[]
  /** Milliseconds since 1970. */
  readonly now: number
  /** The bundle, and the issuer of the leaf, have been the ones in use everywhere for long enough. */
  readonly settled: boolean
}

/** `rest`: nothing to do before `until`, as long as the Secret stays as it is. */
export type Step =
  | { readonly kind: 'begin' | 'leaf' | 'bundle' | 'add' | 'switch' | 'drop'; readonly reason: string }
  | { readonly kind: 'rest'; readonly until: number }

/** The next step. Bundles that are in use keep every root that is still needed, whatever else is broken. */
export function planCertificates(situation: Situation): Step {
  const { now, settled, names } = situation
  const secret = situation.secret ?? {}
  const roots = bundleOf(secret)
  const root = pairAt(secret, 'rootCert', 'rootKey')
  const incoming = pairAt(secret, 'incomingCert', 'incomingKey')
  const rootFlaw = flawOfAuthority(root, now)
  const incomingFlaw = flawOfAuthority(incoming, now)
  const leafFlaw = flawOfServing(secret, names, now)
  if (rootFlaw !== undefined) {
    if (leafFlaw !== undefined) return { kind: 'begin', reason: `${rootFlaw}; ${leafFlaw}` }
    if (incomingFlaw !== undefined) return { kind: 'add', reason: rootFlaw }
  }
  if (rootFlaw === undefined && leafFlaw !== undefined) return { kind: 'leaf', reason: leafFlaw }
  const needed = [
    ...(rootFlaw === undefined ? [root.cert] : []),
    ...(incomingFlaw === undefined ? [incoming.cert] : []),
  ]
  if (!roots.readable || !needed.every((cert) => contains(roots.certificates, cert))) {
    return { kind: 'bundle', reason: 'the bundle lacks a root or cannot be read' }
  }
  if (incomingFlaw === undefined) {
    if (settled) return { kind: 'switch', reason: 'the new root is trusted everywhere' }
  } else if (pastHalf(root.cert, now)) {
    return { kind: 'add', reason: 'the root is past half of its life' }
  }
  if (rootFlaw === undefined && pastHalf(secret[SECRET_KEYS.cert] ?? '', now)) {
    return { kind: 'leaf', reason: 'it is past half of its life' }
  }
  if (incomingFlaw !== undefined && settled && roots.certificates.length > 1) {
    return { kind: 'drop', reason: 'no leaf under the old root is served any more' }
  }
  const due = [secret[SECRET_KEYS.cert] ?? '', ...(rootFlaw === undefined ? [root.cert] : [])].map(halfLife)
  return { kind: 'rest', until: Math.min(...due) }
}

/** The Secret after `step`. Makes certificates; keeps everything of the Secret that the step is not about. */
export async function takeStep(
  step: Exclude<Step, { kind: 'rest' }>,
  situation: Situation,
  lifetimes: Lifetimes,
): Promise<CertificateSecret> {
  const { names, now } = situation
  const secret = situation.secret ?? {}
  const root = pairAt(secret, 'rootCert', 'rootKey')
  const incoming = pairAt(secret, 'incomingCert', 'incomingKey')
  const trusted = bundleOf(secret).certificates.map((certificate) => certificate.toString())
  const leafOf = async (authority: KeyPairPem): Promise<CertificateSecret> => {
    const lifetime = Math.min(lifetimes.leafMs, certificateFacts(authority.cert).notAfter - now)
    const leaf = await issueLeaf(authority, names, now, lifetime)
    return { [SECRET_KEYS.cert]: leaf.cert, [SECRET_KEYS.key]: leaf.key }
  }
  switch (step.kind) {
    case 'begin': {
      const made = await issueAuthority(now, lifetimes.authorityMs)
      return {
        ...withoutIncoming(secret),
        ...rootEntries(made),
        ...(await leafOf(made)),
        [SECRET_KEYS.bundle]: joined([made.cert, ...trusted]),
      }
    }
    case 'leaf':
      return { ...secret, ...(await leafOf(root)), [SECRET_KEYS.bundle]: joined([root.cert, ...trusted]) }
    case 'bundle': {
      const known = [root.cert, incoming.cert].filter((cert) => readCertificate(cert) !== undefined)
      return { ...secret, [SECRET_KEYS.bundle]: joined([...known, ...trusted]) }
    }
    case 'add': {
      const made = await issueAuthority(now, lifetimes.authorityMs)
      return {
        ...secret,
        [SECRET_KEYS.incomingCert]: made.cert,
        [SECRET_KEYS.incomingKey]: made.key,
        [SECRET_KEYS.bundle]: joined([...trusted, made.cert]),
      }
    }
    case 'switch':
      return { ...withoutIncoming(secret), ...rootEntries(incoming), ...(await leafOf(incoming)) }
    case 'drop':
      return { ...secret, [SECRET_KEYS.bundle]: joined([root.cert]) }
  }
}

/**
 * Why the pair of the Secret must not be served, or undefined: it belongs together, is for all `names`, valid at `now`,
 * and signed by a root of the bundle.
 */
export function flawOfServing(
  secret: CertificateSecret,
  names: readonly string[],
  now: number,
): string | undefined {
  const leaf = readCertificate(secret[SECRET_KEYS.cert] ?? '')
  if (leaf === undefined) return 'there is no readable certificate'
  if (!ownsKey(leaf, secret[SECRET_KEYS.key] ?? '')) return 'the key does not belong to the certificate'
  if (!bundleOf(secret).certificates.some((root) => isSignedBy(leaf, root)))
    return 'the certificate is not signed by a root of the bundle'
  return flawOfNames(leaf.toString(), names) ?? flawOfTime(leaf, 'certificate', now)
}

/** The name that a certificate is not good for, as a sentence. */
export function flawOfNames(cert: string, names: readonly string[]): string | undefined {
  const leaf = new X509Certificate(cert)
  const missing = names.find(
    (name) => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) === undefined,
  )
  return missing === undefined ? undefined : `the certificate is not for "${missing}"`
}

/** The bundle as one text of readable certificates, without duplicates; throws a ProblemError when there is none. */
export function caBundleOf(secret: CertificateSecret): string {
  const { certificates } = bundleOf(secret)
  if (certificates.length === 0) {
    throw new ProblemError('io', `key "${SECRET_KEYS.bundle}" holds no readable certificate`)
  }
  return joinBundle(certificates)
}

/** What must not change while it settles: the trusted roots, and which of them signed the leaf. */
export function settlingOf(secret: CertificateSecret): string {
  const issuer = readCertificate(secret[SECRET_KEYS.cert] ?? '')?.issuer ?? ''
  return `${issuer}\n${secret[SECRET_KEYS.bundle] ?? ''}`
}

function bundleOf(secret: CertificateSecret): ReturnType<typeof readBundle> {
  return readBundle(secret[SECRET_KEYS.bundle] ?? '')
}

function joined(certificates: readonly string[]): string {
  return joinBundle(certificates.map((pem) => new X509Certificate(pem)))
}

function pairAt(
  secret: CertificateSecret,
  cert: keyof typeof SECRET_KEYS,
  key: keyof typeof SECRET_KEYS,
): KeyPairPem {
  return { cert: secret[SECRET_KEYS[cert]] ?? '', key: secret[SECRET_KEYS[key]] ?? '' }
}

function rootEntries(root: KeyPairPem): CertificateSecret {
  return { [SECRET_KEYS.rootCert]: root.cert, [SECRET_KEYS.rootKey]: root.key }
}

function withoutIncoming(secret: CertificateSecret): CertificateSecret {
  const dropped: readonly string[] = [SECRET_KEYS.incomingCert, SECRET_KEYS.incomingKey]
  return Object.fromEntries(Object.entries(secret).filter(([key]) => !dropped.includes(key)))
}

function flawOfAuthority(pair: KeyPairPem, now: number): string | undefined {
  const certificate = readCertificate(pair.cert)
  if (certificate === undefined) return 'there is no readable root'
  if (!certificate.ca) return 'the root is not a certificate authority'
  if (!ownsKey(certificate, pair.key)) return 'the key does not belong to the root'
  return flawOfTime(certificate, 'root', now)
}

function flawOfTime(certificate: X509Certificate, what: string, now: number): string | undefined {
  if (now < Date.parse(certificate.validFrom))
    return `the ${what} is not valid before ${certificate.validFrom}`
  if (now >= Date.parse(certificate.validTo)) return `the ${what} expired at ${certificate.validTo}`
  return undefined
}

function pastHalf(cert: string, now: number): boolean {
  return readCertificate(cert) !== undefined && now >= halfLife(cert)
}

function contains(certificates: readonly X509Certificate[], cert: string): boolean {
  const wanted = readCertificate(cert)?.fingerprint256
  return certificates.some(({ fingerprint256 }) => fingerprint256 === wanted)
}

function ownsKey(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}
