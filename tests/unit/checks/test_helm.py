"""Helm releases: the highest revision decides, and deployed is not running."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from checks import helm
from pytest_k8sgrade.services.helm import decode, objects_of, version_matches
from tests.unit.checks.api import MemoryApi, look, reason, share
from tests.unit.checks.objects import (
    Object,
    application,
    deployment,
    item,
    namespace,
    pod,
    release,
    synced,
    waiting,
)

CHART: Object = {
    "chart": {
        "metadata": {"name": "kube-prometheus-stack", "version": "77.13.0"},
        "values": {"a": {"b": True}},
    }
}


def deployed(*objects: Object, now: datetime | None = None, **params: Any) -> Any:
    """One look at the release kps."""
    api = MemoryApi(*objects) if now is None else MemoryApi(*objects, now=now)
    return look(helm.test_deployed, api.cluster(), release="kps", namespace="monitoring", **params)


def test_a_failed_revision_in_the_past_changes_nothing() -> None:
    """Rolled back and superseded revisions are history, whatever their status."""
    history = [
        release("kps", 1, "superseded"),
        release("kps", 3, "failed"),
        release("kps", 10, "deployed", **CHART),
    ]
    assert deployed(*history, chart="kube-prometheus-stack", version=">=70, <80").status == "met"


def test_the_status_of_the_record_counts_and_not_the_label() -> None:
    """A label can be rewritten by hand; Helm reads the record."""
    rewritten = release("kps", 1, "deployed", info={"status": "failed"}, **CHART)
    assert reason(deployed(rewritten)) == "helm-release-failed"
    behind = release("kps", 1, "test", info={"status": "deployed"}, **CHART)
    assert deployed(behind).status == "met"


@pytest.mark.parametrize(
    ("latest", "status", "expected"),
    [
        ("failed", "hopeless", "helm-upgrade-failed"),
        ("uninstalled", "hopeless", "helm-release-uninstalled"),
        ("pending-upgrade", "hopeless", "helm-upgrade-stuck"),
        ("superseded", "hopeless", "helm-upgrade-failed"),
    ],
)
def test_an_older_deployed_revision_does_not_count(latest: str, status: str, expected: str) -> None:
    """Only the highest number is judged, by number and not by text."""
    seen = deployed(release("kps", 9, "deployed"), release("kps", 10, latest))
    assert (seen.status, reason(seen)) == (status, expected)


def test_a_pending_release_may_still_be_at_work() -> None:
    """Shortly after its start an install is waited for."""
    soon = datetime(2026, 3, 2, 8, 1, tzinfo=UTC)
    seen = deployed(release("kps", 1, "pending-install"), now=soon)
    assert (seen.status, reason(seen)) == ("early", "helm-release-pending")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("failed", "helm-release-failed"),
        ("pending-install", "helm-release-stuck"),
        ("unknown", "helm-release-failed"),
    ],
)
def test_a_first_revision_has_none_to_go_back_to(status: str, expected: str) -> None:
    """The hint may not name a rollback that cannot be; a status nobody knows is no pass."""
    assert reason(deployed(release("kps", 1, status))) == expected


@pytest.mark.parametrize("hour", [8, 20])
def test_what_is_being_uninstalled_is_neither_early_nor_beyond_hope(hour: int) -> None:
    """Its record tells when it was installed, not since when it is going; there is nothing to go back to."""
    going = [release("kps", 1, "deployed"), release("kps", 2, "uninstalling")]
    seen = deployed(*going, now=datetime(2026, 3, 2, hour, 1, tzinfo=UTC))
    assert (seen.status, reason(seen)) == ("unmet", "helm-release-uninstalling")


def test_a_list_in_a_manifest_is_taken_apart() -> None:
    """As Helm does; what is no object is left out."""
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    listed = {"apiVersion": "v1", "kind": "List", "items": [one, {"kind": "List"}]}
    assert [*objects_of(listed), *objects_of(one), *objects_of(None)] == [one, one]


def test_a_release_may_be_kept_in_config_maps() -> None:
    """HELM_DRIVER=configmap: the same labels, the record encoded once less."""
    stored = release("kps", 3, "deployed", **CHART)
    record = base64.b64decode(stored["data"]["release"]).decode()
    labels = stored["metadata"]["labels"]
    kept = item("v1", "ConfigMap", "kps.v3", "monitoring", meta={"labels": labels}, data={"release": record})
    assert deployed(kept, chart="kube-prometheus-stack", version="77.13.0").status == "met"
    assert reason(deployed(kept, chart="other")) == "helm-other-chart"
    assert reason(deployed({**kept, "data": {"release": "%"}}, chart="other")) == "helm-release-unreadable"


def test_a_release_elsewhere_is_told_from_none() -> None:
    """The hint names the namespace where it is."""
    assert reason(deployed(release("kps", 1, "deployed", space="default"))) == "helm-release-elsewhere"
    assert reason(deployed()) == "helm-release-absent"


def test_a_chart_that_argocd_renders_has_no_release_but_runs() -> None:
    """It gets a part, because the chart is installed, and the hint says why there is no release."""
    source = {"repoURL": "https://charts.example.org", "chart": "stack", "targetRevision": "1.0.0"}
    app = application(synced(), source=source, destination={"namespace": "monitoring"})
    seen = deployed(app, namespace("monitoring"), chart="stack")
    assert (reason(seen), share(seen)) == ("helm-release-by-argocd", 0.5)


def test_chart_version_and_values_are_judged_apart() -> None:
    """Another version costs one part of three; defaults of the chart count as values."""
    seen = deployed(
        release("kps", 1, "deployed", **CHART),
        chart="kube-prometheus-stack",
        version="1.0",
        values={"a.b": "true"},
    )
    assert reason(seen) == "helm-other-version"
    assert share(seen) == pytest.approx(2 / 3)
    assert (
        reason(deployed(release("kps", 1, "deployed", **CHART), values={"a.b": "false"}))
        == "helm-other-value"
    )


def test_a_damaged_record_is_nobodys_fault() -> None:
    """What cannot be decoded is not graded."""
    broken = release("kps", 1, "deployed")
    broken["data"]["release"] = "bm90IGEgcmVjb3Jk"
    assert deployed(broken, chart="x").status == "cannot-tell"
    with pytest.raises(ValueError, match="base64"):
        decode(b"\xff\xfe")


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("77.13.0", ">=77.13", True),
        ("9.0.0", ">=10", False),
        ("1.2.3", "1.2.3", True),
        ("v2.0.0", "<2", False),
    ],
)
def test_versions_are_numbers(version: str, wanted: str, fits: bool) -> None:
    """9 is below 10."""
    assert version_matches(version, wanted) is fits


OWN = {"generation": 1, "annotations": {"meta.helm.sh/release-name": "kps"}}


def running(*objects: Object) -> Any:
    """One look at the workloads of the release."""
    return look(helm.test_running, MemoryApi(*objects).cluster(), release="kps", namespace="shop")


def test_a_deployed_release_whose_pods_do_not_start_is_not_running() -> None:
    """The first line names the container that cannot start."""
    broken = deployment(meta=OWN, status={"updatedReplicas": 2})
    seen = running(broken, pod("web-1", status=waiting("ImagePullBackOff")))
    assert (seen.status, reason(seen)) == ("hopeless", "container-image-missing")


def test_a_release_without_workloads_does_not_pass() -> None:
    """Workloads of others are not its own."""
    assert reason(running(deployment())) == "helm-release-without-workloads"
    assert running(deployment(meta=OWN)).status == "met"
