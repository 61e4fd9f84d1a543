"""Objects as a real API server returns them, cut to what checks read."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from typing import Any

Object = dict[str, Any]

APP = {"app": "web"}


def item(api_version: str, kind: str, name: str, namespace: str | None = None, **body: Any) -> Object:
    """Any object; `meta` goes into its metadata."""
    metadata: Object = {"name": name, **body.pop("meta", {})}
    if namespace is not None:
        metadata["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def namespace(name: str, **labels: str) -> Object:
    """An active namespace."""
    own = {"kubernetes.io/metadata.name": name, **labels}
    return item("v1", "Namespace", name, meta={"labels": own}, status={"phase": "Active"})


def container(name: str = "web", **fields: Any) -> Object:
    """A container with requests for CPU and memory."""
    requests = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "512Mi"}}
    ports = [{"name": "http", "containerPort": 8080}]
    return {"name": name, "image": "example/web:1.0", "ports": ports, "resources": requests, **fields}


def deployment(
    name: str = "web", space: str = "shop", *, replicas: int = 2, status: Object | None = None, **spec: Any
) -> Object:
    """A Deployment that is rolled out, unless its status says otherwise."""
    full = {"replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas}
    template = {"metadata": {"labels": APP}, "spec": {"containers": spec.pop("containers", [container()])}}
    return item(
        "apps/v1",
        "Deployment",
        name,
        space,
        meta={
            "generation": 1,
            "labels": APP,
            "creationTimestamp": "2026-03-02T08:00:00Z",
            **spec.pop("meta", {}),
        },
        spec={"replicas": replicas, "selector": {"matchLabels": APP}, "template": template, **spec},
        status={"observedGeneration": 1, **(full if status is None else status)},
    )


def pod(name: str, space: str = "shop", *, of: str = "web", ready: bool = True, **fields: Any) -> Object:
    """A pod of the Deployment `of`, started long ago."""
    state = {"running": {"startedAt": "2026-03-02T08:00:00Z"}}
    status = {
        "phase": "Running",
        "startTime": "2026-03-02T08:00:00Z",
        "podIPs": [{"ip": "10.0.0.5"}],
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        "containerStatuses": [
            {"name": "web", "ready": ready, "restartCount": 0, "image": "example/web:1.0", "state": state}
        ],
    }
    owner = [{"kind": "ReplicaSet", "name": f"{of}-abc", "controller": True, "uid": "1"}]
    return item(
        "v1",
        "Pod",
        name,
        space,
        meta={"labels": {**APP, "pod-template-hash": "abc"}, "ownerReferences": owner}
        | fields.pop("meta", {}),
        spec={"containers": [container()], **fields.pop("spec", {})},
        status=status | fields.pop("status", {}),
    )


def waiting(reason: str, restarts: int = 0, **last: Any) -> Object:
    """The status of a pod whose container waits."""
    one = {
        "name": "web",
        "ready": False,
        "restartCount": restarts,
        "image": "example/web:1.0",
        "state": {"waiting": {"reason": reason}},
        "lastState": last,
    }
    return {"conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": [one]}


def service(name: str = "web", space: str = "shop", **fields: Any) -> Object:
    """A Service that leads to port 8080 of the pods."""
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    spec = {"selector": APP, "ports": ports} | fields.pop("spec", {})
    return item("v1", "Service", name, space, meta={"labels": APP} | fields.pop("meta", {}), spec=spec)


def endpoints(
    of: str = "web", space: str = "shop", *, ready: int = 2, port: int = 8080, name: str = "http"
) -> Object:
    """The EndpointSlice of a Service."""
    addresses = [{"addresses": [f"10.0.0.{at}"], "conditions": {"ready": True}} for at in range(ready)]
    labels = {"kubernetes.io/service-name": of}
    return item(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        f"{of}-x",
        space,
        meta={"labels": labels},
        endpoints=addresses,
        ports=[{"name": name, "port": port}],
    )


def resource_metric(name: str, percent: int) -> Object:
    """A metric of an autoscaler's spec."""
    return {
        "type": "Resource",
        "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": percent}},
    }


def current_metric(name: str, percent: int) -> Object:
    """A metric of an autoscaler's status."""
    return {
        "type": "Resource",
        "resource": {"name": name, "current": {"averageUtilization": percent, "averageValue": "1"}},
    }


def condition(kind: str, status: str, reason: str, **fields: Any) -> Object:
    """A condition with its last transition."""
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "lastTransitionTime": "2026-03-02T09:00:00Z",
        **fields,
    }


WORKING = [
    condition("AbleToScale", "True", "ReadyForNewScale"),
    condition("ScalingActive", "True", "ValidMetricFound"),
]


def hpa(name: str = "web", space: str = "shop", *, status: Object | None = None, **spec: Any) -> Object:
    """An autoscaler of the Deployment web, 2 to 10, CPU 50 and memory 70 percent, idle."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    idle = {
        "currentReplicas": 2,
        "desiredReplicas": 2,
        "currentMetrics": [current_metric("cpu", 0), current_metric("memory", 10)],
        "conditions": WORKING,
    }
    own = {
        "scaleTargetRef": target,
        "minReplicas": 2,
        "maxReplicas": 10,
        "metrics": [resource_metric("cpu", 50), resource_metric("memory", 70)],
    }
    return item(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        name,
        space,
        meta={"creationTimestamp": "2026-03-02T08:00:00Z"},
        spec={**own, **spec},
        status={**idle, **(status or {})},
    )


def api_service(
    name: str, *, service: str = "metrics-server", status: str = "True", reason: str = "Passed"
) -> Object:
    """A registered aggregated API, named version.group."""
    version, _, group = name.partition(".")
    return item(
        "apiregistration.k8s.io/v1",
        "APIService",
        name,
        spec={"group": group, "version": version, "service": {"name": service, "namespace": "kube-system"}},
        status={"conditions": [condition("Available", status, reason)]},
    )


def release(name: str, number: int, status: str, space: str = "monitoring", **record: Any) -> Object:
    """The Secret of one revision of a Helm release."""
    stored = base64.b64encode(gzip.compress(json.dumps({"name": name, **record}).encode()))
    labels = {"owner": "helm", "name": name, "status": status, "version": str(number)}
    return item(
        "v1",
        "Secret",
        f"sh.helm.release.v1.{name}.v{number}",
        space,
        meta={"labels": labels, "creationTimestamp": "2026-03-02T08:00:00Z"},
        type="helm.sh/release.v1",
        data={"release": base64.b64encode(stored).decode()},
    )


def application(status: Object, *, name: str = "web", **spec: Any) -> Object:
    """An Argo CD Application, made two hours ago."""
    own = {
        "project": "default",
        "source": {"repoURL": "https://git.example.org/lab.git", "path": "k8s", "targetRevision": "main"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
        "syncPolicy": {
            "automated": {"prune": True, "selfHeal": True},
            "syncOptions": ["CreateNamespace=true"],
        },
    }
    return item(
        "argoproj.io/v1alpha1",
        "Application",
        name,
        "argocd",
        meta={"creationTimestamp": "2026-03-02T08:00:00Z"},
        spec={**own, **spec},
        status=status,
    )


def managed(kind: str = "Deployment", name: str = "web", status: str = "Synced", **fields: Any) -> Object:
    """A resource of an Application."""
    group = "apps" if kind == "Deployment" else ""
    return {"group": group, "kind": kind, "namespace": "shop", "name": name, "status": status, **fields}


def synced(resources: Sequence[Object] = (), **fields: Any) -> Object:
    """The status of an Application that is fine."""
    return {
        "sync": {"status": "Synced", "revision": "0123456789abcdef"},
        "health": {"status": "Healthy", "lastTransitionTime": "2026-03-02T09:00:00Z"},
        "operationState": {"phase": "Succeeded", "finishedAt": "2026-03-02T09:10:00Z"},
        "reconciledAt": "2026-03-02T09:58:00Z",
        "resources": list(resources) or [managed()],
        **fields,
    }
