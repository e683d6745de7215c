// PEM texts with any number of certificates: what callers trust (caBundle), and the chain that a server shows them.
// Reads and judges; makes and stores nothing.

import { X509Certificate } from 'node:crypto'

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/** The certificates of `text` that can be read, in order; `readable`: there is nothing else in it. */
export function readBundle(text: string): {
  readonly certificates: readonly X509Certificate[]
  readonly readable: boolean
} {
  const blocks = text.match(BLOCK) ?? []
  const certificates = blocks.map(readCertificate).filter((certificate) => certificate !== undefined)
  const rest = text.replaceAll(BLOCK, '').trim()
  return { certificates, readable: certificates.length === blocks.length && rest === '' }
}

/** The first certificate of `pem`. */
export function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

/** One PEM text, each certificate once. */
export function joinBundle(certificates: readonly X509Certificate[]): string {
  return [...new Set(certificates.map((certificate) => certificate.toString()))].join('')
}

/**
 * Whether callers that trust the authorities of `bundle` can follow `chain` (leaf first, then what signed it) to one of
 * them. Names and times are not looked at.
 */
export function isTrusted(chain: string, bundle: string): boolean {
  const roots = readBundle(bundle).certificates
  const links = readBundle(chain).certificates
  let current = links[0]
  for (let left = links.length; current !== undefined && left > 0; left -= 1) {
    const { fingerprint256 } = current
    const certificate: X509Certificate = current
    if (roots.some((root) => root.fingerprint256 === fingerprint256 || isSignedBy(certificate, root)))
      return true
    current = links.find((link) => link.fingerprint256 !== fingerprint256 && isSignedBy(certificate, link))
  }
  return false
}

export function isSignedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}
