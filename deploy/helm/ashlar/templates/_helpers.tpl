{{- define "ashlar.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "ashlar.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Without the chart's version: a new chart alone restarts no pod. */}}
{{- define "ashlar.podLabels" -}}
{{ include "ashlar.selectorLabels" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
{{- end -}}

{{- define "ashlar.labels" -}}
{{ include "ashlar.podLabels" . }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "ashlar.image" -}}
{{- with .Values.image -}}
{{- if eq .tag "latest" -}}
{{- fail "image.tag is latest, which names another image tomorrow: a roll-back would have nothing to go back to. Give a version or a digest." -}}
{{- end -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "ashlar.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "ashlar.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "ashlar.secretName" -}}
{{- required "existingSecret is missing. Name a Secret that holds DATABASE_URL, REDIS_URL, SMTP_URL and the secrets of the modules; README.md of the chart shows how to make it." .Values.existingSecret -}}
{{- end -}}

{{/* The data of the ConfigMap, shared with the one that the migration gets before the release exists. */}}
{{- define "ashlar.config" -}}
{{- $own := list "PORT" "MANAGEMENT_PORT" "SHUTDOWN_GRACE" -}}
{{- $hosts := list "HOST" "MANAGEMENT_HOST" -}}
{{- $url := toString (.Values.config.APP_URL | default "") -}}
{{- if and (eq (toString .Values.config.APP_ENV) "production") (not (hasPrefix "https://" $url)) -}}
{{- fail "config.APP_URL is missing, or does not begin with https://, which production needs. Set it to the address at which clients reach the api." -}}
{{- end -}}
{{- $secret := "(^|_)(SECRETS?|PASSWORD|KEYS?|TOKEN)$" -}}
{{- $connection := "^(DATABASE|DATABASE_DIRECT|REDIS|SMTP)_URL$" -}}
{{- range $key, $value := .Values.config -}}
{{- if has $key $own -}}
{{- fail (printf "config.%s is set by the chart itself (shutdownGraceSeconds for SHUTDOWN_GRACE). Remove it from config." $key) -}}
{{- end -}}
{{- if has $key $hosts -}}
{{- fail (printf "config.%s would keep Kubernetes from the pods, which it reaches by their own addresses. Remove it, or set it in the extraEnv of a process with a proxy in its pod." $key) -}}
{{- end -}}
{{- if or (regexMatch $connection $key) (regexMatch $secret $key) -}}
{{- fail (printf "config.%s would put a secret into a ConfigMap. Put it into the Secret that existingSecret names." $key) -}}
{{- end }}
{{ $key }}: {{ ternary (int64 $value | toString) (toString $value) (kindIs "float64" $value) | quote }}
{{- end }}
SHUTDOWN_GRACE: {{ printf "%ds" (int .Values.shutdownGraceSeconds) | quote }}
MANAGEMENT_PORT: "9464"
{{- end -}}

{{/*
Environment of a container: root, configMap, secretKeys (of existingSecret), secret (another one, as a whole), env, extraEnv.
The later of two sources wins, and env wins over envFrom.
*/}}
{{- define "ashlar.env" -}}
{{- $root := .root -}}
{{- $secretName := include "ashlar.secretName" $root -}}
{{- $secrets := list -}}
{{- range .secretKeys -}}
{{- /* Optional, because the process tells of a missing key better than an event of the pod. */ -}}
{{- $secrets = append $secrets (dict "name" . "valueFrom" (dict "secretKeyRef" (dict "name" $secretName "key" . "optional" true))) -}}
{{- end -}}
envFrom:
  - configMapRef:
      name: {{ .configMap }}
  {{- with .secret }}
  - secretRef:
      name: {{ . }}
  {{- end }}
  {{- with $root.Values.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $all := concat $secrets (.env | default list) $root.Values.extraEnv (.extraEnv | default list) -}}
{{- /* A name once, where it comes last: clients that apply a manifest drop one of two. The order stays, for $(NAME). */ -}}
{{- $last := dict -}}
{{- range $index, $each := $all -}}{{- $_ := set $last $each.name $index -}}{{- end }}
env:
  {{- range $index, $each := $all }}
  {{- if eq $index (get $last $each.name) }}
  {{- toYaml (list $each) | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{/* Whether more than one pod of a workload is wanted, so that a disruption budget has something to keep. */}}
{{- define "ashlar.isReplicated" -}}
{{- $replicas := int .replicas -}}
{{- if and .autoscaling .autoscaling.enabled -}}{{- $replicas = int .autoscaling.minReplicas -}}{{- end -}}
{{- if gt $replicas 1 -}}true{{- end -}}
{{- end -}}

{{/*
One process as a Deployment. Takes root, component (as in app.kubernetes.io/component and apps/<component>), values,
and for a process with a public port also port.
*/}}
{{- define "ashlar.deployment" -}}
{{- $root := .root -}}
{{- $values := .values -}}
{{- $selector := include "ashlar.selectorLabels" $root -}}
{{- $preStop := ternary (int $root.Values.preStopSeconds) 0 (hasKey . "port") -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "ashlar.fullname" $root }}-{{ .component }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "ashlar.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  {{- if not (and $values.autoscaling $values.autoscaling.enabled) }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy:
    {{- if eq .component "scheduler" }}
    {{- /* Two versions side by side would rewrite each other's schedules until the old one is gone. */}}
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
    {{- end }}
  selector:
    matchLabels:
      {{- $selector | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
  template:
    metadata:
      labels:
        {{- include "ashlar.podLabels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
        {{- with $root.Values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/config: {{ include "ashlar.config" $root | sha256sum }}
        kubectl.kubernetes.io/default-container: {{ .component }}
        {{- with $root.Values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "ashlar.serviceAccountName" $root }}
      {{- include "ashlar.pod" $root | nindent 6 }}
      terminationGracePeriodSeconds: {{ add $preStop (int $root.Values.shutdownGraceSeconds) 5 }}
      topologySpreadConstraints:
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - topologyKey: {{ . }}
          maxSkew: 1
          whenUnsatisfiable: ScheduleAnyway
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels:
              {{- $selector | nindent 14 }}
              app.kubernetes.io/component: {{ $.component }}
        {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "ashlar.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [apps/{{ .component }}/main.js]
          {{- $env := list }}
          {{- with .port }}
          {{- $env = list (dict "name" "PORT" "value" (toString .)) }}
          {{- if not (hasKey $root.Values.config "TRUST_PROXY") }}
          {{- $env = append $env (dict "name" "TRUST_PROXY" "value" (ternary "1" "0" $values.ingress.enabled)) }}
          {{- end }}
          {{- end }}
          {{- $secretKeys := concat $root.Values.secretKeys $values.secretKeys | uniq }}
          {{- include "ashlar.env" (dict "root" $root "configMap" (include "ashlar.fullname" $root) "secretKeys" $secretKeys "env" $env "extraEnv" $values.extraEnv) | nindent 10 }}
          ports:
            {{- with .port }}
            - name: http
              containerPort: {{ . }}
            {{- end }}
            - name: management
              containerPort: 9464
          {{- if $preStop }}
          lifecycle:
            preStop:
              sleep:
                seconds: {{ $preStop }}
          {{- end }}
          startupProbe:
            httpGet: { path: /health/live, port: management }
            periodSeconds: 1
            timeoutSeconds: 3
            failureThreshold: 60
          livenessProbe:
            httpGet: { path: /health/live, port: management }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: { path: /health/ready, port: management }
            periodSeconds: 5
            timeoutSeconds: 3
            failureThreshold: 2
          {{- include "ashlar.container" $root | nindent 10 }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
{{- end -}}

{{/* What the pods of every workload and of the migration have in common. */}}
{{- define "ashlar.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
{{- end -}}

{{- define "ashlar.container" -}}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
{{- end -}}

{{/* The Service of a process with a public port: root, component, values. */}}
{{- define "ashlar.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "ashlar.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "ashlar.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  {{- with .values.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .values.service.type }}
  selector:
    {{- include "ashlar.selectorLabels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  ports:
    - name: http
      port: {{ .values.service.port }}
      targetPort: http
      appProtocol: http
{{- end -}}

{{- define "ashlar.ingress" -}}
{{- $service := printf "%s-%s" (include "ashlar.fullname" .root) .component -}}
{{- $hosts := .values.ingress.hosts -}}
{{- if not $hosts -}}
{{- fail (printf "%s.ingress is enabled without a host. Add one to %s.ingress.hosts." .key .key) -}}
{{- end -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ $service }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "ashlar.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  {{- with .values.ingress.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .values.ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with .values.ingress.tls }}
  tls:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    {{- range $hosts }}
    - host: {{ . | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ $service }}
                port:
                  name: http
    {{- end }}
{{- end -}}

{{- define "ashlar.autoscaler" -}}
{{- $autoscaling := .values.autoscaling -}}
{{- if lt (int $autoscaling.maxReplicas) (int $autoscaling.minReplicas) -}}
{{- fail (printf "%s.autoscaling.maxReplicas (%d) is below minReplicas (%d)." .component (int $autoscaling.maxReplicas) (int $autoscaling.minReplicas)) -}}
{{- end -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "ashlar.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "ashlar.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "ashlar.fullname" .root }}-{{ .component }}
  minReplicas: {{ $autoscaling.minReplicas }}
  maxReplicas: {{ $autoscaling.maxReplicas }}
  metrics:
    {{- with $autoscaling.targetCPUUtilizationPercentage }}
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ . }}
    {{- end }}
    {{- with $autoscaling.metrics }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $autoscaling.behavior }}
  behavior:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "ashlar.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "ashlar.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "ashlar.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  maxUnavailable: {{ .values.podDisruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "ashlar.selectorLabels" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
{{- end -}}
