"""Theory: questions whose numbers are drawn for each student, graded by computation.

A rubric has the texts and the formulas, a check the kind of the question: numbers that are
computed (`compute`), one option of several (`choose`), statements sorted into categories
(`sort`), steps in their order (`order`), and one case of a table (`case`). `ask` and `why` are
texts in both languages with `${name}` for what was drawn or computed; `why` explains the right
answer to who did not find it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NotRequired, TypeAlias

from typing_extensions import TypedDict  # that of typing is none for pydantic before Python 3.12

from pytest_k8sgrade.theory.drawing import Draw
from pytest_k8sgrade.theory.forms import Form, NumberForm, WordForm, letter_form, letters, shown
from pytest_k8sgrade.theory.numbers import computed, drawn, texts
from pytest_k8sgrade.theory.question import Answer, Blank, Question
from pytest_k8sgrade.theory.words import Both, Text, both

Numbers: TypeAlias = dict[str, list[int | float]]
"""For each name the numbers that one is drawn from."""


class Computed(TypedDict):
    """A number to fill in: its formula and unit, the decimals that count, the percent it may be off."""

    formula: str
    unit: NotRequired[str]
    digits: NotRequired[int]
    percent: NotRequired[int | float]
    label: NotRequired[Text]


class Statement(TypedDict):
    """A statement and the category that it belongs to."""

    text: Text
    belongs: str
    why: NotRequired[Text]


class Case(TypedDict):
    """A row of a table: what is shown of it, and what is right for each blank.

    A list of texts are all that are accepted, the one that is told first.
    """

    show: dict[str, int | float | Text]
    right: dict[str, int | float | str | list[str]]
    why: Text


def test_compute(
    answer: Answer,
    *,
    ask: Text,
    why: Text,
    blanks: dict[str, str | Computed],
    draw: Numbers = {},  # noqa: B006 - never changed
    where: str = "",
    let: dict[str, str] = {},  # noqa: B006
) -> None:
    """The numbers are right.

    `draw` has the numbers to draw from, `where` a condition that they meet, `let` formulas for
    what the texts and later formulas name, and `blanks` the formulas of what is asked.
    """
    asked = {name: _computed(blank) for name, blank in blanks.items()}
    formulas = {**let, **{name: blank["formula"] for name, blank in asked.items()}}
    values = computed(drawn(answer.draw, draw, where), formulas)
    told = texts(values)
    explained = both(why, told)
    answer.judge(
        Question(both(ask, told), [_number(name, one, values, explained) for name, one in asked.items()])
    )


def _computed(blank: str | Computed) -> Computed:
    return {"formula": blank} if isinstance(blank, str) else blank


def _number(name: str, blank: Computed, values: Mapping[str, Fraction], why: Both) -> Blank:
    percent = Fraction(str(blank.get("percent", 0)))
    form = NumberForm(values[name], blank.get("unit", ""), blank.get("digits"), percent)
    return Blank(name, form, why, both(blank["label"]) if "label" in blank else None)


def test_choose(
    answer: Answer,
    ask: Text,
    why: Text,
    right: list[Text],
    wrong: list[Text],
    options: int = 4,
) -> None:
    """The right one of some options is chosen.

    One of `right` is drawn, and so many of `wrong` that there are `options` in all.
    """
    chosen: Text = answer.draw.pick("right", right)
    drawn_options = [chosen, *answer.draw.sample("wrong", wrong, options - 1)]
    order = answer.draw.shuffled("order", range(len(drawn_options)))
    listed = {letter: both(drawn_options[at]) for letter, at in zip(letters(order), order, strict=True)}
    letter = letters(order)[order.index(0)]
    told = {"letter": letter, "right": chosen}
    blank = Blank("letter", letter_form(letter, order), both(why, told))
    answer.judge(Question(both(ask), [blank], listed))


def test_sort(
    answer: Answer,
    ask: Text,
    why: Text,
    categories: dict[str, list[str]],
    statements: list[Statement],
    count: int = 4,
) -> None:
    """Every statement is in its category.

    `categories` have the words that stand for each besides its name. `count` statements are
    drawn, from each category in turn. A statement may have a `why` of its own.
    """
    unknown = {one["belongs"] for one in statements} - categories.keys()
    if unknown:
        raise ValueError(f"statements belong to {sorted(unknown)}, which are no categories")
    chosen = _from_each(answer.draw, categories, statements, count)
    blanks = [
        Blank(letter, _category(one["belongs"], categories), both(one.get("why", why)))
        for letter, one in zip(letters(chosen), chosen, strict=True)
    ]
    listed = {letter: both(one["text"]) for letter, one in zip(letters(chosen), chosen, strict=True)}
    answer.judge(Question(both(ask), blanks, listed))


def _from_each(
    draw: Draw, categories: Mapping[str, object], statements: Sequence[Statement], count: int
) -> list[Statement]:
    """So many statements, as evenly from the categories as they allow, in a drawn order."""
    own = {
        name: draw.shuffled(f"of/{name}", [one for one in statements if one["belongs"] == name])
        for name in draw.shuffled("categories", list(categories))
    }
    longest = max(map(len, own.values()))
    turns = [rows[turn] for turn in range(longest) for rows in own.values() if turn < len(rows)]
    return draw.shuffled("order", turns[:count])


def _category(name: str, categories: Mapping[str, Sequence[str]]) -> WordForm:
    spellings = tuple(word for words in categories.values() for word in words)
    return WordForm((name, *categories[name]), tuple(categories), spellings)


def test_order(answer: Answer, ask: Text, why: Text, steps: list[Text]) -> None:
    """The steps are in their order.

    `steps` are given in the right order and shown in a drawn one.
    """
    order = answer.draw.shuffled("order", range(len(steps)))
    names = letters(steps)
    listed = {letter: both(steps[at]) for letter, at in zip(names, order, strict=True)}
    right = [names[order.index(at)] for at in range(len(steps))]
    explained = both(why, {"order": ", ".join(right)})
    blanks = [
        Blank(str(at), letter_form(letter, steps), explained) for at, letter in enumerate(right, start=1)
    ]
    answer.judge(Question(both(ask), blanks, listed))


def test_case(
    answer: Answer,
    ask: Text,
    cases: list[Case],
    units: dict[str, str] = {},  # noqa: B006
    known: dict[str, list[str]] = {},  # noqa: B006
    labels: dict[str, Text] = {},  # noqa: B006
) -> None:
    """What holds in this case is told.

    One of `cases` is drawn. `units`, `known` answers to choose from and `labels` are those of
    the blanks.
    """
    chosen = answer.draw.pick("case", cases)
    values = {name: _text(value) for name, value in chosen["show"].items()}
    explained = both(chosen["why"], values)
    blanks = [
        Blank(
            name,
            _form(right, units.get(name, ""), known.get(name, [])),
            explained,
            both(labels[name]) if name in labels else None,
        )
        for name, right in chosen["right"].items()
    ]
    answer.judge(Question(both(ask, values), blanks))


def _text(value: int | float | Text) -> Text:
    return shown(Fraction(str(value))) if isinstance(value, (int, float)) else value


def _form(right: int | float | str | Sequence[str], unit: str, known: Sequence[str]) -> Form:
    if isinstance(right, (int, float)):
        return NumberForm(Fraction(str(right)), unit)
    return WordForm((right,) if isinstance(right, str) else tuple(right), tuple(known))
