"""Active checks: what a cluster does when something happens to it, made to happen.

They change the cluster for a while, so each runs only when it is asked for by the name
that its item gives as `active`. What they may do is in `cluster.acting_rules`; what they
did is undone when they end. `lasts` is the longest that one of them may take.
"""

from __future__ import annotations

from pytest_k8sgrade.cluster.acting import Actor
from pytest_k8sgrade.services.alerting import trial
from pytest_k8sgrade.services.alerting.inbox import inbox as inbox_of
from pytest_k8sgrade.services.autoscalers.under_load import Load, require_reaction
from pytest_k8sgrade.services.gitops import drift


def test_hpa_scales_under_load(
    actor: Actor,
    name: str,
    namespace: str,
    url: str,
    *,
    image: str = "busybox:1.36",
    rate: int = 50,
    pods: int = 8,
    down: bool = True,
    lasts: str = "20m",
) -> None:
    """The HorizontalPodAutoscaler {name} raises its pods under load, and lowers them afterwards."""
    require_reaction(actor, name, namespace, Load(url, image, rate, pods), down=down)


def test_argocd_drift_undone(
    actor: Actor, application: str, namespace: str, *, workload: str = "", lasts: str = "3m"
) -> None:
    """Argo CD undoes a change by hand to what the Application {application} manages."""
    drift.require_undone(actor, application, namespace, workload)


def test_alertmanager_delivers(
    actor: Actor,
    namespace: str,
    receivers: dict[str, str],
    *,
    labels: dict[str, str] = {},  # noqa: B006 - never changed
    inbox: str = "",
    name: str = "",
    service: str = "",
    lasts: str = "5m",
) -> None:
    """A test alert of each severity reaches the receiver that is meant for it."""
    target = trial.Target(namespace, name, service, inbox_of(inbox))
    trial.require_delivered(actor, target, receivers, labels)
