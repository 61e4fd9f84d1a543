"""A batch on a Dask cluster of several worker processes, some of which come to harm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_k8sgrade.batch.distributed import driver, grade_on_dask, scheduler
from pytest_k8sgrade.batch.distributed.parcel import packed, unpacked
from pytest_k8sgrade.batch.distributed.station import About
from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.manifest import Manifest
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.results import Results
from pytest_k8sgrade.batch.workers.pool import grade_locally
from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.gradebook.attempt import Student
from tests.batch.dask import DaskCluster, gone, kill_worker_of, plain, until
from tests.batch.labs import Lab, Noting, files, reasons
from tests.bench.clusters import Clusters

EXAMPLES = Path(__file__).parents[2] / "examples" / "lab1"
WAITS_ONCE = '''

def do_wait_once(cluster) -> None:
    """Wait for ever, but not a second time."""
    try:
        LEDGER.with_name("waited").touch(exist_ok=False)
    except FileExistsError:
        return
    time.sleep(600)
'''


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """Three workers; those that a test kills are started anew by their nannies."""
    with DaskCluster(tmp_path_factory.mktemp("dask"), 3) as cluster:
        yield cluster


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[DaskCluster]:
    """One worker for a test that ends all of it."""
    folder = tmp_path / "dask"
    folder.mkdir()
    with DaskCluster(folder, 1) as cluster:
        yield cluster


@pytest.fixture
def far(lab: Lab) -> Lab:
    """The lab whose checks note their deeds here, wherever they are sent."""
    file = lab.folder / "checks" / "deeds.py"
    told = file.read_text(encoding="utf-8").replace(
        'Path(__file__).parents[1] / "ledger.jsonl"', f"Path({str(lab.ledger)!r})"
    )
    file.write_text(told + WAITS_ONCE, encoding="utf-8")
    return lab


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
    with _driver(dask, far, out, ["s001", "s002", "s003"]) as driver:
        seen: set[int] = set()
        for _ in range(2):
            pid = until("another worker for it", lambda: next(iter(_pids(far, "s002") - seen), None))
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
    with _driver(dask, far, tmp_path / "out", ["s002"]):
        pid = far.worker_of("s002")
    until("the end of its process", lambda: gone(pid))


def test_nobody_there(tmp_path: Path, far: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """No scheduler, and a scheduler without workers, are said in one message each."""
    monkeypatch.setattr(scheduler, "CONNECT_S", 0.5)
    monkeypatch.setattr(scheduler, "WORKERS_S", 0.5)
    entries, options = [far.entry("s001", "pass")], far.options()
    for number, address in enumerate(("tcp://127.0.0.1:1", "127.0.0.1", "strange://host:1")):
        with pytest.raises(UsageFault, match=r"no Dask scheduler answers at .*--engine and --scheduler"):
            graded(address, entries, options, tmp_path / f"out-{number}")
    place = tmp_path / "dask"
    place.mkdir()
    with DaskCluster(place, 0) as lonely, pytest.raises(UsageFault, match="has no workers; start some"):
        graded(lonely, entries, options, tmp_path / "out")


def test_workers_of_another_version_are_named(
    dask: DaskCluster, far: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is graded, and one that joins late says so itself."""
    mine = About("9.9", "3.11", "2024.1", None)
    monkeypatch.setattr(driver, "about", lambda lab: mine)
    entries, options = [far.entry("s001", "pass")], far.options()
    with pytest.raises(
        UsageFault,
        match=r"tcp://127.0.0.1:\d+: pytest-k8sgrade .*, here 9\.9; .*distributed .*, here 2024\.1",
    ):
        graded(dask, entries, options, tmp_path / "out")
    monkeypatch.setattr(driver, "require_same", lambda *_: None)
    with pytest.raises(UsageFault, match=r"OtherVersionError.*--resume"):
        graded(dask, entries, options, tmp_path / "late")
    assert far.noted() == []
    assert "s001" not in dask.log


def test_the_command(dask: DaskCluster, tmp_path: Path) -> None:
    """The class's files are those of a batch on this machine, but for the times in them."""
    hand_ins = tmp_path / "hand-ins"
    hand_ins.mkdir()
    for number, name in enumerate(("reference", "half", "empty"), start=1):
        (hand_ins / f"s{number:03}.zip").write_bytes((EXAMPLES / f"{name}.zip").read_bytes())
    command = [sys.executable, "-m", "pytest_k8sgrade", "batch", str(hand_ins), "--rubric", "lab1"]
    marks = {}
    for out, options in {"far": ["--engine", "dask", "--scheduler", dask.address], "here": []}.items():
        ended = subprocess.run([*command, "--out", str(tmp_path / out), *options], cwd=tmp_path, check=False)
        assert ended.returncode == 1
        assert (tmp_path / out / "class.html").exists()
        marks[out] = (tmp_path / out / "canvas.csv").read_bytes()
    assert marks["far"] == marks["here"]


def test_a_kubeconfig_that_may_name_files_keeps_its_path(tmp_path: Path) -> None:
    """What it names lies beside it, where machines share a file system."""
    file = tmp_path / "kubeconfig"
    file.write_text("{}", encoding="utf-8")
    own = Entry(student=Student(id="s001"), kubeconfig=file)
    shared = replace(own, allow=frozenset({"files"}))
    assert repr(packed(shared)) == "Parcel()"
    assert unpacked(packed(shared), tmp_path / "a").kubeconfig == file
    (tmp_path / "b").mkdir()
    assert unpacked(packed(own), tmp_path / "b").kubeconfig == tmp_path / "b" / "kubeconfig" / "kubeconfig"


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
def _driver(
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


def _pids(lab: Lab, student: str) -> set[int]:
    """The processes that have begun with a student."""
    return {int(str(note["pid"])) for note in lab.noted() if note.get("student") == student}
