// The typed form of Istio's installation values (istio.operator.v1alpha1.Values) as data, in the grammar of
// proto-table.ts; `name=json` gives a JSON name that does not follow from the declared one. The injector reads few of
// these fields, but a value of the wrong type in any of them makes the whole text unusable (contract §3.2).
// Longer than a file may be, because it is a table.

export const VALUES_MESSAGES: Readonly<Record<string, string>> = {
  'op.Values': `
    cni:op.CNIConfig gateways:op.GatewaysConfig global:op.GlobalConfig pilot:op.PilotConfig ztunnel:Value
    telemetry:op.TelemetryConfig sidecarInjectorWebhook:op.SidecarInjectorConfig istio_cni:op.CNIUsageConfig
    revision:string ownerName:string meshConfig:Value base:op.BaseConfig istiodRemote:op.IstiodRemoteConfig
    revisionTags:[]string defaultRevision:string profile:string compatibilityVersion:string
    experimental:op.ExperimentalConfig gatewayClasses:Value
  `,
  'op.ArchConfig': 'amd64:uint32 ppc64le:uint32 s390x:uint32 arm64:uint32',
  'op.CNIConfig': `
    enabled:BoolValue hub:string tag:Value variant:string image:string pullPolicy:string cniBinDir:string
    cniConfDir:string cniConfFileName:string cniNetnsDir:string excludeNamespaces:[]string affinity:Struct
    env:Struct daemonSetLabels:Struct podAnnotations:Struct podLabels:Struct psp_cluster_role:string
    logLevel:string logging:op.GlobalLoggingConfig repair:op.CNIRepairConfig chained:BoolValue
    resource_quotas:op.ResourceQuotas resources:op.Resources privileged:BoolValue seccompProfile:Struct
    ambient:op.CNIAmbientConfig provider:string rollingMaxUnavailable:IntOrString istioOwnedCNIConfig:BoolValue
    istioOwnedCNIConfigFileName:string useAppArmorAnnotation:BoolValue
  `,
  'op.CNIUsageConfig': 'enabled:BoolValue chained:BoolValue provider:string',
  'op.CNIAmbientConfig': `
    enabled:BoolValue configDir:string dnsCapture:BoolValue ipv6:BoolValue
    reconcileIptablesOnStartup:BoolValue
  `,
  'op.CNIRepairConfig': `
    enabled:BoolValue hub:string tag:Value image:string labelPods:bool repairPods:bool createEvents:string
    deletePods:bool brokenPodLabelKey:string brokenPodLabelValue:string initContainerName:string
  `,
  'op.ResourceQuotas': 'enabled:BoolValue pods:int64',
  'op.TargetUtilizationConfig': 'targetAverageUtilization:int32',
  'op.Resources': 'limits:{}string requests:{}string',
  'op.ServiceAccount': 'annotations:Struct',
  'op.DefaultPodDisruptionBudgetConfig': 'enabled:BoolValue',
  'op.DefaultResourcesConfig': 'requests:op.ResourcesRequestsConfig',
  'op.ResourcesRequestsConfig': 'cpu:string memory:string',
  'op.EgressGatewayConfig': `
    autoscaleEnabled:BoolValue autoscaleMax:uint32 autoscaleMin:uint32 memory:op.TargetUtilizationConfig
    cpu:op.TargetUtilizationConfig customService:BoolValue enabled:BoolValue env:Struct labels:{}string
    name:string nodeSelector:Struct podAnnotations:Struct podAntiAffinityLabelSelector:[]Struct
    podAntiAffinityTermLabelSelector:[]Struct ports:[]op.PortsConfig resources:op.Resources
    secretVolumes:[]op.SecretVolume serviceAnnotations:Struct type:string tolerations:[]Struct
    rollingMaxSurge:IntOrString rollingMaxUnavailable:IntOrString configVolumes:[]Struct
    additionalContainers:[]Struct runAsRoot:BoolValue injectionTemplate:string
    serviceAccount:op.ServiceAccount ipFamilies:[]string ipFamilyPolicy:string
  `,
  'op.IngressGatewayConfig': `
    autoscaleEnabled:BoolValue autoscaleMax:uint32 autoscaleMin:uint32 memory:op.TargetUtilizationConfig
    cpu:op.TargetUtilizationConfig customService:BoolValue enabled:BoolValue env:Struct labels:{}string
    loadBalancerIP:string loadBalancerSourceRanges:[]string name:string nodeSelector:Struct
    podAnnotations:Struct podAntiAffinityLabelSelector:[]Struct podAntiAffinityTermLabelSelector:[]Struct
    ports:[]op.PortsConfig replicaCount:uint32 resources:Struct secretVolumes:[]op.SecretVolume
    serviceAnnotations:Struct type:string rollingMaxSurge:IntOrString rollingMaxUnavailable:IntOrString
    externalTrafficPolicy:string tolerations:[]Struct ingressPorts:[]Struct additionalContainers:[]Struct
    configVolumes:[]Struct runAsRoot:BoolValue injectionTemplate:string serviceAccount:op.ServiceAccount
    ipFamilies:[]string ipFamilyPolicy:string
  `,
  'op.GatewaysConfig': `
    istio_egressgateway=istio-egressgateway:op.EgressGatewayConfig enabled:BoolValue
    istio_ingressgateway=istio-ingressgateway:op.IngressGatewayConfig securityContext:Value
    seccompProfile:Value
  `,
  'op.GlobalConfig': `
    arch:op.ArchConfig certSigners:[]string configValidation:BoolValue defaultNodeSelector:Struct
    defaultPodDisruptionBudget:op.DefaultPodDisruptionBudgetConfig defaultResources:op.DefaultResourcesConfig
    defaultTolerations:[]Struct hub:string imagePullPolicy:string imagePullSecrets:[]string
    istioNamespace:string logAsJson:BoolValue logging:op.GlobalLoggingConfig meshID:string meshNetworks:Struct
    multiCluster:op.MultiClusterConfig network:string podDNSSearchNamespaces:[]string
    omitSidecarInjectorConfigMap:BoolValue operatorManageWebhooks:BoolValue priorityClassName:string
    proxy:op.ProxyConfig proxy_init=proxy_init:op.ProxyInitConfig sds:op.SDSConfig tag:Value variant:string
    tracer:op.TracerConfig remotePilotAddress:string istiod:op.IstiodConfig pilotCertProvider:string
    jwtPolicy:string sts:op.STSConfig revision:string mountMtlsCerts:BoolValue caAddress:string
    externalIstiod:BoolValue configCluster:BoolValue caName:string platform:string ipFamilies:[]string
    ipFamilyPolicy:string waypoint:op.WaypointConfig trustBundleName:string nativeNftables:BoolValue
    networkPolicy:op.NetworkPolicyConfig resourceScope:op.ResourceScope agentgateway:op.Agentgateway
    enableReaderRBAC:BoolValue
  `,
  'op.Agentgateway': 'image:string',
  'op.STSConfig': 'servicePort:uint32',
  'op.IstiodConfig': 'enableAnalysis:BoolValue',
  'op.GlobalLoggingConfig': 'level:string',
  'op.MultiClusterConfig': `
    enabled:BoolValue clusterName:string globalDomainSuffix:string includeEnvoyFilter:BoolValue
  `,
  'op.PilotConfig': `
    enabled:BoolValue autoscaleEnabled:BoolValue autoscaleMin:uint32 autoscaleMax:uint32
    autoscaleBehavior:Struct replicaCount:uint32 image:string traceSampling:double resources:op.Resources
    cpu:op.TargetUtilizationConfig nodeSelector:Struct keepaliveMaxServerConnectionAge:Duration
    deploymentLabels:Struct podLabels:Struct configMap:BoolValue env:Struct affinity:Struct
    rollingMaxSurge:IntOrString rollingMaxUnavailable:IntOrString tolerations:[]Struct podAnnotations:Struct
    serviceAnnotations:Struct serviceAccountAnnotations:Struct jwksResolverExtraRootCA:string hub:string
    tag:Value variant:string seccompProfile:Struct topologySpreadConstraints:[]Struct
    terminationGracePeriodSeconds:uint32 extraContainerArgs:[]Struct volumeMounts:[]Struct volumes:[]Struct
    ipFamilies:[]string ipFamilyPolicy:string memory:op.TargetUtilizationConfig cni:op.CNIUsageConfig
    taint:op.PilotTaintControllerConfig trustedZtunnelNamespace:string istiodRemote:op.IstiodRemoteConfig
    envVarFrom:[]Struct crlConfigMapName:string
  `,
  'op.PilotTaintControllerConfig': 'enabled:bool namespace:string name:string',
  'op.TelemetryConfig': 'enabled:BoolValue v2:op.TelemetryV2Config',
  'op.TelemetryV2Config': `
    enabled:BoolValue prometheus:op.TelemetryV2PrometheusConfig stackdriver:op.TelemetryV2StackDriverConfig
  `,
  'op.TelemetryV2PrometheusConfig': 'enabled:BoolValue',
  'op.TelemetryV2StackDriverConfig': 'enabled:BoolValue',
  'op.PortsConfig': 'name:string port:int32 nodePort:int32 targetPort:int32 protocol:string',
  'op.ProxyConfig': `
    autoInject:string clusterDomain:string componentLogLevel:string enableCoreDump:BoolValue
    excludeInboundPorts:string excludeIPRanges:string image:string includeIPRanges:string logLevel:string
    outlierLogPath:string privileged:BoolValue readinessInitialDelaySeconds:uint32
    readinessPeriodSeconds:uint32 readinessFailureThreshold:uint32 seccompProfile:Struct
    startupProbe:op.StartupProbe statusPort:uint32 resources:op.Resources tracer:op.tracer
    excludeOutboundPorts:string lifecycle:Struct holdApplicationUntilProxyStarts:BoolValue
    includeInboundPorts:string includeOutboundPorts:string
  `,
  'op.StartupProbe': 'enabled:BoolValue failureThreshold:uint32',
  'op.ProxyInitConfig': 'image:string resources:op.Resources',
  'op.SDSConfig': 'token:Struct',
  'op.SecretVolume': 'mountPath:string name:string secretName:string',
  'op.SidecarInjectorConfig': `
    enableNamespacesByDefault:BoolValue reinvocationPolicy:string neverInjectSelector:[]Struct
    alwaysInjectSelector:[]Struct rewriteAppHTTPProbe:BoolValue injectedAnnotations:Struct
    injectionURL:string templates:Struct defaultTemplates:[]string
  `,
  'op.TracerConfig': `
    datadog:op.TracerDatadogConfig lightstep:op.TracerLightStepConfig zipkin:op.TracerZipkinConfig
    stackdriver:op.TracerStackdriverConfig
  `,
  'op.TracerDatadogConfig': 'address:string',
  'op.TracerLightStepConfig': 'address:string accessToken:string',
  'op.TracerZipkinConfig': 'address:string',
  'op.TracerStackdriverConfig': `
    debug:BoolValue maxNumberOfAttributes:uint32 maxNumberOfAnnotations:uint32 maxNumberOfMessageEvents:uint32
  `,
  'op.BaseConfig': `
    enableCRDTemplates:BoolValue excludedCRDs:[]string validationURL:string enableIstioConfigCRDs:BoolValue
    validateGateway:BoolValue validationCABundle:string
  `,
  'op.IstiodRemoteConfig': `
    injectionURL:string injectionPath:string injectionCABundle:string enabled:BoolValue
    enabledLocalInjectorIstiod:BoolValue
  `,
  'op.ExperimentalConfig': 'stableValidationPolicy:BoolValue',
  'op.WaypointConfig': `
    resources:op.Resources affinity:Struct topologySpreadConstraints:[]Struct nodeSelector:Struct
    toleration:[]Struct
  `,
  'op.NetworkPolicyConfig': 'enabled:BoolValue',
}

export const VALUES_ENUMS: Readonly<Record<string, string>> = {
  'op.ResourceScope': 'undefined all cluster namespace',
  'op.tracer': 'zipkin lightstep datadog stackdriver openCensusAgent none',
}
