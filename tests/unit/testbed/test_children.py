"""Programs that the build starts end with it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from tests.testbed.build.children import Children
from tests.testbed.errors import BuildError, CommandFailed


def is_alive(pid: int) -> bool:
    """Say whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_stop_ends_programs_and_their_children() -> None:
    """Ctrl-C leaves no compiler behind that still fills the disk."""
    children = Children()
    with children.started(["sh", "-c", "sleep 60 & echo $!; wait"]) as process:
        assert process.stdout is not None
        grandchild = int(process.stdout.readline())
        threading.Timer(0.1, children.stop).start()
        assert process.stdout.read() == ""
    deadline = time.monotonic() + 5
    while is_alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(grandchild)
    assert process.returncode < 0


def test_nothing_starts_after_stop() -> None:
    """A worker thread that comes late does not start the next compiler."""
    children = Children()
    children.stop()
    with pytest.raises(BuildError, match="interrupted"):
        children.run(["true"], "true")


def test_a_failing_program_shows_what_it_said() -> None:
    """Both outputs are kept, in one."""
    with pytest.raises(CommandFailed, match=r"(?s)Asking failed with status 3.*out.*err"):
        Children().run(["sh", "-c", "echo out; echo err >&2; exit 3"], "Asking")


def test_a_program_runs_in_the_folder_and_environment_given(tmp_path: Path) -> None:
    """Go builds happen in the working copy, with caches of their own."""
    environment = {"PATH": os.environ["PATH"], "WORD": "here"}
    with Children().started(["sh", "-c", "echo $WORD; pwd"], tmp_path, environment) as process:
        output, _ = process.communicate()
    assert output.split() == ["here", str(tmp_path)]
