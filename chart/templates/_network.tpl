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

{{- /* Egress to what has an address of its own, where the values show it; "else" is the port that goes
without. Of (dict "root" $ "name" "temporal" "variable" "TEMPORAL_ADDRESS" "address" … "else" 7233). */ -}}
{{- define "provisioner.egress" -}}
{{- $policy := .root.Values.networkPolicy }}
{{- $rule := get $policy .name }}
{{- if and (not $rule.to) (not $policy.allowAnywhere) }}
{{- fail (printf "networkPolicy.%s.to is empty, and networkPolicy.allowAnywhere is false: list where it is." .name) }}
{{- end }}
{{- if not (or $rule.ports .address) }}
{{- fail (printf "networkPolicy.%s.ports is empty, and config has no %s to take the port of: list it." .name .variable) }}
{{- end }}
{{- $port := include "provisioner.portOf" (dict "of" .address "else" .else) }}
{{- include "provisioner.rule" (dict "side" "to" "peers" $rule.to "ports" (default (list $port) $rule.ports)) }}
{{- end -}}

{{- /* Egress of a worker to Airbyte: of the variables, or of those environments of the file that it serves.
Of (dict "root" $ "worker" …). */ -}}
{{- define "provisioner.airbyte" -}}
{{- $rule := .worker.airbyte }}
{{- $config := .root.Values.worker.config }}
{{- $ports := $rule.ports }}
{{- if and (not $ports) .root.Values.configFile.content }}
{{- $ports = include "provisioner.airbytePorts" (dict "root" .root "taskQueue" .worker.taskQueue) | fromJsonArray }}
{{- end }}
{{- $policy := merge (dict "airbyte" (dict "to" $rule.to "ports" $ports)) .root.Values.networkPolicy }}
{{- $root := dict "Values" (dict "networkPolicy" $policy) }}
{{- if or $ports (not .root.Values.configFile.content) }}
{{- include "provisioner.egress" (dict "root" $root "name" "airbyte" "variable" "AIRBYTE_URL" "address" (default "" $config.AIRBYTE_URL) "else" 443) }}
{{- end }}
{{- end -}}

{{- /* Whoever comes by the Service's or the Ingress' way in has to be let in. */ -}}
{{- define "provisioner.wayIn" -}}
{{- $type := .Values.gateway.service.type }}
{{- $hosts := list }}
{{- $others := list }}
{{- range .Values.networkPolicy.callers }}
{{- if .ipBlock }}{{ $hosts = append $hosts . }}{{ end }}
{{- if ne (toJson .) "{\"podSelector\":{}}" }}{{ $others = append $others . }}{{ end }}
{{- end }}
{{- if not (or $hosts (eq $type "ClusterIP")) }}
{{- fail (printf "gateway.service.type is %s, and networkPolicy.callers has no address: no call from outside would get through. List the callers, such as { ipBlock: { cidr: 10.0.0.0/8 } }." $type) }}
{{- end }}
{{- if and .Values.gateway.ingress.enabled (not $others) }}
{{- fail "gateway.ingress is enabled, and networkPolicy.callers does not name its controller, whose calls would not get through. Such as { namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ingress-nginx } } }." }}
{{- end }}
{{- end -}}

{{- define "provisioner.dns" -}}
{{- $dns := .Values.networkPolicy.dns }}
{{- include "provisioner.rule" (dict "side" "to" "peers" $dns.to "ports" $dns.ports "protocols" (list "UDP" "TCP")) }}
{{- end -}}
