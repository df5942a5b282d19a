{{- /* The configuration file, and what it names. */ -}}

{{- define "provisioner.hasFile" -}}
{{- if or .Values.configFile.content .Values.configFile.configMap }}true{{ end -}}
{{- end -}}

{{- define "provisioner.fileMap" -}}
{{- default (printf "%s-config" (include "provisioner.fullname" .)) .Values.configFile.configMap -}}
{{- end -}}

{{- /* What it says, in JSON; nothing where a ConfigMap has it that no template sees. */ -}}
{{- define "provisioner.settings" -}}
{{- $settings := fromYaml .Values.configFile.content }}
{{- if hasKey $settings "Error" }}
{{- fail (printf "configFile.content is no YAML with environments and more: %s" $settings.Error) }}
{{- end }}
{{- toJson $settings -}}
{{- end -}}

{{- /* How a program is called. Of (dict "root" $ "component" …). */ -}}
{{- define "provisioner.scheme" -}}
{{- ternary "https" "http" (and (ne .root.Values.tls.secret "") (has .component (list "gateway" "codec"))) -}}
{{- end -}}

{{- /* By which gateways are known to those who check their certificate. */ -}}
{{- define "provisioner.serverName" -}}
{{- default (printf "%s-gateway.%s.svc" (include "provisioner.fullname" .) .Release.Namespace) .Values.tls.serverName -}}
{{- end -}}

{{- /* What the programs would refuse at their start, as far as a template sees it. */ -}}
{{- define "provisioner.checkFile" -}}
{{- $given := .Values.configFile }}
{{- if and $given.content $given.configMap }}
{{- fail "configFile: give the content or a ConfigMap, not both." }}
{{- end }}
{{- if not (include "provisioner.hasFile" .) }}
{{- range $what, $isGiven := dict "keys.secret" .Values.keys.secret "tls.secret" .Values.tls.secret "auditVolume" .Values.auditVolume "codec.enabled" .Values.codec.enabled "extraWorkers" .Values.extraWorkers "worker.secretsFrom" .Values.worker.secretsFrom }}
{{- if $isGiven }}
{{- fail (printf "%s is of a configuration file, and there is none: give configFile." $what) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $given.content }}
{{- include "provisioner.checkContent" (dict "root" . "settings" (include "provisioner.settings" . | fromJson)) }}
{{- end }}
{{- end -}}

{{- define "provisioner.checkContent" -}}
{{- $values := .root.Values }}
{{- $gateway := default dict .settings.gateway }}
{{- $auth := default dict $gateway.auth }}
{{- if and (eq (toString $auth.mode) "none") (not $auth.exposed) (not (hasPrefix "127." $values.config.HOST)) }}
{{- fail "gateway.auth.mode in configFile.content is none: the gateway does not start, as others reach it in a pod. Set tokens or oidc, or say exposed: true beside it." }}
{{- end }}
{{- $tls := default dict $gateway.tls }}
{{- if ne (empty $tls) (empty $values.tls.secret) }}
{{- fail "gateway.tls in configFile.content and tls.secret go together: the file names the certificate, the Secret has it." }}
{{- end }}
{{- range $part := list "certFile" "keyFile" "clientCaFile" }}
{{- $file := toString (default "" (get $tls $part)) }}
{{- if and $file (not (hasPrefix (printf "%s/" $values.tls.mountPath) $file)) }}
{{- fail (printf "gateway.tls.%s in configFile.content is %s: tls.secret is mounted at %s." $part $file $values.tls.mountPath) }}
{{- end }}
{{- end }}
{{- $encryption := default dict .settings.encryption }}
{{- if ne (empty $encryption) (empty $values.keys.secret) }}
{{- fail "encryption in configFile.content and keys.secret go together: the file names the directory, the Secret has the keys." }}
{{- end }}
{{- if and $encryption (ne (toString $encryption.keysDir) $values.keys.mountPath) }}
{{- fail (printf "encryption.keysDir in configFile.content is %v, and keys.mountPath is %s: they must be one." $encryption.keysDir $values.keys.mountPath) }}
{{- end }}
{{- if and $values.codec.enabled (not $encryption) }}
{{- fail "codec is enabled, and configFile.content has no encryption: there is nothing to decode." }}
{{- end }}
{{- $log := default "stdout" (default dict .settings.audit).log }}
{{- if and (ne $log "stdout") (not (and $values.auditVolume (hasPrefix "/audit/" $log))) }}
{{- fail (printf "audit.log in configFile.content is %s: pods write to /audit/ only, which auditVolume is; or stdout." $log) }}
{{- end }}
{{- $queues := list }}
{{- range (default dict .settings.environments) }}{{ $queues = append $queues (default "" .taskQueue) }}{{ end }}
{{- range $values.extraWorkers }}
{{- if not (has .taskQueue $queues) }}
{{- fail (printf "extraWorkers: no environment in configFile.content has the taskQueue %s of %s." .taskQueue .name) }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* What its worker may not have beside a file, which says it of each environment. Of (dict "place" "worker" "of" …). */ -}}
{{- define "provisioner.ofOneEnvironment" -}}
{{- $kept := list "AIRBYTE_URL" "AIRBYTE_WORKSPACE_ID" "AIRBYTE_CLIENT_ID" "AIRBYTE_CLIENT_SECRET" "AIRBYTE_USERNAME" "AIRBYTE_PASSWORD" "AIRBYTE_API" "AIRBYTE_UI_URL" "AIRBYTE_MAX_IN_FLIGHT" "ACCESS_PERMISSION" }}
{{- range $name, $_ := .of }}
{{- if or (has (trimSuffix "_FILE" $name) $kept) (hasPrefix "SNOWFLAKE_" $name) }}
{{- fail (printf "%s.%s is said in the configuration file, for each environment: take it out of the values." $.place $name) }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Ports of Airbyte by the file: of environments on a task queue; "": of those on the shared one. A list in JSON.
Of (dict "root" $ "taskQueue" …). */ -}}
{{- define "provisioner.airbytePorts" -}}
{{- $shared := default "airbyte-provisioner" .root.Values.config.TEMPORAL_TASK_QUEUE }}
{{- $wanted := default $shared .taskQueue }}
{{- $ports := list }}
{{- range (include "provisioner.settings" .root | fromJson).environments }}
{{- if eq (default $shared .taskQueue) $wanted }}
{{- $ports = append $ports (include "provisioner.portOf" (dict "of" (default dict .airbyte).url "else" 443) | int) }}
{{- end }}
{{- end }}
{{- toJson (uniq $ports) -}}
{{- end -}}

{{- /* Of (dict "root" $ "component" …). Directories, so that a change of what is in them reaches the pod. */ -}}
{{- define "provisioner.fileMounts" -}}
{{- $values := .root.Values }}
{{- $listens := has .component (list "gateway" "codec") }}
{{- if include "provisioner.hasFile" .root }}
- { name: config, mountPath: /config, readOnly: true }
{{- if $values.keys.secret }}
- { name: keys, mountPath: {{ $values.keys.mountPath | quote }}, readOnly: true }
{{- end }}
{{- if and $listens $values.tls.secret }}
- { name: tls, mountPath: {{ $values.tls.mountPath | quote }}, readOnly: true }
{{- end }}
{{- if and $listens $values.auditVolume }}
# A folder for each pod: no two write one file.
- { name: audit, mountPath: /audit, subPathExpr: $(POD_NAME) }
{{- end }}
{{- end }}
{{- end -}}

{{- define "provisioner.fileVolume" -}}
- name: config
  configMap:
    name: {{ include "provisioner.fileMap" . | quote }}
    items:
      - key: {{ ternary "provisioner.yaml" .Values.configFile.key (eq .Values.configFile.configMap "") | quote }}
        path: provisioner.yaml
{{- end -}}

{{- define "provisioner.fileVolumes" -}}
{{- $values := .root.Values }}
{{- $listens := has .component (list "gateway" "codec") }}
{{- if include "provisioner.hasFile" .root }}
{{ include "provisioner.fileVolume" .root }}
{{- if $values.keys.secret }}
- name: keys
  # 0440
  secret: { secretName: {{ $values.keys.secret | quote }}, defaultMode: 288 }
{{- end }}
{{- if and $listens $values.tls.secret }}
- name: tls
  projected:
    # 0440
    defaultMode: 288
    sources:
      - secret: { name: {{ $values.tls.secret | quote }} }
      {{- with $values.tls.clientCa }}
      {{- include "provisioner.sources" (dict "clients.crt" .) | nindent 6 }}
      {{- end }}
{{- end }}
{{- if and $listens $values.auditVolume }}
- name: audit
  {{- toYaml $values.auditVolume | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "provisioner.fileEnv" -}}
{{- if include "provisioner.hasFile" . }}
{{- toJson (dict "PROVISIONER_CONFIG" "/config/provisioner.yaml") }}
{{- else -}}
{}
{{- end }}
{{- end -}}
