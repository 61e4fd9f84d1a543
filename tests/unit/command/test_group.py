"""The command as such: help, wrong use, exit codes."""

from __future__ import annotations

import io
import subprocess
import sys
from importlib.metadata import version

import click
import pytest

from pytest_k8sgrade.command import group, main
from pytest_k8sgrade.command.group import SUBCOMMANDS
from pytest_k8sgrade.errors import UsageFault
from tests.unit.command.calls import call


def test_help_lists_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with a line about it, and each with help of its own that tells its exit codes."""
    ended = call(capsys, "-h")
    assert ended.code == 0
    listed = {line.split()[0] for line in ended.out.splitlines() if line.startswith("  ")}
    assert set(SUBCOMMANDS) <= listed
    for name in SUBCOMMANDS:
        told = call(capsys, name, "--help")
        assert told.code == 0
        assert "--lang" in told.out
        assert "xit code" in told.out, name


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "see `k8sgrade -h`"),
        (["recrod"], "did you mean 'record'?"),
        (["record", "lab1"], "Missing option '--out'; see `k8sgrade record -h`"),
        (["record", "--no-such"], "No such option"),
        (["regrade", "x.zip", "--rubric", "lab1", "--lang", "de"], "is not one of 'en', 'ko'"),
    ],
)
def test_wrong_use_is_one_line_and_4(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    """On standard error, with what to do next."""
    ended = call(capsys, *arguments)
    assert (ended.code, ended.out) == (4, "")
    assert ended.err.startswith("k8sgrade: ")
    assert ended.err.count("\n") == 1
    assert told in ended.err


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [
        (UsageFault("what, expected, next"), 4, "k8sgrade: what, expected, next\n"),
        (KeyboardInterrupt(), 2, "k8sgrade: interrupted\n"),
    ],
)
def test_how_a_subcommand_ends_is_the_exit_code(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
    code: int,
    told: str,
) -> None:
    """A fault of the user and an interrupt have no traceback."""

    @click.command("x")
    def broken() -> None:
        raise raised

    monkeypatch.setattr(group._Subcommands, "get_command", lambda *_: broken)
    ended = call(capsys, "x")
    assert ended.code == code
    assert ended.err.lstrip("\n") == told


def test_it_runs_as_a_module_and_imports_no_more_than_it_needs() -> None:
    """`python -m pytest_k8sgrade --version`, without what reads clusters and grades."""
    code = (
        "import runpy, sys; sys.argv = ['k8sgrade', '--version']\n"
        "try: runpy.run_module('pytest_k8sgrade', run_name='__main__')\n"
        "except SystemExit as ended: assert not ended.code\n"
        "heavy = ('kubernetes', 'requests', 'pydantic', 'pytest', 'rich')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == [f"k8sgrade, version {version('pytest-k8sgrade')}", "[]"]


def test_an_output_that_lacks_a_sign_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redirected where the encoding is not UTF-8, signs are written another way."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="cp949", errors="strict"))
    with pytest.raises(SystemExit) as ended:
        main(["실습✓"])
    sys.stderr.flush()
    assert ended.value.code == 4
    assert raw.getvalue().decode("cp949").startswith("k8sgrade: no command '실습v'")
