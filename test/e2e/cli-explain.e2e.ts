// `remora explain` of live objects on a real API server, as its users run it: what it says of pods that controllers made and
// an injector injected, compared field by field with what would be made now, by what the cluster holds at that moment.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RESOURCE } from '../../src/kube/resource.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { type Bed, startBed, TWO_REVISIONS } from '../cluster/bed.ts'
import { remoraDoes, remoraSays } from '../cluster/cli.ts'
import { writeKubeconfig } from '../cluster/control-plane-files.ts'
import { until } from '../cluster/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'remora-explain-'))
let bed: Bed

interface Explained {
  readonly answer?: { readonly by: string; readonly compat?: string }
  readonly settings: { readonly revision: string; readonly hash: string }
  readonly result: string
  readonly because: string
  readonly warnings: readonly string[]
  readonly pods: readonly {
    readonly name: string
    readonly state: string
    readonly now?: string
    readonly sidecar?: { readonly revision: string }
    readonly differences: readonly { readonly path: string; readonly live: unknown; readonly now: unknown }[]
    readonly madeBefore: readonly string[]
  }[]
}

async function explain(object: string, namespace: string): Promise<Explained> {
  const said = await remoraDoes(bed.plane.kubeconfig, ['explain', object, '-n', namespace, '-o', 'json'])
  return JSON.parse(said) as Explained
}

const selector = { app: 'web' }
/** With what makes templates do more: a probe, a port, an annotation for resources. */
const TEMPLATE = {
  metadata: { labels: selector, annotations: { 'sidecar.istio.io/proxyCPU': '1500m' } },
  spec: {
    containers: [
      {
        name: 'web',
        image: 'registry.example/web:1',
        ports: [{ name: 'http', containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
      },
    ],
  },
}

/** Namespaces, and what their pods ask for. */
const NAMESPACES = {
  late: {},
  old: { 'istio-injection': 'enabled' },
  tagged: { 'istio.io/rev': 'prod-stable' },
  typo: { 'istio.io/rev': 'prod-stabel' },
}

beforeAll(async () => {
  bed = await startBed(join(folder, 'bed'), () => undefined, { istio: TWO_REVISIONS, remora: true })
  for (const [name, labels] of Object.entries(NAMESPACES)) {
    await bed.client.create(RESOURCE.namespace, {}, { metadata: { name, labels } })
    const spec = { replicas: 1, selector: { matchLabels: selector }, template: TEMPLATE }
    const at = { namespace: name }
    await bed.client.create(RESOURCE.deployment, at, {
      metadata: { name: 'web' },
      spec,
    } as unknown as JsonObject)
  }
  for (const namespace of Object.keys(NAMESPACES)) {
    await until(`a pod in ${namespace}`, async () => (await podsOf(namespace)).length === 1)
  }
})
afterAll(async () => {
  await bed?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function podsOf(namespace: string): Promise<readonly JsonObject[]> {
  return (await bed.client.list(RESOURCE.pod, { namespace })).items
}

const label = (namespace: string, labels: JsonObject): Promise<JsonObject> =>
  bed.client.patch(
    RESOURCE.namespace,
    { name: namespace },
    { metadata: { labels } },
    { fieldManager: 'kubectl-label' },
  )

describe('remora explain', () => {
  it('finds no difference between a pod that istiod has injected and a new one, in either release', async () => {
    const [old, tagged] = await Promise.all([explain('deploy/web', 'old'), explain('deploy/web', 'tagged')])
    for (const [found, revision] of [
      [old, 'default'],
      [tagged, '1-30-3'],
    ] as const) {
      const { answer, settings, result, pods } = found
      expect([answer?.by, settings.revision, result]).toEqual(['istiod', revision, 'injected'])
      expect(pods).toMatchObject([{ state: 'current', sidecar: { revision }, differences: [] }])
    }
    expect((await explain(old.pods[0]?.name ?? '', 'old')).pods).toEqual(old.pods)
  })

  it('says that a pod was made before its namespace was labelled, and by whom that was', async () => {
    expect(await explain('deploy/web', 'late')).toMatchObject({
      result: 'skipped',
      because: 'neither the namespace nor the pod has a label that asks for injection',
      pods: [{ state: 'none' }],
    })
    // Times of an API server are whole seconds.
    const [created = 0] = (await podsOf('late')).map(({ metadata }) =>
      Date.parse(String((metadata as JsonObject)['creationTimestamp'])),
    )
    await until('another second', () => Date.now() >= created + 1000)
    await label('late', { 'istio-injection': 'enabled' })
    const { result, pods } = await explain('deployments.apps/web', 'late')
    expect([result, pods[0]?.state, pods[0]?.now]).toEqual(['injected', 'missing', 'default'])
    expect(pods[0]?.madeBefore).toEqual([
      expect.stringMatching(
        /^label istio-injection of the namespace was written at \S+ by kubectl-label, after/,
      ),
    ])
  })

  it('goes by who is called now, and agrees with a new pod: of the same settings, whoever injected it', async () => {
    await remoraDoes(bed.plane.kubeconfig, ['adopt'])
    const { answer, pods } = await explain('deploy/web', 'tagged')
    expect([answer?.by, pods[0]?.state, pods[0]?.differences]).toEqual(['remora', 'current', []])
  })

  it('goes by how the running replicas were started', async () => {
    expect((await explain('deploy/web', 'tagged')).answer?.compat).toBe('istio')
    const at = { namespace: 'remora-system', name: 'remora-injector' }
    const path = '/spec/template/spec/containers/0/args/-'
    const operations = [{ op: 'add', path, value: '--compat=improved' }]
    await bed.client.patch(RESOURCE.deployment, at, operations, { type: 'json' })
    await until('every replica to run with it', async () => {
      const args = ['explain', 'deploy/web', '-n', 'tagged']
      const { stdout, stderr } = await remoraSays(bed.plane.kubeconfig, args)
      return stdout.includes(', --compat improved, the first rule that hits\n') && stderr === ''
    })
    // What improved writes for itself is no difference of the sidecar.
    expect((await explain('deploy/web', 'tagged')).pods).toMatchObject([{ state: 'current' }])
  })

  it('says that a sidecar is of another revision, and what is different', async () => {
    await label('old', { 'istio-injection': null, 'istio.io/rev': '1-30-3' })
    const { pods } = await explain('deploy/web', 'old')
    expect(pods).toMatchObject([{ state: 'other-revision', sidecar: { revision: 'default' }, now: '1-30-3' }])
    expect(pods[0]?.differences.map(({ path }) => path)).toContain('metadata.annotations[istio.io/rev]')
    const text = await remoraDoes(bed.plane.kubeconfig, ['explain', 'deploy/web', '-n', 'old'])
    expect(text).toMatch(/ of revision default(, native)?: a new one would be of revision 1-30-3\n/)
    expect(text).toMatch(/\nto make them again: kubectl rollout restart deployment\/web -n old\n$/)
  })

  it('says which field the settings of now would make different', async () => {
    const at = { namespace: 'istio-system', name: 'istio-sidecar-injector-1-30-3' }
    const { data } = (await bed.client.get(RESOURCE.configMap, at)) as { data: { values: string } }
    const values = parseYaml(data.values) as { global: { proxy: JsonObject } }
    const proxy = { ...values.global.proxy, logLevel: 'debug' }
    const changed = { ...values, global: { ...values.global, proxy } }
    await bed.client.patch(RESOURCE.configMap, at, { data: { values: JSON.stringify(changed) } })
    const { pods } = await explain('deploy/web', 'tagged')
    expect([pods[0]?.state, pods[0]?.differences.length]).toEqual(['outdated', 1])
    expect(pods[0]?.differences[0]).toMatchObject({ now: '--proxyLogLevel=debug' })
    expect(pods[0]?.differences[0]?.path).toMatch(/^spec\.(initC|c)ontainers\[istio-proxy\]\.args\[\d+\]$/)
    const field = String(pods[0]?.differences[0]?.path)
    const origin = await remoraDoes(bed.plane.kubeconfig, [
      'explain',
      'deploy/web',
      '-n',
      'tagged',
      '--field',
      field,
    ])
    expect(origin).toMatch(
      /^spec\.(initC|c)ontainers\[istio-proxy\]\.args\[\d+\] = .*debug.*\n {2}template sidecar, line \d+: /,
    )
    expect(origin).toContain('reads value global.proxy.logLevel = "debug"')
  })

  it('names a label that no revision and no tag has', async () => {
    const { result, because } = await explain('deploy/web', 'typo')
    expect(result).toBe('skipped')
    expect(because).toBe(
      'label istio.io/rev=prod-stabel names no revision and no tag; there are: 1-30-3, default, prod-stable',
    )
  })

  it('tells what does not exist from what may not be read', async () => {
    const says = async (kubeconfig: string, ...args: string[]): Promise<[number, string]> => {
      const { code, stderr } = await remoraSays(kubeconfig, ['explain', ...args])
      return [code, stderr]
    }
    const { kubeconfig } = bed.plane
    const [name, kind, namespace] = await Promise.all([
      says(kubeconfig, 'sts/web', '-n', 'old'),
      says(kubeconfig, 'ro/web', '-n', 'old'),
      says(kubeconfig, 'deploy/web', '-n', 'nowhere'),
    ])
    expect(name).toEqual([
      1,
      'error: StatefulSet "web" does not exist in namespace "old"\nhint: see kubectl get statefulsets -n old\n',
    ])
    expect(kind[1]).toBe('error: the cluster has no kind Rollout of group "argoproj.io"\n')
    expect(namespace[1]).toMatch(/^error: namespace "nowhere" does not exist\n/)
    const nobody = join(folder, 'nobody.kubeconfig')
    const at = { namespace: 'old', name: 'default', subresource: 'token' }
    const { status } = await bed.client.create(RESOURCE.serviceAccount, at, { spec: {} })
    writeKubeconfig(nobody, bed.plane.server, { token: String((status as JsonObject)['token']) })
    const [code, stderr] = await says(nobody, 'deploy/web', '-n', 'old')
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: deployments\.apps "web" is forbidden: .*\nhint: ask/),
    ])
  })
})
