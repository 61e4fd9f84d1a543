"""Prometheus and Alertmanager below a path and behind TLS, on a real operator: their resources tell it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.grader import grade
from tests.testbed.layers import look
from tests.testbed.layers.base import apply
from tests.testbed.layers.monitoring import ALERTMANAGER, NAMESPACE
from tests.testbed.node import Bed
from tests.testbed.scenarios.change import Change, Target, applied, patched
from tests.testbed.scenarios.changes.monitoring import PROMETHEUS
from tests.unit.cluster.certificates import make_authority

Spec = dict[str, Any]

ROUTER = Target("alertmanager", NAMESPACE, "prometheus-kube-prometheus-alertmanager")
CERTIFICATE = "prometheus-web"
HOST = "prometheus.monitoring.svc"
RUBRIC = """
k8sgrade: 1
id: addresses
version: "1"
title: {en: "Addresses", ko: "주소"}
pass_mark: 100%
budget: 3m
within: 2m
groups:
  - id: all
    title: {en: "All", ko: "전체"}
    items:
      - {id: prometheus, check: prometheus.up, with: {namespace: monitoring}, points: 1, level: effect}
      - {id: up, check: prometheus.query, with: {namespace: monitoring, query: up}, points: 1, level: effect}
      - {id: alertmanager, check: alertmanager.up, with: {namespace: monitoring}, points: 1, level: effect}
"""


def moved(name: str, target: Target, spec: Spec, back: Spec, root: str, path: str) -> Change:
    """A change of a resource's spec after which its API is at another path than at the root."""

    def at(bed: Bed, path: str) -> str | None:
        return None if look.get(bed, path) is not None else f"nothing at {path}"

    return patched(
        name,
        name,
        target,
        to={"spec": spec},
        back={"spec": back},
        effect=lambda bed: at(bed, path),
        restored=lambda bed: at(bed, root),
        timeout=240,
    )


def certificate(folder: Path) -> Spec:
    """A Secret with a key and a certificate that nobody vouches for."""
    pem = base64.b64encode(make_authority(folder, host=HOST).server_pem.read_bytes()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": CERTIFICATE, "namespace": NAMESPACE},
        "data": {"web.pem": pem},
    }


PART = {"name": CERTIFICATE, "key": "web.pem"}
INFO = "/api/v1/status/runtimeinfo"
AT_PATH, AT_ROOT = {"routePrefix": "/own"}, {"routePrefix": "/"}
TLS = {"web": {"tlsConfig": {"keySecret": PART, "cert": {"secret": PART}}}}
BY_TLS = look.PROMETHEUS.replace("/services/", "/services/https:")
STATUS = "/api/v2/status"
CHANGES = {
    "prefix": moved(
        "prefix", PROMETHEUS, AT_PATH, AT_ROOT, look.PROMETHEUS + INFO, f"{look.PROMETHEUS}/own{INFO}"
    ),
    "tls": moved("tls", PROMETHEUS, TLS, {"web": None}, look.PROMETHEUS + INFO, BY_TLS + INFO),
    "alertmanager-prefix": moved(
        "alertmanager-prefix", ROUTER, AT_PATH, AT_ROOT, ALERTMANAGER + STATUS, f"{ALERTMANAGER}/own{STATUS}"
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_resource_tells_the_address(half_bed: Bed, tmp_path: Path, name: str) -> None:
    """What has moved has full marks, as before it moved."""
    rubric = tmp_path / "addresses.yaml"
    rubric.write_text(RUBRIC, encoding="utf-8")
    apply(half_bed, [certificate(tmp_path)])
    with applied(half_bed, CHANGES[name]):
        run = grade(half_bed, tmp_path, lab=str(rubric))
    assert run.verdicts() == dict.fromkeys(("prometheus", "up", "alertmanager"), "passed"), run.output
