// What `kubectl apply -k manifests` installs, without a cluster: labels, names that belong together, the security
// context, the end of a replica, flags that the program knows, and rights that are no wider than they are said to be.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildProgram } from '../../src/cli/program.ts'
import { WEBHOOK_SETTINGS } from '../../src/config/webhook.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { splitDocuments } from '../../src/std/yaml-split.ts'
import { memoryIo } from '../cli/memory-io.ts'

const FOLDER = join(import.meta.dirname, '../../manifests')
const text = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')
const version = (JSON.parse(text('../package.json')) as { version: string }).version
const kustomization = parseYaml(text('kustomization.yaml')) as {
  resources: string[]
  images: JsonObject[]
}

interface Installed {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels: JsonObject }
  readonly [field: string]: Json | undefined
}

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

const objects = kustomization.resources.flatMap((file) =>
  splitDocuments(text(file)).map((document) => parseYaml(document) as unknown as Installed),
)
const only = <T>(kind: string): T => {
  const found = objects.filter((object) => object.kind === kind)
  expect(found, kind).toHaveLength(1)
  return found[0] as unknown as T
}

interface Container {
  readonly name: string
  readonly image: string
  readonly args: readonly string[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly resources: { readonly requests: JsonObject; readonly limits: JsonObject }
  readonly securityContext: JsonObject
  readonly [field: string]: unknown
}

const deployment = only<{
  spec: {
    replicas: number
    selector: { matchLabels: JsonObject }
    template: {
      metadata: { labels: JsonObject; annotations: JsonObject }
      spec: {
        containers: Container[]
        securityContext: JsonObject
        terminationGracePeriodSeconds: number
        topologySpreadConstraints: { labelSelector: Json }[]
        serviceAccountName: string
        volumes?: Json
      }
    }
  }
}>('Deployment')
const pod = deployment.spec.template
const [container] = pod.spec.containers as [Container]
const flags = Object.fromEntries(
  container.args.slice(1).map((argument) => /^--([^=]+)=(.*)$/.exec(argument)?.slice(1) ?? [argument, '']),
) as Record<string, string>

describe('the installed objects', () => {
  it('carry the labels of remora', () => {
    expect(objects.length).toBeGreaterThan(10)
    for (const { kind, metadata } of objects) {
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({
        'app.kubernetes.io/name': 'remora',
        'app.kubernetes.io/component': 'injector',
        'app.kubernetes.io/part-of': 'remora',
      })
    }
  })

  it('are selected by the labels of the pods, wherever pods are selected', () => {
    const selector = deployment.spec.selector.matchLabels
    expect(pod.metadata.labels).toMatchObject(selector)
    expect(only<JsonObject>('Service')).toMatchObject({ spec: { selector } })
    expect(only<JsonObject>('PodDisruptionBudget')).toMatchObject({
      spec: { selector: { matchLabels: selector } },
    })
    expect(only<JsonObject>('NetworkPolicy')).toMatchObject({
      spec: { podSelector: { matchLabels: selector } },
    })
    for (const spread of pod.spec.topologySpreadConstraints)
      expect(spread.labelSelector).toEqual({ matchLabels: selector })
    expect(only<JsonObject>('HorizontalPodAutoscaler')).toMatchObject({
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'remora-injector' },
        minReplicas: deployment.spec.replicas,
      },
    })
  })

  it('are of the version of the package', () => {
    expect(kustomization.images).toEqual([{ name: container.image, newTag: version }])
    const chart = parseYaml(text('helm/remora/Chart.yaml'))
    expect(chart).toMatchObject({ version, appVersion: version })
  })
})

describe('the Deployment', () => {
  it('has two replicas that are never injected themselves', () => {
    expect(deployment.spec.replicas).toBe(2)
    expect(pod.metadata.labels).toMatchObject({ 'sidecar.istio.io/inject': 'false' })
    expect(only<Installed>('Namespace').metadata.labels).toMatchObject({ 'istio-injection': 'disabled' })
  })

  it('meets the restricted pod security standard, with a root that cannot be written', () => {
    expect(pod.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    const user = /^USER (\d+):(\d+)$/m.exec(text('../Dockerfile'))
    expect(pod.spec.securityContext).toMatchObject({
      runAsUser: Number(user?.[1]),
      runAsGroup: Number(user?.[2]),
    })
    expect(pod.spec.volumes).toBeUndefined()
  })

  it('passes flags that the program knows', () => {
    const command = buildProgram(memoryIo({}).io).commands.find((each) => each.name() === container.args[0])
    const known = command?.options.map(({ long }) => long) ?? []
    for (const flag of Object.keys(flags)) expect(known).toContain(`--${flag}`)
  })

  it('gives a replica the time that its end takes', () => {
    const drain = Number(/^(\d+)s$/.exec(flags['drain'] ?? '')?.[1])
    const closing = Number(/GRACE_MS = (\d+)/.exec(text('../src/server/drain.ts'))?.[1]) / 1000
    expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drain + closing + 5)
    expect(container['lifecycle']).toBeUndefined()
  })

  it('opens the ports it listens on, by the names that probes, Service and policy use', () => {
    const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]))
    expect(ports).toEqual({
      'https-webhook': Number(flags['port']),
      'http-health': Number(flags['health-port']),
    })
    expect(pod.metadata.annotations['prometheus.io/port']).toBe(flags['health-port'])
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(container[probe]).toMatchObject({ httpGet: { port: 'http-health' } })
    expect(only<JsonObject>('Service')).toMatchObject({
      spec: { ports: [{ port: 443, targetPort: 'https-webhook' }] },
    })
  })

  it('asks for memory and CPU, and limits memory only', () => {
    expect(Object.keys(container.resources.requests).toSorted()).toEqual(['cpu', 'memory'])
    expect(Object.keys(container.resources.limits)).toEqual(['memory'])
  })

  it('has the Service whose names the certificate carries', () => {
    const service = only<Installed>('Service').metadata
    const names = WEBHOOK_SETTINGS.find(({ flag }) => flag === 'dns-names')?.value.split(',')
    expect(names).toContain(`${service.name}.${service.namespace}.svc`)
    expect(flags).toMatchObject({ 'service-name': service.name, namespace: service.namespace })
  })
})

describe('the rights of the injector', () => {
  const granted = objects
    .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
    .flatMap(({ kind, metadata, ...rest }) =>
      (rest['rules'] as unknown as Rule[]).map((rule) => ({ kind, namespace: metadata.namespace, ...rule })),
    )
  const WRITES = /^(create|update|patch|delete|deletecollection|bind|escalate|impersonate)$/
  const KNOWN = new Set(['get', 'list', 'watch', 'create', 'update', 'patch'])

  it('have no wildcard, and no verb that deletes or widens', () => {
    for (const rule of granted) {
      for (const word of [...rule.apiGroups, ...rule.resources, ...(rule.resourceNames ?? [])])
        expect(word).not.toContain('*')
      for (const verb of rule.verbs) expect(KNOWN, verb).toContain(verb)
    }
  })

  it('write in the whole cluster only the webhook configuration of remora', () => {
    const writes = granted.filter(
      ({ kind, verbs }) => kind === 'ClusterRole' && verbs.some((verb) => WRITES.test(verb)),
    )
    expect(writes).toHaveLength(1)
    expect(writes[0]).toMatchObject({
      resources: ['mutatingwebhookconfigurations'],
      resourceNames: ['remora-injector'],
    })
  })

  it('reach no Secret but one of its own namespace, and no pod', () => {
    for (const rule of granted) {
      if (rule.resources.includes('secrets'))
        expect(rule).toMatchObject({
          kind: 'Role',
          namespace: 'remora-system',
          resourceNames: [expect.any(String)],
        })
      expect(rule.resources.filter((resource) => /^pods|^serviceaccounts|tokens?$/.test(resource))).toEqual(
        [],
      )
    }
  })

  it('only read in the namespace of Istio, but for events', () => {
    const there = granted.filter(({ namespace }) => namespace === flags['istioNamespace'])
    expect(there.length).toBeGreaterThan(0)
    const writes = there.filter(({ verbs }) => verbs.some((verb) => WRITES.test(verb)))
    expect(writes.map(({ resources }) => resources)).toEqual([['events']])
  })

  it('are given to the account of the Deployment alone', () => {
    const account = only<Installed>('ServiceAccount').metadata
    expect(pod.spec.serviceAccountName).toBe(account.name)
    for (const binding of objects.filter(({ kind }) => kind.endsWith('Binding'))) {
      expect(binding['subjects']).toEqual([
        { kind: 'ServiceAccount', name: account.name, namespace: account.namespace },
      ])
    }
  })
})
