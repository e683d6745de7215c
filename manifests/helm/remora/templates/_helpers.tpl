{{/* One installation a cluster: names are fixed, because the webhook configuration has one name. */}}
{{- define "remora.selector" -}}
app.kubernetes.io/name: remora
app.kubernetes.io/component: injector
{{- end }}

{{- define "remora.labels" -}}
{{ include "remora.selector" . }}
app.kubernetes.io/part-of: remora
{{- end }}

{{- define "remora.metadata" -}}
name: remora-injector
namespace: {{ .Release.Namespace }}
labels:
  {{- include "remora.labels" . | nindent 2 }}
{{- end }}

{{/* The Secret of the serving certificate, where it is mounted. */}}
{{- define "remora.certificateSecret" -}}
{{- if eq .Values.certificates.source "cert-manager" -}}
remora-injector-tls
{{- else -}}
{{ required "certificates.secretName: the Secret of the serving certificate is needed with certificates.source files" .Values.certificates.secretName }}
{{- end }}
{{- end }}
