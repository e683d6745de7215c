// The shared certificates against an API server: what replicas serve and what the leader writes, whatever happens to the
// Secret and the clock.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { issueAuthority, issueLeaf } from '../../src/certs/issue.ts'
import { type CertificateSecret, flawOfServing } from '../../src/certs/policy.ts'
import { createClient } from '../../src/kube/client.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import { readSecret, SharedCertificates } from '../../src/reconcile/certs.ts'
import { accessTo } from '../kube/access.ts'
import { FakeApi } from '../kube/fake-api.ts'
import { FakeClock } from '../kube/fake-clock.ts'

const NAMES = ['remora-injector.remora-system.svc']
const HOUR = 3_600_000
const AT = { namespace: 'remora-system', name: 'certificates' }
const NEVER = new AbortController().signal
const PUBLISHED = (): boolean => true

let api: FakeApi
beforeEach(async () => {
  api = await new FakeApi().start()
})
afterEach(() => api.away())

class Replica {
  readonly clock = new FakeClock()
  readonly told: string[] = []
  served: string | undefined
  readonly shared: SharedCertificates
  readonly client

  constructor(access: Awaited<ReturnType<typeof accessTo>>) {
    this.client = createClient(access)
    this.clock.wallShift = Date.now() - this.clock.now()
    const lifetimes = { leafMs: 10 * HOUR, authorityMs: 100 * HOUR }
    const settings = {
      namespace: AT.namespace,
      secretName: AT.name,
      names: NAMES,
      lifetimes,
      settleMs: 1000,
    }
    this.shared = new SharedCertificates(this.client, this.clock, settings, {
      usable: ({ cert }) => {
        this.served = cert
      },
      awaited: () => this.told.push('awaited'),
      refused: (reason) => this.told.push(reason),
      written: (reason) => this.told.push(`wrote ${reason}`),
    })
  }

  async secret(): Promise<CertificateSecret> {
    return readSecret(await this.client.get(RESOURCE.secret, AT))
  }

  /** As the leader; the watch then shows what was written. */
  async lead(): Promise<number> {
    const next = await this.shared.run(PUBLISHED, NEVER)
    this.shared.take(await this.secret())
    return next
  }

  put(secret: CertificateSecret): void {
    const data = Object.entries(secret).map(([key, text]) => [key, Buffer.from(text).toString('base64')])
    api.put(RESOURCE.secret, { metadata: AT, data: Object.fromEntries(data) })
  }
}

const started = async (): Promise<Replica> => {
  const replica = new Replica(await accessTo(api.url))
  await replica.lead()
  return replica
}

describe('shared certificates', () => {
  it('are made once, and found by the next leader', async () => {
    const first = await started()
    const secret = await first.secret()
    const second = await started()
    expect(await second.secret()).toEqual(secret)
    expect(second.served).toBe(first.served)
    expect(second.told).toEqual([])
    expect(first.told).toEqual([expect.stringContaining('wrote begin')])
  })

  it('that are broken in any way are refused while the last good pair goes on, and mended', async () => {
    const replica = await started()
    const good = await replica.secret()
    const now = replica.clock.wall()
    const root = { cert: good['root.crt'] ?? '', key: good['root.key'] ?? '' }
    const other = await issueAuthority(now)
    const pairs = {
      expired: await issueLeaf(root, NAMES, now - 20 * HOUR, HOUR),
      'not yet valid': await issueLeaf(root, NAMES, now + 20 * HOUR, HOUR),
      'of a wrong name': await issueLeaf(root, ['other.svc'], now),
      'of another authority': await issueLeaf(other, NAMES, now),
    }
    const broken: Record<string, CertificateSecret> = {
      ...Object.fromEntries(
        Object.entries(pairs).map(([name, { cert, key }]) => [
          name,
          { ...good, 'tls.crt': cert, 'tls.key': key },
        ]),
      ),
      'a key of another': { ...good, 'tls.key': other.key },
      'cut off': { ...good, 'tls.crt': (good['tls.crt'] ?? '').slice(0, 200) },
      'a bundle of garbage': { ...good, 'ca.crt': 'oops' },
      empty: {},
      'garbage everywhere': Object.fromEntries(Object.keys(good).map((key) => [key, '\u0000\uffff'])),
    }
    for (const [name, secret] of Object.entries(broken)) {
      const { served } = replica
      const bundle = replica.shared.caBundle
      replica.put(secret)
      replica.shared.take(await replica.secret())
      expect([replica.served, replica.shared.caBundle], name).toEqual([served, bundle])
      expect(replica.shared.problem, name).toBeTypeOf('string')
      await replica.lead()
      expect(replica.shared.problem, name).toBeUndefined()
      expect(flawOfServing(await replica.secret(), NAMES, now), name).toBeUndefined()
      // What callers trusted before, they trust still.
      expect(replica.shared.caBundle, name).toContain(good['root.crt']?.trim())
    }
  })

  it('that nobody has made yet are waited for calmly, and missed only after a while', async () => {
    const replica = new Replica(await accessTo(api.url))
    replica.shared.take(undefined)
    replica.shared.take(undefined)
    replica.clock.advance(29_000)
    expect(replica.told).toEqual(['awaited'])
    expect(replica.shared.problem).toBe('there is no Secret yet')
    replica.clock.advance(1001)
    expect(replica.told).toEqual(['awaited', 'there is no Secret'])
    await replica.lead()
    expect(replica.shared.problem).toBeUndefined()
    const soon = new Replica(await accessTo(api.url))
    soon.shared.take(undefined)
    await soon.lead()
    soon.clock.advance(60_000)
    expect(soon.told).toEqual(['awaited'])
  })

  it('that were deleted are written back as they were', async () => {
    const replica = await started()
    const good = await replica.secret()
    api.remove(RESOURCE.secret, AT.namespace, AT.name)
    replica.shared.take(undefined)
    expect(replica.shared.problem).toBe('there is no Secret')
    await replica.lead()
    expect(await replica.secret()).toEqual(good)
  })

  it('are not made by a clock that is wrong', async () => {
    const replica = await started()
    const good = await replica.secret()
    api.fault = ({ path }) =>
      path === '/version' ? { status: 200, body: {}, headers: { date: new Date().toUTCString() } } : undefined
    for (const jump of [400 * 24 * HOUR, -400 * 24 * HOUR]) {
      replica.clock.wallShift += jump
      replica.shared.take(good)
      await replica.shared.run(PUBLISHED, NEVER)
      expect(await replica.secret()).toEqual(good)
      expect(replica.told.at(-1)).toMatch(/^no certificate is made: the clock is -?\d+ s off/)
      replica.clock.wallShift -= jump
    }
    expect(replica.served).toBe(good['tls.crt'])
  })

  it('that a wrong clock refused are in use once it is right again', async () => {
    const replica = await started()
    const renewed = await issueLeaf(
      { cert: (await replica.secret())['root.crt'] ?? '', key: (await replica.secret())['root.key'] ?? '' },
      NAMES,
      replica.clock.wall(),
    )
    const secret = { ...(await replica.secret()), 'tls.crt': renewed.cert, 'tls.key': renewed.key }
    replica.clock.wallShift -= 24 * HOUR
    replica.shared.take(secret)
    expect([replica.served === renewed.cert, replica.shared.problem]).toEqual([
      false,
      expect.stringContaining('not valid before'),
    ])
    replica.clock.advance(60_000)
    expect(replica.served).not.toBe(renewed.cert)
    replica.clock.wallShift += 24 * HOUR
    replica.clock.advance(60_000)
    expect([replica.served, replica.shared.problem]).toEqual([renewed.cert, undefined])
    expect(replica.told.filter((line) => line.includes('not valid before'))).toHaveLength(1)
    expect(replica.clock.waits).toEqual([])
  })

  it('change their root only when the bundle is everywhere', async () => {
    const replica = await started()
    const { 'root.key': _, ...lost } = await replica.secret()
    replica.put(lost)
    await replica.lead()
    const added = await replica.secret()
    const look = async (published: boolean): Promise<CertificateSecret> => {
      replica.clock.advance(2000)
      await replica.shared.run(() => published, NEVER)
      return replica.secret()
    }
    for (let i = 0; i < 3; i += 1) expect(await look(false)).toEqual(added)
    expect(await look(true)).toEqual(added)
    const switched = await look(true)
    expect(switched['root.crt']).toBe(added['incoming.crt'])
    expect(switched['ca.crt']).toBe(added['ca.crt'])
    await look(true)
    expect((await look(true))['ca.crt']).toBe(switched['root.crt'])
  })

  it('written by somebody else meanwhile are left alone', async () => {
    const replica = await started()
    replica.put({ ...(await replica.secret()), 'tls.key': '' })
    api.fault = ({ method }) => (method === 'PUT' ? { status: 409 } : undefined)
    await expect(replica.shared.run(PUBLISHED, NEVER)).rejects.toMatchObject({ kind: 'conflict' })
  })
})
