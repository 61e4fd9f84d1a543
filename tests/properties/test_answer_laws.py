"""Laws of answers: equal forms are equal, and no answer breaks a check."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.outcome import Finding
from pytest_k8sgrade.theory.drawing import Draw
from pytest_k8sgrade.theory.forms import NumberForm, WordForm, normal, shown
from pytest_k8sgrade.theory.question import Answer
from pytest_k8sgrade.theory.units import UNITS, factor
from tests.properties.courses import law
from tests.unit.theory.sheets import STUDENT, theory

thousandths = st.integers(-(10**9), 10**9).map(lambda number: Fraction(number, 1000))
values = st.one_of(st.text(max_size=60), st.integers(), st.floats(), st.booleans(), st.none())


@law
@given(thousandths)
def test_a_number_is_right_however_it_is_written(number: Fraction) -> None:
    """As a number, as a text, with spaces and zeros; and one beside it is wrong."""
    form, text = NumberForm(number), shown(number)
    for value in (text, f" {text} ", float(number), f"{number.numerator / number.denominator:.3f}"):
        assert form.read(value) == "right"
    assert form.read(shown(number + Fraction(1, 1000))) == "wrong"


@law
@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)), st.integers(1, 10**6))
def test_units_are_converted_or_refused(asked: str, given_unit: str, count: int) -> None:
    """Between units of one dimension back and forth; between others not at all.

    One way may be there alone: `m` is a minute where minutes are asked, and asks for thousandths itself.
    """
    times, back = factor(given_unit, asked), factor(asked, given_unit)
    value = f"{count} {given_unit}"
    if times is None:
        assert NumberForm(Fraction(count), asked).read(value) == "unreadable"
    else:
        assert times * back == 1 if back is not None else given_unit == "m"
        assert NumberForm(count * times, asked).read(value) == "right"


@law
@given(values)
def test_reading_never_fails(value: str | int | float | bool | None) -> None:
    """Whatever stands in a blank is right, wrong or unreadable."""
    for form in (NumberForm(Fraction(5), "min", 1), WordForm(("yes", "예"), ("yes", "no"))):
        assert form.read(value) in ("right", "wrong", "unreadable")


@law
@given(st.text(min_size=1, max_size=20))
def test_words_are_compared_as_a_whole(word: str) -> None:
    """A word with anything around it is another one."""
    form = WordForm((word,))
    assert form.read(word.upper()) == ("right" if normal(word.upper()) == normal(word) else "wrong")
    assert form.read(f"x{word}") == ("right" if normal(f"x{word}") == normal(word) else "wrong")


@law
@given(values, st.sampled_from(sorted(theory().rubric.by_id)))
def test_no_answer_breaks_a_check(value: str | int | float | bool | None, question: str) -> None:
    """It is right, or what is missing is told."""
    item = theory().rubric.by_id[question]
    given_answer = Answer(Draw("theory", "1", STUDENT, question), value)
    with suppress(Finding):
        theory().checks[item.check].function(answer=given_answer, **item.with_)
