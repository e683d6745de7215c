import { describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/kube.ts'
import { NEWEST, type Release } from '../../src/api/release.ts'
import { workloadOf } from '../../src/injection/workload.ts'

interface Case {
  readonly name: string
  readonly owner?: readonly [apiVersion: string, kind: string, name: string]
  readonly generateName?: string
  readonly labels?: Record<string, string>
  readonly release?: Release
  readonly want: readonly [apiVersion: string, kind: string, name: string]
}

const TABLE: readonly Case[] = [
  { name: 'a pod by itself', want: ['v1', 'Pod', 'web-0'] },
  {
    name: 'an owner without generateName is not asked',
    owner: ['apps/v1', 'StatefulSet', 'web'],
    generateName: '',
    want: ['v1', 'Pod', 'web-0'],
  },
  { name: 'a controller', owner: ['apps/v1', 'StatefulSet', 'web'], want: ['apps/v1', 'StatefulSet', 'web'] },
  {
    name: 'a ReplicaSet of a Deployment',
    owner: ['apps/v1', 'ReplicaSet', 'web-abc'],
    labels: { 'pod-template-hash': 'abc' },
    want: ['apps/v1', 'Deployment', 'web'],
  },
  {
    name: 'a hash that is not set off by a dash stays',
    owner: ['apps/v1', 'ReplicaSet', 'webabc'],
    labels: { 'pod-template-hash': 'abc' },
    want: ['apps/v1', 'Deployment', 'webabc'],
  },
  {
    name: 'an empty hash is none',
    owner: ['apps/v1', 'ReplicaSet', 'web-abc'],
    labels: { 'pod-template-hash': '' },
    want: ['apps/v1', 'ReplicaSet', 'web-abc'],
  },
  {
    name: 'a ReplicaSet of a Rollout',
    owner: ['apps/v1', 'ReplicaSet', 'web-abc'],
    labels: { 'rollouts-pod-template-hash': 'abc' },
    want: ['v1alpha1', 'Rollout', 'web'],
  },
  {
    name: 'up to 1.21 there are no Rollouts',
    owner: ['apps/v1', 'ReplicaSet', 'web-abc'],
    labels: { 'rollouts-pod-template-hash': 'abc' },
    release: { major: 1, minor: 21 },
    want: ['apps/v1', 'ReplicaSet', 'web-abc'],
  },
  {
    name: 'a ReplicationController of a DeploymentConfig',
    owner: ['v1', 'ReplicationController', 'web-1'],
    labels: { deploymentconfig: 'web' },
    want: ['v1', 'DeploymentConfig', 'web'],
  },
  {
    name: 'a Job of a CronJob, due in minutes',
    owner: ['batch/v1', 'Job', 'night-28123456'],
    want: ['batch/v1', 'CronJob', 'night'],
  },
  {
    name: 'a Job of a CronJob, due in seconds',
    owner: ['batch/v1', 'Job', 'night-1712345678'],
    want: ['batch/v1', 'CronJob', 'night'],
  },
  {
    name: 'up to 1.21 CronJobs are beta',
    owner: ['batch/v1', 'Job', 'night-28123456'],
    release: { major: 1, minor: 21 },
    want: ['batch/v1beta1', 'CronJob', 'night'],
  },
  {
    name: 'a Job with a short number is its own',
    owner: ['batch/v1', 'Job', 'job-1234567'],
    want: ['batch/v1', 'Job', 'job-1234567'],
  },
]

describe('workload of a pod', () => {
  for (const { name, owner, generateName = 'x-', labels = {}, release = NEWEST, want } of TABLE) {
    it(name, () => {
      const others = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u', controller: false }
      const [apiVersion = '', kind = '', ownerName = ''] = owner ?? []
      const pod: Pod = {
        metadata: {
          name: 'web-0',
          namespace: 'ns',
          generateName,
          labels,
          ...(owner === undefined
            ? {}
            : {
                ownerReferences: [others, { apiVersion, kind, name: ownerName, uid: 'u', controller: true }],
              }),
        },
        spec: { containers: [] },
      }
      const { typeMeta, deploymentMeta } = workloadOf(pod, release)
      expect([typeMeta.apiVersion, typeMeta.kind, deploymentMeta.name]).toEqual(want)
      expect(deploymentMeta.namespace).toBe('ns')
    })
  }
})
