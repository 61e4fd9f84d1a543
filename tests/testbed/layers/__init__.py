"""Add-ons of a bed as layers, and the table of all of them.

Scenarios name layers; what a layer needs comes with it. See `base` for what a layer is and `run`
for how several are installed side by side.
"""

from __future__ import annotations

from . import custom_metrics
from .alerting import Alerting
from .app import Autoscaler, LoadGenerator, Scraped, WebApp
from .argocd import ArgoCD, LabApplication
from .base import Layer
from .event_driven import Consumer, Queue
from .git_server import GitServer
from .gitops import ENVIRONMENTS, REPAIRED, ChallengeAsSetUp
from .gitops_demo import DemoApp
from .history import ScalingHistory
from .keda import Keda
from .metrics_server import MetricsServer
from .monitoring import Monitoring, PrometheusCrds
from .node_autoscaler import NodeAutoscaler, Provider
from .production import ProductionChart
from .vpa import Vertical, Vpa

__all__ = ["LAYERS", "Layer"]

_ALL: tuple[Layer, ...] = (
    PrometheusCrds(),
    Monitoring(),
    Alerting(),
    MetricsServer(),
    MetricsServer(name="metrics-server-without-flag", verified=False),
    WebApp(),
    WebApp(name="app-by-the-letter", working=False),
    Scraped(),
    Scraped(name="app-down", health="down", needs=("app-by-the-letter", "prometheus-crds")),
    Autoscaler(),
    Autoscaler(name="hpa-inactive", active=False, needs=("app-by-the-letter", "metrics-server-without-flag")),
    ScalingHistory(),
    LoadGenerator(),
    ArgoCD(),
    GitServer(),
    LabApplication(),
    ENVIRONMENTS,
    DemoApp(),
    REPAIRED,
    ChallengeAsSetUp(),
    *custom_metrics.LAYERS,
    Keda(),
    Queue(),
    Consumer(),
    Vpa(),
    Vertical(),
    Provider(),
    NodeAutoscaler(),
    ProductionChart(),
)
LAYERS: dict[str, Layer] = {layer.name: layer for layer in _ALL}
