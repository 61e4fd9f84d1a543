"""The changes there are, one module per part of the lab; importing this package fills the table."""

from __future__ import annotations

from . import application, autoscaling, grafana, metrics_server, monitoring

__all__ = ["application", "autoscaling", "grafana", "metrics_server", "monitoring"]
