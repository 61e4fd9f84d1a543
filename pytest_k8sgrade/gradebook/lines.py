"""The arithmetic in words: each step an id with parameters, and a sentence in one language.

Parameters are plain JSON (points as numbers, times in UTC, seconds); the sentence shows them
as people read them. The sentences are `locale/*/gradebook.yaml`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Literal, TypeAlias

from pydantic import JsonValue

from pytest_k8sgrade.grade.model import Told, plain_number
from pytest_k8sgrade.gradebook.model import Override
from pytest_k8sgrade.kube.times import format_time
from pytest_k8sgrade.locale.messages import Language
from pytest_k8sgrade.reports.labels import labels
from pytest_k8sgrade.reports.text import number
from pytest_k8sgrade.rubric.fields import PassMark
from pytest_k8sgrade.rubric.policy import Late, Policy

_UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))
_UNITS_SHOWN = 2
_KEPT = 5000


@dataclass(frozen=True, slots=True)
class Amount:
    """What lateness costs: a share of something, or points."""

    mark: PassMark
    of: Literal["earned", "total"]


Value: TypeAlias = str | int | Decimal | datetime | timedelta | Amount | tuple[str, ...]


class Teller:
    """Tells steps in one language, times in one zone."""

    def __init__(self, language: Language, zone: tzinfo = UTC) -> None:
        self.language = language
        self._label = labels(language, "gradebook")
        self._zone = zone
        self._kept = functools.lru_cache(maxsize=_KEPT)(self._told)

    def __call__(self, name: str, /, **values: Value) -> Told:
        """One step; `name` is the id of its sentence. What many have in common is kept once."""
        return self._kept(name, tuple(values.items()))

    def _told(self, name: str, items: tuple[tuple[str, Value], ...]) -> Told:
        values = dict(items)
        shown = {key: self._shown(value) for key, value in values.items()}
        params = {key: _plain(value) for key, value in values.items()}
        return Told(id=name, params=params, text=self._label(name, **shown))

    def policy(self, policy: Policy) -> Iterable[Told]:
        """What a policy says."""
        yield self(f"policy-{policy.attempts}")
        yield from self._late(policy.late)
        if policy.absent == "zero":
            yield self("policy-absent")

    def _late(self, late: Late | None) -> Iterable[Told]:
        if late is None or late.minus is None:
            yield self("policy-free")
        elif late.every is None:
            yield self("policy-late-once", minus=Amount(late.minus, late.of))
        else:
            yield self("policy-late-periods", minus=Amount(late.minus, late.of), every=span(late.every))
        if late is None:
            return
        if late.grace:
            yield self("policy-grace", grace=span(late.grace))
        if late.at_most is not None:
            yield self("policy-at-most", most=Amount(late.at_most, late.of))
        if late.closes is not None:
            yield self("policy-closes", closes=span(late.closes))

    def _shown(self, value: Value) -> str:
        if isinstance(value, Decimal):
            return number(value)
        if isinstance(value, datetime):
            return value.astimezone(self._zone).strftime("%Y-%m-%d %H:%M %Z")
        if isinstance(value, timedelta):
            return self._span(value)
        if isinstance(value, Amount):
            return self._amount(value)
        return ", ".join(value) if isinstance(value, tuple) else str(value)

    def _amount(self, amount: Amount) -> str:
        if amount.mark.unit == "points":
            return self._label("points", points=number(amount.mark.value))
        return self._label(f"share-{amount.of}", share=str(amount.mark))

    def _span(self, length: timedelta) -> str:
        """A duration in its largest units; what is shorter than a second is one."""
        rest = max(1, int(length.total_seconds()))
        parts: list[str] = []
        for seconds, unit in _UNITS:
            count, rest = divmod(rest, seconds)
            if count:
                parts.append(self._label(f"span-{unit}", count=count))
        return " ".join(parts[:_UNITS_SHOWN])


def span(seconds: float) -> timedelta:
    """Seconds as a duration to be told."""
    return timedelta(seconds=seconds)


def told_by(override: Override) -> dict[str, Value]:
    """What a line about something set by hand says of it."""
    return {"points": override.points, "by": override.by, "at": override.at, "reason": override.reason}


def _plain(value: Value) -> JsonValue:
    if isinstance(value, Decimal):
        return plain_number(value)
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Amount):
        return str(value.mark)
    return list(value) if isinstance(value, tuple) else value
