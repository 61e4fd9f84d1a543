"""Lab 1 proven on a recorded cluster: each fault loses exactly its items, and nothing else.

The recorded reference has every point. A mutation edits the recorded answers as the
fault would have changed them; every item is then looked at once, needs left aside.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_k8sgrade.cluster import Cluster, Exchange, Response
from pytest_k8sgrade.cluster.evidence import Evidence
from pytest_k8sgrade.cluster.replay import RecordedSource, open_evidence
from pytest_k8sgrade.outcome import CannotTell, Finding
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.packs import find_pack
from pytest_k8sgrade.rubric.variables import fixed_values, substitute

REFERENCE = Path(__file__).parents[2] / "examples" / "lab1" / "reference.zip"
LAB = load_rubric(find_pack("lab1"))
Edit = Callable[[dict[str, Any]], None]
Mutation = Callable[[Evidence], Evidence]


def lost(evidence: Evidence) -> dict[str, str]:
    """The items that are not met, with the reason's id; one that cannot be graded says so."""
    view = RecordedSource(evidence).view()
    values = {**fixed_values(LAB.rubric, {}), "app_namespace": "day5-lab"}
    found = {}
    for item in LAB.rubric.items:
        try:
            LAB.checks[item.check].function(cluster=Cluster(view), **substitute(item.with_, values))
        except CannotTell as finding:
            found[item.id] = f"cannot tell: {finding.reason}"
        except Finding as finding:
            found[item.id] = finding.reason.id
    return found


def documents(evidence: Evidence, change: Callable[[str, Any], bool]) -> Evidence:
    """The evidence with its JSON answers changed in place; at least one must be concerned."""
    exchanges = tuple(edited(exchange, change) for exchange in evidence.exchanges)
    assert exchanges != evidence.exchanges, "the mutation concerns nothing that was recorded"
    return replace(evidence, exchanges=exchanges)


def edited(exchange: Exchange, change: Callable[[str, Any], bool]) -> Exchange:
    """An exchange with its JSON changed, or the exchange itself."""
    result = exchange.result
    body = parsed(result) if isinstance(result, Response) else None
    if not isinstance(result, Response) or body is None or not change(exchange.key, body):
        return exchange
    return Exchange(exchange.key, Response(result.status, result.headers, json.dumps(body).encode()))


def parsed(response: Response) -> Any:
    """A copy of a JSON body, None for anything else."""
    try:
        return json.loads(response.content)
    except ValueError:
        return None


def of(kind: str, name: str, edit: Edit) -> Mutation:
    """Edit an object wherever it was recorded."""

    def change(_: str, body: Any) -> bool:
        found = [
            one for one in objects(body) if one.get("kind") == kind and one["metadata"].get("name") == name
        ]
        for one in found:
            edit(one)
        return bool(found)

    return lambda evidence: documents(evidence, change)


def objects(body: Any) -> Iterator[dict[str, Any]]:
    """The object, or the items of a list with the kind that a list leaves out."""
    if not isinstance(body, dict):
        return
    for one in body.get("items") or []:
        if isinstance(one, dict):
            one.setdefault("kind", str(body.get("kind", "")).removesuffix("List"))
            yield one
    if "metadata" in body and "items" not in body:
        yield body


def answer(part: str, edit: Edit) -> Mutation:
    """Edit the answers whose request contains a text."""

    def change(key: str, body: Any) -> bool:
        if part not in key or not isinstance(body, dict):
            return False
        edit(body)
        return True

    return lambda evidence: documents(evidence, change)


def without(part: str) -> Mutation:
    """An object or list that is not there."""
    missing = {"kind": "Status", "apiVersion": "v1", "code": 404, "reason": "NotFound"}

    def mutate(evidence: Evidence) -> Evidence:
        gone = Response(404, {}, json.dumps(missing).encode())
        exchanges = [Exchange(one.key, gone) if part in one.key else one for one in evidence.exchanges]
        assert exchanges != list(evidence.exchanges)
        return replace(evidence, exchanges=tuple(exchanges))

    return mutate


def put(*path: str | int, value: Any) -> Edit:
    """Set the value behind a path of keys."""

    def edit(body: dict[str, Any]) -> None:
        place: Any = body
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return edit


def conditions(**changed: tuple[str, str]) -> Edit:
    """Give conditions another status and reason."""

    def edit(body: dict[str, Any]) -> None:
        for one in body["status"]["conditions"]:
            if one["type"] in changed:
                one["status"], one["reason"] = changed[one["type"]]

    return edit


def targets(job: str, health: str | None) -> Edit:
    """Change the health of a job's targets, or take them out."""

    def edit(body: dict[str, Any]) -> None:
        active = body["data"]["activeTargets"]
        own = [one for one in active if one["labels"]["job"] == job]
        for one in own:
            one["health"] = health
        if health is None:
            body["data"]["activeTargets"] = [one for one in active if one not in own]

    return edit


HPA = ("HorizontalPodAutoscaler", "web-app-hpa")
APP = ("Application", "web-app")
DEPLOYMENT = ("Deployment", "web-app")
MONITOR = ("ServiceMonitor", "web-app")
CONTAINER = ("spec", "template", "spec", "containers", 0)
TARGETS = "/proxy/api/v1/targets"
SOURCES = "/api/datasources as"

MUTATIONS: Mapping[str, tuple[Mutation, dict[str, str]]] = {
    "release failed": (
        of("Secret", "sh.helm.release.v1.prometheus.v1", put("metadata", "labels", "status", value="failed")),
        {"helm-release": "helm-release-failed"},
    ),
    "grafana has no ready pod": (
        of("Deployment", "prometheus-grafana", put("status", "readyReplicas", value=0)),
        {"stack-running": "workload-not-ready"},
    ),
    "operator refuses alertmanager's configuration": (
        of(
            "Alertmanager",
            "prometheus-kube-prometheus-alertmanager",
            conditions(Reconciled=("False", "ReconciliationFailed")),
        ),
        {"alertmanager-up": "operated-refused"},
    ),
    "prometheus knows no alertmanager": (
        answer("/api/v1/alertmanagers", put("data", "activeAlertmanagers", value=[])),
        {"alertmanager-connected": "alertmanager-not-connected"},
    ),
    "node-exporter is down": (
        answer(TARGETS + "?state=active", targets("node-exporter", "down")),
        {"targets-up": "job-targets-down"},
    ),
    "kube-state-metrics is not scraped": (
        answer(TARGETS + "?state=active", targets("kube-state-metrics", None)),
        {"targets-up": "job-without-targets"},
    ),
    "the data source answers with nothing": (
        answer("query=vector", put("data", "result", value=[])),
        {"grafana-datasource": "grafana-datasource-dead", "grafana-query": "grafana-datasource-dead"},
    ),
    "no series through grafana": (
        answer("query=sum%20by", put("data", "result", value=[])),
        {"grafana-query": "query-without-data"},
    ),
    "another image": (
        of(*DEPLOYMENT, put(*CONTAINER, "image", value="nginx:1.25")),
        {"app-configured": "field-differs"},
    ),
    "half of the request": (
        of(*DEPLOYMENT, put(*CONTAINER, "resources", "requests", "cpu", value="0.05")),
        {"app-configured": "field-differs"},
    ),
    "the same request in another spelling": (
        of(*DEPLOYMENT, put(*CONTAINER, "resources", "requests", "cpu", value="0.1")),
        {},
    ),
    "stuck rollout": (
        of(*DEPLOYMENT, put("status", "updatedReplicas", value=1)),
        {"app-ready": "workload-rolling-out"},
    ),
    "wrong port of the service": (
        of("Service", "web-app", put("spec", "ports", 0, "port", value=8080)),
        {"app-service": "field-differs"},
    ),
    "monitor asks for a number": (
        of(*MONITOR, put("spec", "endpoints", 0, "port", value="8080")),
        {"monitor-configured": "field-differs"},
    ),
    "the image has no metrics": (
        answer(TARGETS + "?scrapePool", targets("web-app", "down")),
        {"monitor-up": "target-down"},
    ),
    "no metrics server": (
        without("apiservices/v1beta1.metrics.k8s.io"),
        {"metrics-server": "metrics-api-absent"},
    ),
    "a node without values": (
        answer("metrics.k8s.io/v1beta1/nodes", put("items", value=[])),
        {"node-metrics": "node-without-metrics"},
    ),
    "another maximum": (
        of(*HPA, put("spec", "maxReplicas", value=5)),
        {"hpa-configured": "field-differs"},
    ),
    "no scale-down window": (
        of(*HPA, put("spec", "behavior", "scaleDown", "stabilizationWindowSeconds", value=0)),
        {"hpa-scale-down-rules": "field-differs"},
    ),
    "policies in another order": (
        of(*HPA, lambda body: body["spec"]["behavior"]["scaleUp"]["policies"].reverse()),
        {},
    ),
    "metrics in another order": (of(*HPA, lambda body: body["spec"]["metrics"].reverse()), {}),
    "a rival autoscaler": (
        of(*HPA, conditions(ScalingActive=("False", "AmbiguousSelector"))),
        {"hpa-active": "hpa-ambiguous"},
    ),
    "argo cd without redis": (
        of("Deployment", "argocd-redis", put("metadata", value={"name": "other", "namespace": "argocd"})),
        {"argocd-installed": "argocd-component-absent"},
    ),
    "self-heal is off": (
        of(*APP, put("spec", "syncPolicy", "automated", "selfHeal", value=False)),
        {"application-configured": "field-differs"},
    ),
    "the placeholder repository": (
        of(
            *APP,
            put(
                "status",
                value={
                    "sync": {"status": "Unknown"},
                    "health": {"status": "Healthy"},
                    "conditions": [{"type": "ComparisonError", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
                },
            ),
        ),
        {"application-synced": "argocd-source-unreadable"},
    ),
}


@pytest.fixture(scope="module")
def reference() -> Evidence:
    """The recorded cluster on which lab 1 is finished."""
    return open_evidence(REFERENCE).evidence


def test_the_reference_loses_nothing(reference: Evidence) -> None:
    """Otherwise the mutations below prove nothing."""
    assert lost(reference) == {}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_fault_loses_exactly_its_items(reference: Evidence, name: str) -> None:
    """The items, and the reason that a student reads first."""
    mutate, expected = MUTATIONS[name]
    assert lost(mutate(reference)) == expected
