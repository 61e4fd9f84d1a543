"""Can the lab still be finished? A cluster of its own, the solution installed, and its grade.

    pytest --k8s-provider=kind

The cluster comes from pytest-kubernetes. That library deletes the kubeconfig it was given, and
kind edits the one it finds, so both get a private file and nobody's own: for the time of the
tests KUBECONFIG names that file, also for helm and kubectl.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_kubernetes.options import ClusterOptions
from pytest_kubernetes.providers import AClusterManager

HERE = Path(__file__).parent
RESULTS = HERE / "results"
KUBERNETES = "1.34.0"
READY_S = 180


@pytest.fixture(scope="session")
def kubeconfig(
    k8s_manager: Callable[[], type[AClusterManager]],
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """The kubeconfig of a cluster that is made for this run and deleted after it."""
    own = tmp_path_factory.mktemp("cluster") / "kubeconfig"
    given = pytestconfig.getoption("k8s_kubeconfig")
    if given:  # --k8s-provider=external: the library would delete the file itself
        shutil.copyfile(given, own)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(own))
        cluster = k8s_manager()("course", None, own)
        try:
            cluster.create(ClusterOptions(api_version=KUBERNETES, kubeconfig_path=own), timeout=READY_S)
            yield own
        finally:
            cluster.delete()


def install() -> None:
    """Do the lab as its solution does it."""
    run("kubectl", "apply", "-f", HERE / "lab" / "namespace.yaml")
    run(
        "helm",
        "install",
        "web",
        HERE / "lab" / "web",
        "--namespace",
        "course-lab",
        "--wait",
        "--timeout",
        "3m",
    )


def grade(kubeconfig: Path, name: str, *options: str) -> dict[str, object]:
    """Grade the cluster as a student would; keeps the grade as JSON and as JUnit."""
    RESULTS.mkdir(exist_ok=True)
    report = RESULTS / f"{name}.json"
    reports = [f"--k8s-grade-report=json={report}", f"--k8s-grade-report=junit={RESULTS / name}.xml"]
    pytest_command = Path(sys.executable).with_name("pytest")
    run(
        pytest_command,
        f"--k8s-grade={HERE / 'lab.yaml'}",
        f"--k8s-grade-kubeconfig={kubeconfig}",
        *reports,
        *options,
        codes=(0, 1),
    )
    found: dict[str, object] = json.loads(report.read_text(encoding="utf-8"))
    return found


def run(*command: str | Path, codes: tuple[int, ...] = (0,)) -> None:
    """Run a program to its end; what it said is shown when it fails."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, cwd=HERE
    )
    print(done.stdout, done.stderr)
    assert done.returncode in codes, f"{command[0]} ended with {done.returncode}"


def test_the_lab_can_be_finished(kubeconfig: Path) -> None:
    """Before the lab there are no points, after it all of them."""
    before = grade(kubeconfig, "before", "--k8s-grade-wait=0")
    assert (before["score"], before["ungraded_points"]) == (0, 0)
    install()
    after = grade(kubeconfig, "after")
    assert after["score"] == after["max_score"]
