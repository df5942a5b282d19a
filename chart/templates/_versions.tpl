{{- /* Workers: those of the shared task queue, and those of others, which have secrets of their own and
nothing of their neighbours'. A list in JSON. */ -}}
{{- define "provisioner.workers" -}}
{{- $worker := .Values.worker }}
{{- $fullname := include "provisioner.fullname" . }}
{{- $workers := list (dict "component" "worker" "place" "worker" "name" (printf "%s-worker" $fullname) "taskQueue" "" "values" $worker "airbyte" .Values.networkPolicy.airbyte) }}
{{- $names := list }}
{{- range $extra := .Values.extraWorkers }}
{{- if has $extra.name $names }}
{{- fail (printf "extraWorkers has %s twice." $extra.name) }}
{{- end }}
{{- $names = append $names $extra.name }}
{{- $config := omit $worker.config "FINGERPRINT_KEY_FILE" }}
{{- $values := dict
  "config" (merge (dict "TEMPORAL_TASK_QUEUE" $extra.taskQueue) (default dict $extra.config) $config)
  "autoscaling" (dict "enabled" false)
  "versioning" $worker.versioning }}
{{- range list "secretEnv" "secretFiles" "descriptorSecrets" }}
{{- $_ := set $values . (default dict (get $extra .)) }}
{{- end }}
{{- $_ := set $values "secretsFrom" (default list $extra.secretsFrom) }}
{{- range list "replicas" "resources" "maxUnavailable" "nodeSelector" "tolerations" "priorityClassName" "podAnnotations" }}
{{- $_ := set $values . (get (ternary $extra $worker (hasKey $extra .)) .) }}
{{- end }}
{{- $workers = append $workers (dict
  "component" (printf "worker-%s" $extra.name)
  "place" (printf "extraWorkers, %s: " $extra.name | trimSuffix ": ")
  "name" (printf "%s-worker-%s" $fullname $extra.name)
  "taskQueue" $extra.taskQueue
  "values" $values
  "airbyte" (default $.Values.networkPolicy.airbyte $extra.airbyte)) }}
{{- end }}
{{- toJson $workers -}}
{{- end -}}

{{- define "provisioner.deploymentName" -}}
{{- default (printf "%s-worker" (include "provisioner.fullname" .)) .Values.worker.versioning.deploymentName -}}
{{- end -}}

{{- /* A worker's Deployments, of (dict "root" $ "name" … "values" …): of the image, and of those whose runs go on, which are as many as of the image
unless told otherwise: until the new version is made current they have all the work. A list in JSON. */ -}}
{{- define "provisioner.builds" -}}
{{- $worker := .values }}
{{- $name := .name }}
{{- $current := dict "tag" (include "provisioner.tag" .root) "digest" .root.Values.image.digest }}
{{- $kept := ternary $worker.versioning.keep list $worker.versioning.enabled }}
{{- $builds := list }}
{{- $ids := list }}
{{- range $build := prepend $kept $current }}
{{- $id := $build.tag }}
{{- with $build.digest }}{{ $id = printf "%s-%s" $id (. | trimPrefix "sha256:" | trunc 12) }}{{ end }}
{{- if and $worker.versioning.enabled (or (gt (len $id) 100) (hasPrefix "__" $id)) }}
{{- fail (printf "the image %s makes no version of a Worker Deployment: at most 100 characters, and no __ before them." $id) }}
{{- end }}
{{- $own := regexReplaceAll "[^a-z0-9]+" ($id | lower) "-" | trimAll "-" }}
{{- if gt (len $own) 15 }}{{ $own = printf "%s-%s" ($own | trunc 8 | trimSuffix "-") ($id | sha256sum | trunc 6) }}{{ end }}
{{- if has $id $ids }}
{{- fail (printf "worker.versioning.keep has %s, which is there already: a version has an image of its own." $id) }}
{{- end }}
{{- $ids = append $ids $id }}
{{- $builds = append $builds (dict
  "name" (ternary (include "provisioner.buildName" (printf "%s-%s" $name $own)) $name $worker.versioning.enabled)
  "id" $id
  "label" $own
  "tag" $build.tag
  "digest" (default "" $build.digest)
  "replicas" (default $worker.replicas $build.replicas)
  "scaled" (and $worker.autoscaling.enabled (not $build.replicas))) }}
{{- end }}
{{- toJson $builds -}}
{{- end -}}

{{- /* Pods are called by it: no longer than a label. */ -}}
{{- define "provisioner.buildName" -}}
{{- if gt (len .) 63 }}{{ printf "%s-%s" (. | trunc 52 | trimSuffix "-") (. | sha256sum | trunc 10) }}{{ else }}{{ . }}{{ end -}}
{{- end -}}
