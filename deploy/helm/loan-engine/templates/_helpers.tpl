{{- define "loan-engine.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{- define "loan-engine.selector" -}}
app.kubernetes.io/name: loan-engine
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "loan-engine.labels" -}}
{{ include "loan-engine.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* What the engines and the migration have in common: no right that they do not need. */}}
{{- define "loan-engine.pod" -}}
automountServiceAccountToken: false
# A service named loan-engine would set LOAN_ENGINE_PORT to its own address.
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
volumes:
  - name: secrets
    secret: { secretName: {{ .Values.secret.name | quote }}, defaultMode: 288 }
  # For temporary files: the store is the database.
  - name: data
    emptyDir: { sizeLimit: 1Gi }
{{- end }}

{{- define "loan-engine.container" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
volumeMounts:
  - { name: secrets, mountPath: /run/secrets/loan-engine, readOnly: true }
  - { name: data, mountPath: /data }
env:
  # The image names an SQLite file; here the database's URL is in the secret.
  - { name: LOAN_ENGINE_DATABASE_URL, value: "" }
  - { name: LOAN_ENGINE_STOP_DRAIN_MS, value: {{ mul .Values.stopDrainSeconds 1000 | quote }} }
  {{- range $name, $key := .Values.secret.files }}
  - { name: {{ $name }}_FILE, value: {{ printf "/run/secrets/loan-engine/%s" $key | quote }} }
  {{- end }}
  {{- range $name, $value := .Values.settings }}
  - { name: {{ $name }}, value: {{ $value | toString | quote }} }
  {{- end }}
{{- end }}
