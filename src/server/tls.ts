// The key pair of the webhook port: what is served now, and what came after it. A pair is served only once it is
// proven: readable, belonging together, of a kind TLS takes, and valid now; else the one before goes on.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { ProblemError } from '../std/problem.ts'

/** PEM texts; `cert` may be a chain, leaf first. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

export interface ProvenPair extends KeyPair {
  /** Milliseconds since 1970. */
  readonly notAfter: number
  /** SHA-256 of the leaf, for people who compare. */
  readonly fingerprint: string
}

/** Clocks differ: a certificate that was made a moment ago elsewhere may seem to begin a little later. */
const SKEW_MS = 5 * 60_000

/** Proves a pair at time `now` (milliseconds since 1970); throws a ProblemError that says what is wrong with it. */
export function provePair(pair: KeyPair, now: number): ProvenPair {
  const leaf = read('certificate', () => new X509Certificate(pair.cert))
  const key = read('key', () => createPrivateKey(pair.key))
  if (!leaf.checkPrivateKey(key)) {
    throw new ProblemError('io', 'the key does not belong to the certificate')
  }
  read('pair', () => createSecureContext({ cert: pair.cert, key: pair.key }))
  const notBefore = Date.parse(leaf.validFrom)
  if (notBefore > now + SKEW_MS) {
    throw new ProblemError('io', `the certificate is not valid before ${new Date(notBefore).toISOString()}`)
  }
  const notAfter = Date.parse(leaf.validTo)
  if (notAfter <= now) {
    throw new ProblemError('io', `the certificate expired at ${new Date(notAfter).toISOString()}`)
  }
  return { ...pair, notAfter, fingerprint: leaf.fingerprint256 }
}

function read<T>(what: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ProblemError('io', `the ${what} is not usable PEM: ${reason}`)
  }
}

/** The pair in use, and the newest attempt to replace it. */
export class KeyPairHolder {
  private current: ProvenPair
  private failure: string | undefined

  constructor(first: ProvenPair) {
    this.current = first
  }

  get pair(): ProvenPair {
    return this.current
  }

  /** Why the newest pair is not in use; undefined while it is. */
  get problem(): string | undefined {
    return this.failure
  }

  /** Takes what `read` gives when it is proven. Returns whether it is another pair than before; throws when refused. */
  replace(read: () => KeyPair, now: number): boolean {
    try {
      const pair = read()
      const same = pair.cert === this.current.cert && pair.key === this.current.key
      if (!same) this.current = provePair(pair, now)
      this.failure = undefined
      return !same
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error)
      throw error
    }
  }
}
