"""The terminal report: what it says of each kind of grade, and how wide it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pytest_k8sgrade.grade.build import ItemResult
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.locale.messages import Language
from pytest_k8sgrade.outcome import Observation, Reason
from pytest_k8sgrade.reports.terminal import render
from tests.unit.grade.grades import TITLES, blocked, failed, grade, partial, rubric, ungraded

MIXED = (failed("active"), blocked("scaled", "active"), partial("rules", 1, 2), ungraded("synced"))
COMMAND = "`kubectl describe hpa web-app-hpa -n default`"


def shown(graded: Grade, *, width: int = 80, colour: bool = False) -> str:
    """The report in the grade's language."""
    language: Language = "ko" if graded.language == "ko" else "en"
    return render(graded, width=width, colour=colour, language=language)


def line_of(text: str, part: str) -> str:
    """The first line that holds a part."""
    return next(line for line in text.splitlines() if part in line)


def test_a_perfect_grade_is_short() -> None:
    """A line for each group and the sum: nothing to look for."""
    assert shown(grade()).splitlines() == [
        "Autoscaling                                                                20/20",
        "Rules and GitOps                                                           10/10",
        "",
        "Score      30 of 30 points (100%)",
        "           All 5 items passed.",
        "Pass mark  60% (18 points)",
        "Result     Passed",
    ]


def test_a_failing_grade_tells_why_and_what_next_below_each_lost_item() -> None:
    """Verdict, points and title in a line; reason, seen, wanted and the hint below it."""
    text = shown(grade(*MIXED))
    assert line_of(text, TITLES["active"]["en"]).split()[:3] == ["✗", "failed", "0/10"]
    lines = text.splitlines()
    below = lines.index(line_of(text, TITLES["active"]["en"])) + 1
    assert lines[below].strip().startswith("hpa-not-active(")
    assert lines[below + 1].split() == ["Seen", "False"]
    assert lines[below + 2].split() == ["Wanted", "True"]
    assert lines[below + 3].split()[0] == "Next"
    assert COMMAND in text


def test_a_blocked_item_names_the_root_cause() -> None:
    """By the title a student has just read."""
    text = " ".join(shown(grade(*MIXED)).split())
    assert f"need-failed(needs=“{TITLES['active']['en']}”)" in text


def test_the_report_says_where_to_begin() -> None:
    """With the item that keeps the most points from being looked at."""
    graded = grade(failed("metrics"), blocked("active", "metrics"), blocked("scaled", "active"))
    assert f"“{TITLES['metrics']['en']}”: 15 more points wait for it." in " ".join(shown(graded).split())
    assert "Begin with" not in shown(grade(failed("scaled")))


def test_parts_that_are_missing_are_listed() -> None:
    """With what was seen and wanted of each."""
    text = shown(grade(partial("rules", 1, 2)))
    assert "1 of 3 parts are right." in text
    assert text.count("✗  rule-absent(") == 2
    assert "wanted: HighCpu1" in text


def test_many_missing_parts_are_cut_short() -> None:
    """Thirty missing rules do not fill the screen."""
    text = shown(grade(partial("rules", 0, 30)))
    assert text.count("rule-absent(") == 6
    assert "and 24 more" in text


def test_ungraded_points_are_told_apart_with_the_range() -> None:
    """Never as a zero: a question mark, the points, the reason once, the range."""
    text = shown(grade(*MIXED))
    assert line_of(text, TITLES["synced"]["en"]).split()[:3] == ["?", "ungraded", "?/6"]
    assert "6.33 of 30 points so far" in text
    assert "The final score lies between 6.33 and 12.33." in text
    assert "6 points could not be graded." in text
    assert "%)" not in text


def test_an_unreachable_cluster_is_told_once() -> None:
    """One reason for all items, and no result."""
    text = shown(grade(*(ungraded(name) for name in TITLES)))
    assert text.count("unreachable(") == 1
    assert "Items: all 5" in text
    assert "Undecided" in text
    assert "✗" not in text


def test_what_waits_for_an_ungraded_item_is_told_with_it() -> None:
    """An item that could not be looked at because of another adds no reason of its own."""
    waiting = Observation("cannot-tell", Reason("need-ungraded", {"needs": "metrics"}))
    results = [ungraded("metrics"), ItemResult(item="active", verdict="ungraded", observation=waiting)]
    text = " ".join(shown(grade(*results)).split())
    assert "need-ungraded" not in text
    assert f"Items: “{TITLES['metrics']['en']}”, “{TITLES['active']['en']}”" in text


def test_what_does_not_count_is_told() -> None:
    """Skipped, waived and bonus points are named; a required item that is lost too."""
    of = rubric(
        scaled={"active": "load"},
        rules={"waived": "Broken."},
        active={"required": True},
        synced={"bonus": True},
    )
    graded = grade(
        ItemResult(item="scaled", verdict="skipped"),
        ItemResult(item="rules", verdict="waived"),
        failed("active"),
        of=of,
    )
    text = " ".join(shown(graded).split())
    assert "11 of 15 points (73.33%), including 6 bonus points" in text
    assert "5 points of checks that were not asked for" in text
    assert "4 points taken out of everyone's total" in text
    assert "Result Not passed Required and not passed: “The HorizontalPodAutoscaler" in text


def test_a_hidden_item_keeps_its_reason() -> None:
    """Points and verdict are told, neither why nor what next."""
    text = shown(grade(failed("active"), of=rubric(active={"visibility": "hidden"})))
    assert "hpa-not-active" not in text
    assert COMMAND not in text
    assert "The reason of this item is not shown." in text


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_wider_than_the_terminal(language: Language, width: int) -> None:
    """In cells, of which a Korean letter takes two; the sums stand at the right edge."""
    text = shown(grade(*MIXED, language=language), width=width)
    widths = [cell_len(line) for line in text.splitlines()]
    assert max(widths) == width
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_columns_line_up_in_korean() -> None:
    """All titles begin in the same cell."""
    text = shown(grade(*MIXED, language="ko"))
    starts = {cell_len(line_of(text, title["ko"]).partition(title["ko"])[0]) for title in TITLES.values()}
    assert len(starts) == 1


def test_a_command_is_not_broken_over_lines() -> None:
    """It can be copied as it stands, at any width that holds it."""
    for width in range(58, 100):
        assert COMMAND in shown(grade(failed("active")), width=width)


def test_a_command_that_no_line_holds_is_wrapped_at_its_spaces() -> None:
    """Cut anywhere, no word of it could be copied, and its last sign would stand alone."""
    for width in range(44, 57):
        text = shown(grade(failed("active")), width=width)
        assert COMMAND not in text
        assert set(COMMAND.split()) <= set(text.split()), width


def test_colour_adds_nothing_but_colour() -> None:
    """Without its escapes the report is the same, and there are none where none are asked for."""
    graded = grade(*MIXED)
    plain, coloured = shown(graded), shown(graded, colour=True)
    assert "\x1b" not in plain
    stripped = re.sub("\x1b\\[[0-9;]*m", "", coloured)
    assert coloured != stripped
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


HOSTILE = [
    "\x1b]0;owned\x07",
    "\x1b[2J\x1b[31mred",
    "a\u202eb\u2066c",
    "[bold]x[/bold]",
    ":smile:",
    "a\r\nb\tc",
]


@pytest.mark.parametrize("seen", HOSTILE)
def test_names_cannot_drive_the_terminal(seen: str) -> None:
    """No control or direction character of a cluster gets through, and markup stays text."""
    text = shown(grade(failed("active", seen=seen)))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    if seen.startswith(("[", ":")):
        assert seen in text


@given(seen=st.text() | st.lists(st.text(), max_size=4) | st.integers() | st.none())
def test_any_value_stays_within_the_lines(seen: Any) -> None:
    """Whatever a cluster holds, lines fit."""
    text = shown(grade(failed("active", seen=seen)))
    assert max(cell_len(line) for line in text.splitlines()) <= 80
