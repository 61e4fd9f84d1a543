"""The role that `k8sgrade rbac` prints, applied to real clusters: it is enough, and all of it is needed.

Done as its comments say: applied, a token made, a kubeconfig written from it, and graded with that.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.grader import Run, grade, replay
from tests.e2e.limited import Documents, check, limited
from tests.testbed.fixtures import Beds
from tests.testbed.node import Bed


def without_identity(run: Run) -> dict[str, Any]:
    """The canonical grade, but for the name of the kubeconfig's context."""
    document: dict[str, Any] = json.loads(run.canonical)
    del document["subject"]["context"]
    return document


@pytest.mark.parametrize("scenario", ["empty", "half", "lab1"])
def test_the_rights_are_enough(beds: Beds, scenario: str, tmp_path: Path) -> None:
    """The same grade as the administrator's, and evidence that gives it again."""
    bed = beds(scenario)
    with limited(bed, tmp_path) as kubeconfig:
        code, told = check(bed, kubeconfig)
        evidence = tmp_path / "evidence.zip"
        once = "--k8s-grade-wait=0"  # the scenarios have settled: nothing is on its way
        run = grade(bed, tmp_path, once, f"--k8s-grade-record={evidence}", kubeconfig=kubeconfig)
    assert code == 0, told
    assert "may do all that lab1 needs" in told
    assert "Warning" not in told
    administrators = grade(bed, tmp_path, once)
    assert without_identity(run) == without_identity(administrators)
    assert run.code == administrators.code
    again = replay(tmp_path, evidence)
    assert again.canonical == run.canonical


@pytest.mark.parametrize("scenario", ["empty", "lab1"])
def test_secrets_in_a_few_namespaces_are_enough(beds: Beds, scenario: str, tmp_path: Path) -> None:
    """Of the namespaces that the rubric names some are not there: nothing is in them, and that is told."""
    bed = beds(scenario)
    there = {one["metadata"]["name"] for one in bed.api.get("/api/v1/namespaces")["items"]}

    def where_possible(documents: Documents) -> None:
        documents[:] = [one for one in documents if one["metadata"].get("namespace", "default") in there]

    with limited(bed, tmp_path, "--namespaced", change=where_possible) as kubeconfig:
        code, told = check(bed, kubeconfig, "--namespaced")
        run = grade(bed, tmp_path, "--k8s-grade-wait=0", kubeconfig=kubeconfig)
        everywhere, _ = check(bed, kubeconfig)
    assert (code, everywhere) == (0, 1), told
    assert without_identity(run) == without_identity(grade(bed, tmp_path, "--k8s-grade-wait=0"))


@pytest.mark.parametrize(
    ("resource", "verb", "lost"),
    [
        ("secrets", "list", "helm-release"),
        ("services/proxy", "create", "grafana-reachable"),
        ("services/proxy", "get", "prometheus-up"),
        ("horizontalpodautoscalers", "get", "hpa-active"),
        ("applications", "get", "application-synced"),
    ],
)
def test_what_is_taken_away_is_missed(
    lab1_bed: Bed, tmp_path: Path, resource: str, verb: str, lost: str
) -> None:
    """`--check` names it with its items, and these are ungraded: never failed."""

    def take_away(documents: Documents) -> None:
        for document in documents:
            for rule in document.get("rules", ()):
                if resource in rule["resources"]:
                    rule["verbs"] = [one for one in rule["verbs"] if one != verb] or ["watch"]

    with limited(lab1_bed, tmp_path, change=take_away) as kubeconfig:
        code, told = check(lab1_bed, kubeconfig)
        run = grade(lab1_bed, tmp_path, "--k8s-grade-wait=0", kubeconfig=kubeconfig)
    missing = next(line for line in told.splitlines() if line.startswith(f"May not: {verb} {resource}"))
    assert code == 1
    assert lost in missing
    assert run.verdicts()[lost] == "ungraded"
    assert "failed" not in run.verdicts().values()


def test_rights_to_write_are_only_warned_about(lab1_bed: Bed, tmp_path: Path) -> None:
    """The administrator's kubeconfig has all points, and `--check` ends with 0."""
    code, told = check(lab1_bed, lab1_bed.kubeconfig)
    assert code == 0, told
    assert "Warning: the kubeconfig may change the cluster: * *.*" in told
    assert grade(lab1_bed, tmp_path).code == 0
