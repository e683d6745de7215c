// The kinds besides Pod that kube-inject knows (contract §13.2), with the types they add to the pod graph
// (k8s.io/api v0.35, apps.openshift.io/v1), in the notation of schema.ts. kube-inject prints the typed object,
// so field order and always-present empties (`strategy: {}`, `status: {}`) follow from here.
// A table, so longer than other files.

import { POD, POD_TABLE, type SchemaType, TypeTable } from './schema.ts'

const WORKLOAD_TYPES = `
=[]os.DeploymentTriggerPolicy: os.DeploymentTriggerPolicies
=string: ClaimResourceStatus CompletionMode ConcurrencyPolicy DaemonSetConditionType
  DaemonSetUpdateStrategyType DeploymentConditionType DeploymentStrategyType JobConditionType
  PersistentVolumeClaimConditionType PersistentVolumeClaimModifyVolumeStatus PersistentVolumeClaimPhase
  PersistentVolumeClaimRetentionPolicyType PodFailurePolicyAction PodFailurePolicyOnExitCodesOperator
  PodManagementPolicyType PodReplacementPolicy ReplicaSetConditionType
  ReplicationControllerConditionType StatefulSetConditionType StatefulSetUpdateStrategyType
  os.DeploymentConditionType os.DeploymentStrategyType os.DeploymentTriggerType
  os.LifecycleHookFailurePolicy
ReplicationController: +TypeMeta metadata+ObjectMeta spec:ReplicationControllerSpec
  status:ReplicationControllerStatus
ReplicationControllerSpec: replicas:*int32 minReadySeconds:int32 selector:map[string]string
  template:*PodTemplateSpec
PodTemplateSpec: metadata+ObjectMeta spec:PodSpec
ReplicationControllerStatus: replicas:int32! fullyLabeledReplicas:int32 readyReplicas:int32
  availableReplicas:int32 observedGeneration:int64 conditions:[]ReplicationControllerCondition@type
ReplicationControllerCondition: type:ReplicationControllerConditionType! status:ConditionStatus!
  lastTransitionTime:Time reason message
Deployment: +TypeMeta metadata+ObjectMeta spec:DeploymentSpec status:DeploymentStatus
DeploymentSpec: replicas:*int32 selector:*LabelSelector! template:PodTemplateSpec!
  strategy:DeploymentStrategy& minReadySeconds:int32 revisionHistoryLimit:*int32 paused:bool
  progressDeadlineSeconds:*int32
DeploymentStrategy: type:DeploymentStrategyType rollingUpdate:*RollingUpdateDeployment
RollingUpdateDeployment: maxUnavailable:*IntOrString maxSurge:*IntOrString
DeploymentStatus: observedGeneration:int64 replicas:int32 updatedReplicas:int32 readyReplicas:int32
  availableReplicas:int32 unavailableReplicas:int32 terminatingReplicas:*int32
  conditions:[]DeploymentCondition@type collisionCount:*int32
DeploymentCondition: type:DeploymentConditionType! status:ConditionStatus! lastUpdateTime:Time
  lastTransitionTime:Time reason message
DaemonSet: +TypeMeta metadata+ObjectMeta spec:DaemonSetSpec status:DaemonSetStatus
DaemonSetSpec: selector:*LabelSelector! template:PodTemplateSpec! updateStrategy:DaemonSetUpdateStrategy
  minReadySeconds:int32 revisionHistoryLimit:*int32
DaemonSetUpdateStrategy: type:DaemonSetUpdateStrategyType rollingUpdate:*RollingUpdateDaemonSet
RollingUpdateDaemonSet: maxUnavailable:*IntOrString maxSurge:*IntOrString
DaemonSetStatus: currentNumberScheduled:int32! numberMisscheduled:int32! desiredNumberScheduled:int32!
  numberReady:int32! observedGeneration:int64 updatedNumberScheduled:int32 numberAvailable:int32
  numberUnavailable:int32 collisionCount:*int32 conditions:[]DaemonSetCondition@type
DaemonSetCondition: type:DaemonSetConditionType! status:ConditionStatus! lastTransitionTime:Time reason
  message
ReplicaSet: +TypeMeta metadata+ObjectMeta spec:ReplicaSetSpec status:ReplicaSetStatus
ReplicaSetSpec: replicas:*int32 minReadySeconds:int32 selector:*LabelSelector! template:PodTemplateSpec
ReplicaSetStatus: replicas:int32! fullyLabeledReplicas:int32 readyReplicas:int32 availableReplicas:int32
  terminatingReplicas:*int32 observedGeneration:int64 conditions:[]ReplicaSetCondition@type
ReplicaSetCondition: type:ReplicaSetConditionType! status:ConditionStatus! lastTransitionTime:Time reason
  message
StatefulSet: +TypeMeta metadata+ObjectMeta spec:StatefulSetSpec status:StatefulSetStatus
StatefulSetSpec: replicas:*int32 selector:*LabelSelector! template:PodTemplateSpec!
  volumeClaimTemplates:[]PersistentVolumeClaim serviceName! podManagementPolicy:PodManagementPolicyType
  updateStrategy:StatefulSetUpdateStrategy revisionHistoryLimit:*int32 minReadySeconds:int32
  persistentVolumeClaimRetentionPolicy:*StatefulSetPersistentVolumeClaimRetentionPolicy
  ordinals:*StatefulSetOrdinals
PersistentVolumeClaim: +TypeMeta metadata+ObjectMeta spec:PersistentVolumeClaimSpec
  status:PersistentVolumeClaimStatus
PersistentVolumeClaimStatus: phase:PersistentVolumeClaimPhase accessModes:[]PersistentVolumeAccessMode
  capacity:ResourceList conditions:[]PersistentVolumeClaimCondition@type allocatedResources:ResourceList
  allocatedResourceStatuses:map[ResourceName]ClaimResourceStatus currentVolumeAttributesClassName:*string
  modifyVolumeStatus:*ModifyVolumeStatus
PersistentVolumeClaimCondition: type:PersistentVolumeClaimConditionType! status:ConditionStatus!
  lastProbeTime:Time lastTransitionTime:Time reason message
ModifyVolumeStatus: targetVolumeAttributesClassName status:PersistentVolumeClaimModifyVolumeStatus!
StatefulSetUpdateStrategy: type:StatefulSetUpdateStrategyType
  rollingUpdate:*RollingUpdateStatefulSetStrategy
RollingUpdateStatefulSetStrategy: partition:*int32 maxUnavailable:*IntOrString
StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted:PersistentVolumeClaimRetentionPolicyType
  whenScaled:PersistentVolumeClaimRetentionPolicyType
StatefulSetOrdinals: start:int32!
StatefulSetStatus: observedGeneration:int64 replicas:int32! readyReplicas:int32 currentReplicas:int32
  updatedReplicas:int32 currentRevision updateRevision collisionCount:*int32
  conditions:[]StatefulSetCondition@type availableReplicas:int32!
StatefulSetCondition: type:StatefulSetConditionType! status:ConditionStatus! lastTransitionTime:Time reason
  message
Job: +TypeMeta metadata+ObjectMeta spec:JobSpec status:JobStatus
JobSpec: parallelism:*int32 completions:*int32 activeDeadlineSeconds:*int64
  podFailurePolicy:*PodFailurePolicy successPolicy:*SuccessPolicy backoffLimit:*int32
  backoffLimitPerIndex:*int32 maxFailedIndexes:*int32 selector:*LabelSelector manualSelector:*bool
  template:PodTemplateSpec! ttlSecondsAfterFinished/TTLSecondsAfterFinished:*int32
  completionMode:*CompletionMode suspend:*bool podReplacementPolicy:*PodReplacementPolicy managedBy:*string
PodFailurePolicy: rules:[]PodFailurePolicyRule!
PodFailurePolicyRule: action:PodFailurePolicyAction! onExitCodes:*PodFailurePolicyOnExitCodesRequirement
  onPodConditions:[]PodFailurePolicyOnPodConditionsPattern
PodFailurePolicyOnExitCodesRequirement: containerName:*string operator:PodFailurePolicyOnExitCodesOperator!
  values:[]int32!
PodFailurePolicyOnPodConditionsPattern: type:PodConditionType! status:ConditionStatus!
SuccessPolicy: rules:[]SuccessPolicyRule!
SuccessPolicyRule: succeededIndexes:*string succeededCount:*int32
JobStatus: conditions:[]JobCondition@type startTime:*Time completionTime:*Time active:int32 succeeded:int32
  failed:int32 terminating:*int32 completedIndexes failedIndexes:*string
  uncountedTerminatedPods:*UncountedTerminatedPods ready:*int32
JobCondition: type:JobConditionType! status:ConditionStatus! lastProbeTime:Time lastTransitionTime:Time
  reason message
UncountedTerminatedPods: succeeded:[]UID failed:[]UID
CronJob: +TypeMeta metadata+ObjectMeta spec:CronJobSpec status:CronJobStatus
CronJobSpec: schedule! timeZone:*string startingDeadlineSeconds:*int64 concurrencyPolicy:ConcurrencyPolicy
  suspend:*bool jobTemplate:JobTemplateSpec! successfulJobsHistoryLimit:*int32 failedJobsHistoryLimit:*int32
JobTemplateSpec: metadata+ObjectMeta spec:JobSpec
CronJobStatus: active:[]ObjectReference lastScheduleTime:*Time lastSuccessfulTime:*Time
ObjectReference: kind namespace name uid/UID:UID apiVersion/APIVersion resourceVersion fieldPath
DeploymentConfig: +TypeMeta metadata+ObjectMeta spec:DeploymentConfigSpec! status:DeploymentConfigStatus
DeploymentConfigSpec: strategy:os.DeploymentStrategy! minReadySeconds:int32
  triggers:os.DeploymentTriggerPolicies! replicas:int32! revisionHistoryLimit:*int32 test:bool! paused:bool
  selector:map[string]string template:*PodTemplateSpec
os.DeploymentStrategy: type:os.DeploymentStrategyType customParams:*os.CustomDeploymentStrategyParams
  recreateParams:*os.RecreateDeploymentStrategyParams rollingParams:*os.RollingDeploymentStrategyParams
  resources:ResourceRequirements labels:map[string]string annotations:map[string]string
  activeDeadlineSeconds:*int64
os.CustomDeploymentStrategyParams: image environment:[]EnvVar command:[]string
os.RecreateDeploymentStrategyParams: timeoutSeconds:*int64 pre:*os.LifecycleHook mid:*os.LifecycleHook
  post:*os.LifecycleHook
os.LifecycleHook: failurePolicy:os.LifecycleHookFailurePolicy! execNewPod:*os.ExecNewPodHook
  tagImages:[]os.TagImageHook
os.ExecNewPodHook: command:[]string! env:[]EnvVar containerName! volumes:[]string
os.TagImageHook: containerName! to:ObjectReference!
os.RollingDeploymentStrategyParams: updatePeriodSeconds:*int64 intervalSeconds:*int64 timeoutSeconds:*int64
  maxUnavailable:*IntOrString maxSurge:*IntOrString pre:*os.LifecycleHook post:*os.LifecycleHook
os.DeploymentTriggerPolicy: type:os.DeploymentTriggerType
  imageChangeParams:*os.DeploymentTriggerImageChangeParams
os.DeploymentTriggerImageChangeParams: automatic:bool containerNames:[]string from:ObjectReference!
  lastTriggeredImage
DeploymentConfigStatus: latestVersion:int64! observedGeneration:int64! replicas:int32!
  updatedReplicas:int32! availableReplicas:int32! unavailableReplicas:int32! details:*os.DeploymentDetails
  conditions:[]os.DeploymentCondition@type readyReplicas:int32
os.DeploymentDetails: message causes:[]os.DeploymentCause!
os.DeploymentCause: type:os.DeploymentTriggerType! imageTrigger:*os.DeploymentCauseImageTrigger
os.DeploymentCauseImageTrigger: from:ObjectReference!
os.DeploymentCondition: type:os.DeploymentConditionType! status:ConditionStatus! lastUpdateTime:Time
  lastTransitionTime:Time reason message
List: +TypeMeta metadata+ListMeta items:[]RawExtension!
ListMeta: selfLink resourceVersion continue remainingItemCount:*int64`

const TABLE = new TypeTable(WORKLOAD_TYPES, POD_TABLE)

const KINDS: Readonly<Record<string, readonly string[]>> = {
  // OpenShift's first API had no group.
  v1: ['ReplicationController', 'List', 'DeploymentConfig'],
  'apps/v1': ['Deployment', 'DaemonSet', 'ReplicaSet', 'StatefulSet'],
  'batch/v1': ['Job', 'CronJob'],
  'apps.openshift.io/v1': ['DeploymentConfig'],
}

const BY_KIND: ReadonlyMap<string, SchemaType> = new Map([
  ['v1 Pod', POD],
  ...Object.entries(KINDS).flatMap(([apiVersion, kinds]) =>
    kinds.map((kind): [string, SchemaType] => [`${apiVersion} ${kind}`, TABLE.type(kind)]),
  ),
])

/** The type of an object that kube-inject reads as such; undefined for every other apiVersion and kind. */
export function workloadType(apiVersion: string, kind: string): SchemaType | undefined {
  return BY_KIND.get(`${apiVersion} ${kind}`)
}
