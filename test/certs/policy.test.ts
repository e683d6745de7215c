// The rules of the shared certificates: each flaw has its step, and a model of API servers and replicas that learn late
// sees no handshake fail in 20 changes of the root.

import { X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { issueAuthority, issueLeaf } from '../../src/certs/issue.ts'
import {
  type CertificateSecret,
  caBundleOf,
  flawOfServing,
  planCertificates,
  type Situation,
  settlingOf,
  takeStep,
} from '../../src/certs/policy.ts'

const NAMES = ['remora-injector.remora-system.svc', '127.0.0.1']
const NOW = Date.parse('2026-03-01T00:00:00Z')
const SECOND = 1000
const HOUR = 3600 * SECOND
const LIFETIMES = { leafMs: 10 * HOUR, authorityMs: 100 * HOUR }

const at = (secret: CertificateSecret | undefined, change: Partial<Situation> = {}): Situation => ({
  secret,
  names: NAMES,
  now: NOW,
  settled: false,
  ...change,
})

async function next(situation: Situation): Promise<CertificateSecret> {
  const step = planCertificates(situation)
  if (step.kind === 'rest') throw new Error('nothing is to be done')
  return takeStep(step, situation, LIFETIMES)
}

let good: CertificateSecret
beforeAll(async () => {
  good = await next(at(undefined))
})

describe('the certificate rules', () => {
  it('begin with a root and a leaf that all names can be served with', () => {
    expect(Object.keys(good).sort()).toEqual(['ca.crt', 'root.crt', 'root.key', 'tls.crt', 'tls.key'])
    expect(flawOfServing(good, NAMES, NOW)).toBeUndefined()
    expect(planCertificates(at(good))).toEqual({ kind: 'rest', until: NOW + 5 * HOUR })
    expect(good['ca.crt']).toBe(good['root.crt'])
  })

  it('have a step for each flaw', async () => {
    const other = await issueAuthority(NOW)
    const foreign = await issueLeaf(other, NAMES, NOW)
    const cases: [string, CertificateSecret, Partial<Situation>, string][] = [
      ['half of the leaf is over', good, { now: NOW + 5 * HOUR }, 'leaf'],
      ['the leaf has expired', good, { now: NOW + 11 * HOUR }, 'leaf'],
      ['a name is missing', good, { names: [...NAMES, 'other.svc'] }, 'leaf'],
      ['the leaf is cut off', { ...good, 'tls.crt': (good['tls.crt'] ?? '').slice(0, 90) }, {}, 'leaf'],
      ['the key of another', { ...good, 'tls.key': foreign.key }, {}, 'leaf'],
      [
        'a leaf of another authority',
        { ...good, 'tls.crt': foreign.cert, 'tls.key': foreign.key },
        {},
        'leaf',
      ],
      ['the bundle has garbage', { ...good, 'ca.crt': `${good['ca.crt']}oops` }, {}, 'bundle'],
      ['the root key is gone', { ...good, 'root.key': '' }, {}, 'add'],
      ['half of the root is over', { ...good }, { now: NOW + 60 * HOUR }, 'leaf'],
      ['everything has expired', good, { now: NOW + 200 * HOUR }, 'begin'],
      ['nothing is left', {}, {}, 'begin'],
      [
        'an old root is not needed',
        { ...good, 'ca.crt': good['ca.crt'] + other.cert },
        { settled: true },
        'drop',
      ],
      ['an old root may be needed', { ...good, 'ca.crt': good['ca.crt'] + other.cert }, {}, 'rest'],
    ]
    for (const [name, secret, change, kind] of cases) {
      expect(planCertificates(at(secret, change)).kind, name).toBe(kind)
    }
  })

  it('repair what is broken, each to a state that can be served', async () => {
    const old = good['ca.crt'] ?? ''
    const broken: CertificateSecret[] = [
      { ...good, 'tls.crt': 'x' },
      { ...good, 'tls.key': '' },
      { ...good, 'root.crt': 'x' },
      { ...good, 'ca.crt': `${old}oops` },
    ]
    for (const secret of broken) {
      const repaired = await next(at(secret))
      expect(flawOfServing(repaired, NAMES, NOW)).toBeUndefined()
      expect(repaired['ca.crt']).toContain(old.trim())
    }
  })

  it('give a leaf no longer a life than its root has', async () => {
    const secret = await next(at(good, { now: NOW + 99 * HOUR, names: [...NAMES] }))
    const notAfter = (pem = ''): number => Date.parse(new X509Certificate(pem).validTo)
    expect(notAfter(secret['tls.crt'])).toBeLessThanOrEqual(notAfter(secret['root.crt']))
  })

  it('change the root in three steps, the leaf with the second', async () => {
    // A fresh leaf, so that only the root is due.
    const due = await next(at(good, { now: NOW + 55 * HOUR }))
    const added = await next(at(due, { now: NOW + 55 * HOUR }))
    expect(added['tls.crt']).toBe(due['tls.crt'])
    expect(planCertificates(at(added, { now: NOW + 55 * HOUR })).kind).toBe('rest')
    const switched = await next(at(added, { now: NOW + 55 * HOUR, settled: true }))
    expect(switched['root.crt']).toBe(added['incoming.crt'])
    expect(switched['ca.crt']).toBe(added['ca.crt'])
    expect(planCertificates(at(switched, { now: NOW + 55 * HOUR })).kind).toBe('rest')
    const dropped = await next(at(switched, { now: NOW + 55 * HOUR, settled: true }))
    expect(caBundleOf(dropped)).toBe(switched['root.crt'])
    expect(planCertificates(at(dropped, { now: NOW + 55 * HOUR, settled: true })).kind).toBe('rest')
  })
})

/** One value that others learn of after a delay of their own, in milliseconds. */
class Late<T> {
  private readonly told: { at: number; value: T }[] = []
  tell(at: number, value: T): void {
    if (this.told.at(-1)?.value !== value) this.told.push({ at, value })
  }
  age(now: number): number {
    return now - (this.told.at(-1)?.at ?? now)
  }
  seen(now: number, delay: number): T | undefined {
    return this.told.findLast((each) => each.at + delay <= now)?.value
  }
}

function handshake(bundle: string, leaf: string): boolean {
  const certificate = new X509Certificate(leaf)
  const roots = bundle.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  return roots.map((pem) => new X509Certificate(pem)).some((root) => certificate.verify(root.publicKey))
}

/** Runs until the root has changed so often; tells when handshakes failed between an API server and a replica. */
async function simulate(settleMs: number, changes: number): Promise<string[]> {
  const lifetimes = { leafMs: HOUR, authorityMs: 2 * HOUR }
  const delays = [0, 7, 30, 61, 90, 120].map((seconds) => seconds * SECOND)
  const bundles = new Late<string>()
  const leaves = new Late<string>()
  const known = new Map<string, boolean>()
  const roots = new Set<string>()
  const failed: string[] = []
  let secret = await takeStep({ kind: 'begin', reason: '' }, at(undefined), lifetimes)
  let settling = ''
  let since = NOW
  let restUntil = 0
  let wasSettled = false
  for (let now = NOW; roots.size <= changes; ) {
    if (settlingOf(secret) !== settling) {
      settling = settlingOf(secret)
      since = now
    }
    bundles.tell(now, caBundleOf(secret))
    leaves.tell(now, secret['tls.crt'] ?? '')
    const situation = at(secret, { now, settled: now - since >= settleMs })
    const sameAsBefore = now < restUntil && situation.settled === wasSettled
    const step = sameAsBefore ? { kind: 'rest' as const, until: restUntil } : planCertificates(situation)
    if (step.kind !== 'rest') secret = await takeStep(step, situation, lifetimes)
    restUntil = step.kind === 'rest' ? step.until : 0
    wasSettled = situation.settled
    roots.add(secret['root.crt'] ?? '')
    // All delays are whole seconds; long after the last change nobody learns anything new.
    now += Math.min(bundles.age(now), leaves.age(now)) > 130 * SECOND ? 10 * SECOND : SECOND
    if (now < NOW + 121 * SECOND) continue // they begin together
    for (const [server, replica] of delays.flatMap((a) => delays.map((b) => [a, b] as const))) {
      const bundle = bundles.seen(now - SECOND, server) ?? ''
      const leaf = leaves.seen(now - SECOND, replica) ?? ''
      const key = `${bundle.length} ${bundle.slice(-120)} ${leaf.slice(-300)}`
      const ok = known.get(key) ?? handshake(bundle, leaf)
      known.set(key, ok)
      if (!ok) failed.push(`${new Date(now).toISOString()} ${server} ${replica}`)
    }
  }
  return failed
}

describe('20 changes of the root, seen 0 to 120 s late', () => {
  it('no handshake between any API server and any replica fails', async () => {
    expect(await simulate(150 * SECOND, 20)).toEqual([])
  })

  it('the model sees handshakes fail when changes do not settle for long enough', async () => {
    expect((await simulate(60 * SECOND, 2)).length).toBeGreaterThan(0)
  })
})
