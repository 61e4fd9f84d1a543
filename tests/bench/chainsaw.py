"""The same looks as a chainsaw test: one assert per object of lab 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONTROLLERS = (
    ("Deployment", "prometheus-kube-prometheus-operator", "monitoring"),
    ("Deployment", "prometheus-grafana", "monitoring"),
    ("Deployment", "prometheus-kube-state-metrics", "monitoring"),
    ("StatefulSet", "prometheus-prometheus-kube-prometheus-prometheus", "monitoring"),
    ("StatefulSet", "alertmanager-prometheus-kube-prometheus-alertmanager", "monitoring"),
    ("Deployment", "metrics-server", "kube-system"),
    ("Deployment", "argocd-server", "argocd"),
    ("Deployment", "argocd-repo-server", "argocd"),
    ("StatefulSet", "argocd-application-controller", "argocd"),
)


def asserts() -> list[dict[str, Any]]:
    """Twenty-five asserted objects, in the order of `looks.sh`."""
    operated = "monitoring.coreos.com/v1"
    release = {"owner": "helm", "name": "prometheus", "status": "deployed"}
    grafana = "prometheus-grafana"
    service = "prometheus-kube-prometheus-prometheus"
    return [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "monitoring", "labels": release}},
        *(_object("apps/v1", *named, status={"readyReplicas": 1}) for named in CONTROLLERS),
        _condition(operated, "Prometheus", service, "monitoring", "Available"),
        _condition(
            operated, "Alertmanager", "prometheus-kube-prometheus-alertmanager", "monitoring", "Available"
        ),
        _object("v1", "Service", service, "monitoring"),
        _object("v1", "Service", grafana, "monitoring"),
        _object("v1", "Secret", grafana, "monitoring"),
        _object("apps/v1", "Deployment", "web-app", "day5-lab", status={"readyReplicas": 2}),
        _container({"image": "nginxinc/nginx-unprivileged:1.25"}),
        _container({"resources": {"requests": {"cpu": "100m"}}}),
        _object("v1", "Service", "web-app", "day5-lab", spec={"selector": {"app": "web-app"}}),
        _object(
            operated,
            "ServiceMonitor",
            "web-app",
            "day5-lab",
            spec={"selector": {"matchLabels": {"app": "web-app"}}},
        ),
        _condition("apiregistration.k8s.io/v1", "APIService", "v1beta1.metrics.k8s.io", None, "Available"),
        _object(
            "autoscaling/v2", "HorizontalPodAutoscaler", "web-app-hpa", "day5-lab", spec={"maxReplicas": 10}
        ),
        _condition("autoscaling/v2", "HorizontalPodAutoscaler", "web-app-hpa", "day5-lab", "ScalingActive"),
        _application({"sync": {"status": "Synced"}}),
        _application({"health": {"status": "Healthy"}}),
    ]


def write_test(folder: Path) -> None:
    """Write the looks of a course's script into a folder for `chainsaw test`."""
    write_asserts(folder, asserts())


def write_asserts(folder: Path, wanted: list[dict[str, Any]]) -> None:
    """Write a test with these asserts into a new folder."""
    folder.mkdir()
    test = {
        "apiVersion": "chainsaw.kyverno.io/v1alpha1",
        "kind": "Test",
        "metadata": {"name": "lab1"},
        "spec": {
            "skipDelete": True,
            "namespace": "default",
            "steps": [{"try": [{"assert": {"resource": one}} for one in wanted]}],
        },
    }
    (folder / "chainsaw-test.yaml").write_text(json.dumps(test, indent=1), encoding="utf-8")


def _object(api_version: str, kind: str, name: str, namespace: str | None, **content: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


def _condition(
    api_version: str, kind: str, name: str, namespace: str | None, condition: str
) -> dict[str, Any]:
    wanted = {f"(conditions[?type == '{condition}'])": [{"status": "True"}]}
    return _object(api_version, kind, name, namespace, status=wanted)


def _container(content: dict[str, Any]) -> dict[str, Any]:
    template = {"spec": {"(containers[?name == 'web-app'])": [content]}}
    return _object("apps/v1", "Deployment", "web-app", "day5-lab", spec={"template": template})


def _application(status: dict[str, Any]) -> dict[str, Any]:
    return _object("argoproj.io/v1alpha1", "Application", "web-app", "argocd", status=status)
