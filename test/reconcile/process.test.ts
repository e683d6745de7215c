// A replica in cluster mode from start to end, as a process: calm at its first start, ready by the rules and not before, and
// an end that hands on what it held.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { issueAuthority, issueLeaf } from '../../src/certs/issue.ts'
import { pathOf, RESOURCE } from '../../src/kube/resource.ts'
import { CONFIGURATION_NAME } from '../../src/revision/configuration.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { until as eventually } from '../cluster/wait.ts'
import { install } from './replica.ts'
import { HOST, useScene, WEBHOOKS } from './scene.ts'
import { revisionObjects } from './watched.ts'

const scene = useScene()

describe('a first start', () => {
  it('is calm: no Secret, no revision, no configuration is nothing to worry about', async () => {
    const replica = await scene.start()
    await scene.ready(replica)
    expect(replica.levels().filter((level) => level !== 'info')).toEqual([])
    expect(replica.said('waiting for the Secret of the certificates, which the leader makes')).toBe(true)
    expect(scene.ours()).toBeUndefined()
    expect(await replica.metric('remora_certificate_good')).toBe('1')
  })

  it('is ready once it has heard everything, and opens its port no sooner', async () => {
    install(scene.api)
    const nodes = pathOf(RESOURCE.node)
    scene.api.fault = ({ path }) => (path === nodes ? { status: 403 } : undefined)
    // The pair is there at once: only the watches are waited for.
    const pair = await issueLeaf(await issueAuthority(Date.now()), [HOST], Date.now())
    const [cert, key] = [join(scene.folder, 'tls.crt'), join(scene.folder, 'tls.key')]
    writeFileSync(cert, pair.cert)
    writeFileSync(key, pair.key)
    const replica = await scene.start({
      flags: ['--cert-source=files', `--cert-file=${cert}`, `--key-file=${key}`],
    })
    await eventually('the other watches', async () => {
      const { status, text } = await replica.health('/readyz')
      return status === 503 && text.includes('[-] watches: not heard yet: nodes\n')
    })
    expect(replica.told('port')).toBeUndefined()
    expect(await replica.metric('remora_snapshot_generation')).toBe('0')
    scene.api.fault = () => undefined
    await scene.ready(replica)
    expect(Number(replica.told('port'))).toBeGreaterThan(0)
    expect(await replica.metric('remora_config_good{revision="default"}')).toBe('1')
  })
})

describe('settings that were bad from the beginning', () => {
  it('show as event, metric, readiness and log, and do not keep the others from being served', async () => {
    install(scene.api, revisionObjects('default', { config: 'templates: [' }))
    install(scene.api, revisionObjects('blue'))
    const replica = await scene.start()
    await scene.ready(replica)
    expect(await replica.metric('remora_config_good{revision="default"}')).toBe('0')
    expect(await replica.metric('remora_config_good{revision="blue"}')).toBe('1')
    expect((await replica.health('/readyz?verbose')).text).toMatch(
      /settings: generation \d+, 2 revisions; the newest of revision default is refused: /,
    )
    expect(replica.said('new settings of a revision are refused, the ones before stay in use')).toBe(true)
    const told = (): JsonObject | undefined =>
      scene.api.all(RESOURCE.event).find(({ reason }) => reason === 'SettingsRefused')
    await eventually('the event', () => told() !== undefined)
    expect(told()).toMatchObject({
      type: 'Warning',
      involvedObject: { kind: 'ConfigMap', name: 'istio-sidecar-injector', namespace: 'istio-system' },
    })
  })
})

describe('the registration', () => {
  it('leaves a revision alone that is served from elsewhere', async () => {
    install(scene.api)
    const { webhook } = revisionObjects('far')
    scene.api.put(WEBHOOKS, webhook)
    scene.adopt()
    const replica = await scene.start()
    await eventually('the entries', () => (scene.ours()?.entries.length ?? 0) > 0)
    expect(new Set(scene.ours()?.entries.map(({ of }) => of?.name))).toEqual(new Set(['default']))
    await scene.ready(replica)
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
    install(scene.api, { ...rest, webhook: { kind: 'MutatingWebhookConfiguration', ...deactivated } })
    const replica = await scene.start()
    const deleted = 'remora_registration_condition{type="deleted"}'
    await eventually('the metric', async () => (await replica.metric(deleted)) === '1', 20_000)
    await eventually('the log', () => replica.said('the webhook configuration needs a person'))
    const events = (): JsonObject[] => scene.api.all(RESOURCE.event)
    await eventually('the event', () => events().some(({ reason }) => reason === 'Deleted'))
    scene.adopt()
    await eventually('the metric to go back', async () => (await replica.metric(deleted)) === '0')
    await eventually('the entry', () => scene.ours()?.entries.length === 1)
  })
})

describe('a writer that wipes the caBundle again and again', () => {
  it('is outdone five times at once, then told of and answered ever more seldom', async () => {
    install(scene.api)
    scene.adopt()
    const replica = await scene.start()
    const whole = (): boolean =>
      scene.ours()?.entries.length === 4 && scene.ours()?.entries[0]?.caBundle !== ''
    await eventually('the entries', whole)
    await scene.ready(replica)
    const wipe = (): void => {
      const raw: JsonObject = scene.ours()?.raw ?? {}
      const webhooks = (raw['webhooks'] as JsonObject[]).map(({ clientConfig, ...entry }) => {
        const { service = null } = clientConfig as JsonObject
        return { ...entry, clientConfig: { service } }
      })
      scene.api.put(WEBHOOKS, { ...raw, webhooks })
    }
    const written = (): number =>
      scene.api.requests.filter(
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
    await eventually('the event', () =>
      scene.api.all(RESOURCE.event).some(({ reason }) => reason === 'Conflict'),
    )
    await eventually('the log', () => replica.said('the webhook configuration needs a person'))
    const since = performance.now()
    await eventually('the caBundle to be back', whole)
    expect(performance.now() - since).toBeGreaterThan(5000)
    expect(written()).toBe(first + 6)
  })
})

describe('the end', () => {
  const holder = (): unknown => {
    const [lease] = scene.api.all(RESOURCE.lease)
    return (lease?.['spec'] as JsonObject | undefined)?.['holderIdentity']
  }

  it('of a leader drains, then hands on the lease', async () => {
    const replica = await scene.start({ flags: ['--drain=500ms'] })
    await scene.ready(replica)
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
    const replica = await scene.start({ flags: ['--drain=60s'] })
    await scene.ready(replica)
    await eventually('a leader', () => replica.said('this replica leads'))
    scene.api.fault = () => 'hang'
    replica.process.kill('SIGTERM')
    await eventually('the drain', () => replica.said('draining'))
    const before = performance.now()
    replica.process.kill('SIGTERM')
    expect(await replica.ended).toBe(0)
    expect(performance.now() - before).toBeLessThan(4000)
  })

  it('comes by one signal before there was anything to serve', async () => {
    scene.api.fault = () => ({ status: 403 })
    const replica = await scene.start()
    await eventually('its health', async () => (await replica.health('/healthz')).status === 200)
    replica.process.kill('SIGTERM')
    expect(await replica.ended).toBe(0)
  })
})
