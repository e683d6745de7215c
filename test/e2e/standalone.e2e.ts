// The stand-alone webhook behind a real API server, in istiod's place: Istio's own webhook configuration calls it, and
// the pods of real Deployments come out injected. Without reference data manifests/standalone.yaml
// stands for Istio's configuration.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/kube.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts'
import { fetchJson, until } from '../cluster/wait.ts'
import { capturedObject, create, loopbackService, withBundle } from './istio.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
const MANIFEST = join(import.meta.dirname, '../../manifests/standalone.yaml')
const INSTALLATION = 'istio-1.30.3/clusters/default'

let folder: string
let plane: ControlPlane
let webhook: ChildProcess

/** Settings files from the captured ConfigMaps; none (the built-in ones) without reference data. */
function settingsFlags(): string[] {
  const injector = capturedObject(INSTALLATION, 'ConfigMap_istio-sidecar-injector.yaml')?.[
    'data'
  ] as JsonObject
  const mesh = capturedObject(INSTALLATION, 'ConfigMap_istio.yaml')?.['data'] as JsonObject
  if (injector === undefined || mesh === undefined) return []
  const file = (name: string, text: unknown): string => {
    writeFileSync(join(folder, name), String(text))
    return join(folder, name)
  }
  return [
    ['--injectConfigFile', file('config', injector['config'])],
    ['--valuesFile', file('values', injector['values'])],
    ['--meshConfigFile', file('mesh', mesh['mesh'])],
  ].flat()
}

async function startWebhook(): Promise<{ port: number; caBundle: string }> {
  const listen = [
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--health-port',
    '0',
    '--state-dir',
    join(folder, 'state'),
  ]
  const names = ['--dns-names', 'istiod.istio-system.svc,localhost']
  const args = [MAIN, 'webhook', '--standalone', ...listen, ...names, ...settingsFlags()]
  webhook = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let told = ''
  let log = ''
  webhook.stdout?.on('data', (chunk: Buffer) => {
    told += chunk.toString()
  })
  webhook.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  await until('the webhook to tell its port', () => {
    if (webhook.exitCode !== null) throw new Error(log)
    return /^caBundle: \S+$/m.test(told)
  })
  const port = Number(/^port: (\d+)$/m.exec(told)?.[1])
  return { port, caBundle: /^caBundle: (\S+)$/m.exec(told)?.[1] ?? '' }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remora-e2e-'))
  plane = await startControlPlane(join(folder, 'cluster'), (line) => process.stderr.write(`${line}\n`))
  const { port, caBundle } = await startWebhook()
  await create(plane, '/api/v1/namespaces', { metadata: { name: 'istio-system' } })
  await create(plane, '/api/v1/namespaces/istio-system/services', loopbackService('istiod', port))
  const configuration =
    capturedObject(INSTALLATION, 'MutatingWebhookConfiguration_istio-sidecar-injector.yaml') ??
    (parseYaml(readFileSync(MANIFEST, 'utf8')) as JsonObject)
  const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
  await create(plane, path, withBundle(configuration, caBundle, port))
})

afterAll(async () => {
  webhook?.kill('SIGKILL')
  await plane?.stop()
  rmSync(folder, { recursive: true, force: true })
})

function deployment(name: string, labels: Record<string, string>): JsonObject {
  return {
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, ...labels } },
        spec: {
          containers: [{ name: 'web', image: 'registry.example/web:1', ports: [{ containerPort: 8080 }] }],
        },
      },
    },
  }
}

async function podsOf(namespace: string, name: string): Promise<Pod[]> {
  await create(plane, `/apis/apps/v1/namespaces/${namespace}/deployments`, deployment(name, {}))
  let pods: Pod[] = []
  await until(`two ready pods of ${name}`, async () => {
    const { body } = await fetchJson(
      plane,
      'GET',
      `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${name}`,
    )
    pods = (body as { items: Pod[] }).items
    return pods.filter(({ status }) => (status as { phase?: string })?.phase === 'Running').length === 2
  })
  return pods
}

const namesOf = (pod: Pod): string[] =>
  [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((container) => container.name).sort()

describe('the stand-alone webhook behind a real API server', () => {
  it('injects the pods of a Deployment in a labelled namespace, and they run', async () => {
    await create(plane, '/api/v1/namespaces', {
      metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } },
    })
    for (const pod of await podsOf('shop', 'web')) {
      expect(namesOf(pod)).toEqual(['istio-init', 'istio-proxy', 'web'])
      expect(pod.metadata.annotations?.['istio.io/rev']).toBe('default')
      expect(pod.metadata.labels?.['service.istio.io/canonical-name']).toBe('web')
    }
  })

  it('does not touch the pods of an unlabelled namespace', async () => {
    await create(plane, '/api/v1/namespaces', { metadata: { name: 'plain' } })
    for (const pod of await podsOf('plain', 'web')) expect(namesOf(pod)).toEqual(['web'])
  })

  it('refuses a pod whose annotation is invalid, with Istio’s words', async () => {
    const annotations = { 'traffic.sidecar.istio.io/excludeInboundPorts': 'http' }
    const pod = {
      metadata: { name: 'bad', annotations },
      spec: { containers: [{ name: 'web', image: 'web' }] },
    }
    const { status, body } = await fetchJson(plane, 'POST', '/api/v1/namespaces/shop/pods', pod)
    expect(status).toBe(400)
    expect((body as { message: string }).message).toContain("invalid value 'http' for annotation")
  })
})
