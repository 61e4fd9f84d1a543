"""Importing the package is cheap: what is heavy waits for a cluster."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("kubernetes", "requests", "yaml", "pydantic", "urllib3", "prometheus_api_client", "pytest")


@pytest.mark.parametrize("module", ["pytest_k8sgrade.cluster", "pytest_k8sgrade.kube.quantity"])
def test_importing_brings_nothing_heavy(module: str) -> None:
    """Loading the checks of a rubric must not cost what only a live run needs."""
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_replay_needs_no_kubernetes() -> None:
    """Grading evidence works without the kubernetes library's start-up time."""
    code = (
        "import sys\nfrom pytest_k8sgrade.cluster import Cluster, RecordedSource\n"
        "from pytest_k8sgrade.cluster.evidence import Evidence\n"
        "source = RecordedSource(Evidence((), None, {}))\n"
        "Cluster(source.view()).http('a', 'b', '80')\nprint('kubernetes' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
