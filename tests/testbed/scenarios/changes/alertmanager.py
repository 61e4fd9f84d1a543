"""Changes to Alertmanager and to what Prometheus knows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look
from tests.testbed.layers.monitoring import NAMESPACE, firing
from tests.testbed.scenarios.change import Target, patched, register
from tests.testbed.scenarios.edits import edited

from .grafana import encoded
from .monitoring import PROMETHEUS, no_pods, reconciled

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NAME = "prometheus-kube-prometheus-alertmanager"
ALERTMANAGER = Target("alertmanager", NAMESPACE, NAME)
STATEFUL_SET = f"alertmanager-{NAME}"
WITHOUT_RECEIVER = "route:\n  receiver: team\nreceivers:\n  - name: webhook\n"


def known(bed: Bed, count: int) -> str | None:
    """Whether Prometheus sends to so many Alertmanagers."""
    answer = look.get(bed, f"{look.PROMETHEUS}/api/v1/alertmanagers")
    found = None if answer is None else len(answer["data"]["activeAlertmanagers"])
    return None if found == count else f"{found} Alertmanagers"


def back(bed: Bed) -> str | None:
    """Whether Alertmanager is ready and gets alerts."""
    return look.ready(bed, "statefulset", NAMESPACE, STATEFUL_SET) or known(bed, 1) or firing(bed, "Watchdog")


def with_unknown_receiver(found: dict[str, Any]) -> None:
    """Let the route name a receiver that is not there."""
    found["data"]["alertmanager.yaml"] = encoded(WITHOUT_RECEIVER)


def with_other_name(found: dict[str, Any]) -> None:
    """Let Prometheus look for a Service that is not there."""
    found["spec"]["alerting"]["alertmanagers"][0]["name"] = "alertmanager"


def with_other_port(found: dict[str, Any]) -> None:
    """Let Prometheus look for a port that the Service does not have."""
    found["spec"]["alerting"]["alertmanagers"][0]["port"] = "web"


def without_alerting(found: dict[str, Any]) -> None:
    """Leave Alertmanager out of the Prometheus resource."""
    del found["spec"]["alerting"]


edited(
    "alertmanager-config-refused",
    "Alertmanager's configuration routes to a receiver that it does not define",
    Target("secret", NAMESPACE, f"alertmanager-{NAME}"),
    with_unknown_receiver,
    effect=lambda bed: reconciled(bed, ALERTMANAGER, "False"),
    restored=lambda bed: reconciled(bed, ALERTMANAGER, "True"),
)
register(
    patched(
        "alertmanager-without-replicas",
        "Alertmanager is scaled to 0",
        ALERTMANAGER,
        to={"spec": {"replicas": 0}},
        back={"spec": {"replicas": 1}},
        effect=lambda bed: no_pods(bed, STATEFUL_SET) or known(bed, 0),
        restored=back,
    )
)
for _name, _title, _edit in (
    ("alertmanager-not-configured", "Prometheus is told of no Alertmanager", without_alerting),
    ("alertmanager-wrong-name", "Prometheus is told of an Alertmanager that does not exist", with_other_name),
    (
        "alertmanager-wrong-port",
        "Prometheus is told of a port that Alertmanager's Service has not",
        with_other_port,
    ),
):
    edited(
        _name,
        _title,
        PROMETHEUS,
        _edit,
        effect=lambda bed: known(bed, 0),
        restored=back,
    )
