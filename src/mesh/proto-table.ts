// The mesh configuration API as data: for every message reachable from istio.mesh.v1alpha1.MeshConfig its fields in
// declaration order, and every enum. Facts of the public API up to release 1.30; proto.ts gives the grammar its meaning.
//
//   field    name:type[|oneof][@minor]     @minor: first release 1.<minor> that knows the field (all since 1.20 without)
//   type     string, bool, int32, …, Duration, a wrapper, Struct, or the name of a message or an enum; []T list, {}T map by string
//   enum     NAME[=number][@minor] …       numbers count on from the one before
//   names    mesh. istio.mesh.v1alpha1.    net. istio.networking.v1alpha3.    netbeta. istio.networking.v1beta1.
//            type. istio.type.v1beta1.
// Longer than a file may be, because it is a table.

export const MESSAGES: Readonly<Record<string, string>> = {
  'mesh.MeshConfig': `
    proxy_listen_port:int32 proxy_inbound_listen_port:int32 proxy_http_port:int32
    connect_timeout:Duration hbone_idle_timeout:Duration@29 protocol_detection_timeout:Duration
    tcp_keepalive:net.ConnectionPoolSettings.TCPSettings.TcpKeepalive ingress_class:string
    ingress_service:string ingress_controller_mode:mesh.MeshConfig.IngressControllerMode
    ingress_selector:string enable_tracing:bool access_log_file:string access_log_format:string
    access_log_encoding:mesh.MeshConfig.AccessLogEncoding enable_envoy_access_log_service:bool
    disable_envoy_listener_log:bool default_config:mesh.ProxyConfig
    outbound_traffic_policy:mesh.MeshConfig.OutboundTrafficPolicy
    inbound_traffic_policy:mesh.MeshConfig.InboundTrafficPolicy@22 config_sources:[]mesh.ConfigSource
    enable_auto_mtls:BoolValue trust_domain:string trust_domain_aliases:[]string
    ca_certificates:[]mesh.MeshConfig.CertificateData default_service_export_to:[]string
    default_virtual_service_export_to:[]string default_destination_rule_export_to:[]string
    root_namespace:string locality_lb_setting:net.LocalityLoadBalancerSetting dns_refresh_rate:Duration
    h2_upgrade_policy:mesh.MeshConfig.H2UpgradePolicy inbound_cluster_stat_name:string
    outbound_cluster_stat_name:string certificates:[]mesh.Certificate
    service_settings:[]mesh.MeshConfig.ServiceSettings
    service_scope_configs:[]mesh.MeshConfig.ServiceScopeConfigs@27 enable_prometheus_merge:BoolValue
    verify_certificate_at_client:BoolValue ca:mesh.MeshConfig.CA
    extension_providers:[]mesh.MeshConfig.ExtensionProvider
    default_providers:mesh.MeshConfig.DefaultProviders discovery_selectors:[]mesh.LabelSelector
    path_normalization:mesh.MeshConfig.ProxyPathNormalization default_http_retry_policy:net.HTTPRetry
    mesh_mTLS:mesh.MeshConfig.TLSConfig tls_defaults:mesh.MeshConfig.TLSConfig
  `,
  'net.ConnectionPoolSettings.TCPSettings.TcpKeepalive': 'probes:uint32 time:Duration interval:Duration',
  'mesh.ProxyConfig': `
    config_path:string binary_path:string service_cluster:string|cluster_name
    tracing_service_name:mesh.ProxyConfig.TracingServiceName|cluster_name drain_duration:Duration
    discovery_address:string discovery_refresh_delay:Duration zipkin_address:string
    statsd_udp_address:string envoy_metrics_service_address:string proxy_admin_port:int32
    availability_zone:string control_plane_auth_policy:mesh.AuthenticationPolicy
    custom_config_file:string stat_name_length:int32 concurrency:Int32Value
    proxy_bootstrap_template_path:string interception_mode:mesh.ProxyConfig.InboundInterceptionMode
    tracing:mesh.Tracing sds:mesh.SDS envoy_access_log_service:mesh.RemoteService
    envoy_metrics_service:mesh.RemoteService proxy_metadata:{}string runtime_values:{}string
    status_port:int32 extra_stat_tags:[]string gateway_topology:mesh.Topology
    termination_drain_duration:Duration mesh_id:string readiness_probe:net.ReadinessProbe
    proxy_stats_matcher:mesh.ProxyConfig.ProxyStatsMatcher hold_application_until_proxy_starts:BoolValue
    ca_certificates_pem:[]string image:netbeta.ProxyImage private_key_provider:mesh.PrivateKeyProvider
    proxy_headers:mesh.ProxyConfig.ProxyHeaders file_flush_interval:Duration@29
    file_flush_min_size_kb:uint32@29 stats_compression:BoolValue@29
  `,
  'mesh.MeshConfig.OutboundTrafficPolicy':
    'mode:mesh.MeshConfig.OutboundTrafficPolicy.Mode tls:net.ClientTLSSettings@30',
  'mesh.MeshConfig.InboundTrafficPolicy': 'mode:mesh.MeshConfig.InboundTrafficPolicy.Mode',
  'mesh.ConfigSource':
    'address:string tls_settings:net.ClientTLSSettings subscribed_resources:[]mesh.Resource',
  'mesh.MeshConfig.CertificateData': `
    pem:string|certificate_data spiffe_bundle_url:string|certificate_data cert_signers:[]string
    trust_domains:[]string
  `,
  'net.LocalityLoadBalancerSetting': `
    distribute:[]net.LocalityLoadBalancerSetting.Distribute
    failover:[]net.LocalityLoadBalancerSetting.Failover failover_priority:[]string enabled:BoolValue
  `,
  'mesh.Certificate': 'secret_name:string dns_names:[]string',
  'mesh.MeshConfig.ServiceSettings': 'settings:mesh.MeshConfig.ServiceSettings.Settings hosts:[]string',
  'mesh.MeshConfig.ServiceScopeConfigs': `
    namespace_selector:mesh.LabelSelector services_selector:mesh.LabelSelector
    scope:mesh.MeshConfig.ServiceScopeConfigs.Scope
  `,
  'mesh.MeshConfig.CA':
    'address:string tls_settings:net.ClientTLSSettings request_timeout:Duration istiod_side:bool',
  'mesh.MeshConfig.ExtensionProvider': `
    name:string
    envoy_ext_authz_http:mesh.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider|provider
    envoy_ext_authz_grpc:mesh.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationGrpcProvider|provider
    zipkin:mesh.MeshConfig.ExtensionProvider.ZipkinTracingProvider|provider
    lightstep:mesh.MeshConfig.ExtensionProvider.LightstepTracingProvider|provider
    datadog:mesh.MeshConfig.ExtensionProvider.DatadogTracingProvider|provider
    stackdriver:mesh.MeshConfig.ExtensionProvider.StackdriverProvider|provider
    opencensus:mesh.MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider|provider
    skywalking:mesh.MeshConfig.ExtensionProvider.SkyWalkingTracingProvider|provider
    opentelemetry:mesh.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider|provider
    prometheus:mesh.MeshConfig.ExtensionProvider.PrometheusMetricsProvider|provider
    envoy_file_access_log:mesh.MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider|provider
    envoy_http_als:mesh.MeshConfig.ExtensionProvider.EnvoyHttpGrpcV3LogProvider|provider
    envoy_tcp_als:mesh.MeshConfig.ExtensionProvider.EnvoyTcpGrpcV3LogProvider|provider
    envoy_otel_als:mesh.MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider|provider
    sds:mesh.MeshConfig.ExtensionProvider.SDSProvider|provider@27
  `,
  'mesh.MeshConfig.DefaultProviders': 'tracing:[]string metrics:[]string access_logging:[]string',
  'mesh.LabelSelector': 'matchLabels:{}string matchExpressions:[]mesh.LabelSelectorRequirement',
  'mesh.MeshConfig.ProxyPathNormalization':
    'normalization:mesh.MeshConfig.ProxyPathNormalization.NormalizationType',
  'net.HTTPRetry': `
    attempts:int32 per_try_timeout:Duration retry_on:string retry_remote_localities:BoolValue
    retry_ignore_previous_hosts:BoolValue@26 backoff:Duration@26
  `,
  'mesh.MeshConfig.TLSConfig': `
    min_protocol_version:mesh.MeshConfig.TLSConfig.TLSProtocol ecdh_curves:[]string
    cipher_suites:[]string
  `,
  'mesh.Tracing': `
    zipkin:mesh.Tracing.Zipkin|tracer lightstep:mesh.Tracing.Lightstep|tracer
    datadog:mesh.Tracing.Datadog|tracer stackdriver:mesh.Tracing.Stackdriver|tracer
    open_census_agent:mesh.Tracing.OpenCensusAgent|tracer custom_tags:{}mesh.Tracing.CustomTag
    max_path_tag_length:uint32 sampling:double tls_settings:net.ClientTLSSettings
    enable_istio_tags:BoolValue@25
  `,
  'mesh.SDS': 'enabled:bool k8s_sa_jwt_path:string',
  'mesh.RemoteService': `
    address:string tls_settings:net.ClientTLSSettings
    tcp_keepalive:net.ConnectionPoolSettings.TCPSettings.TcpKeepalive
  `,
  'mesh.Topology': `
    num_trusted_proxies:uint32 forward_client_cert_details:mesh.ForwardClientCertDetails
    proxy_protocol:mesh.Topology.ProxyProtocolConfiguration
  `,
  'net.ReadinessProbe': `
    initial_delay_seconds:int32 timeout_seconds:int32 period_seconds:int32 success_threshold:int32
    failure_threshold:int32 http_get:net.HTTPHealthCheckConfig|health_check_method
    tcp_socket:net.TCPHealthCheckConfig|health_check_method
    exec:net.ExecHealthCheckConfig|health_check_method
    grpc:net.GrpcHealthCheckConfig|health_check_method@25
  `,
  'mesh.ProxyConfig.ProxyStatsMatcher':
    'inclusion_prefixes:[]string inclusion_suffixes:[]string inclusion_regexps:[]string',
  'netbeta.ProxyConfig': `
    selector:type.WorkloadSelector concurrency:Int32Value environment_variables:{}string
    image:netbeta.ProxyImage
  `,
  'type.WorkloadSelector': 'match_labels:{}string',
  'netbeta.ProxyImage': 'image_type:string',
  'mesh.PrivateKeyProvider':
    'cryptomb:mesh.PrivateKeyProvider.CryptoMb|provider qat:mesh.PrivateKeyProvider.QAT|provider',
  'mesh.ProxyConfig.ProxyHeaders': `
    forwarded_client_cert:mesh.ForwardClientCertDetails
    set_current_client_cert_details:mesh.ProxyConfig.ProxyHeaders.SetCurrentClientCertDetails@24
    request_id:mesh.ProxyConfig.ProxyHeaders.RequestId server:mesh.ProxyConfig.ProxyHeaders.Server
    attempt_count:mesh.ProxyConfig.ProxyHeaders.AttemptCount
    envoy_debug_headers:mesh.ProxyConfig.ProxyHeaders.EnvoyDebugHeaders
    metadata_exchange_headers:mesh.ProxyConfig.ProxyHeaders.MetadataExchangeHeaders
    preserve_http1_header_case:BoolValue@25
    x_forwarded_host:mesh.ProxyConfig.ProxyHeaders.XForwardedHost@28
    x_forwarded_port:mesh.ProxyConfig.ProxyHeaders.XForwardedPort@28
  `,
  'net.ClientTLSSettings': `
    mode:net.ClientTLSSettings.TLSmode client_certificate:string private_key:string
    ca_certificates:string credential_name:string subject_alt_names:[]string sni:string
    insecure_skip_verify:BoolValue ca_crl:string@22
  `,
  'net.LocalityLoadBalancerSetting.Distribute': 'from:string to:{}uint32',
  'net.LocalityLoadBalancerSetting.Failover': 'from:string to:string',
  'mesh.MeshConfig.ServiceSettings.Settings': 'cluster_local:bool',
  'mesh.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider': `
    service:string port:uint32 timeout:Duration path_prefix:string fail_open:bool
    clear_route_cache:bool@25 status_on_error:string include_headers_in_check:[]string
    include_request_headers_in_check:[]string include_additional_headers_in_check:{}string
    include_request_body_in_check:mesh.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationRequestBody
    headers_to_upstream_on_allow:[]string headers_to_downstream_on_deny:[]string
    headers_to_downstream_on_allow:[]string
  `,
  'mesh.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationGrpcProvider': `
    service:string port:uint32 timeout:Duration fail_open:bool clear_route_cache:bool@25
    status_on_error:string
    include_request_body_in_check:mesh.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationRequestBody
  `,
  'mesh.MeshConfig.ExtensionProvider.ZipkinTracingProvider': `
    service:string port:uint32 max_tag_length:uint32 enable_64bit_trace_id:bool path:string@24
    trace_context_option:mesh.MeshConfig.ExtensionProvider.ZipkinTracingProvider.TraceContextOption@28
    timeout:Duration@29 headers:[]mesh.MeshConfig.ExtensionProvider.HttpHeader@29
  `,
  'mesh.MeshConfig.ExtensionProvider.LightstepTracingProvider':
    'service:string port:uint32 access_token:string max_tag_length:uint32',
  'mesh.MeshConfig.ExtensionProvider.DatadogTracingProvider':
    'service:string port:uint32 max_tag_length:uint32',
  'mesh.MeshConfig.ExtensionProvider.StackdriverProvider': `
    debug:bool max_number_of_attributes:Int64Value max_number_of_annotations:Int64Value
    max_number_of_message_events:Int64Value max_tag_length:uint32
    logging:mesh.MeshConfig.ExtensionProvider.StackdriverProvider.Logging
  `,
  'mesh.MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider': `
    service:string port:uint32
    context:[]mesh.MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider.TraceContext
    max_tag_length:uint32
  `,
  'mesh.MeshConfig.ExtensionProvider.SkyWalkingTracingProvider':
    'service:string port:uint32 access_token:string',
  'mesh.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider': `
    service:string port:uint32 max_tag_length:uint32
    http:mesh.MeshConfig.ExtensionProvider.HttpService@22
    grpc:mesh.MeshConfig.ExtensionProvider.GrpcService@24
    resource_detectors:mesh.MeshConfig.ExtensionProvider.ResourceDetectors@22
    service_attribute_enrichment:mesh.MeshConfig.ExtensionProvider.ServiceAttributeEnrichment@30
    dynatrace_sampler:mesh.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler|sampling@22
  `,
  'mesh.MeshConfig.ExtensionProvider.PrometheusMetricsProvider': '',
  'mesh.MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider': `
    path:string log_format:mesh.MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider.LogFormat
    omit_empty_values:bool@26
  `,
  'mesh.MeshConfig.ExtensionProvider.EnvoyHttpGrpcV3LogProvider': `
    service:string port:uint32 log_name:string filter_state_objects_to_log:[]string
    additional_request_headers_to_log:[]string additional_response_headers_to_log:[]string
    additional_response_trailers_to_log:[]string
  `,
  'mesh.MeshConfig.ExtensionProvider.EnvoyTcpGrpcV3LogProvider':
    'service:string port:uint32 log_name:string filter_state_objects_to_log:[]string',
  'mesh.MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider': `
    service:string port:uint32 log_name:string
    log_format:mesh.MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider.LogFormat
  `,
  'mesh.MeshConfig.ExtensionProvider.SDSProvider': 'name:string service:string port:uint32',
  'mesh.LabelSelectorRequirement': 'key:string operator:string values:[]string',
  'mesh.Tracing.Zipkin': 'address:string',
  'mesh.Tracing.Lightstep': 'address:string access_token:string',
  'mesh.Tracing.Datadog': 'address:string',
  'mesh.Tracing.Stackdriver': `
    debug:bool max_number_of_attributes:Int64Value max_number_of_annotations:Int64Value
    max_number_of_message_events:Int64Value
  `,
  'mesh.Tracing.OpenCensusAgent': 'address:string context:[]mesh.Tracing.OpenCensusAgent.TraceContext',
  'mesh.Tracing.CustomTag': `
    literal:mesh.Tracing.Literal|type environment:mesh.Tracing.Environment|type
    header:mesh.Tracing.RequestHeader|type
  `,
  'mesh.Topology.ProxyProtocolConfiguration': '',
  'net.HTTPHealthCheckConfig':
    'path:string port:uint32 host:string scheme:string http_headers:[]net.HTTPHeader',
  'net.TCPHealthCheckConfig': 'host:string port:uint32',
  'net.ExecHealthCheckConfig': 'command:[]string',
  'net.GrpcHealthCheckConfig': 'port:uint32 service:string',
  'mesh.PrivateKeyProvider.CryptoMb': 'poll_delay:Duration fallback:BoolValue@21',
  'mesh.PrivateKeyProvider.QAT': 'poll_delay:Duration fallback:BoolValue@21',
  'mesh.ProxyConfig.ProxyHeaders.SetCurrentClientCertDetails':
    'subject:BoolValue cert:BoolValue chain:BoolValue dns:BoolValue uri:BoolValue',
  'mesh.ProxyConfig.ProxyHeaders.RequestId': 'disabled:BoolValue',
  'mesh.ProxyConfig.ProxyHeaders.Server': 'disabled:BoolValue value:string',
  'mesh.ProxyConfig.ProxyHeaders.AttemptCount': 'disabled:BoolValue',
  'mesh.ProxyConfig.ProxyHeaders.EnvoyDebugHeaders': 'disabled:BoolValue',
  'mesh.ProxyConfig.ProxyHeaders.MetadataExchangeHeaders':
    'mode:mesh.ProxyConfig.ProxyHeaders.MetadataExchangeMode',
  'mesh.ProxyConfig.ProxyHeaders.XForwardedHost': 'enabled:BoolValue',
  'mesh.ProxyConfig.ProxyHeaders.XForwardedPort': 'enabled:BoolValue',
  'mesh.MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationRequestBody':
    'max_request_bytes:uint32 allow_partial_message:bool pack_as_bytes:bool',
  'mesh.MeshConfig.ExtensionProvider.HttpHeader':
    'name:string value:string|header_value env_name:string|header_value@26',
  'mesh.MeshConfig.ExtensionProvider.StackdriverProvider.Logging': 'labels:{}string',
  'mesh.MeshConfig.ExtensionProvider.HttpService':
    'path:string timeout:Duration headers:[]mesh.MeshConfig.ExtensionProvider.HttpHeader',
  'mesh.MeshConfig.ExtensionProvider.GrpcService':
    'timeout:Duration initial_metadata:[]mesh.MeshConfig.ExtensionProvider.HttpHeader',
  'mesh.MeshConfig.ExtensionProvider.ResourceDetectors': `
    environment:mesh.MeshConfig.ExtensionProvider.ResourceDetectors.EnvironmentResourceDetector
    dynatrace:mesh.MeshConfig.ExtensionProvider.ResourceDetectors.DynatraceResourceDetector
  `,
  'mesh.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler': `
    tenant:string cluster_id:int32 root_spans_per_minute:uint32
    http_service:mesh.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler.DynatraceApi
  `,
  'mesh.MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider.LogFormat':
    'text:string|log_format labels:Struct|log_format',
  'mesh.MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider.LogFormat': 'text:string labels:Struct',
  'mesh.Tracing.Literal': 'value:string',
  'mesh.Tracing.Environment': 'name:string default_value:string',
  'mesh.Tracing.RequestHeader': 'name:string default_value:string',
  'net.HTTPHeader': 'name:string value:string',
  'mesh.MeshConfig.ExtensionProvider.ResourceDetectors.EnvironmentResourceDetector': '',
  'mesh.MeshConfig.ExtensionProvider.ResourceDetectors.DynatraceResourceDetector': '',
  'mesh.MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler.DynatraceApi':
    'service:string port:uint32 http:mesh.MeshConfig.ExtensionProvider.HttpService',
}

export const ENUMS: Readonly<Record<string, string>> = {
  'mesh.AuthenticationPolicy': 'NONE MUTUAL_TLS INHERIT=1000',
  'mesh.ForwardClientCertDetails':
    'UNDEFINED SANITIZE FORWARD_ONLY APPEND_FORWARD SANITIZE_SET ALWAYS_FORWARD_ONLY',
  'mesh.MeshConfig.AccessLogEncoding': 'TEXT JSON',
  'mesh.MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider.TraceContext':
    'UNSPECIFIED W3C_TRACE_CONTEXT GRPC_BIN CLOUD_TRACE_CONTEXT B3',
  'mesh.MeshConfig.ExtensionProvider.ServiceAttributeEnrichment': 'ISTIO_CANONICAL OTEL_SEMANTIC_CONVENTIONS',
  'mesh.MeshConfig.ExtensionProvider.ZipkinTracingProvider.TraceContextOption':
    'USE_B3 USE_B3_WITH_W3C_PROPAGATION',
  'mesh.MeshConfig.H2UpgradePolicy': 'DO_NOT_UPGRADE UPGRADE',
  'mesh.MeshConfig.InboundTrafficPolicy.Mode': 'PASSTHROUGH LOCALHOST',
  'mesh.MeshConfig.IngressControllerMode': 'UNSPECIFIED OFF DEFAULT STRICT',
  'mesh.MeshConfig.OutboundTrafficPolicy.Mode': 'REGISTRY_ONLY ALLOW_ANY ALLOW_ANY_DYNAMIC_DNS=3@30',
  'mesh.MeshConfig.ProxyPathNormalization.NormalizationType':
    'DEFAULT NONE BASE MERGE_SLASHES DECODE_AND_MERGE_SLASHES',
  'mesh.MeshConfig.ServiceScopeConfigs.Scope': 'LOCAL GLOBAL',
  'mesh.MeshConfig.TLSConfig.TLSProtocol': 'TLS_AUTO TLSV1_2 TLSV1_3',
  'mesh.ProxyConfig.InboundInterceptionMode': 'REDIRECT TPROXY NONE',
  'mesh.ProxyConfig.ProxyHeaders.MetadataExchangeMode': 'UNDEFINED IN_MESH',
  'mesh.ProxyConfig.TracingServiceName':
    'APP_LABEL_AND_NAMESPACE CANONICAL_NAME_ONLY CANONICAL_NAME_AND_NAMESPACE',
  'mesh.Resource': 'SERVICE_REGISTRY',
  'mesh.Tracing.OpenCensusAgent.TraceContext':
    'UNSPECIFIED W3C_TRACE_CONTEXT GRPC_BIN CLOUD_TRACE_CONTEXT B3',
  'net.ClientTLSSettings.TLSmode': 'DISABLE SIMPLE MUTUAL ISTIO_MUTUAL',
}
