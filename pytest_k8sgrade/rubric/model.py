"""The rubric file as immutable objects.

`rubric.load` makes them from YAML and checks what one object alone cannot know
(ids, needs, totals, check parameters). Only keys that have an effect exist here:
an unknown key is an error, so that a rubric never promises what is not done. The
JSON Schema for editors is generated from these classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, JsonValue, Tag, model_validator
from pydantic_core import PydanticCustomError

from pytest_k8sgrade.rubric.fields import (
    Duration,
    Frozen,
    Mark,
    Matching,
    PassMark,
    Points,
    Slug,
    Text,
)
from pytest_k8sgrade.rubric.policy import Policy

Level: TypeAlias = Literal["exists", "configured", "accepted", "effect"]
HintLevel: TypeAlias = Literal["beginner", "intermediate", "advanced"]
Visibility: TypeAlias = Literal["visible", "hidden"]
Scalar: TypeAlias = str | bool | int | float

CheckName: TypeAlias = Annotated[
    str, Matching(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", "the name of a check such as hpa.active")
]
ApiPath: TypeAlias = Annotated[str, Field(pattern=r"^/apis?/[^\s]+$", max_length=500)]
VariableName: TypeAlias = Annotated[
    str, Matching("[a-z][a-z0-9_]*", "a name of lower case letters, digits and underscores")
]


class FirstThatExists(Frozen):
    """A variable that is looked up: the first namespace that holds an object `kind/name`."""

    first_that_exists: tuple[str, ...] = Field(min_length=1)
    holding: Annotated[
        str, Matching("[a-zA-Z][a-zA-Z0-9.]*/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", "KIND/NAME of an object")
    ]

    @property
    def kind(self) -> str:
        """The kind of the object as the file writes it, e.g. `deployment`."""
        return self.holding.partition("/")[0]

    @property
    def name(self) -> str:
        """The exact name of the object."""
        return self.holding.partition("/")[2]


def _variable_tag(value: object) -> str | None:
    if isinstance(value, (dict, FirstThatExists)):
        return "search"
    return "scalar" if isinstance(value, (str, bool, int, float)) else None


Variable: TypeAlias = Annotated[
    Annotated[FirstThatExists, Tag("search")] | Annotated[Scalar, Tag("scalar")],
    Discriminator(
        _variable_tag,
        custom_error_type="rubric_value",
        custom_error_message="expected a text, a number, true, false or a search with first_that_exists",
    ),
]


class Hints(Frozen):
    """Hints of an item at the three levels of help; each replaces the check's own at its level."""

    beginner: Text | None = None
    intermediate: Text | None = None
    advanced: Text | None = None

    def of(self, level: HintLevel, language: str) -> str | None:
        """The hint at a level in a language, or None where the check's own stands."""
        text = {"beginner": self.beginner, "intermediate": self.intermediate, "advanced": self.advanced}[
            level
        ]
        return text.of(language) if text else None


class Item(Frozen):
    """One line of the rubric: a check, its parameters, its points.

    `within` counts from the start of the run. `bonus` points make up for lost ones but
    never lift a score above the total. `waived` takes the item out of everyone's total.
    `active` names the kind of action that the check takes; it is off unless asked for. `hints_for`
    names the reasons that the item's own hints are about; without it they are about all.
    """

    id: Slug
    check: CheckName
    with_: dict[str, JsonValue] = Field(default_factory=dict, alias="with")
    points: Points
    level: Level
    title: Text | None = None
    needs: tuple[Slug, ...] = ()
    within: Duration | None = None
    hold: Duration | None = None
    hints: Hints = Hints()
    hints_for: tuple[Slug, ...] = ()
    bonus: bool = False
    required: bool = False
    waived: Text | None = None
    visibility: Visibility = "visible"
    active: Slug | None = None

    def hint(self, reason: str, level: HintLevel, language: str) -> str | None:
        """The item's own hint for a reason, or None where the check's stands."""
        return None if self.hints_for and reason not in self.hints_for else self.hints.of(level, language)

    @model_validator(mode="after")
    def _bonus_is_not_required(self) -> Item:
        if self.bonus and self.required:
            raise PydanticCustomError("rubric_value", "an item is either bonus or required, not both")
        return self


class Group(Frozen):
    """Items that belong together; `points`, when given, must be the sum of its items."""

    id: Slug
    title: Text
    points: Points | None = None
    items: tuple[Item, ...] = Field(min_length=1)


class Rubric(Frozen):
    """A rubric file. `points`, when given, must be the sum of all items.

    Sums count every item but bonus ones: also the waived, so that waiving an item is
    a change of one line. `reads` are paths of the API that the checks will ask for, read
    ahead in the first round: they save time and change no verdict. `policy` is about marks, and
    changes no grade either.
    """

    k8sgrade: Literal[1]
    id: Slug
    version: str = "1"
    title: Text
    pass_mark: Mark
    points: Points | None = None
    budget: Duration = 300.0
    within: Duration | None = None
    hold: Duration = 0.0
    policy: Policy = Policy()
    vars: dict[VariableName, Variable] = Field(default_factory=dict)
    reads: tuple[ApiPath, ...] = ()
    groups: tuple[Group, ...] = Field(min_length=1)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All items in the order of the file."""
        return tuple(item for group in self.groups for item in group.items)

    @cached_property
    def by_id(self) -> Mapping[str, Item]:
        """The items by their id."""
        return {item.id: item for item in self.items}

    def within_of(self, item: Item) -> float:
        """Seconds from the start of the run for which an item may wait: its own, the default, the budget."""
        own = item.within if item.within is not None else self.within
        return self.budget if own is None else min(own, self.budget)

    def hold_of(self, item: Item) -> float:
        """Seconds for which the wanted state of an item must last."""
        return self.hold if item.hold is None else item.hold


def sum_of(items: tuple[Item, ...]) -> Decimal:
    """The total of items as a rubric declares it: everything but bonus."""
    return sum((item.points for item in items if not item.bonus), Decimal(0))


__all__ = [
    "FirstThatExists",
    "Group",
    "HintLevel",
    "Hints",
    "Item",
    "Level",
    "PassMark",
    "Rubric",
    "Scalar",
    "Variable",
    "Visibility",
    "sum_of",
]
