{{/* Release and chart name, cut to 26 characters as in the community chart: prometheus-kube-prometheus. */}}
{{- define "stack.fullname" -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 26 | trimSuffix "-" -}}
{{- end -}}

{{- define "stack.labels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.Version | quote }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
chart: {{ .Chart.Name }}-{{ .Chart.Version }}
release: {{ .Release.Name }}
heritage: {{ .Release.Service }}
{{- end -}}

{{/* Labels of a former sub-chart: (list $ "name" "component") */}}
{{- define "stack.sublabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/part-of: {{ index . 1 }}
release: {{ $root.Release.Name }}
{{- end -}}

{{/* A selector of the Prometheus object: {} or the release label. */}}
{{- define "stack.selector" -}}
{{- if index . 1 -}}
matchLabels:
  release: {{ (index . 0).Release.Name | quote }}
{{- else -}}
{}
{{- end -}}
{{- end -}}
