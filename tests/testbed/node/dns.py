"""Cluster DNS: CoreDNS as a pod, under the names that every cluster gives it."""

from __future__ import annotations

from typing import Any

from . import network

NAMESPACE = "kube-system"
LABELS = {"k8s-app": "kube-dns"}
COREFILE = """\
.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }
    prometheus :9153
    cache 5
    reload 5s
    loadbalance
}
"""


def _meta(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, "labels": LABELS, **more}


def rights() -> list[tuple[str, dict[str, Any]]]:
    """The identity of CoreDNS and what it may read."""
    watch = ["list", "watch"]
    rules = [
        {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], "verbs": watch},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": watch},
    ]
    group = "rbac.authorization.k8s.io"
    role = {"apiGroup": group, "kind": "ClusterRole", "name": "system:coredns"}
    subject = {"kind": "ServiceAccount", "name": "coredns", "namespace": NAMESPACE}
    meta = {"name": role["name"]}
    return [
        (f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", {"metadata": _meta("coredns")}),
        (f"/apis/{group}/v1/clusterroles", {"metadata": meta, "rules": rules}),
        (
            f"/apis/{group}/v1/clusterrolebindings",
            {"metadata": meta, "roleRef": role, "subjects": [subject]},
        ),
    ]


def pod(image: str) -> dict[str, Any]:
    """The pod's specification."""
    container = {
        "name": "coredns",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
            {"name": "metrics", "containerPort": 9153, "protocol": "TCP"},
        ],
        "resources": {"requests": {"cpu": "50m", "memory": "70Mi"}, "limits": {"memory": "170Mi"}},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "failureThreshold": 5},
    }
    return {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "terminationGracePeriodSeconds": 1,
        "dnsPolicy": "Default",
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }


def documents(image: str) -> list[tuple[str, dict[str, Any]]]:
    """Everything to create, in order, each with the path of its collection."""
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
        {"name": "metrics", "port": 9153, "protocol": "TCP"},
    ]
    deployment = {
        "replicas": 1,
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": pod(image)},
    }
    service = {"clusterIP": network.DNS_IP, "selector": LABELS, "ports": ports}
    core = f"/api/v1/namespaces/{NAMESPACE}"
    return [
        *rights(),
        (f"{core}/configmaps", {"metadata": _meta("coredns"), "data": {"Corefile": COREFILE}}),
        (f"{core}/services", {"metadata": _meta("kube-dns"), "spec": service}),
        (
            f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments",
            {"metadata": _meta("coredns"), "spec": deployment},
        ),
    ]
