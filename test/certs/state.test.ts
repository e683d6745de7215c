// Self-signed certificates: what is made, what is used again, and that openssl and a Node client accept it.

import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { issueAuthority, issueLeaf } from '../../src/certs/issue.ts'
import { ensureCertificates } from '../../src/certs/state.ts'

const root = mkdtempSync(join(tmpdir(), 'remora-certs-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Another implementation of X.509 to ask, where there is one. */
const OPENSSL = process.env['OPENSSL'] ?? 'openssl'
const NOW = Date.now()
const DAY = 24 * 3600 * 1000
const NAMES = ['remora-injector.remora-system.svc', 'localhost', '127.0.0.1', '::1']
let count = 0
const freshDir = (): string => join(root, `state-${count++}`)
const mode = (file: string): number => statSync(file).mode & 0o777

describe('issueLeaf', () => {
  it('makes an EC P-256 certificate with SHA-256, the names asked for and a chain that verifies', async () => {
    const authority = await issueAuthority(NOW)
    const leaf = await issueLeaf(authority, NAMES, NOW)
    const certificate = new X509Certificate(leaf.cert)
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
    expect(certificate.verify(new X509Certificate(authority.cert).publicKey)).toBe(true)
    expect(certificate.checkHost('remora-injector.remora-system.svc')).toBeDefined()
    expect(certificate.checkIP('::1')).toBeDefined()
    expect(certificate.ca).toBe(false)
    expect(leaf.cert.endsWith('-----END CERTIFICATE-----\n')).toBe(true)
  })

  it('stands before openssl, where there is one', async () => {
    const dir = freshDir()
    const state = await ensureCertificates({ dir, names: NAMES, now: NOW })
    const args = ['verify', '-purpose', 'sslserver', '-CAfile', join(dir, 'ca.crt'), state.certFile]
    const run = spawnSync(OPENSSL, args)
    if (run.error !== undefined) return
    expect(run.stderr.toString()).toBe('')
    expect(run.status).toBe(0)
  })
})

describe('ensureCertificates', () => {
  it('keeps keys private and uses everything again at the next start', async () => {
    const dir = freshDir()
    const first = await ensureCertificates({ dir, names: NAMES, now: NOW })
    expect(first.made).toHaveLength(2)
    expect(mode(join(dir, 'ca.key'))).toBe(0o600)
    expect(mode(join(dir, 'tls.key'))).toBe(0o600)
    chmodSync(join(dir, 'tls.key'), 0o644)
    const second = await ensureCertificates({ dir, names: NAMES, now: NOW + DAY })
    expect(second.made).toEqual([])
    expect(second.ca).toBe(first.ca)
    expect(second.leaf.cert).toBe(first.leaf.cert)
    expect(mode(join(dir, 'tls.key'))).toBe(0o600)
  })

  it('renews the leaf, not the authority, at half of its lifetime', async () => {
    const dir = freshDir()
    const first = await ensureCertificates({ dir, names: NAMES, now: NOW })
    const second = await ensureCertificates({ dir, names: NAMES, now: first.renewAt + 1 })
    expect(second.made).toEqual(['made a new serving certificate: the old one was past half of its lifetime'])
    expect(second.ca).toBe(first.ca)
    expect(second.leaf.cert).not.toBe(first.leaf.cert)
    expect(second.renewAt).toBeGreaterThan(first.renewAt)
  })

  it('makes a new leaf for a new name, and keeps it when fewer names are asked for', async () => {
    const dir = freshDir()
    await ensureCertificates({ dir, names: ['a.example'], now: NOW })
    const more = await ensureCertificates({ dir, names: ['a.example', 'b.example'], now: NOW })
    expect(more.made).toEqual(['made a new serving certificate: the old one was not for "b.example"'])
    expect((await ensureCertificates({ dir, names: ['A.example'], now: NOW })).made).toEqual([])
  })

  it('replaces what is broken, and says so', async () => {
    const dir = freshDir()
    await ensureCertificates({ dir, names: NAMES, now: NOW })
    writeFileSync(join(dir, 'tls.crt'), 'not a certificate')
    const leaf = await ensureCertificates({ dir, names: NAMES, now: NOW })
    expect(leaf.made).toEqual(['made a new serving certificate: the old one could not be read'])
    writeFileSync(join(dir, 'ca.key'), readFileSync(join(dir, 'tls.key')))
    const all = await ensureCertificates({ dir, names: NAMES, now: NOW })
    expect(all.made).toEqual([
      'made a new certificate authority: ca.key does not belong to ca.crt',
      'made a new serving certificate: the old one was signed by another authority',
    ])
  })

  it('names the directory it cannot use', async () => {
    const file = join(root, 'a-file')
    writeFileSync(file, '')
    await expect(ensureCertificates({ dir: file, names: NAMES, now: NOW })).rejects.toThrow(
      `cannot keep certificates in directory "${file}"`,
    )
    expect(existsSync(`${file}/ca.key`)).toBe(false)
  })
})
