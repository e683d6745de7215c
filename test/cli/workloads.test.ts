// Every kind that makes pods is found, and only its pod template changes.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NEWEST } from '../../src/api/release.ts'
import { podAsCreated, podPlaces, WORKLOAD_KINDS, workloadBehind } from '../../src/cli/input/workloads.ts'
import { isObject, type Json, type JsonObject, own } from '../../src/std/json.ts'
import { parseYaml } from '../../src/std/yaml.ts'
import { runRemora } from './memory-io.ts'

const POD = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'a' }] } }
const at = (path: string): JsonObject =>
  path.split('.').reduceRight<JsonObject>((inner, key) => ({ [key]: inner }), POD as unknown as JsonObject)

const ROWS: readonly { apiVersion: string; kind: string; path: string; behind?: [string, string] }[] = [
  { apiVersion: 'v1', kind: 'PodTemplate', path: 'template' },
  { apiVersion: 'v1', kind: 'ReplicationController', path: 'spec.template' },
  { apiVersion: 'apps/v1', kind: 'Deployment', path: 'spec.template' },
  {
    apiVersion: 'extensions/v1beta1',
    kind: 'Deployment',
    path: 'spec.template',
    behind: ['Deployment', 'apps/v1'],
  },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', path: 'spec.template' },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', path: 'spec.template' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet', path: 'spec.template' },
  { apiVersion: 'batch/v1', kind: 'Job', path: 'spec.template' },
  { apiVersion: 'batch/v1', kind: 'CronJob', path: 'spec.jobTemplate.spec.template' },
  {
    apiVersion: 'batch/v1beta1',
    kind: 'CronJob',
    path: 'spec.jobTemplate.spec.template',
    behind: ['CronJob', 'batch/v1'],
  },
  {
    apiVersion: 'apps.openshift.io/v1',
    kind: 'DeploymentConfig',
    path: 'spec.template',
    behind: ['DeploymentConfig', 'v1'],
  },
  {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    path: 'spec.template',
    behind: ['Rollout', 'v1alpha1'],
  },
]

const folder = mkdtempSync(join(tmpdir(), 'remora-kinds-'))
beforeAll(() => {
  const template =
    'spec: {containers: [{name: istio-proxy, image: "{{ .TypeMeta.Kind }}/{{ .DeploymentMeta.Name }}"}]}'
  writeFileSync(join(folder, 'template.yaml'), template)
})
afterAll(() => rmSync(folder, { recursive: true }))

const inject = async (object: Json) => {
  const flags = ['-f', '-', '--injectConfigFile', 'template.yaml', '--offline']
  return runRemora(['inject', ...flags], { cwd: folder, stdin: JSON.stringify(object) })
}

function container(object: Json, path: string): Json | undefined {
  const template = path
    .split('.')
    .reduce<Json>((value, key) => (isObject(value) ? (own(value, key) ?? null) : null), object)
  const spec = isObject(template) ? own(template, 'spec') : undefined
  const list = isObject(spec) ? own(spec, 'containers') : undefined
  return Array.isArray(list)
    ? list.find((item) => isObject(item) && item['name'] === 'istio-proxy')
    : undefined
}

describe('workloads', () => {
  it('all kinds are tried here', () => {
    expect([...new Set(ROWS.map((row) => row.kind)), 'Pod'].toSorted()).toEqual(
      [...WORKLOAD_KINDS].toSorted(),
    )
  })

  it.each(ROWS)('$apiVersion $kind', async ({ apiVersion, kind, path, behind }) => {
    const object = { apiVersion, kind, metadata: { name: 'x' }, ...at(path) }
    const said = await inject(object)
    expect(said.code).toBe(0)
    const made = parseYaml(said.stdout)
    expect(container(made, path)).toEqual({
      name: 'istio-proxy',
      image: `${behind?.[0] ?? kind}/x`,
      resources: {},
    })
    const [place] = podPlaces(object as unknown as Json)
    if (place === undefined) throw new Error('no pod was found')
    expect(workloadBehind(place, podAsCreated(place, 'ns'), NEWEST).typeMeta).toEqual({
      kind: behind?.[0] ?? kind,
      apiVersion: behind?.[1] ?? apiVersion,
    })
  })

  it('Lists and lists of a kind are taken apart, items without kind included', async () => {
    const deployment = { metadata: { name: 'd' }, ...at('spec.template') }
    const typed = { apiVersion: 'apps/v1', kind: 'DeploymentList', items: [deployment] }
    const list = { apiVersion: 'v1', kind: 'List', items: [typed, { apiVersion: 'v1', kind: 'Service' }] }
    const made = parseYaml((await inject(list as unknown as Json)).stdout) as JsonObject
    const items = made['items'] as JsonObject[]
    const inner = items[0]?.['items'] as JsonObject[]
    expect(container(inner[0] ?? null, 'spec.template')).toMatchObject({ image: 'Deployment/d' })
    expect(Object.keys(inner[0] ?? {})).toEqual(['metadata', 'spec'])
    expect(items[1]).toEqual({ apiVersion: 'v1', kind: 'Service' })
  })

  it('a Rollout that refers to its workload has no template of its own', () => {
    const rollout = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      spec: { workloadRef: { name: 'd' } },
    }
    expect(podPlaces(rollout)).toEqual([])
  })

  it.each([
    ['serving.knative.dev/v1', 'Service'],
    ['example.com/v1', 'Deployment'],
    ['v1', 'Deployment'],
  ])('%s %s is not taken for a workload', (apiVersion, kind) => {
    expect(podPlaces({ apiVersion, kind, ...at('spec.template') })).toEqual([])
  })
})
