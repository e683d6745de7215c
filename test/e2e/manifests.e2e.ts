// What installs remora, at a real API server: `kubectl apply -k manifests` and the Helm chart are accepted whole under
// server-side validation, are the same objects, and give the injector's account the rights they say and no others.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLUSTER_SETTINGS } from '../../src/config/cluster.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { splitDocuments } from '../../src/std/yaml-split.ts'
import type { Program } from '../cluster/binaries.ts'
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts'

const MANIFESTS = join(import.meta.dirname, '../../manifests')
const CHART = join(MANIFESTS, 'helm/remora')
const MONITORING = join(CHART, 'monitoring')

let folder: string
let plane: ControlPlane

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remora-e2e-'))
  plane = await startControlPlane(join(folder, 'cluster'), (line) => process.stderr.write(`${line}\n`))
  run('kubectl', ['create', 'namespace', 'istio-system'])
  run('kubectl', ['apply', '-f', join(MANIFESTS, 'namespace.yaml')])
})

afterAll(async () => {
  await plane?.stop()
  rmSync(folder, { recursive: true, force: true })
})

function run(program: Program, args: readonly string[], input?: string): string {
  const result = spawnSync(plane.binaries[program], args, {
    encoding: 'utf8',
    env: { ...process.env, KUBECONFIG: plane.kubeconfig, HOME: folder },
    ...(input === undefined ? {} : { input }),
  })
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${result.stderr}${result.stdout}`)
  return result.stdout
}

const template = (...args: readonly string[]): string =>
  run('helm', ['template', 'remora', CHART, '--namespace', 'remora-system', ...args])

/** Objects of a stream by kind, namespace and name. */
function objectsOf(text: string): Record<string, JsonObject> {
  const objects = splitDocuments(text)
    .map((document) => parseYaml(document) as JsonObject | null)
    .filter((object) => object !== null)
  return Object.fromEntries(
    objects.map((object) => {
      const { name, namespace } = object['metadata'] as { name: string; namespace?: string }
      return [`${object['kind']} ${namespace === undefined ? '' : `${namespace}/`}${name}`, object]
    }),
  )
}

function apply(text: string): string[] {
  const said = run(
    'kubectl',
    ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'],
    text,
  )
  return said.trim().split('\n')
}

describe('the Helm chart', () => {
  it('passes helm lint, strictly', () => {
    expect(run('helm', ['lint', '--strict', CHART])).toContain('0 chart(s) failed')
  })

  it('gives the objects of the kustomize base, but for the namespace, which helm makes itself', () => {
    const base = objectsOf(run('kustomize', ['build', MANIFESTS]))
    const { 'Namespace remora-system': namespace, ...others } = base
    expect(namespace).toBeDefined()
    expect(objectsOf(template())).toEqual(others)
  })

  it('gives the monitoring objects of the folder', () => {
    const added = { ...objectsOf(template('--set', 'monitoring.enabled=true')) }
    for (const name of Object.keys(objectsOf(template()))) delete added[name]
    expect(added).toEqual(objectsOf(run('kustomize', ['build', MONITORING])))
  })

  it('installs, keeps the number of replicas over an upgrade, and leaves nothing behind', async () => {
    const release = ['remora', CHART, '--namespace', 'mesh-tools']
    const notes = run('helm', [
      'install',
      ...release,
      '--create-namespace',
      '--set',
      'networkPolicy.enabled=false',
    ])
    expect(notes).toContain('remora revision list')
    expect(notes).not.toContain('One replica')
    const kubectl = (...args: readonly string[]): string =>
      run('kubectl', [...args, '--namespace', 'mesh-tools'])
    kubectl('rollout', 'status', 'deployment/remora-injector', '--timeout=60s')
    kubectl('scale', 'deployment/remora-injector', '--replicas=4')
    run('helm', ['upgrade', ...release, '--set', 'logLevel=debug'])
    expect(kubectl('get', 'deployment/remora-injector', '-o', 'jsonpath={.spec.replicas}')).toBe('4')
    expect(kubectl('get', 'networkpolicy', '-o', 'name')).toContain('remora-injector')
    run('helm', ['uninstall', 'remora', '--namespace', 'mesh-tools', '--wait'])
    const kinds =
      'deployment,service,serviceaccount,role,rolebinding,hpa,pdb,networkpolicy,clusterrole,clusterrolebinding'
    expect(run('kubectl', ['get', kinds, '-A', '-l', 'app.kubernetes.io/name=remora', '-o', 'name'])).toBe('')
  })

  it('is accepted with everything switched the other way', () => {
    const settings = [
      'image.repository=registry.example/remora',
      'image.tag=edge',
      'imagePullSecrets[0].name=pull',
      'autoscaling.enabled=false',
      'replicas=3',
      'webhook.failurePolicy=Ignore',
      'webhook.reinvocationPolicy=IfNeeded',
      'webhook.timeoutSeconds=5',
      'webhook.matchConditions[0].name=not-batch',
      'webhook.matchConditions[0].expression=object.metadata.name != "batch"',
      'certificates.source=files',
      'certificates.secretName=remora-tls',
      'compat=improved',
      'structure=istio',
      'drainSeconds=20',
      'nodeSelector.pool=system',
      'tolerations[0].operator=Exists',
      'priorityClassName=system-cluster-critical',
      'networkPolicy.webhookFrom[0].ipBlock.cidr=10.0.0.0/8',
      'podAnnotations.team=mesh',
    ].flatMap((setting) => ['--set', setting])
    const text = template(...settings)
    for (const line of apply(text)) expect(line).toContain('(server dry run)')
    const deployment = objectsOf(text)['Deployment remora-system/remora-injector']
    expect(deployment).toMatchObject({
      spec: {
        replicas: 3,
        template: {
          spec: {
            terminationGracePeriodSeconds: 35,
            containers: [
              {
                image: 'registry.example/remora:edge',
                args: expect.arrayContaining([
                  '--match-condition=not-batch=object.metadata.name != "batch"',
                  '--cert-file=/etc/remora/tls/tls.crt',
                  '--compat=improved',
                  '--structure=istio',
                ]),
              },
            ],
          },
        },
      },
    })
  })

  it('asks cert-manager for a certificate of the Service when told to', () => {
    const objects = objectsOf(template('--set', 'certificates.source=cert-manager'))
    expect(objects['Certificate remora-system/remora-injector']).toMatchObject({
      spec: {
        dnsNames: expect.arrayContaining(['remora-injector.remora-system.svc']),
        issuerRef: { name: 'remora-ca' },
      },
    })
    // Whose authority the CA injector writes into the webhook configuration is a setting with this default.
    const certificate = CLUSTER_SETTINGS.find(({ flag }) => flag === 'cert-manager-certificate')?.value
    expect(Object.keys(objects)).toContain(`Certificate remora-system/${certificate}`)
    // The key of the authority stays, or callers would trust nobody while a renewal spreads.
    expect(objects['Certificate remora-system/remora-ca']).toMatchObject({
      spec: { isCA: true, privateKey: { rotationPolicy: 'Never' } },
    })
    // The Secret is cert-manager's and comes as files: no right to Secrets is needed.
    expect(JSON.stringify(objects['Role remora-system/remora-injector'])).not.toContain('secrets')
    expect(JSON.stringify(objects['Deployment remora-system/remora-injector'])).toContain(
      '"secretName":"remora-injector-tls"',
    )
    const given = ['certificates.source=cert-manager', 'certificates.issuerRef.name=corporate']
    const own = objectsOf(template(...given.flatMap((setting) => ['--set', setting])))
    expect(Object.keys(own).filter((name) => /Issuer|remora-ca/.test(name))).toEqual([])
  })

  it.each([
    ['certificates.source=vault', 'certificates/source'],
    ['certificates.source=files', 'certificates/secretName'],
    ['webhook.timeoutSeconds=60', 'webhook/timeoutSeconds'],
    ['replica=3', 'replica'],
    ['webhook.failurepolicy=Ignore', 'failurepolicy'],
  ])('refuses %s', (setting, named) => {
    expect(() => template('--set', setting)).toThrow(named)
  })
})

describe('the kustomize base', () => {
  it('is accepted whole, as kubectl and kustomize build it', () => {
    const built = run('kustomize', ['build', MANIFESTS])
    expect(objectsOf(run('kubectl', ['kustomize', MANIFESTS]))).toEqual(objectsOf(built))
    const said = apply(built)
    expect(said).toHaveLength(Object.keys(objectsOf(built)).length)
    for (const line of said) expect(line).toMatch(/serverside-applied \(server dry run\)$/)
  })

  it('makes pods that its own namespace admits', () => {
    // Namespace remora-system enforces the restricted standard; a ReplicaSet's pods are judged only when they are made.
    const deployment = objectsOf(run('kustomize', ['build', MANIFESTS]))[
      'Deployment remora-system/remora-injector'
    ] as { spec: { template: { metadata: JsonObject; spec: JsonObject } } }
    run('kubectl', ['apply', '-f', join(MANIFESTS, 'service-account.yaml')])
    const { metadata, spec } = deployment.spec.template
    const pod = (changes: JsonObject): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...metadata, name: 'probe', namespace: 'remora-system' },
        spec: { ...spec, ...changes },
      })
    expect(apply(pod({}))).toEqual(['pod/probe serverside-applied (server dry run)'])
    expect(() => apply(pod({ hostNetwork: true }))).toThrow('violates PodSecurity "restricted')
  })
})

describe('the account of the injector', () => {
  const ACCOUNT = 'system:serviceaccount:remora-system:remora-injector'
  const OTHER = 'kube-system'

  function may(verb: string, resource: string, ...args: readonly string[]): boolean {
    const question = ['auth', 'can-i', verb, resource, ...args, '--as', ACCOUNT]
    const result = spawnSync(plane.binaries.kubectl, question, {
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG: plane.kubeconfig, HOME: folder },
    })
    return result.stdout.trim() === 'yes'
  }

  it('may do what it must, and not the neighbouring thing', () => {
    for (const file of ['service-account.yaml', 'rbac.yaml'])
      run('kubectl', ['apply', '-f', join(MANIFESTS, file)])
    expect(may('watch', 'namespaces')).toBe(true)
    expect(may('watch', 'configmaps', '--namespace', 'istio-system')).toBe(true)
    expect(may('watch', 'configmaps', '--namespace', OTHER)).toBe(false)
    expect(may('patch', 'mutatingwebhookconfigurations/remora-injector')).toBe(true)
    expect(may('patch', 'mutatingwebhookconfigurations/istio-sidecar-injector')).toBe(false)
    expect(may('delete', 'mutatingwebhookconfigurations/remora-injector')).toBe(false)
    expect(may('create', 'events', '--namespace', 'istio-system')).toBe(true)
    expect(may('create', 'events', '--namespace', OTHER)).toBe(false)
    expect(may('list', 'secrets')).toBe(false)
    expect(may('get', 'secrets', '--namespace', 'istio-system')).toBe(false)
    expect(may('get', 'secrets', '--namespace', 'remora-system')).toBe(false)
    expect(may('list', 'pods', '--namespace', OTHER)).toBe(false)
  })

  it('may create its own webhook configuration by server-side apply, and no other', () => {
    const configuration = (name: string): string =>
      JSON.stringify({
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'MutatingWebhookConfiguration',
        metadata: { name },
        webhooks: [],
      })
    const applied = (name: string): string =>
      run(
        'kubectl',
        ['apply', '--server-side', '--validate=false', '--as', ACCOUNT, '-f', '-'],
        configuration(name),
      )
    expect(applied('remora-injector')).toContain('serverside-applied')
    expect(() => applied('remora-other')).toThrow('cannot patch resource')
  })
})
