// The self-signed certificate of a stand-alone webhook, kept in a state directory: ca.crt, ca.key, tls.crt, tls.key.
// What is there and still good is used again, so that a caBundle that was handed out stays right over restarts.
// Private keys are written with mode 0600, every file whole or not at all.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { ProblemError } from '../std/problem.ts'
import { certificateFacts, issueAuthority, issueLeaf, type KeyPairPem } from './issue.ts'

/** What the state directory holds after {@link ensureCertificates}. */
export interface ServingState {
  /** PEM of the certificate authority: what goes, base64-encoded, into `caBundle`. */
  readonly ca: string
  readonly leaf: KeyPairPem
  readonly certFile: string
  readonly keyFile: string
  /** When {@link ensureCertificates} should run again, in milliseconds since 1970: half of the leaf's lifetime. */
  readonly renewAt: number
  /** One sentence for each thing that was made, and why; empty when everything was used again. */
  readonly made: readonly string[]
}

export interface StateOptions {
  readonly dir: string
  /** DNS names and IP addresses the serving certificate must be good for. */
  readonly names: readonly string[]
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Reads the state directory, and makes what is missing, broken, for other names, or past half of its life. */
export async function ensureCertificates(options: StateOptions): Promise<ServingState> {
  const { dir, names, now } = options
  const made: string[] = []
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    let authority = readPair(dir, 'ca')
    const authorityFlaw = authority === undefined ? 'there was none' : flawOfAuthority(authority, now)
    if (authority === undefined || authorityFlaw !== undefined) {
      authority = await issueAuthority(now)
      writePair(dir, 'ca', authority)
      made.push(`made a new certificate authority: ${authorityFlaw}`)
    }
    let leaf = readPair(dir, 'tls')
    const leafFlaw = leaf === undefined ? 'there was none' : flawOfLeaf(leaf, authority, names, now)
    if (leaf === undefined || leafFlaw !== undefined) {
      leaf = await issueLeaf(authority, names, now)
      writePair(dir, 'tls', leaf)
      made.push(`made a new serving certificate: ${leafFlaw}`)
    }
    const { notBefore, notAfter } = certificateFacts(leaf.cert)
    return {
      ca: authority.cert,
      leaf,
      certFile: join(dir, 'tls.crt'),
      keyFile: join(dir, 'tls.key'),
      renewAt: notBefore + (notAfter - notBefore) / 2,
      made,
    }
  } catch (error) {
    if (error instanceof ProblemError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new ProblemError(
      'io',
      `cannot keep certificates in directory "${dir}": ${reason}`,
      { file: dir },
      'give a writable directory with --state-dir',
    )
  }
}

function flawOfAuthority(authority: KeyPairPem, now: number): string | undefined {
  try {
    const certificate = new X509Certificate(authority.cert)
    if (!certificate.ca) return 'ca.crt is not a certificate authority'
    if (!certificate.checkPrivateKey(createPrivateKey(authority.key)))
      return 'ca.key does not belong to ca.crt'
    return pastHalf(authority, now) ? 'the old one is past half of its lifetime' : undefined
  } catch {
    return 'the old one could not be read'
  }
}

function flawOfLeaf(
  leaf: KeyPairPem,
  authority: KeyPairPem,
  names: readonly string[],
  now: number,
): string | undefined {
  try {
    const certificate = new X509Certificate(leaf.cert)
    if (!certificate.checkPrivateKey(createPrivateKey(leaf.key))) return 'tls.key does not belong to tls.crt'
    const issuer = new X509Certificate(authority.cert)
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
      return 'the old one was signed by another authority'
    const has = new Set(certificateFacts(leaf.cert).names.map(normalName))
    const missing = names.find((name) => !has.has(normalName(name)))
    if (missing !== undefined) return `the old one was not for "${missing}"`
    return pastHalf(leaf, now) ? 'the old one was past half of its lifetime' : undefined
  } catch {
    return 'the old one could not be read'
  }
}

function pastHalf(pair: KeyPairPem, now: number): boolean {
  const { notBefore, notAfter } = certificateFacts(pair.cert)
  return now < notBefore || now >= notBefore + (notAfter - notBefore) / 2
}

/** One spelling for each name: Node prints IPv6 addresses of certificates in upper case and without `::`. */
function normalName(name: string): string {
  if (!isIPv6(name)) return name.toLowerCase()
  return new URL(`http://[${name}]`).hostname
}

function readPair(dir: string, name: string): KeyPairPem | undefined {
  const read = (suffix: string): string | undefined => {
    try {
      return readFileSync(join(dir, `${name}.${suffix}`), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }
  const cert = read('crt')
  const key = read('key')
  if (cert === undefined || key === undefined) return undefined
  chmodSync(join(dir, `${name}.key`), 0o600)
  return { cert, key }
}

/** The key goes first: a reader that sees the new certificate finds its key beside it. */
function writePair(dir: string, name: string, pair: KeyPairPem): void {
  writeWhole(join(dir, `${name}.key`), pair.key, 0o600)
  writeWhole(join(dir, `${name}.crt`), pair.cert, 0o644)
}

function writeWhole(file: string, text: string, mode: number): void {
  const temporary = `${file}.${process.pid}.tmp`
  writeFileSync(temporary, text, { mode, flush: true })
  renameSync(temporary, file)
}
