// The type graph: what templates, decoding and merging read out of it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fieldType, POD, POD_TABLE, TypeTable } from '../../src/patch/schema.ts'
import { workloadType } from '../../src/patch/schema-workload.ts'
import { findReference } from '../reference/outcome.ts'

interface ReferenceField {
  readonly name: string
  readonly goName: string
  readonly kind: string
  readonly omitempty?: boolean
  readonly omitzero?: boolean
  readonly patchStrategy?: string
  readonly patchMergeKey?: string
}

function goNames(type: string): string[] {
  return POD_TABLE.type(type).fields.map((field) => field.go)
}

describe('schema', () => {
  it('keeps Go embedding apart from what JSON sees', () => {
    expect(goNames('Volume')).toEqual(['Name', 'VolumeSource'])
    expect(goNames('Pod')).toEqual(['TypeMeta', 'ObjectMeta', 'Spec', 'Status'])
    expect(POD.json.map((field) => field.json)).toEqual(['kind', 'apiVersion', 'metadata', 'spec', 'status'])
    expect(POD.json.find((field) => field.json === 'metadata')).toMatchObject({ embedded: true, through: [] })
    const httpGet = POD_TABLE.type('Probe').json.find((field) => field.json === 'httpGet')
    expect(httpGet).toMatchObject({ go: 'HTTPGet', through: ['ProbeHandler'] })
  })

  it.each([
    ['spec', 'restartPolicy', 'v1.RestartPolicy'],
    ['spec', 'terminationGracePeriodSeconds', 'int64'],
    ['spec', 'nodeSelector', 'map[string]string'],
    ['spec', 'containers', '[]v1.Container'],
    ['spec', 'overhead', 'v1.ResourceList'],
    ['metadata', 'uid', 'types.UID'],
    ['metadata', 'creationTimestamp', 'v1.Time'],
  ])('names the type of %s.%s as Go prints it', (parent, field, name) => {
    const type = fieldType(POD, parent)
    expect(type === undefined ? undefined : fieldType(type, field)?.name).toBe(name)
  })

  it('knows which lists merge, and by which key', () => {
    const spec = POD_TABLE.type('PodSpec').json
    const merged = spec.filter((field) => field.merge).map((field) => `${field.json}:${field.mergeKey ?? ''}`)
    expect(merged).toEqual([
      'volumes:name',
      'initContainers:name',
      'containers:name',
      'ephemeralContainers:name',
      'imagePullSecrets:name',
      'hostAliases:ip',
      'topologySpreadConstraints:topologyKey',
      'schedulingGates:name',
      'resourceClaims:name',
    ])
    expect(spec.filter((field) => field.retainKeys).map((field) => field.json)).toEqual([
      'volumes',
      'resourceClaims',
    ])
  })

  it('reads the kinds that kube-inject knows, and no others', () => {
    const kinds = ['v1 Pod', 'v1 ReplicationController', 'v1 List', 'apps/v1 Deployment', 'apps/v1 DaemonSet']
    kinds.push('apps/v1 ReplicaSet', 'apps/v1 StatefulSet', 'batch/v1 Job', 'batch/v1 CronJob')
    kinds.push('apps.openshift.io/v1 DeploymentConfig')
    for (const name of kinds) {
      const [apiVersion = '', kind = ''] = name.split(' ')
      expect(workloadType(apiVersion, kind)?.name, name).toBe(`v1.${kind}`)
    }
    expect(workloadType('batch/v1beta1', 'CronJob')).toBeUndefined()
    expect(workloadType('v1', 'Service')).toBeUndefined()
  })

  it('keeps the two DeploymentStrategy types apart', () => {
    const strategyOf = (apiVersion: string, kind: string): string[] => {
      const object = workloadType(apiVersion, kind)
      const spec = object === undefined ? undefined : fieldType(object, 'spec')
      const strategy = spec === undefined ? undefined : fieldType(spec, 'strategy')
      expect(strategy?.name).toBe('v1.DeploymentStrategy')
      return strategy?.json.map((field) => field.json) ?? []
    }
    expect(strategyOf('apps/v1', 'Deployment')).toEqual(['type', 'rollingUpdate'])
    expect(strategyOf('apps.openshift.io/v1', 'DeploymentConfig')).toContain('customParams')
  })

  it('refuses a table with an unknown type or an unreadable field', () => {
    expect(() => new TypeTable('A: b:C')).toThrow('no type C')
    expect(() => new TypeTable('A: b::string')).toThrow('cannot read field')
  })

  const reference = findReference()
  it.skipIf(reference === undefined)('agrees with the reference schema of Pod', () => {
    const path = join(reference ?? '', 'istio-1.30.3/schema/pod.json')
    const { types } = JSON.parse(readFileSync(path, 'utf8')) as {
      types: Record<string, { fields: ReferenceField[] }>
    }
    for (const [name, wanted] of Object.entries(types)) {
      const type = POD_TABLE.type(name.slice(name.lastIndexOf('.') + 1))
      const fields = type.json.map((field) => [
        field.json,
        field.go,
        field.type.kind,
        field.omit,
        field.merge,
        field.retainKeys,
        field.mergeKey,
      ])
      expect(fields, name).toEqual(
        wanted.fields.map((field) => [
          field.name,
          field.goName,
          field.kind,
          field.omitzero ? 'zero' : field.omitempty ? 'empty' : 'never',
          field.patchStrategy?.includes('merge') ?? false,
          field.patchStrategy?.includes('retainKeys') ?? false,
          field.patchMergeKey,
        ]),
      )
    }
  })
})
