// Every Go type reachable from core/v1 Pod (k8s.io/api v0.35), one entry a type, in the notation that schema.ts reads.
// Facts of Kubernetes' API: field names, order, Go types, what is omitted when empty, merge strategies and keys.
// A table, so longer than other files. Nothing here but the text.

export const POD_TYPES = `
=map[ResourceName]Quantity: ResourceList
=string: AppArmorProfileType AzureDataDiskCachingMode AzureDataDiskKind Capability ConditionStatus
  ContainerRestartPolicy ContainerRestartRuleAction ContainerRestartRuleOnExitCodesOperator DNSPolicy
  HostPathType LabelSelectorOperator ManagedFieldsOperationType MountPropagationMode NodeInclusionPolicy
  NodeSelectorOperator OSName PersistentVolumeAccessMode PersistentVolumeMode PodConditionType
  PodFSGroupChangePolicy PodPhase PodQOSClass PodResizeStatus PodSELinuxChangePolicy PreemptionPolicy
  ProcMountType Protocol PullPolicy RecursiveReadOnlyMode ResourceHealthStatus ResourceID ResourceName
  ResourceResizeRestartPolicy RestartPolicy SeccompProfileType Signal StorageMedium
  SupplementalGroupsPolicy TaintEffect TerminationMessagePolicy TolerationOperator UID URIScheme
  UnsatisfiableConstraintAction
Pod: +TypeMeta metadata+ObjectMeta spec:PodSpec status:PodStatus
TypeMeta: kind apiVersion/APIVersion
ObjectMeta: name generateName namespace selfLink uid/UID:UID resourceVersion generation:int64
  creationTimestamp:Time^ deletionTimestamp:*Time deletionGracePeriodSeconds:*int64 labels:map[string]string
  annotations:map[string]string ownerReferences:[]OwnerReference@uid finalizers:[]string@
  managedFields:[]ManagedFieldsEntry
OwnerReference: apiVersion/APIVersion! kind! name! uid/UID:UID! controller:*bool blockOwnerDeletion:*bool
ManagedFieldsEntry: manager operation:ManagedFieldsOperationType apiVersion/APIVersion time:*Time fieldsType
  fieldsV1:*FieldsV1 subresource
PodSpec: volumes:[]Volume@name& initContainers:[]Container@name containers:[]Container!@name
  ephemeralContainers:[]EphemeralContainer@name restartPolicy:RestartPolicy
  terminationGracePeriodSeconds:*int64 activeDeadlineSeconds:*int64 dnsPolicy/DNSPolicy:DNSPolicy
  nodeSelector:map[string]string serviceAccountName serviceAccount/DeprecatedServiceAccount
  automountServiceAccountToken:*bool nodeName hostNetwork:bool hostPID:bool hostIPC:bool
  shareProcessNamespace:*bool securityContext:*PodSecurityContext
  imagePullSecrets:[]LocalObjectReference@name hostname subdomain affinity:*Affinity schedulerName
  tolerations:[]Toleration hostAliases:[]HostAlias@ip priorityClassName priority:*int32
  dnsConfig/DNSConfig:*PodDNSConfig readinessGates:[]PodReadinessGate runtimeClassName:*string
  enableServiceLinks:*bool preemptionPolicy:*PreemptionPolicy overhead:ResourceList
  topologySpreadConstraints:[]TopologySpreadConstraint@topologyKey setHostnameAsFQDN:*bool os/OS:*PodOS
  hostUsers:*bool schedulingGates:[]PodSchedulingGate@name resourceClaims:[]PodResourceClaim@name&
  resources:*ResourceRequirements hostnameOverride:*string workloadRef:*WorkloadReference
Volume: name! +VolumeSource
VolumeSource: hostPath:*HostPathVolumeSource emptyDir:*EmptyDirVolumeSource
  gcePersistentDisk/GCEPersistentDisk:*GCEPersistentDiskVolumeSource
  awsElasticBlockStore/AWSElasticBlockStore:*AWSElasticBlockStoreVolumeSource gitRepo:*GitRepoVolumeSource
  secret:*SecretVolumeSource nfs/NFS:*NFSVolumeSource iscsi/ISCSI:*ISCSIVolumeSource
  glusterfs:*GlusterfsVolumeSource persistentVolumeClaim:*PersistentVolumeClaimVolumeSource
  rbd/RBD:*RBDVolumeSource flexVolume:*FlexVolumeSource cinder:*CinderVolumeSource
  cephfs/CephFS:*CephFSVolumeSource flocker:*FlockerVolumeSource downwardAPI:*DownwardAPIVolumeSource
  fc/FC:*FCVolumeSource azureFile:*AzureFileVolumeSource configMap:*ConfigMapVolumeSource
  vsphereVolume:*VsphereVirtualDiskVolumeSource quobyte:*QuobyteVolumeSource
  azureDisk:*AzureDiskVolumeSource photonPersistentDisk:*PhotonPersistentDiskVolumeSource
  projected:*ProjectedVolumeSource portworxVolume:*PortworxVolumeSource scaleIO:*ScaleIOVolumeSource
  storageos/StorageOS:*StorageOSVolumeSource csi/CSI:*CSIVolumeSource ephemeral:*EphemeralVolumeSource
  image:*ImageVolumeSource
HostPathVolumeSource: path! type:*HostPathType
EmptyDirVolumeSource: medium:StorageMedium sizeLimit:*Quantity
GCEPersistentDiskVolumeSource: pdName/PDName! fsType/FSType partition:int32 readOnly:bool
AWSElasticBlockStoreVolumeSource: volumeID! fsType/FSType partition:int32 readOnly:bool
GitRepoVolumeSource: repository! revision directory
SecretVolumeSource: secretName items:[]KeyToPath defaultMode:*int32 optional:*bool
KeyToPath: key! path! mode:*int32
NFSVolumeSource: server! path! readOnly:bool
ISCSIVolumeSource: targetPortal! iqn/IQN! lun:int32! iscsiInterface/ISCSIInterface fsType/FSType
  readOnly:bool portals:[]string chapAuthDiscovery/DiscoveryCHAPAuth:bool
  chapAuthSession/SessionCHAPAuth:bool secretRef:*LocalObjectReference initiatorName:*string
LocalObjectReference: name
GlusterfsVolumeSource: endpoints/EndpointsName! path! readOnly:bool
PersistentVolumeClaimVolumeSource: claimName! readOnly:bool
RBDVolumeSource: monitors/CephMonitors:[]string! image/RBDImage! fsType/FSType pool/RBDPool user/RadosUser
  keyring secretRef:*LocalObjectReference readOnly:bool
FlexVolumeSource: driver! fsType/FSType secretRef:*LocalObjectReference readOnly:bool
  options:map[string]string
CinderVolumeSource: volumeID! fsType/FSType readOnly:bool secretRef:*LocalObjectReference
CephFSVolumeSource: monitors:[]string! path user secretFile secretRef:*LocalObjectReference readOnly:bool
FlockerVolumeSource: datasetName datasetUUID
DownwardAPIVolumeSource: items:[]DownwardAPIVolumeFile defaultMode:*int32
DownwardAPIVolumeFile: path! fieldRef:*ObjectFieldSelector resourceFieldRef:*ResourceFieldSelector
  mode:*int32
ObjectFieldSelector: apiVersion/APIVersion fieldPath!
ResourceFieldSelector: containerName resource! divisor:Quantity
FCVolumeSource: targetWWNs:[]string lun:*int32 fsType/FSType readOnly:bool wwids/WWIDs:[]string
AzureFileVolumeSource: secretName! shareName! readOnly:bool
ConfigMapVolumeSource: +LocalObjectReference items:[]KeyToPath defaultMode:*int32 optional:*bool
VsphereVirtualDiskVolumeSource: volumePath! fsType/FSType storagePolicyName storagePolicyID
QuobyteVolumeSource: registry! volume! readOnly:bool user group tenant
AzureDiskVolumeSource: diskName! diskURI/DataDiskURI! cachingMode:*AzureDataDiskCachingMode
  fsType/FSType:*string readOnly:*bool kind:*AzureDataDiskKind
PhotonPersistentDiskVolumeSource: pdID! fsType/FSType
ProjectedVolumeSource: sources:[]VolumeProjection! defaultMode:*int32
VolumeProjection: secret:*SecretProjection downwardAPI:*DownwardAPIProjection configMap:*ConfigMapProjection
  serviceAccountToken:*ServiceAccountTokenProjection clusterTrustBundle:*ClusterTrustBundleProjection
  podCertificate:*PodCertificateProjection
SecretProjection: +LocalObjectReference items:[]KeyToPath optional:*bool
DownwardAPIProjection: items:[]DownwardAPIVolumeFile
ConfigMapProjection: +LocalObjectReference items:[]KeyToPath optional:*bool
ServiceAccountTokenProjection: audience expirationSeconds:*int64 path!
ClusterTrustBundleProjection: name:*string signerName:*string labelSelector:*LabelSelector optional:*bool
  path!
LabelSelector: matchLabels:map[string]string matchExpressions:[]LabelSelectorRequirement
LabelSelectorRequirement: key! operator:LabelSelectorOperator! values:[]string
PodCertificateProjection: signerName keyType maxExpirationSeconds:*int32 credentialBundlePath keyPath
  certificateChainPath userAnnotations:map[string]string
PortworxVolumeSource: volumeID! fsType/FSType readOnly:bool
ScaleIOVolumeSource: gateway! system! secretRef:*LocalObjectReference! sslEnabled/SSLEnabled:bool
  protectionDomain storagePool storageMode volumeName fsType/FSType readOnly:bool
StorageOSVolumeSource: volumeName volumeNamespace fsType/FSType readOnly:bool
  secretRef:*LocalObjectReference
CSIVolumeSource: driver! readOnly:*bool fsType/FSType:*string volumeAttributes:map[string]string
  nodePublishSecretRef:*LocalObjectReference
EphemeralVolumeSource: volumeClaimTemplate:*PersistentVolumeClaimTemplate
PersistentVolumeClaimTemplate: metadata+ObjectMeta spec:PersistentVolumeClaimSpec!
PersistentVolumeClaimSpec: accessModes:[]PersistentVolumeAccessMode selector:*LabelSelector
  resources:VolumeResourceRequirements volumeName storageClassName:*string volumeMode:*PersistentVolumeMode
  dataSource:*TypedLocalObjectReference dataSourceRef:*TypedObjectReference
  volumeAttributesClassName:*string
VolumeResourceRequirements: limits:ResourceList requests:ResourceList
TypedLocalObjectReference: apiGroup/APIGroup:*string! kind! name!
TypedObjectReference: apiGroup/APIGroup:*string! kind! name! namespace:*string
ImageVolumeSource: reference pullPolicy:PullPolicy
Container: name! image command:[]string args:[]string workingDir ports:[]ContainerPort@containerPort
  envFrom:[]EnvFromSource env:[]EnvVar@name resources:ResourceRequirements
  resizePolicy:[]ContainerResizePolicy restartPolicy:*ContainerRestartPolicy
  restartPolicyRules:[]ContainerRestartRule volumeMounts:[]VolumeMount@mountPath
  volumeDevices:[]VolumeDevice@devicePath livenessProbe:*Probe readinessProbe:*Probe startupProbe:*Probe
  lifecycle:*Lifecycle terminationMessagePath terminationMessagePolicy:TerminationMessagePolicy
  imagePullPolicy:PullPolicy securityContext:*SecurityContext stdin:bool stdinOnce:bool tty/TTY:bool
ContainerPort: name hostPort:int32 containerPort:int32! protocol:Protocol hostIP
EnvFromSource: prefix configMapRef:*ConfigMapEnvSource secretRef:*SecretEnvSource
ConfigMapEnvSource: +LocalObjectReference optional:*bool
SecretEnvSource: +LocalObjectReference optional:*bool
EnvVar: name! value valueFrom:*EnvVarSource
EnvVarSource: fieldRef:*ObjectFieldSelector resourceFieldRef:*ResourceFieldSelector
  configMapKeyRef:*ConfigMapKeySelector secretKeyRef:*SecretKeySelector fileKeyRef:*FileKeySelector
ConfigMapKeySelector: +LocalObjectReference key! optional:*bool
SecretKeySelector: +LocalObjectReference key! optional:*bool
FileKeySelector: volumeName! path! key! optional:*bool
ResourceRequirements: limits:ResourceList requests:ResourceList claims:[]ResourceClaim
ResourceClaim: name! request
ContainerResizePolicy: resourceName:ResourceName! restartPolicy:ResourceResizeRestartPolicy!
ContainerRestartRule: action:ContainerRestartRuleAction exitCodes:*ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes: operator:ContainerRestartRuleOnExitCodesOperator values:[]int32
VolumeMount: name! readOnly:bool recursiveReadOnly:*RecursiveReadOnlyMode mountPath! subPath
  mountPropagation:*MountPropagationMode subPathExpr
VolumeDevice: name! devicePath!
Probe: +ProbeHandler initialDelaySeconds:int32 timeoutSeconds:int32 periodSeconds:int32
  successThreshold:int32 failureThreshold:int32 terminationGracePeriodSeconds:*int64
ProbeHandler: exec:*ExecAction httpGet/HTTPGet:*HTTPGetAction tcpSocket/TCPSocket:*TCPSocketAction
  grpc/GRPC:*GRPCAction
ExecAction: command:[]string
HTTPGetAction: path port:IntOrString! host scheme:URIScheme httpHeaders/HTTPHeaders:[]HTTPHeader
HTTPHeader: name! value!
TCPSocketAction: port:IntOrString! host
GRPCAction: port:int32! service:*string!
Lifecycle: postStart:*LifecycleHandler preStop:*LifecycleHandler stopSignal:*Signal
LifecycleHandler: exec:*ExecAction httpGet/HTTPGet:*HTTPGetAction tcpSocket/TCPSocket:*TCPSocketAction
  sleep:*SleepAction
SleepAction: seconds:int64!
SecurityContext: capabilities:*Capabilities privileged:*bool seLinuxOptions/SELinuxOptions:*SELinuxOptions
  windowsOptions:*WindowsSecurityContextOptions runAsUser:*int64 runAsGroup:*int64 runAsNonRoot:*bool
  readOnlyRootFilesystem:*bool allowPrivilegeEscalation:*bool procMount:*ProcMountType
  seccompProfile:*SeccompProfile appArmorProfile:*AppArmorProfile
Capabilities: add:[]Capability drop:[]Capability
SELinuxOptions: user role type level
WindowsSecurityContextOptions: gmsaCredentialSpecName/GMSACredentialSpecName:*string
  gmsaCredentialSpec/GMSACredentialSpec:*string runAsUserName:*string hostProcess:*bool
SeccompProfile: type:SeccompProfileType! localhostProfile:*string
AppArmorProfile: type:AppArmorProfileType! localhostProfile:*string
EphemeralContainer: +EphemeralContainerCommon targetContainerName
EphemeralContainerCommon: name! image command:[]string args:[]string workingDir
  ports:[]ContainerPort@containerPort envFrom:[]EnvFromSource env:[]EnvVar@name
  resources:ResourceRequirements resizePolicy:[]ContainerResizePolicy restartPolicy:*ContainerRestartPolicy
  restartPolicyRules:[]ContainerRestartRule volumeMounts:[]VolumeMount@mountPath
  volumeDevices:[]VolumeDevice@devicePath livenessProbe:*Probe readinessProbe:*Probe startupProbe:*Probe
  lifecycle:*Lifecycle terminationMessagePath terminationMessagePolicy:TerminationMessagePolicy
  imagePullPolicy:PullPolicy securityContext:*SecurityContext stdin:bool stdinOnce:bool tty/TTY:bool
PodSecurityContext: seLinuxOptions/SELinuxOptions:*SELinuxOptions
  windowsOptions:*WindowsSecurityContextOptions runAsUser:*int64 runAsGroup:*int64 runAsNonRoot:*bool
  supplementalGroups:[]int64 supplementalGroupsPolicy:*SupplementalGroupsPolicy fsGroup/FSGroup:*int64
  sysctls:[]Sysctl fsGroupChangePolicy/FSGroupChangePolicy:*PodFSGroupChangePolicy
  seccompProfile:*SeccompProfile appArmorProfile:*AppArmorProfile
  seLinuxChangePolicy/SELinuxChangePolicy:*PodSELinuxChangePolicy
Sysctl: name! value!
Affinity: nodeAffinity:*NodeAffinity podAffinity:*PodAffinity podAntiAffinity:*PodAntiAffinity
NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution:*NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution:[]PreferredSchedulingTerm
NodeSelector: nodeSelectorTerms:[]NodeSelectorTerm!
NodeSelectorTerm: matchExpressions:[]NodeSelectorRequirement matchFields:[]NodeSelectorRequirement
NodeSelectorRequirement: key! operator:NodeSelectorOperator! values:[]string
PreferredSchedulingTerm: weight:int32! preference:NodeSelectorTerm!
PodAffinity: requiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm
PodAffinityTerm: labelSelector:*LabelSelector namespaces:[]string topologyKey!
  namespaceSelector:*LabelSelector matchLabelKeys:[]string mismatchLabelKeys:[]string
WeightedPodAffinityTerm: weight:int32! podAffinityTerm:PodAffinityTerm!
PodAntiAffinity: requiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm
Toleration: key operator:TolerationOperator value effect:TaintEffect tolerationSeconds:*int64
HostAlias: ip/IP! hostnames:[]string
PodDNSConfig: nameservers:[]string searches:[]string options:[]PodDNSConfigOption
PodDNSConfigOption: name value:*string
PodReadinessGate: conditionType:PodConditionType!
TopologySpreadConstraint: maxSkew:int32! topologyKey! whenUnsatisfiable:UnsatisfiableConstraintAction!
  labelSelector:*LabelSelector minDomains:*int32 nodeAffinityPolicy:*NodeInclusionPolicy
  nodeTaintsPolicy:*NodeInclusionPolicy matchLabelKeys:[]string
PodOS: name:OSName!
PodSchedulingGate: name!
PodResourceClaim: name! resourceClaimName:*string resourceClaimTemplateName:*string
WorkloadReference: name! podGroup! podGroupReplicaKey
PodStatus: observedGeneration:int64 phase:PodPhase conditions:[]PodCondition@type message reason
  nominatedNodeName hostIP hostIPs:[]HostIP@ip podIP podIPs:[]PodIP@ip startTime:*Time
  initContainerStatuses:[]ContainerStatus containerStatuses:[]ContainerStatus qosClass/QOSClass:PodQOSClass
  ephemeralContainerStatuses:[]ContainerStatus resize:PodResizeStatus
  resourceClaimStatuses:[]PodResourceClaimStatus@name&
  extendedResourceClaimStatus:*PodExtendedResourceClaimStatus allocatedResources:ResourceList
  resources:*ResourceRequirements
PodCondition: type:PodConditionType! observedGeneration:int64 status:ConditionStatus! lastProbeTime:Time
  lastTransitionTime:Time reason message
HostIP: ip/IP!
PodIP: ip/IP!
ContainerStatus: name! state:ContainerState lastState/LastTerminationState:ContainerState ready:bool!
  restartCount:int32! image! imageID! containerID started:*bool allocatedResources:ResourceList
  resources:*ResourceRequirements volumeMounts:[]VolumeMountStatus@mountPath user:*ContainerUser
  allocatedResourcesStatus:[]ResourceStatus@name stopSignal:*Signal
ContainerState: waiting:*ContainerStateWaiting running:*ContainerStateRunning
  terminated:*ContainerStateTerminated
ContainerStateWaiting: reason message
ContainerStateRunning: startedAt:Time
ContainerStateTerminated: exitCode:int32! signal:int32 reason message startedAt:Time finishedAt:Time
  containerID
VolumeMountStatus: name! mountPath! readOnly:bool recursiveReadOnly:*RecursiveReadOnlyMode
ContainerUser: linux:*LinuxContainerUser
LinuxContainerUser: uid/UID:int64! gid/GID:int64! supplementalGroups:[]int64
ResourceStatus: name:ResourceName! resources:[]ResourceHealth
ResourceHealth: resourceID:ResourceID! health:ResourceHealthStatus
PodResourceClaimStatus: name! resourceClaimName:*string
PodExtendedResourceClaimStatus: requestMappings:[]ContainerExtendedResourceRequest! resourceClaimName!
ContainerExtendedResourceRequest: containerName! resourceName! requestName!
`
