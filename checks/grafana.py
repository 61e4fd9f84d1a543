"""Grafana: reachable with its own password, its data source, its dashboards, its data.

Dashboards are asked of Grafana itself: one that was imported by hand is no
Kubernetes object, and a ConfigMap is no dashboard before the sidecar took it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.outcome import CannotTell, Findings, cannot_tell, unmet
from pytest_k8sgrade.services.grafana import dashboards, panels, provisioning
from pytest_k8sgrade.services.grafana.grafana import Grafana
from pytest_k8sgrade.services.grafana.installation import place

PROBE = "vector(1)"
"""Answered by every Prometheus, whatever it has collected."""


def _open(cluster: Cluster, namespace: str, service: str) -> Grafana:
    grafana = Grafana(cluster, place(cluster, namespace, service))
    grafana.require_healthy()
    return grafana


def test_reachable(cluster: Cluster, namespace: str, service: str = "") -> None:
    """Grafana answers and accepts its administrator's password."""
    _open(cluster, namespace, service).login()


def test_datasource(cluster: Cluster, namespace: str, type: str = "prometheus", service: str = "") -> None:  # noqa: A002 - Grafana's own word
    """Grafana has a data source of type {type} that answers."""
    grafana = _open(cluster, namespace, service)
    grafana.login()
    _working(cluster, grafana, type)


def _working(cluster: Cluster, grafana: Grafana, kind: str) -> Mapping[str, Any]:
    """A data source of that kind that answers a query, the default one before others."""
    sources = [one for one in grafana.data_sources() if one.get("type") == kind]
    where = {"namespace": grafana.place.namespace, "service": grafana.place.service, "type": kind}
    if not sources:
        reason, params = provisioning.why_source_absent(cluster, grafana.place, kind)
        unmet(reason, seen=0, wanted=kind, **where, **params)
    answers = {}
    for source in sorted(sources, key=_default_first):
        status, series = _asked(cluster, grafana, source)
        if status == 200 and series:
            return source
        answers[str(source.get("name"))] = (status, source.get("url"))
    return _dead(cluster, grafana, answers, where)


def _asked(cluster: Cluster, grafana: Grafana, source: Mapping[str, Any]) -> tuple[int, list[Any]]:
    """What a data source answers; silence is told by its cause, where the cluster shows one."""
    try:
        return grafana.query(source, PROBE)
    except CannotTell as doubt:
        if doubt.reason.id != "timeout" or not provisioning.why_source_dead(
            cluster, grafana.place, str(source.get("url"))
        ):
            raise
        return 504, []


def _dead(
    cluster: Cluster, grafana: Grafana, answers: Mapping[str, tuple[int, Any]], where: Mapping[str, str]
) -> NoReturn:
    name, (status, url) = next(iter(answers.items()))
    seen = {source: answer[0] for source, answer in answers.items()}
    told = {"name": name, "status": status, "url": url, **where}
    found = provisioning.why_source_dead(cluster, grafana.place, str(url))
    reason, params = found or ("grafana-datasource-dead", told)
    unmet(reason, seen=seen, wanted=200, **{**told, **params})


def _default_first(source: Mapping[str, Any]) -> tuple[bool, str]:
    return not source.get("isDefault"), str(source.get("name"))


def test_dashboards(cluster: Cluster, namespace: str, titles: list[str], service: str = "") -> None:
    """Grafana has the dashboards {titles}."""
    grafana = _open(cluster, namespace, service)
    grafana.login()
    found = Findings()
    for title in titles:
        matching = grafana.dashboards(title)
        reason, params = provisioning.ABSENT
        if not matching:
            reason, params = provisioning.why_dashboard_absent(cluster, grafana.place, title)
        found.require(
            bool(matching),
            reason,
            part=f"dashboard/{title}",
            seen=len(matching),
            wanted=1,
            title=title,
            namespace=namespace,
            service=grafana.place.service,
            **params,
        )
    found.close()


def test_dashboard_configmap(
    cluster: Cluster, name: str, namespace: str, monitoring: str, service: str = ""
) -> None:
    """Grafana's side-car takes the dashboard of the ConfigMap {name}."""
    config_map = cluster.get("v1", "ConfigMap", name, namespace)
    where = place(cluster, monitoring, service)
    dashboards.require_taken(config_map, dashboards.sidecars(cluster, where), where)


def test_dashboard_panels(cluster: Cluster, namespace: str, title: str, service: str = "") -> None:
    """Every panel of the dashboard {title} has a data source that is there."""
    grafana = _open(cluster, namespace, service)
    grafana.login()
    told = {"title": title, "namespace": namespace, "service": grafana.place.service}
    matching = grafana.dashboards(title)
    if not matching:
        reason, params = provisioning.why_dashboard_absent(cluster, grafana.place, title)
        unmet(reason, seen=0, wanted=1, **told, **params)
    panels.require_sources(grafana, matching, told)


def test_query(cluster: Cluster, namespace: str, query: str, at_least: int = 1, service: str = "") -> None:
    """Grafana gets data for {query} through its data source."""
    grafana = _open(cluster, namespace, service)
    grafana.login()
    status, series = grafana.query(_working(cluster, grafana, "prometheus"), query)
    if status != 200:
        cannot_tell("grafana-query-refused", seen=status, status=status, query=query, namespace=namespace)
    if len(series) < at_least:
        counted = {"found": len(series), "asked": at_least}
        unmet(
            "query-without-data",
            seen=len(series),
            wanted=at_least,
            query=query,
            namespace=namespace,
            **counted,
        )
