{{- define "mojaloop-hub.name" -}}
{{- include "mojaloop-hub.short" (default .Chart.Name .Values.nameOverride) }}
{{- end }}

{{/* RELEASE-mojaloop-hub; the release's name alone if it holds the chart's. */}}
{{- define "mojaloop-hub.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- include "mojaloop-hub.short" .Values.fullnameOverride }}
{{- else if contains $name .Release.Name }}
{{- include "mojaloop-hub.short" .Release.Name }}
{{- else }}
{{- include "mojaloop-hub.short" (printf "%s-%s" .Release.Name $name) }}
{{- end }}
{{- end }}

{{/* At most 40 characters, so that suffixes, also those of controllers, fit into 63. What is cut is replaced by a digest: names that
differ stay different. */}}
{{- define "mojaloop-hub.short" -}}
{{- if gt (len .) 40 }}
{{- printf "%s-%s" (trunc 31 . | trimSuffix "-") (sha256sum . | trunc 8) }}
{{- else }}
{{- . }}
{{- end }}
{{- end }}

{{- define "mojaloop-hub.image" -}}
{{- $image := .Values.image }}
{{- $registry := default $image.registry .Values.global.imageRegistry }}
{{- if $registry }}{{ $registry }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default .Chart.AppVersion $image.tag }}{{ end }}
{{- end }}

{{- define "mojaloop-hub.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "mojaloop-hub.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* What selects the pods of the release; with a component (dict "root" . "component" NAME) its pods. Never changed: selectors are
immutable. */}}
{{- define "mojaloop-hub.selectorLabels" -}}
app.kubernetes.io/name: {{ include "mojaloop-hub.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* Labels of pods: those of the selector win. */}}
{{- define "mojaloop-hub.podLabels" -}}
{{- $own := include "mojaloop-hub.selectorLabels" . | fromYaml }}
{{- $version := default .root.Chart.AppVersion .root.Values.image.tag | trunc 63 | trimAll "-_." }}
{{- $described := dict "app.kubernetes.io/part-of" "mojaloop" "app.kubernetes.io/version" $version }}
{{- $given := (.settings | default dict).podLabels | default dict }}
{{- merge $own $described $given .root.Values.commonLabels | toYaml }}
{{- end }}

{{/* Name, labels and annotations of an object: dict "root" . "component" NAME "suffix" OF ITS NAME "annotations" MAP; of a pod also
"podSettings" COMPONENT'S VALUES. */}}
{{- define "mojaloop-hub.metadata" -}}
{{- $own := include "mojaloop-hub.podLabels" (dict "root" .root "component" .component "settings" .podSettings) | fromYaml }}
{{- $described := dict "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_") "app.kubernetes.io/managed-by" .root.Release.Service -}}
name: {{ include "mojaloop-hub.fullname" .root }}{{ with .suffix }}-{{ . }}{{ end }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- merge $own $described | toYaml | nindent 2 }}
{{- with merge dict (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What all pods have in common: dict "root" . "settings" COMPONENT'S VALUES. */}}
{{- define "mojaloop-hub.podSpec" -}}
{{- $values := .root.Values -}}
serviceAccountName: {{ include "mojaloop-hub.serviceAccountName" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with concat $values.global.imagePullSecrets $values.image.pullSecrets | uniq }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- if .settings.userNamespace }}
{{- /* Root of this namespace is an id that nobody has on the node; only the pod's volumes are mapped to it. */}}
hostUsers: false
{{- end }}
securityContext:
  {{- if .settings.userNamespace }}
  runAsUser: 0
  runAsGroup: 0
  {{- else }}
  runAsNonRoot: true
  {{- range $key := list "runAsUser" "runAsGroup" "fsGroup" }}
  {{- $id := index $values.podSecurity $key }}
  {{- if not (kindIs "invalid" $id) }}
  {{ $key }}: {{ int64 $id }}
  {{- end }}
  {{- end }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- with .settings.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .settings.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .settings.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .settings.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .settings.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What all containers have in common, arguments, ports, probes and the chart's own variables and mounts excepted. */}}
{{- define "mojaloop-hub.container" -}}
image: {{ include "mojaloop-hub.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
  privileged: false
  readOnlyRootFilesystem: true
  {{- if not .settings.userNamespace }}
  runAsNonRoot: true
  {{- end }}
resources:
  {{- toYaml .settings.resources | nindent 2 }}
{{- end }}

{{- define "mojaloop-hub.probe" -}}
httpGet:
  path: {{ .path }}
  port: {{ .port }}
periodSeconds: {{ .probe.periodSeconds }}
timeoutSeconds: {{ .probe.timeoutSeconds }}
failureThreshold: {{ .probe.failureThreshold }}
{{- end }}

{{/* A hub takes FSPIOP on each of these: upstream's harness has a service behind each. */}}
{{- define "mojaloop-hub.fspiopPorts" -}}
[3000, 3002, 3003, 3500, 4002, 4003]
{{- end }}

{{/* What can't work is refused before anything is installed. */}}
{{- define "mojaloop-hub.check" -}}
{{- if and .Values.simulators.enabled (not .Values.scheme) }}
{{- fail "simulators.enabled: the simulated FSPs are those of the scheme, and scheme is empty. Set scheme, or simulators.enabled=false" }}
{{- end }}
{{- end }}
