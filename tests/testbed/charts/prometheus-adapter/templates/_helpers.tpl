{{- define "adapter.labels" -}}
app.kubernetes.io/component: metrics
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "adapter.selector" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/name: {{ .Chart.Name }}
{{- end -}}

{{/* A series becomes a metric of whatever object its labels name. Counters lose _total and are rates, as by default upstream. */}}
{{- define "adapter.rules" -}}
rules:
{{- with .Values.rules.custom }}
{{ toYaml . | indent 2 }}
{{- end }}
{{- if .Values.rules.default }}
  - seriesQuery: '{namespace!="",__name__!~"^container_.*"}'
    seriesFilters: [{isNot: ".*_total$"}]
    resources: {template: "<<.Resource>>"}
    name: {matches: "", as: ""}
    metricsQuery: sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)
  - seriesQuery: '{namespace!="",__name__!~"^container_.*"}'
    seriesFilters: [{is: ".*_total$"}, {isNot: ".*_seconds_total$"}]
    resources: {template: "<<.Resource>>"}
    name: {matches: "^(.*)_total$", as: ""}
    metricsQuery: sum(rate(<<.Series>>{<<.LabelMatchers>>}[5m])) by (<<.GroupBy>>)
{{- end }}
{{- end -}}
