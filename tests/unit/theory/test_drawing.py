"""Draws are a promise: documented, the same for ever, and different from student to student."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter

from pytest_k8sgrade.theory.drawing import Draw

DRAW = Draw("theory", "1", "2026-001", "hpa-desired")


def test_a_draw_can_be_made_again_from_its_description() -> None:
    """By hand, as the module says."""
    key = b'["k8sgrade-theory-1","theory","1"]'
    message = b'["2026-001","hpa-desired","current"]'
    number = int.from_bytes(hmac.new(key, message, hashlib.sha256).digest(), "big")
    assert DRAW.pick("current", range(1000)) == number % 1000


def test_draws_do_not_change_from_version_to_version() -> None:
    """Written down when they were first made: a hand-in of last year is graded with its own questions."""
    assert [DRAW.pick(name, range(1000)) for name in ("a", "b", "c")] == [202, 638, 474]
    assert DRAW.shuffled("order", "abcdef") == ["b", "e", "c", "d", "a", "f"]
    korean = Draw("theory", "1", "김하나", "pillars")
    assert korean.pick("a", range(1000)) == 359


def test_each_part_of_the_key_changes_the_draw() -> None:
    """Rubric, version, student and question."""
    others = [
        Draw("other", "1", "2026-001", "hpa-desired"),
        Draw("theory", "2", "2026-001", "hpa-desired"),
        Draw("theory", "1", "2026-002", "hpa-desired"),
        Draw("theory", "1", "2026-001", "hpa-limits"),
        Draw("theory", "1", '2026-001","x', "hpa-desired"),
    ]
    numbers = {one.pick("a", range(10**9)) for one in [DRAW, *others]}
    assert len(numbers) == 6


def test_every_option_is_drawn_for_somebody() -> None:
    """Evenly, as far as a thousand students show."""
    drawn = Counter(Draw("theory", "1", str(at), "q").pick("a", range(5)) for at in range(1000))
    assert set(drawn) == set(range(5))
    assert min(drawn.values()) > 140


def test_a_sample_has_no_option_twice() -> None:
    """And is all of them where there are no more."""
    assert len(set(DRAW.sample("s", range(10), 4))) == 4
    assert sorted(DRAW.sample("s", "abc", 9)) == ["a", "b", "c"]
