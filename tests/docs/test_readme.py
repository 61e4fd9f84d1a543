"""The commands of the README pages: the same in both languages, and each of them works.

Commands that need no cluster are run as they stand. Those that grade somebody's own
cluster are run with `--k8s-grade-list` added, which checks their options and the lab.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from pytest_k8sgrade.command.group import group

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "README.ko.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"^([a-z][a-z0-9]*):", re.MULTILINE)


def commands(page: str) -> list[str]:
    """The command lines of a page, without their comments."""
    blocks = BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    lines = [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_both_pages_name_the_same_commands() -> None:
    """A reader of either language is told the same."""
    assert commands("README.md") == commands("README.ko.md")
    assert len(commands("README.md")) > 5


def said(module: str, *arguments: str) -> str:
    """What a module says when it is run from the checkout; it must end well."""
    finished = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.mark.parametrize(
    "command", sorted({line for line in commands("README.md") if line.startswith("make ")})
)
def test_make_targets_exist(command: str) -> None:
    """Every target that is named is one."""
    targets = TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    assert shlex.split(command)[1] in targets


@pytest.mark.parametrize(
    "command", sorted({line for line in commands("README.md") if line.startswith("pytest ")})
)
def test_pytest_commands_work(command: str) -> None:
    """As they stand from evidence; as far as their options go where they need a cluster."""
    arguments = shlex.split(command)[1:]
    if not any(argument.startswith("--k8s-grade-from") for argument in arguments):
        arguments.append("--k8s-grade-list")
    told = said("pytest", *arguments)
    lab = next(one.partition("=")[2] for one in arguments if one.startswith("--k8s-grade="))
    assert lab in told


@pytest.mark.parametrize(
    "command", sorted({line for line in commands("README.md") if line.startswith("k8sgrade ")})
)
def test_k8sgrade_commands_are_understood(command: str) -> None:
    """Each names a subcommand and options that it has."""
    _, name, *arguments = shlex.split(command)
    found = group.get_command(click.Context(group), name)
    assert found is not None
    assert found.make_context(name, arguments).params


@pytest.mark.parametrize(
    "command", sorted({line for line in commands("README.md") if line.startswith("k8sgrade regrade ")})
)
def test_regrading_works(command: str) -> None:
    """It needs no cluster, so it is run as it stands, in both languages."""
    for language in ("en", "ko"):
        told = said("pytest_k8sgrade", *shlex.split(command)[1:], "--lang", language)
        assert "reference.zip" in told


def test_nothing_else_is_told_to_be_typed() -> None:
    """A command of a kind that no test above looks at would go unchecked."""
    known = ("make ", "pytest ", "k8sgrade ", "pip install pytest-k8sgrade")
    assert [line for line in commands("README.md") if not line.startswith(known)] == []
