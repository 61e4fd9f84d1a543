"""What a hand-in can do to the process that grades it, and what becomes of the mark."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.manifest import Manifest
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.results import Results
from pytest_k8sgrade.batch.workers.isolated import Isolated, NotWrittenError, StoppedError
from pytest_k8sgrade.batch.workers.pool import grade_locally
from pytest_k8sgrade.gradebook.attempt import Attempt
from tests.batch.labs import Lab, Noting, files, reasons
from tests.batch.processes import parent, wait_for_end

FILES = ["attempt.json", "grade.html", "grade.json", "grade.xml"]
WHOLE = sorted([*FILES, "evidence.zip"])


def graded(
    lab: Lab, out: Path, *deeds: str, options: WorkOptions | None = None, jobs: int = 2
) -> dict[str, Attempt]:
    """The attempts of students who are called by what they do."""
    chosen = options or lab.options()
    watcher = Noting()
    with Results.open(out, Manifest.of(chosen)) as results:
        grade_locally([lab.entry(deed, deed) for deed in deeds], chosen, results, watcher, jobs=jobs)
    return watcher.attempts


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("segfault", "worker-crashed"),
        ("killed", "worker-crashed"),
        ("vanish", "worker-crashed"),
        ("descriptors", "worker-crashed"),
        ("hang", "time-limit"),
        ("spin", "time-limit"),
    ],
)
def test_one_bad_hand_in_is_one_row(lab: Lab, tmp_path: Path, deed: str, reason: str) -> None:
    """All of it is ungraded with the cause, its files are there, and the next ones are graded."""
    options = lab.options(time_s=1.0, last_words_s=1.0)
    attempts = graded(lab, tmp_path / "out", deed, "pass", "slow", options=options)
    bad = attempts[deed]
    assert bad.problem is not None
    assert bad.problem.id == reason
    assert reasons(bad) == {"calm": reason, "deed": reason}
    assert (float(bad.score), float(bad.ungraded_points)) == (0, 10)
    assert (bad.exit_code, bad.passed) == (8, None)
    assert bad.score_range.max == 10
    assert set(FILES) <= set(files(tmp_path / "out" / "students" / deed / "1"))
    assert [attempts[name].score for name in ("pass", "slow")] == [10, 10]
    assert files(tmp_path / "out" / "students" / "pass" / "1") == WHOLE


def test_a_crash_is_named_and_leaves_its_last_words(lab: Lab, tmp_path: Path) -> None:
    """The signal for the student's page, the traceback of the process for whoever repairs it."""
    bad = graded(lab, tmp_path / "out", "segfault")["segfault"]
    assert bad.problem is not None
    assert bad.problem.params == {"how": "SIGSEGV"}
    log = tmp_path / "out" / "students" / "segfault" / "1" / "worker.log"
    assert "test_deed" in log.read_text(encoding="utf-8")


def test_too_much_memory_costs_the_item_alone(lab: Lab, tmp_path: Path) -> None:
    """What was graded before stands; the limit is the reason of the rest."""
    attempt = graded(lab, tmp_path / "out", "memory", options=lab.options(memory=300))["memory"]
    assert reasons(attempt) == {"calm": None, "deed": "memory-limit"}
    assert (float(attempt.score), float(attempt.ungraded_points)) == (4, 6)
    assert attempt.peak_bytes is not None
    assert attempt.peak_bytes < 600 * 1024 * 1024


def test_what_is_known_when_the_time_is_up_counts(lab: Lab, tmp_path: Path) -> None:
    """A wait that can be broken off is, and only what it kept from being graded is ungraded."""
    attempt = graded(lab, tmp_path / "out", "sleep", options=lab.options(time_s=1.0))["sleep"]
    assert attempt.problem is None
    assert reasons(attempt) == {"calm": None, "deed": "time-limit"}
    assert (float(attempt.score), float(attempt.ungraded_points)) == (4, 6)


def test_a_file_cannot_fill_the_disk(lab: Lab, tmp_path: Path) -> None:
    """Writing ends at the limit, and costs the item alone; it is nobody's zero."""
    attempt = graded(lab, tmp_path / "out", "big_file")["big_file"]
    assert reasons(attempt) == {"calm": None, "deed": "check-broken"}


def test_output_goes_nowhere(lab: Lab, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither to the terminal nor among the files of the student."""
    attempt = graded(lab, tmp_path / "out", "print")["print"]
    assert attempt.score == 10
    assert capfd.readouterr() == ("", "")
    assert files(tmp_path / "out" / "students" / "print" / "1") == WHOLE


def test_what_a_worker_has_started_ends_with_it(lab: Lab, tmp_path: Path) -> None:
    """A process that a check left behind does not outlive the hand-in."""
    assert graded(lab, tmp_path / "out", "child")["child"].score == 10
    child = next(int(str(note["child"])) for note in lab.noted() if "child" in note)
    wait_for_end(child)


def test_nothing_of_the_surroundings_reaches_a_worker(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty folder, no terminal, no environment of pytest's or the cluster's, a session of its own."""
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    for name in ("conftest.py", "sitecustomize.py", "pytest_k8sgrade.py", "student_plugin.py", "yaml.py"):
        (hostile / name).write_text("raise SystemExit('executed')", encoding="utf-8")
    (hostile / "pytest.ini").write_text("[pytest]\naddopts = -p student_plugin\n", encoding="utf-8")
    monkeypatch.chdir(hostile)
    told = {
        "PYTEST_ADDOPTS": "-p student_plugin",
        "PYTEST_PLUGINS": "student_plugin",
        "KUBECONFIG": str(hostile / "config"),
        "K8SGRADE_X": "1",
        "https_proxy": "http://proxy.invalid",
        "REQUESTS_CA_BUNDLE": str(hostile / "ca"),
        "PYTHONSTARTUP": str(hostile / "yaml.py"),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    attempt = graded(lab, tmp_path / "out", "look")["look"]
    assert attempt.score == 10
    seen = next(note for note in lab.noted() if "cwd" in note)
    environment, path = seen["environment"], seen["path"]
    assert isinstance(environment, dict)
    assert isinstance(path, list)
    assert environment.keys() & told.keys() == set()
    assert seen["inside"] == []
    assert not {str(hostile), "", ".", seen["cwd"]} & set(path)
    assert seen["session"] == seen["pid"]
    assert seen["modules"] == []
    assert int(str(seen["expendable"])) >= 500, "the first that is ended when the machine has no memory left"
    assert seen["descriptors"] == {
        "0": os.devnull,
        "1": environment["TMPDIR"].replace(".temporary", "worker.log"),
        "2": environment["TMPDIR"].replace(".temporary", "worker.log"),
    }
    assert not Path(environment["TMPDIR"]).exists()
    assert not Path(str(seen["cwd"])).exists(), "the empty folder is taken away at the end"


def test_workers_end_with_the_server(lab: Lab, tmp_path: Path) -> None:
    """Also one that listens to nothing: the system tells it."""
    entry = lab.entry("s001", "hang")
    with Isolated(lab.options()) as isolated:
        isolated.grade(lab.entry("s000", "pass"), _folder(tmp_path / "first"))
        waiting = threading.Thread(target=_stopped, args=(isolated, entry, _folder(tmp_path / "second")))
        waiting.start()
        worker = lab.worker_of("s001")
        server = parent(worker)
        assert parent(server) == os.getpid()
    waiting.join()
    wait_for_end(worker)
    wait_for_end(server)


def test_results_that_cannot_be_written_end_the_batch(lab: Lab, tmp_path: Path) -> None:
    """That is nobody's mark: it is told, the rest is not begun, and nobody is finished."""
    options, watcher = lab.options(), Noting()
    entries = [lab.entry(f"s{number}", "pass") for number in range(20)]
    with Results.open(tmp_path / "out", Manifest.of(options)) as results:
        (tmp_path / "out" / "students").write_text("in the way", encoding="utf-8")
        with pytest.raises(NotWrittenError, match="cannot be written to"):
            grade_locally(entries, options, results, watcher, jobs=2)
    assert watcher.attempts == {}
    assert len(lab.done()) < 10


def test_a_server_that_dies_is_replaced(lab: Lab, tmp_path: Path) -> None:
    """Its workers end with it, and what they were at is graded again by the next one."""
    with Isolated(lab.options()) as isolated:
        place = _folder(tmp_path / "first")
        grading = threading.Thread(target=isolated.grade, args=(lab.entry("s001", "wait"), place))
        grading.start()
        worker = lab.worker_of("s001")
        os.kill(parent(worker), signal.SIGKILL)
        wait_for_end(worker)
        (lab.folder / "go").touch()
        grading.join()
    assert files(place) == WHOLE
    assert (lab.done("begin"), lab.done()) == (["s001", "s001"], ["s001"])


def test_who_takes_every_server_along_is_given_up(lab: Lab, tmp_path: Path) -> None:
    """After the second one, as a crash; the batch goes on."""
    attempts = graded(lab, tmp_path / "out", "regicide", "pass", jobs=1)
    bad = attempts["regicide"].problem
    assert bad is not None
    assert bad.id == "worker-crashed"
    assert lab.done("begin").count("regicide") == 2
    assert attempts["pass"].score == 10


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _stopped(isolated: Isolated, entry: Entry, folder: Path) -> None:
    with pytest.raises(StoppedError):
        isolated.grade(entry, folder)
