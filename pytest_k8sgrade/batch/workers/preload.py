"""Everything a worker will need, loaded before it is forked.

The surest way to load it is to do the work once: on evidence in which nothing was recorded.
"""

from __future__ import annotations

import gc
import importlib
import tempfile
import threading
from importlib.metadata import version
from pathlib import Path

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.work import grade_entry
from pytest_k8sgrade.cluster import Facts, evidence_of
from pytest_k8sgrade.gradebook.attempt import Student
from pytest_k8sgrade.rubric.variables import parse_overrides
from pytest_k8sgrade.run.answering import NoCluster
from pytest_k8sgrade.run.recording import NOTHING

LATER = (
    "prometheus_api_client.prometheus_connect",
    "pytest_k8sgrade.cluster.guarded",
    "pytest_k8sgrade.cluster.http",
    "pytest_k8sgrade.cluster.plain_way",
    "pytest_k8sgrade.cluster.proxied",
    "requests",
)
"""What is loaded when a cluster is first reached, or a service of one is first asked.

Not the kubernetes library: only kubeconfigs that are allowed plugins take it.
"""

GARBAGE = (20_000, 20, 20)
"""Collections of the few thousand objects that one grade leaves cost more than the objects."""


def preload(options: WorkOptions) -> None:
    """Load what a worker needs; raises `UsageFault`.

    Raises `RuntimeError` where a thread is left, which a fork would not have.
    """
    parse_overrides(options.lab.rubric, options.overrides)
    nobody = Facts(context="", server="", identity="")
    empty = evidence_of(NoCluster().view(), nobody, NOTHING.told(), version("pytest-k8sgrade"))
    with tempfile.TemporaryDirectory(prefix="k8sgrade-") as folder:
        evidence, out = Path(folder, "evidence.zip"), Path(folder, "out")
        evidence.write_bytes(empty)
        out.mkdir()
        grade_entry(Entry(student=Student(id="nobody"), evidence=evidence), options, out)
    for module in LATER:
        importlib.import_module(module)
    gc.set_threshold(*GARBAGE)
    if threading.active_count() != 1:
        raise RuntimeError(f"threads are left: {threading.enumerate()}")
