"""The proof file as immutable objects: which recorded cluster loses which items, and why.

`prove.load` makes them from YAML and checks them against the rubric. A mutation is a
recording of a cluster that is right but for one small change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from pytest_k8sgrade.rubric.fields import Frozen, Matching, Slug, Text

BLOCKED = "blocked"
"""Stands for the reason of an item that was not looked at, because one it needs is lost or ungraded."""

EvidencePath: TypeAlias = Annotated[
    str,
    Matching(
        r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*/)*[A-Za-z0-9_][A-Za-z0-9._-]*\.zip",
        "a path to a .zip file, relative to the proof file and below it",
    ),
]
ReasonId: TypeAlias = Annotated[
    str, Matching(r"[a-z][a-z0-9-]*", "the id of a reason such as workload-not-ready, or blocked")
]


def _listed(value: Any) -> Any:
    """One reason is written without a list."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


Reasons: TypeAlias = Annotated[tuple[ReasonId, ...], BeforeValidator(_listed), Field(min_length=1)]
"""One reason; or several of which the moment decides one, such as how much of a load is just measured."""


class Mutation(Frozen):
    """One fault: the items that are lost by it, and those that nothing can be said about, with reasons.

    `says` are facts, each of which the first hint that a student reads must hold in every
    language: the faulty object and field.
    """

    id: Slug
    title: Text
    evidence: EvidencePath
    loses: dict[Slug, Reasons] = Field(default_factory=dict)
    ungraded: dict[Slug, Reasons] = Field(default_factory=dict)
    says: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)

    @property
    def expected(self) -> Mapping[str, tuple[str, ...]]:
        """Every item that is not passed, with the reasons it may have."""
        return {**self.loses, **self.ungraded}

    @model_validator(mode="after")
    def _loses_something_once(self) -> Mutation:
        if not self.loses and not self.ungraded:
            raise PydanticCustomError("rubric_value", "a mutation loses at least one item (loses, ungraded)")
        twice = ", ".join(sorted(self.loses.keys() & self.ungraded.keys()))
        if twice:
            raise PydanticCustomError(
                "rubric_value", "an item is either lost or ungraded: {items}", {"items": twice}
            )
        return self


class ProofFile(Frozen):
    """A proof file: the clusters with full marks and with none, and the mutations.

    `shared` is a zip with answers that several of the recordings have in common.
    """

    k8sgrade_proof: Literal[1]
    rubric: Slug
    reference: EvidencePath
    empty: EvidencePath
    shared: EvidencePath | None = None
    mutations: tuple[Mutation, ...] = ()
