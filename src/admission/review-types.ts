// The kinds that Istio's decoder knows, and the typed shape of AdmissionReview, in the notation of patch/schema.ts.
// Facts of Kubernetes' API (admission v1 and v1beta1, core/v1). A table; nothing here looks at a request.

import { POD_TABLE, type SchemaType, TypeTable } from '../patch/schema.ts'

export const REVIEW_KIND = 'AdmissionReview'
export const REVIEW_VERSIONS: readonly string[] = ['admission.k8s.io/v1', 'admission.k8s.io/v1beta1']

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Kinds of core/v1, as Go registers them. */
const CORE_KINDS = words(`
  Binding ComponentStatus ComponentStatusList ConfigMap ConfigMapList Endpoints EndpointsList Event EventList LimitRange
  LimitRangeList List Namespace NamespaceList Node NodeList NodeProxyOptions PersistentVolume PersistentVolumeClaim
  PersistentVolumeClaimList PersistentVolumeList Pod PodAttachOptions PodExecOptions PodList PodLogOptions
  PodPortForwardOptions PodProxyOptions PodStatusResult PodTemplate PodTemplateList RangeAllocation
  ReplicationController ReplicationControllerList ResourceQuota ResourceQuotaList Secret SecretList SerializedReference
  Service ServiceAccount ServiceAccountList ServiceList ServiceProxyOptions
`)

/** Kinds that every registered group version has. */
const META_KINDS = words(
  'WatchEvent ListOptions GetOptions DeleteOptions CreateOptions UpdateOptions PatchOptions',
)

/** Kinds that are known whatever their version says. */
const UNVERSIONED_KINDS = words('Status APIVersions APIGroup APIGroupList APIResourceList')

/** Whether Istio's decoder makes an object of `kind` in `groupVersion` (`v1`, `admission.k8s.io/v1`). */
export function isKnownKind(groupVersion: string, kind: string): boolean {
  if (UNVERSIONED_KINDS.has(kind)) return true
  const isReviewVersion = REVIEW_VERSIONS.includes(groupVersion)
  if (groupVersion !== 'v1' && !isReviewVersion) return false
  return META_KINDS.has(kind) || (isReviewVersion ? kind === REVIEW_KIND : CORE_KINDS.has(kind))
}

/** A response in a request body has no meaning, so its shape is left open. */
const REVIEW_TYPES = `
=string: Operation
=[]string: ExtraValue
AdmissionReview: +TypeMeta request:*AdmissionRequest response:RawExtension
AdmissionRequest: uid/UID:UID! kind:GroupVersionKind! resource:GroupVersionResource! subResource
  requestKind:*GroupVersionKind requestResource:*GroupVersionResource requestSubResource name namespace
  operation:Operation! userInfo:UserInfo! object:RawExtension oldObject:RawExtension dryRun:*bool
  options:RawExtension
GroupVersionKind: group! version! kind!
GroupVersionResource: group! version! resource!
UserInfo: username uid/UID groups:[]string extra:map[string]ExtraValue
`

/** Shape of an AdmissionReview; that of v1beta1 differs in the package name of its own types only. */
export const REVIEW: SchemaType = new TypeTable(REVIEW_TYPES, POD_TABLE).type(REVIEW_KIND)
