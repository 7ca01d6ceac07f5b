{{/* What all pods have in common. Each takes the root, or a list that begins with it. */}}

{{- define "afterclick.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
# Volumes are large: only what has another owner is changed.
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "afterclick.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Settings of every command. */}}
{{- define "afterclick.environment" -}}
- {name: AFTERCLICK_BROKERS, value: {{ required "Say where the brokers are: --set kafka.brokers=kafka-1:9092" .Values.kafka.brokers | quote }}}
- {name: AFTERCLICK_LOG, value: {{ .Values.log }}}
{{- range $property, $value := .Values.kafka.properties }}
{{- if regexMatch "password|secret|credential|key\\.pem$|key$|jaas|oauthbearer\\.config|user\\.info" $property }}
{{- fail (printf "kafka.properties: %s is a secret; name a Secret for it in kafka.secrets." $property) }}
{{- end }}
- {name: AFTERCLICK_KAFKA_{{ $property | upper | replace "." "_" }}, value: {{ $value | quote }}}
{{- end }}
{{- range .Values.kafka.secrets }}
- name: AFTERCLICK_KAFKA_{{ .property | upper | replace "." "_" }}
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: {{ .key }}}}
{{- end }}
{{- with .Values.schemaRegistry }}{{ if .secret }}
- name: AFTERCLICK_SCHEMA_REGISTRY
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: {{ .key }}}}
{{- end }}{{ end }}
{{- end }}

{{/* A list of the root and the name of the topology's ConfigMap. */}}
{{- define "afterclick.volumes" -}}
{{- $root := index . 0 -}}
- name: topology
  configMap: {name: {{ index . 1 }}}
# Sockets between a worker's processes, and little else.
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- with $root.Values.kafka.certificates }}
- name: kafka
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- end }}

{{- define "afterclick.mounts" -}}
- {name: topology, mountPath: /etc/afterclick/topology.yaml, subPath: topology.yaml, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- if .Values.kafka.certificates }}
- {name: kafka, mountPath: /etc/afterclick/kafka, readOnly: true}
{{- end }}
{{- end }}

{{/* Where pods go, and by what credentials images come. A list of the root, the component and its values. */}}
{{- define "afterclick.placement" -}}
{{- $root := index . 0 -}}{{- $own := index . 2 -}}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $own.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $own.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
# One machine that dies should not take two of them along.
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "afterclick.selector" (list $root (index . 1)) | nindent 8 }}
{{- end }}

{{/* A claim for a pod's own state. A component's storage. */}}
{{- define "afterclick.claim" -}}
- metadata: {name: data}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .className }}
    storageClassName: {{ . }}
    {{- end }}
    resources: {requests: {storage: {{ .size }}}}
{{- end }}
