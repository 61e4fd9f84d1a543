#!/bin/sh
# The script a course would write: one kubectl look per object of lab 1, compared by jsonpath.
# It looks at a part of what the rubric looks at; behaviour inside Prometheus and Grafana is left out.
set -u
failed=0
app=${APP_NAMESPACE:-day5-lab}

want() { # want VALUE KUBECTL-ARGUMENTS...
  wanted=$1
  shift
  seen=$(kubectl "$@" 2>/dev/null)
  [ "$seen" = "$wanted" ] || { echo "kubectl $*: '$seen', wanted '$wanted'"; failed=1; }
}
ready() { want "$4" get "$1" "$2" -n "$3" -o "jsonpath={.status.readyReplicas}"; }
there() { want "$2" get "$1" "$2" -n "$3" -o "jsonpath={.metadata.name}"; }

want deployed get secret -n monitoring -l owner=helm,name=prometheus,status=deployed -o "jsonpath={.items[*].metadata.labels.status}"
ready deployment prometheus-kube-prometheus-operator monitoring 1
ready deployment prometheus-grafana monitoring 1
ready deployment prometheus-kube-state-metrics monitoring 1
ready statefulset prometheus-prometheus-kube-prometheus-prometheus monitoring 1
ready statefulset alertmanager-prometheus-kube-prometheus-alertmanager monitoring 1
want True get prometheus prometheus-kube-prometheus-prometheus -n monitoring -o "jsonpath={.status.conditions[?(@.type=='Available')].status}"
want True get alertmanager prometheus-kube-prometheus-alertmanager -n monitoring -o "jsonpath={.status.conditions[?(@.type=='Available')].status}"
there service prometheus-kube-prometheus-prometheus monitoring
there service prometheus-grafana monitoring
there secret prometheus-grafana monitoring
ready deployment web-app "$app" 2
want nginxinc/nginx-unprivileged:1.25 get deployment web-app -n "$app" -o "jsonpath={.spec.template.spec.containers[0].image}"
want 100m get deployment web-app -n "$app" -o "jsonpath={.spec.template.spec.containers[0].resources.requests.cpu}"
want web-app get service web-app -n "$app" -o "jsonpath={.spec.selector.app}"
want web-app get servicemonitor web-app -n "$app" -o "jsonpath={.spec.selector.matchLabels.app}"
want True get apiservice v1beta1.metrics.k8s.io -o "jsonpath={.status.conditions[?(@.type=='Available')].status}"
want 1 get deployment metrics-server -n kube-system -o "jsonpath={.status.readyReplicas}"
want 10 get hpa web-app-hpa -n "$app" -o "jsonpath={.spec.maxReplicas}"
want True get hpa web-app-hpa -n "$app" -o "jsonpath={.status.conditions[?(@.type=='ScalingActive')].status}"
ready deployment argocd-server argocd 1
ready deployment argocd-repo-server argocd 1
ready statefulset argocd-application-controller argocd 1
want Synced get application web-app -n argocd -o "jsonpath={.status.sync.status}"
want Healthy get application web-app -n argocd -o "jsonpath={.status.health.status}"
exit $failed
