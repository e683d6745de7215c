// The objects of a control plane, reduced to what injection asks of them: Deployments of istiod (release, environment,
// readiness), Services, and which ConfigMaps belong to a revision (contract revisions §1.1, §1.4; injection §3.0).

import type { InjectorEnv } from '../api/mesh.ts'
import { parseRelease, type Release } from '../api/release.ts'
import type { Labels } from '../mesh/selector.ts'
import { isObject, type JsonObject, own, setOwn } from '../std/json.ts'
import { objectField, textField } from './configuration.ts'
import { DEFAULT } from './rules.ts'

/** An object that carries revision labels. */
export interface LabelledObject {
  readonly name: string
  readonly labels: Labels
}

/** A Deployment of label app=istiod. */
export interface ControlPlane extends LabelledObject {
  /** Of container `discovery`; empty without one. */
  readonly image: string
  /** What the image tag and label app.kubernetes.io/version say; more than one when they disagree. */
  readonly versions: readonly string[]
  /** Undefined when no version names a release. */
  readonly release: Release | undefined
  readonly env: InjectorEnv
  /** The newest spec is rolled out and a replica can take calls. */
  readonly ready: boolean
}

export function readLabelled(raw: JsonObject): LabelledObject {
  const metadata = objectField(raw, 'metadata')
  return { name: textField(metadata, 'name'), labels: textsOf(objectField(metadata, 'labels')) }
}

export function textsOf(object: JsonObject): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const [key, value] of Object.entries(object)) if (typeof value === 'string') setOwn(texts, key, value)
  return texts
}

/** Names of a revision's ConfigMaps; the empty revision is called `default`. */
export function configMapNames(revision: string): { readonly injector: string; readonly mesh: string } {
  const suffix = revision === '' || revision === DEFAULT ? '' : `-${revision}`
  return { injector: `istio-sidecar-injector${suffix}`, mesh: `istio${suffix}` }
}

export function readControlPlane(raw: JsonObject): ControlPlane {
  const labelled = readLabelled(raw)
  const template = objectField(objectField(raw, 'spec'), 'template')
  const container = discoveryContainer(objectField(template, 'spec'))
  const image = textField(container, 'image')
  const label = own(labelled.labels, 'app.kubernetes.io/version')
  const versions = [...new Set([imageTag(image), label ?? ''])].filter((text) => text !== '')
  return {
    ...labelled,
    image,
    versions,
    release: versions.map(parseRelease).find((release) => release !== undefined),
    env: readEnv(container, textField(objectField(raw, 'metadata'), 'namespace')),
    ready: isReady(raw),
  }
}

function discoveryContainer(podSpec: JsonObject): JsonObject {
  const containers = podSpec['containers']
  const all = (Array.isArray(containers) ? containers : []).filter(isObject)
  return all.find((container) => container['name'] === 'discovery') ?? {}
}

/** `1.30.3` of `registry:5000/release/pilot:1.30.3@sha256:…`; a variant (`-distroless`) is part of it. */
export function imageTag(image: string): string {
  const [name = ''] = image.split('@')
  const last = name.slice(name.lastIndexOf('/') + 1)
  const at = last.indexOf(':')
  return at === -1 ? '' : last.slice(at + 1)
}

/** Values that the object itself gives: those of ConfigMaps, Secrets and container resources are left out. */
function readEnv(container: JsonObject, namespace: string): InjectorEnv {
  const env: Record<string, string> = {}
  const list = container['env']
  for (const variable of (Array.isArray(list) ? list : []).filter(isObject)) {
    const name = textField(variable, 'name')
    const from = objectField(variable, 'valueFrom')
    if (Object.keys(from).length === 0) setOwn(env, name, expand(textField(variable, 'value'), env))
    else if (textField(objectField(from, 'fieldRef'), 'fieldPath') === 'metadata.namespace') {
      setOwn(env, name, namespace)
    }
  }
  return env
}

/** As the kubelet does: `$(NAME)` of a variable before it, `$$` is one `$`, what is not known stays. */
function expand(text: string, env: InjectorEnv): string {
  return text.replaceAll(/\$(?:\$|\(([^()]*)\))/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (own(env, name) ?? whole),
  )
}

function isReady(deployment: JsonObject): boolean {
  const status = objectField(deployment, 'status')
  const generation = objectField(deployment, 'metadata')['generation']
  const observed = status['observedGeneration']
  const current = typeof generation !== 'number' || (typeof observed === 'number' && observed >= generation)
  const available = status['availableReplicas']
  return current && typeof available === 'number' && available >= 1
}
