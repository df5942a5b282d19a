{{- define "provisioner.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- /* Room for "-worker-" and a version behind it. */ -}}
{{- define "provisioner.fullname" -}}
{{- $name := include "provisioner.name" . -}}
{{- $whole := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- $full := default $whole .Values.fullnameOverride | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- if regexMatch "^[0-9]" $full -}}
{{- fail (printf "a Service cannot be called %s: give fullnameOverride, with a letter before the digits." $full) -}}
{{- end -}}
{{- $full -}}
{{- end -}}

{{- define "provisioner.serviceAccount" -}}
{{- default (include "provisioner.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- /* Of (dict "root" $ "component" "gateway"): what never changes. */ -}}
{{- define "provisioner.selector" -}}
app.kubernetes.io/name: {{ include "provisioner.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- /* With "tag", where it is not the image's. */ -}}
{{- define "provisioner.podLabels" -}}
{{ include "provisioner.selector" . }}
app.kubernetes.io/version: {{ default (include "provisioner.tag" .root) .tag | trunc 63 | trimAll "-_." | quote }}
{{- end -}}

{{- define "provisioner.labels" -}}
{{ include "provisioner.podLabels" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 }}
{{- end -}}

{{- define "provisioner.tag" -}}
{{- default .Chart.AppVersion .Values.image.tag -}}
{{- end -}}

{{- /* Of (dict "root" $ "tag" … "digest" …). */ -}}
{{- define "provisioner.image" -}}
{{- $image := .root.Values.image -}}
{{- with $image.registry }}{{ . }}/{{ end }}{{ $image.repository }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end -}}
{{- end -}}
