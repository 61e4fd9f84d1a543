"""A file of answers is text that a student wrote: nothing in it is calculated, unfolded or run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.gradebook.attempt import Student
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.packs import find_pack
from tests.security.audited import Auditor
from tests.security.judging import expected, harmless, outcome, reads_only

_RUBRIC = load_rubric(find_pack("theory")).rubric
_HEAD = f"k8sgrade_answers: 1\nrubric: theory\nversion: '{_RUBRIC.version}'\nstudent: s001\n"
_FIRST = _RUBRIC.items[0].id


def _answer(value: str) -> str:
    return f"{_HEAD}answers:\n  {_FIRST}: {value}\n"


SHEETS: Mapping[str, str | Callable[[Path], None]] = {
    "sheet-of-another": _HEAD.replace("s001", "s002"),
    "sheet-of-another-rubric": _HEAD.replace("theory", "lab1"),
    "sheet-with-tag": _answer("!!python/object/apply:os.system ['touch owned']"),
    "sheet-with-aliases": "a: &a [x, x]\nb: &b [*a, *a]\n" + _HEAD,
    "sheet-nested": _answer("[" * 3000),
    "sheet-with-infinity": _answer(".inf"),
    "sheet-with-huge-number": _answer("1" + "0" * 400),
    "sheet-with-10000-characters": _answer("x" * 10_000),
    "sheet-of-unknown-question": f"{_HEAD}answers: {{everything-right: 1}}\n",
    "sheet-with-keys-twice": _answer("1") + f"  {_FIRST}: 2\n",
    "sheet-huge": _HEAD + "#" * 200_000,
    "sheet-binary": "\x00\x01",
    "sheet-empty": "",
    "sheet-a-link": lambda place: place.symlink_to("/etc/hostname"),
    "sheet-a-pipe": os.mkfifo,
    "sheet-with-formula": _answer("\"=cmd|' /C calc'!A0\""),
    "sheet-with-expression": _answer("\"__import__('os').system('touch owned')\""),
}


@pytest.fixture(scope="module")
def theory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Auditor]:
    """Workers for questions."""
    running = Auditor(WorkOptions(rubric="theory", wait=0.0), tmp_path_factory.mktemp("theory"))
    yield running
    running.close()


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet(name: str, theory: Auditor, out: Path, tmp_path: Path) -> None:
    """What is no sheet of this student is refused with its line; an answer is compared, never calculated."""
    sheet, place = SHEETS[name], tmp_path / "answers.yaml"
    if callable(sheet):
        sheet(place)
    else:
        place.write_text(sheet, encoding="utf-8")
    graded = theory.grade(Entry(student=Student(id="s001"), answers=place), out)
    harmless(graded)
    reads_only(graded, [place])
    assert outcome(graded.attempt) == expected("sheet", name)
    assert graded.attempt.score == 0
    assert not (tmp_path / "owned").exists()
