{{- define "afterclick.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* What pods are chosen by; never changes. A list of the root and the component. */}}
{{- define "afterclick.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "afterclick.labels" -}}
{{- $root := index . 0 -}}
{{ include "afterclick.selector" . }}
app.kubernetes.io/version: {{ $root.Values.image.tag | default $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}

{{- define "afterclick.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* topology.yaml, read. */}}
{{- define "afterclick.topology" -}}
{{- $text := required "Say what to decide: --set-file topology=topology.yaml" .Values.topology -}}
{{- $read := fromYaml $text -}}
{{- if hasKey $read "Error" }}{{ fail (printf "topology is no YAML: %s" $read.Error) }}{{ end -}}
{{- if not $read.name }}{{ fail "topology has no name; `afterclick check` tells what is wrong with it." }}{{ end -}}
{{ toYaml $read }}
{{- end }}
