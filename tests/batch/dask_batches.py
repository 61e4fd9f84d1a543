"""Batches on Dask for tests: in the process of a test, and in one of their own that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pytest_k8sgrade.batch.distributed import grade_on_dask
from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.manifest import Manifest
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.results import Results
from tests.batch.dask import DaskCluster
from tests.batch.labs import Lab, Noting


def graded(
    cluster: DaskCluster | str,
    entries: Sequence[Entry],
    options: WorkOptions,
    out: Path,
    *,
    resume: bool = False,
) -> Noting:
    """Grade on Dask what is not finished."""
    watcher = Noting()
    address = cluster if isinstance(cluster, str) else cluster.address
    with Results.open(out, Manifest.of(options), resume=resume) as results:
        grade_on_dask(results.unfinished(entries), options, results, watcher, address=address)
    return watcher


DRIVER = """
import sys
from pathlib import Path
from pytest_k8sgrade.batch.distributed import grade_on_dask
from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.manifest import Manifest
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.results import Results
from pytest_k8sgrade.gradebook.attempt import Student
from tests.batch.labs import Noting

address, rubric, out, *students = sys.argv[1:]
options = WorkOptions(rubric=rubric)
folder = Path(rubric).parent / "hand-ins"
entries = [Entry(student=Student(id=one), evidence=folder / f"{one}-1.zip") for one in students]
with Results.open(Path(out), Manifest.of(options)) as results:
    grade_on_dask(entries, options, results, Noting(), address=address)
"""


@contextmanager
def driving(
    cluster: DaskCluster, lab: Lab, out: Path, students: Sequence[str]
) -> Iterator[subprocess.Popen[bytes]]:
    """The same in a process of its own, which is killed at the end; s002 sleeps, the others pass."""
    for student in students:
        lab.entry(student, "sleep" if student == "s002" else "pass")
    argv = [sys.executable, "-c", DRIVER, cluster.address, str(lab.rubric), str(out), *students]
    path = os.pathsep.join([".", os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    with subprocess.Popen(
        argv, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": path}
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def pids(lab: Lab, student: str) -> set[int]:
    """The processes that have begun with a student."""
    return {int(str(note["pid"])) for note in lab.noted() if note.get("student") == student}
