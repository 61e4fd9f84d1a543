"""Kinds of questions: what is drawn, what is right, what part of it is credited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from checks import theory
from pytest_k8sgrade.locale.messages import LANGUAGES, Catalogue
from pytest_k8sgrade.outcome import Finding, Observation
from pytest_k8sgrade.theory.drawing import Draw
from pytest_k8sgrade.theory.question import Answer, Asking, Question
from tests.unit.checks.api import reason, share

DRAW = Draw("own", "1", "me", "q")
HPA: dict[str, Any] = {
    "ask": "${current} pods at ${metric} %, target ${target} %?",
    "why": {"en": "ceil(${exact}) = ${replicas}", "ko": "올림(${exact}) = ${replicas}"},
    "draw": {"current": [4], "metric": [85], "target": [50]},
    "let": {"exact": "current * metric / target"},
    "blanks": {"replicas": {"formula": "ceil(exact)", "unit": "pods"}, "ratio": "metric / target"},
}
SORT: dict[str, Any] = {
    "ask": "Which?",
    "why": "Because.",
    "categories": {"metrics": ["메트릭"], "logs": [], "traces": []},
    "statements": [
        {"text": f"{name} {at}", "belongs": name} for name in ("metrics", "logs", "traces") for at in range(4)
    ],
}


def asked(check: Callable[..., None], by: Draw = DRAW, **params: Any) -> Question:
    """The question that a check asks."""
    asking = Asking(by)
    check(answer=asking, **params)
    assert asking.question is not None
    return asking.question


def answered(check: Callable[..., None], given: Any, by: Draw = DRAW, **params: Any) -> Observation:
    """What a check finds of an answer; every reason has texts in both languages."""
    try:
        check(answer=Answer(by, given), **params)
    except Finding as finding:
        for told in [finding.reason, *(part.reason for part in finding.parts if part.reason)]:
            for language in LANGUAGES:
                text = f"{Catalogue(language).text(told)} {Catalogue(language).hint(told, 'beginner')}"
                assert "{" not in text, text
        return finding.observation()
    return Observation("met")


def test_numbers_are_parts() -> None:
    """Each number for itself; why is told with the numbers, in the language of the reader."""
    assert answered(theory.test_compute, {"replicas": "7 pods", "ratio": "1.70"}, **HPA).status == "met"
    seen = answered(theory.test_compute, {"replicas": 6, "ratio": 1.7}, **HPA)
    assert (reason(seen), share(seen)) == ("theory-wrong", 0.5)
    assert seen.reason is not None
    assert seen.reason.params["right"] == "7 pods"
    assert Catalogue("en").hint(seen.reason, "advanced") == "q.replicas: 6, right 7 pods. ceil(6.8) = 7"
    assert Catalogue("ko").hint(seen.reason, "intermediate") == "올림(6.8) = 7"


@pytest.mark.parametrize("given", [None, {}, {"replicas": None}, {"replicas": " "}, 7, "x", {"other": 7}])
def test_nothing_is_earned_by_nothing(given: Any) -> None:
    """Nor by one value where there are two blanks; and the right answer is not told."""
    seen = answered(theory.test_compute, given, **HPA)
    assert (reason(seen), share(seen)) == ("theory-not-answered", 0)
    assert "7" not in str(seen.wanted)


def test_what_is_no_number_says_so_and_not_what_is_right() -> None:
    """As for every form."""
    seen = answered(theory.test_compute, {"replicas": "seven", "ratio": True}, **HPA)
    assert reason(seen) == "theory-no-number"
    assert seen.wanted == "number [pods]"


def test_the_only_blank_needs_no_name() -> None:
    """A value alone is that of the only blank."""
    one = {**HPA, "blanks": {"replicas": "ceil(exact)"}}
    assert answered(theory.test_compute, 7, **one).status == "met"
    assert answered(theory.test_compute, {"replicas": 7}, **one).status == "met"


def test_conditions_are_kept() -> None:
    """For every student; one that never holds is a fault of the author."""
    lists = {"a": [1, 2, 3, 4], "b": [1, 2, 3, 4]}
    params: dict[str, Any] = {"ask": "${a} ${b}", "why": "-", "draw": lists, "blanks": {"sum": "a + b"}}
    for student in range(50):
        text = asked(theory.test_compute, Draw("r", "1", str(student), "q"), where="a > b", **params).text
        first, second = text["en"].split()
        assert int(first) > int(second)
    with pytest.raises(ValueError, match="holds for none"):
        asked(theory.test_compute, where="a > 9", **params)
    with pytest.raises(ValueError, match="there is no number 'c'"):
        asked(theory.test_compute, **{**params, "blanks": {"sum": "a + c"}})
    with pytest.raises(ValueError, match="'furlong' is no unit"):
        asked(theory.test_compute, **{**params, "blanks": {"sum": {"formula": "a", "unit": "furlong"}}})
    with pytest.raises(ValueError, match="blanks named like"):
        asked(theory.test_compute, **{**params, "blanks": {"the sum:": "a"}})
    with pytest.raises(ValueError, match=r"names \$\{c\}"):
        asked(theory.test_compute, **{**params, "ask": "${c}"})


def test_one_option_is_right() -> None:
    """The letter moves from student to student."""
    params: dict[str, Any] = {"ask": "?", "why": "${letter}", "right": ["yes"], "wrong": list("uvwxyz")}
    places = set()
    for student in range(40):
        draw = Draw("r", "1", str(student), "q")
        question = asked(theory.test_choose, draw, **params)
        (letter,) = [name for name, text in question.options.items() if text["en"] == "yes"]
        assert answered(theory.test_choose, letter.upper(), draw, **params).status == "met"
        wrong = next(name for name in question.options if name != letter)
        assert reason(answered(theory.test_choose, {"letter": wrong}, draw, **params)) == "theory-wrong"
        places.add(letter)
    assert places == set("abcd")
    assert reason(answered(theory.test_choose, "e", **params)) == "theory-no-word"
    assert reason(answered(theory.test_choose, "ab", **params)) == "theory-no-word"


def test_statements_are_sorted() -> None:
    """From all categories; Korean words by the list, nothing in part."""
    question = asked(theory.test_sort, **SORT, count=6)
    right = {letter: text["en"].split()[0] for letter, text in question.options.items()}
    assert sorted(right.values()) == ["logs", "logs", "metrics", "metrics", "traces", "traces"]
    assert answered(theory.test_sort, right, **SORT, count=6).status == "met"
    korean = {key: "메트릭" if value == "metrics" else value for key, value in right.items()}
    assert answered(theory.test_sort, korean, **SORT, count=6).status == "met"
    same = answered(theory.test_sort, dict.fromkeys(right, "logs"), **SORT, count=6)
    assert share(same) == pytest.approx(1 / 3)
    every = answered(theory.test_sort, dict.fromkeys(right, "metrics, logs, traces"), **SORT, count=6)
    assert (reason(every), share(every)) == ("theory-no-word", 0)
    with pytest.raises(ValueError, match="which are no categories"):
        asked(theory.test_sort, **{**SORT, "categories": {"metrics": [], "logs": []}}, count=6)


def test_steps_are_ordered() -> None:
    """Each at its place is a part."""
    steps = ["first", "second", "third", "fourth"]
    params: dict[str, Any] = {"ask": "?", "why": "${order}", "steps": steps}
    question = asked(theory.test_order, **params)
    letters = {text["en"]: letter for letter, text in question.options.items()}
    right = {str(at): letters[step] for at, step in enumerate(steps, start=1)}
    assert answered(theory.test_order, right, **params).status == "met"
    swapped = {**right, "1": right["2"], "2": right["1"]}
    assert share(answered(theory.test_order, swapped, **params)) == 0.5


def test_a_case_of_a_table() -> None:
    """Numbers and words of the drawn row, both judged by their form."""
    params: dict[str, Any] = {
        "ask": "${policy} ${replicas}",
        "cases": [
            {
                "show": {"policy": "none", "replicas": 3},
                "right": {"status": ["OutOfSync", "out of sync"], "replicas": 3},
                "why": "no ${policy}",
            }
        ],
        "units": {"replicas": "pods"},
        "known": {"status": ["Synced", "OutOfSync"]},
        "labels": {"status": {"en": "status", "ko": "상태"}},
    }
    right = {"status": "out of  SYNC", "replicas": "3 replicas"}
    assert answered(theory.test_case, right, **params).status == "met"
    seen = answered(theory.test_case, {"status": "Synced", "replicas": 3}, **params)
    assert (reason(seen), share(seen)) == ("theory-wrong", 0.5)
    assert reason(answered(theory.test_case, {"status": "Out"}, **params)) == "theory-no-word"
    assert asked(theory.test_case, **params).text["ko"] == "none 3"
