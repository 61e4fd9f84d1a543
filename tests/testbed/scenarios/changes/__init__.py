"""The changes there are, one module per part of the lab; importing this package fills the table."""

from __future__ import annotations

from . import (
    alertmanager,
    app_object,
    application,
    argocd,
    autoscaling,
    gitops,
    grafana,
    helm,
    load,
    metrics_server,
    monitoring,
    repository,
    service,
    targets,
)

__all__ = [
    "alertmanager",
    "app_object",
    "application",
    "argocd",
    "autoscaling",
    "gitops",
    "grafana",
    "helm",
    "load",
    "metrics_server",
    "monitoring",
    "repository",
    "service",
    "targets",
]
