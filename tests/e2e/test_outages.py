"""Trouble that is not the student's, made on the real cluster: nobody fails for it.

Each test ends with the cluster as it was. A credential of a ServiceAccount that was
deleted stands for an expired one: the API server answers both with 401 (a token's
least lifetime is ten minutes).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.doors import EVERYTHING, NO_SECRETS, account, fault_door
from tests.e2e.grader import Run, begin, end, grade
from tests.testbed.node import Bed

BOUND = 120.0
"""Seconds within which a run must have given up; a good deal less than the rubric's budget."""

RECOVERED = 180.0
"""Seconds for everything on the cluster to work again after its API server was away."""


@pytest.fixture
def bed(lab1_bed: Bed) -> Bed:
    """The reference cluster, answering."""
    lab1_bed.wait("the API server is ready", lab1_bed.api.ready, 60)
    return lab1_bed


def test_a_stopped_server_fails_nobody(bed: Bed, tmp_path: Path) -> None:
    """Connections are refused: all ungraded, within a bounded time."""
    with _stopped(bed, "kube-apiserver"):
        run = grade(bed, tmp_path)
    _nobody_failed(run)
    assert set(run.verdicts().values()) == {"ungraded"}


def test_a_hanging_server_fails_nobody(bed: Bed, tmp_path: Path) -> None:
    """The port accepts and never answers: it costs one wait per look, not one per item."""
    bed.pause("kube-apiserver")
    try:
        run = grade(bed, tmp_path)
    finally:
        bed.resume("kube-apiserver")
    _nobody_failed(run)
    assert set(run.verdicts().values()) == {"ungraded"}


def test_a_run_recovers_with_the_server(bed: Bed, tmp_path: Path) -> None:
    """Started while the API server is away, it waits and grades everything in the end."""
    with _stopped(bed, "kube-apiserver"):
        process, began = begin(bed, tmp_path)
        time.sleep(8)
    run = end(process, began, tmp_path)
    assert run.graded.score == run.graded.max_score, run.output


def test_a_run_recovers_with_the_store(bed: Bed, tmp_path: Path) -> None:
    """With etcd away the API server answers with errors for a while; the run waits for it."""
    with _stopped(bed, "etcd"):
        process, began = begin(bed, tmp_path)
        time.sleep(15)
    run = end(process, began, tmp_path)
    assert run.graded.score == run.graded.max_score, run.output


def test_a_dead_credential_fails_nobody(bed: Bed, tmp_path: Path) -> None:
    """401 on every read: all ungraded, without waiting for what will not come."""
    with account(bed, "expired", EVERYTHING):
        kubeconfig = bed.identity(tmp_path / "expired.yaml", "expired")
    bed.wait("the token is refused", lambda: _refused(bed, kubeconfig), 60)
    run = grade(bed, tmp_path, kubeconfig=kubeconfig)
    _nobody_failed(run)
    assert {item.reason.id for item in run.graded.items if item.reason} >= {"unauthorized"}
    assert run.seconds < 60


def test_forbidden_secrets_leave_their_items_open(bed: Bed, tmp_path: Path) -> None:
    """What may be read is graded and passes; what needs Secrets is ungraded and named."""
    with account(bed, "no-secrets", NO_SECRETS):
        run = grade(bed, tmp_path, kubeconfig=bed.identity(tmp_path / "limited.yaml", "no-secrets"))
    _nobody_failed(run)
    verdicts = run.verdicts()
    assert verdicts["helm-release"] == verdicts["grafana-reachable"] == "ungraded"
    assert verdicts["app-ready"] == verdicts["hpa-active"] == verdicts["prometheus-up"] == "passed"


@pytest.mark.parametrize("status", [429, 500])
def test_errors_for_a_while_are_waited_out(bed: Bed, tmp_path: Path, status: int) -> None:
    """The API server answers with an error to everything, then recovers: all points."""
    with fault_door(bed, tmp_path) as door:
        run = grade(bed, tmp_path, kubeconfig=door(str(status), seconds=12))
    assert run.graded.score == run.graded.max_score, run.output


@pytest.mark.parametrize("status", [429, 500])
def test_errors_without_end_fail_nobody(bed: Bed, tmp_path: Path, status: int) -> None:
    """The same to the end of the run: ungraded, within a bounded time."""
    with fault_door(bed, tmp_path) as door:
        run = grade(bed, tmp_path, kubeconfig=door(str(status)))
    _nobody_failed(run)
    assert set(run.verdicts().values()) == {"ungraded"}


def _nobody_failed(run: Run) -> None:
    assert run.code == 8, run.output
    blamed = {
        item: verdict
        for item, verdict in run.verdicts().items()
        if verdict in ("failed", "partial", "blocked")
    }
    assert blamed == {}, run.output
    assert run.seconds < BOUND, f"{run.seconds:.0f} s"


@contextmanager
def _stopped(bed: Bed, program: str) -> Iterator[None]:
    bed.stop(program)
    try:
        yield
    finally:
        bed.start(program)
        bed.wait("the API server is ready", bed.api.ready, RECOVERED)


def _refused(bed: Bed, kubeconfig: Path) -> bool:
    """Whether the API server does not let this credential in any more."""
    kubectl = str(bed.artifacts.binary("kubectl"))
    asked = bed.run([kubectl, "--kubeconfig", str(kubeconfig), "get", "namespaces"], check=False)
    return asked.returncode != 0
