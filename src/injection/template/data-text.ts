// How Kubernetes' structs print themselves (the String methods of its generated code), as `{{ .Spec.SecurityContext }}`
// in a template shows them: `&SecurityContext{Privileged:*true,…}`. In: a schema type and raw data. Out: text.

import { goString } from '../../gotemplate/format.ts'
import type { GoType } from '../../gotemplate/value.ts'
import { Typed } from '../../gotemplate/value.ts'
import type { SchemaField, SchemaType } from '../../patch/schema.ts'
import { compareGoStrings } from '../../std/gojson.ts'
import { isObject, own } from '../../std/json.ts'
import { INT_OR_STRING, QUANTITY, quantityOf, V1_TIME } from './data-values.ts'

/**
 * Field order of the structs whose text has another one than their Go declaration: fields keep the number they once
 * got. A prefix; fields that are not named follow in Go's order.
 */
const TEXT_ORDER: Readonly<Record<string, string>> = {
  'v1.Pod': 'ObjectMeta Spec Status',
  'v1.PodStatus':
    'Phase Conditions Message Reason HostIP PodIP StartTime ContainerStatuses QOSClass InitContainerStatuses NominatedNodeName PodIPs EphemeralContainerStatuses Resize ResourceClaimStatuses HostIPs ObservedGeneration',
  'v1.PodCondition': 'Type Status LastProbeTime LastTransitionTime Reason Message',
  'v1.PodSpec':
    'Volumes Containers RestartPolicy TerminationGracePeriodSeconds ActiveDeadlineSeconds DNSPolicy NodeSelector ServiceAccountName DeprecatedServiceAccount NodeName HostNetwork HostPID HostIPC SecurityContext ImagePullSecrets Hostname Subdomain Affinity SchedulerName InitContainers AutomountServiceAccountToken Tolerations HostAliases PriorityClassName Priority DNSConfig ShareProcessNamespace ReadinessGates RuntimeClassName EnableServiceLinks PreemptionPolicy Overhead TopologySpreadConstraints EphemeralContainers',
  'v1.PodSecurityContext':
    'SELinuxOptions RunAsUser RunAsNonRoot SupplementalGroups FSGroup RunAsGroup Sysctls WindowsOptions FSGroupChangePolicy SeccompProfile AppArmorProfile',
  'v1.SecurityContext':
    'Capabilities Privileged SELinuxOptions RunAsUser RunAsNonRoot ReadOnlyRootFilesystem AllowPrivilegeEscalation RunAsGroup ProcMount WindowsOptions',
  'v1.VolumeMount': 'Name ReadOnly MountPath SubPath MountPropagation SubPathExpr',
  'v1.VolumeSource':
    'HostPath EmptyDir GCEPersistentDisk AWSElasticBlockStore GitRepo Secret NFS ISCSI Glusterfs PersistentVolumeClaim RBD FlexVolume Cinder CephFS Flocker DownwardAPI FC AzureFile ConfigMap VsphereVolume Quobyte AzureDisk PhotonPersistentDisk PortworxVolume ScaleIO Projected',
  'v1.PersistentVolumeClaimSpec': 'AccessModes Resources VolumeName Selector',
  'v1.OwnerReference': 'Kind Name UID APIVersion',
  'v1.ClusterTrustBundleProjection': 'Name SignerName LabelSelector Path',
  'v1.ISCSIVolumeSource':
    'TargetPortal IQN Lun ISCSIInterface FSType ReadOnly Portals DiscoveryCHAPAuth SecretRef',
}

const CONTAINER_ORDER =
  'Name Image Command Args WorkingDir Ports Env Resources VolumeMounts LivenessProbe ReadinessProbe Lifecycle TerminationMessagePath ImagePullPolicy SecurityContext Stdin StdinOnce TTY EnvFrom TerminationMessagePolicy VolumeDevices StartupProbe ResizePolicy'

/** Structs of the meta package: inside structs of the core package their text names the package. */
const META: ReadonlySet<string> = new Set([
  'v1.ObjectMeta',
  'v1.LabelSelector',
  'v1.LabelSelectorRequirement',
  'v1.OwnerReference',
  'v1.ManagedFieldsEntry',
  'v1.TypeMeta',
])

function orderOf(type: SchemaType): readonly SchemaField[] {
  const isContainer = type.name === 'v1.Container' || type.name === 'v1.EphemeralContainerCommon'
  const order = isContainer ? CONTAINER_ORDER : TEXT_ORDER[type.name]
  // A pod's own kind and API version are not part of its text.
  const fields = type.name === 'v1.Pod' ? type.fields.filter((field) => field.go !== 'TypeMeta') : type.fields
  if (order === undefined) return fields
  const names = order.split(' ')
  const rank = (field: SchemaField): number =>
    (names.indexOf(field.go) + names.length + 1) % (names.length + 1)
  return [...fields].sort((a, b) => rank(a) - rank(b))
}

/** How a struct of another package prints when it is no pointer: as `%v` prints any struct, whose type that needs. */
export type PlainText = (type: SchemaType, raw: unknown) => string

/** `&Name{Field:value,…}`. */
export function structText(type: SchemaType, raw: unknown, plain: PlainText): string {
  const data = isObject(raw) ? raw : {}
  const fields = orderOf(type).map((field) => {
    const value: unknown = field.json === '' ? data : (own(data, field.json) ?? undefined)
    return `${field.go}:${valueText(field.type, value ?? undefined, META.has(type.name), plain)},`
  })
  return `&${type.name.slice(3)}{${fields.join('')}}`
}

/** The text of a struct inside a struct, `&` included; `inMeta` says that the outer one is of the meta package. */
function innerText(type: SchemaType, raw: unknown, inMeta: boolean, plain: PlainText): string {
  const text = structText(type, raw, plain)
  return META.has(type.name) && !inMeta ? `&v1.${text.slice(1)}` : text
}

function valueText(type: SchemaType, raw: unknown, inMeta: boolean, plain: PlainText): string {
  switch (type.kind) {
    case 'struct':
      if (META.has(type.name) && !inMeta) return plain(type, raw)
      return innerText(type, raw, inMeta, plain).slice(1)
    case 'pointer':
      return pointerText(type.elem ?? type, raw, inMeta, plain)
    case 'list':
      return listText(type, Array.isArray(raw) ? raw : [], inMeta, plain)
    case 'map':
      return mapText(type, isObject(raw) ? raw : {}, plain)
    case 'quantity':
      return plainText(QUANTITY, raw)
    case 'intOrString':
      return plainText(INT_OR_STRING, raw)
    case 'time':
      return plainText(V1_TIME, raw)
    case 'bool':
      return String(raw === true)
    case 'int':
      return String(raw ?? 0)
    default:
      return typeof raw === 'string' ? raw : ''
  }
}

function plainText(type: GoType, raw: unknown): string {
  return goString(new Typed(type, raw))
}

function pointerText(elem: SchemaType, raw: unknown, inMeta: boolean, plain: PlainText): string {
  switch (elem.kind) {
    case 'struct':
      return raw === undefined ? 'nil' : innerText(elem, raw, inMeta, plain)
    case 'quantity':
      return raw === undefined ? '<nil>' : quantityOf(raw).text
    case 'intOrString':
      return raw === undefined ? '<nil>' : String(raw)
    case 'time':
      return raw === undefined ? '<nil>' : plainText(V1_TIME, raw)
    case 'raw':
      return raw === undefined ? '<nil>' : JSON.stringify(raw)
    default:
      return raw === undefined ? 'nil' : `*${valueText(elem, raw, inMeta, plain)}`
  }
}

function listText(type: SchemaType, items: readonly unknown[], inMeta: boolean, plain: PlainText): string {
  const elem = type.elem ?? type
  if (elem.kind !== 'struct')
    return `[${items.map((item) => valueText(elem, item, inMeta, plain)).join(' ')}]`
  const name = `${META.has(elem.name) && !inMeta ? 'v1.' : ''}${elem.name.slice(3)}`
  return `[]${name}{${items.map((item) => `${innerText(elem, item, inMeta, plain).slice(1)},`).join('')}}`
}

function mapText(type: SchemaType, entries: { readonly [key: string]: unknown }, plain: PlainText): string {
  const elem = type.elem ?? type
  const name = type.name.startsWith('v1.') ? type.name.slice(3) : type.name
  const members = Object.keys(entries).sort(compareGoStrings)
  return `${name}{${members.map((key) => `${key}: ${valueText(elem, entries[key], false, plain)},`).join('')}}`
}
