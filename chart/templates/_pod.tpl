{{- /* What no default can know. */ -}}
{{- define "provisioner.missing" -}}
{{- include "provisioner.checkFile" . }}
{{- $missing := list }}
{{- if not (or .Values.config.TEMPORAL_ADDRESS .Values.config.TEMPORAL_CONFIG_FILE .Values.secretEnv.TEMPORAL_ADDRESS) }}
{{- $missing = append $missing "config.TEMPORAL_ADDRESS (host:port of Temporal's frontend)" }}
{{- end }}
{{- if include "provisioner.hasFile" . }}
{{- range include "provisioner.workers" . | fromJsonArray }}
{{- if not (or .values.secretEnv.FINGERPRINT_KEY .values.config.FINGERPRINT_KEY_FILE) }}
{{- $missing = append $missing (printf "%s.secretEnv.FINGERPRINT_KEY (a Secret with any text that nobody knows, and that stays)" .place) }}
{{- end }}
{{- end }}
{{- else }}
{{- range $name, $what := dict "AIRBYTE_URL" "the root of Airbyte's host" "AIRBYTE_WORKSPACE_ID" "the UUID of its workspace" }}
{{- if not (or (get $.Values.worker.config $name) (get $.Values.worker.secretEnv $name)) }}
{{- $missing = append $missing (printf "worker.config.%s (%s)" $name $what) }}
{{- end }}
{{- end }}
{{- end }}
{{- with $missing }}
{{- fail (printf "these values have to be given: %s. chart/profiles has examples." (join ", " .)) }}
{{- end }}
{{- end -}}

{{- /* Whole seconds of a duration such as 500ms, 30s, 1.5m: rounded up. */ -}}
{{- define "provisioner.seconds" -}}
{{- $number := regexFind "^[0-9]*[.]?[0-9]+" . -}}
{{- $unit := regexFind "[a-z]+$" . -}}
{{- $size := get (dict "ms" 0.001 "s" 1.0 "m" 60.0 "h" 3600.0 "d" 86400.0) $unit -}}
{{- mulf (float64 $number) $size | ceil | int -}}
{{- end -}}

{{- /* As a program reads it: YAML makes numbers and booleans of some. A number prints as 1e+06 from a million on. */ -}}
{{- define "provisioner.text" -}}
{{- if and (eq .name "OPERATIONS") (kindIs "bool" .value) -}}
{{- ternary "on" "off" .value -}}
{{- else if and (kindIs "float64" .value) (eq (floor .value) .value) -}}
{{- int64 .value -}}
{{- else -}}
{{- .value -}}
{{- end -}}
{{- end -}}

{{- /* Variables of a program. Of (dict "config" … "secretEnv" …). */ -}}
{{- define "provisioner.env" -}}
{{- range $name, $value := .config }}
{{- range list $name (trimSuffix "_FILE" $name) }}
{{- if hasKey $.secretEnv . }}
{{- fail (printf "%s is given twice: by %s in config, and in secretEnv. Leave one of them out." . $name) }}
{{- end }}
{{- end }}
- name: {{ $name }}
  value: {{ include "provisioner.text" (dict "name" $name "value" $value) | quote }}
{{- end }}
{{- range $name, $reference := .secretEnv }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: {{ toJson $reference }}
{{- end }}
{{- end -}}

{{- /* What a projected volume has of Secrets. */ -}}
{{- define "provisioner.sources" -}}
{{- range $file, $reference := . }}
- secret:
    name: {{ $reference.name | quote }}
    items:
      - key: {{ $reference.key | quote }}
        path: {{ $file | quote }}
{{- end }}
{{- end -}}

{{- define "provisioner.probe" -}}
httpGet: { path: {{ .path }}, port: {{ .scheme }}{{ if eq .scheme "https" }}, scheme: HTTPS{{ end }} }
{{- end -}}

{{- define "provisioner.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1001
runAsGroup: 1001
fsGroup: 1001
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "provisioner.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- /* The spec of a pod. Of (dict "root" $ "component" … "values" … "image" … "command" … "config" …
"secretEnv" … "secretFiles" … "descriptorSecrets" … "secretsFrom" … "port" … "ready" … "grace" …). */ -}}
{{- define "provisioner.pod" -}}
{{- $root := .root }}
{{- $scheme := include "provisioner.scheme" . }}
{{- $ready := default "/readyz" .ready }}
{{- $mounts := include "provisioner.fileMounts" . | trim }}
{{- $hasAudit := contains "POD_NAME" $mounts }}
{{- $hasSecrets := or .descriptorSecrets .secretsFrom }}
{{- $ca := $root.Values.privateCa }}
{{- $hasCa := or $ca.configMap $ca.secret }}
{{- if and $ca.configMap $ca.secret }}
{{- fail "privateCa: name a ConfigMap or a Secret, not both." }}
{{- end }}
{{- range $name, $value := .config }}
{{- $file := trimPrefix "/credentials/" (toString $value) }}
{{- if and (hasPrefix "/credentials/" (toString $value)) (not (hasKey $.secretFiles $file)) }}
{{- fail (printf "%s is %v, and no secretFiles has %s." $name $value $file) }}
{{- end }}
{{- end -}}
serviceAccountName: {{ include "provisioner.serviceAccount" $root | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .grace }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
securityContext: {{- include "provisioner.podSecurity" . | nindent 2 }}
containers:
  - name: {{ .component }}
    image: {{ .image | quote }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    command: {{ toJson .command }}
    securityContext: {{- include "provisioner.containerSecurity" . | nindent 6 }}
    env:
      {{- if $hasCa }}
      - name: NODE_EXTRA_CA_CERTS
        value: /ca/ca.crt
      {{- end }}
      {{- if $hasAudit }}
      - name: POD_NAME
        valueFrom: { fieldRef: { fieldPath: metadata.name } }
      {{- end }}
      {{- include "provisioner.env" . | trim | nindent 6 }}
    ports:
      - name: {{ $scheme }}
        containerPort: {{ .port }}
    # Slow starts are no failures: a busy node, a cold image.
    startupProbe:
      {{- include "provisioner.probe" (dict "path" "/livez" "scheme" $scheme) | nindent 6 }}
      periodSeconds: 2
      timeoutSeconds: 5
      failureThreshold: 60
    livenessProbe:
      {{- include "provisioner.probe" (dict "path" "/livez" "scheme" $scheme) | nindent 6 }}
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    readinessProbe:
      {{- include "provisioner.probe" (dict "path" $ready "scheme" $scheme) | nindent 6 }}
      periodSeconds: 5
      timeoutSeconds: 5
      failureThreshold: 2
    resources: {{- toYaml .values.resources | nindent 6 }}
    volumeMounts:
      - { name: tmp, mountPath: /tmp }
      {{- if $hasCa }}
      - { name: ca, mountPath: /ca, readOnly: true }
      {{- end }}
      {{- if .secretFiles }}
      - { name: credentials, mountPath: /credentials, readOnly: true }
      {{- end }}
      {{- if $hasSecrets }}
      - { name: secrets, mountPath: /secrets, readOnly: true }
      {{- end }}
      {{- with $mounts }}
      {{- . | nindent 6 }}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
  {{- if $hasCa }}
  - name: ca
    projected:
      sources:
        - {{ ternary "configMap" "secret" (ne $ca.configMap "") }}:
            name: {{ default $ca.secret $ca.configMap | quote }}
            items:
              - key: {{ $ca.key | quote }}
                path: ca.crt
  {{- end }}
  {{- if .secretFiles }}
  - name: credentials
    projected:
      # 0440
      defaultMode: 288
      sources: {{- include "provisioner.sources" .secretFiles | nindent 8 }}
  {{- end }}
  {{- if $hasSecrets }}
  - name: secrets
    projected:
      # 0440
      defaultMode: 288
      sources:
        {{- with .descriptorSecrets }}
        {{- include "provisioner.sources" . | nindent 8 }}
        {{- end }}
        {{- range .secretsFrom }}
        - secret: { name: {{ . | quote }} }
        {{- end }}
  {{- end }}
  {{- with include "provisioner.fileVolumes" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $root.Values.spread.over }}
topologySpreadConstraints:
  {{- range . }}
  - topologyKey: {{ . | quote }}
    maxSkew: 1
    whenUnsatisfiable: {{ $root.Values.spread.whenUnsatisfiable }}
    # Of one version at a time: those of the former are about to end.
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels: {{- include "provisioner.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- end -}}
