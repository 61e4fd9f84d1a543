"""Report files: what FORMAT=PATH means, and that a file is whole or not there."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.reports.write import FORMATS, Target, parse_target, write_atomically, write_report
from tests.unit.grade.grades import grade


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_is_written_where_it_was_asked_for(tmp_path: Path, name: str) -> None:
    """Also over an older one, and nothing else is left in the folder."""
    path = tmp_path / "report=1"
    path.write_text("old", encoding="utf-8")
    target = parse_target(f"{name}={path}")
    write_report(target, grade(language="ko"))
    assert "lab1" in path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("json", "'json' names no report; write FORMAT=PATH with a format of: html, json, junit"),
        ("json=", "'json=' names no report"),
        ("pdf=x", "no report format 'pdf' in 'pdf=x'; formats: html, json, junit"),
        (
            "json=gone/report.json",
            "json report cannot be written to .*: the folder 'gone' does not exist",
        ),
        ("json=.", "the json report cannot be written to '.': it is a folder"),
    ],
)
def test_a_target_that_cannot_be_is_told_before_the_run(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the value and the choices."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageFault, match=message):
        parse_target(text)


def test_a_folder_that_may_not_be_written_to_is_told_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the file is a link into it: the file is made there."""
    locked, link = tmp_path / "locked", tmp_path / "link.json"
    locked.mkdir()
    link.symlink_to(locked / "report.json")
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != locked)
    for path in (locked / "report.json", link):
        with pytest.raises(UsageFault, match="locked' may not be written to; name another file"):
            parse_target(f"json={path}")
    assert parse_target(f"json={tmp_path / 'free.json'}").path == tmp_path / "free.json"


def test_a_link_to_nowhere_is_told_before_the_run(tmp_path: Path) -> None:
    """The folder that the link leads to is the one that has to be there."""
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "gone" / "report.json")
    with pytest.raises(UsageFault, match="gone' does not exist"):
        parse_target(f"json={link}")


def test_a_folder_that_vanished_during_the_run_is_a_clean_fault(tmp_path: Path) -> None:
    """The cause is the file system's."""
    with pytest.raises(UsageFault, match=r"cannot be written to .*No such file"):
        write_report(Target("json", tmp_path / "gone" / "x.json"), grade())


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs the new report, not the old one, and leaves no draft."""
    path = tmp_path / "report.json"
    path.write_text("old", encoding="utf-8")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageFault, match="No space left on device"):
        write_report(Target("json", path), grade())
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """The file it leads to is replaced."""
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.touch()
    link.symlink_to(real)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_the_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    """Those the umask leaves: a web server or a colleague may have to read it."""
    plain, ours = tmp_path / "plain", tmp_path / "ours"
    plain.touch()
    write_atomically(ours, b"x")
    assert stat.S_IMODE(ours.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_a_pipe_is_written_to_not_replaced(tmp_path: Path) -> None:
    """`json=/dev/stdout` and named pipes must work."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_report(Target("json", pipe), grade())
    reader.join(timeout=10)
    assert json.loads(read[0])["score"] == 30
    assert stat.S_ISFIFO(pipe.stat().st_mode)
