"""The changes there are, one module per part of the lab; importing this package fills the table."""

from __future__ import annotations

from . import (
    alertmanager,
    application,
    argocd,
    autoscaling,
    gitops,
    grafana,
    helm,
    metrics_server,
    monitoring,
    targets,
)

__all__ = [
    "alertmanager",
    "application",
    "argocd",
    "autoscaling",
    "gitops",
    "grafana",
    "helm",
    "metrics_server",
    "monitoring",
    "targets",
]
