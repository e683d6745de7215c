// The command line on Istio's own golden cases: kube-inject byte for byte, inject as the webhook's pods, and the way back.
// Needs the reference data; without it one line says so.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { POD } from '../../src/patch/schema.ts'
import { decode } from '../../src/patch/typed.ts'
import { isObject, type Json, type JsonObject } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { normalise } from '../reference/normalise.ts'
import { findReference } from '../reference/outcome.ts'
import { runRemora } from './memory-io.ts'

interface Case {
  readonly istioVersion: string
  readonly settings: string
  readonly env: Record<string, string>
  readonly cluster: {
    readonly access: boolean
    readonly nodes: readonly { name: string; kubeletVersion: string }[]
    readonly namespaces: readonly {
      name: string
      labels?: Record<string, string> | null
      annotations?: Record<string, string> | null
    }[]
  }
  readonly kubeInject: { readonly revision: string } | null
  readonly webhook: {
    readonly urlPath: string
    readonly documents: readonly { index: number; requestNamespace: string; injected: boolean }[]
  } | null
  readonly expectError: string | null
  readonly expectWarning: string | null
}

const reference = findReference()
const corpora =
  reference === undefined
    ? []
    : readdirSync(reference)
        .filter((name) => name.startsWith('istio-'))
        .map((name) => join(reference, name))
const folder = mkdtempSync(join(tmpdir(), 'remora-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Flags that say what the case says. Namespaces that a webhook serves are labelled so. */
function flagsOf(corpus: string, file: Case): string[] {
  const settings = join(corpus, 'settings', file.settings)
  const flags = [
    '--injectConfigFile',
    join(settings, 'config.yaml'),
    '--valuesFile',
    join(settings, 'values.json'),
  ]
  flags.push(
    '--meshConfigFile',
    join(settings, 'mesh.yaml'),
    '--istio-version',
    file.istioVersion,
    '--offline',
  )
  for (const [name, value] of Object.entries(file.env)) flags.push('--injector-env', `${name}=${value}`)
  if (!file.cluster.access) return flags
  const namespaces = file.cluster.namespaces.map(({ name, labels, annotations }) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { ...labels, 'istio-injection': 'enabled' }, annotations: annotations ?? {} },
  }))
  const nodes = file.cluster.nodes.map(({ name, kubeletVersion }) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    status: { nodeInfo: { kubeletVersion } },
  }))
  for (const [flag, name, items] of [
    ['--namespace-file', 'namespaces.json', namespaces],
    ['--nodes', 'nodes.json', nodes],
  ] as const) {
    const path = join(folder, name)
    writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
    flags.push(flag, path)
  }
  return flags
}

const KINDS =
  'Deployment DeploymentConfig DaemonSet StatefulSet Job ReplicaSet ReplicationController CronJob Pod'

/** Rule S of the corpus: the workloads of a text, Lists taken apart. */
function workloads(text: string): JsonObject[] {
  const flat = (data: Json): JsonObject[] => {
    if (!isObject(data)) return []
    if (data['kind'] === 'List') return (data['items'] as Json[]).flatMap(flat)
    return KINDS.split(' ').includes(String(data['kind'])) ? [data] : []
  }
  return text.split('\n---').flatMap((part) => flat(parseYaml(part)))
}

const at = (value: Json | undefined, key: string): JsonObject => {
  const found = isObject(value) ? value[key] : undefined
  return isObject(found) ? found : {}
}

/** Rule P: the pod of a workload. */
function podOf(object: JsonObject): Json {
  const { kind, apiVersion } = object
  if (kind === 'Pod') return object
  const spec = at(object, 'spec')
  const { metadata: own, spec: podSpec = {} } = at(
    kind === 'CronJob' ? at(at(spec, 'jobTemplate'), 'spec') : spec,
    'template',
  )
  const name = String(at(object, 'metadata')['name'] ?? '')
  const base = { ...at({ own: own ?? {} }, 'own') }
  if (kind === 'Deployment') {
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: `${name}-fake`,
      uid: '',
      controller: true,
    }
    const labels = { ...at(base, 'labels'), 'pod-template-hash': 'fake' }
    return {
      metadata: { ...base, labels, generateName: `${name}-fake-`, ownerReferences: [owner] },
      spec: podSpec,
    }
  }
  const owner = { apiVersion: apiVersion ?? '', kind: kind ?? '', name, uid: '', controller: true }
  return { metadata: { ...base, generateName: name, ownerReferences: [owner] }, spec: podSpec }
}

/**
 * Rule P gives the pod of a DeploymentConfig an owner that no cluster gives it: there a ReplicationController stands
 * between, and Istio writes that one's API version.
 */
const liveOwner = (text: string): string =>
  text.replace('apis/apps.openshift.io/v1/namespaces', 'apis/v1/namespaces')

describe.skipIf(corpora.length === 0).each(corpora)('the command line on %s', (corpus) => {
  const cases = readdirSync(join(corpus, 'cases'))
    .filter((name) => existsSync(join(corpus, 'cases', name, 'case.json')))
    // All cases of all releases go through the same functions in the conformance suite; here the flags count.
    .slice(0, corpus === corpora.toSorted().at(-1) ? undefined : 5)

  it.each(cases)('%s', async (name) => {
    const read = (file: string): string => readFileSync(join(corpus, 'cases', name, file), 'utf8')
    const file = JSON.parse(read('case.json')) as Case
    const flags = flagsOf(corpus, file)
    const path = join(corpus, 'cases', name, 'input.yaml')
    if (file.kubeInject !== null && file.istioVersion.startsWith('1.30')) {
      await checkKubeInject(file, read, ['-f', path, ...flags])
    }
    if (file.webhook !== null) await checkInject(file, read, ['-f', path, ...flags])
  })
})

async function checkKubeInject(file: Case, read: (name: string) => string, flags: string[]): Promise<void> {
  const revision = file.kubeInject?.revision ?? ''
  const said = await runRemora([
    'kube-inject',
    ...flags,
    ...(revision === '' ? [] : ['--revision', revision]),
  ])
  if (file.expectError !== null) {
    expect(said.code).toBe(1)
    expect(said.stdout).toBe('')
    expect(said.stderr.toLowerCase()).toContain(file.expectError)
    return
  }
  expect(said.stderr).toContain(file.expectWarning ?? '')
  expect({ ...said, stderr: '', stdout: said.stdout.trim() }).toEqual({
    code: 0,
    stderr: '',
    stdout: read('expected.yaml').trim(),
  })
}

async function checkInject(file: Case, read: (name: string) => string, flags: string[]): Promise<void> {
  const namespace = file.webhook?.documents[0]?.requestNamespace || 'default'
  const path = `/inject${file.webhook?.urlPath ?? ''}`
  const said = await runRemora(['inject', ...flags, '--namespace', namespace, '--path', path])
  expect(said.stderr.split('\n').filter((line) => line.startsWith('error'))).toEqual([])
  expect(said.code).toBe(0)
  const objects = workloads(said.stdout)
  for (const { index } of file.webhook?.documents ?? []) {
    const pod = podOf(objects[index] ?? {})
    const want = JSON.parse(liveOwner(read(`webhook/${index}.expected.json`))) as JsonObject
    const metadata = at(want, 'metadata')
    if (metadata['creationTimestamp'] === null) delete metadata['creationTimestamp']
    expect(normalise(decode(POD, pod))).toEqual(want)
  }
  const back = await runRemora(['uninject', '-f', '-'], { stdin: said.stdout })
  const before = workloads(read('input.yaml'))
  const plain = before.filter((object) => !JSON.stringify(object).includes('sidecar.istio.io/status'))
  if (plain.length === before.length) expect(workloads(back.stdout)).toEqual(before)
}

it.skipIf(reference !== undefined)(
  'needs the reference data (REMORA_REFERENCE or ../shared/reference)',
  () => {},
)
