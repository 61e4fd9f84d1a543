"""Helm releases: deployed with the chart that was asked for, and running.

`deployed` judges the highest revision only. `running` is the other half: Helm calls
a release deployed as soon as the API has taken its objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NoReturn

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import Findings, absent, hopeless, too_early, unmet
from pytest_k8sgrade.services.helm import PENDING, Revision, of_release, version_matches
from pytest_k8sgrade.services.helm_releases import require_value, stored_revisions
from pytest_k8sgrade.services.running import workloads

STUCK_AFTER = timedelta(minutes=15)
"""Longer than Helm waits by default, so nobody is still at work on it."""


def test_deployed(
    cluster: Cluster,
    release: str,
    namespace: str,
    chart: str = "",
    version: str = "",
    values: dict[str, str] | None = None,
) -> None:
    """The Helm release {release} is deployed."""
    stored = stored_revisions(cluster, release, namespace, chart)
    latest = stored[-1]
    _require_deployed(cluster, latest, stored[:-1])
    if chart or version or values:
        _require_content(latest, chart, version, values or {})


def _require_deployed(cluster: Cluster, latest: Revision, earlier: Sequence[Revision]) -> None:
    if latest.status == "deployed":
        return
    details: dict[str, Any] = {
        "release": latest.release,
        "namespace": latest.namespace,
        "revision": latest.number,
        "status": latest.status,
    }
    last_good = max((one.number for one in earlier if one.status == "deployed"), default=None)
    if last_good is not None:
        details["previous"] = last_good
    if latest.status in PENDING:
        _explain_pending(cluster, latest, details)
    reason = "helm-release-failed" if last_good is None else "helm-upgrade-failed"
    if latest.status == "uninstalled":
        reason = "helm-release-uninstalled"
    hopeless(reason, seen=latest.status, wanted="deployed", **details)


def _explain_pending(cluster: Cluster, latest: Revision, details: Mapping[str, Any]) -> NoReturn:
    """Helm may be at work for as long as it waits by default; after that it was interrupted."""
    if latest.status == "uninstalling":
        # Its record is that of the installation and does not tell since when.
        unmet(
            "helm-release-uninstalling",
            seen=latest.status,
            wanted="deployed",
            since=latest.created,
            **details,
        )
    created = parse_time(latest.created)
    if created is None or cluster.now - created <= STUCK_AFTER:
        say = unmet if created is None else too_early
        say("helm-release-pending", seen=latest.status, wanted="deployed", **details)
    reason = "helm-upgrade-stuck" if "previous" in details else "helm-release-stuck"
    hopeless(reason, seen=latest.status, wanted="deployed", since=latest.created, **details)


def _require_content(latest: Revision, chart: str, version: str, values: Mapping[str, str]) -> None:
    record = latest.record()
    metadata = (record.get("chart") or {}).get("metadata") or {}
    where: dict[str, Any] = {"release": latest.release, "namespace": latest.namespace}
    found = Findings()
    if chart:
        name = metadata.get("name", "")
        found.require(
            name == chart,
            "helm-other-chart",
            part="chart",
            seen=name,
            wanted=chart,
            found=name,
            asked=chart,
            **where,
        )
    if version:
        has = str(metadata.get("version", ""))
        found.require(
            version_matches(has, version),
            "helm-other-version",
            part="version",
            seen=has,
            wanted=version,
            found=has,
            asked=version,
            **where,
        )
    for path, asked in values.items():
        require_value(found, record, path, asked, where)
    found.close()


def test_running(cluster: Cluster, release: str, namespace: str) -> None:
    """All workloads of the Helm release {release} run."""
    found = [one for one in workloads.list_all(cluster, namespace) if of_release(one, release, namespace)]
    if not found:
        absent("helm-release-without-workloads", release=release, namespace=namespace)
    findings = Findings()
    for one in sorted(found, key=lambda item: (item["kind"], item["metadata"]["name"])):
        part = f"{one['kind'].lower()}/{one['metadata']['name']}"
        workloads.require(findings, workloads.shortfall(cluster, one), part)
    findings.close()
