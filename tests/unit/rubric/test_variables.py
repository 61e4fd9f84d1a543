"""Variables: which are needed, what is put in place, what may be set by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.rubric.model import Rubric
from pytest_k8sgrade.rubric.variables import (
    fixed_values,
    needed_variables,
    parse_overrides,
    searches,
    substitute,
)
from tests.unit.rubric.rubrics import changed, load

VARS = "vars:\n  flag: true\n  ratio: 0.5\n  text: hello\n"


@pytest.fixture
def rubric(tmp_path: Path) -> Rubric:
    """The good rubric with a variable of each type."""
    return load(tmp_path, changed("vars:\n", VARS)).rubric


def test_an_item_needs_the_variables_it_names(rubric: Rubric) -> None:
    """Only those: an unreachable cluster must not matter to an item without variables."""
    assert needed_variables(rubric.items[0]) == {"ns", "least"}
    assert needed_variables(rubric.items[1]) == {"ns"}


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("{n}", 5),
        ("at {n}", "at 5"),
        ("{t}/{n}", "true/5"),
        (["{n}", {"k": "{t}"}], [5, {"k": True}]),
        ("{{n}}", "{{n}}"),
        ("${n}", "${n}"),
        ('up{job="n"}', 'up{job="n"}'),
        ("a{3}", "a{3}"),
        (7, 7),
    ],
)
def test_values_are_put_in_place(value: Any, result: Any) -> None:
    """Alone with their type, within a text as text; braces of PromQL and templates stay."""
    assert substitute({"x": value}, {"n": 5, "t": True}) == {"x": result}


def test_a_variable_without_a_value_is_never_passed_over() -> None:
    """A check must not be called with a hole in its parameters."""
    with pytest.raises(KeyError, match="gone"):
        substitute({"x": "{gone}"}, {})


def test_settings_take_the_type_of_the_variable(rubric: Rubric) -> None:
    """And take the place of a search, so that nothing is looked up."""
    settings = ["ns=mine", "least=3", "flag=FALSE", "ratio=1.5", "text=a=b"]
    overrides = parse_overrides(rubric, settings)
    assert overrides == {"ns": "mine", "least": 3, "flag": False, "ratio": 1.5, "text": "a=b"}
    assert fixed_values(rubric, overrides) == overrides
    assert searches(rubric, overrides) == {}
    assert list(searches(rubric, {})) == ["ns"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("nss=x", "no variable 'nss'; did you mean 'ns'\\? there is: flag, least, ns, ratio, text"),
        ("ns", "'ns' sets nothing; write KEY=VALUE"),
        ("least=two", "variable 'least' is a whole number, not 'two'"),
        ("least=2.5", "variable 'least' is a whole number, not '2.5'"),
        ("ns=", "variable 'ns' is not empty, but '' is; write ns=VALUE"),
        ("text= ", "variable 'text' is not empty, but ' ' is"),
        ("ratio=nan", "variable 'ratio' is a number, not 'nan'"),
        ("flag=maybe", "variable 'flag' is true or false, not 'maybe'"),
    ],
)
def test_a_setting_that_cannot_be_is_a_clean_fault(rubric: Rubric, setting: str, message: str) -> None:
    """With the value and what there is."""
    with pytest.raises(UsageFault, match=message):
        parse_overrides(rubric, [setting])


def test_what_is_empty_may_be_set_to_nothing_again(tmp_path: Path) -> None:
    """Where the rubric's own value is empty, that is a value."""
    rubric = load(tmp_path, changed("vars:\n", VARS + '  suffix: ""\n')).rubric
    assert parse_overrides(rubric, ["suffix="]) == {"suffix": ""}
