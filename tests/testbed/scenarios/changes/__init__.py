"""The changes there are, one module per part of the lab; importing this package fills the table."""

from __future__ import annotations

from . import (
    alertmanager,
    app_object,
    application,
    argocd,
    autoscaling,
    event_driven,
    gitops,
    grafana,
    helm,
    keda,
    load,
    metrics_server,
    monitoring,
    node_autoscaler,
    repository,
    service,
    targets,
    vertical,
)

__all__ = [
    "alertmanager",
    "app_object",
    "application",
    "argocd",
    "autoscaling",
    "event_driven",
    "gitops",
    "grafana",
    "helm",
    "keda",
    "load",
    "metrics_server",
    "monitoring",
    "node_autoscaler",
    "repository",
    "service",
    "targets",
    "vertical",
]
