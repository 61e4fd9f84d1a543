"""docs/batch.md: its commands run as they stand, its files are those of examples/class."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_k8sgrade.batch.roster.columns import COLUMNS
from pytest_k8sgrade.cluster.policy import PERMISSIONS

ROOT = Path(__file__).parents[2]
PAGES = ("batch.md", "batch.ko.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r"(.*?)  # (\d): ")


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def blocks(name: str, kind: str) -> list[str]:
    """The blocks of one kind."""
    return [text for found, text in BLOCK.findall(page(name)) if found == kind]


def commands(name: str) -> list[tuple[str, int]]:
    """The commands of a page with the exit codes that it tells."""
    lines = [line for block in blocks(name, "sh") for line in block.splitlines()]
    matches = [EXPECTED.match(line) for line in lines]
    assert all(matches), "a command without its exit code"
    return [(match[1], int(match[2])) for match in matches if match]


def test_the_commands_do_what_the_page_says(tmp_path: Path) -> None:
    """One after the other, in a folder beside which only the examples are."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    found = commands("batch.md")
    assert len(found) > 5
    for command, code in found:
        program, *arguments = shlex.split(command)
        assert program == "k8sgrade"
        ended = subprocess.run(
            [sys.executable, "-m", "pytest_k8sgrade", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == code, f"{command}\n{ended.stdout}{ended.stderr}"


@pytest.mark.parametrize("name", PAGES)
def test_the_files_are_the_examples(name: str) -> None:
    """What is shown is what is run."""
    shown = {*blocks(name, "csv"), *blocks(name, "yaml")}
    files = sorted((ROOT / "examples" / "class").iterdir())
    assert shown == {file.read_text(encoding="utf-8") for file in files}


def test_both_pages_say_the_same() -> None:
    """The same commands, files and names in both languages."""
    assert commands("batch.md") == commands("batch.ko.md")
    codes = [set(re.findall(r"`([^`\n]+)`", BLOCK.sub("", page(name)))) for name in PAGES]
    assert codes[0] == codes[1]


@pytest.mark.parametrize("name", PAGES)
def test_all_there_is_is_named(name: str) -> None:
    """Every column, and everything that can be allowed."""
    words = set(re.findall(r"`([^`\n]+)`", page(name)))
    assert set(COLUMNS) <= words
    named = re.search(r"<!-- permissions -->(.*?)<!-- /permissions -->", page(name), re.DOTALL)
    assert named
    assert set(re.findall(r"`([^`]+)`", named[1])) == set(PERMISSIONS)
