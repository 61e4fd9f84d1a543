"""Hands-on 1 on a real cluster: all its points, and active checks that leave nothing, killed or not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.grader import arguments, grade, recorded, replay
from tests.e2e.limited import check, limited
from tests.testbed import scenarios
from tests.testbed.build.images import image
from tests.testbed.fixtures import announcer
from tests.testbed.layers import look, monitoring
from tests.testbed.node import Bed

LAB = "handson1"
HPA = ("hpa", "metrics-app-hpa", "-n", "day5-handson")
ITEMS = {"load": "hpa-under-load", "alert": "alert-test-delivered", "drift": "demo-app-drift"}
OURS = "app.kubernetes.io/managed-by=pytest-k8sgrade"
QUICK = {
    "scaleDown": {
        "stabilizationWindowSeconds": 15,
        "policies": [{"type": "Pods", "value": 9, "periodSeconds": 5}],
    }
}


@pytest.fixture(scope="module")
def finished(request: pytest.FixtureRequest) -> Iterator[Bed]:
    """Hands-on 1, for this module alone: an idle bed would slow the others down."""
    bed = scenarios.start(LAB, name=f"{LAB}-{os.getpid()}", report=announcer(request.config))
    try:
        yield bed
    finally:
        bed.down()


@pytest.fixture(scope="module")
def bed(finished: Bed) -> Bed:
    """The lab with an autoscaler that comes down in seconds instead of minutes."""
    patch = [{"op": "replace", "path": "/spec/behavior", "value": QUICK}]
    finished.kubectl("patch", *HPA, "--type=json", "-p", json.dumps(patch))
    return finished


def test_the_finished_lab_gets_all_points(finished: Bed, tmp_path: Path) -> None:
    """Live, and the same from the recording; what nobody asked for is skipped."""
    run = recorded(finished, tmp_path, lab=LAB)
    assert run.graded.score == run.graded.max_score == Decimal(100), run.output
    assert run.code == 0
    assert {name for name, verdict in run.verdicts().items() if verdict == "skipped"} == {*ITEMS.values()}


def test_an_active_check_has_the_rights_to_act(finished: Bed, tmp_path: Path) -> None:
    """A drift that is made and undone, and all points, with the rights of these two alone."""
    with limited(finished, tmp_path, "--active", "drift", lab=LAB) as kubeconfig:
        code, told = check(finished, kubeconfig, "--active", "drift", lab=LAB)
        others, _ = check(finished, kubeconfig, "--active", "load", lab=LAB)
        run = grade(finished, tmp_path, "--k8s-grade-active=drift", lab=LAB, kubeconfig=kubeconfig)
    assert (code, others) == (0, 1), told
    assert run.verdicts()["demo-app-drift"] == "passed", run.output
    assert run.graded.score == run.graded.max_score, run.output


@pytest.mark.parametrize("name", ITEMS)
def test_it_passes_and_leaves_nothing(bed: Bed, tmp_path: Path, name: str) -> None:
    """The evidence gives the same grade without doing anything."""
    evidence = tmp_path / "evidence.zip"
    run = grade(bed, tmp_path, *_options(name), f"--k8s-grade-record={evidence}", lab=LAB)
    assert run.verdicts()[ITEMS[name]] == "passed", run.output
    look.until("nothing is left", lambda: ", ".join(_left(bed)) or None)
    assert replay(tmp_path, evidence, lab=LAB).canonical == run.canonical
    assert _left(bed) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("name", ITEMS)
def test_a_stopped_run_leaves_nothing(bed: Bed, tmp_path: Path, name: str, how: signal.Signals) -> None:
    """Ctrl-C, and the death of the whole process group, in the middle of an act."""
    process = bed.popen(
        arguments(tmp_path, [f"--k8s-grade-kubeconfig={bed.kubeconfig}", *_options(name)], LAB),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    look.until(f"{name} acts", lambda: None if _left(bed) else f"the run: {process.poll()}")
    os.killpg(process.pid, how)
    output, _ = process.communicate(timeout=60)
    look.until("nothing is left", lambda: ", ".join(_left(bed)) or None)
    assert process.returncode in (2, -signal.SIGKILL), output


def _options(name: str) -> list[str]:
    return [f"--k8s-grade-active={name}", f"--k8s-grade-set=load_image={image('base')}"]


def _left(bed: Bed) -> list[str]:
    """Everything of ours that is there: objects, alerts that fire, an Application that is out of sync."""
    objects = bed.kubectl("get", "jobs,configmaps,pods", "-A", "-l", OURS, "-o", "name").split()
    held = look.get(bed, f"{monitoring.ALERTMANAGER}/api/v2/alerts") or []
    alerts = [str(one["labels"]["alertname"]) for one in held if "k8sgrade_run" in one["labels"]]
    application = look.read(bed, "application", "argocd", "demo-app") or {}
    drifted = (application.get("status") or {}).get("sync", {}).get("status") != "Synced"
    return [*objects, *alerts, *(["demo-app is out of sync"] if drifted else [])]
