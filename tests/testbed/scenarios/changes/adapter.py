"""Changes to prometheus-adapter: its release, its rules, and the API that it serves.

The adapter reads its rules when it starts, so a change of them goes with a restart; a rolling update
keeps the old pod until the new one is ready, and the old rules with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.testbed.build.images import image
from tests.testbed.layers import helm, look
from tests.testbed.layers.base import apply, documents
from tests.testbed.layers.custom_metrics import (
    API,
    APISERVICE,
    CHART,
    FOLDER,
    METRIC,
    RELEASE,
    VALUES,
    Adapter,
    overwrite_rules,
    restart,
)
from tests.testbed.layers.monitoring import NAMESPACE as MONITORING
from tests.testbed.scenarios.change import Target

from .metrics_app import inactive, of

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

DEPLOYMENT = Target("deployment", MONITORING, RELEASE)
REGISTRATION = Target("apiservice", MONITORING, "v1beta1.custom.metrics.k8s.io")


def rules(old: str = "", new: str = "") -> Document:
    """The text's ConfigMap with a text in it replaced."""
    (found,) = documents(*FOLDER, "rules.yaml")
    text = found["data"]["config.yaml"]
    assert old in text
    found["data"]["config.yaml"] = text.replace(old, new)
    return found


def rule(bed: Bed, found: Document) -> None:
    """Other rules, and an adapter that has read them."""
    apply(bed, [found])
    restart(bed)


def upgrade(bed: Bed, values: dict[str, str]) -> None:
    """Upgrade of the release: the chart's own ConfigMap is back."""
    with helm.chart(CHART, values={"image": image("prometheus-adapter")}) as path:
        helm.upgrade(bed, RELEASE, path, MONITORING, values)


def with_charts_rules(bed: Bed) -> None:
    """The release as the chart makes it, and an adapter that has read its rules."""
    upgrade(bed, VALUES)
    restart(bed)


def not_served(bed: Bed, *instead: str) -> str | None:
    """Whether one pod runs whose rules give these metrics of pods and not the text's."""
    found = look.get(bed, API)
    if found is None:
        return "the API does not answer"
    names = {one["name"] for one in found["resources"]}
    missing = {f"pods/{one}" for one in instead} - names
    if missing or f"pods/{METRIC}" in names:
        return f"serves {sorted(names)[:10]}"
    return look.ready(bed, "deployment", MONITORING, RELEASE) or inactive(bed)


def unavailable(bed: Bed, *reasons: str) -> str | None:
    """Whether the API is not available for one of these reasons, and the autoscaler knows it."""
    found = look.condition(look.get(bed, APISERVICE), "Available")
    if found.get("status") == "False" and found.get("reason") in reasons:
        return inactive(bed)
    return f"Available {found.get('status')}: {found.get('reason')}"


of(
    "adapter-default-rules",
    "An upgrade of prometheus-adapter has put the chart's own rules back",
    with_charts_rules,
    effect=lambda bed: not_served(bed, "http_requests"),
    undo=overwrite_rules,
)


def not_restarted(bed: Bed) -> None:
    """The chart's rules are in effect, the text's only lie in the ConfigMap."""
    with_charts_rules(bed)
    look.until("the chart's rules in effect", lambda: not_served(bed, "http_requests"))
    apply(bed, [rules()])


of(
    "adapter-not-restarted",
    "prometheus-adapter was not restarted after its ConfigMap was changed",
    not_restarted,
    effect=lambda bed: not_served(bed, "http_requests"),
    undo=overwrite_rules,
)
of(
    "adapter-rule-misnamed",
    "The rule of prometheus-adapter gives its metric another name",
    lambda bed: rule(bed, rules("_per_second", "_per_minute")),
    effect=lambda bed: not_served(bed, "http_requests_per_minute"),
    undo=overwrite_rules,
)
of(
    "adapter-series-misnamed",
    "The rule of prometheus-adapter asks for a series that does not exist",
    lambda bed: rule(bed, rules("http_requests_total{", "http_request_total{")),
    effect=not_served,
    undo=overwrite_rules,
)
of(
    "adapter-without-rules",
    "The ConfigMap of prometheus-adapter has no rules for custom metrics",
    lambda bed: rule(bed, {**rules(), "data": {"config.yaml": "resourceRules: {}\nrules: []\n"}}),
    effect=lambda bed: unavailable(bed, "FailedDiscoveryCheck"),
    undo=overwrite_rules,
)


def right_prometheus(bed: Bed) -> None:
    """The release as the text installs it, with the text's rules."""
    upgrade(bed, VALUES)
    overwrite_rules(bed)


of(
    "adapter-wrong-prometheus",
    "prometheus-adapter asks a Prometheus that does not exist",
    lambda bed: upgrade(bed, {**VALUES, "prometheus.url": f"http://prometheus.{MONITORING}.svc"}),
    effect=not_served,
    undo=right_prometheus,
)
of(
    "adapter-scaled-to-zero",
    "prometheus-adapter has 0 replicas",
    lambda bed: DEPLOYMENT.patch(bed, {"spec": {"replicas": 0}}),
    effect=lambda bed: unavailable(bed, "MissingEndpoints", "EndpointsNotFound"),
    undo=lambda bed: DEPLOYMENT.patch(bed, {"spec": {"replicas": 1}}),
)
of(
    "custom-api-wrong-service",
    "The APIService of the custom metrics leads to a Service that does not exist",
    lambda bed: REGISTRATION.patch(bed, {"spec": {"service": {"name": "adapter"}}}),
    effect=lambda bed: unavailable(bed, "ServiceNotFound"),
    undo=lambda bed: REGISTRATION.patch(bed, {"spec": {"service": {"name": RELEASE}}}),
)


def uninstall(bed: Bed) -> None:
    """Uninstall the release; nothing of it stays."""
    helm.run(bed, "uninstall", RELEASE, "--namespace", MONITORING, "--wait")


def unregistered(bed: Bed) -> str | None:
    """Whether the API is gone and the autoscaler knows it."""
    return "still registered" if look.get(bed, APISERVICE) is not None else inactive(bed)


of(
    "adapter-uninstalled",
    "The release prometheus-adapter was uninstalled",
    uninstall,
    effect=unregistered,
    undo=Adapter().install,
)
