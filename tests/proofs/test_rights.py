"""The rights of the bundled rubrics, held against every recording that there is.

What was ever asked is allowed; and a rule that is taken away is missed: with the answers that
it allows refused, a recorded cluster is graded otherwise.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pytest_k8sgrade.cluster.evidence import Evidence, pack, unpack
from pytest_k8sgrade.cluster.exchange import Exchange
from pytest_k8sgrade.cluster.judging import NoAnswer
from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.prove.load import LoadedProofs, load_proofs
from pytest_k8sgrade.reports.json import canonical_json
from pytest_k8sgrade.rights import needs as needs_module
from pytest_k8sgrade.rights.manifest import Rule, of_rule, rules
from pytest_k8sgrade.rights.needs import Needs, needs_of
from pytest_k8sgrade.rights.permission import Permission, covered, of_key
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.packs import find_pack

LABS = ("autoscaling", "challenge1", "handson1", "lab1", "logging", "theory", "tracing")
NOT_MISSED = {
    "autoscaling": {
        "nodes", "resourcequotas", "secrets", "daemonsets.apps", "statefulsets.apps", "replicasets.apps",
        "prometheuses.monitoring.coreos.com", "poddisruptionbudgets.policy",
        "triggerauthentications.keda.sh", "clustertriggerauthentications.keda.sh", "limitranges",
        "persistentvolumeclaims", "persistentvolumes", "storageclasses.storage.k8s.io",
        "jobs.batch",
    },
    "challenge1": {
        "secrets", "configmaps", "services", "daemonsets.apps", "statefulsets.apps",
        "apiservices.apiregistration.k8s.io", "ingresses.networking.k8s.io",
        "horizontalpodautoscalers.autoscaling", "persistentvolumeclaims", "storageclasses.storage.k8s.io",
    },
    "lab1": {
        "replicasets.apps", "ingresses.networking.k8s.io",
        "persistentvolumeclaims", "storageclasses.storage.k8s.io",
        "podmonitors.monitoring.coreos.com", "probes.monitoring.coreos.com",
        "scrapeconfigs.monitoring.coreos.com",
    },
}  # fmt: skip
"""What only matters in states that nobody has recorded: pods without a node, a quota that is used
up, references to what is not there, an autoscaler's target of another kind (Jobs are read for a
CronJob), an Ingress or a Service of Argo CD's without an address, an application that is meant to be
scraped without a ServiceMonitor."""


@cache
def proofs(lab: str) -> LoadedProofs:
    """A lab's proofs."""
    return load_proofs(load_rubric(find_pack(lab)))


@cache
def needs(lab: str) -> Needs:
    """What a lab needs, without its active checks."""
    return needs_of(proofs(lab).lab)


@cache
def recordings(lab: str) -> tuple[Evidence, ...]:
    """All recorded clusters of a lab; the whole ones come first."""
    file = proofs(lab).file
    paths = (file.reference, file.empty, *(one.evidence for one in file.mutations))
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.zip"
        found = []
        for path in paths:
            whole.write_bytes(proofs(lab).evidence(path))
            found.append(unpack(whole))
    return tuple(found)


def asked(evidence: Evidence) -> set[Permission]:
    """What it took to record it."""
    found = (of_key(exchange.key) for exchange in evidence.exchanges)
    return {permission for permission in found if permission is not None}


@pytest.mark.parametrize("lab", LABS)
def test_what_was_ever_asked_is_found_in_the_code(lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By reading alone: looking at the checks would add nothing."""
    monkeypatch.setattr(needs_module, "_seen", lambda _lab: iter(()))
    read = needs_of(proofs(lab).lab).permissions
    everything = set[Permission]().union(*(asked(evidence) for evidence in recordings(lab)))
    assert {one for one in everything if not covered(one, read)} == set()
    assert everything


@pytest.mark.parametrize("lab", LABS)
def test_reading_is_all_that_is_allowed(lab: str) -> None:
    """But for the login form of Grafana, where a rubric has Grafana."""
    others = {one for one in needs(lab).permissions if one.verb not in ("get", "list")}
    login = {Permission("", "services/proxy", "create")}
    assert others == (login if lab == "lab1" else set())
    assert all(one.resource != "*" or one.group.endswith("metrics.k8s.io") for one in needs(lab).permissions)


@pytest.mark.parametrize("lab", LABS)
def test_what_is_sensitive_was_only_asked_in_the_rubrics_namespaces(lab: str) -> None:
    """But for the Prometheus that a scaler of the student's names, which only explains a fault."""
    everything = set[Permission]().union(*(asked(evidence) for evidence in recordings(lab)))
    elsewhere = {one.namespace for one in everything if one.is_sensitive} - {*needs(lab).namespaces}
    assert elsewhere == ({"monitoring"} if lab == "autoscaling" else set())


@pytest.mark.parametrize("lab", NOT_MISSED)
def test_a_rule_that_is_taken_away_is_missed(lab: str, tmp_path: Path) -> None:
    """On one of the recordings at least something is ungraded then, or less is said."""
    spare = {
        f"{name}.{rule.group}".rstrip(".")
        for rule in rules(needs(lab))
        if not _is_missed(rule, lab, tmp_path)
        for name in rule.resources
    }
    assert spare == NOT_MISSED[lab]


def _is_missed(rule: Rule, lab: str, folder: Path) -> bool:
    return any(
        _graded_as_it_is(lab, index) != _graded(lab, refused, folder)
        for index, evidence in enumerate(recordings(lab))
        if (refused := _without(evidence, lab, rule)) is not evidence
    )


def _without(evidence: Evidence, lab: str, rule: Rule) -> Evidence:
    """The recording as it would be without a rule; the same object where that was not used."""
    left = needs(lab).permissions.keys() - {*of_rule(rule)}
    exchanges = tuple(_refused(exchange, left) for exchange in evidence.exchanges)
    return evidence if exchanges == evidence.exchanges else replace(evidence, exchanges=exchanges)


def _refused(exchange: Exchange, left: Collection[Permission]) -> Exchange:
    needed = of_key(exchange.key)
    if needed is None or covered(needed, left):
        return exchange
    details = {"resource": needed.resource, "group": needed.group, "name": "", "namespace": ""}
    where = {
        "server": "https://cluster.invalid",
        "path": exchange.key,
        "code": 403,
        "context": "",
        "user": "",
    }
    return Exchange(exchange.key, NoAnswer("forbidden", {**where, **details}))


@cache
def _graded_as_it_is(lab: str, index: int) -> str:
    with TemporaryDirectory() as folder:
        return _graded(lab, recordings(lab)[index], Path(folder))


def _graded(lab: str, evidence: Evidence, folder: Path) -> str:
    file = folder / "graded.zip"
    file.write_bytes(pack(evidence))
    return canonical_json(grade_evidence(lab, file))
