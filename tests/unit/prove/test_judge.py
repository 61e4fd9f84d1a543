"""What a grade lost against what it should have lost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from pytest_k8sgrade.grade.model import Grade, GradedItem, RubricRef, ScoreRange, Subject, Told, Verdict
from pytest_k8sgrade.prove.judge import Difference, compare, first_told, missing, not_empty, not_full, unsaid
from pytest_k8sgrade.prove.model import Mutation

ONE, TEN = Decimal(1), Decimal(10)
Seen = Mapping[str, tuple[Verdict, str | None]]


def item(name: str, verdict: Verdict, reason: str | None) -> GradedItem:
    """An item as a grade has it; its texts name its reason."""
    return GradedItem(
        id=name,
        check="pods.ready",
        group="all",
        title=name,
        level="effect",
        verdict=verdict,
        points=ONE if verdict in ("passed", "partial") else Decimal(0),
        max_points=ONE,
        reason=Told(id=reason, text=f"Pod shop/web: {reason}.") if reason else None,
        hint="Look at spec.replicas." if reason else None,
    )


def grade(**items: tuple[Verdict, str | None]) -> Grade:
    """A grade of such items; its sums do not matter here."""
    return Grade(
        tool_version="0",
        language="en",
        rubric=RubricRef(id="lab", version="1", digest="d", title="Lab"),
        subject=Subject(),
        score=ONE,
        max_score=TEN,
        ungraded_points=ONE,
        score_range=ScoreRange(min=ONE, max=TEN),
        percent=None,
        bonus_points=Decimal(0),
        skipped_points=Decimal(0),
        waived_points=Decimal(0),
        pass_mark="60%",
        pass_points=ONE,
        passed=None,
        groups=(),
        items=tuple(item(name, *seen) for name, seen in items.items()),
    )


LOST = grade(
    first=("passed", None),
    second=("failed", "pod-absent"),
    third=("blocked", "need-failed"),
    fourth=("ungraded", "timeout"),
    fifth=("ungraded", "need-ungraded"),
)
FITS = {
    "loses": {"second": "pod-absent", "third": "blocked"},
    "ungraded": {"fourth": "timeout", "fifth": "blocked"},
}


def mutation(**changed: object) -> Mutation:
    """A mutation that fits the grade above, changed."""
    whole = {"id": "m", "title": {"en": "M", "ko": "M"}, "evidence": "m.zip", "says": ("shop/web",), **FITS}
    return Mutation.model_validate({**whole, **changed})


def test_what_a_need_stands_before_is_blocked() -> None:
    """Whether the need is lost or could not be graded."""
    assert missing(LOST) == {
        "second": "pod-absent",
        "third": "blocked",
        "fourth": "timeout",
        "fifth": "blocked",
    }


def test_one_of_several_reasons_will_do() -> None:
    """Where the moment decides; all of them are told where it is none."""
    either = {**FITS, "loses": {**FITS["loses"], "second": ["pod-broken", "pod-absent"]}}
    assert compare(LOST, mutation(**either)) == []
    neither = {**FITS, "loses": {**FITS["loses"], "second": ["pod-broken", "pod-old"]}}
    assert compare(LOST, mutation(**neither)) == [
        Difference(kind="other-reason", item="second", expected="pod-broken or pod-old", found="pod-absent")
    ]


def test_exactly_the_named_items_differ_in_nothing() -> None:
    """Items, reasons and verdicts as the proof file says."""
    assert compare(LOST, mutation()) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"loses": {"second": "pod-absent"}}, Difference(kind="too-much", item="third", found="blocked")),
        (
            {"loses": {**FITS["loses"], "first": "pod-absent"}},
            Difference(kind="too-little", item="first", expected="pod-absent"),
        ),
        (
            {"loses": {**FITS["loses"], "second": "pod-broken"}},
            Difference(kind="other-reason", item="second", expected="pod-broken", found="pod-absent"),
        ),
        (
            {"loses": {**FITS["loses"], "fourth": "timeout"}, "ungraded": {"fifth": "blocked"}},
            Difference(kind="other-verdict", item="fourth", expected="lost", found="ungraded"),
        ),
        (
            {"loses": {"third": "blocked"}, "ungraded": {**FITS["ungraded"], "second": "pod-absent"}},
            Difference(kind="other-verdict", item="second", expected="ungraded", found="failed"),
        ),
    ],
)
def test_every_way_to_be_wrong_is_told(changed: dict[str, object], expected: Difference) -> None:
    """One item too many, one too few, another reason, another verdict."""
    assert compare(LOST, mutation(**changed)) == [expected]


def test_the_first_hint_is_that_of_the_first_item_lost_for_its_own_sake() -> None:
    """What is blocked has nothing to tell."""
    blocked_first = grade(one=("blocked", "need-failed"), two=("failed", "pod-absent"))
    found = first_told(blocked_first)
    assert found is not None
    assert found.id == "two"
    assert first_told(grade(one=("passed", None))) is None


def test_the_first_hint_must_hold_every_fact_in_every_language() -> None:
    """Reason and hint together; what is missing is told with the language and the text."""
    silent = grade(second=("failed", "pod-absent"))
    facts = mutation(says=("shop/web", "spec.replicas", "spec.paused"))
    missed = unsaid({"en": LOST, "ko": silent}, facts)
    assert [(one.language, one.item, one.expected) for one in missed] == [
        ("en", "second", "spec.paused"),
        ("ko", "second", "spec.paused"),
    ]
    assert missed[0].found == "Pod shop/web: pod-absent. Look at spec.replicas."
    assert unsaid({"en": grade(first=("passed", None))}, facts) == []


def test_a_reference_with_a_lost_item_is_not_full() -> None:
    """Each lost item is one too many."""
    assert not_full(grade(one=("passed", None))) == []
    found = not_full(grade(one=("partial", "pod-absent")))
    assert found == [Difference(kind="too-much", item="one", found="pod-absent")]


def test_an_empty_cluster_with_points_or_doubts_is_not_empty() -> None:
    """Nothing is earned there, and nothing is unclear."""
    assert not_empty(grade(one=("failed", "pod-absent"), two=("blocked", "need-failed"))) == []
    found = not_empty(grade(one=("passed", None), two=("ungraded", "timeout")))
    assert [(one.kind, one.item) for one in found] == [("too-little", "one"), ("other-verdict", "two")]
