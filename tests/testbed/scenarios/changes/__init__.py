"""The changes there are, one module per part of the lab; importing this package fills the table."""

from __future__ import annotations

from . import autoscaling, grafana, monitoring

__all__ = ["autoscaling", "grafana", "monitoring"]
