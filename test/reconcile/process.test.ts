// A replica in cluster mode from start to end, as a process: calm at its first start, ready by the rules and not before,
// certificates from wherever they come, and an end that hands on what it held.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { issueAuthority, issueLeaf, type KeyPairPem } from '../../src/certs/issue.ts'
import { pathOf, RESOURCE } from '../../src/kube/resource.ts'
import {
  CONFIGURATION_NAME,
  type Configuration,
  readConfiguration,
} from '../../src/revision/configuration.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { until as eventually } from '../cluster/wait.ts'
import { FakeApi } from '../kube/fake-api.ts'
import { freePort, install, type Replica, type ReplicaOptions, startReplica } from './replica.ts'
import { revisionObjects } from './watched.ts'

const WEBHOOKS = RESOURCE.mutatingWebhookConfiguration
const HOST = 'remora-injector.remora-system.svc'

let api: FakeApi
let folder: string
let replicas: Replica[]
beforeEach(async () => {
  api = await new FakeApi().start()
  folder = mkdtempSync(join(tmpdir(), 'remora-process-'))
  replicas = []
})
afterEach(async () => {
  for (const replica of replicas) await replica.dispose()
  await api.away()
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: Omit<ReplicaOptions, 'healthPort'> = {}): Promise<Replica> {
  const replica = startReplica(api, { ...options, healthPort: await freePort() })
  replicas.push(replica)
  return replica
}

/** What adopt makes, for the leader to fill. */
const adopt = (): unknown => api.put(WEBHOOKS, { metadata: { name: CONFIGURATION_NAME }, webhooks: [] })

const ours = (): Configuration | undefined =>
  api
    .all(WEBHOOKS)
    .map((raw) => readConfiguration(raw, 'istio-system'))
    .find(({ name }) => name === CONFIGURATION_NAME)

const isReady = async (replica: Replica): Promise<boolean> => (await replica.health('/readyz')).status === 200

async function ready(replica: Replica): Promise<void> {
  await eventually('the replica to be ready', () => isReady(replica), 20_000).catch((error) => {
    throw new Error(`${String(error)}\n${JSON.stringify(replica.lines(), undefined, 1)}`)
  })
}

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

describe('a first start', () => {
  it('is calm: no Secret, no revision, no configuration is nothing to worry about', async () => {
    const replica = await start()
    await ready(replica)
    expect(replica.levels().filter((level) => level !== 'info')).toEqual([])
    expect(replica.said('waiting for the Secret of the certificates, which the leader makes')).toBe(true)
    expect(ours()).toBeUndefined()
    expect(await replica.metric('remora_certificate_good')).toBe('1')
  })

  it('is ready once it has heard everything, and opens its port no sooner', async () => {
    install(api)
    const nodes = pathOf(RESOURCE.node)
    api.fault = ({ path }) => (path === nodes ? { status: 403 } : undefined)
    // The pair is there at once: only the watches are waited for.
    const pair = await issueLeaf(await issueAuthority(Date.now()), [HOST], Date.now())
    const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
    writeFileSync(cert, pair.cert)
    writeFileSync(key, pair.key)
    const replica = await start({
      flags: ['--cert-source=files', `--cert-file=${cert}`, `--key-file=${key}`],
    })
    await eventually('the other watches', async () => {
      const { status, text } = await replica.health('/readyz')
      return status === 503 && text.includes('[-] watches: not heard yet: nodes\n')
    })
    expect(replica.told('port')).toBeUndefined()
    expect(await replica.metric('remora_snapshot_generation')).toBe('0')
    api.fault = () => undefined
    await ready(replica)
    expect(Number(replica.told('port'))).toBeGreaterThan(0)
    expect(await replica.metric('remora_config_good{revision="default"}')).toBe('1')
  })
})

describe('settings that were bad from the beginning', () => {
  it('show as event, metric, readiness and log, and do not keep the others from being served', async () => {
    install(api, revisionObjects('default', { config: 'templates: [' }))
    install(api, revisionObjects('blue'))
    const replica = await start()
    await ready(replica)
    expect(await replica.metric('remora_config_good{revision="default"}')).toBe('0')
    expect(await replica.metric('remora_config_good{revision="blue"}')).toBe('1')
    expect((await replica.health('/readyz?verbose')).text).toMatch(
      /settings: generation \d+, 2 revisions; the newest of revision default is refused: /,
    )
    expect(replica.said('new settings of a revision are refused, the ones before stay in use')).toBe(true)
    const told = (): JsonObject | undefined =>
      api.all(RESOURCE.event).find(({ reason }) => reason === 'SettingsRefused')
    await eventually('the event', () => told() !== undefined)
    expect(told()).toMatchObject({
      type: 'Warning',
      involvedObject: { kind: 'ConfigMap', name: 'istio-sidecar-injector', namespace: 'istio-system' },
    })
  })
})

describe('the registration', () => {
  it('leaves a revision alone that is served from elsewhere', async () => {
    install(api)
    const { webhook } = revisionObjects('far')
    api.put(WEBHOOKS, webhook)
    adopt()
    const replica = await start()
    await eventually('the entries', () => (ours()?.entries.length ?? 0) > 0)
    expect(new Set(ours()?.entries.map(({ of }) => of?.name))).toEqual(new Set(['default']))
    await ready(replica)
    const entry =
      'remora_webhook_ca_bundle_match{configuration="remora-injector",entry="namespace.rev.default.injector.remora.dev"}'
    await eventually('the caBundle to be trusted', async () => (await replica.metric(entry)) === '1')
    expect(await replica.metric('remora_registration_condition{type="conflict"}')).toBe('0')
  })

  it('says on its metrics what needs a person, as long as it does', async () => {
    const { webhook: object, ...rest } = revisionObjects('default')
    const webhook: JsonObject = object
    const saved = { 'remora.dev/adopted-selectors': '{"rev.object.sidecar-injector.istio.io":{}}' }
    const metadata = { ...(webhook['metadata'] as JsonObject), annotations: saved }
    const never = { matchLabels: { 'istio.io/deactivated': 'never-match' } }
    const webhooks = (webhook['webhooks'] as JsonObject[]).map((entry) => ({
      ...entry,
      namespaceSelector: never,
    }))
    const deactivated: JsonObject = { ...webhook, metadata, webhooks }
    install(api, { ...rest, webhook: { kind: 'MutatingWebhookConfiguration', ...deactivated } })
    const replica = await start()
    const deleted = 'remora_registration_condition{type="deleted"}'
    await eventually('the metric', async () => (await replica.metric(deleted)) === '1', 20_000)
    await eventually('the log', () => replica.said('the webhook configuration needs a person'))
    const events = (): JsonObject[] => api.all(RESOURCE.event)
    await eventually('the event', () => events().some(({ reason }) => reason === 'Deleted'))
    adopt()
    await eventually('the metric to go back', async () => (await replica.metric(deleted)) === '0')
    await eventually('the entry', () => ours()?.entries.length === 1)
  })
})

describe('a writer that wipes the caBundle again and again', () => {
  it('is outdone five times at once, then told of and answered ever more seldom', async () => {
    install(api)
    adopt()
    const replica = await start()
    const whole = (): boolean => ours()?.entries.length === 4 && ours()?.entries[0]?.caBundle !== ''
    await eventually('the entries', whole)
    await ready(replica)
    const wipe = (): void => {
      const raw: JsonObject = ours()?.raw ?? {}
      const webhooks = (raw['webhooks'] as JsonObject[]).map(({ clientConfig, ...entry }) => {
        const { service = null } = clientConfig as JsonObject
        return { ...entry, clientConfig: { service } }
      })
      api.put(WEBHOOKS, { ...raw, webhooks })
    }
    const written = (): number =>
      api.requests.filter(
        ({ method, path }) => method === 'PATCH' && path === pathOf(WEBHOOKS, '', CONFIGURATION_NAME),
      ).length
    const first = written()
    for (let i = 0; i < 5; i += 1) {
      wipe()
      await eventually('the caBundle to be back', whole)
    }
    wipe()
    const war = 'remora_registration_condition{type="conflict"}'
    await eventually('the metric', async () => (await replica.metric(war)) === '1')
    await eventually('the event', () => api.all(RESOURCE.event).some(({ reason }) => reason === 'Conflict'))
    await eventually('the log', () => replica.said('the webhook configuration needs a person'))
    const since = performance.now()
    await eventually('the caBundle to be back', whole)
    expect(performance.now() - since).toBeGreaterThan(5000)
    expect(written()).toBe(first + 6)
  })
})

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
    files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key'), ca: join(folder, 'ca.crt') }
  })

  const leaf = (authority = root, name = HOST): Promise<KeyPairPem> =>
    issueLeaf(authority, [name], Date.now())

  /** As a whole, so that nobody reads half of it. */
  function write(texts: Partial<Files>): void {
    for (const [name, text] of Object.entries(texts)) {
      writeFileSync(join(folder, 'next'), text)
      renameSync(join(folder, 'next'), files[name as keyof Files])
    }
  }
  const flags = (source: string): string[] => [
    `--cert-source=${source}`,
    `--cert-file=${files.cert}`,
    `--key-file=${files.key}`,
  ]
  const bundle = (): string => Buffer.from(ours()?.entries[0]?.caBundle ?? '', 'base64').toString('utf8')

  it('are served and reloaded, and ca.crt beside them goes into the caBundle when it changes', async () => {
    install(api)
    adopt()
    const first = await leaf()
    write({ ...first, ca: root.cert })
    const replica = await start({ flags: flags('files') })
    await ready(replica)
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
    install(api)
    adopt()
    const first = await leaf()
    write({ ...first, ca: root.cert })
    const replica = await start({ flags: flags('files') })
    await ready(replica)
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
    install(api)
    adopt()
    write({ ...(await leaf()), ca: root.cert })
    const replica = await start({ flags: flags('cert-manager') })
    await ready(replica)
    await eventually('the entries', () => (ours()?.entries.length ?? 0) > 0)
    const metadata = (): JsonObject => ours()?.raw['metadata'] as JsonObject
    expect(metadata()['annotations']).toMatchObject({
      'cert-manager.io/inject-ca-from': 'remora-system/remora-injector',
    })
    // Before there is a caBundle istiod goes on, and ours are not called.
    expect(ours()?.entries.map(({ live, caBundle }) => [live, caBundle])).toEqual(Array(4).fill([false, '']))
    expect(await replica.metric('remora_certificate_writes_total')).toBe('0')
    expect(api.all(RESOURCE.secret)).toEqual([])
  })

  it('end the start when they cannot be served', async () => {
    write({ ...(await leaf(root, 'other.svc')), ca: root.cert })
    const replica = await start({ flags: flags('files') })
    expect(await replica.ended).toBe(1)
  })
})

describe('the end', () => {
  const holder = (): unknown => {
    const [lease] = api.all(RESOURCE.lease)
    return (lease?.['spec'] as JsonObject | undefined)?.['holderIdentity']
  }

  it('of a leader drains, then hands on the lease', async () => {
    const replica = await start({ flags: ['--drain=500ms'] })
    await ready(replica)
    await eventually('a leader', () => replica.said('this replica leads'))
    replica.process.kill('SIGTERM')
    await eventually('the drain', () => replica.said('draining'))
    expect((await replica.health('/readyz')).status).toBe(503)
    expect(holder()).toMatch(/^remora-injector-5d8c9f7b6-x2x4z_/)
    expect(await replica.ended).toBe(0)
    expect(holder()).toBe('')
    expect(
      replica
        .lines()
        .map(({ message }) => message)
        .slice(-2),
    ).toEqual(['this replica no longer leads', 'ended'])
  })

  it('comes at once by a second signal, also while the API server answers nothing', async () => {
    const replica = await start({ flags: ['--drain=60s'] })
    await ready(replica)
    await eventually('a leader', () => replica.said('this replica leads'))
    api.fault = () => 'hang'
    replica.process.kill('SIGTERM')
    await eventually('the drain', () => replica.said('draining'))
    const before = performance.now()
    replica.process.kill('SIGTERM')
    expect(await replica.ended).toBe(0)
    expect(performance.now() - before).toBeLessThan(4000)
  })

  it('comes by one signal before there was anything to serve', async () => {
    api.fault = () => ({ status: 403 })
    const replica = await start()
    await eventually('its health', async () => (await replica.health('/healthz')).status === 200)
    replica.process.kill('SIGTERM')
    expect(await replica.ended).toBe(0)
  })
})
