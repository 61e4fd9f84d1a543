"""The folder of results: one batch at a time, of one kind, finished by one rename."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.manifest import Manifest
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.results import Results
from pytest_k8sgrade.batch.work import grade_entry
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.gradebook.attempt import Student

LAB1 = Path(__file__).parents[3] / "examples" / "lab1"
OPTIONS = WorkOptions(rubric="lab1")
MANIFEST = Manifest.of(OPTIONS)


def hand_in(student: str, name: str = "empty", number: int = 1) -> Entry:
    """Evidence of lab 1."""
    return Entry(student=Student(id=student), number=number, evidence=LAB1 / f"{name}.zip")


def finish(results: Results, entry: Entry) -> Path:
    """Grade it into its place."""
    draft = results.draft()
    grade_entry(entry, OPTIONS, draft)
    attempt = results.keep(entry, draft)
    return results.folder / attempt.folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder that is not there yet, in one that is not there either."""
    return tmp_path / "results" / "lab1"


def test_a_hand_in_is_finished_when_its_folder_is_there(out: Path) -> None:
    """Not before, however much of it is written."""
    entry, other = hand_in("s001"), hand_in("s002")
    with Results.open(out, MANIFEST) as results:
        draft = results.draft()
        grade_entry(entry, OPTIONS, draft)
        assert results.unfinished([entry, other]) == [entry, other]
        results.keep(entry, draft)
        assert results.unfinished([entry, other]) == [other]
        assert [attempt.student.id for attempt in results.attempts([entry, other])] == ["s001"]
    names = sorted(path.name for path in (out / "students" / "s001" / "1").iterdir())
    assert names == ["attempt.json", "evidence.zip", "grade.html", "grade.json", "grade.xml"]
    assert (out / "students" / "s001" / "1" / "evidence.zip").read_bytes() == (
        LAB1 / "empty.zip"
    ).read_bytes()


def test_a_new_folder_is_the_owners_alone(out: Path, tmp_path: Path) -> None:
    """Marks of a class on a machine that others use; a folder that was made for it stays as it is."""
    Results.open(out, MANIFEST).close()
    assert out.stat().st_mode & 0o777 == 0o700
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o750)
    Results.open(shared, MANIFEST).close()
    assert shared.stat().st_mode & 0o777 == 0o750


def test_files_that_were_graded_elsewhere_are_kept_alike(out: Path) -> None:
    """As the workers of another machine send them; a name is never a path."""
    entry = hand_in("s001")
    with Results.open(out, MANIFEST) as results:
        draft = results.draft()
        grade_entry(entry, OPTIONS, draft)
        files = {path.name: path.read_bytes() for path in draft.iterdir()}
        results.store(entry, {**files, "../../../escaped": b"here"})
    assert (out / "students" / "s001" / "1" / "escaped").read_bytes() == b"here"


def test_a_second_batch_is_refused_until_the_first_ends(out: Path) -> None:
    """Also one of another process, and also when the first one was killed."""
    with Results.open(out, MANIFEST):
        with pytest.raises(UsageFault, match="another batch writes to"):
            Results.open(out, MANIFEST, resume=True)
        assert _holder(out).returncode == 4
    held = _holder(out)
    assert held.returncode == -9, held.stderr
    Results.open(out, MANIFEST, resume=True).close()


def _holder(out: Path) -> subprocess.CompletedProcess[str]:
    """A process that takes hold of the results, and is killed while it does."""
    code = """
import os, signal, sys
from pathlib import Path
from pytest_k8sgrade.batch.manifest import Manifest
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.results import Results
from pytest_k8sgrade.errors import UsageFault
try:
    Results.open(Path(sys.argv[1]), Manifest.of(WorkOptions(rubric="lab1")), resume=True)
except UsageFault:
    sys.exit(4)
os.kill(os.getpid(), signal.SIGKILL)
"""
    return subprocess.run(
        [sys.executable, "-c", code, str(out)], capture_output=True, text=True, timeout=120, check=False
    )


def test_results_are_not_written_over(out: Path) -> None:
    """Going on must be asked for; a folder with other things in it is left as it is."""
    Results.open(out, MANIFEST).close()
    with pytest.raises(UsageFault, match="--resume"):
        Results.open(out, MANIFEST)
    other = out.parent
    with pytest.raises(UsageFault, match=r"not empty \('lab1'\)"):
        Results.open(other, MANIFEST, resume=True)
    assert sorted(path.name for path in other.iterdir()) == ["lab1"]


def test_resuming_what_was_not_begun_begins_it(out: Path) -> None:
    """The same call works the first time and after any interruption, be it before the manifest was whole."""
    out.mkdir(parents=True)
    (out / ".k8sgrade-0123.tmp").write_text("{", encoding="utf-8")
    with Results.open(out, MANIFEST, resume=True) as results:
        assert results.unfinished([hand_in("s001")]) == [hand_in("s001")]


def test_another_rubric_or_option_is_refused_with_what_differs(out: Path) -> None:
    """Marks of two kinds in one table would be wrong; limits may change on the way."""
    Results.open(out, MANIFEST).close()
    other = replace(OPTIONS, rubric="autoscaling", language="ko", wait=5.0, overrides=())
    with pytest.raises(UsageFault) as refused:
        Results.open(out, Manifest.of(other), resume=True)
    told = str(refused.value)
    assert "rubric: lab1 then, autoscaling now" in told
    assert "language: en then, ko now" in told
    assert "wait: - then, 5.0 now" in told
    assert "hints" not in told
    longer = replace(OPTIONS, limits=replace(OPTIONS.limits, time_s=5.0))
    Results.open(out, Manifest.of(longer), resume=True).close()


def test_a_manifest_that_is_none_is_refused(out: Path) -> None:
    """In words, and the file stays."""
    Results.open(out, MANIFEST).close()
    (out / "batch.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageFault, match=r"batch\.json"):
        Results.open(out, MANIFEST, resume=True)
    assert (out / "batch.json").read_text(encoding="utf-8") == "{}"


def test_an_exchanged_hand_in_is_refused(out: Path, tmp_path: Path) -> None:
    """Its mark stands; the new file is another attempt, or the old one is taken out by hand."""
    file = tmp_path / "s001.zip"
    file.write_bytes((LAB1 / "empty.zip").read_bytes())
    entry = replace(hand_in("s001"), evidence=file)
    with Results.open(out, MANIFEST) as results:
        place = finish(results, entry)
        assert results.unfinished([entry]) == []
        file.write_bytes((LAB1 / "half.zip").read_bytes())
        with pytest.raises(UsageFault, match=r"s001, attempt 1: s001\.zip has other content now"):
            results.unfinished([entry])
        with pytest.raises(UsageFault, match="it was evidence, and is cluster now"):
            results.unfinished([replace(entry, evidence=None, kubeconfig=file)])
        assert results.unfinished([entry], again=lambda attempt: True) == [entry]
        file.unlink()
        assert results.unfinished([entry]) == []
        assert place.is_dir()


def test_an_exchanged_hand_in_is_noticed_though_it_was_refused(out: Path, tmp_path: Path) -> None:
    """A corrected file must not be passed over in silence."""
    file = tmp_path / "s001.zip"
    file.write_text("no evidence", encoding="utf-8")
    entry = replace(hand_in("s001"), evidence=file)
    with Results.open(out, MANIFEST) as results:
        finish(results, entry)
        assert results.unfinished([entry]) == []
        file.write_bytes((LAB1 / "half.zip").read_bytes())
        with pytest.raises(UsageFault, match="--only ID"):
            results.unfinished([entry])


def test_what_the_roster_says_is_that_of_today(out: Path) -> None:
    """A name that was misspelt, or a deadline that was extended, needs no grading."""
    with Results.open(out, MANIFEST) as results:
        finish(results, hand_in("s001"))
        evening = datetime(2026, 11, 1, 18, tzinfo=UTC)
        entry = replace(
            hand_in("s001"),
            student=Student(id="s001", name="Student One"),
            deadline=evening,
            extended_to=evening,
            submitted=evening,
        )
        attempt = next(results.attempts([entry]))
    assert attempt.student.name == "Student One"
    assert attempt.deadline == attempt.extended_to == attempt.submitted == evening
    assert attempt.submitted_by == "roster"


@pytest.mark.parametrize("damage", ["grade.json", "attempt.json", "gone"])
def test_a_folder_that_lost_its_files_is_graded_again(out: Path, damage: str) -> None:
    """As after a power cut; what is left of it is kept aside."""
    entry = hand_in("s001")
    with Results.open(out, MANIFEST) as results:
        place = finish(results, entry)
        if damage == "gone":
            (place / "grade.xml").unlink()
        else:
            (place / damage).write_bytes(b"")
        assert results.unfinished([entry]) == [entry]
        finish(results, entry)
        assert results.unfinished([entry]) == []
    assert len(list(place.parent.iterdir())) == 2


def test_what_is_graded_again_keeps_what_was_there(out: Path) -> None:
    """Beside it, under another name."""
    entry = hand_in("s001")
    with Results.open(out, MANIFEST) as results:
        inode = finish(results, entry).stat().st_ino
        again = finish(results, entry)
    others = [path for path in again.parent.iterdir() if path != again]
    assert [path.stat().st_ino for path in others] == [inode]
    assert others[0].name.startswith("1.before-")


def test_drafts_of_a_killed_batch_are_thrown_away(out: Path) -> None:
    """They were nobody's results."""
    lock = os.open(os.devnull, os.O_RDONLY)
    Results.open(out, MANIFEST).close()
    left = Results(out, lock).draft()
    (left / "grade.json").write_text("half of i", encoding="utf-8")
    Results.open(out, MANIFEST, resume=True).close()
    os.close(lock)
    assert not left.exists()


def test_a_place_that_cannot_be_written_to_is_said_in_words(tmp_path: Path) -> None:
    """Before anything is graded."""
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(UsageFault, match="cannot go to"):
        Results.open(file / "results", MANIFEST)
