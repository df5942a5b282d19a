{{- /* The port of host:port or of an URL, or the one that goes without. Of (dict "of" … "else" …). */ -}}
{{- define "provisioner.portOf" -}}
{{- $host := regexReplaceAll "/.*$" (regexReplaceAll "^[a-z]+://" .of "") "" -}}
{{- $port := regexFind ":[0-9]+$" $host | trimPrefix ":" -}}
{{- default (ternary 80 .else (hasPrefix "http://" .of)) $port -}}
{{- end -}}

{{- /* A rule of a NetworkPolicy. Of (dict "peers" … "side" "to" "ports" … "protocols" …). */ -}}
{{- define "provisioner.rule" -}}
- ports:
    {{- range $port := .ports }}
    {{- range default (list "TCP") $.protocols }}
    - { port: {{ $port }}, protocol: {{ . }} }
    {{- end }}
    {{- end }}
  {{- with .peers }}
  {{ $.side }}: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- /* Egress to what has an address of its own. Of (dict "root" $ "name" "temporal" "port" …). */ -}}
{{- define "provisioner.egress" -}}
{{- $policy := .root.Values.networkPolicy }}
{{- $rule := get $policy .name }}
{{- if and (not $rule.to) (not $policy.allowAnywhere) }}
{{- fail (printf "networkPolicy.%s.to is empty, and networkPolicy.allowAnywhere is false: list where it is." .name) }}
{{- end }}
{{- include "provisioner.rule" (dict "side" "to" "peers" $rule.to "ports" (default (list .port) $rule.ports)) }}
{{- end -}}

{{- define "provisioner.dns" -}}
{{- $dns := .Values.networkPolicy.dns }}
{{- include "provisioner.rule" (dict "side" "to" "peers" $dns.to "ports" $dns.ports "protocols" (list "UDP" "TCP")) }}
{{- end -}}
