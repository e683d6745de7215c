// The slices of Kubernetes objects that injection reads. Every interface keeps an open index:
// fields that are not listed are carried along untouched.

import type { Json, JsonObject } from '../std/json.ts'

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  [field: string]: Json | undefined
}

export interface ObjectMeta {
  name?: string
  generateName?: string
  namespace?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  [field: string]: unknown
}

export interface EnvVar {
  name: string
  value?: string
  [field: string]: unknown
}

export interface ContainerPort {
  name?: string
  containerPort: number
  protocol?: string
  [field: string]: unknown
}

export interface Container {
  name: string
  image?: string
  args?: string[]
  env?: EnvVar[]
  ports?: ContainerPort[]
  securityContext?: JsonObject
  [field: string]: unknown
}

export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  volumes?: { name: string; [field: string]: unknown }[]
  imagePullSecrets?: { name?: string }[]
  hostNetwork?: boolean
  dnsPolicy?: string
  nodeName?: string
  [field: string]: unknown
}

export interface Pod {
  apiVersion?: string
  kind?: string
  metadata: ObjectMeta
  spec: PodSpec
  [field: string]: unknown
}
