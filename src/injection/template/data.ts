// What a template sees (contract §4.1): the root value `*inject.SidecarTemplateData` over plain data. Fields are wrapped
// with their Go types when a template walks into them; the pod and the messages themselves are neither copied nor changed.

import type { Pod } from '../../api/kube.ts'
import type { Message } from '../../api/mesh.ts'
import { atLeast, type Release } from '../../api/release.ts'
import { BOOL, DICT, INT64, STRING } from '../../gotemplate/types.ts'
import { type GoField, type GoType, Typed } from '../../gotemplate/value.ts'
import { MESH_CONFIG, PROXY_CONFIG } from '../../mesh/proto.ts'
import type { JsonObject } from '../../std/json.ts'
import { podTypeNamed } from './data-pod.ts'
import { messageType } from './data-proto.ts'
import { fieldMap, fieldOf, getter } from './data-values.ts'

export interface TemplateDataInput {
  /** The stripped pod (contract §7.2). */
  readonly pod: Pod
  readonly typeMeta: { readonly kind: string; readonly apiVersion: string }
  readonly deploymentMeta: { readonly name: string; readonly namespace: string }
  readonly values: JsonObject
  readonly mesh: Message
  readonly proxyConfig: Message
  readonly revision: string
  readonly nativeSidecars: boolean
  readonly proxyImage: string
  readonly proxyUID: number
  readonly proxyGID: number
  readonly inboundTrafficPolicyMode: string
  readonly compliancePolicy: string
  readonly release: Release
}

interface Named {
  readonly name: string
  readonly namespace: string
}

/** types.NamespacedName: from 1.22 on all that is told about the workload. */
const NAMESPACED_NAME: GoType = {
  kind: 'struct',
  name: 'types.NamespacedName',
  fields: () =>
    fieldMap([
      fieldOf('Namespace', STRING, (raw) => (raw as Named).namespace),
      fieldOf('Name', STRING, (raw) => (raw as Named).name),
    ]),
  methods: () =>
    new Map([['String', getter(STRING, (raw) => `${(raw as Named).namespace}/${(raw as Named).name}`)]]),
}

/** Up to 1.21 the workload has the pod's whole metadata under its own name. */
function workloadMeta({ pod, deploymentMeta }: TemplateDataInput): unknown {
  const { managedFields: _, ownerReferences: __, ...metadata } = pod.metadata
  return { ...metadata, name: deploymentMeta.name, namespace: deploymentMeta.namespace }
}

const roots = new Map<string, GoType>()

/** The type of the root for a release: fields have come over time, and with them those of the messages. */
function rootType(release: Release): GoType {
  const key = `${release.major}.${release.minor}`
  let type = roots.get(key)
  if (type === undefined) {
    const fields = fieldMap(rootFields(release))
    const elem: GoType = { kind: 'struct', name: 'inject.SidecarTemplateData', fields: () => fields }
    type = { kind: 'pointer', name: `*${elem.name}`, elem }
    roots.set(key, type)
  }
  return type
}

function field(name: string, type: GoType, get: (input: TemplateDataInput) => unknown): GoField {
  return fieldOf(name, type, (raw) => get(raw as TemplateDataInput))
}

function rootFields(release: Release): GoField[] {
  const since = (minor: number, added: GoField): GoField[] => (atLeast(release, minor) ? [added] : [])
  return [
    field('TypeMeta', podTypeNamed('TypeMeta'), (input) => input.typeMeta),
    atLeast(release, 22)
      ? field('DeploymentMeta', NAMESPACED_NAME, (input) => input.deploymentMeta)
      : field('DeploymentMeta', podTypeNamed('ObjectMeta'), workloadMeta),
    field('ObjectMeta', podTypeNamed('ObjectMeta'), (input) => input.pod.metadata),
    field('Spec', podTypeNamed('PodSpec'), (input) => input.pod.spec),
    field('ProxyConfig', messageType(PROXY_CONFIG, release), (input) => input.proxyConfig),
    field('MeshConfig', messageType(MESH_CONFIG, release), (input) => input.mesh),
    field('Values', DICT, (input) => input.values),
    field('Revision', STRING, (input) => input.revision),
    ...since(
      27,
      field('NativeSidecars', BOOL, (input) => input.nativeSidecars),
    ),
    field('ProxyImage', STRING, (input) => input.proxyImage),
    field('ProxyUID', INT64, (input) => input.proxyUID),
    field('ProxyGID', INT64, (input) => input.proxyGID),
    ...since(
      22,
      field('InboundTrafficPolicyMode', STRING, (input) => input.inboundTrafficPolicyMode),
    ),
    ...since(
      21,
      field('CompliancePolicy', STRING, (input) => input.compliancePolicy),
    ),
  ]
}

/** The root value of a template run. It reads `input` lazily, so that must not change while it is in use. */
export function templateData(input: TemplateDataInput): Typed {
  return new Typed(rootType(input.release), input)
}
