"""What no live mutation of lab 1 shows: other spellings of the same, and states that pass in seconds.

The faults of the lab are recorded from real clusters (`rubrics/proofs`). Here the answers of the
recorded reference are edited; every item is then looked at once, needs left aside.
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


def put(*path: str | int, value: Any) -> Edit:
    """Set the value behind a path of keys."""

    def edit(body: dict[str, Any]) -> None:
        place: Any = body
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return edit


HPA = ("HorizontalPodAutoscaler", "web-app-hpa")
DEPLOYMENT = ("Deployment", "web-app")
MONITOR = ("ServiceMonitor", "web-app")
CONTAINER = ("spec", "template", "spec", "containers", 0)

MUTATIONS: Mapping[str, tuple[Mutation, dict[str, str]]] = {
    "the data source answers with nothing": (
        answer("query=vector", put("data", "result", value=[])),
        {"grafana-datasource": "grafana-datasource-dead", "grafana-query": "grafana-datasource-dead"},
    ),
    "half of the request": (
        of(*DEPLOYMENT, put(*CONTAINER, "resources", "requests", "cpu", value="0.05")),
        {"app-configured": "field-differs"},
    ),
    "the same request in another spelling": (
        of(*DEPLOYMENT, put(*CONTAINER, "resources", "requests", "cpu", value="0.1")),
        {},
    ),
    "monitor asks for a number": (
        of(*MONITOR, put("spec", "endpoints", 0, "port", value="8080")),
        {"monitor-configured": "field-differs"},
    ),
    "a node without values": (
        answer("metrics.k8s.io/v1beta1/nodes", put("items", value=[])),
        {"node-metrics": "node-without-metrics"},
    ),
    "policies in another order": (
        of(*HPA, lambda body: body["spec"]["behavior"]["scaleUp"]["policies"].reverse()),
        {},
    ),
    "metrics in another order": (of(*HPA, lambda body: body["spec"]["metrics"].reverse()), {}),
    "argo cd without redis": (
        of("Deployment", "argocd-redis", put("metadata", value={"name": "other", "namespace": "argocd"})),
        {"argocd-installed": "argocd-component-absent"},
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
