// A replica in cluster mode with certificates from files, as a process: what is served and published when they change, and
// what is refused. With cert-manager the caBundle is its CA injector's.

import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { beforeEach, describe, expect, it } from 'vitest'
import { issueAuthority, issueLeaf, type KeyPairPem } from '../../src/certs/issue.ts'
import { RESOURCE } from '../../src/kube/resource.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { until as eventually } from '../cluster/wait.ts'
import { install, type Replica } from './replica.ts'
import { HOST, useScene } from './scene.ts'

const scene = useScene()

/** The certificate that the webhook port shows, verified by `ca`, as API servers do it. */
function shown(replica: Replica, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const port = Number(replica.told('port'))
    const socket = connect({ host: '127.0.0.1', port, ca, servername: HOST }, () => {
      resolve(socket.getPeerX509Certificate()?.toString() ?? '')
      socket.end()
    })
    socket.on('error', reject)
  })
}

interface Files {
  readonly cert: string
  readonly key: string
  readonly ca: string
}

describe('certificates from files', () => {
  let root: KeyPairPem
  let files: Files
  beforeEach(async () => {
    root = await issueAuthority(Date.now())
    files = {
      cert: join(scene.folder, 'tls.crt'),
      key: join(scene.folder, 'tls.key'),
      ca: join(scene.folder, 'ca.crt'),
    }
  })

  const leaf = (authority = root, name = HOST): Promise<KeyPairPem> =>
    issueLeaf(authority, [name], Date.now())

  /** As a whole, so that nobody reads half of it. */
  function write(texts: Partial<Files>): void {
    for (const [name, text] of Object.entries(texts)) {
      writeFileSync(join(scene.folder, 'next'), text)
      renameSync(join(scene.folder, 'next'), files[name as keyof Files])
    }
  }
  const flags = (source: string): string[] => [
    `--cert-source=${source}`,
    `--cert-file=${files.cert}`,
    `--key-file=${files.key}`,
  ]
  const bundle = (): string =>
    Buffer.from(scene.ours()?.entries[0]?.caBundle ?? '', 'base64').toString('utf8')

  it('are served and reloaded, and ca.crt beside them goes into the caBundle when it changes', async () => {
    install(scene.api)
    scene.adopt()
    const first = await leaf()
    write({ ...first, ca: root.cert })
    const replica = await scene.start({ flags: flags('files') })
    await scene.ready(replica)
    expect(await shown(replica, root.cert)).toBe(first.cert)
    await eventually('the caBundle', () => bundle() === root.cert)
    const next = await issueAuthority(Date.now() + 1000)
    write({ ca: root.cert + next.cert })
    await eventually('the caBundle with both authorities', () => bundle() === root.cert + next.cert)
    const second = await leaf(next)
    write(second)
    await eventually(
      'the second certificate',
      async () => (await shown(replica, next.cert).catch(() => '')) === second.cert,
    )
    write({ ca: next.cert })
    await eventually('the caBundle with the new authority', () => bundle() === next.cert)
    expect(replica.levels()).not.toContain('error')
  })

  it('that API servers could not verify are refused, with the reason, and the last good ones go on', async () => {
    install(scene.api)
    scene.adopt()
    const first = await leaf()
    write({ ...first, ca: root.cert })
    const replica = await scene.start({ flags: flags('files') })
    await scene.ready(replica)
    await eventually('the caBundle', () => bundle() === root.cert)
    const other = await issueAuthority(Date.now() + 1000)
    const later = await issueLeaf(root, [HOST], Date.now() + 48 * 3_600_000)
    const bad: Record<string, [Partial<Files>, RegExp]> = {
      'of a wrong name': [
        await leaf(root, 'other.svc'),
        /not for "remora-injector.remora-system.svc", by which API servers call it/,
      ],
      'not valid yet': [later, /is not valid before 20/],
      'of an authority that ca.crt does not have': [
        await leaf(other),
        /no authority of ".*ca.crt" has signed the certificate/,
      ],
      'with a ca.crt of another authority': [
        { ca: other.cert },
        /no authority of ".*ca.crt" has signed the certificate/,
      ],
      'with garbage for ca.crt': [{ ca: 'oops' }, /holds something else than certificates/],
      'cut off': [{ cert: first.cert.slice(0, 90) }, /not usable PEM/],
    }
    for (const [name, [texts, reason]] of Object.entries(bad)) {
      write(texts)
      await eventually(`the refusal ${name}`, async () => {
        const { status, text } = await replica.health('/readyz?verbose')
        const [, problem = ''] = /certificate: good until .*; the newest is refused: (.*)/.exec(text) ?? []
        return status === 200 && reason.test(problem)
      })
      expect(await replica.metric('remora_certificate_good'), name).toBe('0')
      expect([await shown(replica, root.cert), bundle()], name).toEqual([first.cert, root.cert])
      write({ ...first, ca: root.cert })
      await eventually(
        'the good ones to be back',
        async () => (await replica.metric('remora_certificate_good')) === '1',
      )
    }
    rmSync(files.ca)
    await eventually('the loss', () =>
      replica.lines().some(({ problem }) => /ca.crt" is gone/.test(String(problem))),
    )
    expect(bundle()).toBe(root.cert)
  })

  it('of cert-manager leave the caBundle to its CA injector, and ask it for it', async () => {
    install(scene.api)
    scene.adopt()
    write({ ...(await leaf()), ca: root.cert })
    const replica = await scene.start({ flags: flags('cert-manager') })
    await scene.ready(replica)
    await eventually('the entries', () => (scene.ours()?.entries.length ?? 0) > 0)
    const metadata = (): JsonObject => scene.ours()?.raw['metadata'] as JsonObject
    expect(metadata()['annotations']).toMatchObject({
      'cert-manager.io/inject-ca-from': 'remora-system/remora-injector',
    })
    // Before there is a caBundle istiod goes on, and ours are not called.
    expect(scene.ours()?.entries.map(({ live, caBundle }) => [live, caBundle])).toEqual(
      Array(4).fill([false, '']),
    )
    expect(await replica.metric('remora_certificate_writes_total')).toBe('0')
    expect(scene.api.all(RESOURCE.secret)).toEqual([])
  })

  it('end the start when they cannot be served', async () => {
    write({ ...(await leaf(root, 'other.svc')), ca: root.cert })
    const replica = await scene.start({ flags: flags('files') })
    expect(await replica.ended).toBe(1)
  })
})
