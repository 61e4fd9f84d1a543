"""A batch on a Dask cluster of several worker processes, some of which come to harm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_k8sgrade.batch.distributed import grade_on_dask
from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.manifest import Manifest
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.results import Results
from pytest_k8sgrade.batch.workers.pool import grade_locally
from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.gradebook.attempt import Student
from tests.batch.dask import DaskCluster, gone, kill_worker_of, plain, until
from tests.batch.dask_batches import driving, graded, pids
from tests.batch.labs import Lab, Noting, files, reasons
from tests.bench.clusters import Clusters

EXAMPLES = Path(__file__).parents[2] / "examples" / "lab1"


def test_the_files_are_those_of_one_machine(dask: DaskCluster, tmp_path: Path) -> None:
    """But for times: evidence, evidence that is refused, and a hand-in that is not there."""
    options = WorkOptions(rubric="lab1")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK no zip")
    hand_ins = [EXAMPLES / "reference.zip", EXAMPLES / "half.zip", broken, tmp_path / "missing.zip"]
    entries = [
        Entry(student=Student(id=f"s{n:03}"), evidence=file) for n, file in enumerate(hand_ins, start=1)
    ]
    far, here = tmp_path / "far", tmp_path / "here"
    graded(dask, entries, options, far)
    with Results.open(here, Manifest.of(options)) as results:
        grade_locally(entries, options, results, Noting())
    for entry in entries:
        own = Path("students", entry.student.id, "1")
        assert files(far / own) == files(here / own)
        for name in ("grade.json", "attempt.json"):
            there, at_home = (json.loads((out / own / name).read_bytes()) for out in (far, here))
            assert plain(there) == plain(at_home)
    kept = [(far / "students" / entry.student.id / "1" / "evidence.zip") for entry in entries[:2]]
    assert [file.read_bytes() for file in kept] == [file.read_bytes() for file in hand_ins[:2]]


def test_clusters_are_graded_through_the_kubeconfigs_of_the_roster(dask: DaskCluster, tmp_path: Path) -> None:
    """Files of the driver's machine reach the workers as text; tokens reach nobody's log."""
    recordings = [EXAMPLES / "reference.zip", EXAMPLES / "half.zip"]
    options = WorkOptions(rubric="lab1", wait=0)
    with Clusters.of_files(recordings, 2, tmp_path, latency=0) as simulated:
        as_file = tmp_path / "kubeconfig"
        as_file.write_text(simulated.kubeconfig(0), encoding="utf-8")
        allow = frozenset({"loopback"})
        entries = [
            Entry(student=Student(id="s001"), kubeconfig=as_file, allow=allow),
            Entry(student=Student(id="s002"), kubeconfig_text=simulated.kubeconfig(1), allow=allow),
        ]
        watcher = graded(dask, entries, options, tmp_path / "out")
    wanted = [grade_evidence("lab1", recording).score for recording in recordings]
    assert [watcher.attempts[entry.student.id].score for entry in entries] == wanted
    assert "token-" not in dask.log
    assert dask.left_behind() == []


def test_every_student_has_one_result_though_a_worker_is_killed(
    dask: DaskCluster, far: Lab, tmp_path: Path
) -> None:
    """The killed one's hand-in goes to another worker, and its process ends with it."""
    deeds = {"s001": "pass", "s002": "wait_once", **{f"s{n:03}": "slow" for n in range(3, 15)}}
    entries = [far.entry(student, deed) for student, deed in deeds.items()]
    killed: list[int] = []

    class Killing(Noting):
        def started(self, entry: Entry) -> None:
            super().started(entry)
            if entry.student.id == "s002":
                killed.append(far.worker_of("s002"))
                kill_worker_of(killed[0])

    watcher, options, out = Killing(), far.options(), tmp_path / "out"
    with Results.open(out, Manifest.of(options)) as results:
        grade_on_dask(entries, options, results, watcher, address=dask.address)
    assert {name: int(attempt.score) for name, attempt in watcher.attempts.items()} == dict.fromkeys(
        deeds, 10
    )
    assert sorted(told for told in watcher.told if told[0] == "finished") == [("finished", s) for s in deeds]
    assert sorted(told for told in watcher.told if told[0] == "started") == [("started", s) for s in deeds]
    assert {student: files(out / "students" / student) for student in deeds} == {one: ["1"] for one in deeds}
    assert far.done("begin").count("s002") == 2
    until("the end of the killed one's process", lambda: gone(killed[0]))


def test_a_hand_in_over_which_workers_die_is_one_row(dask: DaskCluster, far: Lab, tmp_path: Path) -> None:
    """After as many workers as Dask allows it is ungraded, and the others are graded."""
    entries = [far.entry("s001", "pass"), far.entry("s002", "sleep"), far.entry("s003", "pass")]
    options, out = far.options(), tmp_path / "out"
    with driving(dask, far, out, ["s001", "s002", "s003"]) as driver:
        seen: set[int] = set()
        for _ in range(2):
            pid = until("another worker for it", lambda: next(iter(pids(far, "s002") - seen), None))
            seen.add(pid)
            kill_worker_of(pid)
        assert driver.wait(60) == 0
    with Results.open(out, Manifest.of(options), resume=True) as results:
        attempts = {attempt.student.id: attempt for attempt in results.attempts(entries)}
    bad = attempts.pop("s002")
    assert reasons(bad) == {"calm": "worker-crashed", "deed": "worker-crashed"}
    assert [int(attempt.score) for attempt in attempts.values()] == [10, 10]


def test_limits_hold_on_workers(dask: DaskCluster, far: Lab, tmp_path: Path) -> None:
    """Time, memory and crashes are those of one hand-in, there as here."""
    deeds = {"memory": "memory-limit", "spin": "time-limit", "segfault": "worker-crashed", "pass": None}
    entries = [far.entry(deed, deed) for deed in deeds]
    options = far.options(memory=300, time_s=3.0, last_words_s=1.0)
    attempts = graded(dask, entries, options, tmp_path / "out").attempts
    assert {name: reasons(attempt)["deed"] for name, attempt in attempts.items()} == deeds
    assert attempts["pass"].score == 10


def test_a_lost_scheduler_is_said_and_the_rest_is_graded_here(
    mortal: DaskCluster, far: Lab, tmp_path: Path
) -> None:
    """What was finished stays as it is."""
    entries = [far.entry("s001", "pass"), far.entry("s002", "wait_once"), far.entry("s003", "pass")]
    options, out = far.options(), tmp_path / "out"

    class Losing(Noting):
        def finished(self, entry: Entry, attempt: object) -> None:
            if entry.student.id == "s001":
                far.worker_of("s002")
                mortal.kill_scheduler()

    with (
        Results.open(out, Manifest.of(options)) as results,
        pytest.raises(UsageFault, match=r"scheduler was lost with \d hand-ins away.*--resume"),
    ):
        grade_on_dask(entries, options, results, Losing(), address=mortal.address)
    finished = (out / "students" / "s001" / "1" / "attempt.json").stat()
    with Results.open(out, Manifest.of(options), resume=True) as results:
        left = results.unfinished(entries)
        assert "s001" not in [entry.student.id for entry in left]
        grade_locally(left, options, results, Noting())
        assert [int(attempt.score) for attempt in results.attempts(entries)] == [10, 10, 10]
    after = (out / "students" / "s001" / "1" / "attempt.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (finished.st_ino, finished.st_mtime_ns)


def test_an_interrupt_ends_what_workers_are_at(dask: DaskCluster, far: Lab, tmp_path: Path) -> None:
    """Neither processes nor hand-ins are left on them, and nothing half done is kept."""
    entries, options, out = [far.entry("s001", "sleep")], far.options(), tmp_path / "out"

    class Interrupting(Noting):
        def started(self, entry: Entry) -> None:
            far.worker_of("s001")
            raise KeyboardInterrupt

    with Results.open(out, Manifest.of(options)) as results, pytest.raises(KeyboardInterrupt):
        grade_on_dask(entries, options, results, Interrupting(), address=dask.address)
    until("the end of its process", lambda: gone(far.worker_of("s001")))
    until("empty folders of the workers", lambda: not dask.left_behind())
    assert not (out / "students").exists()


def test_a_killed_driver_ends_what_workers_are_at(dask: DaskCluster, far: Lab, tmp_path: Path) -> None:
    """The scheduler sees that it is gone; nobody goes on to the time limit for nobody."""
    with driving(dask, far, tmp_path / "out", ["s002"]):
        pid = far.worker_of("s002")
    until("the end of its process", lambda: gone(pid))
