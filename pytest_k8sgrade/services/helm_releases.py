"""What a Helm release has stored: its newest revision, the values it was made with, its manifest.

Where the release is missing the reason says where it is instead, or who installed the chart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.cluster.plain_yaml import load_plain
from pytest_k8sgrade.outcome import Findings, absent, cannot_tell, hopeless
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.gitops import argocd
from pytest_k8sgrade.services.helm import Revision, objects_of, plain, release_names, revisions, value_of

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

_SEPARATOR = re.compile(r"(?m)^---(?:[ \t].*)?$")


def stored_revisions(cluster: Cluster, release: str, namespace: str, chart: str = "") -> list[Revision]:
    """The revisions of a release, oldest first; Absent with where it is instead when there are none.

    The newest has the status of its record.
    """
    found = revisions(cluster, release, namespace)
    if not found:
        _absent(cluster, release, namespace, chart)
    return [*found[:-1], found[-1].as_recorded()]


def installed_revision(cluster: Cluster, release: str, namespace: str) -> Revision:
    """The newest revision, however it went; Hopeless when the release was uninstalled."""
    newest = stored_revisions(cluster, release, namespace)[-1]
    if newest.status == "uninstalled":
        details = {"release": release, "namespace": namespace, "revision": newest.number}
        hopeless(
            "helm-release-uninstalled",
            seen=newest.status,
            wanted="deployed",
            status=newest.status,
            **details,
        )
    return newest


def _absent(cluster: Cluster, release: str, namespace: str, chart: str) -> None:
    where: dict[str, Any] = {"release": release, "namespace": namespace}
    elsewhere = if_readable(lambda: revisions(cluster, release, None)) or []
    others = sorted({revision.namespace for revision in elsewhere if revision.status != "uninstalled"})
    if others:
        absent("helm-release-elsewhere", seen=others, wanted=namespace, found=others, **where)
    application = if_readable(lambda: _application(cluster, namespace, chart)) if chart else None
    if application is None:
        names = if_readable(lambda: release_names(cluster, namespace)) or []
        reason = "helm-release-other-name" if names else "helm-release-absent"
        absent(reason, seen=names, wanted=release, found=names, **where)
    found = Findings()
    found.require(True, "helm-release-by-argocd", part="installed")
    found.require(
        False, "helm-release-by-argocd", part="release", seen=application, application=application, **where
    )
    found.close()


def _application(cluster: Cluster, namespace: str, chart: str) -> str | None:
    """The Synced Argo CD Application that renders the chart into the namespace: then Helm has no release."""
    for item in cluster.list(argocd.API_VERSION, "Application"):
        parsed = argocd.application(item)
        charts = [source.chart for source in parsed.sources]
        if chart in charts and parsed.destination.get("namespace", namespace) == namespace:
            return parsed.name if parsed.sync == "Synced" else None
    return None


def require_value(
    found: Findings, record: Mapping[str, Any], path: str, asked: str, where: Mapping[str, Any]
) -> None:
    """Record whether the release was made with a value; `where` names release and namespace."""
    value = value_of(record, path)
    found.require(
        plain(value) == asked,
        "helm-other-value",
        part=path,
        seen=value,
        wanted=asked,
        path=path,
        found=value,
        asked=asked,
        **where,
    )


def documents(revision: Revision) -> Iterator[Mapping[str, Any]]:
    """The objects of a revision's manifest, each with its namespace."""
    for text in _SEPARATOR.split(revision.record().get("manifest") or ""):
        try:
            document = load_plain(text)
        except ValueError:
            cannot_tell(
                "helm-release-unreadable",
                release=revision.release,
                namespace=revision.namespace,
                revision=revision.number,
            )
        for item in objects_of(document):
            item["metadata"].setdefault("namespace", revision.namespace)
            yield item
