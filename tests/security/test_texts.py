"""Whatever a student's name, cluster or hand-in is called, every report shows it as text."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.cells import cell_len

from pytest_k8sgrade.batch.display.lines import mark, person
from pytest_k8sgrade.batch.display.tally import Done
from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.grade.values import clean
from pytest_k8sgrade.gradebook.attempt import Attempt, Student, of_grade
from pytest_k8sgrade.gradebook.build import build_class
from pytest_k8sgrade.gradebook.write import write_class
from pytest_k8sgrade.locale.messages import Catalogue
from pytest_k8sgrade.reports.html import render_html
from pytest_k8sgrade.reports.json import render_json
from pytest_k8sgrade.reports.junit import render_junit
from pytest_k8sgrade.reports.terminal import render
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.packs import find_pack
from tests.security.hostile import ROOT
from tests.security.judging import expected
from tests.security.texts import TEXTS

_TOLD = {"text", "seen", "wanted", "hint", "title", "context", "cluster_uid", "server_version", "student"}
"""The keys of a grade that a cluster or a student may fill."""
_MOMENT = datetime(2026, 3, 2, 12, tzinfo=UTC)
_FORMULA = re.compile(r"[=+\-@＝＋－＠\t\r\n]")  # noqa: RUF001 - the full-width forms are meant
_NUMBER = re.compile(r"-?[0-9.]+")


@cache
def half() -> Grade:
    """A grade with something lost."""
    return grade_evidence("lab1", ROOT / "examples" / "lab1" / "half.zip")


def told(value: Any, text: str) -> Any:
    """The part of a grade with this text in place of what others have said."""
    if isinstance(value, list):
        return [told(part, text) for part in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: text if key in _TOLD and isinstance(part, str | list | Mapping) else told(part, text)
        for key, part in value.items()
    }


def graded(text: str) -> Grade:
    """A grade in which somebody says it everywhere."""
    return Grade.model_validate(told(half().model_dump(mode="json", by_alias=True), clean(text)))


def attempts(text: str) -> list[Attempt]:
    """Two students, of whom the first is called so."""
    fields = of_grade(graded(text))
    first = Student(id="s001", name=clean(text), group=clean(text), section=clean(text))
    others: dict[str, Any] = {"source": "evidence", "origin": clean(text), "folder": "students/s001/1"}
    return [
        Attempt.model_validate({**fields, **others, "student": who, "number": 1, "submitted": _MOMENT})
        for who in (first, Student(id="s002", name="Student Two"))
    ]


class _Structure(HTMLParser):
    """The tags and attributes of a page, without its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag, tuple(name for name, _ in attrs)] += 1
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action")]


def same_structure(page: str, harmless: str) -> None:
    """Only texts differ."""
    found, wanted = _Structure(page), _Structure(harmless)
    assert set(found.tags) <= set(wanted.tags)
    assert not [one for one in found.addresses if re.match(r"\s*(?i:javascript|data|https?):", one)]


def shown(text: str) -> None:
    """One line of a terminal, in which nothing moves the cursor, hides or turns."""
    bad = {one for one in text if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert not bad, bad


@pytest.mark.parametrize("name", TEXTS)
def test_a_report_of_a_student(name: str) -> None:
    """Terminal, JSON, JUnit and HTML."""
    assert expected("text", name) == "shown"
    grade = graded(TEXTS[name])
    for line in render(grade, width=80, colour=False, language="en").splitlines():
        shown(line)
        assert cell_len(line) <= 80
    assert json.loads(render_json(grade))["items"]
    same_structure(render_html(grade), render_html(graded("harmless text")))
    _junit(render_junit(grade))


def _junit(text: str) -> None:
    for case in ElementTree.fromstring(text).iter("testcase"):
        properties = case.findall("properties/property")
        said = (case.findtext("system-out") or "").splitlines()
        assert sum(line.startswith("[[") for line in said) == len(properties)


@pytest.mark.parametrize("name", TEXTS)
def test_the_reports_of_a_class(name: str, tmp_path: Path) -> None:
    """CSV for spreadsheets and gradebooks, JSON, and the page."""
    for folder, text in (("hostile", TEXTS[name]), ("harmless", "harmless text")):
        (tmp_path / folder).mkdir()
        hand_ins = attempts(text)
        book = build_class(iter(hand_ins), load_rubric(find_pack("lab1")), made=_MOMENT)
        write_class(book, iter(hand_ins), tmp_path / folder)
    for path in (tmp_path / "hostile").iterdir():
        content = path.read_text(encoding="utf-8")
        harmless = (tmp_path / "harmless" / path.name).read_text(encoding="utf-8")
        match path.suffix:
            case ".csv":
                _same_table(content, harmless)
            case ".html":
                same_structure(content, harmless)
            case _:
                json.loads(content)


def _same_table(content: str, harmless: str) -> None:
    rows, wanted = (list(csv.reader(io.StringIO(text, newline=""))) for text in (content, harmless))
    assert [len(row) for row in rows] == [len(row) for row in wanted]
    for cell in (cell for row in rows for cell in row):
        assert _FORMULA.match(cell) is None or _NUMBER.fullmatch(cell)
        shown(cell)


@pytest.mark.parametrize("name", TEXTS)
def test_the_lines_of_a_batch(name: str) -> None:
    """While it runs and in logs."""
    text = TEXTS[name]
    done = Done("s001", text, 1, "problem", half().score, half().max_score, half().ungraded_points, 1.0, text)
    for line in (person("s001", text, 1), mark(done, Catalogue("en"))):
        shown(line)
        assert "\n" not in line
