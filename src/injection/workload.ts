// Which workload a pod belongs to (contract §4.3): the pod's controller, or what is behind it where the controller only
// stands between (ReplicaSet → Deployment or Rollout, ReplicationController → DeploymentConfig, Job → CronJob).
// Heuristics over names and labels as Istio has them, nothing is looked up.

import type { OwnerReference, Pod } from '../api/kube.ts'
import { LABEL } from '../api/names.ts'
import { atLeast, type Release } from '../api/release.ts'
import { own } from '../std/json.ts'

export interface Workload {
  readonly typeMeta: { readonly kind: string; readonly apiVersion: string }
  readonly deploymentMeta: { readonly name: string; readonly namespace: string }
}

/** A Job made by a CronJob ends in the time it was due, in minutes or seconds. */
const CRON_JOB_NAME = /^([^\n]+)-\d{8,10}$/

export function workloadOf(pod: Pod, release: Release): Workload {
  const { metadata } = pod
  const controller = (metadata.generateName ?? '') === '' ? undefined : controllerOf(metadata.ownerReferences)
  const found = controller === undefined ? undefined : behind(controller, metadata.labels ?? {}, release)
  const { kind, apiVersion, name } = found ?? { kind: 'Pod', apiVersion: 'v1', name: '' }
  return {
    typeMeta: { kind, apiVersion },
    deploymentMeta: { name: name || (metadata.name ?? ''), namespace: metadata.namespace ?? '' },
  }
}

function controllerOf(owners: readonly OwnerReference[] | undefined): OwnerReference | undefined {
  return owners?.find((owner) => owner.controller === true)
}

interface Identity {
  readonly kind: string
  readonly apiVersion: string
  readonly name: string
}

/** `pod-template-hash` wins over `rollouts-pod-template-hash`. Up to 1.21 there are no Rollouts. */
function behind(owner: OwnerReference, labels: Record<string, string>, release: Release): Identity {
  const { kind = '', apiVersion = '', name = '' } = owner
  if (kind === 'ReplicaSet') {
    const deployment = withoutHash(name, own(labels, LABEL.podTemplateHash))
    if (deployment !== undefined) return { kind: 'Deployment', apiVersion, name: deployment }
    const rollout = withoutHash(name, own(labels, LABEL.rolloutsPodTemplateHash))
    if (rollout !== undefined && atLeast(release, 22)) {
      return { kind: 'Rollout', apiVersion: 'v1alpha1', name: rollout }
    }
  }
  const deploymentConfig = own(labels, LABEL.deploymentConfig) ?? ''
  if (kind === 'ReplicationController' && deploymentConfig !== '') {
    return { kind: 'DeploymentConfig', apiVersion, name: deploymentConfig }
  }
  const cronJob = kind === 'Job' ? CRON_JOB_NAME.exec(name)?.[1] : undefined
  if (cronJob !== undefined) {
    return { kind: 'CronJob', apiVersion: atLeast(release, 22) ? 'batch/v1' : 'batch/v1beta1', name: cronJob }
  }
  return { kind, apiVersion, name }
}

/** `name` without `-hash`; the name as it is when the hash is not set off by a dash; undefined when it does not end so. */
function withoutHash(name: string, hash: string | undefined): string | undefined {
  if (hash === undefined || hash === '' || !name.endsWith(hash)) return undefined
  return name.endsWith(`-${hash}`) ? name.slice(0, -hash.length - 1) : name
}
