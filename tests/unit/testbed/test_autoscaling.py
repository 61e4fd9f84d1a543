"""What the autoscaling scenario adapts and stands in for, without a cluster."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from pytest_k8sgrade.kube.node_groups import from_document
from pytest_k8sgrade.kube.times import parse_go_time
from tests.testbed.layers import event_driven, keda, vpa
from tests.testbed.scenarios.changes import node_autoscaler as changes
from tests.testbed.standins.node_autoscaler import server

Objects = dict[str, dict[str, Any]]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Objects:
    """What the stand-in for Cluster Autoscaler applies, by kind; what it is told is the scenario's own."""
    told, applied = changes.told(), Objects()

    def call(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        if body is None:
            assert (method, path.rsplit("/", 1)[1]) == ("GET", "cluster-autoscaler-stand-in")
            return {"data": told}
        applied[body["kind"]] = body
        return body

    monkeypatch.setattr(server, "call", call)
    server.loop()
    return applied


def test_the_stand_in_writes_the_documented_status(written: Objects) -> None:
    """The form is the one that the product reads, with a time of its own everywhere."""
    stored = written["ConfigMap"]
    status = from_document(yaml.safe_load(stored["data"]["status"]))
    (group,) = status.groups
    assert (status.state, status.cluster.health) == ("Running", "Healthy")
    assert (group.name, group.target, group.min_size, group.max_size) == ("workers", 2, 2, 10)
    assert status.written == parse_go_time(stored["metadata"]["annotations"][changes.STAMP])
    assert "NOW" not in stored["data"]["status"]


def test_the_stand_in_renews_the_lease(written: Objects) -> None:
    """Its moment is that of the status."""
    lease = written["Lease"]
    assert lease["metadata"]["name"] == "cluster-autoscaler"
    assert lease["spec"]["renewTime"].endswith("Z")


def test_the_pod_template_of_a_scaled_job_is_left_open() -> None:
    """As KEDA's file has it, the API server refuses the CRD; without descriptions it is served sooner."""
    job = {"properties": {"template": {"properties": {"spec": {"required": ["containers"]}}}}}
    schema = {"properties": {"spec": {"properties": {"jobTargetRef": job}}}}
    versions = [{"schema": {"openAPIV3Schema": schema}, "description": "long"}]
    found = keda.accepted({"metadata": {"name": "scaledjobs.keda.sh"}, "spec": {"versions": versions}})
    (version,) = found["spec"]["versions"]
    template = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["jobTargetRef"]
    assert template["properties"]["template"] == {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
    }
    assert "description" not in version


def test_the_vpa_is_quick_and_has_certificates() -> None:
    """The updater's loop is its own flag's; the Secret has what the admission controller reads."""
    container: dict[str, Any] = {"args": ["--v=4"], "readinessProbe": {}}
    deployment = {
        "kind": "Deployment",
        "metadata": {"name": "vpa-updater"},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }
    vpa.adapted(deployment)
    assert container["args"] == ["--v=4", "--updater-interval=3s"]
    assert vpa.certificates()["data"].keys() == {"caCert.pem", "serverCert.pem", "serverKey.pem"}


def test_the_scaler_is_the_theory_s_unless_told_otherwise() -> None:
    """Other fields come on top of it."""
    (own,), (quick,) = event_driven.scaler(), event_driven.scaler({"cooldownPeriod": 3})
    assert (own["spec"]["cooldownPeriod"], own["spec"]["maxReplicaCount"]) == (300, 30)
    assert quick["spec"] == {**own["spec"], "cooldownPeriod": 3}
