// A running webhook whose files change: good changes are used, bad ones leave the good state in use and say why.

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { issueAuthority, issueLeaf, type KeyPairPem } from '../../src/certs/issue.ts'
import { type Child, startChild } from './child.ts'
import { call, rawConnection, until } from './client.ts'

let dir: string
let child: Child | undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'remora-reload-'))
})
afterEach(async () => {
  await child?.dispose()
  child = undefined
  rmSync(dir, { recursive: true, force: true })
})

async function text(target: Child, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${target.healthPort}${path}`)).text()
}

async function metric(target: Child, name: string): Promise<number> {
  const line = (await text(target, '/metrics'))
    .split('\n')
    .find((candidate) => candidate.startsWith(`${name} `))
  return Number(line?.split(' ').at(-1))
}

/** An injection config whose template adds one container with this image. */
const config = (image: string): string =>
  JSON.stringify({
    policy: 'enabled',
    templates: { sidecar: `spec:\n  containers:\n  - name: istio-proxy\n    image: ${image}\n` },
  })

async function imageOf(target: Child): Promise<string> {
  const object = { metadata: { name: 'p' }, spec: { containers: [{ name: 'app', image: 'app' }] } }
  const review = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request: { uid: 'u', object } }
  const headers = { 'Content-Type': 'application/json' }
  const reply = await call({ port: target.port, ca: target.ca, headers, body: JSON.stringify(review) })
  const { response } = JSON.parse(reply.body) as { response: { patch: string } }
  const patch = Buffer.from(response.patch, 'base64').toString('utf8')
  return /"image":"(proxy:[^"]*)"/.exec(patch)?.[1] ?? patch
}

describe('settings files', () => {
  it('are used when they are good, and keep the last good ones in use when they are not', async () => {
    const version = (name: string, content: string): void => {
      mkdirSync(join(dir, name))
      writeFileSync(join(dir, name, 'config'), content)
      symlinkSync(name, join(dir, '..data_tmp'))
      renameSync(join(dir, '..data_tmp'), join(dir, '..data'))
    }
    version('..1', config('proxy:1'))
    symlinkSync('..data/config', join(dir, 'config'))
    const target = await startChild(['--injectConfigFile', join(dir, 'config')])
    child = target
    expect(await imageOf(target)).toBe('proxy:1')

    version('..2', config('proxy:2'))
    await target.said('new settings are in use')
    expect(await imageOf(target)).toBe('proxy:2')

    version('..3', config('{{ nonsense }}'))
    const refused = await target.said('new settings are refused, the ones before stay in use')
    expect(refused['problem']).toContain('function "nonsense" not defined')
    expect(await imageOf(target)).toBe('proxy:2')
    expect(await metric(target, 'remora_config_good{revision="default"}')).toBe(0)
    expect(await text(target, '/readyz?verbose')).toMatch(/\[\+\] settings: .*refused: .*nonsense/)

    version('..4', config('proxy:4'))
    await until(async () => (await imageOf(target)) === 'proxy:4')
    expect(await metric(target, 'remora_config_good{revision="default"}')).toBe(1)
    expect(await text(target, '/readyz')).toBe('ok\n')
  })

  it('are refused when no pod could be injected with them', async () => {
    writeFileSync(join(dir, 'config'), config('proxy:1'))
    const target = await startChild(['--injectConfigFile', join(dir, 'config')])
    child = target
    writeFileSync(join(dir, 'config'), config('[not, an, image]'))
    const refused = await target.said('new settings are refused, the ones before stay in use')
    expect(refused['problem']).toContain('no pod could be injected with these settings')
    expect(await imageOf(target)).toBe('proxy:1')
  })

  it('end the start when they are bad from the beginning', async () => {
    writeFileSync(join(dir, 'config'), config('{{ nonsense }}'))
    await expect(startChild(['--injectConfigFile', join(dir, 'config')])).rejects.toThrow(
      /ended with 1: error: .*function "nonsense" not defined/,
    )
  })
})

describe('certificate files', () => {
  it('are served when they are good, and refused when they are broken, mismatched or expired', async () => {
    const ca = await issueAuthority(Date.now())
    const pair = (): Promise<KeyPairPem> => issueLeaf(ca, ['127.0.0.1'], Date.now())
    const cert = join(dir, 'tls.crt')
    const key = join(dir, 'tls.key')
    const write = (next: KeyPairPem): void => {
      writeFileSync(key, next.key)
      writeFileSync(cert, next.cert)
    }
    write(await pair())
    const target = await startChild(['--cert-file', cert, '--key-file', key])
    child = target
    const served = async (): Promise<string> => {
      const socket = await rawConnection(target.port, ca.cert)
      const { fingerprint256 } = socket.getPeerCertificate()
      socket.destroy()
      return fingerprint256
    }
    const first = await served()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const kept = async (): Promise<number> =>
      (await call({ port: target.port, ca: ca.cert, agent, path: '/ready', method: 'GET' })).status
    expect(await kept()).toBe(200)
    const socket = Object.values(agent.freeSockets).flat()[0]

    write(await pair())
    await target.said('a new certificate is in use')
    const second = await served()
    expect(second).not.toBe(first)

    const bad: [KeyPairPem, string][] = [
      [{ ...(await pair()), cert: 'garbage' }, 'the certificate is not usable PEM'],
      [{ ...(await pair()), key: (await pair()).key }, 'the key does not belong to the certificate'],
      [await issueLeaf(ca, ['127.0.0.1'], Date.now() - 7200_000, 3600_000), 'the certificate expired'],
    ]
    for (const [broken, reason] of bad) {
      write(broken)
      await until(() => target.log.some((line) => line.includes(reason)))
      expect(await served()).toBe(second)
      expect(await metric(target, 'remora_certificate_good')).toBe(0)
      expect(await text(target, '/readyz?verbose')).toContain(reason)
    }

    write(await pair())
    await until(async () => (await served()) !== second)
    expect(await metric(target, 'remora_certificate_good')).toBe(1)
    expect(await kept()).toBe(200)
    expect(Object.values(agent.freeSockets).flat()[0]).toBe(socket)
    agent.destroy()
  })
})
