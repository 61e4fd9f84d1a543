"""Needs, times, totals, variables and texts of the file, each told where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8sgrade.lint import lint_rubric
from tests.unit.lint.labs import GOOD, changed, lab, lint, only, rules

WRITTEN = "        level: configured\n"
RUNS = "        level: effect\n        needs: [written]\n"
TITLE = "title: {en: Deployment web runs, ko: Deployment web 실행}"


def test_the_good_lab_is_clean(tmp_path: Path) -> None:
    """What the other tests change has no finding itself."""
    linted = lint(tmp_path)
    assert (linted.findings, linted.items, linted.complete) == ((), 2, True)


@pytest.mark.parametrize(
    ("old", "new", "rule", "item", "at"),
    [
        (RUNS, RUNS + "        within: 1m\n", "need-outlasts", "runs", "needs:"),
        (WRITTEN, WRITTEN + "        within: 3m\n", "fault", "written", "within: 3m"),
        (WRITTEN, WRITTEN + "        waived: {en: Rain., ko: 비.}\n", "need-waived", "runs", "needs:"),
        (RUNS, RUNS + "        required: true\n        active: load\n", "never-passed", "runs", "required:"),
        (', namespace: "{space}"}', ", namespace: lab, king: Pod}", "fault", "runs", "king: Pod"),
        ("  space: lab\n", "  space: lab\n  other: 1\n", "variable-unused", None, "other: 1"),
        (
            "space: lab",
            "space: {first_that_exists: [a], holding: widget/x}",
            "fault",
            None,
            "widget/x",
        ),
        ("container: web,", "container: web, labels: {},", "asks-for-nothing", "written", "labels: {}"),
        (
            TITLE,
            "title: {en: Deployment web is written as asked, ko: 실행}",
            "title-repeated",
            "runs",
            "title:",
        ),
        (TITLE, "title: Deployment web runs now", "text-one-language", "runs", "title:"),
        (TITLE, "title: {en: 실행, ko: 실행}", "text-one-language", "runs", "title:"),
        (
            "title: {en: Small lab, ko: 작은 실습}",
            "title: A very small lab",
            "text-one-language",
            None,
            "title: A",
        ),
        ("        " + TITLE + "\n", "", "title-missing", "runs", "- id: runs"),
        (
            TITLE,
            TITLE + "\n        hints: {advanced: {en: Look., ko: 보세요.}}",
            "hints-incomplete",
            "runs",
            "hints:",
        ),
        ("pass_mark: 60%", "pass_mark: 11", "fault", None, "pass_mark:"),
        ("pass_mark: 60%", "pass_mark: 0.6", "pass-mark-a-share", None, "pass_mark:"),
        ("[written]", "[writen]", "fault", "runs", "needs:"),
    ],
)
def test_each_rule_where_it_is_broken(
    tmp_path: Path, old: str, new: str, rule: str, item: str | None, at: str
) -> None:
    """One change to the good lab gives one finding, at the line of the change."""
    text = changed(old, new)
    if "within: 3m" in new:
        text = text.replace("within: 2m", "within: 2m\nbudget: 2m")
    found = only(lint(tmp_path, text))
    assert (found.rule, found.item) == (rule, item)
    assert at in text.splitlines()[found.line - 1]


def test_a_circle_of_needs_is_told(tmp_path: Path) -> None:
    """Next to what else is wrong with these needs."""
    text = changed(WRITTEN, WRITTEN + "        needs: [runs]\n")
    assert rules(lint(tmp_path, text)) == [("fault", "written"), ("need-above-level", "written")]


def test_a_written_item_must_not_need_a_running_one(tmp_path: Path) -> None:
    """Right files earn nothing while nothing runs: the need is the wrong way round."""
    text = changed(WRITTEN, WRITTEN + "        needs: [runs]\n").replace("        needs: [written]\n", "")
    found = only(lint(tmp_path, text))
    assert (found.rule, found.item) == ("need-above-level", "written")


def test_a_mark_that_only_waived_items_reach_is_an_error(tmp_path: Path) -> None:
    """The declared sum still holds, but nobody can earn it."""
    text = changed("pass_mark: 60%", "pass_mark: 7").replace(
        TITLE, TITLE + "\n        waived: {en: Rain., ko: 비.}"
    )
    found = only(lint(tmp_path, text))
    assert (found.rule, found.severity) == ("pass-mark-out-of-reach", "error")
    assert found.params == {"mark": "7", "reachable": "4"}


def test_all_faults_and_findings_come_at_once(tmp_path: Path) -> None:
    """A fault in one item keeps neither the other faults nor the findings of sound items back."""
    text = changed("points: 4", "points: 3").replace("container: web,", "containr: web,")
    text = text.replace("  space: lab\n", "  space: lab\n  other: 1\n")
    assert rules(lint(tmp_path, text)) == [("fault", None), ("variable-unused", None), ("fault", "written")]


def test_a_file_that_is_no_rubric_says_that_rules_are_left(tmp_path: Path) -> None:
    """What cannot be applied is not passed over in silence."""
    linted = lint(tmp_path, changed("id: lab", "it: lab").replace("level: effect", "level: effects"))
    assert not linted.complete
    assert {finding.rule for finding in linted.findings} == {"fault"}
    assert len(linted.findings) == 3


@pytest.mark.parametrize("text", ["", "- 1\n- [", "\tid: lab", "k8sgrade: 1"])
def test_a_file_that_is_not_even_yaml_has_faults_with_lines(tmp_path: Path, text: str) -> None:
    """Anything can be linted without a traceback."""
    linted = lint(tmp_path, text)
    assert linted.findings
    assert all(finding.line >= 1 for finding in linted.findings)


def test_a_comment_allows_a_rule_in_its_line(tmp_path: Path) -> None:
    """An author who has thought about it is not told again; other rules and lines still are."""
    needs = "        needs: [written]  # lint: allow need-outlasts\n"
    text = changed(RUNS, RUNS.replace("        needs: [written]\n", needs) + "        within: 1m\n")
    assert rules(lint(tmp_path, text)) == []
    other = text.replace("allow need-outlasts", "allow need-waived")
    assert rules(lint_rubric(str(lab(tmp_path, other)))) == [("need-outlasts", "runs")]


def test_a_fault_cannot_be_allowed_away(tmp_path: Path) -> None:
    """What keeps the rubric from being graded is told whatever a comment says."""
    text = GOOD.replace("points: 10\n", "points: 9  # lint: allow fault\n")
    assert rules(lint(tmp_path, text)) == [("fault", None)]
