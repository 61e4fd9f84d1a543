"""`k8sgrade record`: evidence of a cluster, and an exit code about the recording."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.run.session import GradeSession
from tests.unit.cluster.conftest import api, authority
from tests.unit.cluster.fake import Answer, FakeApi, status
from tests.unit.command.calls import call
from tests.unit.regrade.labs import PLACE, item, rubric

__all__ = ["api", "authority"]


@pytest.fixture
def lab(api: FakeApi, tmp_path: Path) -> Path:
    """A lab of two ConfigMaps, of which the cluster has one."""
    api.routes[f"{PLACE}/a"] = Answer({"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "demo"}})
    api.routes[f"{PLACE}/b"] = status(404, "NotFound", name="b", kind="configmaps")
    return rubric(tmp_path / "lab", "maps", item("a"), item("b", 30), pass_mark="60%")


def test_the_evidence_is_written_whatever_the_mark(
    capsys: pytest.CaptureFixture[str], api: FakeApi, lab: Path, tmp_path: Path
) -> None:
    """Below the pass mark the exit code is 0 all the same, and the file gives the grade that was shown."""
    out = tmp_path / "hand-in.zip"
    given = ["record", lab, "--out", out, "--kubeconfig", api.kubeconfig(), "--wait", "0", "--lang", "en"]
    ended = call(capsys, *given)
    assert (ended.code, ended.err) == (0, "")
    assert "Score      10 of 40 points (25%)" in ended.out
    assert f"Evidence: {out} (" in ended.out
    assert f"To see every item: pytest --k8s-grade={lab} --k8s-grade-from={out}\n" in ended.out
    assert grade_evidence(lab, out).score == 10


def test_what_could_not_be_graded_is_8(
    capsys: pytest.CaptureFixture[str], api: FakeApi, lab: Path, tmp_path: Path
) -> None:
    """The evidence is written, but it answers less than the lab asks."""
    api.routes[f"{PLACE}/b"] = status(403, "Forbidden", name="b", kind="configmaps")
    out = tmp_path / "hand-in.zip"
    given = ["record", lab, "--out", out, "--kubeconfig", api.kubeconfig(), "--wait", "0", "--lang", "ko"]
    ended = call(capsys, *given)
    assert ended.code == 8
    assert "채점 불가" in ended.out
    assert out.exists()


def test_what_is_set_is_recorded(
    capsys: pytest.CaptureFixture[str], api: FakeApi, lab: Path, tmp_path: Path
) -> None:
    """Nobody has to set it again to grade the file."""
    named = rubric(lab.parent, "named", 'id: x, with: {name: "{map}"}, points: 1', vars={"map": "b"})
    out = tmp_path / "hand-in.zip"
    given = ["record", named, "--out", out, "--kubeconfig", api.kubeconfig(), "--wait", "0", "--set", "map=a"]
    assert call(capsys, *given).code == 0
    assert grade_evidence(named, out).score == 1


def test_an_interrupt_keeps_what_was_known(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    api: FakeApi,
    lab: Path,
    tmp_path: Path,
) -> None:
    """Ctrl-C ends with 2 and says where the evidence is."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "hand-in.zip"
    with monkeypatch.context() as patched:
        patched.setattr(GradeSession, "run", interrupted)
        ended = call(capsys, "record", lab, "--out", out, "--kubeconfig", api.kubeconfig(), "--lang", "en")
    assert (ended.code, ended.err.strip()) == (2, "k8sgrade: interrupted")
    assert f"evidence: {out}" in ended.out.splitlines()
    assert grade_evidence(lab, out).ungraded_points == 40


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--out", "none/x.zip"], "the folder 'none' does not exist"),
        (["--out", "x.zip", "--wait", "soon"], "--wait 'soon'"),
        (["--out", "x.zip", "--set", "y=1"], "no variable 'y'"),
        (["--out", "x.zip", "--kubeconfig", "none"], "there is no such file. Next: pass --kubeconfig FILE"),
    ],
)
def test_wrong_use_is_told_before_the_run(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    lab: Path,
    options: list[str],
    told: str,
) -> None:
    """Nothing is read and nothing written."""
    monkeypatch.chdir(lab.parent)
    ended = call(capsys, "record", lab, *options)
    assert (ended.code, ended.out) == (4, "")
    assert told in ended.err
    assert not Path("x.zip").exists()


def test_a_terminal_of_80_cells_is_enough(api: FakeApi, lab: Path, tmp_path: Path) -> None:
    """The whole program in a process of its own: no line is wider, also in Korean."""
    command = [sys.executable, "-m", "pytest_k8sgrade", "record", str(lab), "--out", str(tmp_path / "e.zip")]
    options = ["--kubeconfig", str(api.kubeconfig()), "--wait", "0", "--lang", "ko"]
    ended = subprocess.run([*command, *options], capture_output=True, text=True, check=True, timeout=60)
    header = [line for line in ended.stdout.splitlines() if str(tmp_path) not in line]
    assert max(len(line) for line in header) <= 80
    assert ended.stderr == ""
