{{- define "provisioner.deploymentName" -}}
{{- default (printf "%s-worker" (include "provisioner.fullname" .)) .Values.worker.versioning.deploymentName -}}
{{- end -}}

{{- /* Worker's Deployments: of the image, and of those whose runs go on, which are as many as of the image
unless told otherwise: until the new version is made current they have all the work. A list in JSON. */ -}}
{{- define "provisioner.builds" -}}
{{- $worker := .Values.worker }}
{{- $name := printf "%s-worker" (include "provisioner.fullname" .) }}
{{- $current := dict "tag" (include "provisioner.tag" .) "digest" .Values.image.digest }}
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
  "name" (ternary (printf "%s-%s" $name $own) $name $worker.versioning.enabled)
  "id" $id
  "label" $own
  "tag" $build.tag
  "digest" (default "" $build.digest)
  "replicas" (default $worker.replicas $build.replicas)
  "scaled" (and $worker.autoscaling.enabled (not $build.replicas))) }}
{{- end }}
{{- toJson $builds -}}
{{- end -}}
