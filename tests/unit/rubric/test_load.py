"""Loading a rubric: what a good one gives, and what each fault says, with its line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from tests.unit.rubric.rubrics import GOOD, changed, faults, load


def test_a_good_rubric_is_loaded_with_its_checks(tmp_path: Path) -> None:
    """Items in order, times in seconds, points as decimals, checks by name."""
    lab = load(tmp_path)
    active, scaled = lab.rubric.items
    assert (active.id, scaled.needs) == ("active", ("active",))
    assert active.points == Decimal(10)
    assert [lab.rubric.within_of(active), lab.rubric.within_of(scaled)] == [180.0, 300.0]
    assert lab.rubric.hold_of(active) == 15.0
    assert set(lab.checks) == {"scaler.active", "scaler.scaled"}


ONE_FAULT = yaml.safe_load(Path(__file__).with_name("faults.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", ONE_FAULT, ids=[case["name"] for case in ONE_FAULT])
def test_a_fault_says_where_what_and_what_there_is(tmp_path: Path, case: dict[str, str]) -> None:
    """Each fault stands at its line, with the value, and what was expected."""
    found = faults(tmp_path, changed(case["old"], case["new"]))
    assert any(fault.startswith(case["fault"]) for fault in found), found


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Form, ids, parameters and sums of one file in one message, and nothing told twice."""
    text = GOOD.replace("60%", "16 %%").replace("level: effect", "level: works")
    text = text.replace("needs: [active]", "needs: [gone]").replace("name: web,", "nme: web,")
    found = faults(tmp_path, text)
    assert [fault.partition(":")[0] for fault in found] == ["4", "18", "18", "26", "27"]


def test_a_fault_of_one_item_is_told_once(tmp_path: Path) -> None:
    """An item that is wrong does not make its group look empty, or its need unknown."""
    assert len(faults(tmp_path, changed("points: 10", "points: ten"))) == 1


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text\n", "groups: 5\n", "groups: [5, {items: 6}]\n"])
def test_what_is_no_rubric_at_all_is_told_cleanly(tmp_path: Path, text: str) -> None:
    """Any YAML gives a fault with a line, never a crash."""
    assert faults(tmp_path, text)


def test_nothing_to_earn_is_a_fault(tmp_path: Path) -> None:
    """A rubric of bonus items and zeros cannot be passed."""
    text = GOOD.replace("points: 15", "points: 0").replace("points: 10", "points: 0")
    text = text.replace("points: 5", "points: 5\n        bonus: true")
    assert faults(tmp_path, text) == ["11: groups: no item gives points"]


def test_the_digest_is_that_of_the_content(tmp_path: Path) -> None:
    """Comments, layout and spelled-out defaults do not change it; points do."""
    digest = load(tmp_path).digest
    spelled = changed("level: effect", "level: effect   # works\n        bonus: false")
    assert load(tmp_path, spelled).digest == digest
    other = changed("level: effect", "level: configured")
    assert load(tmp_path, other).digest != digest
    assert digest.startswith("sha256:")


def test_a_plain_title_stands_for_both_languages(tmp_path: Path) -> None:
    """A rubric for one class needs one language."""
    title = load(tmp_path, changed("{en: Lab, ko: 실습}", "Lab")).rubric.title
    assert [title.of("en"), title.of("ko")] == ["Lab", "Lab"]


def test_waiving_an_item_is_a_change_of_one_line(tmp_path: Path) -> None:
    """Declared sums still hold: they count waived items."""
    waived = changed("level: effect", "level: effect\n        waived: The chart is broken.")
    reason = load(tmp_path, waived).rubric.items[1].waived
    assert reason is not None
    assert reason.of("en") == "The chart is broken."
