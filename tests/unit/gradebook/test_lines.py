"""The sentences of the arithmetic: complete in both languages, and none too many."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from pytest_k8sgrade import gradebook
from pytest_k8sgrade.gradebook.lines import Teller, span
from pytest_k8sgrade.locale.messages import LANGUAGES, Language, placeholders
from tests.unit.gradebook.classes import DAY, DUE, attempt, book, late, only, override

COMPOSED = {
    "policy": ["best", "latest"],
    "share": ["earned", "total"],
    "span": ["days", "hours", "minutes", "seconds"],
    "same": ["cluster", "evidence"],
}
"""Names that the source puts together."""


def words(language: Language) -> dict[str, str]:
    """All sentences of a language."""
    text = files("pytest_k8sgrade.locale").joinpath(language, "gradebook.yaml").read_text(encoding="utf-8")
    found: dict[str, str] = yaml.safe_load(text)["labels"]
    return found


def test_both_languages_say_the_same() -> None:
    """With the same parameters."""
    shapes = [{name: placeholders(text) for name, text in words(each).items()} for each in LANGUAGES]
    assert shapes[0] == shapes[1]


def test_every_sentence_is_used() -> None:
    """One that nothing tells is left over from an older rule."""
    folder = Path(gradebook.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    composed = {f"{start}-{end}" for start, ends in COMPOSED.items() for end in ends}
    for name in words("en"):
        word = name.removeprefix("gradebook-")
        assert f'"{word}"' in source or word in composed, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_has_a_hole(language: Language) -> None:
    """Every line of a class in which everything happens is filled in."""
    made = book(
        attempt("s001", found={"scaled": "ungraded", "base": 12.0}, late=timedelta(hours=30)),
        attempt("s001", number=2, late=9 * DAY),
        attempt("s001", number=3, late=-DAY, found={"base": "failed", "scaled": "ungraded"}),
        attempt("s002", late=None, cluster_uid="6f1c"),
        attempt("s003", late=timedelta(minutes=3), cluster_uid="6f1c"),
        policy=late(minus="10%", every="1d", grace="15m", at_most=30, closes="7d"),
        overrides=[
            override("s001", item="base", points=30, attempt=3),
            override("s002", points=7),
            override("s003", points=7, attempt=1),
        ],
        language=language,
    )
    told = [line for mark in made.students for one in mark.attempts for line in one.lines]
    told += [line for mark in made.students for line in (*mark.lines, *mark.flags)]
    told += [*made.policy_lines, *made.notes]
    assert len({line.id for line in told}) > 20
    assert not [line.text for line in told if re.search(r"[{}]", line.text)]


def test_times_are_told_in_the_zone_of_the_course() -> None:
    """A deadline at noon UTC is one at nine in the evening in Seoul; the parameter stays UTC."""
    mark = only(attempt(), zone=ZoneInfo("Asia/Seoul"))
    line = mark.attempts[0].lines[1]
    assert line.text == "Handed in in time (due 2026-03-02 21:00 KST)"
    assert line.params == {"due": "2026-03-02T12:00:00Z"}


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (59, "59 s"), (3600, "1 h"), (90061, "1 d 1 h"), (86460, "1 d 1 min")]
)
def test_a_duration_has_two_units(seconds: float, text: str) -> None:
    """What is shorter than a second is one: late is late."""
    told = Teller("en")("late", late=span(seconds), due=DUE)
    assert told.text == f"Handed in {text} after the deadline (2026-03-02 12:00 UTC)"
    assert told.params["late"] == seconds
